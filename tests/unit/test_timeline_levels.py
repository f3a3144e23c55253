"""Time lines: how a case opens, rises, falls and closes, and which mails that makes."""

from __future__ import annotations

from dataclasses import replace

from planwatch.case.kinds import CaseKind
from planwatch.early_warning import CaseState, DecisionKind
from planwatch.notification import MailKind
from planwatch.plan import Nature
from planwatch.policy import AssessmentClass, Level
from tests.builders import LEAD, SCHOOLS, default_policy
from tests.timeline import Timeline, mail, only

LAGGING, FAR_BEHIND, REVERSED = AssessmentClass.LAGGING, AssessmentClass.FAR_BEHIND, AssessmentClass.REVERSED
ON_SCHEDULE, NO_DATA = AssessmentClass.ON_SCHEDULE, AssessmentClass.NO_DATA
WARNING, CLOSURE, DIGEST, WEEKLY = MailKind.WARNING, MailKind.CLOSURE, MailKind.DIGEST, MailKind.WEEKLY
GROUP = MailKind.GROUP
AT_ONCE = ("2026-03-02T10:00", "2026-03-02T10:00")
TODAY = ("2026-03-02T10:00", "2026-03-02T10:06")


def test_a_red_warning_is_one_mail_at_once() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=REVERSED)

    line.run("2026-03-03T10:00")

    line.check(mail(WARNING, SCHOOLS, *AT_ONCE))
    assert only(line.cases).level is Level.RED


def test_a_yellow_warning_stands_in_the_digest_of_the_day() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=LAGGING)

    line.run("2026-03-03T10:00")

    line.check(mail(DIGEST, SCHOOLS, "2026-03-02T10:05", "2026-03-02T10:05"))


def test_a_warning_that_opens_and_is_resolved_before_the_digest_is_never_told() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=LAGGING)
    line.report("2026-03-02T10:03", m2026_01=ON_SCHEDULE)

    line.run("2026-03-09T10:00")

    line.check()
    assert line.steps() == [DecisionKind.RAISE, DecisionKind.CLOSE]


def test_a_red_warning_that_is_resolved_is_told_twice_once_each_way() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=REVERSED)
    line.report("2026-03-02T10:03", m2026_01=ON_SCHEDULE)

    line.run("2026-03-20T10:00")

    line.check(mail(WARNING, SCHOOLS, *AT_ONCE), mail(CLOSURE, SCHOOLS, "2026-03-02T10:03", "2026-03-02T10:03"))


def test_up_down_and_up_again_within_a_day_is_one_case_and_each_grave_change_one_mail() -> None:
    # given a first figure that is yellow, then red, then blue by correction, then red again
    line = Timeline()
    line.watch("rate", nature=Nature.BINDING)
    line.report("2026-03-02T10:00", m2026_01=LAGGING)
    line.report("2026-03-02T10:02", m2026_01=REVERSED)
    line.report("2026-03-02T11:00", m2026_01=LAGGING)
    line.report("2026-03-02T12:00", m2026_01=REVERSED)

    line.run("2026-03-03T08:30")

    # then the digest that the first one opened has nothing left to tell, nor has the next day's
    line.check(
        mail(WARNING, SCHOOLS, "2026-03-02T10:02", "2026-03-02T10:02"),
        mail(WARNING, SCHOOLS, "2026-03-02T12:00", "2026-03-02T12:00"),
    )
    assert line.steps() == [
        DecisionKind.RAISE, DecisionKind.RAISE_LEVEL, DecisionKind.LOWER_LEVEL, DecisionKind.RAISE_LEVEL,
    ]  # fmt: skip
    assert only(line.cases).episode == 1


def test_a_fall_from_red_to_yellow_is_told_in_the_digest() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=REVERSED)
    line.report("2026-03-03T10:00", m2026_01=LAGGING)

    line.run("2026-03-04T08:00")

    line.check(mail(WARNING, SCHOOLS, *AT_ONCE), mail(DIGEST, SCHOOLS, "2026-03-03T10:05", "2026-03-03T10:05"))


