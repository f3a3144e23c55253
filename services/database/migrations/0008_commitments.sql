-- What a plan promises beside its main table: indicators derived from commitments, and reports on tasks and projects.

ALTER TABLE indicators ADD COLUMN section text NOT NULL DEFAULT 'main_table', ADD COLUMN commitment_id text;
COMMENT ON COLUMN indicators.section IS 'main_table, text_target, task, project or service';
COMMENT ON COLUMN indicators.commitment_id IS 'the commitment that the indicator is derived from; NULL for a row of the main table';

-- Plans applied before name an agency once; now every printed form of the name has its line.
UPDATE plans
SET document = jsonb_set(document, '{agencies}', (
    SELECT jsonb_agg(
               agency - 'source_line' || jsonb_build_object(
                   'printed',
                   jsonb_build_array(jsonb_build_object('name', agency -> 'printed', 'source_line', agency -> 'source_line')),
                   'role',
                   CASE WHEN agency -> 'agency_id' = document -> 'coordinating_agency' THEN 'coordinating' ELSE 'lead' END)
               ORDER BY place)
    FROM jsonb_array_elements(document -> 'agencies') WITH ORDINALITY AS named (agency, place)
))
WHERE jsonb_typeof(document -> 'agencies' -> 0 -> 'printed') = 'string';

CREATE TABLE work_reports (
    submission_id       text        NOT NULL,
    plan_id             text        NOT NULL,
    commitment_id       text        NOT NULL,
    ref_area            text        NOT NULL,
    time_period         text        NOT NULL,
    status              text,
    investment          text,
    expected_completion text,
    row_number          integer     NOT NULL,
    received_at         timestamptz NOT NULL,
    PRIMARY KEY (submission_id, commitment_id, ref_area, time_period)
);
CREATE INDEX work_reports_commitment ON work_reports (plan_id, commitment_id, received_at DESC);
COMMENT ON TABLE work_reports IS 'how tasks and projects go on, as reported; the figures in it are also observations';

GRANT SELECT, INSERT ON work_reports TO planwatch_evaluate;
GRANT SELECT ON work_reports TO planwatch_reader;

CREATE OR REPLACE VIEW current_indicators AS
SELECT i.plan_id, i.plan_version, i.indicator_id, i.no, i.name_zh, i.name_en, i.concept, i.domain, i.domain_name,
       i.unit, i.nature, i.goal_kind, i.direction, i.comparator, i.baseline_value, i.baseline_period, i.target_value,
       i.target_period, i.owner_agency, i.doubts, i.source_file, i.source_line,
       p.title_zh AS plan_title_zh, p.title_en AS plan_title_en, p.ref_area, p.area_name_zh, p.area_name_en,
       a.name_zh AS owner_name_zh, a.name_en AS owner_name_en
FROM indicators AS i
JOIN current_plans AS p USING (plan_id, plan_version)
JOIN agencies AS a ON a.agency_id = i.owner_agency
WHERE i.section = 'main_table';
COMMENT ON VIEW current_indicators IS
    'the rows of the main table of the newest version of every plan, with plan, area and owner by name';

CREATE OR REPLACE VIEW open_warnings AS
SELECT w.case_id, w.plan_id, p.title_zh AS plan_title_zh, p.area_name_zh, w.subject_kind, w.indicator_id, i.no,
       i.name_zh AS indicator_zh, i.domain, i.domain_name, s.breakdown, w.cause AS class, w.level,
       level_rank(w.level) AS level_rank, w.time_period, w.since_period, w.agency_id, a.name_zh AS agency_zh, w.state,
       w.episode, w.policy_line, w.submission_id,
       rests_on_simulated(
           w.series_key,
           w.time_period,
           i.goal_kind IN ('accumulate', 'average') OR i.goal_kind = 'reach' AND i.baseline_value IS NULL,
           now()) AS simulated,
       w.opened_at, w.changed_at
FROM early_warnings AS w
JOIN current_plans AS p USING (plan_id)
JOIN agencies AS a ON a.agency_id = w.agency_id
LEFT JOIN indicators AS i ON (i.plan_id, i.plan_version, i.indicator_id) = (p.plan_id, p.plan_version, w.indicator_id)
LEFT JOIN indicator_series AS s ON s.series_key = w.series_key
WHERE w.state <> 'closed';

CREATE FUNCTION commitment_status_as_of(as_of timestamptz)
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
    LEFT JOIN early_warnings_as_of(as_of) AS w ON w.series_key = v.series_key
    WHERE i.section <> 'main_table'
$$;
COMMENT ON FUNCTION commitment_status_as_of IS
    'one row per indicator derived from a commitment: its newest verdict and warning level, as known at that moment';

GRANT EXECUTE ON FUNCTION commitment_status_as_of TO planwatch_reader;
