-- Files that people attach to cases, who made a step at the desk, and who has to do with a case.

CREATE TABLE attachments (
    attachment_id text        PRIMARY KEY,
    case_id       text        NOT NULL REFERENCES early_warnings,
    step          integer     NOT NULL,
    name          text        NOT NULL,
    media_type    text        NOT NULL,
    size_bytes    integer     NOT NULL CHECK (size_bytes BETWEEN 1 AND 10485760),
    sha256        text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    content       bytea       NOT NULL,
    attached_by   text        NOT NULL,
    attached_at   timestamptz NOT NULL,
    FOREIGN KEY (case_id, step) REFERENCES warning_history,
    CHECK (octet_length(content) = size_bytes)
);
COMMENT ON TABLE attachments IS 'files attached to cases; append-only; the step of the history names the SHA-256';
COMMENT ON COLUMN attachments.attachment_id IS 'random: nobody finds a file by counting';
CREATE INDEX attachments_case ON attachments (case_id);
CREATE TRIGGER attachments_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON attachments
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE step_accounts (
    case_id    text    NOT NULL,
    step       integer NOT NULL,
    account_id text    NOT NULL,
    PRIMARY KEY (case_id, step),
    FOREIGN KEY (case_id, step) REFERENCES warning_history
);
COMMENT ON TABLE step_accounts IS 'which account made a step of a history at the desk: two persons may have one name';

CREATE INDEX warning_history_parties ON warning_history (case_id, step) WHERE changes ?| ARRAY['owner', 'chain', 'participants', 'coordinating'];

CREATE VIEW case_parties AS
SELECT w.case_id, party.agency_id, party.relation
FROM early_warnings AS w
CROSS JOIN LATERAL (
    SELECT w.agency_id, 'owner' AS relation
    UNION ALL
    SELECT w.coordinating_agency, 'coordinating' WHERE w.coordinating_agency IS NOT NULL
    UNION ALL
    SELECT jsonb_array_elements_text(links.chain), 'superior'
    FROM (SELECT h.changes -> 'chain' AS chain FROM warning_history AS h
          WHERE h.case_id = w.case_id AND h.changes ? 'chain'
            AND h.changes ?| ARRAY['owner', 'chain', 'participants', 'coordinating']
          ORDER BY h.step DESC LIMIT 1) AS links
    UNION ALL
    SELECT jsonb_array_elements_text(named.participants), 'participant'
    FROM (SELECT h.changes -> 'participants' AS participants FROM warning_history AS h
          WHERE h.case_id = w.case_id AND h.changes ? 'participants'
            AND h.changes ?| ARRAY['owner', 'chain', 'participants', 'coordinating']
          ORDER BY h.step DESC LIMIT 1) AS named
) AS party;
COMMENT ON VIEW case_parties IS 'which agency is what to a case, as its history has it: owner, superior, participant, coordinating';

GRANT SELECT, INSERT ON attachments, step_accounts TO planwatch_alerts;
GRANT SELECT ON case_parties TO planwatch_alerts;
