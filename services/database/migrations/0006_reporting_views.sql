-- What dashboards and pages read. Every view takes the database as it is; *_as_of functions take a moment.
-- Columns: docs/reporting_views.md.

CREATE VIEW current_plans AS
SELECT DISTINCT ON (plan_id) *
FROM plans
ORDER BY plan_id, plan_version DESC;
COMMENT ON VIEW current_plans IS 'the newest version of every plan';

CREATE VIEW current_indicators AS
SELECT i.*, p.title_zh AS plan_title_zh, p.title_en AS plan_title_en, p.ref_area, p.area_name_zh, p.area_name_en,
       a.name_zh AS owner_name_zh, a.name_en AS owner_name_en
FROM indicators AS i
JOIN current_plans AS p USING (plan_id, plan_version)
JOIN agencies AS a ON a.agency_id = i.owner_agency;
COMMENT ON VIEW current_indicators IS 'the indicators of the newest version of every plan, with plan, area and owner by name';

-- Times of periods and moments.

CREATE FUNCTION period_end(time_period text)
RETURNS date
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE
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
COMMENT ON FUNCTION period_end IS 'last day of a TIME_PERIOD: 2021, 2021-S1, 2021-Q1, 2021-01 or 2021-01-31';

CREATE FUNCTION local_midnight(day date)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE
AS $$ SELECT day::timestamp AT TIME ZONE 'Asia/Shanghai' $$;
COMMENT ON FUNCTION local_midnight IS 'the instant at which a day begins in Asia/Shanghai: where a figure stands on a time axis';

CREATE FUNCTION year_fraction(day date)
RETURNS numeric
LANGUAGE sql IMMUTABLE
AS $$
    SELECT extract(year FROM day) - 1
        + (extract(month FROM day) - 1
           + extract(day FROM day) / extract(day FROM date_trunc('month', day::timestamp) + interval '1 month - 1 day')
          ) / 12
$$;
COMMENT ON FUNCTION year_fraction IS 'time in years at the end of a day, months of equal length: 2021-12-31 is 2021, 2021-06-30 is 2020.5';

CREATE FUNCTION moment_of(entered text)
RETURNS timestamptz
LANGUAGE sql STABLE
SET timezone = 'Asia/Shanghai'
AS $$
    SELECT coalesce(
        nullif(trim(replace(replace(replace(replace(entered, '%3A', ':'), '%2B', '+'), '%2F', '/'), '%20', ' ')), '')
            ::timestamptz,
        now())
$$;
COMMENT ON FUNCTION moment_of IS
    'the moment a person entered, percent-encoded or not, in Asia/Shanghai unless it names a zone; empty means now';

-- Figures and verdicts.

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

-- Everything below goes from an indicator to its series and from a series to its rows by index, so that a question
-- about one plan, or about the newest period, does not read the whole history.

CREATE VIEW indicator_series AS
SELECT s.series_key, s.plan_id, s.indicator_id, i.no, i.name_zh AS indicator_zh, i.goal_kind, s.freq,
       s.ref_area = i.ref_area AND s.urbanisation = '_T' AND s.pop_group = '_T' AS headline,
       concat_ws(
           ' ',
           CASE s.freq WHEN 'S' THEN '半年度' WHEN 'Q' THEN '季度' WHEN 'M' THEN '月度' WHEN 'D' THEN '日度' END,
           nullif(s.ref_area, i.ref_area),
           nullif(s.urbanisation, '_T'),
           nullif(s.pop_group, '_T')
       ) AS breakdown,
       i.goal_kind IN ('accumulate', 'average') AS is_total,
       i.goal_kind IN ('accumulate', 'average') OR i.goal_kind = 'reach' AND i.baseline_value IS NULL AS needs_history
FROM series AS s
JOIN current_indicators AS i USING (plan_id, indicator_id);
COMMENT ON VIEW indicator_series IS
    'the series of every indicator; headline: the whole population of the plan''s own area, at any frequency';

CREATE FUNCTION rests_on_simulated(series text, period text, whole_series boolean, as_of timestamptz)
RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT EXISTS (
        SELECT FROM (
            SELECT DISTINCT ON (period_start, time_period) submission_id
            FROM observations
            WHERE series_key = series AND received_at <= as_of
              AND (time_period = period OR whole_series AND period_end(time_period) <= period_end(period))
            ORDER BY period_start, time_period, received_at DESC, submission_id DESC
        ) AS figure
        JOIN submissions USING (submission_id)
        WHERE submissions.simulated
    )
$$;
COMMENT ON FUNCTION rests_on_simulated IS
    'whether the figure of a period, or with whole_series any figure up to it, as known at that moment, is simulated';

