-- One role per service with what it needs and no more. Roles belong to the server, not to the database:
-- they may exist already.

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['planwatch_ingest', 'planwatch_evaluate', 'planwatch_alerts', 'planwatch_reader']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), role_name);
    END LOOP;
END
$$;

GRANT SELECT ON plans, policies, agencies, indicators, api_keys, watermarks TO planwatch_ingest;
GRANT SELECT, INSERT ON submissions TO planwatch_ingest;
GRANT SELECT, INSERT, UPDATE ON outgoing_events TO planwatch_ingest;

GRANT SELECT ON plans, policies TO planwatch_evaluate;
GRANT SELECT, INSERT ON submissions, series, assessments, dead_letters TO planwatch_evaluate;
GRANT UPDATE (series_key) ON series TO planwatch_evaluate; -- for row locks; no statement changes a series
GRANT SELECT, INSERT, UPDATE ON observations, outgoing_events, watermarks TO planwatch_evaluate;
GRANT UPDATE (evaluated_at, accepted_rows, findings) ON submissions TO planwatch_evaluate;

GRANT SELECT ON plans, policies, agencies, indicators, series, observations, assessments, submissions
    TO planwatch_alerts;
GRANT SELECT, INSERT ON warning_history, dead_letters TO planwatch_alerts;
GRANT SELECT, INSERT, UPDATE ON early_warnings, digests, mails, watermarks, outgoing_events TO planwatch_alerts;

GRANT SELECT ON plans, policies, agencies, indicators, series, observations, assessments, early_warnings,
    warning_history, digests, watermarks, outgoing_events TO planwatch_reader;
GRANT SELECT (submission_id, agency_id, plan_id, periods, channel, simulated, received_at, accepted_rows, findings,
              evaluated_at) ON submissions TO planwatch_reader;
GRANT SELECT (mail_id, mail_kind, agency_id, recipient, subject, message_id, created_at, state, in_doubt, attempts,
              sent_at, last_error) ON mails TO planwatch_reader;
GRANT SELECT (dead_letter_id, consumer, topic, partition, record_offset, reason_zh, reason_en, recorded_at,
              replayed_at) ON dead_letters TO planwatch_reader;
