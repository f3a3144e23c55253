"""`planwatch equalisation`: how unequal the groups of a file are, and whether the gap widens."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import click

from planwatch.breakdown import DIMENSION_NAMES, Dimension, Disparity, dimensions_of, disparity
from planwatch.equalisation import Comparison, Measure, PeriodGap, gap_widened, measure_gaps
from planwatch.equalisation.change import CHANGE_NAMES, REASONS, GapDecision
from planwatch.equalisation.measure import MEASURE_NAMES, NO_ERROR, UNDEFINED, MeasureCode
from planwatch.equalisation.reading import HEADINGS, GroupTable, missing_fields, read_groups
from planwatch.errors import Invalid
from planwatch.language import Text
from planwatch.period import TimePeriod
from planwatch.plan import Direction
from services.cli.assess import parse_as_of
from services.cli.comparisons import Compared, PeriodType, population_options, read_compared, read_populations
from services.cli.connection import data_dir_option, find_running
from services.cli.printing import print_json, print_table, printed
from services.clock import system_clock
from services.database import connect_as
from services.errors import SettingsInvalid
from services.ingest.formats import decode


@click.command()
@click.argument("subject", nargs=-1, required=True, metavar="FILE | PLAN INDICATOR")
@click.option("--period", type=PeriodType(), help="时期，如 2021；省略为最近一期。 The period; the newest if left out.")
@click.option(
    "--by",
    type=click.Choice([dimension.value for dimension in Dimension]),
    help="比较地区、城乡还是人群；省略为有数据的第一种。 What to compare.",
)
@click.option("--as-of", "as_of", help="按某日所知的数据。 As known on that day, e.g. 2026-01-31.")
@population_options
@click.option("--lower-is-better", is_flag=True, help="数值越低越好。 Less of the figure is better.")
@click.option(
    "--scale", type=float, help="满分：百分比为100，千分比为1000。 What the figure is out of: 100 for per cent."
)
@click.option("--reference", help="参照组的组名。 Name of the reference group.")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")
@data_dir_option
def equalisation(
    subject: tuple[str, ...],
    period: TimePeriod | None,
    by: str | None,
    as_of: str | None,
    population_file: Path | None,
    population_series: str | None,
    lower_is_better: bool,
    scale: float | None,
    reference: str | None,
    as_json: bool,
    data_dir: Path | None,
) -> None:
    """均等化：各地区、城乡或人群之间的差距。 How unequal a figure is between areas, urban and rural, or groups.

    \b
    已报送的数据：规划和指标（编号、序号或名称），须有分地区、分城乡或分人群的报送。
        planwatch equalisation zhongwei 6 --period 2023 --by area --population people.csv
    文件：--lower-is-better、--scale、--reference 只用于文件。
    CSV 表头：group,value,population[,rank][,se][,period]（或 分组、数值、人口、次序、标准误、时期）。
    有次序（rank，最差的组为最小）时给出集中指数和斜率指数；有多个时期时给出差距的变化。
    有错误的行逐一列出，其所在时期不计算，退出码为 1。
        planwatch equalisation counties.csv --scale 100
    """
    if len(subject) > 2:
        raise click.UsageError("应为一个文件，或规划和指标 / give a file, or a plan and an indicator")
    if len(subject) == 2:
        with connect_as(find_running(data_dir).database_url, "planwatch_reader") as connection:
            moment = parse_as_of(as_of, system_clock())
            compared = read_compared(connection, *subject, moment)
            dimension = _dimension(compared, by)
            people = read_populations(connection, compared.plan, dimension, population_file, population_series, moment)
        found = disparity(compared.plan, compared.indicator, compared.figures, dimension, people, period)
        if found is None:
            raise SettingsInvalid(
                f"{compared.indicator.name.zh}在该时期没有两个以上{DIMENSION_NAMES[dimension].zh}的数据 / "
                f"there are not two figures {DIMENSION_NAMES[dimension].en} in that period"
            )
        _show_disparity(compared, found, as_json)
        return
    _show_file(Path(subject[0]), lower_is_better, scale, reference, as_json)


def _dimension(compared: Compared, by: str | None) -> Dimension:
    if by is not None:
        return Dimension(by)
    return next(iter(dimensions_of(compared.plan, compared.figures)), Dimension.AREA)


def _show_disparity(compared: Compared, found: Disparity, as_json: bool) -> None:
    table = GroupTable({found.period: found.groups}, ())
    measured: dict[TimePeriod | None, tuple[Measure, ...]] = {found.period: found.measures}
    changes = dict(found.changes) if len(found.periods) > 1 else {}
    if as_json:
        print_json(
            {
                "plan": compared.plan.plan_id,
                "indicator": compared.indicator.indicator_id,
                "by": found.dimension,
                "simulated": found.simulated,
                "note": found.note.as_mapping() if found.note else None,
                "groups": [{"group": g.name, "value": g.value, "population": g.population} for g in found.groups],
                **_document(table, measured, changes),
            }
        )
        return
    simulated = "【模拟数据】" if found.simulated else ""
    print_table(
        f"{compared.indicator.name.zh} {found.period} {DIMENSION_NAMES[found.dimension].zh}{simulated}",
        ("组", "数值", "人口"),
        [(g.name, "缺数" if g.value is None else f"{g.value:g}", f"{g.population:g}") for g in found.groups],
    )
    if found.note:
        click.echo(f"{found.note.zh}。{found.note.en}.")
    _print(table, measured, changes)


def _show_file(file: Path, lower_is_better: bool, scale: float | None, reference: str | None, as_json: bool) -> None:
    table = _read(file)
    direction = Direction.DECREASE if lower_is_better else Direction.INCREASE
    comparison = Comparison(direction, scale, reference)
    measured = {period: measure_gaps(groups, comparison) for period, groups in table.periods.items()}
    changes = {code: _change(code, measured) for code in MeasureCode} if len(measured) > 1 else {}
    if as_json:
        print_json(_document(table, measured, changes))
    else:
        _print(table, measured, changes)
    if table.findings:
        raise click.exceptions.Exit(1)


def _read(file: Path) -> GroupTable:
    if not file.is_file():
        raise SettingsInvalid(f"没有文件 {file} / there is no file {file}")
    reader = csv.DictReader(io.StringIO(decode(file.read_bytes())))
    headings = list(reader.fieldnames or ())
    missing = [" / ".join(HEADINGS[field]) for field in missing_fields(headings)]
    if missing:
        raise Invalid(Text(f"表头缺少：{'；'.join(missing)}", f"missing headings: {'; '.join(missing)}"))
    table = read_groups(headings, [(reader.line_num, row) for row in reader])
    if not table.periods and not table.findings:
        raise Invalid(Text("文件中没有数据行", "the file has no rows"))
    return table


def _change(code: MeasureCode, measured: dict[TimePeriod | None, tuple[Measure, ...]]) -> GapDecision:
    return gap_widened(
        [
            PeriodGap(period, measure)
            for period, measures in measured.items()
            for measure in measures
            if period is not None and measure.code is code
        ]
    )


def _document(
    table: GroupTable,
    measured: dict[TimePeriod | None, tuple[Measure, ...]],
    changes: dict[MeasureCode, GapDecision],
) -> dict[str, Any]:
    return {
        "periods": [
            {
                "period": None if period is None else str(period),
                "groups": len(table.periods[period]),
                "measures": [_described(measure) for measure in measures],
            }
            for period, measures in measured.items()
        ],
        "changes": [_described_change(code, decision) for code, decision in changes.items()],
        "findings": [finding.as_mapping() for finding in table.findings],
    }


def _described(measure: Measure) -> dict[str, Any]:
    interval = measure.interval()
    return {
        "measure": measure.code,
        "name": MEASURE_NAMES[measure.code].as_mapping(),
        "value": measure.value,
        "se": measure.se,
        "interval_95": list(interval) if interval else None,
        "reason": measure.reason,
    }


def _described_change(code: MeasureCode, decision: GapDecision) -> dict[str, Any]:
    return {
        "measure": code,
        "change": decision.change,
        "reason": decision.reason,
        "earlier": None if decision.earlier is None else str(decision.earlier),
        "later": None if decision.later is None else str(decision.later),
        "size": decision.size,
        "noise": decision.noise,
    }


def _print(
    table: GroupTable,
    measured: dict[TimePeriod | None, tuple[Measure, ...]],
    changes: dict[MeasureCode, GapDecision],
) -> None:
    for period, measures in measured.items():
        print_table(
            f"均等化 {period or ''}（{len(table.periods[period])} 组）",
            ("代码", "指标", "值", "标准误", "说明"),
            [(m.code, MEASURE_NAMES[m.code].zh, printed(m.value, 4), printed(m.se, 4), _remark(m)) for m in measures],
        )
    if changes:
        last = next(iter(changes.values()))
        print_table(
            f"差距变化 {last.earlier} → {last.later}",
            ("代码", "指标", "变化", "幅度", "波动", "依据"),
            [
                (
                    code,
                    MEASURE_NAMES[code].zh,
                    CHANGE_NAMES[decision.change].zh,
                    printed(decision.size, 4),
                    printed(decision.noise, 4),
                    REASONS[decision.reason].zh,
                )
                for code, decision in changes.items()
            ],
        )
    if table.findings:
        print_table(
            f"有错误的行：{len(table.findings)} 处",
            ("行", "列", "值", "原因", "reason"),
            [(f.row, f.field, f.value, f.reason.zh, f.reason.en) for f in table.findings],
        )


def _remark(measure: Measure) -> str:
    if measure.reason is None:
        return ""
    words = UNDEFINED if measure.value is None else NO_ERROR
    return words[measure.reason].zh
