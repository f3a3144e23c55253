SELECT level AS "等级", plan_id, plan_title_zh AS "规划",
       CASE subject_kind WHEN 'indicator' THEN no END AS "序号", indicator_id, indicator_zh AS "指标",
       breakdown AS "分组", class AS "评价", time_period AS "时期", since_period AS "起始时期",
       agency_zh AS "责任单位", state AS "状态", simulated AS "数据性质", changed_at AS "最近变动"
FROM open_warnings
ORDER BY level_rank DESC, plan_id, no, breakdown
