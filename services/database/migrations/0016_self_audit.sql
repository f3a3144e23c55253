-- 自我审计 The self-audit: what must never happen to a notification, a deadline, an owner or the history, proved in SQL.
-- The functions read the tables as they stand; `as_of` is only the moment against which delays are measured.

UPDATE digests AS d
SET held_back_zh = '当时未记录原因：无须再告知的变化', held_back_en = 'not recorded at the time: nothing left to tell'
WHERE closed_at IS NOT NULL AND held_back_zh IS NULL
  AND NOT EXISTS (SELECT FROM mails AS m WHERE m.mail_id = d.mail_id);

ALTER TABLE mails ADD COLUMN due_at timestamptz;
COMMENT ON COLUMN mails.due_at IS 'from when on it may be sent: the first next_attempt_at, after the quiet hours';
UPDATE mails SET due_at = created_at;

CREATE FUNCTION set_due_at()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.due_at := NEW.next_attempt_at;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION set_due_at IS 'keeps from when on a mail may be sent, which next_attempt_at forgets at the first deferral';
CREATE TRIGGER mails_due BEFORE INSERT ON mails FOR EACH ROW EXECUTE FUNCTION set_due_at();

CREATE AGGREGATE added_up(jsonb) (SFUNC = jsonb_concat, STYPE = jsonb, INITCOND = '{}');
COMMENT ON AGGREGATE added_up(jsonb) IS 'the last value of every field that the changes, in order, name';

CREATE FUNCTION case_histories()
RETURNS TABLE (case_id text, standing jsonb, counted_since timestamptz)
LANGUAGE sql STABLE
AS $$
    SELECT case_id, added_up(changes ORDER BY step),
           max(at) FILTER (WHERE changes ?| ARRAY['state', 'level', 'owner', 'measures', 'counted_from',
                                                  'deadlines_provisional', 'silenced_until', 'covered_by'])
    FROM warning_history
    GROUP BY case_id
$$;
COMMENT ON FUNCTION case_histories IS
    'what the history of each case adds up to, and since when its present deadline is the one that counts';

