"""SQL of the gateway: keys, the ledger, receipts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from planwatch.submission import CheckedSubmission, Submission
from services.api_keys import key_digest
from services.outbox import OutgoingEvent, insert_events


@dataclass(frozen=True, slots=True)
class Sender:
    """The agency behind an API key and the plan that names it."""

    agency_id: str
    plan_id: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the ledger holds of a submission, as its sender may see it.

    Attributes:
        findings: list of `{row, field, value, code, zh, en}`.
        evaluated_at: None while the evaluation is under way.
    """

    submission_id: str
    agency_id: str
    plan_id: str
    periods: str
    received_at: datetime
    accepted_rows: int
    findings: list[dict[str, Any]]
    evaluated_at: datetime | None

    @property
    def returned_rows(self) -> int:
        """Rows with at least one finding; a row about a task or a project may be accepted in part."""
        return len({finding["row"] for finding in self.findings})


async def load_sender(connection: AsyncConnection[Any], key: str) -> Sender | None:
    """The agency that holds `key`; None where no live key is like it."""
    row = await (
        await connection.execute(
            """
            SELECT k.agency_id, a.plan_id FROM api_keys AS k JOIN agencies AS a USING (agency_id)
            WHERE k.key_digest = %s AND k.revoked_at IS NULL
            """,
            (key_digest(key),),
        )
    ).fetchone()
    return Sender(*row) if row else None


async def record_submission(
    connection: AsyncConnection[Any],
    submission: Submission,
    checked: CheckedSubmission,
    *,
    periods: str,
    content_type: str,
    content: bytes,
    event: OutgoingEvent | None,
) -> bool:
    """Write a submission and its event in the open transaction.

    Args:
        event: None where no row was accepted; there is nothing to evaluate then.
    Returns:
        False where the ledger has this submission already; nothing is written then.
    """
    findings = [finding.as_mapping() for finding in checked.findings]
    written = await connection.execute(
        """
        INSERT INTO submissions (submission_id, agency_id, plan_id, periods, channel, content_type, content, simulated,
                                 received_at, accepted_rows, findings, evaluated_at)
        VALUES (%s, %s, %s, %s, 'gateway', %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT DO NOTHING
        """,
        (
            submission.submission_id,
            submission.agency_id,
            submission.plan_id,
            periods,
            content_type,
            content,
            submission.simulated,
            submission.received_at,
            checked.accepted_rows,
            Jsonb(findings),
            None if event else submission.received_at,
        ),
    )
    if written.rowcount == 0:
        return False
    if event:
        await insert_events(connection, [event], submission.received_at)
    return True


async def load_receipt(connection: AsyncConnection[Any], submission_id: str, agency_id: str) -> Receipt | None:
    """The receipt of a submission of `agency_id`; None where that agency sent none with this id."""
    row = await (
        await connection.execute(
            """
            SELECT submission_id, agency_id, plan_id, periods, received_at, accepted_rows, findings, evaluated_at
            FROM submissions WHERE submission_id = %s AND agency_id = %s
            """,
            (submission_id, agency_id),
        )
    ).fetchone()
    return Receipt(*row) if row else None
