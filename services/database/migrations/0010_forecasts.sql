-- What each subject's figures let one expect of its target, beside the verdict on its newest period.

CREATE TABLE assessment_forecasts (
    subject_key  text             NOT NULL,
    known_at     timestamptz      NOT NULL,
    series_key   text             NOT NULL,
    time_period  text             NOT NULL,
    plan_version integer          NOT NULL,
    value        double precision,
    low          double precision,
    high         double precision,
    confidence   double precision,
    probability  double precision,
    pace         double precision,
    pace_needed  double precision,
    best_pace    double precision,
    reached_in   integer,
    reason       text,
    PRIMARY KEY (subject_key, known_at)
);
CREATE INDEX assessment_forecasts_series ON assessment_forecasts (series_key, time_period, known_at DESC);
COMMENT ON TABLE assessment_forecasts IS
    'one row per subject and moment at which anything new was known of it: the forecast from all figures known then';
COMMENT ON COLUMN assessment_forecasts.time_period IS
    'of the newest figure known then, which series_key carries; the forecast stands beside the verdict on it';
COMMENT ON COLUMN assessment_forecasts.value IS 'at the target''s date, in the indicator''s unit; null: see reason';
COMMENT ON COLUMN assessment_forecasts.probability IS 'that the value satisfies the target';
COMMENT ON COLUMN assessment_forecasts.reason IS
    'why there is no forecast: too_few_points, season_unknown; target_year_over: the figure of the target''s year decides';

CREATE FUNCTION forecasts_as_of(as_of timestamptz)
RETURNS SETOF assessment_forecasts
LANGUAGE sql STABLE
AS $$
    SELECT DISTINCT ON (series_key, time_period) *
    FROM assessment_forecasts
    WHERE known_at <= as_of
    ORDER BY series_key, time_period, known_at DESC
$$;
COMMENT ON FUNCTION forecasts_as_of IS
    'one row per series and period that was the newest of its subject: the last forecast made then, known at that moment';

CREATE FUNCTION indicator_forecasts_as_of(as_of timestamptz)
RETURNS TABLE (plan_id text, indicator_id text, time_period text, value double precision, low double precision,
               high double precision, probability double precision, pace_needed double precision,
               best_pace double precision, reached_in integer, reason text, known_at timestamptz)
LANGUAGE sql STABLE
AS $$
    SELECT DISTINCT ON (s.plan_id, s.indicator_id) s.plan_id, s.indicator_id, f.time_period, f.value, f.low, f.high,
           f.probability, f.pace_needed, f.best_pace, f.reached_in, f.reason, f.known_at
    FROM indicator_series AS s
    JOIN assessment_forecasts AS f USING (series_key)
    WHERE s.headline AND f.known_at <= as_of
    ORDER BY s.plan_id, s.indicator_id, f.known_at DESC
$$;
COMMENT ON FUNCTION indicator_forecasts_as_of IS
    'one row per indicator: what its headline figures known at that moment let one expect of the target';

GRANT SELECT, INSERT, UPDATE ON assessment_forecasts TO planwatch_evaluate;
GRANT SELECT ON assessment_forecasts TO planwatch_alerts, planwatch_reader;
GRANT EXECUTE ON FUNCTION forecasts_as_of, indicator_forecasts_as_of TO planwatch_alerts, planwatch_reader;
