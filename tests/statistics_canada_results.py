"""Statistics Canada's published results as cases, and the nesting of its groups, which that file leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from planwatch.methods.case import MethodCase, MethodResult, Point
from planwatch.methods.catalogue import METHODS, run
from planwatch.methods.group_means import Scored, mean_of
from planwatch.methods.statistics_canada import status_of_mean
from planwatch.plan import Direction
from planwatch.policy import AssessmentClass

DATA = Path(__file__).parent / "data"
NOT_A_SERIES = {"progress_status", "score"}
TOLERANCE = 1e-9

Nested = str | Sequence["Nested"]

# From indicator-config/*.yml of the same commit: a list is a group. Names are those of the series, without the number.
GROUPS: dict[str, Sequence[Nested]] = {
    "1-4-1": [
        "Access to basic drinking water services",
        "Access to basic sanitation services",
        "Access to clean fuels and technology",
        "Access to basic information services",
        [
            # Grade 4 reading has one value and no score; lower secondary stands there twice.
            "Access to basic education / Total / Proportion of children and young people",
            "Access to basic education / Total / Proportion of children and young people",
            "Access to basic education / Total / Proportion of children in Grade 4",
        ],
    ],
    "16-3-1": [["Physical violence / Physical", "Physical violence / Robbery"], "Sexual violence"],
    "4-a-1": [
        [
            "Proportion of schools with access to computers for pedagogical purposes / Primary",
            "Proportion of schools with access to computers for pedagogical purposes / Secondary",
        ],
        "Proportion of schools with access to the Internet",
    ],
    "9-c-1": [
        "Evolved High-Speed",
        ["Long-Term Evolution (LTE)", "Long-Term Evolution - A (LTE-A)"],
        "5G",
    ],
    "4-5-1": [
        [
            ["Completion rate / Adjusted gender parity index / Upper"],
            ["Completion rate / Adjusted location parity index / Upper"],
            ["Completion rate / Adjusted wealth parity index / Upper"],
        ],
        [
            [
                "Educational attainment rate / Adjusted gender parity index / Completed primary",
                "Educational attainment rate / Adjusted gender parity index / Completed lower",
                "Educational attainment rate / Adjusted gender parity index / Completed upper",
            ],
            ["Educational attainment rate / Adjusted location parity index / Completed upper"],
        ],
        "Participation rate",
        [
            [
                "mathematics / Adjusted gender parity index / Primary",
                "mathematics / Adjusted gender parity index / Lower",
            ],
            ["mathematics / Adjusted location parity index / Primary"],
            [
                "mathematics / Adjusted wealth parity index / Primary",
                "mathematics / Adjusted wealth parity index / Lower",
            ],
        ],
        [
            ["reading / Adjusted gender parity index / Primary", "reading / Adjusted gender parity index / Lower"],
            ["reading / Adjusted location parity index / Primary"],
            ["reading / Adjusted wealth parity index / Primary", "reading / Adjusted wealth parity index / Lower"],
        ],
    ],
}


@dataclass(frozen=True)
class Published:
    """One series of the file and what Planwatch makes of it."""

    name: str
    fields: Mapping[str, Any]
    result: MethodResult


def load_results(path: Path) -> dict[str, Any]:
    """The file of results: indicator → series and mean."""
    loaded: dict[str, Any] = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return loaded


def all_series(results: Mapping[str, Any]) -> list[Published]:
    """Every series of the file, assessed."""
    return [series for indicator in results.values() for series in series_of(indicator)]


def series_of(indicator: Mapping[str, Any]) -> Iterator[Published]:
    """The series of one indicator, assessed."""
    for name, fields in indicator.items():
        if name not in NOT_A_SERIES:
            yield Published(name, fields, assessed(case_of(fields)))


def case_of(fields: Mapping[str, Any]) -> MethodCase:
    """The case whose result the file publishes; base and latest value are all that it gives of the series."""
    known = {fields[f"{end}_year"]: fields[f"{end}_value"] for end in ("base", "current")}
    points = sorted((year, value) for year, value in known.items() if year is not None and value is not None)
    return MethodCase(
        points=tuple(Point(year, value) for year, value in points),
        base_year=fields["base_year"],
        target=fields["target"],
        target_year=fields["target_year"],
        direction=Direction.INCREASE if fields["direction"] == 1 else Direction.DECREASE,
        limit=fields["limit"],
    )


def assessed(case: MethodCase) -> MethodResult:
    """The result of Statistics Canada's method."""
    return run(METHODS["statistics_canada"], case)


def mismatches(published: Sequence[Published]) -> list[str]:
    """Names of the series that differ in status, value or score."""
    return [
        series.name
        for series in published
        if series.result.published_class != series.fields["status"]
        or not agree(series.result.value, series.fields["progress_value"])
        or not agree(series.result.score, series.fields["score"])
    ]


def mismatched_means(results: Mapping[str, Any]) -> list[str]:
    """The indicators whose mean of series differs in score or status; those without series have none."""
    found = []
    for name, indicator in results.items():
        scores = scores_of(name, indicator)
        if scores:
            mean = mean_in(GROUPS.get(name, list(scores)), scores)
            if not agree(mean.score, indicator["score"]) or status_of_mean(mean) != indicator["progress_status"]:
                found.append(name)
    return found


def scores_of(name: str, indicator: Mapping[str, Any]) -> dict[str, Scored]:
    """Scores of an indicator's series by name; those of 4-5-1 that the file leaves out are added."""
    scores = {series.name: scored(series.result) for series in series_of(indicator)}
    if name == "4-5-1":
        reading = {key.replace("4-5-1 / Proportion of students", "reading"): score for key, score in scores.items()}
        scores = {_without_cut(key): score for key, score in reading.items()} | _mathematics_parity()
    return scores


def _without_cut(name: str) -> str:
    return "reading / " + name.partition("... / ")[2] if name.startswith("reading") else name


def _mathematics_parity() -> dict[str, Scored]:
    rows: dict[str, list[list[float]]] = yaml.safe_load(
        (DATA / "statistics_canada_mathematics_parity.yml").read_text("utf-8")
    )
    return {
        f"mathematics / {name}": scored(
            assessed(
                MethodCase(
                    points=tuple(Point(year, value) for year, value in sorted(values)),
                    target=1.0,
                    direction=Direction.DECREASE,
                )
            )
        )
        for name, values in rows.items()
    }


def scored(result: MethodResult) -> Scored:
    """What enters a mean."""
    return Scored(result.score, result.verdict is AssessmentClass.ACHIEVED)


def mean_in(group: Nested, scores: Mapping[str, Scored]) -> Scored:
    """The mean of a group; a name stands for the one series whose name begins with it, or goes on with it."""
    if isinstance(group, str):
        (key,) = [key for key in scores if key == group or key.partition(" / ")[2].startswith(group)] or [
            key for key in scores if key.startswith(group)
        ]
        return scores[key]
    return mean_of([mean_in(member, scores) for member in group])


def agree(ours: float | None, theirs: float | None) -> bool:
    """Whether both are absent or equal within the tolerance."""
    if ours is None or theirs is None:
        return ours is theirs
    return abs(ours - theirs) <= TOLERANCE
