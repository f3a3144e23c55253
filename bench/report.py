"""What a run measured: the table people read and the file that machines read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

LATEST = Path(__file__).parent / "out" / "latest.json"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the report.

    Attributes:
        name: e.g. `evaluate_observations_per_second`.
        value: what was measured, in `unit`.
        unit: e.g. `obs/s`, `MB`, `s`.
        bound: what the value is held against, in `unit`: a reference measured in the same run, or a limit;
            None where nothing is promised of the value.
        ratio: value ÷ bound.
        target: what the ratio has to reach (throughput) or must not reach (memory, seconds).
        holds: whether it does; None where nothing is promised.
    """

    name: str
    value: float
    unit: str
    bound: float | None = None
    ratio: float | None = None
    target: float | None = None
    holds: bool | None = None


def informative(name: str, value: float, unit: str) -> Measurement:
    """A figure of which nothing is promised."""
    return Measurement(name, round(value, 4), unit)


def at_least(name: str, value: float, unit: str, *, reference: float, share: float) -> Measurement:
    """A figure that has to reach `share` of a reference measured in the same run."""
    ratio = value / reference
    return Measurement(name, round(value, 4), unit, round(reference, 4), round(ratio, 4), share, ratio >= share)


def below(name: str, value: float, unit: str, *, limit: float) -> Measurement:
    """A figure that has to stay below a limit."""
    ratio = value / limit
    return Measurement(name, round(value, 4), unit, limit, round(ratio, 4), 1.0, ratio < 1)


def at_most(name: str, value: float, unit: str, *, limit: float) -> Measurement:
    """A figure that is a ratio itself and has to stay below a limit."""
    return Measurement(name, round(value, 4), unit, limit, round(value / limit, 4), 1.0, value < limit)


def print_report(measurements: Sequence[Measurement], notes: Sequence[str]) -> None:
    """Print the table, and below it what one has to know to read it."""
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("指标 / measured", "值 / value", "单位 / unit", "对照 / bound", "比 / ratio", "目标 / target", ""):
        table.add_column(heading, justify="left" if heading.startswith(("指", "单")) else "right", no_wrap=True)
    for row in measurements:
        holds = {True: "符合 / holds", False: "不符 / FAILS", None: ""}[row.holds]
        table.add_row(
            row.name, _figure(row.value), row.unit, _figure(row.bound), _figure(row.ratio), _target(row), holds
        )
    console = Console(width=140)
    console.print(table)
    for note in notes:
        console.print(f"· {note}", highlight=False)


def write_report(measurements: Sequence[Measurement], path: Path = LATEST) -> None:
    """Write `{name: {value, unit, bound, ratio, target, holds}}`; the folder is made if absent."""
    document = {}
    for row in measurements:
        fields = asdict(row)
        document[fields.pop("name")] = fields
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _target(row: Measurement) -> str:
    if row.target is None:
        return ""
    return f"< {row.target:g}" if row.unit in ("MB", "s", "×") else f"≥ {row.target:g}"
