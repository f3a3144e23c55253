"""展望: what the figures of a subject, as known at a moment, let one expect of its target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from planwatch.evaluation import Figures, Subject, course_under
from planwatch.forecast import Forecast, forecast_target, forecast_total
from planwatch.observation import Observation
from planwatch.period import Freq, TimePeriod, year_fraction
from planwatch.plan import Indicator, Plan, Target
from planwatch.prediction import WINDOW_YEARS, SeriesPoint
from planwatch.schedule import Course
from planwatch.series import SeriesKey
from planwatch.vintages import Vintages

DECIDED = frozenset({None, "target_year_over"})
"""Reasons of a forecast that says what becomes of the target."""


class Outlook(NamedTuple):
    """A forecast for one subject.

    Attributes:
        series: of the newest figure.
        period: of the newest figure; the forecast stands beside the verdict on it.
        plan_version: the version whose target it is about.
        known_at: the moment at which everything it rests on was known.
        forecast: value, interval and probability at the target's date, or the reason why there is none.
    """

    series: SeriesKey
    period: TimePeriod
    plan_version: int
    known_at: datetime
    forecast: Forecast


def first_day_needed(plan: Plan) -> date:
    """The first day of the figures that forecasts rest on; what is older than the window never counts."""
    return date(plan.first_day.year - int(WINDOW_YEARS), 1, 1)


def has_outlook(indicators: Iterable[Indicator]) -> bool:
    """Whether the indicator, in any of its versions, moves towards a target: a limit that only has to hold does not."""
    return any(not indicator.is_limit for indicator in indicators)


def outlooks_since(subject: Subject, vintages: Vintages, moment: datetime) -> list[Outlook]:
    """The forecasts at a moment of news and at all later moments, which the news changes too.

    Args:
        subject: all of whose figures from `first_day_needed` on are in `vintages`.
        vintages: likewise.
        moment: when the news were known: a report received, a plan version applied.
    """
    said = subject.plans.moments_after(subject.indicator_id, moment)
    moments = sorted({moment, *vintages.moments_after(subject.subject_key, moment), *said})
    found = (outlook_at(subject, vintages.known_at(subject.subject_key, at), at) for at in moments)
    return [outlook for outlook in found if outlook is not None]


def outlook_at(subject: Subject, figures: Figures, moment: datetime) -> Outlook | None:
    """The forecast as known at a moment.

    Args:
        subject: what is forecast.
        figures: the newest vintages at that moment, at every frequency.
        moment: of the knowledge.
    Returns:
        None where no figure of the plan period is known, where only a limit has to hold, or where the path has no
        start.
    """
    valued = [period for period, figure in figures.items() if figure.value is not None]
    if not valued:
        return None
    newest = max(valued, key=lambda period: (period.end, period.days))
    rule = subject.plans.rule(subject.indicator_id, newest, moment)
    if rule is None or newest.end < rule.plan.first_day:
        return None
    course = course_under(rule, subject, subject.plans, figures)
    if not course.path:
        return None
    forecast = _forecast_level(course, figures) if course.totals is None else _forecast_total(course)
    return Outlook(figures[newest].series, newest, rule.plan.version, moment, forecast)


def _forecast_level(course: Course, figures: Mapping[TimePeriod, Observation]) -> Forecast:
    """From the frequency that reaches furthest and allows a forecast; figures of different length are never mixed."""
    indicator = course.indicator
    forecasts = [
        forecast_target(points, indicator.target, bounds=indicator.bounds) for points in _points(indicator, figures)
    ]
    first = forecasts[0] if forecasts else Forecast(reason="too_few_points")
    return next((forecast for forecast in forecasts if forecast.reason in DECIDED), first)


def _points(indicator: Indicator, figures: Mapping[TimePeriod, Observation]) -> list[list[SeriesPoint]]:
    """The points of each frequency, the one that reaches furthest first; days are not forecast from."""
    by_freq: dict[Freq, dict[float, SeriesPoint]] = defaultdict(dict)
    baseline = indicator.baseline
    if baseline is not None and baseline.comparable and baseline.comparator is None:
        at = year_fraction(baseline.period.end)
        by_freq[Freq.ANNUAL][at] = SeriesPoint(at, baseline.value)
    for period, figure in figures.items():
        joins_months = period.freq is Freq.MONTHLY and period.months > 1
        if figure.value is not None and period.freq is not Freq.DAILY and not joins_months:
            at = year_fraction(period.end)
            by_freq[period.freq][at] = SeriesPoint(at, figure.value)
    order = list(Freq)
    furthest_first = sorted(by_freq.items(), key=lambda item: (-max(item[1]), order.index(item[0])))
    return [list(points.values()) for _, points in furthest_first]


def _forecast_total(course: Course) -> Forecast:
    """From what each whole year of the plan added."""
    assert course.totals is not None
    first = course.plan.first_day.year
    years = range(first - 1, course.plan.last_day.year + 1)
    known = {year: course.totals.through.get(date(year, 12, 31)) for year in years}
    flows = [
        SeriesPoint(float(year), total - before)
        for year, total in known.items()
        if total is not None and (before := known.get(year - 1)) is not None
    ]
    last = max((year for year, total in known.items() if total is not None), default=first - 1)
    so_far = known[last]
    if so_far is None or not flows or flows[-1].time != last:
        return Forecast(reason="too_few_points")
    target = course.indicator.target
    return forecast_total(flows, so_far, Target(course.goal, target.comparator, target.period))
