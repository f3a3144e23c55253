"""Forecasts beside the verdicts: read what is needed of the figures, write what they let one expect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.evaluation import Subject
from planwatch.outlook import Outlook, first_day_needed, has_outlook, outlooks_since
from planwatch.series import SeriesKey
from planwatch.vintages import Vintages
from services.evaluate import store


async def renew_outlooks(
    connection: AsyncConnection[Any], subjects: Iterable[Subject], news: Mapping[str, tuple[SeriesKey, datetime]]
) -> None:
    """Forecast anew what news have changed; the figures behind the news are in the database already.

    Args:
        connection: in the transaction that holds the subjects.
        subjects: that may have a forecast; those that only keep a limit are left out.
        news: subject key → a series of it and the moment of its earliest news.
    """
    moving = [subject for subject in subjects if has_outlook(subject.plans.versions_with(subject.indicator_id))]
    wanted = {
        series: first_day_needed(subject.plans.current)
        for subject in moving
        for series in news[subject.subject_key][0].at_every_freq
    }
    if not wanted:
        return
    vintages = Vintages(await store.load_vintages(connection, (), wanted))
    outlooks = [
        outlook
        for subject in moving
        for outlook in outlooks_since(
            Subject(subject.indicator_id, subject.subject_key, subject.plans, subject.policy),
            vintages,
            news[subject.subject_key][1],
        )
    ]
    await _save(connection, outlooks)


async def _save(connection: AsyncConnection[Any], outlooks: Sequence[Outlook]) -> None:
    """Write forecasts; one that news received late have changed is replaced."""
    if not outlooks:
        return
    columns = zip(*map(_row, outlooks), strict=True)
    await connection.execute(_UPSERT, tuple(list(column) for column in columns))


def _row(outlook: Outlook) -> tuple[Any, ...]:
    series, forecast = outlook.series, outlook.forecast
    return (
        series.subject_key,
        outlook.known_at,
        str(series),
        str(outlook.period),
        outlook.plan_version,
        forecast.value,
        forecast.low,
        forecast.high,
        forecast.confidence,
        forecast.probability,
        forecast.pace,
        forecast.pace_needed,
        forecast.best_pace,
        forecast.reached_in,
        forecast.reason,
    )


_UPSERT = """
    INSERT INTO assessment_forecasts (subject_key, known_at, series_key, time_period, plan_version, value, low, high,
                                      confidence, probability, pace, pace_needed, best_pace, reached_in, reason)
    SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::integer[], %s::float8[],
                         %s::float8[], %s::float8[], %s::float8[], %s::float8[], %s::float8[], %s::float8[],
                         %s::float8[], %s::integer[], %s::text[])
    ON CONFLICT (subject_key, known_at) DO UPDATE SET
        series_key = EXCLUDED.series_key, time_period = EXCLUDED.time_period, plan_version = EXCLUDED.plan_version,
        value = EXCLUDED.value, low = EXCLUDED.low, high = EXCLUDED.high, confidence = EXCLUDED.confidence,
        probability = EXCLUDED.probability, pace = EXCLUDED.pace, pace_needed = EXCLUDED.pace_needed,
        best_pace = EXCLUDED.best_pace, reached_in = EXCLUDED.reached_in, reason = EXCLUDED.reason
"""
