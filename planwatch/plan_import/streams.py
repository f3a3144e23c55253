"""A main table that lost its columns: one cell per line, or cells apart by blanks only.

The heading tells the order of the columns; a row ends where its last columns (unit, figures, nature) have been seen in
that order. What stands before them is the number, the domain and the name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from planwatch.language import Text
from planwatch.plan_import.cells import is_value
from planwatch.plan_import.grids import Period
from planwatch.plan_import.headings import Column, Role, is_nature, read_heading
from planwatch.plan_import.source import SourceDocument, balanced, compact, plain
from planwatch.plan_import.tables import (
    MainTable,
    TableRow,
    is_heading_line,
    is_page_furniture,
    note_lines,
    starts_note,
    title_above,
)
from planwatch.plan_import.units import is_unit

LONGEST_NAME = 60
MOST_HEAD_TOKENS = 14
CERTAIN_NAME = 0.95
"""Likeness to a known indicator above which a name is whole."""

_SPLIT_HEADING = re.compile(r"(?<![\u4e00-\u9fff])([指类单属性序领])\s+([标别位性质号域])(?![\u4e00-\u9fff])")
_YEAR_GAP = re.compile(r"((?:19|20)\d\d)\s+(?=年)")
_SIGN_GAP = re.compile(
    r"([≥≤><＞＜≧≦约])\s+(?=\d)|(?<=\d)\s+(?=[%％‰*＊])|(?<=[\[【])\s+|\s+(?=[\]】])|(?<=\d)\s+(?=(?:以上|以下|左右|以内)(?:\s|$))"
)
_DOMAIN_WORDS = re.compile(
    r"^.有所.$|^.{2,6}(服务|保障|发展|领域|类|方面|建设|改善|环境|水平|民生|生活|教育|文化|健康|养老|就业)$|^[一二三四五六七八九十]+、|^[(（][一二三四五六七八九十]+[)）]"
)
_OPTIONAL = {Role.UNIT, Role.GROWTH, Role.TOTAL, Role.REMARK, Role.OWNER}
_AGENCY = re.compile(r"[委局厅部办院会社]$|单位$|政府$")

KnownNames = Callable[[str], float]
"""How alike a text and the nearest known indicator name are, 0 to 1."""


@dataclass(frozen=True, slots=True)
class _Token:
    line: int
    text: str


def stream_tables(
    document: SourceDocument, period: Period, likeness: KnownNames, domains: Sequence[str]
) -> Iterator[MainTable]:
    """Every table of the text whose heading stands in one line with blanks, or one heading per line.

    Args:
        document: the document; lines of its grids are passed over.
        period: first and last year of the plan.
        likeness: tells names of indicators from other text.
        domains: names of domains known from other plans.
    """
    taken = {number for grid in document.grids for number in grid.lines}
    lines = [(line.number, line.text) for line in document.lines if line.number not in taken]
    position = 0
    while position < len(lines):
        found = _heading_at(lines, position, period)
        if found is None:
            position += 1
            continue
        columns, body = found
        reader = _Reader(columns, likeness, domains)
        end = reader.read(lines, body, spaced=body == position + 1)
        if reader.rows:
            title = title_above(lines[max(0, position - 8) : position])
            yield MainTable(
                "stream",
                " ".join(title[1].split()) if title else None,
                title[0] if title else lines[position][0],
                columns,
                tuple(reader.rows),
                tuple(note_lines(lines[end:])),
                0.95,
                reader.doubt,
            )
        position = max(end, position + 1)


def _heading_at(lines: list[tuple[int, str]], start: int, period: Period) -> tuple[tuple[Column, ...], int] | None:
    """The columns of a heading that begins at a line, and the position after it."""
    tokens = _tokens(lines[start][1])
    if len(tokens) > 2:
        columns = [read_heading(token, period) for token in tokens]
        if all(columns) and _is_heading(columns):
            return tuple(column for column in columns if column), start + 1
    columns, end = [], start
    for position in range(start, min(len(lines), start + 30)):
        text = lines[position][1]
        if not text.strip():
            continue
        column = read_heading(text, period) if len(plain(text)) <= 12 else None
        if column is None:
            break
        columns.append(column)
        end = position + 1
    if _is_heading(columns) and lines[start][1].strip():
        return tuple(column for column in columns if column), end
    return None


def _is_heading(columns: Sequence[Column | None]) -> bool:
    roles = [column.role for column in columns if column]
    names = roles.count(Role.NAME)
    values = roles.count(Role.VALUE)
    if Role.NAME in roles and Role.VALUE in roles[: len(roles) - roles[::-1].index(Role.NAME)]:
        return False
    return names in (1, 2) and (values >= 2 or (values == 1 and Role.NATURE in roles)) and len(roles) >= 3


def _tokens(text: str) -> list[str]:
    """The pieces of a line between blanks; blanks that typesetting put inside one are taken out."""
    joined = _SIGN_GAP.sub(lambda match: match.group(1) or "", _YEAR_GAP.sub(r"\1", text))
    return _SPLIT_HEADING.sub(r"\1\2", joined).split()


class _Reader:
    """Reads the rows of one table from the tokens under its heading."""

    def __init__(self, columns: tuple[Column, ...], likeness: KnownNames, domains: Sequence[str]) -> None:
        names = [position for position, column in enumerate(columns) if column.role is Role.NAME]
        self.columns = columns
        self.tail = list(enumerate(columns))[names[-1] + 1 :]
        self.before = [column.role for column in columns[: names[-1]]]
        self.likeness = likeness
        self.domains = {plain(name) for name in domains}
        self.domain: str | None = None
        self.rows: list[TableRow] = []
        self.doubt: Text | None = None

    def read(self, lines: list[tuple[int, str]], start: int, *, spaced: bool) -> int:
        """Read rows from a position on.

        Returns:
            The position after the last line of the table.
        """
        tokens: list[_Token] = []
        end = last = start
        for position in range(start, len(lines)):
            number, text = lines[position]
            if not text.strip() or (is_page_furniture(text) and not is_value(text)):
                continue
            if self._is_over(text, tokens):
                break
            pieces = _tokens(text) if spaced else [text.strip()]
            if spaced and _repeats(pieces, self.columns):
                continue
            tokens += [_Token(number, piece) for piece in pieces]
            tokens = _without_heading(tokens, self.columns)
            last = position + 1
            if self._take_rows(tokens):
                end = position + 1
            if len(tokens) > MOST_HEAD_TOKENS + len(self.tail):
                break
        if self._take_rows(tokens, final=True):
            end = max(end, last)
        if any(is_value(token.text) or is_nature(token.text) for token in tokens):
            zh = f"第{tokens[0].line}行起无法分行，其后可能还有指标未读"
            self.doubt = Text(zh, f"rows cannot be told apart from line {tokens[0].line} on; some may be missing")
        self._doubt_uneven_rows()
        return end

    def _doubt_uneven_rows(self) -> None:
        """A column beside the years that only some rows fill: in the others a figure may stand one column off."""
        beside = {position for position, column in self.tail if column.role in (Role.GROWTH, Role.TOTAL)}
        filled = [row for row in self.rows if beside <= set(row.cells)]
        if not filled or len(filled) == len(self.rows):
            return
        reason = Text(
            "此行的数值比别的行少，可能错位", "the row has fewer figures than others; one may stand a column off"
        )
        for row in self.rows:
            if not beside <= set(row.cells):
                row.doubts |= dict.fromkeys(("values", "baseline", "target"), reason)

    def _is_over(self, text: str, tokens: list[_Token]) -> bool:
        bare = plain(text)
        if starts_note(text) and not is_value(text) and not is_unit(text) and not self._is_next_number(text):
            return True
        if len(bare) > LONGEST_NAME and re.search(r"[。；]", bare):
            return True
        return (
            is_heading_line(text)
            and bool(self.rows)
            and not tokens
            and re.match(r"第.+[章节篇]|专栏", bare) is not None
        )

    def _is_next_number(self, text: str) -> bool:
        """Whether a line that begins with a number is the next of the rows, which are numbered in their names."""
        number = re.match(r"[(（]?(\d{1,2})[.、．)）]", text.strip())
        return number is not None and int(number.group(1)) == len(self.rows) + 1

    def _take_rows(self, tokens: list[_Token], *, final: bool = False) -> bool:
        """Take every complete row off the front of `tokens`; whether one was taken.

        A row whose last column may be left out waits for the next token, unless this is the `final` one.
        """
        taken = False
        while True:
            found = self._first_row(tokens, final=final)
            if found is None:
                return self._take_broken(tokens) or taken
            start, end, cells = found
            self._add(tokens[:start], cells)
            del tokens[:end]
            taken = True

    def _first_row(self, tokens: list[_Token], *, final: bool) -> tuple[int, int, dict[int, str]] | None:
        for start in range(1, len(tokens)):
            matched = _match(self.tail, [token.text for token in tokens[start:]])
            if matched is not None and _has_name(tokens[:start]):
                length, cells = matched
                waits = self.tail[-1][1].role in _OPTIONAL and self.tail[-1][0] not in cells
                return None if waits and not final and start + length == len(tokens) else (start, start + length, cells)
        return None

    def _take_broken(self, tokens: list[_Token]) -> bool:
        """A row that ends with its nature but lacks a cell: kept, its figures counted from the right, and doubted."""
        ends = [position for position, token in enumerate(tokens) if is_nature(token.text)]
        if not ends or not self.tail or self.tail[-1][1].role is not Role.NATURE or not _has_name(tokens[: ends[0]]):
            return False
        row_tokens = tokens[: ends[0]]
        named = next(at for at in range(len(row_tokens)) if _has_name(row_tokens[at : at + 1]))
        values = [token for token in row_tokens[named:] if is_value(token.text)]
        slots = [position for position, column in self.tail if column.role in (Role.VALUE, Role.GROWTH, Role.TOTAL)]
        head = [token for token in row_tokens if token not in values and not is_unit(token.text)]
        if not head or not values:
            return False
        cells = dict.fromkeys(slots, "")
        cells |= dict(zip(reversed(slots), (token.text for token in reversed(values)), strict=False))
        cells[self.tail[-1][0]] = tokens[ends[0]].text
        unit = next((token.text for token in row_tokens if is_unit(token.text)), None)
        units = [position for position, column in self.tail if column.role is Role.UNIT]
        if unit and units:
            cells[units[0]] = unit
        self._add(head, cells)
        reason = Text(
            "此行缺少单元格，数值按从右到左对应", "a cell of this row is missing; figures are counted from the right"
        )
        self.rows[-1].doubts |= dict.fromkeys(("name", "domain", "unit", "values", "baseline", "target"), reason)
        del tokens[: ends[0] + 1]
        return True

    def _add(self, head: list[_Token], cells: dict[int, str]) -> None:
        row = TableRow(head[0].line, "")
        head = self._take_number(head, row)
        head = self._take_kinds(head, row)
        self._split_head(head, row)
        for position, text in cells.items():
            match self.columns[position].role:
                case Role.UNIT:
                    row.unit = compact(text) or None
                case Role.NATURE:
                    row.nature = compact(text)
                case Role.OWNER:
                    row.owner = compact(text)
                case Role.VALUE | Role.GROWTH | Role.TOTAL:
                    row.cells[position] = text
                case _:
                    pass
        self.rows.append(row)

    def _take_number(self, head: list[_Token], row: TableRow) -> list[_Token]:
        numbers = [token for token in head if re.fullmatch(r"\d{1,3}[.、]?", plain(token.text))]
        if Role.NO in self.before and numbers and len(head) > 1:
            row.no = re.sub(r"\D", "", plain(numbers[0].text))
            return [token for token in head if token is not numbers[0]]
        return head

    def _take_kinds(self, head: list[_Token], row: TableRow) -> list[_Token]:
        """Cells of columns that stand before the name and are known by their kind."""
        if Role.NATURE in self.before:
            natures = [token for token in head if is_nature(token.text)]
            row.nature = compact(natures[0].text) if natures else None
            head = [token for token in head if token not in natures]
        if Role.UNIT in self.before and len(head) > 1 and is_unit(head[0].text):
            row.unit = compact(head[0].text)
            head = head[1:]
        return head

    def _split_head(self, head: list[_Token], row: TableRow) -> None:
        """Tell domain and name apart in what stands before the figures."""
        scores = sorted(((self._split_score(head, cut), cut) for cut in range(len(head))), reverse=True)
        score, cut = scores[0]
        domain = compact("".join(token.text for token in head[:cut]))
        row.name = compact("".join(token.text for token in head[cut:]))
        row.line = head[cut].line
        if not cut:
            domain, row.name = self._glued(row.name)
        if domain:
            self.domain = domain
        row.domain = self.domain
        self._doubt_joined_name(head[cut:], row)
        if is_value(head[-1].text) and len(head) > 1 and not re.fullmatch(r"[*※]+", head[-1].text):
            reason = Text("此行的数值比表头的列多", "the row has more figures than the heading has columns")
            row.doubts |= {"name": reason, "values": reason}
        if len(scores) > 1 and (score - scores[1][0] < 1 or any(column.role is Role.REMARK for column in self.columns)):
            printed = " | ".join(token.text for token in head)
            reason = Text(f"“{printed}”中领域与名称的分界不明", f"where the domain ends in “{printed}” is not certain")
            row.doubts |= {"name": reason, "domain": reason}

    def _doubt_joined_name(self, pieces: Sequence[_Token], row: TableRow) -> None:
        """A name over several lines that nobody knows may hold the end of the name before it."""
        if len({piece.line for piece in pieces}) < 2 or self.likeness(row.name) > CERTAIN_NAME:
            return
        reason = Text(
            "名称跨行，可能与上一行的名称相连", "the name ran over lines and may hold the end of the one before"
        )
        row.doubts["name"] = reason
        if self.rows and self.likeness(self.rows[-1].name) <= CERTAIN_NAME:
            self.rows[-1].doubts["name"] = reason

    def _glued(self, name: str) -> tuple[str, str]:
        """A known domain that runs into the name without a blank, taken off it."""
        found = max(
            (known for known in self.domains if len(known) >= 4 and name.startswith(known)), key=len, default=""
        )
        return (found, name.removeprefix(found)) if len(name) - len(found) >= 4 else ("", name)

    def _split_score(self, head: list[_Token], cut: int) -> float:
        domain = compact("".join(token.text for token in head[:cut]))
        name = compact("".join(token.text for token in head[cut:]))
        score = 4 * self.likeness(name) + (0 if balanced(name) else -4) + (-4 if len(name) < 3 else 0)
        if re.match(r"[)）、和及与的]", name):
            score -= 3
        if not cut:
            return score - (1 if Role.DOMAIN in self.before and self.domain is None else 0)
        if plain(domain) in self.domains or domain == self.domain:
            score += 3
        elif _DOMAIN_WORDS.search(domain):
            score += 1.5
        else:
            score += 0.5 if Role.DOMAIN in self.before and len(domain) <= 10 else -1
        if not balanced(domain) or re.search(r"[、和及与的(（]$", domain):
            score -= 4
        return score - (2 if len(domain) > 12 else 0)


def _has_name(head: Sequence[_Token]) -> bool:
    return any(
        re.search(r"[\u4e00-\u9fffA-Za-z]{2}", token.text) and not is_nature(token.text) and not is_unit(token.text)
        for token in head
    )


def _match(tail: Sequence[tuple[int, Column]], tokens: Sequence[str]) -> tuple[int, dict[int, str]] | None:
    """Fit the columns after the name, in order, to the first tokens; optional columns may be left out.

    Returns:
        How many tokens they take, and position of the column → token; None if they do not fit.
    """
    if not tail:
        return 0, {}
    (position, column), *rest = tail
    if tokens and _fits(column.role, tokens[0]):
        matched = _match(rest, tokens[1:])
        if matched is not None:
            return matched[0] + 1, {position: tokens[0], **matched[1]}
    return _match(rest, tokens) if column.role in _OPTIONAL else None


def _fits(role: Role, text: str) -> bool:
    match role:
        case Role.VALUE | Role.GROWTH | Role.TOTAL:
            return is_value(text)
        case Role.NATURE:
            return is_nature(text)
        case Role.UNIT:
            return is_unit(text)
        case Role.OWNER:
            return _AGENCY.search(plain(text)) is not None
        case _:
            return False


def _repeats(pieces: Sequence[str], columns: tuple[Column, ...]) -> bool:
    return [plain(piece) for piece in pieces] == [column.heading for column in columns]


def _without_heading(tokens: list[_Token], columns: tuple[Column, ...]) -> list[_Token]:
    """The tokens without a heading that a page break repeated at their end."""
    size = len(columns)
    return tokens[:-size] if _repeats([token.text for token in tokens[-size:]], columns) else tokens
