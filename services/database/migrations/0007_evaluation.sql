-- Verdicts that say what changed; plan versions and stated milestones through time; state kept between reports.

-- Two periods of one series may begin on the same day: 2021-01 and 2021-01-01/P2M.
ALTER TABLE observations
    DROP CONSTRAINT observations_pkey,
    ADD PRIMARY KEY (series_key, period_start, time_period, submission_id);

ALTER TABLE assessments ADD COLUMN caused_by text NOT NULL DEFAULT '';
ALTER TABLE assessments ADD COLUMN change_code text;
ALTER TABLE assessments ADD COLUMN change_zh text;
ALTER TABLE assessments ADD COLUMN change_en text;
ALTER TABLE assessments
    DROP CONSTRAINT assessments_pkey,
    ADD PRIMARY KEY (series_key, period_start, time_period, plan_version, method, submission_id, known_at, caused_by);
COMMENT ON COLUMN assessments.caused_by IS
    'the event id of the change of the catalogue (plan version, milestones) that led to it; empty: a submission did';
COMMENT ON COLUMN assessments.change_code IS
    'why this verdict is another one than that before it: plan_version, milestone, revision, baseline, earlier_figure; null for the first';
COMMENT ON COLUMN assessments.submission_id IS
    'the submission that led to the verdict; of one that a changed catalogue led to, that of the figure';
COMMENT ON COLUMN assessments.known_at IS
    'the moment at which the figures, the plan version and the milestones behind it were known';

CREATE INDEX assessments_changes ON assessments (submission_id) WHERE change_code IS NOT NULL;

ALTER TABLE plans ADD COLUMN updated_at timestamptz;
COMMENT ON COLUMN plans.updated_at IS 'when additions that no verdict depends on were last applied to this version';

CREATE TABLE milestone_statements (
    plan_id        text        NOT NULL,
    time_period    text        NOT NULL,
    version        integer     NOT NULL,
    effective_on   date        NOT NULL,
    document       jsonb       NOT NULL,
    content_digest text        NOT NULL,
    stated_at      timestamptz NOT NULL,
    PRIMARY KEY (plan_id, time_period, version)
);
COMMENT ON TABLE milestone_statements IS
    'the milestones of one year as one document states them; append-only, a correction is another version';

CREATE VIEW stated_milestones AS
SELECT s.plan_id, milestone ->> 'indicator' AS indicator_id, s.time_period, s.version,
       (milestone ->> 'value')::numeric AS value, milestone ->> 'source' AS source,
       s.document #>> '{document,zh}' AS document_zh, s.document #>> '{document,en}' AS document_en,
       s.document #>> '{issuer,zh}' AS issuer_zh, s.document #>> '{issuer,en}' AS issuer_en, s.effective_on, s.stated_at
FROM milestone_statements AS s
CROSS JOIN jsonb_array_elements(s.document -> 'milestones') AS milestone;
COMMENT ON VIEW stated_milestones IS 'one row per indicator and year of every version of every statement';

CREATE TABLE series_state (
    subject_key text        PRIMARY KEY,
    newest_at   timestamptz NOT NULL,
    state       jsonb       NOT NULL
);
COMMENT ON TABLE series_state IS
    'what the figures of a subject add up to, so that the next one is judged without reading them again; can be rebuilt';

CREATE OR REPLACE FUNCTION period_end(time_period text)
RETURNS date
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE
        WHEN time_period ~ '/P\d+M$'
            THEN (left(time_period, 10)::date
                  + make_interval(months => substring(time_period FROM '/P(\d+)M$')::integer))::date - 1
        WHEN time_period ~ '-\d\d-\d\d$'
            THEN make_date(left(time_period, 4)::integer, substr(time_period, 6, 2)::integer, right(time_period, 2)::integer)
        ELSE (make_date(
                  left(time_period, 4)::integer,
                  CASE
                      WHEN time_period ~ '-S\d$' THEN right(time_period, 1)::integer * 6
                      WHEN time_period ~ '-Q\d$' THEN right(time_period, 1)::integer * 3
                      WHEN time_period ~ '-M?\d\d$' THEN right(time_period, 2)::integer
                      ELSE 12
                  END,
                  1) + interval '1 month')::date - 1
    END
$$;
COMMENT ON FUNCTION period_end IS
    'last day of a TIME_PERIOD: 2021, 2021-S1, 2021-Q1, 2021-01, 2021-01-01/P2M or 2021-01-31';

