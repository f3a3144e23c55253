-- 其他渠道 Channels beside the mail: one message per step and channel, in the outbox of the same transaction.

CREATE TABLE channel_messages (
    channel         text        NOT NULL,
    case_id         text        NOT NULL,
    step            integer     NOT NULL,
    body            text        NOT NULL,
    created_at      timestamptz NOT NULL,
    due_at          timestamptz NOT NULL,
    state           text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'refused')),
    attempts        integer     NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    leased_until    timestamptz,
    sent_at         timestamptz,
    last_error      text,
    PRIMARY KEY (channel, case_id, step),
    FOREIGN KEY (case_id, step) REFERENCES warning_history
);
COMMENT ON TABLE channel_messages IS 'what a channel is told of a step; addresses and secrets stay in the file of channels';
COMMENT ON COLUMN channel_messages.channel IS 'its name in the file of channels';
COMMENT ON COLUMN channel_messages.body IS 'JSON, rendered once; every attempt sends this text';
COMMENT ON COLUMN channel_messages.due_at IS 'from when on it may be sent: after the quiet hours';
CREATE INDEX channel_messages_pending ON channel_messages (channel, next_attempt_at) WHERE state = 'pending';

GRANT SELECT, INSERT, UPDATE ON channel_messages TO planwatch_alerts;
GRANT SELECT (channel, case_id, step, created_at, due_at, state, attempts, next_attempt_at, sent_at, last_error)
    ON channel_messages TO planwatch_reader;
