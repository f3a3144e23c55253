"""What commands read from the database: plans, verdicts, warnings, mails, as rows keyed by column."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from planwatch.plan import Section
from planwatch.wording import place_text

Row = dict[str, Any]


def place_of(row: Row) -> str:
    """Where in its plan the indicator of a row stands: the number of the main table, or 重点工程第3项."""
    section = Section(row["section"])
    return str(row["no"]) if section is Section.MAIN_TABLE else place_text(section, row["no"]).zh


def read_plans(connection: Connection[Any]) -> list[Row]:
    """The current version of every plan, national first."""
    return _all(
        connection,
        """
        SELECT p.plan_id AS plan, p.plan_version AS version, p.title_zh AS title, p.title_en, p.ref_area,
               p.start_period AS "start", p.end_period AS "end",
               (SELECT count(*) FROM indicators AS i
                WHERE (i.plan_id, i.plan_version, i.section) = (p.plan_id, p.plan_version, 'main_table')) AS indicators
        FROM (SELECT DISTINCT ON (plan_id) * FROM plans ORDER BY plan_id, plan_version DESC) AS p
        ORDER BY p.ref_area
        """,
    )


def read_assessments(
    connection: Connection[Any], as_of: datetime, plan_id: str | None = None, *, with_commitments: bool = False
) -> list[Row]:
    """The verdicts known at a moment, one per series and period, by plan, section, number and period.

    Args:
        connection: of a role that may read.
        as_of: the moment.
        plan_id: one plan; None is all.
        with_commitments: also those on indicators outside the main table.
    """
    return _all(
        connection,
        """
        SELECT a.plan_id AS plan, s.indicator_id AS indicator, i.section, i.no, i.name_zh AS name, i.name_en,
               s.ref_area, s.freq,
               a.time_period, i.nature, i.goal_kind, a.class, w.level, a.reason, a.obs_value, a.measured,
               a.baseline_value, a.baseline_period, a.baseline_substituted, a.expected_value, i.comparator,
               i.target_value, a.achieved_share, a.expected_share, a.schedule_index, a.gap, a.gap_pct, a.revision,
               a.plan_version, a.policy_version, a.method, a.submission_id, a.known_at, a.change_code, a.change_zh,
               a.change_en, u.simulated, f.value AS forecast_value, f.low AS forecast_low, f.high AS forecast_high,
               f.confidence AS forecast_confidence, f.probability, f.pace_needed AS forecast_pace_needed,
               f.best_pace AS forecast_best_pace, f.reached_in, f.reason AS forecast_reason,
               f.known_at AS forecast_known_at
        FROM assessments_as_of(%(as_of)s) AS a
        JOIN series AS s USING (series_key)
        JOIN submissions AS u USING (submission_id)
        JOIN indicators AS i ON (i.plan_id, i.plan_version, i.indicator_id)
                              = (a.plan_id, a.plan_version, s.indicator_id)
        LEFT JOIN forecasts_as_of(%(as_of)s) AS f ON (f.series_key, f.time_period) = (a.series_key, a.time_period)
        LEFT JOIN LATERAL (
            SELECT h.level FROM early_warnings AS c JOIN warning_history AS h USING (case_id)
            WHERE c.series_key = a.series_key AND h.at <= %(as_of)s AND h.time_period = a.time_period
              AND h.step = (SELECT max(n.step) FROM warning_history AS n
                            WHERE n.case_id = h.case_id AND n.at <= %(as_of)s)
              AND h.step_kind <> 'close'
            ORDER BY level_rank(h.level) DESC LIMIT 1
        ) AS w ON true
        WHERE (%(plan)s::text IS NULL OR a.plan_id = %(plan)s)
          AND (%(with_commitments)s OR i.section = 'main_table')
        ORDER BY a.plan_id, array_position(%(sections)s::text[], i.section), i.no, s.indicator_id, s.ref_area,
                 a.period_start
        """,
        as_of=as_of,
        plan=plan_id,
        with_commitments=with_commitments,
        sections=list(Section),
    )


def read_milestones(connection: Connection[Any], plan_id: str | None = None) -> list[Row]:
    """Every stated milestone with its document, by plan, indicator, year and version."""
    return _all(
        connection,
        """
        SELECT plan_id AS plan, indicator_id AS indicator, time_period, version, value, source, document_zh,
               document_en, issuer_zh, issuer_en, effective_on, stated_at
        FROM stated_milestones
        WHERE %(plan)s::text IS NULL OR plan_id = %(plan)s
        ORDER BY plan_id, indicator_id, time_period, version
        """,
        plan=plan_id,
    )


def read_warnings(connection: Connection[Any], *, with_closed: bool, plan_id: str | None = None) -> list[Row]:
    """Warning cases, gravest first."""
    return _all(
        connection,
        """
        SELECT w.case_id AS warning, w.plan_id AS plan, w.indicator_id AS indicator, i.section, i.no,
               i.name_zh AS name, i.name_en, w.subject_kind AS kind, w.kind AS trouble, w.level, w.cause AS class,
               w.state, w.time_period, w.since_period, w.episode, w.ref_area, w.acknowledge_by, w.measures_by,
               w.due_on, w.agency_id AS agency, a.name_zh AS agency_name, w.policy_line, w.submission_id,
               w.opened_at, w.changed_at
        FROM early_warnings AS w
        JOIN agencies AS a USING (agency_id)
        JOIN indicators AS i ON (i.plan_id, i.plan_version, i.indicator_id)
                              = (w.plan_id, w.plan_version, w.indicator_id)
        WHERE (%(with_closed)s OR w.state <> 'closed') AND (%(plan)s::text IS NULL OR w.plan_id = %(plan)s)
        ORDER BY array_position(ARRAY['red', 'orange', 'yellow', 'blue'], w.level), w.plan_id,
                 array_position(%(sections)s::text[], i.section), i.no, w.indicator_id
        """,
        sections=list(Section),
        with_closed=with_closed,
        plan=plan_id,
    )


def read_mails(connection: Connection[Any]) -> list[Row]:
    """Mails with the warnings that each of them tells, in the order in which they were made."""
    return _all(
        connection,
        """
        SELECT m.mail_id AS mail, m.mail_kind AS kind, m.agency_id AS agency, a.name_zh AS agency_name, m.recipient,
               m.subject, m.message_id, m.state, m.created_at, m.sent_at, m.last_error,
               (SELECT coalesce(json_agg(DISTINCT h.case_id), '[]') FROM warning_history AS h
                WHERE h.mail_id = m.mail_id) AS warnings
        FROM mails AS m JOIN agencies AS a USING (agency_id)
        ORDER BY m.created_at, m.mail_id
        """,
    )


def read_submissions(connection: Connection[Any]) -> list[Row]:
    """The ledger, oldest first."""
    return _all(
        connection,
        """
        SELECT submission_id AS submission, agency_id AS agency, plan_id AS plan, periods, channel, received_at,
               accepted_rows, jsonb_array_length(findings) AS returned_rows, evaluated_at, simulated
        FROM submissions ORDER BY received_at
        """,
    )


def _all(connection: Connection[Any], query: str, **arguments: Any) -> list[Row]:  # noqa: ANN401
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), arguments).fetchall()
