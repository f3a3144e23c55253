"""What changed between two verdicts on one period, and why: in words that are stored with the newer one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from planwatch.language import Text
from planwatch.observation import Observation
from planwatch.period import TimePeriod
from planwatch.plan import Indicator
from planwatch.plan_history import Rule
from planwatch.schedule import Judgement
from planwatch.wording import CLASS_NAMES, period_name


class Judged(NamedTuple):
    """One verdict with what it was made from."""

    rule: Rule
    observation: Observation
    judgement: Judgement

    def same_as(self, other: Judged | None) -> bool:
        """Whether both say the same, under the same plan version."""
        return (
            other is not None
            and self.judgement == other.judgement
            and self.rule.plan.version == other.rule.plan.version
            and self.observation.value == other.observation.value
        )


@dataclass(frozen=True, slots=True)
class Change:
    """Why a period has another verdict than before.

    Attributes:
        code: the first cause that applies: plan_version, milestone, revision, baseline, earlier_figure or policy.
        text: every cause, and what became of the class.
    """

    code: str
    text: Text


def describe_change(
    before: Judged, after: Judged, arrived: Collection[TimePeriod], policies: tuple[str, str] | None = None
) -> Change:
    """The causes of a new verdict on a period that had one.

    Args:
        before: the verdict that stood.
        after: the one that takes its place.
        arrived: periods whose figures came or were corrected.
        policies: the versions of the policy before and after, where another one judges.
    """
    causes = [cause for cause in _causes(before, after, arrived) if cause is not None]
    if policies is not None:
        old, new = policies
        causes.append(Change("policy", Text(f"政策{new}取代了{old}", f"policy {new} replaced {old}")))
    outcome = _outcome(before, after)
    texts = [cause.text for cause in causes] + [outcome]
    return Change(
        causes[0].code if causes else "revision",
        Text("；".join(text.zh for text in texts), "; ".join(text.en for text in texts)),
    )


def _causes(before: Judged, after: Judged, arrived: Collection[TimePeriod]) -> list[Change | None]:
    causes = [_plan_version(before, after), _milestone(before, after), _revision(before, after)]
    causes.append(_baseline(before, after))
    own_period = after.observation.period
    rests_on_others = after.rule.indicator.is_total and any(period != own_period for period in arrived)
    if rests_on_others and before.judgement != after.judgement:
        causes.append(_earlier_figure(sorted(period for period in arrived if period != own_period)))
    return causes


def _plan_version(before: Judged, after: Judged) -> Change | None:
    old, new = before.rule.plan, after.rule.plan
    if old.version == new.version:
        return None
    what = _target_change(before.rule.indicator, after.rule.indicator)
    revision = new.revision
    because = Text(f"（{revision.document.zh}）", f" ({revision.document.en})") if revision else Text("", "")
    zh = f"规划第{new.version}版{what.zh}{because.zh}"
    return Change("plan_version", Text(zh, f"plan version {new.version} {what.en}{because.en}"))


def _target_change(old: Indicator, new: Indicator) -> Text:
    before, after = old.target, new.target
    if before.value != after.value:
        rises = after.value > before.value
        values = f"{before.value:f}", f"{after.value:f}"
        zh, en = ("调高", "raised") if rises else ("调低", "lowered")
        return Text(f"将目标由{values[0]}{zh}为{values[1]}", f"{en} the target from {values[0]} to {values[1]}")
    if before != after:
        return Text("改变了目标的年份或比较符", "changed the year or the comparator of the target")
    return Text("取代了前一版", "replaced the version before it")


def _milestone(before: Judged, after: Judged) -> Change | None:
    known = {(one.year, one.version) for one in before.rule.statements}
    stated = [one for one in after.rule.statements if (one.year, one.version) not in known]
    indicator_id = after.rule.indicator.indicator_id
    texts = [
        Text(
            f"{one.year}年年度目标定为{one.milestones[indicator_id].value:f}（{one.document.zh}）",
            f"a milestone was stated: {one.milestones[indicator_id].value:f} for {one.year} ({one.document.en})",
        )
        for one in stated
    ]
    if not stated and len(after.rule.statements) < len(before.rule.statements):
        texts = [Text("年度目标被撤回", "a milestone was withdrawn")]
    if not texts:
        return None
    return Change("milestone", Text("；".join(text.zh for text in texts), "; ".join(text.en for text in texts)))


def _revision(before: Judged, after: Judged) -> Change | None:
    old, new = before.observation, after.observation
    if old.submission_id == new.submission_id:
        return None
    return Change(
        "revision",
        Text(
            f"第{new.revision}版数据（{_figure(new.value)}）取代第{old.revision}版（{_figure(old.value)}）",
            f"revision {new.revision} ({_figure(new.value)}) replaced revision {old.revision} ({_figure(old.value)})",
        ),
    )


def _baseline(before: Judged, after: Judged) -> Change | None:
    old, new = before.judgement.start, after.judgement.start
    if new is None or new.period is None or not new.substituted or old == new:
        return None
    name = period_name(new.period)
    return Change(
        "baseline",
        Text(
            f"代作基期的数改为{name.zh}的{_figure(new.value)}",
            f"the figure that stands in for the baseline is now {_figure(new.value)} ({name.en})",
        ),
    )


def _earlier_figure(periods: list[TimePeriod]) -> Change:
    names = [period_name(period) for period in periods]
    zh = f"累计所含的{'、'.join(name.zh for name in names)}数据有补报或更正"
    return Change(
        "earlier_figure", Text(zh, f"figures the total rests on came or changed: {', '.join(n.en for n in names)}")
    )


def _outcome(before: Judged, after: Judged) -> Text:
    old, new = CLASS_NAMES[before.judgement.verdict], CLASS_NAMES[after.judgement.verdict]
    if old == new:
        return Text(f"评价仍为{new.zh}", f"the class is still {new.en}")
    return Text(f"评价由{old.zh}变为{new.zh}", f"the class changes from {old.en} to {new.en}")


def _figure(value: Decimal | None) -> str:
    return "—" if value is None else f"{value:f}"
