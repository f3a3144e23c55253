-- The submission ledger, the events on their way to Kafka, and how far each consumer has come.

CREATE TABLE submissions (
    submission_id text        PRIMARY KEY,
    agency_id     text        NOT NULL,
    plan_id       text        NOT NULL,
    periods       text        NOT NULL,
    channel       text        NOT NULL CHECK (channel IN ('gateway', 'producer')),
    content_type  text        NOT NULL,
    content       bytea       NOT NULL,
    simulated     boolean     NOT NULL,
    received_at   timestamptz NOT NULL,
    accepted_rows integer     NOT NULL,
    findings      jsonb       NOT NULL,
    evaluated_at  timestamptz
);
COMMENT ON COLUMN submissions.content IS 'what was sent, byte for byte';
COMMENT ON COLUMN submissions.findings IS 'list of {row, field, value, code, zh, en}: the rows that were returned';
CREATE INDEX submissions_plan ON submissions (plan_id, received_at);
CREATE INDEX submissions_unevaluated ON submissions (received_at) WHERE evaluated_at IS NULL;

CREATE TABLE outgoing_events (
    event_id      text        PRIMARY KEY,
    event_no      bigint      GENERATED ALWAYS AS IDENTITY,
    topic         text        NOT NULL,
    record_key    bytea       NOT NULL,
    record_value  bytea       NOT NULL,
    awaits_effect boolean     NOT NULL,
    created_at    timestamptz NOT NULL,
    published_at  timestamptz,
    incarnation   text,
    partition     integer,
    record_offset bigint,
    settled_at    timestamptz
);
COMMENT ON COLUMN outgoing_events.incarnation IS 'the topic''s identity on the broker it was published to';
COMMENT ON COLUMN outgoing_events.awaits_effect IS 'a consumer of ours commits an effect of it; until that settles it, it can be published again';
CREATE INDEX outgoing_events_unsettled ON outgoing_events (event_no) WHERE settled_at IS NULL;

CREATE TABLE watermarks (
    consumer    text    NOT NULL,
    incarnation text    NOT NULL,
    topic       text    NOT NULL,
    partition   integer NOT NULL,
    next_offset bigint  NOT NULL,
    moved_at    timestamptz NOT NULL,
    PRIMARY KEY (consumer, incarnation, topic, partition)
);
COMMENT ON TABLE watermarks IS 'the truth about consumption; written in the transaction of the effects. Kafka''s offset is a hint';

CREATE TABLE dead_letters (
    dead_letter_id text        PRIMARY KEY,
    consumer       text        NOT NULL,
    incarnation    text        NOT NULL,
    topic          text        NOT NULL,
    partition      integer     NOT NULL,
    record_offset  bigint      NOT NULL,
    record_key     bytea,
    record_value   bytea       NOT NULL,
    reason_zh      text        NOT NULL,
    reason_en      text        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    replayed_at    timestamptz
);
