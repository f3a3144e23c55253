"""Small rules of cases: owners, chains of hashes, quiet hours, groups, policies of before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.case.judgement import judge_verdicts
from planwatch.case.ledger import GENESIS, LedgerRow, entry_hash, verify_chain
from planwatch.case.model import Judgement
from planwatch.early_warning import SubjectKind, Verdict
from planwatch.local_time import LOCAL_TIME
from planwatch.notification import weekly_summary_due_at
from planwatch.period import parse_period
from planwatch.policy import AssessmentClass, Level, QuietHours, WeeklySummary, policy_from_mapping
from services.alerts.matters import owners_of
from tests.builders import default_policy, make_matter, real_plan
from tests.timeline import local


def chain(*contents: str) -> list[LedgerRow]:
    rows, previous = [], GENESIS
    for number, content in enumerate(contents, start=1):
        rows.append(LedgerRow(number, content, previous, entry_hash(previous, content)))
        previous = rows[-1].entry_hash
    return rows


CHAINS = st.lists(st.text(), min_size=1, max_size=6).map(lambda contents: chain(*contents))


@given(CHAINS)
def test_a_chain_as_it_was_written_has_no_faults(rows: list[LedgerRow]) -> None:
    assert verify_chain(rows, (len(rows), rows[-1].entry_hash)) == []


@given(CHAINS, st.data())
def test_a_chain_without_one_of_its_rows_has_a_fault(rows: list[LedgerRow], data: st.DataObject) -> None:
    head = (len(rows), rows[-1].entry_hash)
    rows.pop(data.draw(st.integers(0, len(rows) - 1)))

    assert verify_chain(rows, head)


@given(CHAINS, st.data(), st.text())
def test_a_chain_with_a_row_that_was_rewritten_hash_and_all_has_a_fault(
    rows: list[LedgerRow], data: st.DataObject, content: str
) -> None:
    head = (len(rows), rows[-1].entry_hash)
    at = data.draw(st.integers(0, len(rows) - 1))
    old = rows[at]
    rows[at] = LedgerRow(old.entry_no, content, old.previous_hash, entry_hash(old.previous_hash, content))

    assert bool(verify_chain(rows, head)) == (content != old.content)


def test_a_chain_whose_head_is_gone_has_a_fault() -> None:
    assert verify_chain(chain("a"), None)


def standing(share: float, verdict: AssessmentClass, subject: SubjectKind = SubjectKind.INDICATOR) -> Judgement:
    """What one figure of a month means while this share of the way is due."""
    matter = make_matter(kind=subject)
    figure = Verdict(parse_period("2026-02"), verdict, "s", local("2026-03-02T10:00"), expected_share=share)
    found = judge_verdicts(matter, [figure], replace(default_policy(), warn_from_share=Decimal("0.09")))
    assert found is not None
    return found


def test_being_behind_while_hardly_anything_is_due_raises_nothing_and_says_so() -> None:
    found = standing(0.05, AssessmentClass.FAR_BEHIND)

    assert found.level is None
    assert found.because.zh == "2026年2月评价为严重滞后（应完成进度不足9%，暂不预警）"
    assert found.because.en.endswith("(under 9% of the way is due: too early for a warning)")


@pytest.mark.parametrize(
    ("share", "verdict", "subject"),
    [
        (0.09, AssessmentClass.FAR_BEHIND, SubjectKind.INDICATOR),
        (0.05, AssessmentClass.REVERSED, SubjectKind.INDICATOR),
        (0.05, AssessmentClass.BREACHED, SubjectKind.INDICATOR),
        (0.05, AssessmentClass.FAR_BEHIND, SubjectKind.PROJECT),
    ],
)
def test_what_is_due_reversed_breached_or_work_does_not_wait(
    share: float, verdict: AssessmentClass, subject: SubjectKind
) -> None:
    assert standing(share, verdict, subject).level is not None


def test_the_chain_of_a_department_without_a_superior_ends_at_the_coordinating_body() -> None:
    plan = real_plan("zhongwei")

    owners = owners_of(plan, plan.indicators[4])

    assert (owners.lead, owners.chain) == ("zhongwei-education", ("zhongwei-development-reform",))


def test_the_coordinating_body_itself_answers_to_its_superior() -> None:
    plan = real_plan("zhongwei")
    indicator = next(row for row in plan.derived if row.owner == plan.coordinating_agency)

    assert owners_of(plan, indicator).chain == ("zhongwei-government",)


def test_an_indicator_of_a_task_has_the_task_s_participants_beside_its_lead() -> None:
    plan = real_plan("zhongwei")
    task = next(task for task in plan.commitments.tasks if task.participants and plan.derived_from(task.task_id))

    owners = owners_of(plan, plan.derived_from(task.task_id)[0])

    assert owners.participants == task.participants


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-03-02T21:59", None),
        ("2026-03-02T22:00", "2026-03-03T07:00"),
        ("2026-03-03T06:59", "2026-03-03T07:00"),
        ("2026-03-03T07:00", None),
    ],
)
def test_quiet_hours_may_pass_midnight(moment: str, until: str | None) -> None:
    quiet = QuietHours(time(22), time(7), Level.ORANGE)

    assert quiet.wait_until(local(moment)) == (local(until) if until else None)


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        ("2026-03-02T00:00", "2026-03-09T09:00"),
        ("2026-03-08T23:59", "2026-03-09T09:00"),
        ("2026-03-09T08:00", "2026-03-16T09:00"),
    ],
    ids=["Monday's first minute", "Sunday's last", "the morning of the summary belongs to the next week"],
)
def test_a_step_stands_in_the_summary_of_its_week(moment: str, due: str) -> None:
    assert weekly_summary_due_at(local(moment), WeeklySummary(1, time(9))) == local(due)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)).map(lambda found: found.replace(tzinfo=LOCAL_TIME)))  # noqa: DTZ001
def test_a_summary_comes_within_eight_days_and_never_on_the_day_of_the_step(moment: datetime) -> None:
    due = weekly_summary_due_at(moment, WeeklySummary(1, time(9)))

    assert 0 < (due.date() - moment.date()).days <= 7


def test_a_policy_of_before_orders_no_escalation_and_expects_no_report() -> None:
    policy = policy_from_mapping(
        {
            "version": "default-1",
            "thresholds": {"ahead": "1.05", "on_schedule": "0.95", "lagging": "0.6"},
            "levels": {},
            "repeat_raises": True,
            "last_year_raises": True,
            "mail": {"immediate_from": "orange", "digest_wait_s": 300, "digest_not_before": "08:00"},
            "deadlines": {"red": {"acknowledge_days": 3, "measures_days": 10}},
        }
    )

    assert (policy.escalation, policy.reporting, policy.quiet_hours, policy.weekly_summary) == (None,) * 4
