SELECT local_midnight(day) AS "time", expected_value::float8 AS "应达路径"
FROM indicator_paths_as_of((SELECT moment_of('${as_of:percentencode}')))
WHERE plan_id = '${plan:percentencode}' AND indicator_id = '${indicator:percentencode}'
ORDER BY 1
