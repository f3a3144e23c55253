-- Observations with all their vintages, and the verdicts on them.

CREATE TABLE series (
    series_key   text PRIMARY KEY,
    plan_id      text NOT NULL,
    indicator_id text NOT NULL,
    ref_area     text NOT NULL,
    freq         text NOT NULL,
    urbanisation text NOT NULL,
    pop_group    text NOT NULL
);
CREATE INDEX series_indicator ON series (plan_id, indicator_id, ref_area);

CREATE TABLE observations (
    series_key    text        NOT NULL,
    period_start  date        NOT NULL,
    time_period   text        NOT NULL,
    revision      integer     NOT NULL,
    obs_value     numeric,
    obs_status    text        NOT NULL,
    accumulation  text,
    submission_id text        NOT NULL,
    row_number    integer     NOT NULL,
    received_at   timestamptz NOT NULL,
    PRIMARY KEY (series_key, period_start, submission_id)
);
COMMENT ON TABLE observations IS 'one row per vintage; a revision never overwrites the value before it';

CREATE TABLE assessments (
    assessment_no        bigint           GENERATED ALWAYS AS IDENTITY,
    series_key           text             NOT NULL,
    period_start         date             NOT NULL,
    time_period          text             NOT NULL,
    plan_id              text             NOT NULL,
    plan_version         integer          NOT NULL,
    policy_version       text             NOT NULL,
    method               text             NOT NULL,
    class                text             NOT NULL,
    reason               text             NOT NULL,
    obs_value            numeric,
    revision             integer          NOT NULL,
    measured             numeric,
    baseline_value       numeric,
    baseline_period      text,
    baseline_substituted boolean          NOT NULL,
    expected_value       numeric,
    achieved_share       double precision,
    expected_share       double precision,
    schedule_index       double precision,
    gap                  numeric,
    gap_pct              double precision,
    pace                 double precision,
    pace_needed          double precision,
    years_to_target      double precision,
    submission_id        text             NOT NULL,
    known_at             timestamptz      NOT NULL,
    PRIMARY KEY (series_key, period_start, plan_version, method, submission_id, known_at)
);
COMMENT ON TABLE assessments IS 'every verdict ever made; the current one of a period is the newest known_at';

-- Statistics are sparse: a chunk holds ten years. Plain tables serve where the extension is absent.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') THEN
        CREATE EXTENSION IF NOT EXISTS timescaledb;
        PERFORM create_hypertable('observations', 'period_start', chunk_time_interval => INTERVAL '10 years');
        PERFORM create_hypertable('assessments', 'period_start', chunk_time_interval => INTERVAL '10 years');
    END IF;
END
$$;
