"""The review of a plan: everything that a careful statistician would ask its author."""

from __future__ import annotations

from collections.abc import Mapping

from planwatch.consistency_questions import ask_about_consistency
from planwatch.gap_questions import ask_about_gaps, ask_about_readings
from planwatch.language import Text
from planwatch.parent_questions import ask_about_parent
from planwatch.plan import Plan
from planwatch.plan_question import Question, QuestionCode
from planwatch.target_questions import ask_about_targets

_ORDER = {code: position for position, code in enumerate(QuestionCode)}


def review_plan(
    plan: Plan, parent: Plan | None, related: Mapping[str, Mapping[str, Text]] | None = None
) -> tuple[Question, ...]:
    """Every question, the gravest kind first, within a code in printed order.

    Args:
        parent: the plan that it is set against; None leaves out what needs it.
        related: by concept, the concepts that measure nearly the same thing, each with the difference.
    """
    against = ask_about_parent(plan, parent, related or {}) if parent is not None else ()
    questions = (
        *ask_about_consistency(plan),
        *ask_about_targets(plan),
        *against,
        *ask_about_gaps(plan),
        *ask_about_readings(plan),
    )
    return tuple(sorted(questions, key=lambda question: _ORDER[question.code]))
