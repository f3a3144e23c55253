-- Warning cases, their append-only history, and the mails that follow from them.

CREATE TABLE early_warnings (
    case_id      text        PRIMARY KEY,
    plan_id      text        NOT NULL,
    plan_version integer     NOT NULL,
    subject_kind text        NOT NULL,
    indicator_id text        NOT NULL,
    series_key   text        NOT NULL,
    agency_id    text        NOT NULL REFERENCES agencies,
    episode      integer     NOT NULL,
    state        text        NOT NULL,
    level        text        NOT NULL,
    cause        text        NOT NULL,
    time_period  text        NOT NULL,
    since_period text        NOT NULL,
    policy_line  text        NOT NULL,
    submission_id text       NOT NULL,
    known_at     timestamptz NOT NULL,
    opened_at    timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL
);
CREATE INDEX early_warnings_open ON early_warnings (plan_id, level) WHERE state <> 'closed';

CREATE TABLE warning_history (
    case_id       text        NOT NULL REFERENCES early_warnings,
    step          integer     NOT NULL,
    at            timestamptz NOT NULL,
    step_kind     text        NOT NULL,
    episode       integer     NOT NULL,
    level         text        NOT NULL,
    reason_zh     text        NOT NULL,
    reason_en     text        NOT NULL,
    policy_line   text        NOT NULL,
    time_period   text        NOT NULL,
    submission_id text,
    actor         text        NOT NULL,
    delivery      text        NOT NULL,
    delivery_reason_zh text   NOT NULL,
    delivery_reason_en text   NOT NULL,
    mail_id       text,
    PRIMARY KEY (case_id, step)
);
COMMENT ON TABLE warning_history IS 'append-only; services may insert and read, nothing else';
CREATE INDEX warning_history_mail ON warning_history (mail_id);

CREATE TABLE digests (
    mail_id    text        PRIMARY KEY,
    agency_id  text        NOT NULL REFERENCES agencies,
    local_date date        NOT NULL,
    opened_at  timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    closed_at  timestamptz
);
COMMENT ON TABLE digests IS 'a digest collects the items of warning_history that carry its mail_id until it is closed';
CREATE UNIQUE INDEX digests_open ON digests (agency_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX digests_daily ON digests (agency_id, local_date);

CREATE TABLE mails (
    mail_id         text        PRIMARY KEY,
    mail_kind       text        NOT NULL,
    agency_id       text        NOT NULL REFERENCES agencies,
    recipient       text        NOT NULL,
    subject         text        NOT NULL,
    message_id      text        NOT NULL UNIQUE,
    message         bytea       NOT NULL,
    accepted_at     timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    state           text        NOT NULL CHECK (state IN ('pending', 'sent', 'refused')),
    in_doubt        boolean     NOT NULL DEFAULT false,
    attempts        integer     NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    leased_until    timestamptz,
    sent_at         timestamptz,
    last_error      text
);
COMMENT ON COLUMN mails.message IS 'RFC 5322 message, rendered once; every attempt sends these bytes';
COMMENT ON COLUMN mails.accepted_at IS 'when the newest submission behind it was received';
COMMENT ON COLUMN mails.in_doubt IS 'the server''s answer to DATA was lost once: it may arrive twice, with the same Message-ID';
CREATE INDEX mails_pending ON mails (next_attempt_at) WHERE state = 'pending';
