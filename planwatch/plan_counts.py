"""How much of a plan is in the catalogue, section by section, and how much of it the plan leaves unsaid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from planwatch.language import Text
from planwatch.plan import CROSS_DOMAIN, Plan


@dataclass(frozen=True, slots=True)
class SectionCount:
    """One section of a plan in numbers.

    Attributes:
        by_domain: entries by domain code, `cross_domain` for those of none; empty where the section has no domains.
        without: by field, how many entries the plan prints nothing for; a field that is always printed is left out.
        parts: what its entries contain, e.g. `quantities`.
        counting: why a plain count of the document gives another number, None where it does not.
    """

    section: str
    count: int
    by_domain: Mapping[str, int] = field(default_factory=dict)
    without: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    counting: Text | None = None


def count_plan(plan: Plan) -> tuple[SectionCount, ...]:
    """Every section of a plan, the main table first."""
    commitments = plan.commitments
    rows, targets, tasks = plan.indicators, commitments.text_targets, commitments.tasks
    projects, items, duties = commitments.projects, commitments.service_items, commitments.monitoring_duties

    def section(
        name: str,
        entries: Sequence[object],
        *,
        domains: Iterable[str | None] = (),
        without: Mapping[str, Iterable[object]] | None = None,
        parts: Mapping[str, int] | None = None,
    ) -> SectionCount:
        return SectionCount(
            name,
            len(entries),
            dict(Counter(domain or CROSS_DOMAIN for domain in domains)),
            {each: sum(value is None for value in values) for each, values in (without or {}).items()},
            parts or {},
            commitments.counting.get(name),
        )

    return (
        section("indicators", rows, domains=[r.domain for r in rows], without={"baseline": [r.baseline for r in rows]}),
        section(
            "text_targets",
            targets,
            domains=[t.domain for t in targets],
            without={"year": [t.year for t in targets], "indicator": [t.indicator_id for t in targets]},
            parts={"contradictions": sum(t.contradiction is not None for t in targets)},
        ),
        section(
            "tasks",
            tasks,
            domains=[t.domain for t in tasks],
            without={"lead": [t.lead for t in tasks], "deadline": [t.deadline for t in tasks]},
        ),
        section(
            "projects",
            projects,
            domains=[p.domain for p in projects],
            without={
                "lead": [p.lead for p in projects],
                "deadline": [p.deadline for p in projects],
                "quantities": [p.deliverables or None for p in projects],
                "investment": [p.investment for p in projects],
            },
            parts={
                "quantities": sum(len(p.deliverables) for p in projects),
                "sub_projects": sum(len(p.sub_projects) for p in projects),
            },
        ),
        section(
            "service_items",
            items,
            domains=[i.domain for i in items],
            without={"standard": [i.standard for i in items], "recipients": [i.recipients for i in items]},
            parts={"service_domains": len(commitments.service_domains)},
        ),
        section(
            "monitoring_duties",
            duties,
            without={
                "agency": [d.agency for d in duties],
                "due": [d.due for d in duties],
                "frequency": [d.frequency for d in duties],
            },
        ),
        section("contradictions", commitments.contradictions),
        section("agencies", plan.agencies, without={"superior": [a.superior for a in plan.agencies]}),
        section(
            "domains",
            plan.domains,
            without={"agency": [None if d.basis == "coordinating" else d.agency for d in plan.domains]},
        ),
    )
