"""`python -m bench.backtest [FOLDER]`: hold the forecast against what published series did next, and print the table.

Every series is cut off after each of its points from the third on; what was known by then forecasts the year-ends of
the next five years, by the method in use, by the last value (of the same season), and by the straight line through all
points. An error is divided
by the series' mean yearly change, so that series of any unit can be averaged; every indicator has the same weight.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import fsum
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from bench.published_series import FOLDER, PublishedSeries, cited_series, folder_series
from planwatch.forecast import forecast_total
from planwatch.period import parse_period
from planwatch.plan import Target
from planwatch.plan_terms import Comparator
from planwatch.prediction import FEWEST_POINTS, Prediction, SeriesPoint, predict

LONGEST_YEARS = 5
CONFIDENCES = (0.8, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Trial:
    """One forecast that can be held against what came.

    Attributes:
        indicator: of the series.
        known: how many points were known.
        years: how far ahead.
        errors: method → absolute error ÷ mean yearly change of the series.
        held: confidence → whether the interval of the method in use held the value.
    """

    indicator: str
    known: int
    years: float
    errors: dict[str, float]
    held: dict[float, bool]


def run_trials(series: Iterable[PublishedSeries]) -> list[Trial]:
    """Every forecast that the series allow; a series that never changed allows none."""
    return [trial for one in series for trial in _trials_of(one)]


def _trials_of(series: PublishedSeries) -> list[Trial]:
    points = series.points
    changes = [abs(float(b.value - a.value)) / (b.time - a.time) ** 0.5 for a, b in pairwise(points)]
    scale = fsum(changes) / len(changes)
    if scale == 0:
        return []
    trials = []
    for known in range(FEWEST_POINTS, len(points)):
        for later in _year_ends(points[known:], points[known - 1].time + LONGEST_YEARS):
            prediction = predict(points[:known], later.time)
            if isinstance(prediction, Prediction):
                trials.append(_trial(series.indicator, points[:known], later, prediction, scale))
    return trials


def _year_ends(points: Sequence[SeriesPoint], last: float) -> list[SeriesPoint]:
    """The points that end a year, up to a time: targets are set for the end of a year."""
    return [point for point in points if abs(point.time - round(point.time)) < 0.01 and point.time < last + 0.01]


def _last_of_season(known: Sequence[SeriesPoint], at: float) -> SeriesPoint:
    """The last point of the same time of the year, the last of all where there is none."""
    alike = [point for point in known if abs((at - point.time) - round(at - point.time)) < 0.02]
    return (alike or list(known))[-1]


def _trial(
    indicator: str, known: Sequence[SeriesPoint], later: SeriesPoint, prediction: Prediction, scale: float
) -> Trial:
    came = float(later.value)
    forecasts = {
        "forecast": prediction.value,
        "last value": float(_last_of_season(known, later.time).value),
        "straight line": _straight_line(known, later.time),
    }
    held = {}
    for confidence in CONFIDENCES:
        low, high = prediction.interval(confidence)
        held[confidence] = low <= came <= high
    errors = {name: abs(value - came) / scale for name, value in forecasts.items()}
    return Trial(indicator, len(known), later.time - known[-1].time, errors, held)


def _straight_line(known: Sequence[SeriesPoint], at: float) -> float:
    """Ordinary least squares through all points."""
    times, values = [point.time for point in known], [float(point.value) for point in known]
    middle, level = fsum(times) / len(times), fsum(values) / len(values)
    spread = fsum((time - middle) ** 2 for time in times)
    slope = fsum((t - middle) * (v - level) for t, v in zip(times, values, strict=True)) / spread
    return level + slope * (at - middle)


def mean_error(trials: Iterable[Trial], method: str) -> float:
    """Mean error of a method, every indicator weighing the same."""
    return _balanced((trial.indicator, trial.errors[method]) for trial in trials)


def coverage(trials: Iterable[Trial], confidence: float) -> float:
    """Share of the intervals that held the value, every indicator weighing the same."""
    return _balanced((trial.indicator, float(trial.held[confidence])) for trial in trials)


def _balanced(figures: Iterable[tuple[str, float]]) -> float:
    by_indicator: dict[str, list[float]] = defaultdict(list)
    for indicator, figure in figures:
        by_indicator[indicator].append(figure)
    return fsum(fsum(found) / len(found) for found in by_indicator.values()) / len(by_indicator)


def total_coverage(series: Iterable[PublishedSeries], years: int, confidence: float) -> float:
    """Share of intervals of `forecast_total` that held what the next years added up to, series read as yearly flows."""
    return _balanced(
        (one.indicator, float(held))
        for one in series
        if all(point.value > 0 for point in one.points)
        for held in _totals_held(one.points, years, confidence)
    )


def _totals_held(points: Sequence[SeriesPoint], years: int, confidence: float) -> Iterable[bool]:
    for known in range(FEWEST_POINTS, len(points) - years + 1):
        coming = points[known : known + years]
        if coming[-1].time - points[known - 1].time == years:
            at = parse_period(str(round(coming[-1].time)))
            target = Target(Decimal(0), Comparator.GREATER, at)
            forecast = forecast_total(points[:known], Decimal(0), target, confidence=confidence)
            if forecast.low is not None and forecast.high is not None:
                yield forecast.low <= float(sum(point.value for point in coming)) <= forecast.high


def slices(trials: Sequence[Trial]) -> dict[str, list[Trial]]:
    """The parts of a backtest that are shown beside the whole."""
    parts: dict[str, Callable[[Trial], bool]] = {"全部 / all": lambda trial: True}
    for years in range(1, LONGEST_YEARS + 1):
        parts[f"{years} 年后 / {years} ahead"] = lambda trial, years=years: round(trial.years) == years  # type: ignore[misc]
    parts["3–4 点 / 3–4 points"] = lambda trial: trial.known <= 4
    parts["5 点以上 / 5 points or more"] = lambda trial: trial.known >= 5
    position = {name: at for at, name in enumerate(sorted({trial.indicator for trial in trials}))}
    parts["单号指标 / every other indicator"] = lambda trial: position[trial.indicator] % 2 == 0
    parts["双号指标 / the others"] = lambda trial: position[trial.indicator] % 2 == 1
    found = {name: [trial for trial in trials if wanted(trial)] for name, wanted in parts.items()}
    return {name: part for name, part in found.items() if part}


def print_backtest(title: str, series: Sequence[PublishedSeries]) -> None:
    """Print the errors and the coverage of the intervals for these series."""
    trials = run_trials(series)
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    methods = list(trials[0].errors)
    for heading in ("", "次 / trials", *methods, *(f"{confidence:.0%}" for confidence in CONFIDENCES)):
        table.add_column(heading, justify="left" if not heading else "right", no_wrap=True)
    for name, part in slices(trials).items():
        errors = [f"{mean_error(part, method):.3f}" for method in methods]
        table.add_row(name, str(len(part)), *errors, *(f"{coverage(part, c):.1%}" for c in CONFIDENCES))
    indicators, points = Counter(one.indicator for one in series), sum(len(one.points) for one in series)
    console = Console(width=140)
    console.print(table)
    console.print(f"· {len(series)} series of {len(indicators)} indicators, {points} points", highlight=False)


def main() -> int:
    """Entry point.

    Returns:
        The exit status: 1 where a promise does not hold for the series of the folder.
    """
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    print_backtest("仓库所附序列 / series cited in the repository", cited_series())
    if not folder.is_dir():
        print(f"{folder} 不存在 / is not there: only the cited series were tried", file=sys.stderr)
        return 0
    series = folder_series(folder)
    print_backtest(f"{folder.name}", series)
    for years in (1, 3, LONGEST_YEARS):
        held = total_coverage(series, years, CONFIDENCES[0])
        print(f"· {years} 年累计 / totals of {years} years: {CONFIDENCES[0]:.0%} → {held:.1%}")
    return 0 if promises_hold(run_trials(series)) else 1


def promises_hold(trials: Sequence[Trial]) -> bool:
    """Coverage within five points of nominal, error no worse than the last value's and the straight line's."""
    error = mean_error(trials, "forecast")
    close = all(abs(coverage(trials, confidence) - confidence) <= 0.05 for confidence in CONFIDENCES)
    return close and error <= mean_error(trials, "last value") and error <= mean_error(trials, "straight line")


if __name__ == "__main__":
    sys.exit(main())