CREATE FUNCTION audit_notifications()
RETURNS TABLE (code text, subject text, since timestamptz, reason_zh text, reason_en text)
LANGUAGE sql STABLE
AS $$
    SELECT 'notification_missing', format('%s/%s', h.case_id, h.step), h.at,
           format('应立即发出的邮件“%s”不在发件箱', coalesce(h.mail_id, '—')),
           format('the mail %s that was to go out at once is not in the outbox', coalesce(h.mail_id, '—'))
    FROM warning_history AS h
    WHERE h.delivery = 'immediate' AND NOT EXISTS (SELECT FROM mails AS m WHERE m.mail_id = h.mail_id)
    UNION ALL
    SELECT 'notification_missing', format('%s/%s', h.case_id, h.step), h.at,
           format('应列入的汇总“%s”不存在', coalesce(h.mail_id, '—')),
           format('the digest %s in which it was to stand does not exist', coalesce(h.mail_id, '—'))
    FROM warning_history AS h
    WHERE h.delivery = 'digest' AND NOT EXISTS (SELECT FROM digests AS d WHERE d.mail_id = h.mail_id)
    UNION ALL
    SELECT 'notification_missing', format('%s/%s', h.case_id, h.step), h.at,
           format('应列入的每周综述“%s”不存在', h.summary_id),
           format('the weekly summary %s in which it was to stand does not exist', h.summary_id)
    FROM warning_history AS h
    WHERE h.summary_id IS NOT NULL AND NOT EXISTS (SELECT FROM weekly_summaries AS s WHERE s.mail_id = h.summary_id)
    UNION ALL
    SELECT 'notification_missing', d.mail_id, d.closed_at,
           '汇总已截止，既无邮件也无不发的原因', 'the digest was closed and has neither a mail nor a reason for none'
    FROM digests AS d
    WHERE d.closed_at IS NOT NULL AND coalesce(btrim(d.held_back_zh), '') = ''
      AND NOT EXISTS (SELECT FROM mails AS m WHERE m.mail_id = d.mail_id)
    UNION ALL
    SELECT 'notification_missing', s.mail_id, s.closed_at,
           '每周综述已截止，既无邮件也无不发的原因',
           'the weekly summary was closed and has neither a mail nor a reason for none'
    FROM weekly_summaries AS s
    WHERE s.closed_at IS NOT NULL AND coalesce(btrim(s.held_back_zh), '') = ''
      AND NOT EXISTS (SELECT FROM mails AS m WHERE m.mail_id = s.mail_id)
    UNION ALL
    SELECT 'notification_unfounded', m.mail_id, m.created_at,
           '发件箱中的邮件没有对应的预警经过（重复或凭空）', 'no step of a history stands behind the mail: doubled or made up'
    FROM mails AS m
    WHERE NOT EXISTS (
        SELECT FROM warning_history AS h
        WHERE h.mail_id = m.mail_id AND h.delivery = CASE m.mail_kind WHEN 'digest' THEN 'digest' ELSE 'immediate' END
    ) AND m.mail_kind <> 'alarm' -- to the operator, of a mail that did not arrive
      AND NOT (m.mail_kind = 'weekly'
               AND EXISTS (SELECT FROM warning_history AS h WHERE h.summary_id = m.mail_id))
    UNION ALL
    SELECT 'notification_unfounded', d.mail_id, d.opened_at,
           '汇总中没有任何预警经过', 'no step of a history stands in the digest'
    FROM digests AS d
    WHERE NOT EXISTS (SELECT FROM warning_history AS h WHERE h.mail_id = d.mail_id AND h.delivery = 'digest')
    UNION ALL
    SELECT 'notification_unfounded', s.mail_id, s.due_at,
           '每周综述中没有任何预警经过', 'no step of a history stands in the weekly summary'
    FROM weekly_summaries AS s
    WHERE NOT EXISTS (SELECT FROM warning_history AS h WHERE h.summary_id = s.mail_id)
    UNION ALL
    SELECT 'notification_misdirected', format('%s/%s', h.case_id, h.step), h.at,
           format('应发给%s，发件箱中是给%s的', h.addressee, coalesce(m.agency_id, d.agency_id)),
           format('meant for %s, but the outbox has it for %s', h.addressee, coalesce(m.agency_id, d.agency_id))
    FROM warning_history AS h
    LEFT JOIN mails AS m USING (mail_id)
    LEFT JOIN digests AS d USING (mail_id)
    WHERE h.delivery <> 'none' AND (m.agency_id <> h.addressee OR d.agency_id <> h.addressee)
    UNION ALL
    SELECT 'suppression_unexplained', format('%s/%s', h.case_id, h.step), h.at,
           '没有通知，也没有记下不通知的原因', 'nothing was mailed and no reason is kept'
    FROM warning_history AS h
    WHERE h.delivery NOT IN ('immediate', 'digest')
      AND (h.delivery <> 'none' OR btrim(h.delivery_reason_zh) = '' OR btrim(h.delivery_reason_en) = '')
$$;
COMMENT ON FUNCTION audit_notifications IS
    'steps without their one outbox row or the reason for none, and outbox rows without a step';

CREATE FUNCTION audit_delays(as_of timestamptz, mail_late interval)
RETURNS TABLE (code text, subject text, since timestamptz, reason_zh text, reason_en text)
LANGUAGE sql STABLE
AS $$
    SELECT 'mail_late', m.mail_id, coalesce(m.due_at, m.created_at),
           format('邮件至今未发出，已尝试%s次', m.attempts), format('the mail still waits after %s attempts', m.attempts)
    FROM mails AS m
    WHERE m.state = 'pending' AND coalesce(m.due_at, m.created_at) + mail_late <= as_of
    UNION ALL
    SELECT 'collection_late', d.mail_id, d.due_at, '汇总到时未截止发出', 'the digest is due and was not closed'
    FROM digests AS d
    WHERE d.closed_at IS NULL AND d.due_at + interval '10 minutes' <= as_of
    UNION ALL
    SELECT 'collection_late', s.mail_id, s.due_at, '每周综述到时未截止发出', 'the weekly summary is due and was not closed'
    FROM weekly_summaries AS s
    WHERE s.closed_at IS NULL AND s.due_at + interval '10 minutes' <= as_of
    UNION ALL
    SELECT 'refusal_unnoted', m.mail_id, m.next_attempt_at,
           '邮件被拒收，预警经过中没有记载', 'the mail was refused and the histories of its cases do not say so'
    FROM mails AS m
    WHERE m.state IN ('refused', 'bounced') AND m.refusal_noted_at IS NULL AND m.next_attempt_at + interval '10 minutes' <= as_of
      AND EXISTS (SELECT FROM warning_history AS h WHERE h.mail_id = m.mail_id)
    UNION ALL
    SELECT 'channel_late', format('%s/%s/%s', c.channel, c.case_id, c.step), c.due_at,
           format('渠道“%s”的消息至今未送达，已尝试%s次', c.channel, c.attempts),
           format('the message for channel %s still waits after %s attempts', c.channel, c.attempts)
    FROM channel_messages AS c
    WHERE c.state = 'pending' AND c.due_at + mail_late <= as_of
