SELECT a.time_period AS "时期", s.breakdown AS "分组", a.revision AS "数据版次",
       row_number() OVER (PARTITION BY a.series_key, a.period_start, a.time_period, a.method
                          ORDER BY a.known_at DESC, a.plan_version DESC, a.assessment_no DESC) = 1 AS "现行",
       a.class AS "评价", a.reason AS "判定依据", a.obs_value AS "报送值", a.measured AS "对照值",
       a.expected_value AS "当期应达", a.schedule_index AS "进度比", a.baseline_value AS "所用基期值",
       a.baseline_period AS "所用基期", a.plan_version AS "规划版本", a.policy_version AS "政策版本",
       a.submission_id AS "报送编号", a.known_at AS "收到时间",
       rests_on_simulated(a.series_key, a.time_period, s.needs_history, a.known_at) AS "数据性质"
FROM indicator_series AS s
JOIN assessments AS a USING (series_key)
WHERE s.plan_id = '${plan:percentencode}' AND s.indicator_id = '${indicator:percentencode}'
  AND a.known_at <= (SELECT moment_of('${as_of:percentencode}'))
ORDER BY a.period_start DESC, s.breakdown, a.known_at DESC
