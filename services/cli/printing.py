"""Tables that fit a terminal, and JSON that keeps Chinese readable."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

LONGEST_UNBROKEN = 12
"""Widest cell, in columns of the terminal, of a table column that is never broken over lines."""

LEVEL_STYLES = {"red": "bold red", "orange": "bold dark_orange", "yellow": "bold yellow", "blue": "bold blue"}


def print_json(document: object) -> None:
    """Print one JSON document on standard output; decimals become numbers, moments ISO 8601."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=_plain))


def print_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table on standard output; a cell that is a level code is coloured as well as written."""
    console = Console(highlight=False)
    table = Table(title=title, title_justify="left", header_style="bold", pad_edge=False)
    for position, heading in enumerate(headings):
        widest = max((cell_len(_text(row[position])) for row in rows), default=0)
        table.add_column(heading, overflow="fold", no_wrap=widest <= LONGEST_UNBROKEN)
    for row in rows:
        table.add_row(*[_cell(cell) for cell in row])
    console.print(table)


def printed(value: Decimal | float | None, decimals: int = 2) -> str:
    """A figure for a table: a decimal as it is, a float rounded, nothing as a dash."""
    if value is None:
        return "—"
    return f"{value:.{decimals}f}" if isinstance(value, float) else f"{value:f}"


def _cell(cell: object) -> str:
    text = _text(cell)
    style = LEVEL_STYLES.get(text.partition(" ")[0])
    return f"[{style}]{escape(text)}[/]" if style else escape(text)


def _text(cell: object) -> str:
    return "—" if cell is None else str(cell)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
