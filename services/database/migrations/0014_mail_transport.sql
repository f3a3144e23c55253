-- What became of a mail on its way: paced by recipient domain, perhaps handed over, returned; and what came in.

ALTER TABLE mails
    DROP CONSTRAINT mails_state_check,
    ADD CONSTRAINT mails_state_check CHECK (state IN ('pending', 'sent', 'refused', 'bounced')),
    ADD COLUMN recipient_domain text GENERATED ALWAYS AS (lower(split_part(recipient, '@', -1))) STORED,
    ADD COLUMN last_attempt_at timestamptz,
    ADD COLUMN data_begun_at timestamptz,
    ADD COLUMN return_token text UNIQUE,
    ADD COLUMN delayed_at timestamptz,
    ADD COLUMN wait_reason_zh text,
    ADD COLUMN wait_reason_en text;
COMMENT ON COLUMN mails.state IS 'pending, sent: the server took it, refused: it never will, bounced: taken and returned by a later server';
COMMENT ON COLUMN mails.data_begun_at IS 'set before the message is handed over and cleared with the outcome: whoever finds it set does not know whether the mail arrived';
COMMENT ON COLUMN mails.return_token IS 'names the mail in its envelope sender, to which bounces come back';
COMMENT ON COLUMN mails.delayed_at IS 'when a later server said that it goes on trying';
COMMENT ON COLUMN mails.wait_reason_zh IS 'why a pending mail was not tried yet although it was due';
CREATE INDEX mails_pace ON mails (recipient_domain, last_attempt_at) WHERE last_attempt_at IS NOT NULL;

CREATE TABLE inbound_mails (
    inbound_id    text        PRIMARY KEY,
    received_at   timestamptz NOT NULL,
    envelope_from text        NOT NULL,
    recipient     text        NOT NULL,
    header_from   text        NOT NULL,
    message_id    text        NOT NULL,
    subject       text        NOT NULL,
    kind          text        NOT NULL CHECK (kind IN ('bounce', 'delay', 'reply', 'automatic', 'unknown')),
    outcome       text        NOT NULL CHECK (outcome IN ('noted', 'bounced', 'delayed', 'ignored', 'rejected', 'failed')),
    reason_zh     text        NOT NULL,
    reason_en     text        NOT NULL,
    mail_id       text        REFERENCES mails,
    message       bytea
);
COMMENT ON TABLE inbound_mails IS 'a mail that came in, once, with what was made of it';
COMMENT ON COLUMN inbound_mails.inbound_id IS 'SHA-256 of its Message-ID and its content: what is delivered twice is one';
COMMENT ON COLUMN inbound_mails.mail_id IS 'the mail of ours that it answers or returns';
COMMENT ON COLUMN inbound_mails.message IS 'kept only where it could not be dealt with (failed)';
CREATE INDEX inbound_mails_received ON inbound_mails (received_at DESC);

CREATE TABLE undeliverable_addresses (
    email   text        PRIMARY KEY,
    since   timestamptz NOT NULL,
    mail_id text        NOT NULL REFERENCES mails,
    reason  text        NOT NULL
);
COMMENT ON TABLE undeliverable_addresses IS 'addresses to which a mail was refused or from which one came back; the operator has to enter another';

GRANT SELECT, INSERT ON inbound_mails TO planwatch_alerts;
GRANT UPDATE (kind, outcome, reason_zh, reason_en, mail_id) ON inbound_mails TO planwatch_alerts;
GRANT SELECT, INSERT, UPDATE ON undeliverable_addresses TO planwatch_alerts;
GRANT SELECT ON undeliverable_addresses TO planwatch_reader;
GRANT SELECT (inbound_id, received_at, envelope_from, recipient, header_from, message_id, subject, kind, outcome,
              reason_zh, reason_en, mail_id) ON inbound_mails TO planwatch_reader;
GRANT SELECT (recipient_domain, last_attempt_at, delayed_at, wait_reason_zh, wait_reason_en) ON mails TO planwatch_reader;
