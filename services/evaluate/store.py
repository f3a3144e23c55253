"""SQL of the evaluator: vintages in, vintages and verdicts out, always inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from planwatch.assessment import Assessment
from planwatch.observation import Observation
from planwatch.period import Freq, TimePeriod, parse_period
from planwatch.running_state import RunningState, state_from_mapping
from planwatch.schedule import METHOD
from planwatch.series import Accumulation, ObsStatus, SeriesKey
from planwatch.submission import CheckedSubmission, Submission
from planwatch.work_report import WorkReport


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What the ledger says of a submission."""

    received_at: datetime
    is_evaluated: bool


class VerdictPlace(NamedTuple):
    """Of what a verdict speaks: a period of a series, as known at a moment."""

    series: SeriesKey
    period: TimePeriod
    known_at: datetime


class VerdictContent(NamedTuple):
    """What a verdict says, as far as a changed catalogue can change it."""

    plan_version: int
    verdict: str
    expected: Decimal | None


def place_of(verdict: Assessment) -> VerdictPlace:
    """Of what a verdict speaks."""
    return VerdictPlace(verdict.series, verdict.period, verdict.known_at)


def content_of(verdict: Assessment) -> VerdictContent:
    """What a verdict says."""
    return VerdictContent(verdict.plan_version, verdict.verdict, verdict.measures.expected)


async def load_ledger(connection: AsyncConnection[Any], submission_ids: Sequence[str]) -> dict[str, LedgerEntry]:
    """Ledger entries by submission id; ids that the ledger does not know are absent."""
    rows = await connection.execute(
        "SELECT submission_id, received_at, evaluated_at IS NOT NULL FROM submissions WHERE submission_id = ANY(%s)",
        (list(submission_ids),),
    )
    return {row[0]: LedgerEntry(row[1], row[2]) for row in await rows.fetchall()}


async def insert_produced(
    connection: AsyncConnection[Any], submission: Submission, periods: str, content: bytes
) -> None:
    """Write a submission of an agency's own producer, which never passed the gateway, to the ledger."""
    await connection.execute(
        """
        INSERT INTO submissions (submission_id, agency_id, plan_id, periods, channel, content_type, content, simulated,
                                 received_at, accepted_rows, findings)
        VALUES (%s, %s, %s, %s, 'producer', 'application/json', %s, %s, %s, 0, '[]')
        ON CONFLICT DO NOTHING
        """,
        (
            submission.submission_id,
            submission.agency_id,
            submission.plan_id,
            periods,
            content,
            submission.simulated,
            submission.received_at,
        ),
    )


async def load_vintages(
    connection: AsyncConnection[Any],
    periods: Iterable[tuple[SeriesKey, date]],
    series_from: Mapping[SeriesKey, date],
) -> list[Observation]:
    """All vintages of the given periods, and of every period of the given series from a day on.

    Returns:
        Observations in no particular order; empty where nothing was reported yet.
    """
    places = {(str(series), start): series for series, start in periods}
    known = {**{key: series for (key, _), series in places.items()}, **{str(series): series for series in series_from}}
    columns = (
        "series_key, time_period, obs_value, obs_status, accumulation, submission_id, row_number, received_at, revision"
    )
    rows: list[tuple[Any, ...]] = []
    if places:
        keys, starts = [key for key, _ in places], [start for _, start in places]
        found = await connection.execute(
            f"SELECT {columns} FROM unnest(%s::text[], %s::date[]) AS place (series_key, period_start)"  # noqa: S608
            " JOIN observations USING (series_key, period_start)",
            (keys, starts),
        )
        rows += await found.fetchall()
    if series_from:
        keys, starts = [str(series) for series in series_from], list(series_from.values())
        found = await connection.execute(
            f"SELECT {columns} FROM unnest(%s::text[], %s::date[]) AS part (series_key, first_day)"  # noqa: S608
            " JOIN observations USING (series_key) WHERE period_start >= first_day",
            (keys, starts),
        )
        rows += await found.fetchall()
    return [_observation(known[row[0]], row) for row in rows]


