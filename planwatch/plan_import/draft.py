"""The draft of a plan.yaml: every field filled in, and beside it how sure the import is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from planwatch.language import Text
from planwatch.plan_import.catalogue import KnownCatalogue
from planwatch.plan_import.columns import Columns
from planwatch.plan_import.concepts import LIKELY
from planwatch.plan_import.domains import NATIONAL_DOMAINS, domain_of_concept, domain_of_print
from planwatch.plan_import.evidence import Evidence
from planwatch.plan_import.main_table import ChosenTable, find_main_table
from planwatch.plan_import.marks import marks_used, read_name
from planwatch.plan_import.metadata import NATIONAL_CODE, DocumentFacts, Found, read_facts
from planwatch.plan_import.notes import TableNote, read_notes
from planwatch.plan_import.owners import NamedAgency, agency_named, find_coordinator, find_leads, first_unit
from planwatch.plan_import.rows import UNNAMED_CONCEPT, UNTRANSLATED, RowReading, read_row
from planwatch.plan_import.source import SourceDocument
from planwatch.plan_import.tables import MainTable

NEW_PLAN = "newplan"
"""Code of a plan whose code nobody has given yet."""

Document = dict[str, Any]


def import_plan(document: SourceDocument, catalogue: KnownCatalogue, plan_id: str | None = None) -> Document:
    """Read a plan from its document.

    Args:
        document: the document.
        catalogue: the plans that are known, for concepts, domains and areas.
        plan_id: code for the plan; None where nobody has given one.
    Returns:
        A plan.yaml with one more section, `draft`: confidence, line and reason of every field. Without that section it
        satisfies plan.schema.json.
    Raises:
        NoMainTable: the document holds no table of indicators.
    """
    facts = read_facts(document, catalogue.areas)
    chosen = find_main_table(document, catalogue, facts.period)
    period = _period(facts, chosen.table)
    head = Evidence(facts.title.line)
    _state_head(head, facts, chosen, period, plan_id)
    names = [read_name(row.name) for row in chosen.table.rows]
    notes = read_notes(
        chosen.table.note_lines,
        marks_used(names, (cell for row in chosen.table.rows for cell in row.cells.values())),
    )
    columns = Columns.of(chosen.table, period)
    readings = [
        read_row(row, name, chosen.table, columns, notes, catalogue)
        for row, name in zip(chosen.table.rows, names, strict=True)
    ]
    code = plan_id or NEW_PLAN
    _number(readings, [row.no or name.no for row, name in zip(chosen.table.rows, names, strict=True)], code)
    _name_concepts(readings)
    domains = _place(readings, chosen.table, catalogue)
    agencies = _assign(readings, domains, chosen.table, document, facts, code, head)
    for reading in readings:
        reading.indicator["needs_confirmation"] = reading.evidence.doubts()
    return {
        "plan_id": code,
        "version": 1,
        "title": {"zh": facts.title.value, "en": UNTRANSLATED + str(facts.title.value)},
        "ref_area": facts.area_code.value,
        "area_name": {"zh": facts.area.value, "en": UNTRANSLATED + str(facts.area.value)},
        "period": {"start": period[0], "end": period[1]},
        "parent_plan": _parent(facts, period, catalogue, code, head),
        "note": None,
        "document": _source(facts, code),
        "coordinating_agency": agencies.rows[0]["agency_id"],
        "agencies": agencies.rows,
        "domains": list(domains.values()),
        "table": _table(chosen.table, columns, notes),
        "indicators": [_ordered(reading.indicator) for reading in readings],
        "draft": _draft_section(document, chosen, head, readings),
    }


def _period(facts: DocumentFacts, table: MainTable) -> tuple[str, str]:
    """Years of the plan as its title names them; by the columns where it names none or the table ends later."""
    years = sorted(table.periods)
    if facts.period is not None:
        return facts.period if facts.period[1] in years or years[-1] < facts.period[1] else (facts.period[0], years[-1])
    return (str(int(years[0]) + 1), years[-1]) if len(years) > 1 else (str(int(years[0]) - 4), years[0])


def _state_head(
    head: Evidence, facts: DocumentFacts, chosen: ChosenTable, period: tuple[str, str], plan_id: str | None
) -> None:
    if plan_id is None:
        head.state("plan_id", 0.0, Text("规划代码待定", "the plan has no code yet"))
    told = {
        "title": facts.title,
        "area_name": facts.area,
        "ref_area": facts.area_code,
        "number": facts.number,
        "issuer": facts.issuer,
        "issued_on": facts.issued_on,
    }
    for name, fact in told.items():
        head.state(name, fact.confidence, fact.reason, fact.line)
    head.state("title.en", 0.0, Text("英文标题待译", "the English title is missing"))
    head.state("area_name.en", 0.0, Text("英文地名待译", "the English name of the area is missing"))
    if facts.period != period:
        reason = Text(
            f"规划期按主表的年份推断为{period[0]}—{period[1]}",
            f"the plan's years {period[0]}-{period[1]} follow from the table",
        )
        head.state("period", 0.5, reason)
    else:
        head.state("period", 0.95)
    head.state("table", 0.5 if chosen.doubt else 0.95, chosen.doubt, chosen.table.title_line)
    if chosen.table.title is None:
        head.state("table.title", 0.2, Text("主表没有标题", "the table has no title"), chosen.table.title_line)


def _number(readings: Sequence[RowReading], printed: Sequence[str | None], code: str) -> None:
    """Numbers as printed where every row has its own, otherwise positions."""
    numbers = [int(no) for no in printed if no]
    whole = len(numbers) == len(readings) and len(set(numbers)) == len(numbers) and all(0 < no < 100 for no in numbers)
    for position, reading in enumerate(readings, start=1):
        no = numbers[position - 1] if whole else position
        reading.indicator |= {"indicator_id": f"{code}-{no:02d}", "no": no}


def _name_concepts(readings: Sequence[RowReading]) -> None:
    """Codes for concepts that nobody has named; of two rows with one concept the less alike is doubted."""
    seen: dict[str, RowReading] = {}
    for reading in readings:
        concept = reading.indicator["concept"]
        if concept is None:
            reading.indicator["concept"] = f"{UNNAMED_CONCEPT}{reading.indicator['no']:02d}"
        elif concept in seen:
            weaker = min(reading, seen[concept], key=lambda one: one.concept.confidence)
            zh = f"与第{(seen[concept] if weaker is reading else reading).indicator['no']}项概念相同"
            weaker.evidence.state("concept", 0.3, Text(zh, "another row has the same concept"))
        else:
            seen[concept] = reading


def _place(readings: Sequence[RowReading], table: MainTable, catalogue: KnownCatalogue) -> dict[str, Document]:
    """Give every row its domain; the domains in the order of the table, their agencies still open."""
    domains: dict[str, Document] = {}
    printed_codes: dict[str, tuple[str | None, float, Text | None]] = {}
    for reading, row in zip(readings, table.rows, strict=True):
        if row.domain is not None:
            if row.domain not in printed_codes:
                proposal = domain_of_print(row.domain, catalogue.domains, len(printed_codes) + 1)
                printed_codes[row.domain] = proposal.value, proposal.confidence, proposal.reason
            code, confidence, reason = printed_codes[row.domain]
            name = row.domain
        else:
            proposal = domain_of_concept(reading.indicator["name"], reading.concept, catalogue.indicators)
            code, confidence, reason = proposal.value, proposal.confidence, proposal.reason
            name = NATIONAL_DOMAINS.get(str(code), "其他")
        reading.indicator["domain"] = code
        reading.evidence.state("domain", confidence, reason)
        domains.setdefault(str(code), {"domain": code, "name": name})
    return domains


@dataclass(slots=True)
class _Agencies:
    """The agencies of the draft, each once, the coordinating one first."""

    code: str
    area: str
    rows: list[Document] = field(default_factory=list)

    def add(self, agency: NamedAgency, role: str) -> str:
        """The id under which an agency stands, added if it is new."""
        suffix = agency.suffix or self._suffix_of(agency.printed)
        agency_id = f"{self.code}-{suffix}"
        known = next((row for row in self.rows if row["agency_id"] == agency_id), None)
        form = {"name": agency.printed, "source_line": agency.line}
        if known is None:
            name_en = agency.name_en or UNTRANSLATED + agency.printed
            name = {"zh": agency.printed, "en": name_en}
            self.rows.append({"agency_id": agency_id, "name": name, "printed": [form], "role": role, "superior": None})
        elif all(one["name"] != agency.printed for one in known["printed"]):
            known["printed"].append(form)
        return agency_id

    def _suffix_of(self, printed: str) -> str:
        same = next((row for row in self.rows if any(form["name"] == printed for form in row["printed"])), None)
        if same is not None:
            return str(same["agency_id"]).removeprefix(f"{self.code}-")
        return f"agency-{len(self.rows) + 1:02d}"


def _assign(
    readings: Sequence[RowReading],
    domains: Mapping[str, Document],
    table: MainTable,
    document: SourceDocument,
    facts: DocumentFacts,
    code: str,
    head: Evidence,
) -> _Agencies:
    """Owners: the table's own column, else a sentence with 牵头 for the domain, else the coordinating body."""
    agencies = _Agencies(code, str(facts.area.value))
    coordinator = _coordinator(document, facts, head)
    coordinating = agencies.add(coordinator, "coordinating")
    leads = find_leads(document.lines, list(domains))
    owners = {}
    for name, domain in domains.items():
        lead = leads.get(name)
        owners[name] = agencies.add(lead, "lead") if lead else coordinating
        reason = (
            Text(
                f"第{lead.line}行“牵头”一句按内容归入本领域",
                f"line {lead.line} names a lead; its domain follows from its words",
            )
            if lead
            else Text(
                "文中没有找到本领域的责任单位，归口统筹协调单位",
                "nobody was found for the domain; it falls to the coordinating agency",
            )
        )
        domain |= {
            "agency": owners[name],
            "basis": "lead" if lead else "coordinating",
            "source_line": lead.line if lead else None,
            "needs_confirmation": reason.as_mapping(),
        }
    for reading, row in zip(readings, table.rows, strict=True):
        unit = first_unit(row.owner) if row.owner else None
        if unit:
            reading.indicator["owner"] = agencies.add(agency_named(unit, row.line), "lead")
            several = re.search(r"[、，,;；]", row.owner or "") is not None
            reason = Text("列出多个单位，取第一个", "several units are listed; the first is taken")
            reading.evidence.state("owner", 0.7 if several else 0.9, reason if several else None)
        else:
            domain = domains[reading.indicator["domain"]]
            reading.indicator["owner"] = owners[reading.indicator["domain"]]
            doubt = domain["needs_confirmation"]
            reading.evidence.state("owner", 0.5, Text(doubt["zh"], doubt["en"]), domain["source_line"])
    return agencies


