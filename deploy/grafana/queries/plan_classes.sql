SELECT starts_at AS "time", ends_at AS timeend, concat_ws(' ', no, indicator_zh, nullif(breakdown, '')) AS series,
       class || CASE WHEN simulated THEN '+simulated' ELSE '' END AS class
FROM moment_of('${as_of:percentencode}') AS as_of
CROSS JOIN LATERAL verdicts_as_of(as_of)
WHERE plan_id = '${plan:percentencode}' AND headline AND method = 'schedule'
ORDER BY no, series, 1
