"""A main table whose cells are known: Word, Excel, PDF tables, and text with tabs, pipes or commas."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from planwatch.language import Text
from planwatch.plan_import.cells import is_value, read_cell
from planwatch.plan_import.headings import Column, Role, is_nature, read_heading
from planwatch.plan_import.source import Grid, GridRow, SourceDocument, balanced, compact, plain
from planwatch.plan_import.tables import (
    MainTable,
    TableRow,
    is_page_furniture,
    note_lines,
    starts_note,
    title_above,
)
from planwatch.plan_import.units import is_unit

DELIMITERS = ("\t", "|", "｜", "│", ";", "；", ",", "，")
DEEPEST_HEADING = 3
FARTHEST_CONTINUATION = 15
"""Lines after which a heading that is repeated no longer continues the table above it."""

_RULE = re.compile(r"[\s|｜│+:=_-]*")
_NAME_ENDINGS = ("率", "数", "比重", "占比", "比例", "面积", "人次", "寿命", "年限")
_NUMBERED = re.compile(r"[(（]?\d{1,3}[)）]?[.、．]?")

Period = tuple[str, str] | None


def grid_tables(document: SourceDocument, period: Period) -> Iterator[MainTable]:
    """Every table of the document that has an indicator column and a value or nature column."""
    for grid in _joined([*document.grids, *_delimited(document, period)], period):
        table = _read_grid(grid, document, period)
        if table is not None:
            yield table


def _delimited(document: SourceDocument, period: Period) -> Iterator[Grid]:
    """Runs of text lines that tabs, pipes or commas divide into the columns of a heading row."""
    taken = {number for grid in document.grids for number in grid.lines}
    free = [line for line in document.lines if line.number not in taken]
    position = 0
    while position < len(free):
        delimiter = _heading_delimiter(free[position].text, period)
        if delimiter is None:
            position += 1
            continue
        rows, position = _run([(line.number, line.text) for line in free], position, delimiter, period)
        yield Grid(tuple(rows))


def _heading_delimiter(text: str, period: Period) -> str | None:
    return next((sign for sign in DELIMITERS if sign in text and _is_heading(_split(text, sign), period)), None)


def _split(text: str, delimiter: str) -> tuple[str, ...]:
    bare = text.strip("\r\n")
    if delimiter in "|｜│":
        bare = bare.strip().removeprefix(delimiter).removesuffix(delimiter)
    return tuple(cell.strip().strip('"') for cell in bare.split(delimiter))


def _run(lines: list[tuple[int, str]], start: int, delimiter: str, period: Period) -> tuple[list[GridRow], int]:
    """The rows of a delimited table from its heading row on, and the position after its last row."""
    heading = _split(lines[start][1], delimiter)
    rows: list[GridRow] = []
    end = start
    for position in range(start, len(lines)):
        if position - end > FARTHEST_CONTINUATION:
            break
        number, text = lines[position]
        cells = _split(text, delimiter)
        if _is_heading(cells, period) and tuple(map(plain, cells)) != tuple(map(plain, heading)):
            break
        if _belongs(cells, heading, lines[end + 1 : position], delimiter):
            rows.append(GridRow(number, cells))
            end = position
        elif _is_band(text) and _followed(lines, position, delimiter) and not _interrupted(lines[end + 1 : position]):
            rows.append(GridRow(number, (text.strip(" \t|｜"),)))
            end = position
    return rows, end + 1


def _belongs(cells: Sequence[str], heading: Sequence[str], between: Sequence[tuple[int, str]], delimiter: str) -> bool:
    """Whether a line is a row of the table above it: the heading again, or cells with nothing foreign between."""
    if tuple(map(plain, cells)) == tuple(map(plain, heading)):
        return True
    if sum(map(bool, cells)) < 2 or _interrupted(between) or all(_RULE.fullmatch(cell) for cell in cells):
        return False
    if delimiter in ",，;；" and not any(map(is_value, cells)):
        return False
    return len(cells) == len(heading) or (not between and len(cells) > 2)


def _interrupted(lines: Sequence[tuple[int, str]]) -> bool:
    """Whether text that is neither blank nor page furniture nor a rule lies between two rows."""
    return any(text.strip() and not is_page_furniture(text) and not _RULE.fullmatch(text) for _, text in lines)


def _is_band(text: str) -> bool:
    bare = plain(text).strip("|")
    return (
        2 <= len(bare) <= 16
        and not re.search(r"[。；，,:：]", bare)
        and not starts_note(text)
        and not is_page_furniture(text)
    )


def _followed(lines: list[tuple[int, str]], position: int, delimiter: str) -> bool:
    following = next((text for _, text in lines[position + 1 : position + 3] if text.strip()), "")
    return any(is_value(cell) for cell in _split(following, delimiter)[1:])


def _joined(grids: Sequence[Grid], period: Period) -> Iterator[Grid]:
    """Tables that a page break cut are one again: the next one repeats the heading, or has its width and none."""
    current: Grid | None = None
    for grid in sorted(grids, key=lambda one: one.rows[0].line):
        if current is not None and _continues(current, grid, period):
            current = Grid(current.rows + grid.rows)
        else:
            if current is not None:
                yield current
            current = grid
    if current is not None:
        yield current


def _continues(first: Grid, second: Grid, period: Period) -> bool:
    if second.rows[0].line - first.rows[-1].line > FARTHEST_CONTINUATION:
        return False
    opening = next((row.cells for row in first.rows if _is_heading(row.cells, period)), None)
    if opening is None:
        return False
    again = next((row.cells for row in second.rows[:2] if _is_heading(row.cells, period)), None)
    if again is not None:
        return tuple(map(plain, again)) == tuple(map(plain, opening))
    width = Counter(len(row.cells) for row in first.rows).most_common(1)[0][0]
    return len(second.rows[0].cells) == width and any(map(is_value, second.rows[0].cells[1:]))


def _is_heading(cells: Sequence[str], period: Period) -> bool:
    """Whether a row can be the heading of an indicator table: a name column and two of values, nature or unit."""
    roles = [column.role for column in (read_heading(cell, period) for cell in dict.fromkeys(cells)) if column]
    return Role.NAME in roles and sum(role in (Role.VALUE, Role.NATURE, Role.UNIT, Role.GROWTH) for role in roles) >= 2


def _read_grid(grid: Grid, document: SourceDocument, period: Period) -> MainTable | None:
    found = _find_heading(grid.rows, period)
    if found is None:
        return None
    first, last, headings = found
    body = grid.rows[last + 1 :]
    columns = _assign_roles(headings, body, period)
    if sum(column.role is Role.VALUE for column in columns) < 1:
        return None
    rows, notes = _read_body(body, columns, {tuple(map(plain, row.cells)) for row in grid.rows[first : last + 1]})
    above = [(line.number, line.text) for line in document.lines[: grid.rows[0].line - 1]]
    above += [(row.line, row.cells[0]) for row in grid.rows[:first] if len(set(filter(None, row.cells))) == 1]
    title = title_above(above)
    below = [(line.number, line.text) for line in document.lines[grid.rows[-1].line :]]
    return MainTable(
        "grid",
        " ".join(title[1].split()) if title else None,
        title[0] if title else grid.rows[first].line,
        columns,
        tuple(rows),
        tuple(notes + note_lines(below)),
        0.98,
    )


def _find_heading(rows: Sequence[GridRow], period: Period) -> tuple[int, int, tuple[str, ...]] | None:
    """First and last row of the heading, and the heading of every column, parts over several rows joined."""
    for first in range(min(len(rows), 12)):
        for depth in range(DEEPEST_HEADING, 0, -1):
            block = rows[first : first + depth]
            if len(block) < depth or len({len(row.cells) for row in block}) > 1 or any(_is_data(row) for row in block):
                continue
            if depth > 1 and not all(_refines(upper, lower, period) for upper, lower in pairwise(block)):
                continue
            headings = tuple("".join(dict.fromkeys(parts)) for parts in zip(*(row.cells for row in block), strict=True))
            if _is_heading(headings, period) and (depth == 1 or _is_heading_start(block[0], period)):
                return first, first + depth - 1, headings
    return None


def _is_heading_start(row: GridRow, period: Period) -> bool:
    return any(column and column.role is Role.NAME for column in (read_heading(cell, period) for cell in row.cells))


def _refines(upper: GridRow, lower: GridRow, period: Period) -> bool:
    """Whether a row is the second storey of a heading: it says something new only below a merged or empty cell."""
    texts = [cell for cell in lower.cells if plain(cell)]
    repeated = any(plain(a) and plain(a) == plain(b) for a, b in zip(upper.cells, lower.cells, strict=True))
    blank = any(not plain(cell) for cell in lower.cells)
    return len(set(texts)) > 1 and (repeated or blank) and any(read_heading(text, period) for text in texts)


def _is_data(row: GridRow) -> bool:
    texts = [cell for cell in row.cells if plain(cell)]
    numbers = sum(is_value(cell) and not re.fullmatch(r"(19|20)\d\d", plain(cell)) for cell in texts)
    return any(is_nature(cell) for cell in texts) or numbers >= 2


def _assign_roles(headings: Sequence[str], body: Sequence[GridRow], period: Period) -> tuple[Column, ...]:
    """The columns by their headings; what the cells say overrules a heading that could mean several things."""
    columns = [read_heading(heading, period) or Column(Role.UNKNOWN, plain(heading)) for heading in headings]
    full = [row.cells for row in body if len(row.cells) == len(columns)]
    for position, column in enumerate(columns):
        cells = [cells[position] for cells in full if plain(cells[position])]
        if not cells:
            continue
        if sum(map(is_nature, cells)) > len(cells) / 2:
            columns[position] = Column(Role.NATURE, column.heading)
        elif column.role in (Role.NATURE, Role.UNKNOWN):
            columns[position] = Column(_role_by_content(column, cells), column.heading)
    names = [position for position, column in enumerate(columns) if column.role is Role.NAME]
    for position in names[:-1]:
        columns[position] = Column(Role.DOMAIN, columns[position].heading)
    return tuple(columns)


def _role_by_content(column: Column, cells: Sequence[str]) -> Role:
    if all(_NUMBERED.fullmatch(plain(cell)) for cell in cells) and not column.heading:
        return Role.NO
    if column.role is Role.UNKNOWN and sum(map(is_unit, cells)) > len(cells) * 0.8:
        return Role.UNIT
    if len(set(map(plain, cells))) < len(cells) and not any(map(is_value, cells)):
        return Role.DOMAIN
    return Role.REMARK


def _read_body(
    body: Sequence[GridRow], columns: tuple[Column, ...], heading_rows: set[tuple[str, ...]]
) -> tuple[list[TableRow], list[tuple[int, str]]]:
    rows: list[TableRow] = []
    notes: list[tuple[int, str]] = []
    domain: str | None = None
    broken = False
    for row in body:
        texts = list(dict.fromkeys(plain(cell) for cell in row.cells if plain(cell)))
        if not texts or tuple(map(plain, row.cells)) in heading_rows:
            broken = broken or bool(texts)
            continue
        if notes and _has_figures(row, columns):
            domain, notes = compact(notes[-1][1]), []
        if notes or (len(texts) == 1 and (starts_note(texts[0]) or len(texts[0]) > 30)):
            notes += [(row.line, text) for text in dict.fromkeys(filter(None, map(str.strip, row.cells)))]
            continue
        cells = _aligned(row.cells, columns)
        read = _read_row(row.line, cells, columns)
        if read.cells.values() and any(map(is_value, read.cells.values())):
            domain = domain if read.domain is None else read.domain
            read.domain = domain
            if not read.name:
                read.name = f"（无名称{row.line}）"
                read.doubts["name"] = Text("此行没有名称", "the row has no name")
            rows.append(read)
        elif len(texts) == 1 and _is_group_heading(row, columns, rows, broken=broken):
            domain = compact(next(filter(None, row.cells)))
        elif rows:
            _continue_name(rows[-1], read.name or compact(next(filter(None, row.cells))))
        broken = False
    return rows, notes


def _has_figures(row: GridRow, columns: tuple[Column, ...]) -> bool:
    """Whether a row is one of the table after all, so that the line above it that looked like a note heads a group."""
    places = [at for at, column in enumerate(columns) if column.role is Role.VALUE]
    figures = sum(at < len(row.cells) and is_value(row.cells[at]) for at in places)
    return len(row.cells) == len(columns) and figures == len(places)


def _aligned(cells: Sequence[str], columns: tuple[Column, ...]) -> Sequence[str]:
    """A row with fewer cells than columns: the missing ones are at the side that makes the rest fit its columns."""
    missing = len(columns) - len(cells)
    if missing <= 0 or len(cells) < 2:
        return cells
    ways = [[*cells[:cut], *[""] * missing, *cells[cut:]] for cut in range(len(cells) + 1)]
    return max(ways, key=lambda way: _fit(way, columns))


def _fit(cells: Sequence[str], columns: tuple[Column, ...]) -> int:
    score = 0
    for cell, column in zip(cells, columns, strict=False):
        if not plain(cell):
            score -= column.role in (Role.NAME, Role.VALUE)
        elif column.role in (Role.VALUE, Role.GROWTH, Role.TOTAL):
            score += 2 if is_value(cell) else -2
        elif column.role is Role.NATURE:
            score += 2 if is_nature(cell) else -2
        elif column.role is Role.UNIT:
            score += 1 if is_unit(cell) else -1
        elif column.role is Role.NAME:
            score += 1 if not is_value(cell) and not is_nature(cell) else -2
    return score


def _read_row(line: int, cells: Sequence[str], columns: tuple[Column, ...]) -> TableRow:
    row = TableRow(line, "")
    for position, (cell, column) in enumerate(zip(cells, columns, strict=False)):
        text = compact(cell)
        match column.role:
            case Role.NAME:
                row.name = text
            case Role.DOMAIN if text:
                row.domain = text
            case Role.NO if text:
                row.no = re.sub(r"\D", "", text) or None
            case Role.UNIT:
                row.unit = text or None
            case Role.NATURE:
                row.nature = text or None
            case Role.OWNER:
                row.owner = text or None
            case Role.VALUE | Role.GROWTH | Role.TOTAL:
                row.cells[position] = cell.strip()
    if any(read_cell(cell) is None for cell in row.cells.values()):
        row.doubts["values"] = Text("有的单元格不是数值", "a cell of a value column holds no figure")
    return row


def _is_group_heading(row: GridRow, columns: tuple[Column, ...], rows: list[TableRow], *, broken: bool) -> bool:
    """Whether a row with one text heads a domain, and is not the rest of the name above, cut by a line or page."""
    places = {at for at, cell in enumerate(row.cells) if plain(cell)}
    grouped = [at for at, column in enumerate(columns) if column.role is Role.DOMAIN]
    if grouped and len(row.cells) == len(columns):
        return bool(places & set(grouped))
    text = plain(next(filter(None, row.cells)))
    if not rows:
        return True
    tail = re.match(r"[)）、和及与的]", text) or text.endswith(_NAME_ENDINGS) or (broken and text.endswith((")", "）")))
    return not grouped and balanced(rows[-1].name) and not tail


def _continue_name(row: TableRow, rest: str) -> None:
    row.name += rest
    row.doubts["name"] = Text("名称跨行或跨页，已拼接", "the name ran over a line or page and was joined")
