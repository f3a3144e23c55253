"""Time lines: deadlines, reminders, escalation, and what people do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from planwatch.case.events import (
    Acknowledged,
    ClosedByPerson,
    ClosingRequested,
    Escalated,
    MailOutcome,
    MailSettled,
    MeasuresFiled,
    ProgressNoted,
    Reassigned,
    Silenced,
    SilenceLifted,
)
from planwatch.case.model import Measure, Owners
from planwatch.early_warning import CaseState, DecisionKind
from planwatch.notification import MailKind
from planwatch.policy import AssessmentClass
from planwatch.working_days import WorkingCalendar
from tests.builders import CALENDAR_2026, LEAD, SCHOOLS
from tests.timeline import Timeline, mail, only

FAR_BEHIND, REVERSED, LAGGING = AssessmentClass.FAR_BEHIND, AssessmentClass.REVERSED, AssessmentClass.LAGGING
ON_SCHEDULE = AssessmentClass.ON_SCHEDULE
WARNING, CLOSURE, DIGEST, REQUEST = MailKind.WARNING, MailKind.CLOSURE, MailKind.DIGEST, MailKind.REQUEST
REMINDER, ESCALATION = MailKind.REMINDER, MailKind.ESCALATION
MEASURES = MeasuresFiled("王主任", (Measure("补齐师资", "李科长", date(2026, 4, 30)),))
RAISED = mail(WARNING, SCHOOLS, "2026-03-02T10:00", "2026-03-02T10:00")
# Red on Monday, 2 March: acknowledge by Thursday, 5 March, reminded of on the 4th.
REMINDED = mail(REMINDER, SCHOOLS, "2026-03-04T09:00", "2026-03-04T09:00")
FIRST_RUNG = mail(ESCALATION, "superior", "2026-03-06T09:00", "2026-03-06T09:00")
SECOND_RUNG = mail(ESCALATION, LEAD, "2026-03-11T09:00", "2026-03-11T09:00")


def red_on_2_march(calendar: WorkingCalendar = CALENDAR_2026) -> Timeline:
    line = Timeline(calendar=calendar)
    line.report("2026-03-02T10:00", m2026_01=REVERSED)
    return line


def test_a_red_warning_without_an_answer_goes_to_the_superior_and_then_to_the_coordinating_body() -> None:
    line = red_on_2_march()

    line.run("2026-06-30T10:00")

    line.check(RAISED, REMINDED, FIRST_RUNG, SECOND_RUNG)
    line.check_history()


def test_an_orange_warning_has_five_working_days() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=FAR_BEHIND)

    line.run("2026-03-12T10:00")

    line.check(
        RAISED,
        mail(REMINDER, SCHOOLS, "2026-03-06T09:00", "2026-03-06T09:00"),
        mail(ESCALATION, "superior", "2026-03-10T09:00", "2026-03-10T09:00"),
    )


def test_a_yellow_warning_is_reminded_in_the_digest_and_never_escalated() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=LAGGING)

    line.run("2026-08-30T10:00")

    # then the reminder comes a working day before the tenth one, 16 March
    line.check(
        mail(DIGEST, SCHOOLS, "2026-03-02T10:05", "2026-03-02T10:05"),
        mail(DIGEST, SCHOOLS, "2026-03-13T09:05", "2026-03-13T09:05"),
    )


def test_an_acknowledgement_just_before_the_escalation_prevents_it() -> None:
    line = red_on_2_march()
    line.do("2026-03-06T08:59", Acknowledged("王主任"))

    line.run("2026-03-12T10:00")

    line.check(RAISED, REMINDED)


def test_an_acknowledgement_just_after_the_escalation_stops_the_next_one() -> None:
    line = red_on_2_march()
    line.do("2026-03-06T09:01", Acknowledged("王主任"))

    line.run("2026-03-12T10:00")

    line.check(RAISED, REMINDED, FIRST_RUNG)


def test_who_acknowledges_and_files_no_measures_is_reminded_and_escalated_again() -> None:
    line = red_on_2_march()
    line.do("2026-03-03T10:00", Acknowledged("王主任"))

    line.run("2026-06-30T10:00")

    # then measures are due on Monday, 16 March
    line.check(
        RAISED,
        mail(REMINDER, SCHOOLS, "2026-03-13T09:00", "2026-03-13T09:00"),
        mail(ESCALATION, "superior", "2026-03-17T09:00", "2026-03-17T09:00"),
        mail(ESCALATION, LEAD, "2026-03-20T09:00", "2026-03-20T09:00"),
    )


def test_measures_that_are_filed_in_time_leave_only_their_own_date() -> None:
    line = red_on_2_march()
    line.do("2026-03-03T10:00", MEASURES)

    line.run("2026-04-29T08:00")

    line.check(RAISED)
    assert only(line.cases).state is CaseState.RECTIFYING


def test_measures_that_are_not_completed_are_reminded_and_escalated() -> None:
    line = red_on_2_march()
    line.do("2026-03-03T10:00", MEASURES)

    line.run("2026-05-08T08:00")

    # then the first working day after 30 April is 6 May
    line.check(
        RAISED,
        mail(REMINDER, SCHOOLS, "2026-04-29T09:00", "2026-04-29T09:00"),
        mail(ESCALATION, "superior", "2026-05-06T09:00", "2026-05-06T09:00"),
    )


def test_a_rise_of_the_level_asks_for_a_second_acknowledgement_and_arms_the_escalation_anew() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=FAR_BEHIND)
    line.do("2026-03-03T10:00", Acknowledged("王主任"))
    line.report("2026-03-04T10:00", m2026_02=REVERSED)

    line.run("2026-03-11T10:00")

    # then red counts from Wednesday, 4 March: acknowledge by Monday, 9 March
    line.check(
        RAISED,
        mail(WARNING, SCHOOLS, "2026-03-04T10:00", "2026-03-04T10:00"),
        mail(REMINDER, SCHOOLS, "2026-03-06T09:00", "2026-03-06T09:00"),
        mail(ESCALATION, "superior", "2026-03-10T09:00", "2026-03-10T09:00"),
    )


def test_a_fall_of_the_level_leaves_the_deadlines_and_ends_the_escalation() -> None:
    line = red_on_2_march()
    line.report("2026-03-03T10:00", m2026_01=LAGGING)

    line.run("2026-06-30T10:00")

    line.check(
        RAISED,
        mail(DIGEST, SCHOOLS, "2026-03-03T10:05", "2026-03-03T10:05"),
        mail(DIGEST, SCHOOLS, "2026-03-04T09:05", "2026-03-04T09:05"),
    )
    assert only(line.cases).acknowledge_by == date(2026, 3, 5)


def test_a_case_that_is_closed_by_data_is_not_escalated() -> None:
    line = red_on_2_march()
    line.report("2026-03-05T17:00", m2026_01=ON_SCHEDULE)

    line.run("2026-06-30T10:00")

    line.check(RAISED, REMINDED, mail(CLOSURE, SCHOOLS, "2026-03-05T17:00", "2026-03-05T17:00"))


def test_a_holiday_week_is_not_counted_and_its_made_up_days_are() -> None:
    # given a red warning on Thursday, 12 February; Saturday the 14th is worked, the 15th to the 23rd are days off
    line = Timeline()
    line.report("2026-02-12T10:00", m2026_01=REVERSED)

    line.run("2026-02-26T08:00")

    # then it is to be acknowledged by the 24th: after the 13th and the 14th that is the third working day
    line.check(
        mail(WARNING, SCHOOLS, "2026-02-12T10:00", "2026-02-12T10:00"),
        mail(REMINDER, SCHOOLS, "2026-02-14T09:00", "2026-02-14T09:00"),
        mail(ESCALATION, "superior", "2026-02-25T09:00", "2026-02-25T09:00"),
    )


def test_a_warning_on_a_holiday_counts_from_the_first_working_day() -> None:
    line = Timeline()
    line.report("2026-10-03T10:00", m2026_09=REVERSED)

    line.run("2026-10-03T12:00")

    # then the 8th, the 9th and the made-up Saturday
    assert only(line.cases).acknowledge_by == date(2026, 10, 10)


def test_in_a_year_without_known_holidays_deadlines_are_provisional_and_nobody_is_escalated() -> None:
    line = Timeline()
    line.report("2026-12-30T10:00", m2026_11=REVERSED)

    line.run("2027-02-20T10:00")

    line.check(mail(WARNING, SCHOOLS, "2026-12-30T10:00", "2026-12-30T10:00"))
    assert only(line.cases).deadlines_provisional


def test_once_the_holidays_are_known_the_deadlines_are_fixed_and_pressed() -> None:
    # given a warning whose deadlines lie in a year that is announced a week later
    line = Timeline()
    line.report("2026-12-30T10:00", m2026_11=REVERSED)
    line.run("2026-12-31T08:00")
    new_year = frozenset({date(2027, 1, 1)})
    line.book.calendar = WorkingCalendar(
        frozenset({2026, 2027}), CALENDAR_2026.holidays | new_year, CALENDAR_2026.made_up
    )

    # when the rounds go on
    line.run("2027-01-06T10:00")

    # then it counts 31 December, 4 and 5 January
    assert only(line.cases).acknowledge_by == date(2027, 1, 5)
    assert DecisionKind.FIX_DEADLINES in line.steps()
    assert [(sent.kind, sent.to) for sent in line.told()][-2:] == [(REMINDER, SCHOOLS), (ESCALATION, "superior")]


def test_after_a_stopped_clock_the_escalation_is_made_once_and_the_next_one_has_its_full_time() -> None:
    # given that no round is made from Thursday to the Monday of the week after the next
    line = red_on_2_march()
    line.clock_stopped("2026-03-03T00:00", "2026-03-16T11:00")

    line.run("2026-03-20T10:00")

    line.check(
        RAISED,
        mail(ESCALATION, "superior", "2026-03-16T11:00", "2026-03-16T11:00"),
        mail(ESCALATION, LEAD, "2026-03-19T09:00", "2026-03-19T09:00"),
    )


def test_reminders_and_escalations_go_out_in_office_hours_of_a_working_day_even_when_late() -> None:
    # given rounds that come back on a Saturday
    line = red_on_2_march()
    line.clock_stopped("2026-03-03T00:00", "2026-03-07T10:00")

    line.run("2026-03-10T10:00")

    line.check(RAISED, mail(ESCALATION, "superior", "2026-03-09T09:00", "2026-03-09T09:00"))


def test_a_mail_server_that_is_down_for_two_days_only_delays() -> None:
    line = red_on_2_march()
    line.mail_server_down("2026-03-02T09:00", "2026-03-04T09:30")

    line.run("2026-03-07T10:00")

    line.check(
        mail(WARNING, SCHOOLS, "2026-03-04T09:30", "2026-03-04T10:30"),
        mail(REMINDER, SCHOOLS, "2026-03-04T09:30", "2026-03-04T10:30"),
        FIRST_RUNG,
    )


def test_a_silenced_case_is_not_reminded_and_goes_on_with_its_full_time_afterwards() -> None:
    line = red_on_2_march()
    line.do("2026-03-03T10:00", Silenced("赵处长", date(2026, 3, 9), "统计口径核对中"))

    line.run("2026-03-13T10:00")

    # then from Monday, 9 March, it counts anew: acknowledge by the 12th
    line.check(
        RAISED,
        mail(REMINDER, SCHOOLS, "2026-03-11T09:00", "2026-03-11T09:00"),
        mail(ESCALATION, "superior", "2026-03-13T09:00", "2026-03-13T09:00"),
    )


def test_what_happened_during_a_silence_is_told_once_at_its_end() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=REVERSED)
    line.do("2026-03-03T10:00", Silenced("赵处长", date(2026, 3, 6), "统计口径核对中"))
    line.report("2026-03-04T10:00", m2026_01=FAR_BEHIND)

    line.run("2026-03-06T08:00")

    line.check(RAISED, mail(WARNING, SCHOOLS, "2026-03-06T00:00", "2026-03-06T00:00"))


def test_a_rise_of_the_level_ends_a_silence() -> None:
    line = Timeline()
    line.report("2026-03-02T10:00", m2026_01=FAR_BEHIND)
    line.do("2026-03-03T10:00", Silenced("赵处长", date(2026, 3, 31), "统计口径核对中"))
    line.report("2026-03-04T10:00", m2026_02=REVERSED)

    line.run("2026-03-04T12:00")

    line.check(RAISED, mail(WARNING, SCHOOLS, "2026-03-04T10:00", "2026-03-04T10:00"))


def test_a_silence_can_be_lifted_before_its_day() -> None:
    line = red_on_2_march()
    line.do("2026-03-03T10:00", Silenced("赵处长", date(2026, 3, 31), "统计口径核对中"))
    line.do("2026-03-04T10:00", SilenceLifted("赵处长", "核对完毕"))

    line.run("2026-03-06T12:00")

    # then nothing has changed meanwhile that has to be told; acknowledge by the 9th
    line.check(RAISED, mail(REMINDER, SCHOOLS, "2026-03-06T09:00", "2026-03-06T09:00"))


def test_an_owner_that_changes_in_between_is_told_and_has_its_full_time() -> None:
    line = red_on_2_march()
    owners = Owners("culture", ("superior", LEAD), LEAD)
    line.do("2026-03-05T10:00", Reassigned("赵处长", owners, "职能调整"))

    line.run("2026-03-10T08:00")

    # then it counts from Thursday, 5 March: acknowledge by the 10th
    line.check(
        RAISED,
        REMINDED,
        mail(WARNING, "culture", "2026-03-05T10:00", "2026-03-05T10:00"),
        mail(REMINDER, "culture", "2026-03-09T09:00", "2026-03-09T09:00"),
    )


def test_the_owner_asks_for_closing_and_a_named_person_closes_with_a_reason() -> None:
    line = red_on_2_march()
    line.do("2026-03-03T10:00", MEASURES)
    line.do("2026-03-04T10:00", ClosingRequested("王主任", "整改到位"))
    line.do("2026-03-05T10:00", ClosedByPerson("赵处长", "现场核查属实"))

    line.run("2026-06-30T10:00")

    line.check(
        RAISED,
        mail(REQUEST, LEAD, "2026-03-04T10:00", "2026-03-04T10:00"),
        mail(CLOSURE, SCHOOLS, "2026-03-05T10:00", "2026-03-05T10:00"),
    )
    assert "赵处长" in line.history["rate"][-1].entry.reason.zh


def test_a_case_that_a_person_closed_opens_again_with_the_next_bad_figure() -> None:
    line = red_on_2_march()
    line.do("2026-03-03T10:00", ClosedByPerson("赵处长", "数据有误，已更正"))
    line.report("2026-03-04T10:00", m2026_02=REVERSED)

    line.run("2026-03-04T12:00")

    line.check(
        RAISED,
        mail(CLOSURE, SCHOOLS, "2026-03-03T10:00", "2026-03-03T10:00"),
        mail(WARNING, SCHOOLS, "2026-03-04T10:00", "2026-03-04T10:00"),
    )
    assert only(line.cases).episode == 2


def test_a_note_is_kept_and_changes_nothing_else() -> None:
    line = red_on_2_march()
    line.do("2026-03-02T11:00", ProgressNoted("王主任", "已召开专题会"))

    line.run("2026-03-07T10:00")

    line.check(RAISED, REMINDED, FIRST_RUNG)
    assert DecisionKind.NOTE in line.steps()


def test_a_person_can_escalate_without_waiting_and_the_clock_goes_on_from_there() -> None:
    line = red_on_2_march()
    line.do("2026-03-02T15:00", Escalated("赵处长", "事关重大"))

    line.run("2026-03-20T10:00")

    # then the next rung comes three working days later, and none is climbed twice
    line.check(
        RAISED,
        mail(ESCALATION, "superior", "2026-03-02T15:00", "2026-03-02T15:00"),
        mail(ESCALATION, LEAD, "2026-03-05T09:00", "2026-03-05T09:00"),
    )


def test_a_second_acknowledgement_is_no_step() -> None:
    line = red_on_2_march()
    line.do("2026-03-02T11:00", Acknowledged("王主任"))
    line.do("2026-03-02T11:01", Acknowledged("李科长"))

    line.run("2026-03-02T12:00")

    assert line.steps() == [DecisionKind.RAISE, DecisionKind.ACKNOWLEDGE]


def test_a_refused_mail_stands_in_the_history() -> None:
    line = red_on_2_march()
    line.do("2026-03-02T10:05", MailSettled("warning-rate-1", MailOutcome.REFUSED, "550 no such user"))
    line.do("2026-03-02T10:05", MailSettled("warning-rate-1", MailOutcome.SENT, "250"))

    line.run("2026-03-02T12:00")

    assert line.steps() == [DecisionKind.RAISE, DecisionKind.MAIL_FAILED]
    assert only(line.cases).told_level is None


def test_without_rules_of_escalation_nobody_is_pressed() -> None:
    line = red_on_2_march()
    line.book.policy = replace(line.book.policy, escalation=None)

    line.run("2026-06-30T10:00")

    line.check(RAISED)