CREATE FUNCTION verdicts_as_of(as_of timestamptz)
RETURNS TABLE (plan_id text, indicator_id text, no integer, indicator_zh text, series_key text, freq text,
               headline boolean, breakdown text, time_period text, starts_at timestamptz, ends_at timestamptz,
               class text, reason text, obs_value numeric, measured numeric, baseline_value numeric,
               baseline_period text, baseline_substituted boolean, expected_value numeric,
               achieved_share double precision, expected_share double precision, schedule_index double precision,
               gap numeric, gap_pct double precision, method text, plan_version integer, policy_version text,
               revision integer, submission_id text, known_at timestamptz, simulated boolean)
LANGUAGE sql STABLE
AS $$
    SELECT s.plan_id, s.indicator_id, s.no, s.indicator_zh, s.series_key, s.freq, s.headline, s.breakdown,
           a.time_period, local_midnight(a.period_start), local_midnight(period_end(a.time_period) + 1), a.class,
           a.reason, a.obs_value, a.measured, a.baseline_value, a.baseline_period, a.baseline_substituted,
           a.expected_value, a.achieved_share, a.expected_share, a.schedule_index, a.gap, a.gap_pct, a.method,
           a.plan_version, a.policy_version, a.revision, a.submission_id, a.known_at,
           rests_on_simulated(a.series_key, a.time_period, s.needs_history, as_of)
    FROM indicator_series AS s
    CROSS JOIN LATERAL (
        SELECT DISTINCT ON (period_start, time_period, method) *
        FROM assessments
        WHERE assessments.series_key = s.series_key AND assessments.known_at <= as_of
        ORDER BY period_start, time_period, method, known_at DESC, plan_version DESC, assessment_no DESC
    ) AS a
$$;
COMMENT ON FUNCTION verdicts_as_of IS
    'assessments_as_of with names, the instants between which the period lies, and the mark of simulated data';

-- Warnings.

CREATE FUNCTION level_rank(level text)
RETURNS integer
LANGUAGE sql IMMUTABLE
AS $$ SELECT coalesce(array_position(ARRAY['blue', 'yellow', 'orange', 'red'], level), 0) $$;
COMMENT ON FUNCTION level_rank IS 'red 4, orange 3, yellow 2, blue 1, none 0: for sorting and for the gravest';

CREATE FUNCTION early_warnings_as_of(as_of timestamptz)
RETURNS TABLE (case_id text, plan_id text, subject_kind text, indicator_id text, series_key text, agency_id text,
               episode integer, state text, level text, time_period text, since_period text, opened_at timestamptz,
               changed_at timestamptz, reason_zh text, reason_en text, policy_line text, submission_id text)
LANGUAGE sql STABLE
AS $$
    SELECT w.case_id, w.plan_id, w.subject_kind, w.indicator_id, w.series_key, w.agency_id, last.episode,
           CASE WHEN last.step_kind = 'close' THEN 'closed'
                WHEN episode.acknowledged > episode.raised THEN 'acknowledged'
                ELSE 'open' END,
           CASE WHEN last.step_kind <> 'close' THEN last.level END,
           last.time_period, episode.since_period, episode.opened_at, last.at, last.reason_zh, last.reason_en,
           episode.policy_line, episode.submission_id
    FROM early_warnings AS w
    CROSS JOIN LATERAL (
        SELECT * FROM warning_history AS h WHERE h.case_id = w.case_id AND h.at <= as_of ORDER BY step DESC LIMIT 1
    ) AS last
    CROSS JOIN LATERAL (
        SELECT min(time_period) AS since_period, min(at) AS opened_at,
               (array_agg(policy_line ORDER BY step DESC) FILTER (WHERE policy_line <> ''))[1] AS policy_line,
               (array_agg(submission_id ORDER BY step DESC) FILTER (WHERE submission_id IS NOT NULL))[1]
                   AS submission_id,
               max(step) FILTER (WHERE step_kind = 'acknowledge') AS acknowledged,
               max(step) FILTER (WHERE step_kind IN ('raise', 'reopen', 'raise_level')) AS raised
        FROM warning_history AS h
        WHERE h.case_id = w.case_id AND h.episode = last.episode AND h.at <= as_of
    ) AS episode
$$;
COMMENT ON FUNCTION early_warnings_as_of IS
    'every case that existed at that moment, from the last step of its history by then; level is null once it is closed';

