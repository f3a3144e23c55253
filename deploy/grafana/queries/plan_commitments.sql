SELECT section AS "部分", no AS "序号", indicator_id, indicator_zh AS "承诺", domain_name AS "领域", unit AS "单位",
       CASE comparator WHEN 'gt' THEN '＞' WHEN 'ge' THEN '≥' WHEN 'lt' THEN '＜' ELSE '≤' END || ' ' || target_value
           AS "目标",
       target_period AS "期限", time_period AS "最新时期", obs_value AS "最新数据", expected_value AS "当期应达",
       class AS "评价", level AS "预警等级", owner_name_zh AS "报送单位", simulated AS "数据性质"
FROM moment_of('${as_of:percentencode}') AS as_of
CROSS JOIN LATERAL commitment_status_as_of(as_of)
WHERE plan_id = '${plan:percentencode}'
ORDER BY class IS NULL, level_rank(level) DESC, array_position(ARRAY['text_target', 'task', 'project', 'service'], section),
         no, indicator_id
