"""Values for tests; a builder fills in what a test does not mention."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from planwatch.case.model import Case, Matter, Owners, Subject
from planwatch.commitment import (
    Box,
    Commitments,
    Deliverable,
    Investment,
    Project,
    Quantity,
    Quotation,
    ServiceItem,
    ServiceStandard,
    TargetMeasure,
    Task,
    TextTarget,
)
from planwatch.derived_indicators import derive_indicators
from planwatch.early_warning import SubjectKind, Verdict
from planwatch.language import Text
from planwatch.observation import Observation
from planwatch.period import Freq, TimePeriod, parse_period
from planwatch.plan import (
    Agency,
    AgencyRole,
    Baseline,
    Direction,
    Domain,
    GoalKind,
    Indicator,
    Nature,
    Plan,
    PrintedName,
    PrintedValue,
    Target,
)
from planwatch.plan_terms import Comparator, Unit
from planwatch.policy import AssessmentClass, Policy, policy_from_mapping
from planwatch.series import Accumulation, ObsStatus, SeriesKey
from planwatch.submission import ReportedTable, Submission
from planwatch.wire import SUBMISSION_RECEIVED, submission_to_bytes
from planwatch.working_days import WorkingCalendar
from services.catalogue_files import PlanFile, read_plan_file
from services.settings import Settings
from services.stream.record import Record

PLANS = Path(__file__).parents[1] / "plans"
APPLIED_AT = datetime(2021, 12, 1, tzinfo=UTC)
RECEIVED_AT = datetime(2022, 3, 1, 2, tzinfo=UTC)
SCHOOLS, LEAD = "schools", "lead"
PER_CENT = Unit("%", "PT", 0)
INSTITUTIONS = Unit("所", "INSTITUTION", 0)

_AT_LEAST_OR_AT_MOST = {Direction.INCREASE: Comparator.AT_LEAST, Direction.DECREASE: Comparator.AT_MOST}


@cache
def default_policy() -> Policy:
    """The policy of the catalogue."""
    return policy_from_mapping(yaml.safe_load((PLANS / "policy.yaml").read_text("utf-8")))


@cache
def real_plan_file(plan_id: str) -> PlanFile:
    """A plan of the catalogue with its document, which nobody may change."""
    return read_plan_file(PLANS, plan_id)


def real_plan(plan_id: str) -> Plan:
    """A plan of the catalogue."""
    return real_plan_file(plan_id).plan


def make_indicator(
    *,
    no: int = 1,
    goal_kind: GoalKind = GoalKind.REACH,
    direction: Direction = Direction.INCREASE,
    baseline: str | None = "50",
    target: str = "100",
    comparator: Comparator | None = None,
    nature: Nature = Nature.BINDING,
    accumulation: Accumulation | None = None,
    bounds: tuple[str | None, str | None] = (None, None),
    milestones: Mapping[str, str] | None = None,
    unit: Unit = PER_CENT,
) -> Indicator:
    """An indicator of a plan for 2021 to 2025 that starts from 2020, e.g. from 50 to at least 100 per cent."""
    start = parse_period("2020")
    lower, upper = bounds
    return Indicator(
        indicator_id=f"test-{no:02d}",
        no=no,
        name=Text(f"第{no}项比率(%)", f"Rate {no}"),
        marks=(),
        concept=f"rate_{no}",
        domain="learning",
        unit=unit,
        nature=nature,
        goal_kind=goal_kind,
        direction=direction,
        accumulation=accumulation,
        bounds=(Decimal(lower) if lower else None, Decimal(upper) if upper else None),
        values={"2020": PrintedValue(baseline or "-", Decimal(baseline) if baseline else None, None, start)},
        baseline=Baseline(Decimal(baseline), None, start, True) if baseline else None,
        target=Target(Decimal(target), comparator or _AT_LEAST_OR_AT_MOST[direction], parse_period("2025")),
        milestones=tuple((parse_period(period), Decimal(value)) for period, value in (milestones or {}).items()),
        owner=SCHOOLS,
        note=None,
        needs_confirmation=(),
        source_line=1,
    )


def make_agency(agency_id: str, name: Text) -> Agency:
    """An agency that the plan prints once."""
    return Agency(agency_id, name, (PrintedName(name.zh, 1),), AgencyRole.LEAD, None)


def make_plan(*indicators: Indicator, ref_area: str = "640500", commitments: Commitments | None = None) -> Plan:
    """A plan for 2021 to 2025 of three agencies, with one indicator if none is given."""
    plan = Plan(
        plan_id="test",
        version=1,
        title=Text("测试规划", "Test plan"),
        ref_area=ref_area,
        area_name=Text("中卫市", "Zhongwei"),
        start=parse_period("2021"),
        end=parse_period("2025"),
        parent_plan=None,
        document_file="test.txt",
        document_number=None,
        issuer=None,
        issued_on=None,
        coordinating_agency=LEAD,
        agencies=(
            make_agency(SCHOOLS, Text("教育局", "Education Bureau")),
            make_agency(LEAD, Text("发展改革委", "Development and Reform Commission")),
            make_agency("health", Text("卫生健康委", "Health Commission")),
        ),
        domains=(Domain("learning", "学有所教", SCHOOLS, "lead", None, None),),
        indicators=indicators or (make_indicator(),),
        commitments=commitments or Commitments(),
    )
    return replace(plan, derived=derive_indicators(plan))


def make_quantity(
    value: str, unit: Unit = INSTITUTIONS, comparator: Comparator = Comparator.AT_LEAST, printed: str | None = None
) -> Quantity:
    """A figure as printed, e.g. 20所."""
    return Quantity(printed or f"{value}{unit.printed}", Decimal(value), comparator, unit)


def make_task(no: int = 1, *, title: str | None = None, lead: str | None = None, deadline: str | None = None) -> Task:
    """A task of the plan `test`."""
    return Task(
        task_id=f"test-task-{no:02d}",
        no=f"（{no}）",
        section="重点任务",
        title=title,
        quotation=Quotation("推进公共服务标准体系建设，促进标准落实落地，完善重点行业领域标准规范。", 30 + no),
        domain=None,
        lead=lead,
        participants=("health",),
        responsibility=None,
        deadline=parse_period(deadline) if deadline else None,
    )


def make_project(
    no: int = 1,
    *,
    name: str = "义务教育学校建设工程",
    quantities: Sequence[tuple[str, str]] = (),
    deadline: str | None = None,
    lead: str | None = None,
    investment: Quantity | None = None,
) -> Project:
    """A project of the plan `test`; quantities are pairs of what and how many."""
    return Project(
        project_id=f"test-project-{no:02d}",
        box=Box("3", "补短板行动", 10),
        name=name,
        quotation=Quotation(f"{name}。新建改扩建一批学校。", 10 + no),
        domain="learning",
        lead=lead,
        deadline=parse_period(deadline) if deadline else None,
        deliverables=tuple(
            Deliverable(f"test-project-{no:02d}-q{at}", Text(what, f"Quantity {at}"), what, make_quantity(value), None)
            for at, (what, value) in enumerate(quantities, start=1)
        ),
        sub_projects=(),
        investment=Investment("总投资", investment) if investment else None,
        doubt=None,
    )


def make_standard(
    value: str, unit: Unit = PER_CENT, comparator: Comparator = Comparator.AT_LEAST, source: str = "实施标准"
) -> ServiceStandard:
    """A standard of a service, at least `value` per cent."""
    return ServiceStandard(Decimal(value), comparator, unit, Text(source, "Standard"))


def make_service_item(
    no: int = 1,
    *,
    name: str = "学前教育幼儿资助",
    standard: ServiceStandard | None = None,
    parent_standard: ServiceStandard | None = None,
) -> ServiceItem:
    """A service of the plan `test`."""
    return ServiceItem(
        item_id=f"test-service-{no:02d}",
        no=no,
        domain="learning",
        name=Text(name, f"Service {no}"),
        recipients=None,
        standard=standard,
        parent_standard=parent_standard,
        source_line=60 + no,
    )


def make_text_target(
    no: int = 1,
    *,
    measure: TargetMeasure = TargetMeasure.LEVEL,
    year: str | None = None,
    indicator_id: str | None = None,
    scope: Text | None = None,
) -> TextTarget:
    """A figure in the text of the plan `test`: 20 institutions."""
    return TextTarget(
        target_id=f"test-t{no:02d}",
        metric=Text("示范学校数量", "Model schools"),
        quotation=Quotation("建成示范学校20所", 20 + no),
        quantity=make_quantity("20"),
        measure=measure,
        year=parse_period(year) if year else None,
        scope=scope,
        domain="learning",
        concept="model_schools",
        indicator_id=indicator_id,
        contradiction=None,
        doubt=None,
    )


def series_of(indicator: Indicator, freq: Freq = Freq.ANNUAL) -> SeriesKey:
    """The headline series of an indicator."""
    return SeriesKey(indicator.indicator_id, "640500", freq)


def make_observation(
    indicator: Indicator,
    period: str,
    value: str | None,
    *,
    accumulation: Accumulation | None = None,
    received_at: datetime = RECEIVED_AT,
    submission_id: str = "s1",
) -> Observation:
    """One figure, e.g. `make_observation(indicator, "2021", "97.81")`; without a value it is reported as missing."""
    parsed = parse_period(period)
    return Observation(
        series=series_of(indicator, parsed.freq),
        period=parsed,
        value=Decimal(value) if value is not None else None,
        status=ObsStatus.NORMAL if value is not None else ObsStatus.MISSING,
        accumulation=accumulation,
        submission_id=submission_id,
        row=1,
        received_at=received_at,
    )


def make_history(
    indicator: Indicator, figures: Mapping[str, str | None], *, accumulation: Accumulation | None = None
) -> dict[TimePeriod, Observation]:
    """The current figures of a series, e.g. `{"2021": "10", "2022": "21"}`."""
    return {
        parse_period(period): make_observation(indicator, period, value, accumulation=accumulation)
        for period, value in figures.items()
    }


def make_verdict(period: str, verdict: AssessmentClass, *, known_at: datetime = RECEIVED_AT) -> Verdict:
    """A stored verdict."""
    return Verdict(parse_period(period), verdict, f"submission-of-{period}", known_at)


def make_submission(
    *rows: Mapping[str, str], agency_id: str = SCHOOLS, headings: Mapping[str, str] | None = None
) -> Submission:
    """A submission whose first row is row 2, as in a CSV file."""
    return Submission(
        submission_id="0123456789abcdef0123456789abcdef",
        agency_id=agency_id,
        plan_id="test",
        received_at=RECEIVED_AT,
        simulated=False,
        table=ReportedTable(headings or {}, list(enumerate(rows, start=2))),
    )


def make_submission_record(
    *rows: Mapping[str, str],
    submission_id: str,
    received_at: datetime = RECEIVED_AT,
    agency_id: str = "zhongwei-development-reform",
    plan_id: str = "zhongwei",
    offset: int = 0,
    simulated: bool = False,
) -> Record:
    """The Kafka record of a submission to the plan of Zhongwei, by its coordinating agency."""
    submission = Submission(
        submission_id=submission_id.ljust(32, "0"),
        agency_id=agency_id,
        plan_id=plan_id,
        received_at=received_at,
        simulated=simulated,
        table=ReportedTable({}, list(enumerate(rows, start=1))),
    )
    return make_record(submission_to_bytes(submission), offset=offset, recorded_at=received_at)


def make_record(value: bytes, *, offset: int = 0, recorded_at: datetime = RECEIVED_AT) -> Record:
    """A Kafka record with this value."""
    return Record(SUBMISSION_RECEIVED, 0, offset, b"640500", value, recorded_at)


def figure(reference: str | int, period: str, value: str, **cells: str) -> dict[str, str]:
    """One row of a submission, e.g. `figure(5, "2021", "97.81")`."""
    return {"indicator": str(reference), "time_period": period, "obs_value": value, **cells}


def json_submission(rows: Sequence[Mapping[str, Any]], **fields: object) -> bytes:
    """The body of a JSON submission."""
    return json.dumps({"observations": list(rows), **fields}, ensure_ascii=False).encode()


def make_settings(**changes: Any) -> Settings:  # noqa: ANN401
    """Settings without a server behind them."""
    defaults: dict[str, Any] = {
        "database_url": "",
        "kafka": "",
        "smtp_url": "smtp://127.0.0.1:1",
        "secret": "a secret of more than thirty-two characters",
        "public_url": "http://planwatch.test",
        "alerts_url": "http://alerts.test",
        "mail_from": "planwatch@planwatch.test",
        "mail_domain": "planwatch.test",
    }
    return Settings(**{**defaults, **changes})


def make_matter(
    name: str = "case",
    *,
    nature: Nature = Nature.BINDING,
    kind: SubjectKind = SubjectKind.INDICATOR,
    last_period: str = "2025",
    owner: str = SCHOOLS,
    chain: tuple[str, ...] = ("superior", LEAD),
    ref_area: str = "640500",
    plan_version: int = 1,
    neighbours: tuple[Case, ...] = (),
) -> Matter:
    """What a case is about; its id is its name, its indicator the name before a slash."""
    subject = Subject("test", kind, name.partition("/")[0], ref_area)
    return Matter(
        case_id=name,
        subject=subject,
        nature=nature,
        last_period=parse_period(last_period),
        plan_version=plan_version,
        owners=Owners(owner, chain, LEAD),
        neighbours=neighbours,
    )


def _days(*spans: str) -> frozenset[date]:
    found = set()
    for span in spans:
        first, _, last = span.partition("/")
        day, end = date.fromisoformat(first), date.fromisoformat(last or first)
        found |= {day + timedelta(days=count) for count in range((end - day).days + 1)}
    return frozenset(found)


CALENDAR_2026 = WorkingCalendar(
    years=frozenset({2026}),
    holidays=_days(
        "2026-01-01/2026-01-02", "2026-02-16/2026-02-20", "2026-02-23", "2026-04-06", "2026-05-01",
        "2026-05-04/2026-05-05", "2026-06-19", "2026-09-25", "2026-10-01/2026-10-02", "2026-10-05/2026-10-07",
    ),
    made_up=_days(
        "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"
    ),
)  # fmt: skip
"""The working days of 2026 as the State Council ordered them."""

EVERY_WEEKDAY = WorkingCalendar(frozenset(range(2000, 2100)), frozenset(), frozenset())
"""A calendar without holidays, for tests that do not ask for one."""
