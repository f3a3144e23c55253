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

GRANT SELECT ON milestone_statements TO planwatch_ingest, planwatch_evaluate, planwatch_alerts, planwatch_reader;
GRANT SELECT ON stated_milestones TO planwatch_reader;
GRANT SELECT, INSERT, UPDATE ON series_state TO planwatch_evaluate;
GRANT SELECT ON series_state TO planwatch_reader;