def test_a_second_bad_period_raises_the_level_within_the_same_case() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=LAGGING)
    line.report("2026-03-03T10:00", m2026_02=LAGGING)

    line.run("2026-03-03T12:00")

    line.check(
        mail(DIGEST, SCHOOLS, "2026-03-02T10:05", "2026-03-02T10:05"),
        mail(WARNING, SCHOOLS, "2026-03-03T10:00", "2026-03-03T10:00"),
    )
    assert only(line.cases).level is Level.ORANGE
    assert "repeat_raises" in only(line.cases).policy_line


def test_a_revision_that_removes_the_cause_closes_the_case() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=REVERSED)
    line.report("2026-03-02T15:00", m2026_01=ON_SCHEDULE)

    line.run("2026-03-31T00:00")

    line.check(mail(WARNING, SCHOOLS, *AT_ONCE), mail(CLOSURE, SCHOOLS, "2026-03-02T15:00", "2026-03-02T15:00"))
    assert only(line.cases).state is CaseState.CLOSED


def test_a_revision_of_the_period_before_takes_back_the_level_that_rested_on_it() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=LAGGING, m2026_02=LAGGING)
    line.report("2026-03-02T15:00", m2026_01=ON_SCHEDULE)

    line.run("2026-03-03T08:30")

    line.check(mail(WARNING, SCHOOLS, *AT_ONCE), mail(DIGEST, SCHOOLS, "2026-03-02T15:05", "2026-03-02T15:05"))
    assert only(line.cases).level is Level.YELLOW


def test_a_figure_that_is_missing_leaves_the_warning_and_mails_nothing() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=REVERSED)
    line.report("2026-03-02T15:00", m2026_02=NO_DATA)

    line.run("2026-03-03T08:30")

    line.check(mail(WARNING, SCHOOLS, *AT_ONCE))
    assert line.steps() == [DecisionKind.RAISE]


def test_a_bad_figure_that_changes_nothing_is_kept_and_not_mailed() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=REVERSED)
    line.report("2026-03-02T15:00", m2026_01=REVERSED)

    line.run("2026-03-03T08:30")

    line.check(mail(WARNING, SCHOOLS, *AT_ONCE))
    assert line.steps() == [DecisionKind.RAISE, DecisionKind.HOLD]


def test_the_same_report_delivered_twice_is_one_step_and_one_mail() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=REVERSED)
    line.report("2026-03-02T10:00", m2026_01=REVERSED)

    line.run("2026-03-02T12:00")

    line.check(mail(WARNING, SCHOOLS, *AT_ONCE))
    assert line.steps() == [DecisionKind.RAISE]


def test_a_recurrence_within_a_year_is_a_new_episode_of_the_same_case() -> None:
    line = Timeline()
    line.report("2026-01-12T10:00", m2025_12=REVERSED)
    line.report("2026-01-12T11:00", m2025_12=ON_SCHEDULE)
    line.report("2026-11-10T10:00", m2026_10=REVERSED)

    line.run("2026-11-10T12:00")

    line.check(
        mail(WARNING, SCHOOLS, "2026-01-12T10:00", "2026-01-12T10:00"),
        mail(CLOSURE, SCHOOLS, "2026-01-12T11:00", "2026-01-12T11:00"),
        mail(WARNING, SCHOOLS, "2026-11-10T10:00", "2026-11-10T10:00"),
    )
    assert line.steps()[-1] is DecisionKind.REOPEN
    assert (only(line.cases).episode, only(line.cases).matter_no) == (2, 1)


def test_a_recurrence_after_the_policy_s_time_is_a_matter_of_its_own() -> None:
    line = Timeline(replace(default_policy(), recurrence_days=90))
    line.report("2026-01-12T10:00", m2025_12=REVERSED)
    line.report("2026-01-12T11:00", m2025_12=ON_SCHEDULE)
    line.report("2026-11-10T10:00", m2026_10=REVERSED)

    line.run("2026-11-10T12:00")

    assert line.steps()[-1] is DecisionKind.RAISE
    assert (only(line.cases).episode, only(line.cases).matter_no) == (2, 2)


