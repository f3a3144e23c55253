-- The plan catalogue: every version of every plan, and the agencies it names.

CREATE TABLE plans (
    plan_id        text        NOT NULL,
    plan_version   integer     NOT NULL,
    title_zh       text        NOT NULL,
    title_en       text        NOT NULL,
    ref_area       text        NOT NULL,
    area_name_zh   text        NOT NULL,
    area_name_en   text        NOT NULL,
    start_period   text        NOT NULL,
    end_period     text        NOT NULL,
    parent_plan    text,
    document       jsonb       NOT NULL,
    content_digest text        NOT NULL,
    applied_at     timestamptz NOT NULL,
    PRIMARY KEY (plan_id, plan_version)
);
COMMENT ON COLUMN plans.document IS 'the whole plan.yaml as applied; the evaluator reads it from here';

CREATE TABLE policies (
    policy_version text        PRIMARY KEY,
    document       jsonb       NOT NULL,
    applied_at     timestamptz NOT NULL
);
COMMENT ON TABLE policies IS 'thresholds and warning levels, versioned; the newest one is in force';

CREATE TABLE agencies (
    agency_id text PRIMARY KEY,
    plan_id   text NOT NULL,
    name_zh   text NOT NULL,
    name_en   text NOT NULL,
    superior  text,
    email     text
);
COMMENT ON COLUMN agencies.email IS 'kept by the operator, never printed in a plan; NULL: mails wait and the operator is told';

CREATE TABLE indicators (
    plan_id         text    NOT NULL,
    plan_version    integer NOT NULL,
    indicator_id    text    NOT NULL,
    no              integer NOT NULL,
    name_zh         text    NOT NULL,
    name_en         text    NOT NULL,
    concept         text    NOT NULL,
    domain          text    NOT NULL,
    domain_name     text    NOT NULL,
    unit            text    NOT NULL,
    nature          text    NOT NULL,
    goal_kind       text    NOT NULL,
    direction       text    NOT NULL,
    comparator      text    NOT NULL,
    baseline_value  numeric,
    baseline_period text,
    target_value    numeric NOT NULL,
    target_period   text    NOT NULL,
    owner_agency    text    NOT NULL REFERENCES agencies,
    doubts          jsonb   NOT NULL,
    source_file     text    NOT NULL,
    source_line     integer NOT NULL,
    PRIMARY KEY (plan_id, plan_version, indicator_id),
    FOREIGN KEY (plan_id, plan_version) REFERENCES plans
);
COMMENT ON COLUMN indicators.doubts IS 'list of {field, zh, en}: readings of the printed plan that somebody has to confirm';

CREATE TABLE api_keys (
    key_digest bytea PRIMARY KEY,
    agency_id  text        NOT NULL REFERENCES agencies,
    issued_at  timestamptz NOT NULL,
    revoked_at timestamptz
);
COMMENT ON TABLE api_keys IS 'one live key per agency; only the SHA-256 digest of the 256-bit key is kept';
CREATE UNIQUE INDEX api_keys_live ON api_keys (agency_id) WHERE revoked_at IS NULL;
