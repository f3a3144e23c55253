-- Cases with owners and deadlines; their history becomes a chain of hashes that nobody can change unseen.

ALTER TABLE early_warnings
    ADD COLUMN kind text NOT NULL DEFAULT 'behind_schedule',
    ADD COLUMN ref_area text,
    ADD COLUMN coordinating_agency text,
    ADD COLUMN acknowledge_by date,
    ADD COLUMN measures_by date,
    ADD COLUMN due_on date,
    ADD COLUMN silenced_until date,
    ADD COLUMN is_covered boolean NOT NULL DEFAULT false,
    ADD COLUMN is_frozen boolean NOT NULL DEFAULT false,
    ADD COLUMN escalations integer NOT NULL DEFAULT 0,
    ALTER COLUMN series_key DROP NOT NULL,
    ALTER COLUMN submission_id DROP NOT NULL;
COMMENT ON TABLE early_warnings IS 'a case as it stands: what its warning_history adds up to, kept for questions';
COMMENT ON COLUMN early_warnings.kind IS 'behind_schedule, unlikely_target, reversed, limit_breached, forecast_miss, overdue_report, data_quality, late_work, service_standard or gap_widening';
COMMENT ON COLUMN early_warnings.series_key IS 'the series of the verdicts; NULL where the case rests on none, as that of a missing report';
COMMENT ON COLUMN early_warnings.due_on IS 'last day for what is asked of the owner next';

ALTER TABLE warning_history
    ADD COLUMN changes jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN addressee text,
    ADD COLUMN summary_id text,
    ADD COLUMN plan_id text,
    ADD COLUMN entry_no bigint,
    ADD COLUMN previous_hash text,
    ADD COLUMN entry_hash text;
COMMENT ON COLUMN warning_history.changes IS 'field → new value; all steps of a case together are the case (planwatch.case.model.replay)';
COMMENT ON COLUMN warning_history.addressee IS 'the agency that is told, in the mail or digest mail_id';
COMMENT ON COLUMN warning_history.summary_id IS 'the weekly summary in which the step stands';
COMMENT ON COLUMN warning_history.entry_hash IS 'SHA-256 of previous_hash, a line feed and history_content(row), as hexadecimal digits';
CREATE INDEX warning_history_summary ON warning_history (summary_id) WHERE summary_id IS NOT NULL;

ALTER TABLE mails ADD COLUMN refusal_noted_at timestamptz;
COMMENT ON COLUMN mails.refusal_noted_at IS 'when the histories of the cases that it told of took note that it was refused';

CREATE TABLE history_heads (
    plan_id    text   PRIMARY KEY,
    entry_no   bigint NOT NULL,
    entry_hash text   NOT NULL
);
COMMENT ON TABLE history_heads IS 'the last entry of each plan''s chain, so that removed last entries are missed; written by a trigger only';

CREATE TABLE agency_contacts (
    agency_id     text    NOT NULL REFERENCES agencies,
    name          text    NOT NULL,
    email         text    NOT NULL,
    is_substitute boolean NOT NULL DEFAULT false,
    valid_from    date    NOT NULL,
    valid_until   date,
    PRIMARY KEY (agency_id, email, valid_from),
    CHECK (valid_until IS NULL OR valid_until >= valid_from)
);
COMMENT ON TABLE agency_contacts IS
    'who gets an agency''s mails when: a substitute whose days these are, else the contact, else agencies.email';
COMMENT ON COLUMN agency_contacts.valid_until IS 'last day; NULL: until further notice';

CREATE TABLE weekly_summaries (
    mail_id   text        PRIMARY KEY,
    agency_id text        NOT NULL REFERENCES agencies,
    due_at    timestamptz NOT NULL,
    closed_at timestamptz
);
COMMENT ON TABLE weekly_summaries IS 'a summary tells the steps of warning_history that carry its summary_id';
CREATE INDEX weekly_summaries_open ON weekly_summaries (due_at) WHERE closed_at IS NULL;