CREATE VIEW open_warnings AS
SELECT w.case_id, w.plan_id, p.title_zh AS plan_title_zh, p.area_name_zh, w.subject_kind, w.indicator_id, i.no,
       i.name_zh AS indicator_zh, i.domain, i.domain_name, s.breakdown, w.cause AS class, w.level,
       level_rank(w.level) AS level_rank, w.time_period, w.since_period, w.agency_id, a.name_zh AS agency_zh, w.state,
       w.episode, w.policy_line, w.submission_id,
       rests_on_simulated(w.series_key, w.time_period, coalesce(s.needs_history, false), now()) AS simulated,
       w.opened_at, w.changed_at
FROM early_warnings AS w
JOIN current_plans AS p USING (plan_id)
JOIN agencies AS a ON a.agency_id = w.agency_id
LEFT JOIN current_indicators AS i ON (i.plan_id, i.indicator_id) = (w.plan_id, w.indicator_id)
LEFT JOIN indicator_series AS s ON s.series_key = w.series_key
WHERE w.state <> 'closed';
COMMENT ON VIEW open_warnings IS 'the cases that are not closed now, with names; simulated: the figure behind it is';

-- Indicators: where each stands, its path, its actual values.

CREATE FUNCTION indicator_status_as_of(as_of timestamptz)
RETURNS TABLE (plan_id text, indicator_id text, no integer, indicator_zh text, indicator_en text, domain text,
               domain_name text, unit text, nature text, goal_kind text, baseline_value numeric, baseline_period text,
               baseline_substituted boolean, comparator text, target_value numeric, target_period text, owner_name_zh text, doubt_count integer,
               time_period text, obs_value numeric, measured numeric, expected_value numeric,
               achieved_share double precision, expected_share double precision, schedule_index double precision,
               class text, reason text, level text, simulated boolean, submission_id text, known_at timestamptz)
LANGUAGE sql STABLE
AS $$
    SELECT i.plan_id, i.indicator_id, i.no, i.name_zh, i.name_en, i.domain, i.domain_name, i.unit, i.nature,
           i.goal_kind,
           CASE WHEN v.baseline_substituted THEN v.baseline_value ELSE i.baseline_value END,
           CASE WHEN v.baseline_substituted THEN v.baseline_period ELSE i.baseline_period END,
           coalesce(v.baseline_substituted, false), i.comparator, i.target_value, i.target_period, i.owner_name_zh, jsonb_array_length(i.doubts),
           v.time_period, v.obs_value, v.measured, v.expected_value, v.achieved_share, v.expected_share,
           v.schedule_index, v.class, v.reason, w.level,
           coalesce(rests_on_simulated(
               v.series_key,
               v.time_period,
               i.goal_kind IN ('accumulate', 'average') OR i.goal_kind = 'reach' AND i.baseline_value IS NULL,
               as_of), false),
           v.submission_id, v.known_at
    FROM current_indicators AS i
    LEFT JOIN LATERAL (
        SELECT a.*
        FROM series AS s
        CROSS JOIN LATERAL (
            SELECT *
            FROM assessments
            WHERE assessments.series_key = s.series_key AND method = 'schedule' AND assessments.known_at <= as_of
            ORDER BY period_start DESC, known_at DESC, plan_version DESC, assessment_no DESC
            LIMIT 1
        ) AS a
        WHERE (s.plan_id, s.indicator_id, s.ref_area) = (i.plan_id, i.indicator_id, i.ref_area)
          AND (s.urbanisation, s.pop_group) = ('_T', '_T')
        ORDER BY period_end(a.time_period) DESC, a.period_start
        LIMIT 1
    ) AS v ON true
    LEFT JOIN (
        SELECT DISTINCT ON (w.plan_id, w.indicator_id) w.plan_id, w.indicator_id, w.level
        FROM early_warnings_as_of(as_of) AS w
        JOIN indicator_series AS s USING (series_key)
        WHERE s.headline
        ORDER BY w.plan_id, w.indicator_id, level_rank(w.level) DESC
    ) AS w ON (w.plan_id, w.indicator_id) = (i.plan_id, i.indicator_id)
$$;
COMMENT ON FUNCTION indicator_status_as_of IS
    'one row per indicator: the verdict on its newest headline period and the warning level, as known at that moment';

