-- People who sign in: accounts, sessions, links, tokens and what happened to them. No secret is kept, only hashes.

CREATE TABLE accounts (
    account_id     text        PRIMARY KEY,
    sign_in_name   text        NOT NULL UNIQUE,
    name           text        NOT NULL,
    agency_id      text        REFERENCES agencies,
    role           text        NOT NULL CHECK (role IN ('officer', 'head', 'coordinator', 'administrator')),
    password_hash  text,
    created_at     timestamptz NOT NULL,
    deactivated_at timestamptz,
    CHECK (agency_id IS NOT NULL OR role = 'administrator')
);
COMMENT ON TABLE accounts IS 'people who sign in; an account is deactivated, never removed, because histories name it';
COMMENT ON COLUMN accounts.sign_in_name IS 'normalised: NFKC, folded case';
COMMENT ON COLUMN accounts.password_hash IS 'argon2id with its parameters; NULL until a password is chosen by a link';

CREATE TABLE account_sessions (
    session_id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_digest bytea       NOT NULL UNIQUE,
    account_id   text        NOT NULL REFERENCES accounts,
    address      text        NOT NULL,
    signed_in_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    ended_at     timestamptz
);
COMMENT ON COLUMN account_sessions.token_digest IS 'SHA-256 of the 256-bit token in the cookie';
CREATE INDEX account_sessions_account ON account_sessions (account_id) WHERE ended_at IS NULL;

CREATE TABLE account_links (
    token_digest bytea       PRIMARY KEY,
    account_id   text        NOT NULL REFERENCES accounts,
    purpose      text        NOT NULL CHECK (purpose IN ('choose_password', 'sign_in')),
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz
);
COMMENT ON TABLE account_links IS 'one-time links; token_digest is the SHA-256 of the 256-bit token in the address';
CREATE INDEX account_links_unused ON account_links (account_id) WHERE used_at IS NULL;

CREATE TABLE account_tokens (
    token_id     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_digest bytea       NOT NULL UNIQUE,
    account_id   text        NOT NULL REFERENCES accounts,
    name         text        NOT NULL,
    scope        text        NOT NULL CHECK (scope IN ('read', 'write')),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at   timestamptz
);
COMMENT ON TABLE account_tokens IS 'API tokens; token_digest is the SHA-256 of the 256-bit token, which was shown once';
CREATE INDEX account_tokens_account ON account_tokens (account_id) WHERE revoked_at IS NULL;

CREATE TABLE sign_in_throttles (
    subject      text        PRIMARY KEY,
    attempts     integer     NOT NULL,
    counted_from timestamptz NOT NULL,
    locked_until timestamptz
);
COMMENT ON TABLE sign_in_throttles IS 'sign-ins that did not succeed, counted by name and by address';
COMMENT ON COLUMN sign_in_throttles.subject IS 'name: and the keyed hash of what was typed, or address: and the address';

CREATE TABLE account_events (
    event_id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL,
    event_kind text        NOT NULL,
    account_id text        REFERENCES accounts,
    actor      text        NOT NULL,
    address    text        NOT NULL,
    detail     jsonb       NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE account_events IS 'what happened to accounts, append-only';
COMMENT ON COLUMN account_events.account_id IS 'NULL where nobody has the name that was typed; the name itself is not kept';
COMMENT ON COLUMN account_events.actor IS 'account_id of who did it, cli: and the system user, or anonymous';
CREATE INDEX account_events_account ON account_events (account_id, event_id);
CREATE TRIGGER account_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON account_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The pages for accounts are served by the alerting service; no other role sees these tables.
GRANT SELECT, INSERT ON accounts, account_sessions, account_links, account_tokens, account_events, sign_in_throttles
    TO planwatch_alerts;
GRANT UPDATE (name, agency_id, role, password_hash, deactivated_at) ON accounts TO planwatch_alerts;
GRANT UPDATE (last_used_at, ended_at) ON account_sessions TO planwatch_alerts;
GRANT UPDATE (used_at) ON account_links TO planwatch_alerts;
GRANT UPDATE (last_used_at, revoked_at) ON account_tokens TO planwatch_alerts;
GRANT UPDATE, DELETE ON sign_in_throttles TO planwatch_alerts;