async def insert_series(connection: AsyncConnection[Any], series: Mapping[SeriesKey, str]) -> None:
    """Register series, given with their plan id; those known already are left alone."""
    rows = [
        (str(key), plan_id, key.indicator_id, key.ref_area, key.freq, key.urbanisation, key.pop_group)
        for key, plan_id in sorted(series.items(), key=lambda item: str(item[0]))
    ]
    await connection.execute(
        """
        INSERT INTO series (series_key, plan_id, indicator_id, ref_area, freq, urbanisation, pop_group)
        SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
        ON CONFLICT DO NOTHING
        """,
        tuple(list(column) for column in zip(*rows, strict=True)),
    )


async def lock_series(connection: AsyncConnection[Any], series: Iterable[SeriesKey]) -> None:
    """Hold the given series until COMMIT, so that two workers never judge one series at the same time."""
    await connection.execute(
        "SELECT FROM series WHERE series_key = ANY(%s) ORDER BY series_key FOR UPDATE",
        (sorted(str(key) for key in series),),
    )


async def hold_states(connection: AsyncConnection[Any], subject_keys: Iterable[str]) -> dict[str, RunningState]:
    """The states kept of subjects, held until COMMIT with those that are not there yet; those are absent.

    Holding them keeps two workers from judging one subject at the same time from reports of different frequency.
    """
    keys = sorted(subject_keys)
    if not keys:
        return {}
    await connection.execute(
        "INSERT INTO series_state (subject_key, newest_at, state)"
        " SELECT key, 'epoch', '{}' FROM unnest(%s::text[]) AS key ON CONFLICT DO NOTHING",
        (keys,),
    )
    rows = await connection.execute(
        "SELECT subject_key, newest_at, state FROM series_state WHERE subject_key = ANY(%s)"
        " ORDER BY subject_key FOR UPDATE",
        (keys,),
    )
    return {key: state_from_mapping(newest, state) for key, newest, state in await rows.fetchall() if state}


async def save_states(connection: AsyncConnection[Any], states: Mapping[str, RunningState]) -> None:
    """Write the states of subjects that are held."""
    if not states:
        return
    await connection.cursor().executemany(
        "UPDATE series_state SET newest_at = %s, state = %s WHERE subject_key = %s",
        [(state.newest, Jsonb(state.as_mapping()), key) for key, state in sorted(states.items())],
    )


async def load_subject_series(connection: AsyncConnection[Any], plan_id: str, indicator_id: str) -> list[SeriesKey]:
    """Every series of an indicator."""
    rows = await connection.execute(
        "SELECT ref_area, freq, urbanisation, pop_group FROM series WHERE plan_id = %s AND indicator_id = %s",
        (plan_id, indicator_id),
    )
    return [SeriesKey(indicator_id, row[0], Freq(row[1]), row[2], row[3]) for row in await rows.fetchall()]


async def load_made(
    connection: AsyncConnection[Any], series: Iterable[SeriesKey], since: datetime
) -> dict[VerdictPlace, VerdictContent]:
    """What the verdicts known since a moment say; of those on one period and moment the last made."""
    keys = {str(key): key for key in series}
    rows = await connection.execute(
        """
        SELECT series_key, time_period, known_at, plan_version, class, expected_value
        FROM assessments WHERE series_key = ANY(%s) AND known_at >= %s AND method = %s
        ORDER BY plan_version, assessment_no
        """,
        (list(keys), since, METHOD),
    )
    return {
        VerdictPlace(keys[row[0]], parse_period(row[1]), row[2]): VerdictContent(*row[3:])
        for row in await rows.fetchall()
    }


async def is_waiting(connection: AsyncConnection[Any], event_id: str) -> bool | None:
    """Whether an event of the outbox has not had its effect yet; None if the outbox does not have it."""
    row = await (
        await connection.execute("SELECT settled_at IS NULL FROM outgoing_events WHERE event_id = %s", (event_id,))
    ).fetchone()
    return row[0] if row else None


async def copy_observations(connection: AsyncConnection[Any], observations: Iterable[Observation]) -> None:
    """Append vintages that are not in the table yet."""
    statement = """
        COPY observations (series_key, period_start, time_period, revision, obs_value, obs_status, accumulation,
                           submission_id, row_number, received_at) FROM STDIN
    """
    async with connection.cursor().copy(statement) as copy:
        for row in observations:
            await copy.write_row(
                (
                    str(row.series),
                    row.period.start,
                    str(row.period),
                    row.revision,
                    row.value,
                    row.status.value,
                    row.accumulation,
                    row.submission_id,
                    row.row,
                    row.received_at,
                )
            )


