"""The pipeline on a test database without a broker: each stage is one call, acting with the role of its service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from types import TracebackType
from typing import Any

import psycopg
from psycopg import AsyncConnection

from planwatch.case.events import Event
from planwatch.submission import ReportedTable, Submission
from planwatch.wire import ASSESSMENT_MADE, submission_to_bytes
from services.alerts.case_rounds import CaseRounds
from services.alerts.case_store import lock_plans
from services.alerts.cases import CaseBook, Happening
from services.alerts.digests import DigestCloser
from services.alerts.effects import AlertEffects
from services.alerts.notices import NoticeWriter
from services.alerts.weekly import SummaryCloser
from services.alerts.working_calendar import working_calendar
from services.catalogue import CatalogueCache
from services.database import conninfo_as, open_pool
from services.evaluate.effects import EvaluateEffects
from services.settings import Settings
from services.stream.consumption import Effects, Rejected
from services.stream.record import Record
from tests.builders import make_record, make_settings, make_submission_record
from tests.fakes import FakeClock

REPORTS = ("submissions", "series", "observations", "assessments", "assessment_forecasts", "outgoing_events")
WARNINGS = ("early_warnings", "warning_history", "history_heads", "digests", "weekly_summaries", "mails")


class Pipeline:
    """Evaluator and alerting service, driven by hand; submissions are those of an agency's own producer."""

    def __init__(self, database_url: str, clock: FakeClock, settings: Settings | None = None) -> None:
        self.url, self.clock = database_url, clock
        self.settings = settings or make_settings(database_url=database_url)
        self.evaluator: Effects = EvaluateEffects(clock)
        self.alerts: Effects = AlertEffects(NoticeWriter(self.settings), clock)
        self._book = CaseBook(NoticeWriter(self.settings), clock, working_calendar())
        self._owner = psycopg.connect(database_url, autocommit=True, options="-c timezone=UTC")

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._owner.close()

    async def submit(self, *rows: dict[str, str], submission_id: str, received_at: datetime | None = None) -> None:
        """One submission through evaluation and alerting."""
        await self.evaluate(make_submission_record(
            *rows, submission_id=submission_id, received_at=received_at or self.clock()
        ))  # fmt: skip
        await self.alert()

    async def submit_table(self, table: ReportedTable, *, submission_id: str, agency_id: str, plan_id: str) -> None:
        """A whole table through evaluation and alerting."""
        submission = Submission(submission_id.ljust(32, "0"), agency_id, plan_id, self.clock(), False, table)
        await self.evaluate(make_record(submission_to_bytes(submission), recorded_at=self.clock()))
        await self.alert()

    async def evaluate(self, *records: Record) -> list[Rejected]:
        """Apply records in one transaction of the evaluator."""
        return await apply(self.url, "planwatch_evaluate", self.evaluator, records)

    async def alert(self) -> list[Rejected]:
        """Apply the evaluations that have not taken effect yet, in one transaction of the alerting service."""
        waiting = self.rows(
            "SELECT record_value FROM outgoing_events WHERE topic = %s AND settled_at IS NULL ORDER BY event_no",
            ASSESSMENT_MADE,
        )
        return await self.alert_with(*(make_record(value, recorded_at=self.clock()) for (value,) in waiting))

    async def alert_with(self, *records: Record) -> list[Rejected]:
        """Apply these evaluations in one transaction of the alerting service."""
        return await apply(self.url, "planwatch_alerts", self.alerts, records)

    async def close_digests(self) -> int:
        """Close the digests that are due now."""
        async with open_pool(self.url, "planwatch_alerts") as pool:
            return await DigestCloser(pool, NoticeWriter(self.settings), self.clock).close_due()

    async def make_rounds(self) -> int:
        """One round of the clock through all plans; returns how many steps it took."""
        async with open_pool(self.url, "planwatch_alerts") as pool:
            return await CaseRounds(pool, self._book, working_calendar(), self.clock).make()

    async def close_summaries(self) -> int:
        """Close the weekly summaries that are due now."""
        async with open_pool(self.url, "planwatch_alerts") as pool:
            return await SummaryCloser(pool, NoticeWriter(self.settings), self.clock).close_due()

    async def happen(self, indicator_id: str, event: Event) -> None:
        """Something happens to an indicator's case."""
        ((case_id, plan_id),) = self.rows(
            "SELECT case_id, plan_id FROM early_warnings WHERE indicator_id = %s", indicator_id
        )
        async with open_pool(self.url, "planwatch_alerts") as pool, pool.connection() as connection:
            await lock_plans(connection, [plan_id])
            catalogue = await CatalogueCache().current(connection)
            await self._book.apply(connection, catalogue, [Happening(case_id, event)])

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a query, asked by the owner of the database."""
        return self._owner.execute(query.encode(), parameters).fetchall()

    def execute(self, statement: str, *parameters: object) -> None:
        """Run a statement as the owner of the database."""
        self._owner.execute(statement.encode(), parameters)

    def snapshot(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that the services have written, to be compared."""
        return {
            table: self.rows(f"SELECT * FROM {table} ORDER BY {table}::text")  # noqa: S608
            for table in (*REPORTS, *WARNINGS)
        }

    def mails(self) -> list[EmailMessage]:
        """The mails of the outbox in the order in which they were written."""
        found = self.rows("SELECT message FROM mails ORDER BY created_at, mail_id")
        return [message_from_bytes(message, policy=SMTP) for (message,) in found]

    def outbox(self) -> list[tuple[str, str]]:
        """Kind and agency of every mail, in the order in which they were written."""
        found = self.rows("SELECT mail_kind, agency_id FROM mails ORDER BY created_at, mail_id")
        return [(kind, agency) for kind, agency in found]

    def steps(self, indicator_id: str) -> list[tuple[str, str, int, str]]:
        """The history of an indicator's case: kind, level, episode and delivery of every step."""
        found = self.rows(
            "SELECT step_kind, h.level, h.episode, delivery"
            " FROM warning_history AS h JOIN early_warnings USING (case_id) WHERE indicator_id = %s ORDER BY step",
            indicator_id,
        )
        return [(kind, level, episode, delivery) for kind, level, episode, delivery in found]

    def open_levels(self) -> dict[str, str]:
        """Indicator → level of the warnings that are not closed."""
        return dict(self.rows("SELECT indicator_id, level FROM early_warnings WHERE state <> 'closed'"))


async def apply(database_url: str, role: str, effects: Effects, records: Sequence[Record]) -> list[Rejected]:
    """Apply records in one committed transaction, as the consuming loop does."""
    async with await AsyncConnection.connect(conninfo_as(database_url, role, "test")) as connection:
        rejected = await effects.apply(connection, records)
    effects.committed()
    return rejected
