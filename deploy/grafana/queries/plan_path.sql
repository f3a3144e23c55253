SELECT local_midnight(day) AS "time", expected_value::float8 AS "应达路径"
FROM moment_of('${as_of:percentencode}') AS as_of
CROSS JOIN LATERAL indicator_paths_as_of(as_of)
WHERE plan_id = '${plan:percentencode}' AND indicator_id = '${indicator:percentencode}'
ORDER BY 1
