"""预计难以实现: of every period, whether the target is unlikely although the schedule is kept."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import chain

from planwatch.case.events import Reading
from planwatch.case.judgement import standing_verdicts
from planwatch.early_warning import Verdict
from planwatch.language import Text
from planwatch.policy import DOUBTED
from planwatch.wording import CLASS_NAMES, period_name, probability_name

UNLIKELY, NOT_UNLIKELY = "target_unlikely", "target_likely"


def forecast_readings(verdicts: Sequence[Verdict], unlikely_below: Decimal) -> list[Reading]:
    """The readings that a case of a forecast miss rests on; the forecast stands beside the verdict on its period.

    Where the class is a bad one, the case of the verdict speaks, and the forecast is no matter of its own.

    Args:
        verdicts: current verdicts of the subject at every frequency, each with the probability forecast then.
        unlikely_below: a lower probability of reaching the target is a miss.
    Returns:
        In rising period, of the frequencies that stand; empty where no verdict is real.
    """
    real = sorted(chain(*standing_verdicts(verdicts)), key=lambda verdict: (verdict.period.end, verdict.period.days))
    return [_reading(verdict, unlikely_below) for verdict in real]


def _reading(verdict: Verdict, unlikely_below: Decimal) -> Reading:
    is_kept = verdict.verdict in DOUBTED
    is_bad = is_kept and verdict.probability is not None and verdict.probability < unlikely_below
    return Reading(
        period=verdict.period,
        is_bad=is_bad,
        cause=UNLIKELY if is_bad else NOT_UNLIKELY,
        submission_id=verdict.submission_id,
        known_at=verdict.known_at,
        because=_because(verdict, is_bad=is_bad),
    )


def _because(verdict: Verdict, *, is_bad: bool) -> Text:
    name, period = CLASS_NAMES[verdict.verdict], period_name(verdict.period)
    because = Text(f"{period.zh}评价为{name.zh}", f"{period.en} is assessed as {name.en}")
    if verdict.verdict not in DOUBTED:
        return because
    if verdict.probability is None:
        return Text(
            f"{because.zh}，且没有目标难以实现的预测", f"{because.en}, and no forecast calls the target unlikely"
        )
    likely = probability_name(verdict.probability)
    if is_bad:
        return Text(
            f"{because.zh}，但按目前走势如期实现目标的概率为{likely.zh}",
            f"{because.en}, but the target will be reached with a probability of {likely.en} only",
        )
    return Text(
        f"{because.zh}，按目前走势如期实现目标的概率为{likely.zh}",
        f"{because.en}, and the target will be reached with a probability of {likely.en}",
    )
