"""`planwatch composite`: the score of a plan and its domains, traced to the indicators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from planwatch.composite import DATA_THRESHOLD, Score, Tier
from planwatch.composite import REASONS as NO_SCORE
from planwatch.errors import Invalid
from planwatch.language import Text
from planwatch.plan import Plan
from planwatch.plan_score import (
    WEIGHTING_NAMES,
    PlanScore,
    Weighting,
    equally_scored,
    scored_as_given,
    scored_by_entropy,
)
from planwatch.weighting import REASONS as NO_WEIGHTS
from services.breakdowns import read_by_area, read_standing
from services.catalogue_files import read_yaml
from services.cli.assess import parse_as_of
from services.cli.comparisons import read_plan
from services.cli.connection import data_dir_option, find_running
from services.cli.printing import print_json, print_table, printed
from services.clock import system_clock
from services.database import connect_as
from services.errors import SettingsInvalid


@click.command()
@click.argument("plan_id", metavar="PLAN")
@click.option(
    "--weights",
    default="equal",
    help="equal 等权，entropy 熵权，或权重文件（YAML：指标编号: 权重）。 equal, entropy, or a YAML file.",
)
@click.option("--as-of", "as_of", help="按某日所知的评价。 As known on that day, e.g. 2026-01-31.")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")
@data_dir_option
def composite(plan_id: str, weights: str, as_of: str | None, as_json: bool, data_dir: Path | None) -> None:
    """综合得分：各领域和规划的得分，逐级追溯到指标。 Scores of domains and plan, traced to their indicators.

    \b
    得分 = 100 ×（完成进度，限于 0 到 1）的加权平均；有数指标的权重不足八成的不给分。
    planwatch composite zhongwei
    planwatch composite zhongwei --weights entropy --as-of 2024-06-30
    """
    moment = parse_as_of(as_of, system_clock())
    with connect_as(find_running(data_dir).database_url, "planwatch_reader") as connection:
        plan = read_plan(connection, plan_id)
        standing = read_standing(connection, plan_id, moment)
        if weights == Weighting.EQUAL:
            found = equally_scored(plan, standing)
        elif weights == Weighting.ENTROPY:
            found = scored_by_entropy(plan, standing, read_by_area(connection, plan_id, moment))
        else:
            found = scored_as_given(plan, standing, _given(plan, Path(weights)))
    if as_json:
        print_json(_document(plan, found))
    else:
        _print(plan, found)


def _given(plan: Plan, path: Path) -> dict[str, float]:
    """Indicator id → weight, from a file that names indicators by id, number or name."""
    if not path.is_file():
        raise SettingsInvalid(f"没有文件 {path} / there is no file {path}")
    document = read_yaml(path)
    given: dict[str, float] = {}
    for reference, weight in document.items() if isinstance(document, dict) else ():
        indicator = plan.indicator(str(reference))
        if indicator is None or isinstance(weight, bool) or not isinstance(weight, int | float):
            raise Invalid(
                Text(
                    f"权重文件“{reference}: {weight}”无法识别，应为指标和数字",
                    f"“{reference}: {weight}” is not an indicator with a number",
                )
            )
        given[indicator.indicator_id] = float(weight)
    return given


def _document(plan: Plan, found: PlanScore) -> dict[str, Any]:
    return {
        "plan": plan.plan_id,
        "weighting": found.weighting,
        "weights_reason": found.weights.reason,
        "areas": list(found.weights.areas),
        "areas_left_out": list(found.weights.left_out),
        "threshold": DATA_THRESHOLD,
        "simulated": found.simulated,
        "score": _described(found, found.score),
    }


def _described(found: PlanScore, score: Score) -> dict[str, Any]:
    figure = found.figures.get(score.code)
    return {
        "tier": score.tier,
        "code": score.code,
        "value": score.value,
        "weight": score.weight,
        "contribution": score.contribution,
        "coverage": score.coverage,
        "share": score.share,
        "reason": score.reason,
        "time_period": figure.time_period if figure else None,
        "parts": [_described(found, part) for part in score.parts],
    }


def _print(plan: Plan, found: PlanScore) -> None:
    simulated = "【模拟数据】" if found.simulated else ""
    click.echo(f"{plan.title.zh}：{_value(found.score)}（{WEIGHTING_NAMES[found.weighting].zh}）{simulated}")
    if found.weights.reason:
        reason = NO_WEIGHTS[found.weights.reason]
        click.echo(f"没有权重 no weights: {reason.zh} / {reason.en}")
    if found.weights.left_out:
        click.echo(f"数据不全、未用于熵权的地区 areas left out: {'、'.join(found.weights.left_out)}")
    print_table(
        "由领域和指标组成",
        ("领域", "指标", "时期", "完成进度", "得分", "权重", "贡献", "说明"),
        [row for domain in found.score.parts for row in (_row(plan, found, domain), *_rows(plan, found, domain))],
    )


def _rows(plan: Plan, found: PlanScore, domain: Score) -> list[tuple[str, ...]]:
    return [_row(plan, found, part) for part in domain.parts]


def _row(plan: Plan, found: PlanScore, score: Score) -> tuple[str, ...]:
    figure = found.figures.get(score.code)
    indicator = plan.indicator(score.code) if score.tier is Tier.INDICATOR else None
    return (
        plan.domain_name(score.code) if score.tier is Tier.DOMAIN else "",
        f"{indicator.no}. {indicator.name.zh}" if indicator else "",
        figure.time_period or "—" if figure else "",
        printed(score.share) if indicator else "",
        _value(score),
        f"{score.weight:.1%}",
        printed(score.contribution),
        NO_SCORE[score.reason].zh if score.reason else "",
    )


def _value(score: Score) -> str:
    return "不给分" if score.value is None else f"{score.value:.1f}"