def test_persistence_lets_a_case_open_only_after_so_many_bad_periods() -> None:
    policy = replace(default_policy(), persistence={CaseKind.BEHIND_SCHEDULE: {Nature.BINDING: 3}})
    line = Timeline(policy)
    line.report("2026-02-02T10:00", m2026_01=FAR_BEHIND)
    line.report("2026-03-02T10:00", m2026_02=FAR_BEHIND)
    line.report("2026-04-01T10:00", m2026_03=FAR_BEHIND)

    line.run("2026-04-01T12:00")

    line.check(mail(WARNING, SCHOOLS, "2026-04-01T10:00", "2026-04-01T10:00"))


def test_a_better_period_in_between_starts_the_count_of_persistence_anew() -> None:
    policy = replace(default_policy(), persistence={CaseKind.BEHIND_SCHEDULE: {Nature.BINDING: 2}})
    line = Timeline(policy)
    line.report("2026-02-02T10:00", m2026_01=FAR_BEHIND)
    line.report("2026-03-02T10:00", m2026_02=ON_SCHEDULE)
    line.report("2026-04-01T10:00", m2026_03=FAR_BEHIND)

    line.run("2026-04-02T12:00")

    line.check()
    assert line.cases == {}


def test_persistence_is_a_matter_of_kind_and_nature() -> None:
    # given that only anticipatory indicators behind schedule have to be bad twice
    policy = replace(default_policy(), persistence={CaseKind.BEHIND_SCHEDULE: {Nature.ANTICIPATORY: 2}})
    line = Timeline(policy)
    line.watch("bound", nature=Nature.BINDING)
    line.watch("hoped", nature=Nature.ANTICIPATORY)
    line.report("2026-03-02T10:00", "bound", m2026_01=FAR_BEHIND)
    line.report("2026-03-02T10:00", "hoped", m2026_01=FAR_BEHIND)

    line.run("2026-03-02T12:00")

    line.check(mail(WARNING, SCHOOLS, *AT_ONCE, "bound"))


def test_hysteresis_closes_a_case_only_after_so_many_better_periods() -> None:
    line = Timeline(replace(default_policy(), falls_after={CaseKind.BEHIND_SCHEDULE: 2}, escalation=None))
    line.report("2026-02-02T10:00", m2026_01=FAR_BEHIND)
    line.report("2026-03-02T10:00", m2026_02=ON_SCHEDULE)
    line.report("2026-04-01T10:00", m2026_03=ON_SCHEDULE)

    line.run("2026-04-01T12:00")

    line.check(
        mail(WARNING, SCHOOLS, "2026-02-02T10:00", "2026-02-02T10:00"),
        mail(CLOSURE, SCHOOLS, "2026-04-01T10:00", "2026-04-01T10:00"),
    )
    assert line.steps() == [DecisionKind.RAISE, DecisionKind.HOLD, DecisionKind.CLOSE]


def test_a_relapse_during_the_recovery_is_no_new_case_and_no_new_mail() -> None:
    policy = replace(default_policy(), falls_after={CaseKind.BEHIND_SCHEDULE: 2}, escalation=None, repeat_raises=False)
    line = Timeline(policy)
    line.report("2026-02-02T10:00", m2026_01=FAR_BEHIND)
    line.report("2026-03-02T10:00", m2026_02=ON_SCHEDULE)
    line.report("2026-04-01T10:00", m2026_03=FAR_BEHIND)

    line.run("2026-04-01T12:00")

    line.check(mail(WARNING, SCHOOLS, "2026-02-02T10:00", "2026-02-02T10:00"))
    assert only(line.cases).episode == 1


def test_hysteresis_does_not_keep_a_case_whose_cause_a_revision_removed() -> None:
    line = Timeline(replace(default_policy(), falls_after={CaseKind.BEHIND_SCHEDULE: 2}, escalation=None))
    line.report("2026-02-02T10:00", m2026_01=FAR_BEHIND)
    line.report("2026-03-02T10:00", m2026_01=ON_SCHEDULE)

    line.run("2026-03-02T12:00")

    line.check(mail(WARNING, SCHOOLS, "2026-02-02T10:00", "2026-02-02T10:00"), mail(CLOSURE, SCHOOLS, *AT_ONCE))


