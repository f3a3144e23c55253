"""What commands that compare areas and groups share: the plan, the indicator, the figures and the populations."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
from psycopg import Connection

from planwatch.breakdown import BrokenDownFigure, Dimension, Populations, grouped
from planwatch.equalisation.reading import HEADINGS, fields_of
from planwatch.errors import Invalid, InvalidPeriod
from planwatch.language import Text
from planwatch.period import TimePeriod, parse_period
from planwatch.plan import Indicator, Plan
from planwatch.plan_document import plan_from_mapping
from services.breakdowns import read_breakdowns
from services.errors import SettingsInvalid
from services.ingest.formats import decode


@dataclass(frozen=True, slots=True)
class Compared:
    """An indicator of a plan with its figures in every breakdown."""

    plan: Plan
    indicator: Indicator
    figures: list[BrokenDownFigure]


class PeriodType(click.ParamType):
    """A TIME_PERIOD on the command line."""

    name = "period"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> TimePeriod:  # noqa: ANN401
        """The period; fails with the reason."""
        try:
            return value if isinstance(value, TimePeriod) else parse_period(value)
        except InvalidPeriod as error:
            self.fail(str(error), param, ctx)


def population_options(command: Callable[..., None]) -> Callable[..., None]:
    """`--population FILE` and `--population-series INDICATOR`."""
    file = click.option(
        "--population",
        "population_file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="各组人口的 CSV 文件（地区,人口）。 CSV of group,population.",
    )
    series = click.option(
        "--population-series",
        help="以该规划某项人口指标的报送值为权重。 An indicator of the plan that counts people.",
    )
    return file(series(command))


def read_plan(connection: Connection[Any], plan_id: str) -> Plan:
    """The newest version of an applied plan.

    Raises:
        SettingsInvalid: there is none of this id.
    """
    row = connection.execute("SELECT document FROM current_plans WHERE plan_id = %s", (plan_id,)).fetchone()
    if row is None:
        raise SettingsInvalid(f"没有规划 {plan_id} / there is no plan {plan_id}")
    return plan_from_mapping(row[0])


def read_compared(connection: Connection[Any], plan_id: str, reference: str, as_of: datetime | None) -> Compared:
    """An indicator, by id, number or name, with all that is known of it.

    Raises:
        SettingsInvalid: there is no such plan or indicator.
    """
    plan = read_plan(connection, plan_id)
    indicator = plan.indicator(reference)
    if indicator is None:
        raise SettingsInvalid(f"{plan_id} 没有指标 {reference} / there is no indicator {reference} in {plan_id}")
    return Compared(plan, indicator, read_breakdowns(connection, plan_id, indicator.indicator_id, as_of))


def read_populations(
    connection: Connection[Any],
    plan: Plan,
    dimension: Dimension,
    file: Path | None,
    series: str | None,
    as_of: datetime | None,
) -> Populations:
    """People per group, from a file or from the newest figures of a series; empty where neither is given."""
    if file is not None:
        return populations_of(decode(file.read_bytes()))
    if series is None:
        return {}
    counted = read_compared(connection, plan.plan_id, series, as_of)
    newest: dict[str, Decimal] = {}
    for _, groups in sorted(grouped(plan, counted.figures, dimension, {}).items()):
        newest |= {group.name: Decimal(repr(group.value)) for group in groups if group.value and group.value > 0}
    return newest


def populations_of(text: str) -> dict[str, Decimal]:
    """The rows of a file with the headings group and population.

    Raises:
        Invalid: a heading is missing or a population is not a number above zero; the row is named.
    """
    reader = csv.DictReader(io.StringIO(text))
    names = {field: heading for heading, field in fields_of(list(reader.fieldnames or ())).items()}
    missing = [" / ".join(HEADINGS[field]) for field in ("group", "population") if field not in names]
    if missing:
        raise Invalid(Text(f"人口文件表头缺少：{'；'.join(missing)}", f"missing headings: {'; '.join(missing)}"))
    return {row[names["group"]].strip(): _people(row[names["population"]], reader.line_num) for row in reader}


def _people(cell: str | None, row: int) -> Decimal:
    try:
        people = Decimal((cell or "").strip().replace(",", ""))
    except InvalidOperation:
        people = Decimal("NaN")
    if not people.is_finite() or people <= 0:
        raise Invalid(
            Text(f"第{row}行人口“{cell}”应为大于零的数", f"row {row}: “{cell}” is not a population above zero")
        )
    return people