$$;
COMMENT ON FUNCTION audit_delays IS 'mails, digests, weekly summaries and messages to channels that are past their time';

CREATE FUNCTION escalated_from(of_plan text)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    policy jsonb;
BEGIN
    IF to_regclass('plan_policies') IS NOT NULL THEN -- made by a later migration
        SELECT p.document INTO policy FROM plan_policies AS p
        WHERE p.plan_id = of_plan AND p.application_no = (SELECT max(application_no) FROM plan_policies AS newest
                                                          WHERE newest.plan_id = of_plan)
          AND p.overrides IS NOT NULL;
    END IF;
    IF policy IS NULL THEN
        SELECT document INTO policy FROM policies ORDER BY applied_at DESC, policy_version DESC LIMIT 1;
    END IF;
    RETURN policy -> 'escalation' ->> 'from';
END
$$;
COMMENT ON FUNCTION escalated_from IS
    'the level from which the policy in force for a plan has cases escalated; NULL where it presses nobody';

CREATE FUNCTION audit_cases(as_of timestamptz, attended_before date)
RETURNS TABLE (code text, subject text, since timestamptz, reason_zh text, reason_en text)
LANGUAGE sql STABLE
AS $$
    WITH escalation AS MATERIALIZED (
        SELECT plan_id, escalated_from(plan_id) AS from_level FROM (SELECT DISTINCT plan_id FROM early_warnings) AS plan
    ), cases AS (
        SELECT w.*, h.standing, h.counted_since,
               CASE w.state WHEN 'open' THEN 'acknowledge' WHEN 'acknowledged' THEN 'file_measures'
                            WHEN 'rectifying' THEN 'complete_measures' END AS obligation,
               CASE h.standing ->> 'state'
                   WHEN 'open' THEN h.standing ->> 'acknowledge_by'
                   WHEN 'acknowledged' THEN h.standing ->> 'measures_by'
                   WHEN 'rectifying' THEN (SELECT max(measure ->> 'by')
                                           FROM jsonb_array_elements(h.standing -> 'measures') AS measure)
               END::date AS counted_due_on
        FROM early_warnings AS w LEFT JOIN case_histories() AS h USING (case_id)
    ), overdue AS (
        SELECT * FROM cases JOIN escalation USING (plan_id)
        WHERE from_level IS NOT NULL AND state <> 'closed' AND due_on < attended_before
          AND (counted_since AT TIME ZONE 'Asia/Shanghai')::date < attended_before
          AND NOT coalesce((standing ->> 'deadlines_provisional')::boolean, false)
          AND silenced_until IS NULL AND NOT is_covered
    )
    SELECT 'deadline_unattended', case_id, due_on::timestamp AT TIME ZONE 'Asia/Shanghai',
           format('期限%s已过，既未催办也未督办，也没有记下原因', due_on),
           format('due by %s; nobody was reminded or asked, and no reason is kept', due_on)
    FROM overdue
    WHERE NOT coalesce(standing -> 'reminded' ? obligation, false)
    UNION ALL
    SELECT 'escalation_missing', case_id, due_on::timestamp AT TIME ZONE 'Asia/Shanghai',
           format('期限%s已过，应督办而未督办', due_on), format('due by %s; the superior was to be asked and was not', due_on)
    FROM overdue
    WHERE level_rank(level) >= level_rank(from_level)
      AND jsonb_array_length(coalesce(standing -> 'chain', '[]')) > 0
      AND NOT coalesce(standing -> 'fired' @> jsonb_build_array(jsonb_build_object('obligation', obligation)), false)
    UNION ALL
    SELECT 'owner_unknown', case_id, opened_at,
           format('责任单位“%s”不在目录中', agency_id), format('the owner “%s” is not in the catalogue', agency_id)
    FROM cases
    WHERE state <> 'closed' AND NOT EXISTS (SELECT FROM agencies AS a WHERE a.agency_id = cases.agency_id)
    UNION ALL
    SELECT 'owner_unreachable', agency_id, min(opened_at),
           format('责任单位没有邮箱，也没有今日有效的联系人；在办预警%s件，邮件由值守人员转交', count(*)),
           format('the owner of %s open cases has no address and no contact valid today; the operator hands mails on',
                  count(*))
    FROM cases JOIN agencies AS a USING (agency_id)
    WHERE state <> 'closed' AND coalesce(btrim(a.email), '') = ''
      AND NOT EXISTS (
          SELECT FROM agency_contacts AS c
          WHERE c.agency_id = a.agency_id
            AND (as_of AT TIME ZONE 'Asia/Shanghai')::date BETWEEN c.valid_from AND coalesce(c.valid_until, 'infinity'))
    GROUP BY agency_id
    UNION ALL
    SELECT 'case_deviates', case_id, changed_at,
           '现状与经过不符', 'the case is not what its history adds up to'
    FROM cases
    WHERE standing IS NULL
       OR (standing ->> 'state', standing ->> 'level', standing ->> 'owner', standing ->> 'cause', standing ->> 'kind',
           standing ->> 'time_period', standing ->> 'coordinating')
          IS DISTINCT FROM (state, level, agency_id, cause, kind, time_period, coordinating_agency)
       OR ((standing ->> 'episode')::integer, (standing ->> 'plan_version')::integer,
           (standing ->> 'acknowledge_by')::date, (standing ->> 'measures_by')::date, counted_due_on,
           (standing ->> 'silenced_until')::date, jsonb_array_length(coalesce(standing -> 'covered_by', '[]')) > 0,
           jsonb_array_length(coalesce(standing -> 'frozen_by', '[]')) > 0,
           jsonb_array_length(coalesce(standing -> 'fired', '[]')))
          IS DISTINCT FROM (episode, plan_version, acknowledge_by, measures_by, due_on, silenced_until, is_covered,
                            is_frozen, escalations)
    UNION ALL
    SELECT 'case_deviates', case_id, counted_since, '有经过而没有预警本身', 'there is a history, but the case is gone'
    FROM case_histories() AS h
    WHERE NOT EXISTS (SELECT FROM early_warnings AS w WHERE w.case_id = h.case_id)
