"""What a person asks of a case: who may, what they saw, what they typed, and what the state machine makes of it.

One way for forms and API: the same decision, the same errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.case.events import Event, ProgressNoted
from planwatch.case.machine import transition
from planwatch.case.model import Case, replay
from planwatch.case.permissions import Action, Role, refusal, relations_of
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from planwatch.working_days import WorkingCalendar
from services.accounts.account import Account
from services.alerts import case_store
from services.alerts.cases import CaseBook, Happening
from services.alerts.desk import store
from services.alerts.desk.attachment_files import MOST_FILES, TOO_MANY, AttachedFile, note_of
from services.alerts.desk.submitted import Circumstances, Fault, read_action, read_step
from services.catalogue import Catalogue, CatalogueCache
from services.clock import Clock
from services.database import Pool


@dataclass(frozen=True, slots=True)
class Done:
    """The step is in the history; `already`: it was there before, the same form came twice."""

    step: int
    already: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """There is no such case."""


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """The person may not; why."""

    reason: Text


@dataclass(frozen=True, slots=True)
class Invalid:
    """Some fields do not hold what they should."""

    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class MovedOn:
    """The case has steps that the person had not seen: from which one they knew, and which one is the last."""

    seen: int
    latest: int


@dataclass(frozen=True, slots=True)
class Impossible:
    """The state machine says that nothing changes; why."""

    reason: Text


Outcome = Done | Unknown | NotAllowed | Invalid | MovedOn | Impossible


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for.

    Attributes:
        account: who.
        case_id: of which case.
        action: any but READ.
        values: what the fields hold, `step` among them.
        file: with ATTACH only; a Fault where it may not be attached.
    """

    account: Account
    case_id: str
    action: Action
    values: dict[str, str]
    file: AttachedFile | Fault | None = None


class Desk:
    """Decides on wishes, one transaction each."""

    def __init__(
        self, pool: Pool, book: CaseBook, catalogue: CatalogueCache, calendar: WorkingCalendar, clock: Clock
    ) -> None:
        self._pool, self._book, self._catalogue = pool, book, catalogue
        self._calendar, self._clock = calendar, clock

    async def fulfil(self, wish: Wish) -> Outcome:
        """Do what is asked, or say why not; the same wish twice has one effect."""
        async with self._pool.connection() as connection, connection.transaction():
            plan_id = await case_store.load_plan_of(connection, wish.case_id)
            if plan_id is None:
                return Unknown()
            await case_store.lock_plans(connection, [plan_id])
            catalogue = await self._catalogue.current(connection)
            return await self._decide(connection, catalogue, wish)

    async def _decide(self, connection: AsyncConnection[Any], catalogue: Catalogue, wish: Wish) -> Outcome:
        history = await store.load_changes(connection, wish.case_id)
        case = replay(step.changes for step in history)
        assert case is not None
        forbidden = refusal_for(wish.account, case, Action.READ) or refusal_for(wish.account, case, wish.action)
        if forbidden:
            return NotAllowed(forbidden)
        seen = read_step(wish.values, len(history))
        if isinstance(seen, Fault):
            return Invalid((seen,))
        seen_case = replay(step.changes for step in history[:seen])
        assert seen_case is not None
        actor = await self._actor(connection, wish.account)
        event, faults = self._event(wish, seen_case, catalogue, actor)
        if event is None:
            return Invalid(faults)
        if seen < len(history):
            next_step = history[seen]
            made = self._first_step(seen_case, event, catalogue, next_step.at)
            return Done(seen + 1, already=True) if made == next_step.what else MovedOn(seen, len(history))
        if (
            isinstance(wish.file, AttachedFile)
            and await store.count_attachments(connection, wish.case_id) >= MOST_FILES
        ):
            return Invalid((Fault("file", wish.file.name, TOO_MANY),))
        return await self._apply(connection, catalogue, wish, case, event, seen + 1, actor)

    async def _apply(
        self,
        connection: AsyncConnection[Any],
        catalogue: Catalogue,
        wish: Wish,
        case: Case,
        event: Event,
        number: int,
        actor: str,
    ) -> Outcome:
        now = self._clock()
        taken = await self._book.apply(connection, catalogue, [Happening(wish.case_id, event)])
        if not taken:
            return Impossible(
                transition(case, event, catalogue.policy_of(case.subject.plan_id), now, self._calendar).reason
            )
        await store.insert_step_account(connection, wish.case_id, number, wish.account.account_id)
        if isinstance(wish.file, AttachedFile):
            await store.insert_attachment(connection, wish.case_id, number, wish.file, actor, now)
        return Done(number)

    def _event(
        self, wish: Wish, case: Case, catalogue: Catalogue, actor: str
    ) -> tuple[Event | None, tuple[Fault, ...]]:
        if wish.action is Action.ATTACH:
            if isinstance(wish.file, AttachedFile):
                return ProgressNoted(actor, note_of(wish.file)), ()
            return None, (wish.file,) if wish.file else (Fault("file", "", Text("一个文件", "a file")),)
        today = self._clock().astimezone(LOCAL_TIME).date()
        plan = catalogue.plans[case.subject.plan_id]
        return read_action(wish.action, wish.values, Circumstances(case, plan, actor, today))

    def _first_step(self, case: Case, event: Event, catalogue: Catalogue, at: datetime) -> tuple[str, str, str] | None:
        """Kind, actor and reason of the step that the event would have led to at a moment."""
        effects = transition(case, event, catalogue.policy_of(case.subject.plan_id), at, self._calendar).effects
        if not effects:
            return None
        entry = effects[0].entry
        return entry.kind, entry.actor, entry.reason.zh

    async def _actor(self, connection: AsyncConnection[Any], account: Account) -> str:
        """How the history names a person: 中卫市教育局 王主任."""
        names = await store.load_agency_names(connection)
        if account.agency_id is None:
            return f"管理员 {account.name}"
        return f"{names[account.agency_id].zh} {account.name}"


def refusal_for(account: Account, case: Case, action: Action) -> Text | None:
    """Why a person may not do something to a case; None where they may."""
    return refusal(Role(account.role), relations_of(case, account.agency_id), action)
