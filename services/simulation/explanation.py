"""Why a trouble was missed, and why a warning was about nothing: a cause for each, with the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from planwatch.case.kinds import CaseKind
from planwatch.language import Text
from planwatch.period import Freq
from planwatch.policy import AssessmentClass
from planwatch.series import SeriesKey
from services.simulation.area import RunningArea
from services.simulation.indicators import Shape, Watched, watched
from services.simulation.latent import Latent, year_to_date
from services.simulation.matching import Warned
from services.simulation.planting import DATA_ERRORS, Fault, FaultKind
from services.simulation.reports import Sent, period_of
from services.simulation.truth import Trouble

EARLY_MONTHS = 6
"""Months in which so little is due that a usual error is a large part of it."""

AFTERMATH = 3
"""Months after a trouble in which its figures may still speak."""


class Cause(StrEnum):
    """Why a warning and the truth differ."""

    LATE = "warned_late"
    NO_FIGURE = "no_figure"
    HIDDEN = "noise_hid_it"
    SLOW_FORECAST = "forecast_turns_slowly"
    OTHER_KIND = "warned_of_another_kind"
    SLOW_GAP = "gap_widened_too_slowly"
    LITTLE_DUE = "little_is_due_yet"
    NOISE = "noise"
    UNCONTRADICTED = "nothing_contradicts_it"
    SMALL_JUMP = "jump_within_usual_changes"
    DATA_ERROR = "planted_data_error"
    AFTERMATH = "aftermath"
    UNEXPLAINED = "unexplained"


CAUSE_NAMES = {
    Cause.LATE: Text("预警迟于时限", "warned, but after the window"),
    Cause.NO_FIGURE: Text("时限内没有可评价的数据", "no figure that can be judged came within the window"),
    Cause.HIDDEN: Text("误差使所报数据落在好的一侧", "noise put the reported figures on the good side"),
    Cause.SLOW_FORECAST: Text(
        "预测沿用全期稳健速度，转折反映慢", "the forecast follows a robust pace and turns slowly"
    ),
    Cause.OTHER_KIND: Text("以另一类预警通知", "a warning of another kind spoke of it"),
    Cause.SLOW_GAP: Text("差距缓慢扩大，每期变化不超出波动", "the gap widened so slowly that no period stood out"),
    Cause.LITTLE_DUE: Text("规划初期应完成量很小，误差占比大", "so little is due at first that noise is a large part"),
    Cause.NOISE: Text("误差使所报数据越过界限", "noise carried the reported figure over the limit"),
    Cause.UNCONTRADICTED: Text("没有其他数据与差错矛盾", "no other figure contradicts the error"),
    Cause.SMALL_JUMP: Text("跳变未超出通常变化的十倍", "the jump is within ten usual changes of the series"),
    Cause.DATA_ERROR: Text("植入的数据差错", "a planted error in the figures"),
    Cause.AFTERMATH: Text("问题消除后的余波", "what is left of a trouble that has ended"),
    Cause.UNEXPLAINED: Text("原因不明", "not explained"),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """One miss or false alarm.

    Attributes:
        since: onset of the trouble, or first period of the warning; a day for overdue reports.
        true_value, reported_value: in that month; None where there is none.
        detail: in words, with the figures.
    """

    area: str
    indicator: str
    part: str
    kind: CaseKind
    since: str
    cause: Cause
    true_value: float | None
    reported_value: float | None
    detail: Text

    def as_mapping(self) -> dict[str, object]:
        """As the JSON has it."""
        return {
            "area": self.area,
            "simulated": True,
            "indicator": self.indicator,
            "urbanisation": self.part,
            "kind": self.kind,
            "since": self.since,
            "cause": self.cause,
            "true_value": self.true_value,
            "reported_value": self.reported_value,
            "explanation": self.detail.as_mapping(),
        }


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an explanation may look at: the truth, what was sent, and what the core made of it."""

    run: RunningArea
    latent: dict[str, Latent]
    sent: Sent
    faults: Sequence[Fault]
    troubles: Sequence[Trouble]
    warnings: Sequence[Warned]
    months: int


def explain_miss(at: Circumstances, trouble: Trouble) -> Explained:
    """Why nothing was said of a trouble in time."""
    last = min(trouble.window_end, at.months - 1)
    cause, detail = _cause_of_miss(at, trouble, last)
    return _explained(at, trouble.key, trouble.part, trouble.kind, trouble.onset, cause, detail)


def explain_false_alarm(at: Circumstances, warned: Warned) -> Explained:
    """Why a warning was raised about nothing."""
    cause, detail = _cause_of_alarm(at, warned)
    return _explained(at, warned.key, warned.part, warned.kind, warned.first, cause, detail)


def _cause_of_miss(at: Circumstances, trouble: Trouble, last: int) -> tuple[Cause, Text]:
    about = [warned for warned in at.warnings if (warned.key, warned.part) == (trouble.key, trouble.part)]
    later = [w.first for w in about if w.kind is trouble.kind and trouble.window_end < w.first < trouble.end]
    if later:
        delay = min(later) - trouble.onset
        return Cause.LATE, Text(f"发生后第{delay}期才预警", f"warned {delay} periods after the onset")
    if trouble.kind is CaseKind.FORECAST_MISS:
        seen = ", ".join(f"{p:.0%}" for p in _probabilities(at, trouble, last)) or "—"
        return Cause.SLOW_FORECAST, Text(
            f"时限内预测的概率：{seen}", f"probabilities forecast within the window: {seen}"
        )
    if trouble.kind is CaseKind.GAP_WIDENING:
        return Cause.SLOW_GAP, Text("每期变化均在波动之内", "the change of every period was within the noise")
    if trouble.kind is CaseKind.DATA_QUALITY:
        return _cause_of_missed_error(at, trouble)
    classes = _classes(at, trouble, last)
    names = ", ".join(classes) or "—"
    detail = Text(f"时限内的评价：{names}", f"verdicts within the window: {names}")
    if not classes or set(classes) <= {AssessmentClass.NOT_ASSESSABLE, AssessmentClass.NO_DATA}:
        return Cause.NO_FIGURE, detail
    if any(w.first <= last and w.last >= trouble.onset for w in about):
        return Cause.OTHER_KIND, detail
    return Cause.HIDDEN, detail