def _coordinator(document: SourceDocument, facts: DocumentFacts, head: Evidence) -> NamedAgency:
    found = find_coordinator(document.lines)
    if found is not None:
        head.state(
            "coordinating_agency",
            0.7,
            Text("按文中“统筹、评估”一句推断", "told from a sentence on coordination or evaluation"),
            found.line,
        )
        return found
    if facts.issuer.value is not None and facts.issuer.line is not None:
        head.state(
            "coordinating_agency",
            0.5,
            Text("没有点名统筹单位，取发文机关", "no coordinating body is named; the issuer is taken"),
            facts.issuer.line,
        )
        return agency_named(facts.issuer.value, facts.issuer.line)
    head.state("coordinating_agency", 0.0, Text("没有找到统筹协调单位", "no coordinating body was found"))
    return NamedAgency(
        "统筹协调单位（待确认）", facts.title.line or 1, "coordinating", "Coordinating agency (to be confirmed)"
    )


def _parent(
    facts: DocumentFacts, period: tuple[str, str], catalogue: KnownCatalogue, code: str, head: Evidence
) -> str | None:
    if facts.area_code.value == NATIONAL_CODE:
        head.state("parent_plan", facts.area_code.confidence, facts.area_code.reason)
        return None
    parent = catalogue.national_plan(period)
    reason = Text(
        "目录中同期的国家规划；如有省级规划应改为省级",
        "the national plan of the same years; a provincial one would come first",
    )
    head.state("parent_plan", 0.6, reason)
    return parent if parent != code else None


