-- Cases of gaps, forecasts and doubtful figures: several cases may rest on one series, and some on none.

ALTER TABLE early_warnings ADD COLUMN dimension text;
COMMENT ON COLUMN early_warnings.dimension IS 'area, urbanisation or group: along what the gap is; NULL for other kinds';
COMMENT ON COLUMN early_warnings.kind IS 'behind_schedule, reversed, limit_breached, forecast_miss, overdue_report, data_quality, late_work, service_standard or gap_widening';
COMMENT ON COLUMN early_warnings.series_key IS 'the series of the verdicts or forecasts; NULL where the case rests on none, as that of a missing report or a gap';

UPDATE early_warnings SET kind = 'forecast_miss' WHERE kind = 'unlikely_target';

CREATE FUNCTION gravest_warnings_as_of(as_of timestamptz)
RETURNS TABLE (series_key text, level text)
LANGUAGE sql STABLE
AS $$
    SELECT DISTINCT ON (w.series_key) w.series_key, w.level
    FROM early_warnings_as_of(as_of) AS w
    WHERE w.series_key IS NOT NULL AND w.level IS NOT NULL
    ORDER BY w.series_key, level_rank(w.level) DESC
$$;
COMMENT ON FUNCTION gravest_warnings_as_of IS 'one row per series on which an open case rested at that moment: the gravest level';

CREATE OR REPLACE VIEW open_warnings AS
SELECT w.case_id, w.plan_id, p.title_zh AS plan_title_zh, p.area_name_zh, w.subject_kind, w.indicator_id, i.no,
       i.name_zh AS indicator_zh, i.domain, i.domain_name, s.breakdown, w.cause AS class, w.level,
       level_rank(w.level) AS level_rank, w.time_period, w.since_period, w.agency_id, a.name_zh AS agency_zh, w.state,
       w.episode, w.policy_line, w.submission_id,
       CASE WHEN w.series_key IS NULL THEN coalesce(u.simulated, false) ELSE rests_on_simulated(
           w.series_key,
           w.time_period,
           i.goal_kind IN ('accumulate', 'average') OR i.goal_kind = 'reach' AND i.baseline_value IS NULL,
           now()) END AS simulated,
       w.opened_at, w.changed_at, w.kind, w.dimension
FROM early_warnings AS w
JOIN current_plans AS p USING (plan_id)
JOIN agencies AS a ON a.agency_id = w.agency_id
LEFT JOIN indicators AS i ON (i.plan_id, i.plan_version, i.indicator_id) = (p.plan_id, p.plan_version, w.indicator_id)
LEFT JOIN indicator_series AS s ON s.series_key = w.series_key
LEFT JOIN submissions AS u ON u.submission_id = w.submission_id
WHERE w.state <> 'closed';

CREATE OR REPLACE FUNCTION commitment_status_as_of(as_of timestamptz)
RETURNS TABLE (plan_id text, section text, commitment_id text, indicator_id text, no integer, indicator_zh text,
               domain_name text, unit text, comparator text, target_value numeric, target_period text,
               owner_name_zh text, time_period text, obs_value numeric, expected_value numeric, class text, level text,
               simulated boolean, submission_id text, series_key text)
LANGUAGE sql STABLE
AS $$
    SELECT i.plan_id, i.section, i.commitment_id, i.indicator_id, i.no, i.name_zh, i.domain_name, i.unit, i.comparator,
           i.target_value, i.target_period, a.name_zh, v.time_period, v.obs_value, v.expected_value, v.class, w.level,
           coalesce(rests_on_simulated(v.series_key, v.time_period, i.goal_kind = 'accumulate', as_of), false),
           v.submission_id, v.series_key
    FROM indicators AS i
    JOIN current_plans AS p USING (plan_id, plan_version)
    JOIN agencies AS a ON a.agency_id = i.owner_agency
    LEFT JOIN LATERAL (
        SELECT n.*
        FROM series AS s
        CROSS JOIN LATERAL (
            SELECT *
            FROM assessments
            WHERE assessments.series_key = s.series_key AND method = 'schedule' AND assessments.known_at <= as_of
            ORDER BY period_start DESC, known_at DESC, plan_version DESC, assessment_no DESC
            LIMIT 1
        ) AS n
        WHERE (s.plan_id, s.indicator_id, s.ref_area) = (i.plan_id, i.indicator_id, p.ref_area)
          AND (s.urbanisation, s.pop_group) = ('_T', '_T')
        ORDER BY period_end(n.time_period) DESC, n.period_start
        LIMIT 1
    ) AS v ON true
    LEFT JOIN gravest_warnings_as_of(as_of) AS w ON w.series_key = v.series_key
    WHERE i.section <> 'main_table'
$$;
GRANT EXECUTE ON FUNCTION gravest_warnings_as_of TO planwatch_reader;
