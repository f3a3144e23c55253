"""What the page of a plan's questions shows: what a careful reader would ask its author. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from planwatch.plan import Plan
from planwatch.plan_question import Question, QuestionCode, QuestionKind


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question is about.

    Attributes:
        identity: of an indicator, a commitment or a domain.
        plan_id: the plan in which it stands; None where it has no place on a page.
        anchor: its row on the page of the plan or of the commitments.
        is_commitment: it stands on the page of the commitments.
    """

    identity: str
    plan_id: str | None
    anchor: str
    is_commitment: bool


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """One question with the places it is about."""

    question: Question
    subjects: tuple[Subject, ...]


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """The questions of one code."""

    code: QuestionCode
    questions: tuple[AskedQuestion, ...]


def group_questions(
    questions: Iterable[Question], plan: Plan, parent: Plan | None
) -> dict[QuestionKind, list[QuestionGroup]]:
    """The questions by kind and code, in the order given.

    Args:
        questions: of `planwatch.plan_review.review_plan`.
        plan: whose questions they are.
        parent: the plan that it is set against.
    """
    plans = [plan] if parent is None else [plan, parent]
    places = {subject.identity: subject for each in reversed(plans) for subject in _places(each)}
    groups: dict[QuestionKind, list[QuestionGroup]] = {}
    for code, found in groupby(questions, key=lambda question: question.code):
        asked = tuple(
            AskedQuestion(
                question, tuple(places.get(each, Subject(each, None, each, False)) for each in question.subjects)
            )
            for question in found
        )
        groups.setdefault(asked[0].question.kind, []).append(QuestionGroup(code, asked))
    return groups


def _places(plan: Plan) -> Iterable[Subject]:
    for row in plan.indicators:
        yield Subject(row.indicator_id, plan.plan_id, f"no-{row.no}", is_commitment=False)
    kept = plan.commitments
    identities = [
        *(target.target_id for target in kept.text_targets),
        *(task.task_id for task in kept.tasks),
        *(project.project_id for project in kept.projects),
        *(item.item_id for item in kept.service_items),
        *(duty.duty_id for duty in kept.monitoring_duties),
    ]
    for identity in identities:
        yield Subject(identity, plan.plan_id, identity, is_commitment=True)
    for project in kept.projects:
        for delivered in project.deliverables:
            yield Subject(delivered.quantity_id, plan.plan_id, project.project_id, is_commitment=True)
