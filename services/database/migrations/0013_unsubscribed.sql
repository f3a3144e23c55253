-- Who does not want which mails that the policy lets them do without, and why a mail was not written.

CREATE TABLE unsubscribed (
    agency_id text        NOT NULL REFERENCES agencies,
    mail_kind text        NOT NULL,
    email     text        NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (agency_id, mail_kind, email)
);
COMMENT ON TABLE unsubscribed IS
    'addresses that do not want a kind of mail of an agency; counts only for the kinds of mail.may_unsubscribe of the policy';

ALTER TABLE digests ADD COLUMN held_back_zh text, ADD COLUMN held_back_en text;
ALTER TABLE weekly_summaries ADD COLUMN held_back_zh text, ADD COLUMN held_back_en text;
COMMENT ON COLUMN digests.held_back_zh IS 'why nothing was mailed when it was closed; NULL where a mail was written';
COMMENT ON COLUMN weekly_summaries.held_back_zh IS 'why nothing was mailed when it was closed; NULL where a mail was written';

GRANT SELECT, INSERT, DELETE ON unsubscribed TO planwatch_alerts;
