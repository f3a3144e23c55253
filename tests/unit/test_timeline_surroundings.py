"""Time lines: other cases, missing reports, revisions of the plan, forecasts and gaps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from planwatch.case.events import (
    ForecastMade,
    GapMeasured,
    MissingReport,
    PlanRevised,
    QualityChecked,
    Reading,
    ReportsChecked,
)
from planwatch.case.kinds import CaseKind
from planwatch.early_warning import CaseState, DecisionKind
from planwatch.language import Text
from planwatch.notification import MailKind
from planwatch.period import parse_period
from planwatch.plan import Nature
from planwatch.policy import AssessmentClass, Inhibition, Level
from tests.builders import LEAD, SCHOOLS, default_policy
from tests.timeline import Maker, Timeline, local, mail

FAR_BEHIND, REVERSED, LAGGING = AssessmentClass.FAR_BEHIND, AssessmentClass.REVERSED, AssessmentClass.LAGGING
BREACHED, ON_SCHEDULE = AssessmentClass.BREACHED, AssessmentClass.ON_SCHEDULE
WARNING, CLOSURE, DIGEST = MailKind.WARNING, MailKind.CLOSURE, MailKind.DIGEST
QUIET = replace(default_policy(), escalation=None)
CITY_COVERS = replace(QUIET, inhibition=Inhibition(True, True, True))
BASIS = Text("年报", "annual")
RAISED = mail(WARNING, SCHOOLS, "2026-03-02T10:00", "2026-03-02T10:00")


def missing(*due: str, name: str = "rate/reports") -> Maker:
    """The reports that are missing, by their last day."""
    reports = [MissingReport(parse_period("2025"), date.fromisoformat(day), BASIS) for day in due]
    return lambda line: ReportsChecked(line.matter(name), reports)


def forecast(name: str, at: str, **bad: bool) -> Maker:
    """Forecasts by month, e.g. `m2026_01=True` for one that misses the target."""
    readings = [
        Reading(parse_period(word[1:].replace("_", "-")), is_bad, "p<0.5", "s", local(at), Text("概率", "odds"))
        for word, is_bad in bad.items()
    ]
    return lambda line: ForecastMade(line.matter(name), readings)


def test_an_overdue_report_is_blue_then_yellow_after_30_days_then_orange_after_60() -> None:
    # given a report whose last day is Friday, 10 April
    line = Timeline(QUIET)
    days = ("04-10", "04-11", "05-10", "05-11", "06-09", "06-10")
    line.make_each([f"2026-{day}T09:00" for day in days], missing("2026-04-10"), "rate/reports")

    line.run("2026-06-11T08:00")

    line.check(
        mail(DIGEST, SCHOOLS, "2026-04-11T09:05", "2026-04-11T09:05", "rate/reports"),
        mail(DIGEST, SCHOOLS, "2026-05-11T09:05", "2026-05-11T09:05", "rate/reports"),
        mail(WARNING, SCHOOLS, "2026-06-10T09:00", "2026-06-10T09:00", "rate/reports"),
    )
    assert line.steps("rate/reports") == [DecisionKind.RAISE, DecisionKind.RAISE_LEVEL, DecisionKind.RAISE_LEVEL]


def test_a_report_that_comes_closes_the_case_of_its_absence() -> None:
    line = Timeline(QUIET)
    line.make("2026-04-11T09:00", missing("2026-04-10"), "rate/reports")
    line.make("2026-04-20T09:00", missing(), "rate/reports")

    line.run("2026-04-21T08:00")

    line.check(
        mail(DIGEST, SCHOOLS, "2026-04-11T09:05", "2026-04-11T09:05", "rate/reports"),
        mail(DIGEST, SCHOOLS, "2026-04-20T09:05", "2026-04-20T09:05", "rate/reports"),
    )
    assert line.cases["rate/reports"].state is CaseState.CLOSED


def test_a_report_within_its_grace_is_no_case() -> None:
    line = Timeline(QUIET)
    line.make("2026-04-10T23:00", missing("2026-04-10"), "rate/reports")

    line.run("2026-04-10T23:30")

    line.check()
    assert line.cases == {}


def test_the_clock_alone_does_not_bury_the_history_under_overdue_reports() -> None:
    line = Timeline(QUIET)
    line.make_each([f"2026-04-{day}T09:00" for day in range(11, 30)], missing("2026-04-10"), "rate/reports")

    line.run("2026-04-30T08:00")

    assert line.steps("rate/reports") == [DecisionKind.RAISE]


def test_the_longest_missing_report_decides_and_its_arrival_lowers_the_level() -> None:
    line = Timeline(QUIET)
    line.make("2026-06-10T09:00", missing("2026-04-10", "2026-06-01"), "rate/reports")
    line.make("2026-06-12T09:00", missing("2026-06-01"), "rate/reports")

    line.run("2026-06-13T08:00")

    assert line.steps("rate/reports") == [DecisionKind.RAISE, DecisionKind.LOWER_LEVEL]
    assert line.cases["rate/reports"].level is Level.BLUE


def test_an_overdue_report_freezes_the_verdict_instead_of_clearing_it() -> None:
    # given a red case, then an overdue report, then a good correction of the old figure
    line = Timeline(QUIET)
    line.report("2026-03-02T10:00", m2026_01=REVERSED)
    line.make("2026-04-11T09:00", missing("2026-04-10"), "rate/reports")
    line.report("2026-04-12T10:00", m2026_01=ON_SCHEDULE)

    line.run("2026-04-13T08:00")

    line.check(RAISED, mail(DIGEST, SCHOOLS, "2026-04-11T09:05", "2026-04-11T09:05", "rate/reports"))
    assert line.steps("rate") == [DecisionKind.RAISE, DecisionKind.COVER, DecisionKind.HOLD]


def test_when_the_overdue_report_has_come_what_was_frozen_follows() -> None:
    line = Timeline(QUIET)
    line.report("2026-03-02T10:00", m2026_01=REVERSED)
    line.make("2026-04-11T09:00", missing("2026-04-10"), "rate/reports")
    line.report("2026-04-12T10:00", m2026_01=ON_SCHEDULE)
    line.make("2026-04-14T09:00", missing(), "rate/reports")

    line.run("2026-04-14T12:00")

    line.check(
        RAISED,
        mail(DIGEST, SCHOOLS, "2026-04-11T09:05", "2026-04-11T09:05", "rate/reports"),
        mail(DIGEST, SCHOOLS, "2026-04-14T09:05", "2026-04-14T09:05", "rate/reports"),
        mail(CLOSURE, SCHOOLS, "2026-04-14T09:00", "2026-04-14T10:00", "rate"),
    )
    line.check_history()


def test_a_frozen_case_still_rises() -> None:
    line = Timeline(QUIET)
    line.report("2026-03-02T10:00", m2026_01=FAR_BEHIND)
    line.make("2026-04-11T09:00", missing("2026-04-10"), "rate/reports")
    line.report("2026-04-12T10:00", m2026_01=REVERSED)

    line.run("2026-04-13T08:00")

    assert line.cases["rate"].level is Level.RED


def test_a_breached_limit_covers_the_forecast_of_the_same_series() -> None:
    line = Timeline(QUIET)
    line.report("2026-03-02T10:00", "rate", m2026_01=BREACHED)
    line.make("2026-03-02T11:00", forecast("rate/forecast", "2026-03-02T11:00", m2026_02=True),
              "rate/forecast")  # fmt: skip

    line.run("2026-03-04T10:00")

    line.check(RAISED)
    assert line.cases["rate/forecast"].covered_by == ("rate",)
    assert "rate" in line.history["rate/forecast"][0].notice.reason.zh


def test_a_covered_case_that_outlives_its_parent_is_told_then() -> None:
    line = Timeline(QUIET)
    line.report("2026-03-02T10:00", "rate", m2026_01=BREACHED)
    line.make("2026-03-02T11:00", forecast("rate/forecast", "2026-03-02T11:00", m2026_02=True),
              "rate/forecast")  # fmt: skip
    line.report("2026-03-05T10:00", "rate", m2026_02=AssessmentClass.HELD)

    line.run("2026-03-06T08:30")

    line.check(
        RAISED,
        mail(CLOSURE, SCHOOLS, "2026-03-05T10:00", "2026-03-05T10:00"),
        mail(DIGEST, SCHOOLS, "2026-03-05T10:05", "2026-03-05T11:05", "rate/forecast"),
    )


def test_a_covered_case_that_is_resolved_first_was_never_mailed() -> None:
    line = Timeline(QUIET)
    line.report("2026-03-02T10:00", "rate", m2026_01=BREACHED)
    line.make("2026-03-02T11:00", forecast("rate/forecast", "2026-03-02T11:00", m2026_02=True),
              "rate/forecast")  # fmt: skip
    line.make("2026-03-03T11:00", forecast("rate/forecast", "2026-03-03T11:00", m2026_03=False), "rate/forecast")

    line.run("2026-03-06T08:30")

    line.check(RAISED)
    assert line.steps("rate/forecast") == [DecisionKind.RAISE, DecisionKind.CLOSE]


def test_a_forecast_has_to_miss_twice_where_the_policy_says_so() -> None:
    line = Timeline(replace(QUIET, persistence={CaseKind.FORECAST_MISS: {Nature.BINDING: 2}}))
    line.make("2026-03-02T11:00", forecast("rate", "2026-03-02T11:00", m2026_01=True))

    line.run("2026-03-03T10:00")

    line.check()


def test_a_second_missed_forecast_in_a_row_raises_the_level() -> None:
    line = Timeline(QUIET)
    line.make("2026-03-02T11:00", forecast("rate", "2026-03-02T11:00", m2026_01=True))
    line.make("2026-04-02T11:00", forecast("rate", "2026-04-02T11:00", m2026_01=True, m2026_02=True))

    line.run("2026-04-03T10:00")

    assert line.steps() == [DecisionKind.RAISE, DecisionKind.RAISE_LEVEL]
    assert line.cases["rate"].level is Level.ORANGE
    assert line.cases["rate"].policy_line == "default-3: other_levels.forecast_miss.binding = yellow + repeat_raises"


def test_a_case_of_the_city_covers_its_districts_where_the_policy_says_so() -> None:
    line = Timeline(CITY_COVERS)
    line.watch("rate/city", ref_area="640500")
    line.watch("rate/district", ref_area="640502")
    line.report("2026-03-02T10:00", "rate/city", m2026_01=REVERSED)
    line.report("2026-03-02T10:00", "rate/district", m2026_01=REVERSED)

    line.run("2026-03-03T10:00")

    line.check(mail(WARNING, SCHOOLS, "2026-03-02T10:00", "2026-03-02T10:00", "rate/city"))


def test_by_default_a_district_is_a_case_with_mails_of_its_own() -> None:
    line = Timeline(QUIET)
    line.watch("rate/city", ref_area="640500")
    line.watch("rate/district", ref_area="640502")
    line.report("2026-03-02T10:00", "rate/city", m2026_01=REVERSED)
    line.report("2026-03-02T10:00", "rate/district", m2026_01=REVERSED)

    line.run("2026-03-03T10:00")

    line.check(
        mail(WARNING, SCHOOLS, "2026-03-02T10:00", "2026-03-02T10:00", "rate/city"),
        mail(WARNING, SCHOOLS, "2026-03-02T10:00", "2026-03-02T10:00", "rate/district"),
    )


def test_a_district_that_is_worse_than_its_city_speaks_for_itself() -> None:
    line = Timeline(CITY_COVERS)
    line.watch("rate/city", ref_area="640500")
    line.watch("rate/district", ref_area="640502")
    line.report("2026-03-02T10:00", "rate/city", m2026_01=LAGGING)
    line.report("2026-03-02T10:00", "rate/district", m2026_01=FAR_BEHIND)

    line.run("2026-03-03T10:00")

    line.check(
        mail(WARNING, SCHOOLS, "2026-03-02T10:00", "2026-03-02T10:00", "rate/district"),
        mail(DIGEST, SCHOOLS, "2026-03-02T10:05", "2026-03-02T10:05", "rate/city"),
    )


def test_an_unanswered_case_that_is_covered_is_not_escalated_beside_its_parent() -> None:
    line = Timeline(replace(default_policy(), inhibition=Inhibition(True, True, True)))
    line.watch("rate/city", ref_area="640500", chain=("superior",))
    line.watch("rate/district", ref_area="640502", chain=("superior",))
    line.report("2026-03-02T10:00", "rate/city", m2026_01=REVERSED)
    line.report("2026-03-02T10:00", "rate/district", m2026_01=REVERSED)

    line.run("2026-03-31T10:00")

    assert [sent.cases for sent in line.told(MailKind.ESCALATION)] == [("rate/city",)]


def test_a_second_version_of_the_plan_leaves_the_case_and_takes_its_owner_along() -> None:
    # given version 2 of the plan, which gives the indicator to another department
    line = Timeline(QUIET)
    line.report("2026-03-02T10:00", m2026_01=REVERSED)
    line.watch("next", owner="culture", plan_version=2)
    line.make("2026-03-10T10:00", lambda line: PlanRevised(2, line.matters["next"]))

    line.run("2026-03-11T10:00")

    line.check(RAISED, mail(WARNING, "culture", "2026-03-10T10:00", "2026-03-10T10:00"))
    assert (line.cases["rate"].owner, line.cases["rate"].plan_version) == ("culture", 2)


def test_a_second_version_of_the_plan_with_the_same_owner_mails_nothing_until_the_next_verdict() -> None:
    line = Timeline(QUIET)
    line.report("2026-03-02T10:00", m2026_01=REVERSED)
    line.watch("next", plan_version=2)
    line.make("2026-03-10T10:00", lambda line: PlanRevised(2, line.matters["next"]))
    line.report("2026-03-11T10:00", m2026_01=ON_SCHEDULE)

    line.run("2026-03-12T10:00")

    line.check(RAISED, mail(CLOSURE, SCHOOLS, "2026-03-11T10:00", "2026-03-11T10:00"))
    assert line.steps() == [DecisionKind.RAISE, DecisionKind.REVISE_PLAN, DecisionKind.CLOSE]


def test_a_case_ends_with_its_subject_when_the_plan_no_longer_has_it() -> None:
    line = Timeline(QUIET)
    line.report("2026-03-02T10:00", m2026_01=REVERSED)
    line.do("2026-03-10T10:00", PlanRevised(2, None))

    line.run("2026-03-12T10:00")

    line.check(RAISED, mail(CLOSURE, SCHOOLS, "2026-03-10T10:00", "2026-03-10T10:00"))


def test_a_gap_that_widens_twice_and_doubtful_data_have_cases_of_their_own() -> None:
    # given two periods with a wider gap, and one with doubtful figures
    line = Timeline(QUIET)
    at = local("2026-03-02T10:00")
    wider = [Reading(parse_period(f"2026-0{month}"), True, "wider", "s", at, Text("扩大", "wider")) for month in (1, 2)]
    line.make("2026-03-02T10:00", lambda line: GapMeasured(line.matter("rate/gap"), wider), "rate/gap")
    line.make("2026-03-02T10:00", lambda line: QualityChecked(line.matter("rate/data"), wider[:1]), "rate/data")

    line.run("2026-03-02T12:00")

    line.check(mail(DIGEST, SCHOOLS, "2026-03-02T10:05", "2026-03-02T10:05", "rate/data", "rate/gap"))
    assert {case.kind for case in line.cases.values()} == {CaseKind.GAP_WIDENING, CaseKind.DATA_QUALITY}


def test_the_coordinating_body_itself_is_only_escalated_to_its_superior() -> None:
    line = Timeline()
    line.watch("rate", owner=LEAD, chain=("government",))
    line.report("2026-03-02T10:00", m2026_01=REVERSED)

    line.run("2026-06-30T10:00")

    assert [sent.to for sent in line.told(MailKind.ESCALATION)] == ["government"]