def test_what_turns_from_lagging_to_reversed_is_the_same_case_of_another_kind() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=LAGGING)
    line.report("2026-03-02T10:01", m2026_01=REVERSED)

    line.run("2026-03-02T12:00")

    line.check(mail(WARNING, SCHOOLS, "2026-03-02T10:01", "2026-03-02T10:01"))
    assert only(line.cases).kind is CaseKind.REVERSED


def test_five_hundred_yellow_warnings_in_one_minute_give_each_agency_one_digest() -> None:
    # given 500 indicators of five agencies
    line = Timeline()
    agencies = [f"agency-{number}" for number in range(5)]
    names = [f"rate-{number:03d}" for number in range(500)]
    owned = {agency: tuple(names[number::5]) for number, agency in enumerate(agencies)}
    line.watch_all(owned)

    # when all of them lag within a minute
    line.report_all(
        {name: f"2026-03-02T10:00:{number % 60:02d}" for number, name in enumerate(names)}, m2026_01=LAGGING
    )
    line.run("2026-03-03T12:00")

    line.check(*(mail(DIGEST, agency, *TODAY, *owned[agency]) for agency in agencies))


def test_more_red_warnings_from_one_report_than_the_policy_allows_are_one_mail() -> None:
    line = Timeline()
    names = [f"rate-{number}" for number in range(6)]
    line.report_all(dict.fromkeys(names, "2026-03-02T10:00"), m2026_01=REVERSED)

    line.run("2026-03-02T12:00")

    line.check(mail(GROUP, SCHOOLS, *AT_ONCE, *names))


def test_as_many_red_warnings_as_the_policy_allows_are_a_mail_each() -> None:
    line = Timeline()
    names = [f"rate-{number}" for number in range(5)]
    line.report_all(dict.fromkeys(names, "2026-03-02T10:00"), m2026_01=REVERSED)

    line.run("2026-03-02T12:00")

    line.check(*(mail(WARNING, SCHOOLS, *AT_ONCE, name) for name in names))


def test_the_second_digest_of_an_agency_waits_for_the_next_morning() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", "one", m2026_01=LAGGING)
    line.report("2026-03-02T11:00", "two", m2026_01=LAGGING)

    line.run("2026-03-04T12:00")

    line.check(
        mail(DIGEST, SCHOOLS, "2026-03-02T10:05", "2026-03-02T10:05", "one"),
        mail(DIGEST, SCHOOLS, "2026-03-03T08:00", "2026-03-03T08:00", "two"),
    )


def test_in_quiet_hours_a_less_urgent_mail_waits_for_the_morning_and_a_red_one_does_not() -> None:
    policy = replace(default_policy(), immediate_from=Level.YELLOW)
    line = Timeline(policy)
    line.report("2026-03-02T23:00", "yellow", m2026_01=LAGGING)
    line.report("2026-03-02T23:00", "red", m2026_01=REVERSED)

    line.run("2026-03-03T08:00")

    line.check(
        mail(WARNING, SCHOOLS, "2026-03-02T23:00", "2026-03-02T23:00", "red"),
        mail(WARNING, SCHOOLS, "2026-03-03T07:00", "2026-03-03T07:00", "yellow"),
    )


def test_the_coordinating_body_reads_of_the_week_on_monday_in_one_mail() -> None:
    line = Timeline(replace(default_policy(), escalation=None))
    line.report("2026-03-03T10:00", "one", m2026_01=LAGGING)
    line.report("2026-03-08T23:59", "two", m2026_01=LAGGING)
    line.report("2026-03-09T00:00", "next-week", m2026_01=LAGGING)

    line.run("2026-03-15T12:00")

    assert [(sent.to, sent.cases) for sent in line.told(WEEKLY)] == [(LEAD, ("one", "two"))]
    assert f"{line.told(WEEKLY)[0].at:%Y-%m-%dT%H:%M}" == "2026-03-09T09:00"