async def insert_work_reports(connection: AsyncConnection[Any], plan_id: str, reports: Sequence[WorkReport]) -> None:
    """Append what a submission says of tasks and projects; what is there already stays."""
    await connection.cursor().executemany(
        """
        INSERT INTO work_reports (submission_id, plan_id, commitment_id, ref_area, time_period, status, investment,
                                  expected_completion, row_number, received_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT DO NOTHING
        """,
        [
            (
                report.submission_id,
                plan_id,
                report.commitment_id,
                report.ref_area,
                str(report.period),
                report.status,
                report.investment,
                str(report.expected_completion) if report.expected_completion else None,
                report.row,
                report.received_at,
            )
            for report in reports
        ],
    )


async def renumber_observations(connection: AsyncConnection[Any], observations: Sequence[Observation]) -> None:
    """Give stored vintages the number they have now that an older one has arrived late."""
    if not observations:
        return
    await connection.cursor().executemany(
        "UPDATE observations SET revision = %s"
        " WHERE series_key = %s AND period_start = %s AND time_period = %s AND submission_id = %s",
        [(row.revision, str(row.series), row.period.start, str(row.period), row.submission_id) for row in observations],
    )


async def copy_assessments(connection: AsyncConnection[Any], assessments: Iterable[Assessment]) -> None:
    """Append verdicts."""
    statement = """
        COPY assessments (series_key, period_start, time_period, plan_id, plan_version, policy_version, method, class,
                          reason, obs_value, revision, measured, baseline_value, baseline_period, baseline_substituted,
                          expected_value, achieved_share, expected_share, schedule_index, gap, gap_pct, pace,
                          pace_needed, years_to_target, submission_id, known_at, caused_by, change_code,
                          change_zh, change_en) FROM STDIN
    """
    async with connection.cursor().copy(statement) as copy:
        for row in assessments:
            await copy.write_row(_assessment_row(row))


async def mark_evaluated(
    connection: AsyncConnection[Any], checked: Mapping[str, CheckedSubmission], now: datetime
) -> None:
    """Note in the ledger that submissions took effect, with the rows accepted and returned."""
    await connection.cursor().executemany(
        """
        UPDATE submissions SET evaluated_at = %s,
               accepted_rows = CASE channel WHEN 'producer' THEN %s ELSE accepted_rows END,
               findings = CASE channel WHEN 'producer' THEN %s ELSE findings END
        WHERE submission_id = %s
        """,
        [
            (now, result.accepted_rows, Jsonb([finding.as_mapping() for finding in result.findings]), submission_id)
            for submission_id, result in checked.items()
        ],
    )


def _observation(series: SeriesKey, row: tuple[Any, ...]) -> Observation:
    _, time_period, value, status, accumulation, submission_id, row_number, received_at, revision = row
    return Observation(
        series=series,
        period=parse_period(time_period),
        value=value,
        status=ObsStatus(status),
        accumulation=Accumulation(accumulation) if accumulation else None,
        submission_id=submission_id,
        row=row_number,
        received_at=received_at,
        revision=revision,
    )


def _assessment_row(row: Assessment) -> tuple[Any, ...]:
    figures = row.measures
    return (
        str(row.series),
        row.period.start,
        str(row.period),
        row.plan_id,
        row.plan_version,
        row.policy_version,
        METHOD,
        row.verdict.value,
        row.reason,
        row.value,
        row.revision,
        figures.measured,
        figures.baseline,
        str(row.baseline_period) if row.baseline_period else None,
        row.baseline_substituted,
        figures.expected,
        figures.achieved_share,
        figures.expected_share,
        figures.schedule_index,
        figures.gap,
        figures.gap_pct,
        figures.pace,
        figures.pace_needed,
        figures.years_to_target,
        row.submission_id,
        row.known_at,
        row.caused_by,
        row.change.code if row.change else None,
        row.change.text.zh if row.change else None,
        row.change.text.en if row.change else None,
    )
