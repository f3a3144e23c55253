-- A policy of its own for a plan: what its file and presets change, and the complete policy that this comes to.

CREATE TABLE plan_policies (
    application_no bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_id        text        NOT NULL,
    policy_version text        NOT NULL,
    document       jsonb       NOT NULL,
    overrides      jsonb,
    applied_at     timestamptz NOT NULL
);
COMMENT ON TABLE plan_policies IS
    'the policies of single plans; the newest row of a plan is in force for it, the newest of policies for a plan without any';
COMMENT ON COLUMN plan_policies.policy_version IS
    'its own version with those that it rests on, e.g. zhongwei-1 (default-3); one version always has the same document';
COMMENT ON COLUMN plan_policies.document IS 'the complete policy';
COMMENT ON COLUMN plan_policies.overrides IS 'the file of the plan; NULL where the plan has gone back to the default policy';
CREATE INDEX plan_policies_by_plan ON plan_policies (plan_id, application_no DESC);

CREATE FUNCTION refuse_other_policy_content()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF EXISTS (SELECT FROM plan_policies
               WHERE (plan_id, policy_version) = (NEW.plan_id, NEW.policy_version) AND document <> NEW.document) THEN
        RAISE EXCEPTION 'policy % of plan % is applied with other content', NEW.policy_version, NEW.plan_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION refuse_other_policy_content IS 'one version of a policy means one thing for ever';
CREATE TRIGGER plan_policies_one_content BEFORE INSERT ON plan_policies
    FOR EACH ROW EXECUTE FUNCTION refuse_other_policy_content();
CREATE TRIGGER plan_policies_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_policies
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT ON plan_policies TO planwatch_ingest, planwatch_evaluate, planwatch_alerts, planwatch_reader;
