"""Errors of the domain. Bad data is `Invalid`: it is never retried, it is told to its sender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planwatch.language import Text


class PlanwatchError(Exception):
    """Base of every error that Planwatch raises on purpose."""


class Invalid(PlanwatchError):
    """Data that cannot be understood; retrying it can never help.

    Attributes:
        text: what is wrong, in the languages of the sender.
    """

    def __init__(self, text: Text) -> None:
        super().__init__(f"{text.zh} / {text.en}")
        self.text = text


class InvalidPeriod(Invalid):
    """A TIME_PERIOD that is not one of the forms of `planwatch.period`."""


class InvalidSubmission(Invalid):
    """A submission that cannot be read as a whole (not JSON, no header row, unknown plan)."""


@dataclass(frozen=True, slots=True)
class PlanFault:
    """One fault of a plan file.

    Attributes:
        path: where, as a path into the document, e.g. `indicators[4].target.value`.
        reason: what is wrong and what was expected.
        file: name of the file in the plan's folder, where the plan comes from files.
        refers_to: what it names and misses, as (listing, value), e.g. `("agencies", "zhongwei-health")`.
    """

    path: str
    reason: Text
    file: str | None = None
    refers_to: tuple[str, str] | None = None

    @property
    def place(self) -> str:
        """File and path."""
        return f"{self.file}: {self.path}" if self.file else self.path


class InvalidPlan(Invalid):
    """A plan file with faults; all of them are listed at once.

    Attributes:
        plan_id: the plan.
        faults: every fault found, in document order.
    """

    def __init__(self, plan_id: str, faults: Sequence[PlanFault]) -> None:
        listing_zh = "；".join(f"{fault.place}：{fault.reason.zh}" for fault in faults)
        listing_en = "; ".join(f"{fault.place}: {fault.reason.en}" for fault in faults)
        super().__init__(Text(f"规划 {plan_id} 有误：{listing_zh}", f"plan {plan_id} is faulty: {listing_en}"))
        self.plan_id = plan_id
        self.faults = tuple(faults)


class InvalidConceptList(Invalid):
    """A concept list with faults, or one that does not fit the plans; all of them are listed at once.

    Attributes:
        faults: every fault found.
    """

    def __init__(self, faults: Sequence[PlanFault]) -> None:
        listing_zh = "；".join(f"{fault.place}：{fault.reason.zh}" for fault in faults)
        listing_en = "; ".join(f"{fault.place}: {fault.reason.en}" for fault in faults)
        super().__init__(Text(f"概念表有误：{listing_zh}", f"the concept list is faulty: {listing_en}"))
        self.faults = tuple(faults)


class InvalidCatalogue(Invalid):
    """A catalogue with faults in one plan or in several.

    Attributes:
        refused: each plan that cannot be used, with all its faults.
    """

    def __init__(self, refused: Sequence[InvalidPlan]) -> None:
        super().__init__(Text("；".join(plan.text.zh for plan in refused), "; ".join(plan.text.en for plan in refused)))
        self.refused = tuple(refused)


class InvalidPolicy(Invalid):
    """A policy that cannot be put in force.

    Attributes:
        faults: every fault found in its files; empty where something else is in the way.
    """

    def __init__(self, text: Text, faults: Sequence[PlanFault] = ()) -> None:
        super().__init__(text)
        self.faults = tuple(faults)

    @classmethod
    def of(cls, faults: Sequence[PlanFault]) -> InvalidPolicy:
        """The refusal of files with faults, all of which are listed."""
        listing_zh = "；".join(f"{fault.place}：{fault.reason.zh}" for fault in faults)
        listing_en = "; ".join(f"{fault.place}: {fault.reason.en}" for fault in faults)
        return cls(Text(f"政策有误：{listing_zh}", f"the policy is faulty: {listing_en}"), faults)
