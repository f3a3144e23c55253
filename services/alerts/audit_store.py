"""SQL of the self-audit: what it finds, what it looked at, and the runs that came to their end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from planwatch.language import Text

_LOCK = "planwatch|audit"
MOST_LISTED = 50
"""Findings of one rule that a run keeps; all of them are counted, and `audit_findings()` gives them all."""
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """Something that must not be.

    Attributes:
        code: the rule that is broken, e.g. `mail_late`.
        subject: a step (`case/number`), a case, a mail, an agency or a plan, by its id.
        since: when it came to be; None where that cannot be known any more.
        reason: what is wrong, in words.
    """

    code: str
    subject: str
    since: datetime | None
    reason: Text

    def as_mapping(self) -> dict[str, Any]:
        """As JSON has it."""
        since = self.since.isoformat() if self.since else None
        return {"code": self.code, "subject": self.subject, "since": since, **self.reason.as_mapping()}


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """A rule that was put to the proof: on how many rows, and how many broke it."""

    code: str
    rule: Text
    examined: int
    findings: int

    def as_mapping(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "code": self.code,
            **self.rule.as_mapping(),
            "examined": self.examined,
            "findings": self.findings,
        }


async def hold_audit(connection: AsyncConnection[Any]) -> bool:
    """Be the only one who audits until COMMIT; False where another process does."""
    row = await (
        await connection.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (_LOCK,))
    ).fetchone()
    return bool(row and row[0])


async def load_findings(
    connection: AsyncConnection[Any], as_of: datetime, mail_late: timedelta, attended_before: date | None
) -> list[AuditFinding]:
    """Everything that must not be at `as_of`, in order of code and age."""
    rows = await connection.execute(
        "SELECT * FROM audit_findings(%s, %s, %s) ORDER BY code, since, subject", (as_of, mail_late, attended_before)
    )
    return [AuditFinding(code, subject, since, Text(zh, en)) for code, subject, since, zh, en in await rows.fetchall()]


async def load_checks(connection: AsyncConnection[Any], findings: Sequence[AuditFinding]) -> list[AuditCheck]:
    """The rules with what they were put to, each with the number of its findings."""
    broken = Counter(finding.code for finding in findings)
    rows = await connection.execute("SELECT * FROM audit_checks()")
    return [AuditCheck(code, Text(zh, en), examined, broken[code]) for code, examined, zh, en in await rows.fetchall()]


async def save_run(
    connection: AsyncConnection[Any],
    *,
    at: datetime,
    every_s: int,
    took_s: float,
    checks: Sequence[AuditCheck],
    findings: Sequence[AuditFinding],
) -> None:
    """Enter a run that came to its end, and forget those of more than a month ago."""
    await connection.execute(
        "INSERT INTO audit_runs (at, every_s, took_s, findings, checks, listed) VALUES (%s, %s, %s, %s, %s, %s)",
        (
            at,
            every_s,
            took_s,
            len(findings),
            Jsonb([check.as_mapping() for check in checks]),
            Jsonb([finding.as_mapping() for finding in _oldest(findings)]),
        ),
    )
    await connection.execute("DELETE FROM audit_runs WHERE at < %s", (at - KEPT,))


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run: when it was, after how many seconds the next one follows, and its findings per rule."""

    at: datetime
    every_s: int
    findings: Mapping[str, int]

    @property
    def next_at(self) -> datetime:
        """When the next one is due."""
        return self.at + timedelta(seconds=self.every_s)


async def load_last_run(connection: AsyncConnection[Any]) -> LastRun | None:
    """The newest run; None before the first one."""
    row = await (
        await connection.execute("SELECT at, every_s, checks FROM audit_runs ORDER BY at DESC, run_no DESC LIMIT 1")
    ).fetchone()
    return LastRun(row[0], row[1], {check["code"]: check["findings"] for check in row[2]}) if row else None


def _oldest(findings: Sequence[AuditFinding]) -> list[AuditFinding]:
    listed: Counter[str] = Counter()
    kept = []
    for finding in findings:
        listed[finding.code] += 1
        if listed[finding.code] <= MOST_LISTED:
            kept.append(finding)
    return kept
