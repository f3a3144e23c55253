"""All areas together: each is simulated by itself, in as many processes as wanted; the result is the same for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from random import Random
from typing import Any

from planwatch.case.kinds import CaseKind
from planwatch.notification import MailKind
from planwatch.plan_document import plan_from_mapping
from planwatch.policy import Policy
from planwatch.working_days import WorkingCalendar
from services.simulation.area import run_area
from services.simulation.explanation import Circumstances, Explained, explain_false_alarm, explain_miss
from services.simulation.indicators import WATCHED
from services.simulation.invariants import broken_invariants
from services.simulation.latent import latent_figures
from services.simulation.matching import Outcome, Warned, compare, warnings_of
from services.simulation.plan import plan_document
from services.simulation.planting import FaultKind, plant
from services.simulation.reports import period_of, write_reports
from services.simulation.truth import Trouble, all_troubles

AFTERWARDS = timedelta(days=55)
"""How long the clock runs on after the last month: not until the next report, which is not written, is overdue."""


@dataclass(frozen=True, slots=True)
class World:
    """What a simulation is made of.

    Attributes:
        seed: of the generator; the same seed gives the same figures.
        months: simulated, from January 2021.
        noise: factor of all measurement noise; 0 for none.
        forced: one fault of this kind in every area; None draws them.
    """

    seed: int
    months: int
    policy: Policy
    calendar: WorkingCalendar
    noise: float = 1.0
    forced: FaultKind | None = None


@dataclass(frozen=True, slots=True)
class AreaResult:
    """What came of one area."""

    planted: Counter[str]
    outcome: Outcome
    misses: tuple[Explained, ...]
    false_alarms: tuple[Explained, ...]
    broken: tuple[str, ...]
    submissions: int
    duplicates: int
    mails: Counter[MailKind]


@dataclass
class KindCount:
    """Troubles and warnings of one kind."""

    hits: int = 0
    misses: int = 0
    right: int = 0
    false_alarms: int = 0
    borderline: int = 0

    def as_mapping(self) -> dict[str, Any]:
        """As the JSON has it; precision and recall are null where nothing was warned of or planted."""
        return {
            "precision": _share(self.right, self.false_alarms),
            "recall": _share(self.hits, self.misses),
            "planted": self.hits + self.misses,
            "warned": self.right + self.false_alarms,
            "hits": self.hits,
            "misses": self.misses,
            "false_alarms": self.false_alarms,
            "borderline": self.borderline,
        }


@dataclass
class Summary:
    """What came of all areas."""

    kinds: dict[CaseKind, KindCount] = field(default_factory=dict)
    planted: Counter[str] = field(default_factory=Counter)
    misses: list[Explained] = field(default_factory=list)
    false_alarms: list[Explained] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    submissions: int = 0
    duplicates: int = 0
    mails: Counter[MailKind] = field(default_factory=Counter)

    def add(self, result: AreaResult) -> None:
        """Count an area."""
        outcome = result.outcome
        for name, found in (
            ("hits", outcome.hits),
            ("misses", outcome.misses),
            ("right", outcome.right),
            ("false_alarms", outcome.false_alarms),
            ("borderline", outcome.borderline),
        ):
            self._count(name, found)
        self.planted += result.planted
        self.misses += result.misses
        self.false_alarms += result.false_alarms
        self.broken += result.broken
        self.submissions += result.submissions
        self.duplicates += result.duplicates
        self.mails += result.mails

    def as_mapping(self) -> dict[str, Any]:
        """As the JSON has it."""
        total = KindCount(
            *(
                sum(getattr(count, name) for count in self.kinds.values())
                for name in ("hits", "misses", "right", "false_alarms", "borderline")
            )
        ).as_mapping()
        return {
            "simulated": True,
            "precision": total["precision"],
            "recall": total["recall"],
            "by_kind": {str(kind): self.kinds[kind].as_mapping() for kind in CaseKind if kind in self.kinds},
            "submissions": self.submissions,
            "duplicates": self.duplicates,
            "warnings": total["warned"] + total["borderline"],
            "mails": self.mails.total(),
            "mails_by_kind": {str(kind): self.mails[kind] for kind in MailKind if kind in self.mails},
            "borderline": total["borderline"],
            "planted_faults": dict(sorted(self.planted.items())),
            "misses": [explained.as_mapping() for explained in self.misses],
            "false_alarms": [explained.as_mapping() for explained in self.false_alarms],
            "broken_invariants": self.broken,
        }

    def _count(self, name: str, found: tuple[Trouble, ...] | tuple[Warned, ...]) -> None:
        for each in found:
            count = self.kinds.setdefault(each.kind, KindCount())
            setattr(count, name, getattr(count, name) + 1)


def simulate(
    world: World, areas: int, processes: int = 1, progress: Callable[[int], None] = lambda done: None
) -> Summary:
    """Simulate areas 1 to `areas`.

    Args:
        world: seed, months, policy.
        areas: how many.
        processes: that share the work; the result does not depend on it.
        progress: told how many areas are done.
    """
    summary = Summary()
    for done, result in enumerate(_results(world, areas, processes), start=1):
        summary.add(result)
        progress(done)
    return summary


def simulate_area(world: World, number: int) -> AreaResult:
    """Simulate one area: plant, report, judge, compare, explain."""
    plan = plan_from_mapping(plan_document(number))
    rng = _stream(world, number, "figures")
    faults = plant(_stream(world, number, "faults"), world.months, world.forced)
    latent = latent_figures(rng, faults)
    bag = write_reports(rng, number, latent, faults, world.months, world.noise)
    last_day = period_of(world.months - 1).end + AFTERWARDS
    troubles = all_troubles(latent, faults, bag.sent, world.policy, world.months, last_day)
    answers = _stream(world, number, "answers")
    run = run_area(plan, world.policy, world.calendar, bag.deliveries, last_day, answers)
    keys = {row.indicator_id(plan.plan_id): row.key for row in WATCHED}
    warnings = warnings_of([steps for steps in run.book.history.values() if steps], keys)
    outcome = compare(troubles, warnings)
    at = Circumstances(run, latent, bag.sent, faults, troubles, warnings, world.months)
    return AreaResult(
        planted=Counter(str(fault.kind) for fault in faults),
        outcome=outcome,
        misses=tuple(explain_miss(at, trouble) for trouble in outcome.misses),
        false_alarms=tuple(explain_false_alarm(at, warned) for warned in outcome.false_alarms),
        broken=tuple(broken_invariants(run, world.policy, len(bag.deliveries))),
        submissions=run.submissions,
        duplicates=run.duplicates,
        mails=Counter(mail.kind for mail in run.book.post.mails),
    )


def _results(world: World, areas: int, processes: int) -> Iterator[AreaResult]:
    numbers = range(1, areas + 1)
    if processes == 1:
        yield from (simulate_area(world, number) for number in numbers)
        return
    with get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(partial(simulate_area, world), numbers, chunksize=4)


def _stream(world: World, number: int, purpose: str) -> Random:
    """Random numbers of one area for one purpose: what one draws does not move the others."""
    return Random(f"{world.seed}/{number}/{purpose}")  # noqa: S311  (figures to be repeated, not secrets)


def _share(good: int, bad: int) -> float | None:
    return round(good / (good + bad), 4) if good + bad else None