CREATE FUNCTION trajectory_share(form text, from_value numeric, to_value numeric, time_over numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE
        WHEN time_over >= 1 THEN 1
        WHEN form = 'geometric' AND from_value * to_value > 0 AND from_value <> to_value
            THEN (power(to_value / from_value, time_over) - 1) / (to_value / from_value - 1)
        WHEN form = 'front_loaded' THEN 1 - (1 - time_over) * (1 - time_over)
        WHEN form = 'back_loaded' THEN time_over * time_over
        WHEN form = 'logistic'
            THEN (1 / (1 + exp(-10 * (time_over - 0.5))) - 1 / (1 + exp(5.0))) / (1 - 2 / (1 + exp(5.0)))
        WHEN form = 'step' THEN 0
        ELSE time_over
    END
$$;
COMMENT ON FUNCTION trajectory_share IS
    'how much of the way between two stated values is due when a share of the time between them is over; planwatch.trajectory';

CREATE OR REPLACE FUNCTION indicator_paths_as_of(as_of timestamptz)
RETURNS TABLE (plan_id text, indicator_id text, day date, expected_value numeric)
LANGUAGE sql STABLE
AS $$
    WITH starts AS (
        SELECT DISTINCT ON (s.plan_id, s.indicator_id) s.plan_id, s.indicator_id, a.baseline_period, a.baseline_value
        FROM indicator_series AS s
        JOIN assessments AS a USING (series_key)
        WHERE s.headline AND s.needs_history AND a.baseline_substituted AND a.known_at <= as_of
        ORDER BY s.plan_id, s.indicator_id, a.known_at DESC, a.assessment_no DESC
    ), goals AS (
        SELECT i.plan_id, i.plan_version, i.indicator_id, period_end(i.target_period) AS end_day,
               i.goal_kind IN ('accumulate', 'average') AS total,
               i.goal_kind IN ('floor', 'ceiling', 'coverage') AS bounded,
               make_date(left(p.start_period, 4)::integer - 1, 12, 31) AS day_before,
               i.target_value * CASE WHEN i.goal_kind = 'average'
                                     THEN left(p.end_period, 4)::integer - left(p.start_period, 4)::integer + 1
                                     ELSE 1 END AS goal,
               coalesce(i.baseline_period, s.baseline_period) AS baseline_period,
               coalesce(i.baseline_value, s.baseline_value) AS baseline_value
        FROM current_indicators AS i
        JOIN current_plans AS p USING (plan_id)
        LEFT JOIN starts AS s USING (plan_id, indicator_id)
    ), beginnings AS (
        SELECT plan_id, indicator_id, end_day, goal, bounded,
               CASE WHEN total OR bounded THEN day_before ELSE period_end(baseline_period) END AS day,
               CASE WHEN total THEN 0 WHEN bounded THEN goal ELSE baseline_value END AS value
        FROM goals
    ), rows AS (
        SELECT p.plan_id, entry ->> 'indicator_id' AS indicator_id, coalesce(entry ->> 'trajectory', 'linear') AS form,
               entry -> 'milestones' AS milestones
        FROM current_plans AS p
        CROSS JOIN jsonb_array_elements(p.document -> 'indicators') AS entry
    ), stated AS (
        SELECT m.plan_id, m.indicator_id, m.time_period, m.value
        FROM stated_milestones AS m
        JOIN (
            SELECT plan_id, time_period, max(version) AS version
            FROM milestone_statements WHERE stated_at <= as_of GROUP BY plan_id, time_period
        ) AS newest USING (plan_id, time_period, version)
    ), milestones AS (
        SELECT plan_id, indicator_id, time_period, value FROM stated
        UNION ALL
        SELECT r.plan_id, r.indicator_id, step ->> 'period', (step ->> 'value')::numeric
        FROM rows AS r
        CROSS JOIN jsonb_array_elements(r.milestones) AS step
        WHERE NOT EXISTS (
            SELECT FROM stated AS s
            WHERE (s.plan_id, s.indicator_id, s.time_period) = (r.plan_id, r.indicator_id, step ->> 'period')
        )
    ), fixed_points AS (
        SELECT plan_id, indicator_id, day, value FROM beginnings WHERE value IS NOT NULL
        UNION ALL
        SELECT plan_id, indicator_id, end_day, goal FROM beginnings WHERE value IS NOT NULL
        UNION ALL
        SELECT m.plan_id, m.indicator_id, period_end(m.time_period), m.value
        FROM milestones AS m
        JOIN beginnings AS b USING (plan_id, indicator_id)
        WHERE NOT b.bounded AND period_end(m.time_period) > b.day AND period_end(m.time_period) < b.end_day
    ), segments AS (
        SELECT plan_id, indicator_id, day, value, year_fraction(day) AS at,
               lead(year_fraction(day)) OVER along AS next_at, lead(value) OVER along AS next_value,
               lead(day, 2) OVER along IS NULL AS leads_to_goal
        FROM fixed_points
        WINDOW along AS (PARTITION BY plan_id, indicator_id ORDER BY day)
    )
    SELECT plan_id, indicator_id, day, value FROM segments
    UNION ALL
    SELECT plan_id, indicator_id, make_date(year, 12, 31),
           value + (next_value - value)
               * trajectory_share(CASE WHEN leads_to_goal THEN form ELSE 'linear' END, value, next_value,
                                  (year - at) / (next_at - at))
    FROM segments
    JOIN rows USING (plan_id, indicator_id)
    CROSS JOIN generate_series(floor(at)::integer + 1, ceil(next_at)::integer - 1) AS year
$$;
COMMENT ON FUNCTION indicator_paths_as_of IS
    'the path each plan expects, in the form chosen: stated points and the ends of the years between; a total starts from 0, a limit is level';

GRANT EXECUTE ON FUNCTION trajectory_share TO planwatch_reader;
GRANT SELECT ON milestone_statements TO planwatch_ingest, planwatch_evaluate, planwatch_alerts, planwatch_reader;
GRANT SELECT ON stated_milestones TO planwatch_reader;
GRANT SELECT, INSERT, UPDATE ON series_state TO planwatch_evaluate;
GRANT SELECT ON series_state TO planwatch_reader;