$$;
COMMENT ON FUNCTION audit_cases IS
    'cases that nobody presses or owns, or that are not what their history adds up to; attended_before: deadlines before
     this local day must have been pressed';

CREATE FUNCTION audit_chains()
RETURNS TABLE (code text, subject text, since timestamptz, reason_zh text, reason_en text)
LANGUAGE sql STABLE
AS $$
    WITH entries AS (
        SELECT h.plan_id, h.entry_no, h.at,
               row_number() OVER chain AS place,
               h.previous_hash = lag(h.entry_hash, 1, '') OVER chain AS follows,
               h.entry_hash = history_hash(h.previous_hash, history_content(h)) AS is_sealed,
               row_number() OVER (PARTITION BY h.plan_id ORDER BY h.entry_no DESC) = 1 AS is_last,
               h.entry_hash
        FROM warning_history AS h
        WINDOW chain AS (PARTITION BY h.plan_id ORDER BY h.entry_no)
    ), faults AS (
        SELECT plan_id, entry_no, at FROM entries WHERE place <> entry_no OR NOT follows OR NOT is_sealed
        UNION ALL
        SELECT plan_id, coalesce(e.entry_no, head.entry_no), e.at
        FROM (SELECT * FROM entries WHERE is_last) AS e FULL JOIN history_heads AS head USING (plan_id)
        WHERE (e.entry_no, e.entry_hash) IS DISTINCT FROM (head.entry_no, head.entry_hash)
    )
    SELECT 'history_broken', plan_id, min(at),
           format('预警经过的散列链在第%s条处不成立，详见 planwatch audit verify', min(entry_no)),
           format('the chain of hashes does not hold at entry %s; see planwatch audit verify', min(entry_no))
    FROM faults GROUP BY plan_id
$$;
COMMENT ON FUNCTION audit_chains IS 'plans whose chained history was changed; one row a plan, at its first broken entry';

CREATE FUNCTION audit_findings(as_of timestamptz, mail_late interval DEFAULT '1 hour',
                               attended_before date DEFAULT NULL)
RETURNS TABLE (code text, subject text, since timestamptz, reason_zh text, reason_en text)
LANGUAGE sql STABLE
AS $$
    SELECT * FROM audit_notifications()
    UNION ALL
    SELECT * FROM audit_delays(as_of, mail_late)
    UNION ALL
    SELECT * FROM audit_cases(as_of, coalesce(attended_before, (as_of AT TIME ZONE 'Asia/Shanghai')::date - 15))
    UNION ALL
    SELECT * FROM audit_chains()
