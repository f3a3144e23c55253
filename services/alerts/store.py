"""SQL of the alerting service: verdicts in, digests and mails out, inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row

from planwatch.early_warning import Verdict
from planwatch.forecast import falls_short
from planwatch.language import Text
from planwatch.period import Freq, parse_period
from planwatch.policy import DOUBTED, AssessmentClass
from planwatch.schedule import METHOD
from planwatch.series import SeriesKey

MAIL_CHANNEL = "planwatch_mail"
"""PostgreSQL notification channel on which the sender hears of new mails."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A series with its plan: what a case is about."""

    plan_id: str
    series: SeriesKey


@dataclass(frozen=True, slots=True)
class Figures:
    """The verdict behind a change with its figures, and where they came from."""

    time_period: str
    verdict: str
    obs_value: Decimal | None
    measured: Decimal | None
    baseline_value: Decimal | None
    baseline_period: str | None
    baseline_substituted: bool
    expected_value: Decimal | None
    achieved_share: float | None
    expected_share: float | None
    gap: Decimal | None
    submission_id: str
    received_at: datetime
    simulated: bool
    forecast_value: float | None = None
    forecast_low: float | None = None
    forecast_high: float | None = None
    probability: float | None = None


async def load_subjects(connection: AsyncConnection[Any], series_keys: Sequence[str]) -> dict[str, Subject]:
    """Subjects by series key; unknown keys are absent."""
    rows = await connection.execute(
        """
        SELECT series_key, plan_id, indicator_id, ref_area, freq, urbanisation, pop_group
        FROM series WHERE series_key = ANY(%s)
        """,
        (list(series_keys),),
    )
    return {
        row[0]: Subject(row[1], SeriesKey(row[2], row[3], Freq(row[4]), row[5], row[6]))
        for row in await rows.fetchall()
    }


async def load_verdicts(
    connection: AsyncConnection[Any], series_keys: Sequence[str], known_at: datetime
) -> dict[str, list[Verdict]]:
    """The verdicts of each series as they were known at a moment, in rising period."""
    rows = await connection.execute(
        """
        SELECT a.*, f.probability, f.pace, f.pace_needed, f.known_at
        FROM (
            SELECT DISTINCT ON (series_key, period_start, time_period) series_key, time_period, class, submission_id,
                   known_at, expected_share
            FROM assessments
            WHERE series_key = ANY(%(keys)s) AND known_at <= %(at)s AND method = %(method)s
            ORDER BY series_key, period_start, time_period, known_at DESC, plan_version DESC, assessment_no DESC
        ) AS a
        LEFT JOIN LATERAL (
            SELECT CASE WHEN reason IS NULL AND a.class = ANY(%(doubted)s) THEN probability END AS probability, pace,
                   pace_needed, known_at
            FROM assessment_forecasts AS known
            WHERE (known.series_key, known.time_period) = (a.series_key, a.time_period) AND known_at <= %(at)s
            ORDER BY known_at DESC LIMIT 1
        ) AS f ON true
        ORDER BY series_key, period_end(a.time_period)
        """,
        {"keys": list(series_keys), "at": known_at, "method": METHOD, "doubted": sorted(DOUBTED)},
    )
    verdicts: dict[str, list[Verdict]] = defaultdict(list)
    for row in await rows.fetchall():
        series_key, time_period, verdict, submission_id, made_at, due, likely, pace, pace_needed, forecast_at = row
        probability = likely if falls_short(pace, pace_needed) else None
        counts_from = made_at if likely is None else max(made_at, forecast_at)
        verdicts[series_key].append(
            Verdict(parse_period(time_period), AssessmentClass(verdict), submission_id, counts_from, probability, due)
        )
    return verdicts


async def load_figures(
    connection: AsyncConnection[Any], series_key: str, time_period: str, known_at: datetime
) -> Figures:
    """The verdict on one period as it was known at a moment, with the submission behind it."""
    cursor = connection.cursor(row_factory=class_row(Figures))
    await cursor.execute(
        """
        SELECT a.time_period, a.class AS verdict, a.obs_value, a.measured, a.baseline_value, a.baseline_period,
               a.baseline_substituted, a.expected_value, a.achieved_share, a.expected_share, a.gap, a.submission_id,
               s.received_at, s.simulated, f.value AS forecast_value, f.low AS forecast_low, f.high AS forecast_high,
               f.probability
        FROM assessments AS a
        JOIN submissions AS s USING (submission_id)
        LEFT JOIN LATERAL (
            SELECT value, low, high, probability FROM assessment_forecasts AS known
            WHERE (known.series_key, known.time_period) = (a.series_key, a.time_period)
              AND known.known_at <= %(at)s AND reason IS NULL
            ORDER BY known.known_at DESC LIMIT 1
        ) AS f ON true
        WHERE a.series_key = %(series)s AND a.period_start = %(start)s AND a.time_period = %(period)s
          AND a.known_at <= %(at)s AND a.method = %(method)s
        ORDER BY a.known_at DESC, a.plan_version DESC, a.assessment_no DESC
        LIMIT 1
        """,
        {
            "series": series_key,
            "start": parse_period(time_period).start,
            "period": time_period,
            "at": known_at,
            "method": METHOD,
        },
    )
    figures = await cursor.fetchone()
    assert figures is not None
    return figures