-- What the cases of before stood at, as the change of their last step: counting starts with the migration.
WITH last AS (
    SELECT DISTINCT ON (case_id) case_id, step FROM warning_history ORDER BY case_id, step DESC
), started AS (
    SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date AS day
)
UPDATE warning_history AS h
SET changes = jsonb_build_object(
    'case_id', w.case_id,
    'subject', jsonb_build_object(
        'plan_id', w.plan_id, 'kind', w.subject_kind, 'indicator_id', w.indicator_id, 'ref_area', s.ref_area,
        'urbanisation', s.urbanisation, 'pop_group', s.pop_group),
    'kind', CASE WHEN w.subject_kind IN ('task', 'project') THEN 'late_work'
                 WHEN w.subject_kind = 'service_standard' THEN 'service_standard'
                 WHEN w.cause = 'reversed' THEN 'reversed'
                 WHEN w.cause IN ('breached', 'held') THEN 'limit_breached'
                 WHEN w.cause IN ('on_schedule', 'ahead') AND w.policy_line LIKE '%: unlikely.%' THEN 'unlikely_target'
                 ELSE 'behind_schedule' END,
    'nature', coalesce(i.nature, 'anticipatory'),
    'plan_version', w.plan_version, 'episode', w.episode, 'matter_no', 1, 'state', w.state, 'level', w.level,
    'cause', w.cause, 'time_period', w.time_period, 'since_period', w.since_period, 'known_at', w.known_at,
    'submission_id', w.submission_id, 'policy_line', w.policy_line, 'opened_at', w.opened_at, 'owner', w.agency_id,
    'chain', (SELECT coalesce(jsonb_agg(DISTINCT link), '[]')
              FROM (VALUES (a.superior), (p.document ->> 'coordinating_agency')) AS links (link)
              WHERE link IS NOT NULL AND link <> w.agency_id),
    'coordinating', p.document ->> 'coordinating_agency', 'participants', '[]'::jsonb,
    'counted_from', started.day, 'acknowledge_by', started.day + 14, 'measures_by', started.day + 42,
    'deadlines_provisional', true, 'told_level', CASE WHEN w.state <> 'closed' THEN w.level END,
    'closed_at', CASE WHEN w.state = 'closed' THEN w.changed_at END)
FROM last
JOIN early_warnings AS w USING (case_id)
JOIN series AS s USING (series_key)
JOIN plans AS p ON (p.plan_id, p.plan_version) = (w.plan_id, w.plan_version)
JOIN agencies AS a ON a.agency_id = w.agency_id
LEFT JOIN indicators AS i
    ON (i.plan_id, i.plan_version, i.indicator_id) = (w.plan_id, w.plan_version, w.indicator_id)
CROSS JOIN started
WHERE (h.case_id, h.step) = (last.case_id, last.step);

UPDATE early_warnings AS w
SET kind = h.changes ->> 'kind', ref_area = h.changes -> 'subject' ->> 'ref_area',
    coordinating_agency = h.changes ->> 'coordinating',
    acknowledge_by = (h.changes ->> 'acknowledge_by')::date, measures_by = (h.changes ->> 'measures_by')::date,
    due_on = CASE w.state WHEN 'open' THEN (h.changes ->> 'acknowledge_by')::date
                          WHEN 'acknowledged' THEN (h.changes ->> 'measures_by')::date END
FROM warning_history AS h
WHERE h.case_id = w.case_id AND h.changes <> '{}';

CREATE FUNCTION history_content(entry warning_history)
RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT jsonb_build_array(
        entry.plan_id, entry.entry_no, entry.case_id, entry.step,
        to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), entry.step_kind, entry.episode, entry.level,
        entry.reason_zh, entry.reason_en, entry.policy_line, entry.time_period, entry.submission_id, entry.actor,
        entry.delivery, entry.delivery_reason_zh, entry.delivery_reason_en, entry.mail_id, entry.addressee,
        entry.summary_id, entry.changes)::text
$$;
COMMENT ON FUNCTION history_content IS 'an entry in the form in which it is hashed: everything but the hashes';

CREATE FUNCTION history_hash(previous text, content text)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$ SELECT encode(sha256(convert_to(previous || E'\n' || content, 'UTF8')), 'hex') $$;
COMMENT ON FUNCTION history_hash IS 'hash of an entry: of the hash before it and its content';

CREATE FUNCTION seal_history_entry()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
DECLARE
    head history_heads;
