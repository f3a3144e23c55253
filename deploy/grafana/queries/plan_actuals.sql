SELECT local_midnight(day) AS "time",
       concat_ws(' ', '实际值', nullif(breakdown, ''), CASE WHEN simulated THEN '（模拟数据）' END) AS metric,
       actual_value::float8 AS value
FROM moment_of('${as_of:percentencode}') AS as_of
CROSS JOIN LATERAL indicator_actuals_as_of(as_of)
WHERE plan_id = '${plan:percentencode}' AND indicator_id = '${indicator:percentencode}' AND actual_value IS NOT NULL
ORDER BY 1, 2