@dataclass(frozen=True, slots=True)
class Source:
    """The submission behind a step that rests on no verdict."""

    submission_id: str
    received_at: datetime
    simulated: bool


async def load_source(connection: AsyncConnection[Any], submission_id: str | None) -> Source | None:
    """Where what is told came from; None where nothing was received, as of a missing report."""
    cursor = connection.cursor(row_factory=class_row(Source))
    await cursor.execute(
        "SELECT submission_id, received_at, simulated FROM submissions WHERE submission_id = %s", (submission_id,)
    )
    return await cursor.fetchone()


async def load_email(connection: AsyncConnection[Any], agency_id: str, day: date) -> str | None:
    """Where an agency's mails go on a day: to a substitute whose days these are, else to its contact.

    Returns:
        None where the operator has entered no address.
    """
    row = await (
        await connection.execute(
            """
            SELECT coalesce(c.email, a.email)
            FROM agencies AS a
            LEFT JOIN agency_contacts AS c
                ON c.agency_id = a.agency_id
                AND %(day)s BETWEEN c.valid_from AND coalesce(c.valid_until, 'infinity')
            WHERE a.agency_id = %(agency)s
            ORDER BY c.is_substitute DESC NULLS LAST, c.valid_from DESC LIMIT 1
            """,
            {"agency": agency_id, "day": day},
        )
    ).fetchone()
    return row[0] if row else None


@dataclass(frozen=True, slots=True)
class Mail:
    """A rendered mail for the outbox; fields as in table `mails`."""

    mail_id: str
    mail_kind: str
    agency_id: str
    recipient: str
    subject: str
    message_id: str
    message: bytes
    accepted_at: datetime
    not_before: datetime | None = None


async def insert_mail(connection: AsyncConnection[Any], mail: Mail, now: datetime) -> None:
    """Put a mail into the outbox and wake the sender at COMMIT; a mail that is there already is left as it is."""
    await connection.execute(
        """
        INSERT INTO mails (mail_id, mail_kind, agency_id, recipient, subject, message_id, message, accepted_at,
                           created_at, state, next_attempt_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'pending', %s)
        ON CONFLICT DO NOTHING
        """,
        (
            mail.mail_id,
            mail.mail_kind,
            mail.agency_id,
            mail.recipient,
            mail.subject,
            mail.message_id,
            mail.message,
            mail.accepted_at,
            now,
            mail.not_before or now,
        ),
    )
    await connection.execute(f"NOTIFY {MAIL_CHANNEL}")


async def load_thread(connection: AsyncConnection[Any], case_id: str) -> list[str]:
    """Message-IDs of the mails on one case so far, oldest first; a matter of its own is a thread of its own."""
    rows = await connection.execute(
        """
        SELECT m.message_id FROM warning_history AS h JOIN mails AS m USING (mail_id)
        WHERE h.case_id = %(case)s AND m.mail_kind NOT IN ('digest', 'group')
          AND h.step >= (SELECT max(b.step) FROM warning_history AS b
                         WHERE b.case_id = %(case)s AND b.step_kind = 'raise')
        ORDER BY h.step
        """,
        {"case": case_id},
    )
    return [message_id for (message_id,) in await rows.fetchall()]


async def open_digest(connection: AsyncConnection[Any], agency_id: str) -> str | None:
    """The mail id of the agency's open digest, held until COMMIT; None if none is open."""
    row = await (
        await connection.execute(
            "SELECT mail_id FROM digests WHERE agency_id = %s AND closed_at IS NULL FOR UPDATE", (agency_id,)
        )
    ).fetchone()
    return row[0] if row else None


