SELECT h.at AS "时间", h.step_kind AS "步骤", h.level AS "等级", h.time_period AS "时期", h.reason_zh AS "原因",
       h.policy_line AS "政策条目", h.delivery_reason_zh AS "发信说明", h.actor AS "经办", h.submission_id AS "报送编号"
FROM warning_history AS h
JOIN early_warnings AS w USING (case_id)
WHERE w.plan_id = '${plan:percentencode}' AND w.indicator_id = '${indicator:percentencode}'
  AND h.at <= (SELECT moment_of('${as_of:percentencode}'))
ORDER BY h.case_id, h.step DESC
