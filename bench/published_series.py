"""Published series for the backtest: a few cited ones in the repository, many where a folder of them is present."""

from __future__ import annotations

import csv
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from planwatch.period import parse_period, year_fraction
from planwatch.prediction import SeriesPoint

REPOSITORY = Path(__file__).parents[1]
CITED = REPOSITORY / "tests" / "data" / "published_series.csv"
ORACLES = Path(os.environ.get("PLANWATCH_ORACLES", REPOSITORY.parent / "shared" / "oracles"))
FOLDER = ORACLES / "statcan_series"
"""Folder `data` of the repository sdg-data-canada-odd-donnees/sdg-data-donnees-odd, commit f89e601d (MIT): the series
of which `statcan_gif.yml` holds the first and the last value."""

FEWEST_POINTS = 8
MOST_PER_INDICATOR = 6
"""An indicator that is published for hundreds of groups must not outweigh the others."""

_YEAR = re.compile(r"(\d{4})([/-]\d{2,4})?")
_NOT_A_BREAKDOWN = {"Year", "Value", "GeoCode"}


@dataclass(frozen=True, slots=True)
class PublishedSeries:
    """One published series.

    Attributes:
        indicator: what it belongs to; the series of one indicator share its weight.
        name: the indicator and the breakdown.
        points: in order of time.
    """

    indicator: str
    name: str
    points: tuple[SeriesPoint, ...]


def cited_series(path: Path = CITED) -> list[PublishedSeries]:
    """The series of the repository: `series,time_period,obs_value,source`."""
    points: dict[str, list[SeriesPoint]] = defaultdict(list)
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            time = year_fraction(parse_period(row["time_period"]).end)
            points[row["series"]].append(SeriesPoint(time, Decimal(row["obs_value"])))
    return [PublishedSeries(name, name, _in_time(found)) for name, found in points.items()]


def folder_series(folder: Path = FOLDER) -> list[PublishedSeries]:
    """The yearly series of a folder of `indicator_*.csv`, the least broken down first, a few of each indicator."""
    chosen: list[PublishedSeries] = []
    for path in sorted(folder.glob("indicator_*.csv")):
        indicator = path.stem.removeprefix("indicator_")
        long_enough = [
            series
            for series in _series_of(indicator, path)
            if len(series.points) >= FEWEST_POINTS and len({point.value for point in series.points}) > 2
        ]
        chosen += long_enough[:MOST_PER_INDICATOR]
    return chosen


def _series_of(indicator: str, path: Path) -> list[PublishedSeries]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    found: dict[tuple[str, ...], dict[float, SeriesPoint]] = defaultdict(dict)
    for row in rows:
        point = _point(row.get("Year") or "", row.get("Value") or "")
        if point is not None:
            breakdown = tuple(str(cell) for name, cell in row.items() if name not in _NOT_A_BREAKDOWN)
            found[breakdown][point.time] = point
    return [
        PublishedSeries(indicator, "|".join((indicator, *breakdown)), _in_time(points.values()))
        for breakdown, points in sorted(found.items(), key=_least_broken_down)
    ]


def _least_broken_down(item: tuple[tuple[str, ...], object]) -> tuple[int, Sequence[str]]:
    return sum(bool(cell) for cell in item[0]), item[0]


def _point(year: str, value: str) -> SeriesPoint | None:
    form = _YEAR.fullmatch(year.strip())
    try:
        figure = Decimal(value)
    except InvalidOperation:
        return None
    return SeriesPoint(float(form[1]), figure) if form and figure.is_finite() else None


def _in_time(points: Iterable[SeriesPoint]) -> tuple[SeriesPoint, ...]:
    return tuple(sorted(points, key=lambda point: point.time))
