"""A million (indicator, observation) pairs judged by the pure domain, against a bare loop over the same records.

The bare loop does one division for each record: value ÷ target. What is timed of the domain goes from the figures of a
subject to a judgement on each: which version and milestones hold, totals, path, class, all measures. The records that
are stored, with their keys and moments, are timed beside (`pure_recomputation`). Making the figures is not timed.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from bench.report import Measurement, at_most, below, informative
from bench.throughput import peak_memory_mb
from bench.workload import AREAS, yearly_submissions
from planwatch.assessment import Assessment, assessment_of
from planwatch.evaluation import Subject, course_under, judge_known
from planwatch.observation import Observation
from planwatch.period import TimePeriod
from planwatch.plan import Plan
from planwatch.plan_history import PlanHistory, PlanVersion
from planwatch.policy import Policy
from planwatch.schedule import Judgement, judge
from planwatch.submission import check_submission

PAIRS = 1_000_000
MOST_TIMES_BARE = 30.0
MOST_MEMORY_MB = 200.0

History = dict[TimePeriod, Observation]


def measure_pure_evaluation(plan: Plan, policy: Policy) -> list[Measurement]:
    """Judge area after area until a million pairs are done; domain and bare loop take turns on the same records."""
    started_at = datetime(2021, 1, 1, tzinfo=UTC)
    plans = PlanHistory([PlanVersion(plan, started_at)])
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    pairs, domain_s, bare_s, recorded_s = 0, 0.0, 0.0, 0.0
    for number in count():
        area = AREAS[number % len(AREAS)]
        histories = _histories(plan, area, number, moment)
        subjects = [(Subject(key.split(".")[0], key, plans, policy), history) for key, history in histories.items()]
        values = {row.indicator_id: row.target.value for row in plan.indicators}
        targets = [(values[subject.indicator_id], history) for subject, history in subjects]
        began = time.perf_counter()
        judged = [evaluate(subject, history, moment) for subject, history in subjects]
        domain_s += time.perf_counter() - began
        began = time.perf_counter()
        _divide(targets)
        bare_s += time.perf_counter() - began
        began = time.perf_counter()
        for subject, history in subjects:
            recompute(subject, history, moment)
        recorded_s += time.perf_counter() - began
        pairs += sum(map(len, judged))
        if pairs >= PAIRS:
            break
    return [
        informative("pure_evaluation", pairs / domain_s, "pairs/s"),
        informative("pure_evaluation_pairs", pairs, "1"),
        informative("pure_recomputation", pairs / recorded_s, "pairs/s"),
        informative("pure_evaluation_bare_loop", pairs / bare_s, "pairs/s"),
        at_most("pure_evaluation_times_bare_loop", domain_s / bare_s, "×", limit=MOST_TIMES_BARE),
        below("pure_evaluation_memory", peak_memory_mb(os.getpid()), "MB", limit=MOST_MEMORY_MB),
    ]


def evaluate(subject: Subject, history: History, moment: datetime) -> list[Judgement]:
    """The judgement on every figure of a subject."""
    rule = subject.plans.rule(subject.indicator_id, subject.plans.current.end, moment)
    assert rule is not None
    course = course_under(rule, subject, subject.plans, history)
    return [judge(course, observation) for observation in history.values()]


def recompute(subject: Subject, history: History, moment: datetime) -> list[Assessment]:
    """The verdicts on every period of a subject, as they would be stored."""
    judged = judge_known(subject, subject.plans, history, history, moment)
    return [
        assessment_of(one.rule.plan, subject.policy, one.observation, one.judgement, "s", moment, None)
        for one in judged.values()
    ]


def _divide(records: list[tuple[Decimal, History]]) -> None:
    for target, history in records:
        for observation in history.values():
            if observation.value is not None:
                observation.value / target


def _histories(plan: Plan, area: str, seed: int, received_at: datetime) -> dict[str, History]:
    """Sixty months of every indicator in one area, by subject."""
    histories: dict[str, History] = defaultdict(dict)
    for submission in yearly_submissions(plan, received_at, areas=[area], seed=seed):
        for observation in check_submission(submission, plan).observations:
            histories[observation.series.subject_key][observation.period] = observation
    return histories
