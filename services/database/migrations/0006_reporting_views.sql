-- What dashboards and pages read. Every view takes the database as it is; *_as_of functions take a moment.

CREATE VIEW current_plans AS
SELECT DISTINCT ON (plan_id) *
FROM plans
ORDER BY plan_id, plan_version DESC;

CREATE VIEW current_indicators AS
SELECT i.*, p.title_zh AS plan_title_zh, p.title_en AS plan_title_en, p.ref_area, p.area_name_zh, p.area_name_en,
       a.name_zh AS owner_name_zh, a.name_en AS owner_name_en
FROM indicators AS i
JOIN current_plans AS p USING (plan_id, plan_version)
JOIN agencies AS a ON a.agency_id = i.owner_agency;

-- The verdict on every series and period as it was known at a moment.
CREATE FUNCTION assessments_as_of(as_of timestamptz)
RETURNS SETOF assessments
LANGUAGE sql STABLE
AS $$
    SELECT DISTINCT ON (series_key, period_start, time_period, method) *
    FROM assessments
    WHERE known_at <= as_of
    ORDER BY series_key, period_start, time_period, method, known_at DESC, plan_version DESC, assessment_no DESC
$$;
COMMENT ON FUNCTION assessments_as_of IS 'one row per series, period and method: the newest verdict known at that moment';

-- The newest value of every series and period as it was known at a moment.
CREATE FUNCTION observations_as_of(as_of timestamptz)
RETURNS SETOF observations
LANGUAGE sql STABLE
AS $$
    SELECT DISTINCT ON (series_key, period_start, time_period) *
    FROM observations
    WHERE received_at <= as_of
    ORDER BY series_key, period_start, time_period, received_at DESC, submission_id DESC
$$;
COMMENT ON FUNCTION observations_as_of IS 'one row per series and period: the newest vintage known at that moment';