def _cause_of_missed_error(at: Circumstances, trouble: Trouble) -> tuple[Cause, Text]:
    fault = next(f for f in at.faults if f.where == trouble.key and f.kind in DATA_ERRORS)
    if fault.kind is FaultKind.CONTRADICTION:
        return Cause.UNCONTRADICTED, Text(
            "年初的累计数少报一半，仍不低于上月", "half of a total early in the year is not less than the month before"
        )
    return Cause.SMALL_JUMP, Text(f"严重度{fault.severity:.2f}", f"severity {fault.severity:.2f}")


def _cause_of_alarm(at: Circumstances, warned: Warned) -> tuple[Cause, Text]:
    row = watched(warned.key)
    if any(f.where == warned.key and f.kind in DATA_ERRORS and f.start - 1 <= warned.first <= f.end for f in at.faults):
        return Cause.DATA_ERROR, Text("该指标此时植入了数据差错", "an error was planted in these figures then")
    own = [trouble for trouble in at.troubles if trouble.key == warned.key]
    ended = [t for t in own if t.kind is not CaseKind.OVERDUE_REPORT and t.end <= warned.first]
    if warned.kind is CaseKind.FORECAST_MISS and ended:
        return Cause.SLOW_FORECAST, Text(
            "此前的问题已消除，稳健速度仍受其影响", "the robust pace still counts a past trouble"
        )
    if any(warned.first - t.end < AFTERMATH for t in ended):
        return Cause.AFTERMATH, Text("同一指标的问题刚刚消除", "a trouble of the same indicator has just ended")
    standing = [t for t in own if t.kind is not warned.kind and t.onset - 1 <= warned.first < t.end]
    if any(t.kind is not CaseKind.OVERDUE_REPORT for t in standing):
        return Cause.OTHER_KIND, Text(f"实为{standing[0].kind}", f"it truly was {standing[0].kind}")
    if row.has_path and warned.first < EARLY_MONTHS and warned.kind is not CaseKind.FORECAST_MISS:
        return Cause.LITTLE_DUE, _little_due(row, warned.first)
    noise = f"{row.provisional:g}"
    return Cause.NOISE, Text(f"初步数误差的标准差为{noise}", f"a provisional figure has a standard error of {noise}")


def _little_due(row: Watched, month: int) -> Text:
    due = row.distance * (month + 1) / (12 * (row.until - 2020))
    share = row.provisional / due
    return Text(
        f"至该月应完成{due:.3g}，初步数误差为其{share:.0%}",
        f"{due:.3g} is due by then; the error of a provisional figure is {share:.0%} of it",
    )


def _explained(
    at: Circumstances, key: str, part: str, kind: CaseKind, since: int, cause: Cause, detail: Text
) -> Explained:
    plan = at.run.plan
    row = watched(key)
    is_day = kind is CaseKind.OVERDUE_REPORT
    name = CAUSE_NAMES[cause]
    return Explained(
        area=plan.ref_area,
        indicator=row.indicator_id(plan.plan_id),
        part=part,
        kind=kind,
        since=date.fromordinal(since).isoformat() if is_day else str(period_of(since)),
        cause=cause,
        true_value=None if is_day else round(_true_value(row, at.latent[key], part, since), 4),
        reported_value=None if is_day else _reported(at, key, part, since),
        detail=Text(f"{name.zh}：{detail.zh}", f"{name.en}: {detail.en}"),
    )


def _true_value(row: Watched, truth: Latent, part: str, month: int) -> float:
    if row.shape is Shape.TOTAL:
        return year_to_date(truth.total, month)
    return {"_T": truth.total, "U": truth.urban, "R": truth.rural}[part][month]


def _reported(at: Circumstances, key: str, part: str, month: int) -> float | None:
    known = at.sent.get((key, part, month), [])
    return known[0].value if known else None


def _subject_key(at: Circumstances, trouble: Trouble) -> str:
    row = watched(trouble.key)
    plan = at.run.plan
    return SeriesKey(row.indicator_id(plan.plan_id), plan.ref_area, Freq.MONTHLY, trouble.part).subject_key


def _classes(at: Circumstances, trouble: Trouble, last: int) -> list[str]:
    verdicts = at.run.verdicts.get(_subject_key(at, trouble), {})
    periods = [period_of(month) for month in range(trouble.onset, last + 1)]
    return [str(verdicts[period].verdict) for period in periods if period in verdicts]


def _probabilities(at: Circumstances, trouble: Trouble, last: int) -> list[float]:
    outlooks = at.run.probabilities.get(_subject_key(at, trouble), {})
    periods = [period_of(month) for month in range(trouble.onset, last + 1)]
    return [outlooks[period] for period in periods if period in outlooks]