CREATE FUNCTION indicator_paths_as_of(as_of timestamptz)
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
    ), fixed_points AS (
        SELECT plan_id, indicator_id, day, value FROM beginnings WHERE value IS NOT NULL
        UNION ALL
        SELECT plan_id, indicator_id, end_day, goal FROM beginnings WHERE value IS NOT NULL
        UNION ALL
        SELECT b.plan_id, b.indicator_id, period_end(step ->> 'period'), (step ->> 'value')::numeric
        FROM beginnings AS b
        JOIN current_plans AS p USING (plan_id)
        CROSS JOIN jsonb_array_elements(p.document -> 'indicators') AS entry
        CROSS JOIN jsonb_array_elements(entry -> 'milestones') AS step
        WHERE entry ->> 'indicator_id' = b.indicator_id AND NOT b.bounded
          AND period_end(step ->> 'period') > b.day AND period_end(step ->> 'period') < b.end_day
    ), segments AS (
        SELECT plan_id, indicator_id, day, value, year_fraction(day) AS at,
               lead(year_fraction(day)) OVER along AS next_at, lead(value) OVER along AS next_value
        FROM fixed_points
        WINDOW along AS (PARTITION BY plan_id, indicator_id ORDER BY day)
    )
    SELECT plan_id, indicator_id, day, value FROM segments
    UNION ALL
    SELECT plan_id, indicator_id, make_date(year, 12, 31), value + (next_value - value) * (year - at) / (next_at - at)
    FROM segments
    CROSS JOIN generate_series(floor(at)::integer + 1, ceil(next_at)::integer - 1) AS year
$$;
COMMENT ON FUNCTION indicator_paths_as_of IS
    'the path each plan expects: its fixed points and the ends of the years between; a total starts from 0, a limit is level';

CREATE FUNCTION indicator_actuals_as_of(as_of timestamptz)
RETURNS TABLE (plan_id text, indicator_id text, series_key text, headline boolean, breakdown text, time_period text,
               day date, actual_value numeric, revision integer, submission_id text, simulated boolean)
LANGUAGE sql STABLE
AS $$
    SELECT s.plan_id, s.indicator_id, s.series_key, s.headline, s.breakdown, o.time_period, period_end(o.time_period),
           CASE WHEN s.is_total THEN v.measured ELSE o.obs_value END, o.revision, o.submission_id,
           rests_on_simulated(s.series_key, o.time_period, s.is_total, as_of)
    FROM indicator_series AS s
    CROSS JOIN LATERAL (
        SELECT DISTINCT ON (period_start, time_period) *
        FROM observations
        WHERE observations.series_key = s.series_key AND received_at <= as_of
        ORDER BY period_start, time_period, received_at DESC, observations.submission_id DESC
    ) AS o
    LEFT JOIN LATERAL (
        SELECT a.measured
        FROM assessments AS a
        WHERE a.series_key = s.series_key AND a.period_start = o.period_start AND a.time_period = o.time_period
          AND a.method = 'schedule' AND a.known_at <= as_of
        ORDER BY a.known_at DESC, a.plan_version DESC, a.assessment_no DESC
        LIMIT 1
    ) AS v ON s.is_total
    WHERE NOT s.is_total OR v.measured IS NOT NULL
$$;
COMMENT ON FUNCTION indicator_actuals_as_of IS
    'what to draw against the path: the figures as known at that moment; for totals, the total so far';

CREATE VIEW indicator_doubts AS
SELECT i.plan_id, i.indicator_id, i.no, i.name_zh AS indicator_zh, doubt ->> 'field' AS field,
       doubt ->> 'zh' AS reason_zh, doubt ->> 'en' AS reason_en, i.source_file, i.source_line
FROM current_indicators AS i
CROSS JOIN jsonb_array_elements(i.doubts) AS doubt;
COMMENT ON VIEW indicator_doubts IS 'the readings of the printed plans that somebody has to confirm';

-- Operation.

CREATE VIEW domain_lights AS
SELECT i.plan_id, p.title_zh AS plan_title_zh, p.area_name_zh, i.domain, i.domain_name, min(i.no) AS first_no,
       count(*) AS indicators,
       count(*) FILTER (WHERE i.class = 'achieved') AS achieved,
       count(*) FILTER (WHERE i.class = 'ahead') AS ahead,
       count(*) FILTER (WHERE i.class = 'on_schedule') AS on_schedule,
       count(*) FILTER (WHERE i.class = 'held') AS held,
       count(*) FILTER (WHERE i.class = 'lagging') AS lagging,
       count(*) FILTER (WHERE i.class = 'far_behind') AS far_behind,
       count(*) FILTER (WHERE i.class = 'reversed') AS reversed,
       count(*) FILTER (WHERE i.class = 'breached') AS breached,
       count(*) FILTER (WHERE i.class = 'no_data') AS no_data,
       count(*) FILTER (WHERE i.class = 'not_assessable') AS not_assessable,
       count(*) FILTER (WHERE i.class IS NULL) AS not_reported,
       coalesce(sum(w.red), 0)::bigint AS red,
       coalesce(sum(w.orange), 0)::bigint AS orange,
       coalesce(sum(w.yellow), 0)::bigint AS yellow,
       coalesce(sum(w.blue), 0)::bigint AS blue,
       CASE WHEN sum(w.red) > 0 THEN 'red' WHEN sum(w.orange) > 0 THEN 'orange' WHEN sum(w.yellow) > 0 THEN 'yellow'
            WHEN sum(w.blue) > 0 THEN 'blue' END AS light,
       bool_or(i.simulated) AS simulated