BEGIN
    SELECT plan_id INTO STRICT NEW.plan_id FROM early_warnings WHERE case_id = NEW.case_id;
    PERFORM pg_advisory_xact_lock(hashtextextended('warnings|' || NEW.plan_id, 0));
    SELECT * INTO head FROM history_heads WHERE plan_id = NEW.plan_id;
    NEW.entry_no := coalesce(head.entry_no, 0) + 1;
    NEW.previous_hash := coalesce(head.entry_hash, '');
    NEW.entry_hash := history_hash(NEW.previous_hash, history_content(NEW));
    INSERT INTO history_heads VALUES (NEW.plan_id, NEW.entry_no, NEW.entry_hash)
    ON CONFLICT (plan_id) DO UPDATE SET entry_no = EXCLUDED.entry_no, entry_hash = EXCLUDED.entry_hash;
    RETURN NEW;
END
$$;

DO $$
DECLARE
    entry warning_history;
    head history_heads;
BEGIN
    FOR entry IN SELECT * FROM warning_history ORDER BY at, case_id, step LOOP
        SELECT plan_id INTO STRICT entry.plan_id FROM early_warnings WHERE case_id = entry.case_id;
        SELECT * INTO head FROM history_heads WHERE plan_id = entry.plan_id;
        entry.entry_no := coalesce(head.entry_no, 0) + 1;
        entry.previous_hash := coalesce(head.entry_hash, '');
        entry.entry_hash := history_hash(entry.previous_hash, history_content(entry));
        UPDATE warning_history
        SET plan_id = entry.plan_id, entry_no = entry.entry_no, previous_hash = entry.previous_hash,
            entry_hash = entry.entry_hash
        WHERE (case_id, step) = (entry.case_id, entry.step);
        INSERT INTO history_heads VALUES (entry.plan_id, entry.entry_no, entry.entry_hash)
        ON CONFLICT (plan_id) DO UPDATE SET entry_no = EXCLUDED.entry_no, entry_hash = EXCLUDED.entry_hash;
    END LOOP;
END
$$;

ALTER TABLE warning_history
    ALTER COLUMN plan_id SET NOT NULL,
    ALTER COLUMN entry_no SET NOT NULL,
    ALTER COLUMN previous_hash SET NOT NULL,
    ALTER COLUMN entry_hash SET NOT NULL;
CREATE UNIQUE INDEX warning_history_chain ON warning_history (plan_id, entry_no);

COMMENT ON FUNCTION seal_history_entry IS
    'numbers and hashes an entry; with the rights of the owner, so that nobody else writes the heads of the chains';

CREATE TRIGGER warning_history_sealed BEFORE INSERT ON warning_history
    FOR EACH ROW EXECUTE FUNCTION seal_history_entry();

CREATE FUNCTION refuse_change()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
COMMENT ON FUNCTION refuse_change IS 'keeps a table append-only, for its owner as well';
CREATE TRIGGER warning_history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON warning_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE FUNCTION early_warnings_as_of(as_of timestamptz)
RETURNS TABLE (case_id text, plan_id text, subject_kind text, indicator_id text, series_key text, agency_id text,
               episode integer, state text, level text, time_period text, since_period text, opened_at timestamptz,
               changed_at timestamptz, reason_zh text, reason_en text, policy_line text, submission_id text)
LANGUAGE sql STABLE
AS $$
    SELECT w.case_id, w.plan_id, w.subject_kind, w.indicator_id, w.series_key, w.agency_id, last.episode,
           CASE WHEN episode.closed THEN 'closed'
                WHEN episode.filed > episode.raised THEN 'rectifying'
                WHEN episode.acknowledged > episode.raised THEN 'acknowledged'
                ELSE 'open' END,
           CASE WHEN NOT episode.closed THEN last.level END,
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
               bool_or(step_kind = 'close') AS closed,
               max(step) FILTER (WHERE step_kind = 'acknowledge') AS acknowledged,
               max(step) FILTER (WHERE step_kind = 'file_measures') AS filed,
               max(step) FILTER (WHERE step_kind IN ('raise', 'reopen', 'raise_level', 'reassign')) AS raised
        FROM warning_history AS h
        WHERE h.case_id = w.case_id AND h.episode = last.episode AND h.at <= as_of
    ) AS episode
$$;

GRANT SELECT ON agency_contacts, history_heads, weekly_summaries TO planwatch_alerts, planwatch_reader;
GRANT INSERT, UPDATE ON weekly_summaries TO planwatch_alerts;
GRANT EXECUTE ON FUNCTION history_content TO planwatch_reader;
