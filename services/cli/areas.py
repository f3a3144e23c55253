"""`planwatch rank` and `planwatch rollup`: the areas of a plan beside each other, and together."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import click

from planwatch.breakdown import BrokenDownFigure, Dimension, aggregation_of, area_figures
from planwatch.local_time import LOCAL_TIME
from planwatch.period import TimePeriod
from planwatch.printing import decimals_of
from planwatch.ranking import rank_areas
from planwatch.rollup import Aggregation, AreaFigure, check_rollups, roll_up
from planwatch.series import TOTAL
from services.breakdowns import read_areas
from services.cli.assess import parse_as_of
from services.cli.comparisons import PeriodType, population_options, read_compared, read_populations
from services.cli.connection import data_dir_option, find_running
from services.cli.printing import print_json, print_table, printed
from services.clock import system_clock
from services.database import connect_as

AGGREGATION_NAMES = {
    Aggregation.COUNT: "逐个计数相加",
    Aggregation.SUM: "相加",
    Aggregation.WEIGHTED_MEAN: "按人口加权平均",
}


@click.command()
@click.argument("plan_id", metavar="PLAN")
@click.argument("reference", metavar="INDICATOR")
@click.option("--period", type=PeriodType(), required=True, help="时期，如 2023。 The period.")
@click.option("--as-of", "as_of", help="按某日所知的数据。 As known on that day, e.g. 2026-01-31.")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")
@data_dir_option
def rank(
    plan_id: str, reference: str, period: TimePeriod, as_of: str | None, as_json: bool, data_dir: Path | None
) -> None:
    """下辖地区排名；并列的同名次，缺数的列在最后、不排名。 Areas ranked; ties share a rank, missing ones have none.

    \b
    planwatch rank zhongwei 6 --period 2023
    """
    moment = parse_as_of(as_of, system_clock())
    with connect_as(find_running(data_dir).database_url, "planwatch_reader") as connection:
        compared = read_compared(connection, plan_id, reference, moment)
        areas = [area for area in read_areas(connection, plan_id) if area != compared.plan.ref_area]
    reported = area_figures(compared.plan, compared.figures, period)
    figures = dict.fromkeys(areas) | reported
    decimals = max((decimals_of(value) for value in reported.values()), default=0)
    rows = rank_areas(figures, compared.indicator.direction, decimals=decimals)
    if as_json:
        print_json(
            [
                {"area": row.area, "value": row.value, "rank": row.rank, "tied": row.tied, "ranked": row.ranked}
                for row in rows
            ]
        )
    else:
        print_table(
            f"{compared.indicator.name.zh} {period}（截至 {moment.astimezone(LOCAL_TIME):%Y-%m-%d}）",
            ("名次", "地区", "数值", "说明"),
            [(row.rank, row.area, printed(row.value), row.place.zh) for row in rows],
        )


@click.command()
@click.argument("plan_id", metavar="PLAN")
@click.argument("reference", metavar="INDICATOR")
@click.option("--period", type=PeriodType(), required=True, help="时期，如 2023。 The period.")
@population_options
@click.option("--as-of", "as_of", help="按某日所知的数据。 As known on that day, e.g. 2026-01-31.")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")
@data_dir_option
def rollup(
    plan_id: str,
    reference: str,
    period: TimePeriod,
    population_file: Path | None,
    population_series: str | None,
    as_of: str | None,
    as_json: bool,
    data_dir: Path | None,
) -> None:
    """由下辖地区汇总，并与本级上报数核对。 Areas rolled up, and held against the figure of the whole.

    \b
    数量相加；比率按人口加权，须给出 --population 或 --population-series。
    报过任何指标的下辖地区都应有数，缺的列出；汇总不完整的不与本级核对。
    planwatch rollup zhongwei 6 --period 2023 --population people.csv
    """
    moment = parse_as_of(as_of, system_clock())
    with connect_as(find_running(data_dir).database_url, "planwatch_reader") as connection:
        compared = read_compared(connection, plan_id, reference, moment)
        areas = [area for area in read_areas(connection, plan_id) if area != compared.plan.ref_area]
        people = read_populations(connection, compared.plan, Dimension.AREA, population_file, population_series, moment)
    own = _own_figure(compared.figures, compared.plan.ref_area, period)
    parts = area_figures(compared.plan, compared.figures, period)
    figures = [AreaFigure(area, parts.get(area), people.get(area)) for area in areas]
    aggregation = aggregation_of(compared.indicator)
    every = roll_up(figures, areas, aggregation)
    whole = every.get(compared.plan.ref_area)
    findings = check_rollups(every, [AreaFigure(compared.plan.ref_area, own), *figures], aggregation)
    document = {
        "plan": plan_id,
        "indicator": compared.indicator.indicator_id,
        "period": str(period),
        "aggregation": aggregation,
        "own": own,
        "rolled_up": whole.value if whole else None,
        "tolerance": whole.tolerance if whole else None,
        "is_complete": whole is not None and whole.is_complete,
        "used": list(whole.used) if whole else [],
        "missing": list(whole.missing) if whole else [],
        "unweighted": list(whole.unweighted) if whole else [],
        "weight_share": whole.weight_share if whole else None,
        "findings": [{"area": finding.area, **finding.reason.as_mapping()} for finding in findings],
    }
    if as_json:
        print_json(document)
        return
    click.echo(
        f"{compared.indicator.name.zh} {period}，{compared.plan.area_name.zh}（{AGGREGATION_NAMES[aggregation]}）"
    )
    if whole is None:
        click.echo("没有下辖地区报送过数据。No area within it has reported.")
        return
    made = "—" if whole.value is None else f"{whole.value:.6g}"
    click.echo(f"汇总 rolled up: {made}（{whole.completeness.zh}，{whole.completeness.en}）")
    click.echo(f"本级上报 own figure: {printed(own)}")
    for words, listed in (("缺数 missing", whole.missing), ("没有人口 no population", whole.unweighted)):
        if listed:
            click.echo(f"{words}: {'、'.join(listed)}")
    for finding in findings:
        click.echo(f"核对 finding: {finding.reason.zh} / {finding.reason.en}")


def _own_figure(figures: list[BrokenDownFigure], area: str, period: TimePeriod) -> Decimal | None:
    """The figure that the whole reports of itself."""
    whole = (area, TOTAL, TOTAL, period)
    return next(
        (one.value for one in figures if (one.ref_area, one.urbanisation, one.pop_group, one.period) == whole), None
    )