FROM indicator_status_as_of(now()) AS i
JOIN current_plans AS p USING (plan_id)
LEFT JOIN (
    SELECT plan_id, indicator_id, count(*) FILTER (WHERE level = 'red') AS red,
           count(*) FILTER (WHERE level = 'orange') AS orange, count(*) FILTER (WHERE level = 'yellow') AS yellow,
           count(*) FILTER (WHERE level = 'blue') AS blue
    FROM early_warnings
    WHERE state <> 'closed'
    GROUP BY plan_id, indicator_id
) AS w USING (plan_id, indicator_id)
GROUP BY i.plan_id, p.title_zh, p.area_name_zh, i.domain, i.domain_name;
COMMENT ON VIEW domain_lights IS
    'per plan and domain: indicators by class, open warnings by level, and the gravest level (null: no open warning)';

CREATE VIEW submissions_by_day AS
SELECT local_midnight((received_at AT TIME ZONE 'Asia/Shanghai')::date) AS day, plan_id, simulated,
       count(*) AS submissions, sum(accepted_rows)::bigint AS accepted_rows,
       sum(jsonb_array_length(findings))::bigint AS findings,
       sum((SELECT count(DISTINCT finding ->> 'row') FROM jsonb_array_elements(findings) AS finding))::bigint
           AS returned_rows,
       count(*) FILTER (WHERE evaluated_at IS NULL) AS unevaluated
FROM submissions
GROUP BY 1, 2, 3;
COMMENT ON VIEW submissions_by_day IS 'submissions received per day of Asia/Shanghai and plan: rows accepted and returned';

CREATE VIEW mail_states AS
SELECT state, mail_kind, count(*) AS mails, count(*) FILTER (WHERE in_doubt) AS in_doubt, min(created_at) AS oldest,
       max(sent_at) AS last_sent_at
FROM mails
GROUP BY state, mail_kind;
COMMENT ON VIEW mail_states IS 'mails by state (pending, sent, refused) and kind; in_doubt: may arrive twice, same Message-ID';

CREATE VIEW dead_letter_counts AS
SELECT consumer, topic, count(*) AS dead_letters, count(*) FILTER (WHERE replayed_at IS NULL) AS waiting,
       max(recorded_at) AS last_recorded_at
FROM dead_letters
GROUP BY consumer, topic;
COMMENT ON VIEW dead_letter_counts IS 'records set aside, and those of them that nobody has replayed yet';

CREATE VIEW plan_freshness AS
SELECT p.plan_id, p.title_zh AS plan_title_zh, p.area_name_zh, i.indicators, i.with_figure, i.newest_period,
       s.last_received_at, s.last_evaluated_at, coalesce(s.unevaluated, 0) AS unevaluated,
       coalesce(s.simulated, 0) AS simulated
FROM current_plans AS p
JOIN (
    SELECT plan_id, count(*) AS indicators, count(*) FILTER (WHERE obs_value IS NOT NULL) AS with_figure,
           (array_agg(time_period ORDER BY period_end(time_period) DESC) FILTER (WHERE obs_value IS NOT NULL))[1]
               AS newest_period
    FROM indicator_status_as_of(now())
    GROUP BY plan_id
) AS i USING (plan_id)
LEFT JOIN (
    SELECT plan_id, max(received_at) AS last_received_at, max(evaluated_at) AS last_evaluated_at,
           count(*) FILTER (WHERE evaluated_at IS NULL) AS unevaluated, count(*) FILTER (WHERE simulated) AS simulated
    FROM submissions
    GROUP BY plan_id
) AS s USING (plan_id);
COMMENT ON VIEW plan_freshness IS 'per plan: how new its figures are, how many indicators have one, what still waits';

GRANT SELECT ON current_plans, current_indicators, indicator_series, open_warnings, indicator_doubts, domain_lights,
    submissions_by_day, mail_states, dead_letter_counts, plan_freshness TO planwatch_reader;
GRANT EXECUTE ON FUNCTION period_end, local_midnight, year_fraction, moment_of, assessments_as_of, observations_as_of,
    rests_on_simulated, verdicts_as_of, level_rank, early_warnings_as_of, indicator_status_as_of, indicator_paths_as_of,
    indicator_actuals_as_of TO planwatch_reader;