async def load_last_digest_date(connection: AsyncConnection[Any], agency_id: str) -> date | None:
    """Local date of the agency's newest digest."""
    row = await (
        await connection.execute("SELECT max(local_date) FROM digests WHERE agency_id = %s", (agency_id,))
    ).fetchone()
    return row[0] if row else None


async def insert_digest(
    connection: AsyncConnection[Any], mail_id: str, agency_id: str, local_date: date, due_at: datetime, now: datetime
) -> None:
    """Open a digest."""
    await connection.execute(
        "INSERT INTO digests (mail_id, agency_id, local_date, opened_at, due_at) VALUES (%s, %s, %s, %s, %s)",
        (mail_id, agency_id, local_date, now, due_at),
    )


@dataclass(frozen=True, slots=True)
class DueDigest:
    """A digest whose time has come."""

    mail_id: str
    agency_id: str
    local_date: date


@dataclass(frozen=True, slots=True)
class DigestItem:
    """What a digest has to tell of one case: its last step within the digest, and what was told before and after.

    Attributes:
        was_open_before: the case was open when the digest began, so its department knows of it.
        is_overtaken: a mail of its own has told a later step.
    """

    case_id: str
    step: int
    step_kind: str
    level: str
    previous_level: str | None
    reason_zh: str
    reason_en: str
    policy_line: str
    time_period: str
    submission_id: str | None
    at: datetime
    was_open_before: bool
    is_overtaken: bool


async def load_due_digests(connection: AsyncConnection[Any], now: datetime) -> list[DueDigest]:
    """Digests to be closed at `now`, held until COMMIT; those that another process holds are left to it."""
    rows = await connection.execute(
        """
        SELECT mail_id, agency_id, local_date FROM digests
        WHERE closed_at IS NULL AND due_at <= %s ORDER BY due_at LIMIT 20 FOR UPDATE SKIP LOCKED
        """,
        (now,),
    )
    return [DueDigest(*row) for row in await rows.fetchall()]


async def load_digest_items(connection: AsyncConnection[Any], mail_id: str) -> list[DigestItem]:
    """The last step of each case in a digest, gravest first."""
    rows = await connection.execute(
        """
        SELECT DISTINCT ON (h.case_id) h.case_id, h.step, h.step_kind, h.level,
               (SELECT b.level FROM warning_history AS b WHERE b.case_id = h.case_id AND b.step < h.step
                ORDER BY b.step DESC LIMIT 1),
               h.reason_zh, h.reason_en, h.policy_line, h.time_period, h.submission_id, h.at,
               coalesce((SELECT b.step_kind <> 'close' FROM warning_history AS b
                         WHERE b.case_id = h.case_id
                           AND b.step_kind NOT IN ('note', 'mail_failed')
                           AND b.step < (SELECT min(f.step) FROM warning_history AS f
                                         WHERE f.case_id = h.case_id AND f.mail_id = h.mail_id)
                         ORDER BY b.step DESC LIMIT 1), false),
               EXISTS (SELECT FROM warning_history AS o WHERE o.case_id = h.case_id AND o.step > h.step
                       AND o.delivery = 'immediate')
        FROM warning_history AS h
        WHERE h.mail_id = %s
        ORDER BY h.case_id, h.step DESC
        """,
        (mail_id,),
    )
    return [DigestItem(*row) for row in await rows.fetchall()]


async def close_digest(
    connection: AsyncConnection[Any], mail_id: str, now: datetime, held_back: Text | None = None
) -> None:
    """Mark a digest as closed; `held_back` says why nothing is mailed, None where a mail was written."""
    await connection.execute(
        "UPDATE digests SET closed_at = %s, held_back_zh = %s, held_back_en = %s WHERE mail_id = %s",
        (now, held_back.zh if held_back else None, held_back.en if held_back else None, mail_id),
    )


async def open_summary(connection: AsyncConnection[Any], mail_id: str, agency_id: str, due_at: datetime) -> None:
    """Note that a weekly summary has an entry; one that is noted already is left as it is."""
    await connection.execute(
        "INSERT INTO weekly_summaries (mail_id, agency_id, due_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (mail_id, agency_id, due_at),
    )


async def count_open(connection: AsyncConnection[Any]) -> tuple[dict[str, int], int]:
    """Open warnings by level code, and the number of mails that wait."""
    levels = await connection.execute("SELECT level, count(*) FROM early_warnings WHERE state <> 'closed' GROUP BY 1")
    waiting = await (await connection.execute("SELECT count(*) FROM mails WHERE state = 'pending'")).fetchone()
    return dict(await levels.fetchall()), waiting[0] if waiting else 0
