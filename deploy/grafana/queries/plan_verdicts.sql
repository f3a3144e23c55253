WITH chosen AS (
    SELECT a.*, s.breakdown, submission.simulated,
           i.goal_kind IN ('accumulate', 'average') OR a.baseline_substituted AS rests_on_series
    FROM assessments AS a
    JOIN indicator_series AS s USING (series_key)
    JOIN current_indicators AS i ON (i.plan_id, i.indicator_id) = (s.plan_id, s.indicator_id)
    JOIN submissions AS submission ON submission.submission_id = a.submission_id
    WHERE s.plan_id = '${plan:percentencode}' AND s.indicator_id = '${indicator:percentencode}'
      AND a.known_at <= (SELECT moment_of('${as_of:percentencode}'))
)
SELECT time_period AS "时期", breakdown AS "分组", revision AS "数据版次",
       row_number() OVER (PARTITION BY series_key, period_start, time_period, method
                          ORDER BY known_at DESC, plan_version DESC, assessment_no DESC) = 1 AS "现行",
       class AS "评价", reason AS "判定依据", obs_value AS "报送值", measured AS "对照值", expected_value AS "当期应达",
       schedule_index AS "进度比", baseline_value AS "所用基期值", baseline_period AS "所用基期",
       plan_version AS "规划版本", policy_version AS "政策版本", submission_id AS "报送编号", known_at AS "收到时间",
       simulated OR rests_on_series AND EXISTS (
           SELECT FROM figures_as_of(known_at) AS earlier
           WHERE earlier.series_key = chosen.series_key AND earlier.simulated_so_far
             AND earlier.time_period = chosen.time_period
       ) AS "数据性质"
FROM chosen
ORDER BY period_start DESC, breakdown, known_at DESC
