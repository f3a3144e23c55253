SELECT no AS "序号", indicator_id, indicator_zh AS "指标", unit AS "单位", nature AS "性质", goal_kind AS "目标类型",
       baseline_value AS "基期值", baseline_period || CASE WHEN baseline_substituted THEN '（代）' ELSE '' END AS "基期",
       CASE comparator WHEN 'gt' THEN '＞' WHEN 'ge' THEN '≥' WHEN 'lt' THEN '＜' ELSE '≤' END || ' ' || target_value
           AS "目标",
       i.time_period AS "最新时期", obs_value AS "最新数据", measured AS "对照值", expected_value AS "当期应达",
       achieved_share AS "完成进度", expected_share AS "序时进度", schedule_index AS "进度比", class AS "评价",
       f.value AS "预计期末", f.low AS "预计下限", f.high AS "预计上限", f.probability AS "实现概率",
       level AS "预警等级", owner_name_zh AS "责任单位", doubt_count AS "待确认", simulated AS "数据性质"
FROM moment_of('${as_of:percentencode}') AS as_of
CROSS JOIN LATERAL indicator_status_as_of(as_of) AS i
LEFT JOIN LATERAL indicator_forecasts_as_of(as_of) AS f USING (plan_id, indicator_id)
WHERE plan_id = '${plan:percentencode}'
ORDER BY no
