"""What `planwatch policy simulate` prints: the check of the replay, the cases and mails that differ, with figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import click

from planwatch.case.post import PlannedMail
from planwatch.case.replay_comparison import Divergence, Episode, StepDifference
from planwatch.case.wording import MAIL_KIND_NAMES
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from planwatch.plan import Plan
from planwatch.wording import CLASS_NAMES, KIND_NAMES
from services.cli.printing import print_table, printed
from services.policy_records import KnownVerdict
from services.policy_simulation import DifferingCase, Simulation

MOST_ROWS = 200
"""More rows than this of one table are counted and left to `--json`."""

_VERDICT_HEADINGS = (
    "指标",
    "地区",
    "时期",
    "实际",
    "路径应达",
    "完成进度",
    "序时进度",
    "进度比",
    "原评价",
    "拟改后",
    "来源报送",
)
DIVERGENCE_NAMES = {
    Divergence.OPENS: Text("新开", "opens"),
    Divergence.DOES_NOT_OPEN: Text("不开", "does not open"),
    Divergence.OPENS_EARLIER: Text("提早开", "opens earlier"),
    Divergence.OPENS_LATER: Text("推迟开", "opens later"),
    Divergence.LEVEL: Text("等级不同", "other level"),
    Divergence.DEADLINE: Text("期限不同", "other deadline"),
    Divergence.ESCALATION: Text("督办不同", "other escalation"),
    Divergence.CLOSES_EARLIER: Text("提早销号", "closes earlier"),
    Divergence.CLOSES_LATER: Text("推迟销号", "closes later"),
}


def simulation_as_json(found: Simulation, plan: Plan, first: date, last: date) -> dict[str, Any]:
    """The whole outcome, with the figures behind every difference."""
    return {
        "plan": plan.plan_id,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "in_force": list(found.in_force),
        "changed": found.changed,
        "control": {
            "recorded_steps": found.recorded_steps,
            "reproduced": not found.control,
            "differences": [_step(difference) for difference in found.control],
            "steps_of_a_clock_that_never_stops": found.clock_steps,
            "cases_not_replayed": found.not_replayed,
            "verdicts_not_judged_again": found.unjudged,
        },
        "verdicts": [
            {**_figures(item.verdict), "changed_class": item.changed} for item in found.verdicts
        ],
        "case_counts": _case_counts(found),
        "cases": [_case(item, plan) for item in found.cases],
        "mail_counts": [
            {"kind": kind, "agency": agency, "present": present, "changed": changed}
            for (kind, agency), (present, changed) in found.mails.counts.items()
        ],
        "mails_only_present": [_mail(mail) for mail in found.mails.only_present],
        "mails_only_changed": [_mail(mail) for mail in found.mails.only_changed],
    }  # fmt: skip


def print_simulation(found: Simulation, plan: Plan, first: date, last: date) -> None:
    """The outcome for people: first whether the replay can be trusted, then what differs."""
    click.echo(f"{plan.title.zh}，{first} 至 {last}：{' → '.join(found.in_force)} 与 {found.changed} 相比")
    _print_control(found)
    rows = [_verdict_row(item.verdict, CLASS_NAMES[item.changed].zh, plan) for item in found.verdicts]
    heads = (
        "指标",
        "地区",
        "时期",
        "实际",
        "路径应达",
        "完成进度",
        "序时进度",
        "进度比",
        "原评价",
        "拟改后",
        "来源报送",
    )
    _print("评价不同", heads, rows)
    counts = "，".join(
        f"{DIVERGENCE_NAMES[Divergence(name)].zh} {count}" for name, count in _case_counts(found).items()
    )
    _print(
        f"预警不同（{counts}）" if counts else "预警不同",
        ("指标", "地区", "类别", "差异", "现行政策", "拟改政策", "依据", "政策条款"),
        [_case_row(item, plan) for item in found.cases],
    )
    _print(
        "邮件份数",
        ("种类", "单位", "现行", "拟改"),
        [(_mail_name(kind), _agency(plan, to), *pair) for (kind, to), pair in found.mails.counts.items()],
    )
    mails = [("不再发出", mail) for mail in found.mails.only_present]
    mails += [("改为发出", mail) for mail in found.mails.only_changed]
    _print(
        "邮件不同",
        ("差异", "种类", "单位", "时间", "预警"),
        [
            (word, _mail_name(mail.kind), _agency(plan, mail.to), _local(mail.at), "、".join(mail.cases))
            for word, mail in mails
        ],
    )


def _print_control(found: Simulation) -> None:
    if found.control:
        rows = [
            (
                item.case_id,
                item.number,
                _local(item.at),
                item.recorded or "—",
                item.replayed or "—",
                ", ".join(item.fields),
            )
            for item in found.control
        ]
        _print(
            f"对照：按当时政策重演，{found.recorded_steps} 步中有下列不一致，以下结果须打折看待 not reproduced",
            ("预警", "步", "时间", "记录", "重演", "字段"),
            rows,
        )
    else:
        click.echo(f"对照：按当时政策重演，{found.recorded_steps} 步全部一致。 The recorded history is reproduced.")
    if found.clock_steps:
        click.echo(f"时钟曾停：若从未停止，有 {found.clock_steps} 步不同；两种政策均按未停计算。")
    if found.not_replayed:
        kinds = Counter(found.not_replayed.values())
        listing = "，".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        click.echo(f"未重演（预测、差距、数据质量类预警）：{listing}。 Not replayed.")
    if found.unjudged:
        click.echo(f"{found.unjudged} 个评价无法由存储的数字重新评定，保持原等级。 Keep their class.")


def _print(title: str, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if not rows:
        click.echo(f"{title}：无 none")
        return
    print_table(f"{title}：{len(rows)}", headings, rows[:MOST_ROWS])
    if len(rows) > MOST_ROWS:
        click.echo(f"另有 {len(rows) - MOST_ROWS} 行，见 --json。 More rows: --json.")


def _case_counts(found: Simulation) -> dict[str, int]:
    counts = Counter(divergence for item in found.cases for divergence in item.difference.divergences)
    return {divergence.value: counts[divergence] for divergence in Divergence if counts[divergence]}


def _verdict_row(verdict: KnownVerdict, changed: str, plan: Plan) -> tuple[Any, ...]:
    stored = verdict.stored
    return (
        _indicator(plan, stored.indicator_id),
        verdict.series_key.split(".")[1],
        str(stored.period),
        printed(verdict.obs_value),
        printed(stored.expected),
        printed(verdict.achieved_share),
        printed(verdict.expected_share),
        printed(verdict.schedule_index),
        CLASS_NAMES[stored.verdict].zh,
        changed,
        verdict.submission_id[:12],
    )


def _case_row(item: DifferingCase, plan: Plan) -> tuple[Any, ...]:
    difference, verdict = item.difference, item.verdict
    episode = difference.changed or difference.present
    figures = ""
    if verdict is not None:
        changed = CLASS_NAMES[item.changed_class or verdict.stored.verdict].zh
        figures = (
            f"{verdict.stored.period} 实际 {printed(verdict.obs_value)}，应达 {printed(verdict.stored.expected)}，"
            f"进度比 {printed(verdict.schedule_index)}，{CLASS_NAMES[verdict.stored.verdict].zh} → {changed}，"
            f"报送 {verdict.submission_id[:12]}"
        )
    return (
        _indicator(plan, item.subject.subject.indicator_id),
        item.subject.subject.ref_area,
        KIND_NAMES[item.subject.kind].zh,
        "、".join(DIVERGENCE_NAMES[name].zh for name in difference.divergences),
        _course(difference.present),
        _course(difference.changed),
        figures,
        episode.policy_line if episode else "",
    )


def _course(episode: Episode | None) -> str:
    if episode is None:
        return "—"
    levels = "→".join(level.code for level in episode.levels)
    end = f"，{_local(episode.closed_at)} 销号" if episode.closed_at else ""
    return f"{levels}，{_local(episode.opened_at)} 开，{episode.acknowledge_by} 前签收{end}"


def _case(item: DifferingCase, plan: Plan) -> dict[str, Any]:
    subject = item.subject.subject
    return {
        "case": item.difference.case_id,
        "indicator": subject.indicator_id,
        "name": _indicator(plan, subject.indicator_id),
        "kind": item.subject.kind,
        "ref_area": subject.ref_area,
        "divergences": list(item.difference.divergences),
        "present": _episode(item.difference.present),
        "changed": _episode(item.difference.changed),
        "figures": {**_figures(item.verdict), "changed_class": item.changed_class} if item.verdict else None,
    }


def _episode(episode: Episode | None) -> dict[str, Any] | None:
    if episode is None:
        return None
    return {
        "episode": episode.episode,
        "opened_at": episode.opened_at,
        "closed_at": episode.closed_at,
        "levels": [level.code for level in episode.levels],
        "owner": episode.owner,
        "acknowledge_by": episode.acknowledge_by.isoformat(),
        "measures_by": episode.measures_by.isoformat(),
        "escalated_on": [day.isoformat() for day in episode.escalated_on],
        "cause": episode.cause,
        "time_period": str(episode.period),
        "submission_id": episode.submission_id,
        "policy_line": episode.policy_line,
    }


def _figures(verdict: KnownVerdict) -> dict[str, Any]:
    stored = verdict.stored
    return {
        "series": verdict.series_key,
        "time_period": str(stored.period),
        "obs_value": verdict.obs_value,
        "measured": stored.measured,
        "baseline": stored.baseline,
        "expected": stored.expected,
        "achieved_share": verdict.achieved_share,
        "expected_share": verdict.expected_share,
        "schedule_index": verdict.schedule_index,
        "class": stored.verdict,
        "plan_version": stored.plan_version,
        "policy_version": stored.policy_version,
        "submission_id": verdict.submission_id,
        "known_at": stored.known_at,
    }


def _step(item: StepDifference) -> dict[str, Any]:
    return {
        "case": item.case_id,
        "step": item.number,
        "at": item.at,
        "recorded": item.recorded,
        "replayed": item.replayed,
        "fields": list(item.fields),
    }


def _mail(mail: PlannedMail) -> dict[str, Any]:
    return {"kind": mail.kind, "agency": mail.to, "at": mail.at, "cases": list(mail.cases)}


def _mail_name(kind: str) -> str:
    name = MAIL_KIND_NAMES.get(kind)
    return name.zh if name else kind


def _indicator(plan: Plan, indicator_id: str) -> str:
    row = plan.indicator(indicator_id)
    return f"{row.no} {row.name.zh}" if row else indicator_id


def _agency(plan: Plan, agency_id: str) -> str:
    return next((agency.name.zh for agency in plan.agencies if agency.agency_id == agency_id), agency_id)


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(LOCAL_TIME):%Y-%m-%d %H:%M}"
