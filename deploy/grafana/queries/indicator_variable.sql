SELECT no || ' ' || name_zh AS "__text", indicator_id AS "__value"
FROM current_indicators
WHERE plan_id = '${plan:percentencode}'
ORDER BY no
