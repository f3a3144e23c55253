"""Which cases a list shows: the filters of its address, and how many cases each choice would show. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from planwatch.case.kinds import CaseKind
from planwatch.early_warning import CaseState
from planwatch.language import Text
from planwatch.policy import Level
from services.alerts.desk.submitted import Fault, clean

PAGE_SIZE = 50
LONGEST_SEARCH = 100
HIGHEST_PAGE = 100_000
NOT_CLOSED, ALL_STATES = "not_closed", "all"
CHOICES = ("plan", "level", "domain", "agency", "state", "kind", "overdue")
"""The filters that choose one of some values; text is searched for."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is restricted to; None: to nothing.

    Attributes:
        plan, domain, agency: ids and codes of the catalogue.
        level, kind: codes.
        state: a code, NOT_CLOSED or ALL_STATES.
        overdue: `yes`: only what is not done in time.
        text: found in the name of the indicator, of the agency, or in the case id.
        page: from 1.
    """

    plan: str | None = None
    level: str | None = None
    domain: str | None = None
    agency: str | None = None
    state: str = NOT_CLOSED
    kind: str | None = None
    overdue: str | None = None
    text: str | None = None
    page: int = 1

    @property
    def states(self) -> tuple[str, ...]:
        """The states that are shown."""
        if self.state == ALL_STATES:
            return tuple(CaseState)
        if self.state == NOT_CLOSED:
            return tuple(state for state in CaseState if state is not CaseState.CLOSED)
        return (self.state,)

    def as_query(self, **changes: str | None) -> dict[str, str]:
        """The query of the address of this list, or of one that differs in some filters; its first page."""
        held = {**{name: getattr(self, name) for name in (*CHOICES, "text")}, **changes}
        return {name: value for name, value in held.items() if value and (name, value) != ("state", NOT_CLOSED)}


@dataclass(frozen=True, slots=True)
class Cell:
    """How many cases have the same values of all choices."""

    plan: str
    level: str
    domain: str
    agency: str
    state: str
    kind: str
    overdue: str
    count: int


def read_filter(query: Mapping[str, str]) -> tuple[Filter, tuple[Fault, ...]]:
    """The filter that an address asks for; what is not understood is left out and named."""
    faults: list[Fault] = []
    codes: Mapping[str, tuple[str, ...]] = {
        "level": tuple(level.code for level in reversed(Level)),
        "state": (NOT_CLOSED, *CaseState, ALL_STATES),
        "kind": tuple(CaseKind),
        "overdue": ("yes",),
    }
    chosen: dict[str, str] = {}
    for name in CHOICES:
        value = clean(query.get(name, ""))
        if not value:
            continue
        if name in codes and value not in codes[name]:
            listing = "、".join(codes[name])
            faults.append(Fault(name, value, Text(f"{listing}之一", f"one of {', '.join(codes[name])}")))
        else:
            chosen[name] = value
    text = clean(query.get("text", ""))[:LONGEST_SEARCH]
    if text:
        chosen["text"] = text
    page, fault = _page(query.get("page", ""))
    return replace(Filter(), **chosen, page=page), (*faults, *((fault,) if fault else ()))


def counts_by_choice(cells: Iterable[Cell], asked: Filter) -> dict[str, dict[str, int]]:
    """How many cases each value of each choice would show, with the other filters as they are."""
    counts: dict[str, dict[str, int]] = {choice: defaultdict(int) for choice in CHOICES}
    for cell in cells:
        missed = [choice for choice in CHOICES if not _fits(cell, asked, choice)]
        for choice in CHOICES:
            if missed in ([], [choice]):
                counts[choice][getattr(cell, choice)] += cell.count
    return {choice: dict(found) for choice, found in counts.items()}


def _fits(cell: Cell, asked: Filter, choice: str) -> bool:
    if choice == "state":
        return cell.state in asked.states
    wanted = getattr(asked, choice)
    return wanted is None or getattr(cell, choice) == wanted


def _page(value: str) -> tuple[int, Fault | None]:
    if not value:
        return 1, None
    if value.isascii() and value.isdecimal() and len(value) < 9 and 1 <= int(value) <= HIGHEST_PAGE:
        return int(value), None
    return 1, Fault("page", value, Text("从1起的页码", "a page number from 1"))