def _source(facts: DocumentFacts, code: str) -> Document:
    def line(fact: Found) -> int | None:
        return fact.line if fact.value is not None else None

    return {
        "file": f"{code}.txt",
        "number": facts.number.value,
        "issuer": facts.issuer.value,
        "issued_on": facts.issued_on.value,
        "source_lines": {
            "title": facts.title.line or 1,
            "number": line(facts.number),
            "issuer": line(facts.issuer),
            "issued_on": line(facts.issued_on),
        },
    }


def _table(table: MainTable, columns: Columns, notes: Sequence[TableNote]) -> Document:
    years = [str(column.period) for column in columns.values.values()]
    return {
        "title": table.title or "（无标题）",
        "source_line": table.title_line,
        "value_periods": years if len(years) > 1 else [str(int(years[0]) - 5), *years],
        "notes": [{"mark": note.mark, "text": note.text, "source_line": note.line} for note in notes],
    }


def _ordered(indicator: Document) -> Document:
    """The row with its codes first, as the plan files have them."""
    first = {name: indicator[name] for name in ("indicator_id", "no")}
    return first | {name: value for name, value in indicator.items() if name not in first}


def _draft_section(
    document: SourceDocument, chosen: ChosenTable, head: Evidence, readings: Sequence[RowReading]
) -> Document:
    return {
        "source": document.file,
        "likely_from": LIKELY,
        "table": {"form": chosen.table.form, "line": chosen.table.title_line, "rows": len(readings)},
        "other_tables": [
            {"title": other.title, "line": other.title_line, "rows": len(other.rows)} for other in chosen.others
        ],
        "plan": head.as_mapping(),
        "indicators": {
            reading.indicator["indicator_id"]: {
                "place": document.lines[reading.indicator["source_line"] - 1].place.as_mapping(),
                "fields": reading.evidence.as_mapping(),
            }
            for reading in readings
        },
    }