$$;
COMMENT ON FUNCTION audit_findings IS
    'everything that must not be, in the tables as they stand, at a moment; empty when all is well. mail_late: how long a
     mail may wait; attended_before: deadlines before this local day must have been pressed, by default half a month ago';

CREATE FUNCTION audit_checks()
RETURNS TABLE (code text, examined bigint, reason_zh text, reason_en text)
LANGUAGE sql STABLE
AS $$
    SELECT 'notification_missing', count(*) FILTER (WHERE delivery IN ('immediate', 'digest')) + count(summary_id),
           '每一次应有的通知在发件箱中恰有一件', 'every required notification has exactly one row in the outbox'
    FROM warning_history
    UNION ALL
    SELECT 'notification_unfounded', (SELECT count(*) FROM mails) + (SELECT count(*) FROM digests)
                                     + (SELECT count(*) FROM weekly_summaries),
           '发件箱中的每一件都出自预警经过，没有重复', 'every row of the outbox comes from a step, none is doubled'
    UNION ALL
    SELECT 'notification_misdirected', count(addressee), '每件都发给经过中写明的单位',
           'every row goes to the agency that the step names'
    FROM warning_history WHERE delivery <> 'none'
    UNION ALL
    SELECT 'suppression_unexplained', count(*), '每一次不通知都记有原因', 'whatever was not mailed has its reason'
    FROM warning_history WHERE delivery NOT IN ('immediate', 'digest')
    UNION ALL
    SELECT 'mail_late', count(*), '等待发出的邮件都未超时', 'no mail waits for longer than it may'
    FROM mails WHERE state = 'pending'
    UNION ALL
    SELECT 'collection_late', (SELECT count(*) FROM digests WHERE closed_at IS NULL)
                              + (SELECT count(*) FROM weekly_summaries WHERE closed_at IS NULL),
           '汇总和每周综述都按时截止', 'digests and weekly summaries are closed in time'
    UNION ALL
    SELECT 'refusal_unnoted', count(*), '被拒收的邮件都记入了预警经过', 'refused mails stand in the histories of their cases'
    FROM mails WHERE state IN ('refused', 'bounced')
    UNION ALL
    SELECT 'channel_late', count(*), '其他渠道的消息都未超时', 'no message to a channel waits for longer than it may'
    FROM channel_messages WHERE state = 'pending'
    UNION ALL
    SELECT 'deadline_unattended', count(*), '过期的预警都已催办，或记有原因', 'cases past their day were pressed or have a reason'
    FROM early_warnings WHERE state <> 'closed'
    UNION ALL
    SELECT 'escalation_missing', count(*), '应督办的都已督办', 'whatever had to be escalated was'
    FROM early_warnings WHERE state <> 'closed'
    UNION ALL
    SELECT 'owner_unknown', count(*), '每件在办预警都有责任单位', 'every open case has an owner'
    FROM early_warnings WHERE state <> 'closed'
    UNION ALL
    SELECT 'owner_unreachable', count(DISTINCT agency_id), '每个责任单位今日都有邮箱或联系人',
           'every owner has an address or a contact today'
    FROM early_warnings WHERE state <> 'closed'
    UNION ALL
    SELECT 'case_deviates', count(*), '每件预警的现状都等于其经过之和', 'every case is what its history adds up to'
    FROM early_warnings
    UNION ALL
    SELECT 'history_broken', count(*), '预警经过的散列链完整', 'the chains of the histories hold'
    FROM warning_history
$$;
COMMENT ON FUNCTION audit_checks IS 'what audit_findings proves, a rule a row, and how many rows it looks at';

CREATE TABLE audit_runs (
    run_no   bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz      NOT NULL,
    every_s  integer          NOT NULL,
    took_s   double precision NOT NULL,
    findings integer          NOT NULL,
    checks   jsonb            NOT NULL,
    listed   jsonb            NOT NULL
);
COMMENT ON TABLE audit_runs IS 'a self-audit that came to its end; one that failed leaves no row';
COMMENT ON COLUMN audit_runs.every_s IS 'seconds after which the next one is to follow';
COMMENT ON COLUMN audit_runs.checks IS 'the rules: code, zh, en, how many rows were examined, how many findings there are';
COMMENT ON COLUMN audit_runs.listed IS 'the oldest findings of each rule: code, subject, since, zh, en';
CREATE INDEX audit_runs_at ON audit_runs (at);

GRANT SELECT, INSERT, DELETE ON audit_runs TO planwatch_alerts;
GRANT SELECT ON audit_runs TO planwatch_reader;
