"""What applying a plan reports by itself: its own service standards, through the ledger like every other figure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from planwatch.own_standards import own_standards_report
from planwatch.plan import Plan
from planwatch.submission import check_submission
from planwatch.wire import SUBMISSION_RECEIVED, submission_to_bytes
from services.outbox import OutgoingEvent, insert_events_now, submission_event_id


def report_own_standards(connection: Connection[Any], plan: Plan, now: datetime) -> None:
    """Enter the report on a plan version's own standards with its event; once per version, however often it is called.

    In the transaction that applies the version: no version is in force without its report.
    """
    report = own_standards_report(plan, now)
    if report is None:
        return
    submission, content = report
    checked = check_submission(submission, plan)
    written = connection.execute(
        """
        INSERT INTO submissions (submission_id, agency_id, plan_id, periods, channel, content_type, content, simulated,
                                 received_at, accepted_rows, findings)
        VALUES (%s, %s, %s, %s, 'catalogue', 'application/json', %s, false, %s, %s, %s)
        ON CONFLICT DO NOTHING
        """,
        (
            submission.submission_id,
            submission.agency_id,
            plan.plan_id,
            str(plan.start),
            content,
            now,
            checked.accepted_rows,
            Jsonb([finding.as_mapping() for finding in checked.findings]),
        ),
    )
    if written.rowcount:
        event_id = submission_event_id(submission.submission_id)
        value = submission_to_bytes(submission)
        insert_events_now(
            connection, [OutgoingEvent(event_id, SUBMISSION_RECEIVED, plan.ref_area.encode(), value)], now
        )
