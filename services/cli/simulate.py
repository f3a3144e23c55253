"""`planwatch simulate`: years of simulated reports with planted faults; were they warned of, and of nothing else?"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from planwatch.policy import Policy, policy_from_mapping
from planwatch.wording import KIND_NAMES
from services.alerts.working_calendar import working_calendar
from services.catalogue_files import default_plans_dir, read_document
from services.cli.printing import print_table, printed
from services.policy_files import read_default_policy
from services.simulation.explanation import CAUSE_NAMES, Explained
from services.simulation.whole import Summary, World, simulate

MOST_EXAMPLES = 3


@click.command("simulate")
@click.option("--areas", type=click.IntRange(1, 9999), default=300, show_default=True, help="地区数。 How many areas.")
@click.option("--years", type=click.IntRange(1, 5), default=5, show_default=True, help="年数（自2021年起）。 Years.")
@click.option("--seed", type=int, default=7, show_default=True, help="随机种子；相同则结果相同。 Of the generator.")
@click.option(
    "--policy",
    "policy_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="预警政策文件，默认 plans/policy.yaml。 Policy to judge by.",
)
@click.option(
    "--processes", type=click.IntRange(1), default=os.cpu_count() or 1, help="进程数，不影响结果。 Worker processes."
)
@click.option("--explain", is_flag=True, help="逐条解释漏报和误报。 Explain every miss and false alarm.")
@click.option("--json", "as_json", is_flag=True, help="末行输出 JSON。 JSON as the last line.")
def simulate_command(
    areas: int, years: int, seed: int, policy_path: Path | None, processes: int, explain: bool, as_json: bool
) -> int:
    """模拟：数年月报，植入问题，核对预警的查准率与查全率。 Simulated reports with planted faults.

    \b
    所有地区、规划、数据均为模拟，不写入数据库，不发送邮件。 Nothing is stored and no mail is sent.
    planwatch simulate --areas 300 --years 5 --seed 7 --json
    planwatch simulate --areas 20 --years 2 --explain
    """
    policy = _read_policy(policy_path)
    world = World(seed, 12 * years, policy, working_calendar())
    summary = simulate(world, areas, processes, _progress(areas))
    _print_summary(summary, areas, years, seed, policy.version)
    _print_explanations(summary, every=explain)
    _print_invariants(summary)
    if as_json:
        asked = {"areas": areas, "years": years, "seed": seed, "policy": policy.version}
        click.echo(json.dumps(summary.as_mapping() | asked, ensure_ascii=False))
    return 1 if summary.broken else 0


def _read_policy(path: Path | None) -> Policy:
    plans_dir = default_plans_dir()
    if path is None:
        return read_default_policy(plans_dir).policy
    return policy_from_mapping(read_document(path, plans_dir / "policy.schema.json", "policy"))


def _progress(areas: int) -> Any:  # noqa: ANN401
    def told(done: int) -> None:
        if done % max(areas // 20, 1) == 0 or done == areas:
            click.echo(f"模拟 simulated {done}/{areas}", err=True)

    return told


def _print_summary(summary: Summary, areas: int, years: int, seed: int, version: str) -> None:
    document = summary.as_mapping()
    rows = [(KIND_NAMES[kind].zh, *_cells(summary.kinds[kind].as_mapping())) for kind in sorted(summary.kinds)]
    total = {name: sum(row[name] for row in document["by_kind"].values()) for name in ("planted", "warned", *_COUNTED)}
    rows.append(("合计 total", *_cells(document | total)))
    print_table(
        f"【模拟数据 SIMULATED】{areas}个地区、{years}年、种子{seed}、政策{version}",
        ("类别", "查准率", "查全率", "植入", "预警", "命中", "漏报", "误报", "边界"),
        rows,
    )
    mails = "、".join(f"{kind} {count}" for kind, count in document["mails_by_kind"].items()) or "—"
    click.echo(
        f"模拟报送 submissions {summary.submissions}（重复 duplicates {summary.duplicates}）；"
        f"预警 warnings {document['warnings']}；邮件 mails {document['mails']}（{mails}）"
    )


_COUNTED = ("hits", "misses", "false_alarms", "borderline")


def _cells(row: dict[str, Any]) -> tuple[Any, ...]:
    shares = (printed(row["precision"], 3), printed(row["recall"], 3))
    return (*shares, row["planted"], row["warned"], *(row[name] for name in _COUNTED))


def _print_explanations(summary: Summary, *, every: bool) -> None:
    for title, found in (("漏报 misses", summary.misses), ("误报 false alarms", summary.false_alarms)):
        click.echo(f"\n{title}：{len(found)}")
        counted = Counter((explained.kind, explained.cause) for explained in found)
        shown = _examples(found, every=every)
        for (kind, cause), count in sorted(counted.items()):
            name = CAUSE_NAMES[cause]
            click.echo(f"  {KIND_NAMES[kind].zh} {kind} — {name.zh} / {name.en}: {count}")
            for explained in shown[kind, cause]:
                click.echo(f"      {_words(explained)}")


def _examples(found: Iterable[Explained], *, every: bool) -> dict[tuple[str, str], list[Explained]]:
    shown: dict[tuple[str, str], list[Explained]] = defaultdict(list)
    for explained in found:
        listed = shown[explained.kind, explained.cause]
        if every or len(listed) < MOST_EXAMPLES:
            listed.append(explained)
    return shown


def _words(explained: Explained) -> str:
    figures = ""
    if explained.true_value is not None:
        figures = f"真值 true {explained.true_value:g}，报送 reported {printed(explained.reported_value)}；"
    part = "" if explained.part == "_T" else f" {explained.part}"
    detail = f"{explained.detail.zh} / {explained.detail.en}"
    return f"模拟地区{explained.area} {explained.indicator}{part} {explained.since}：{figures}{detail}"


def _print_invariants(summary: Summary) -> None:
    if not summary.broken:
        click.echo("\n核对：无预警丢失，无预警重复 / checked: no case lost, none doubled")
        return
    click.echo("\n核对未通过 / broken invariants:")
    for fault in summary.broken:
        click.echo(f"  {fault}")
