SELECT no AS "序号", indicator_zh AS "指标", field AS "字段", reason_zh AS "待确认事项", source_file AS "出处",
       source_line AS "行"
FROM indicator_doubts
WHERE plan_id = '${plan:percentencode}'
ORDER BY indicator_id <> '${indicator:percentencode}', no
