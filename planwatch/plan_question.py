"""What a careful statistician would ask the author of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from planwatch.language import Text


class QuestionKind(StrEnum):
    """What a question is about, the gravest first."""

    CONTRADICTION = "contradiction"
    TARGET = "target"
    PARENT = "parent"
    GAP = "gap"
    READING = "reading"


class QuestionCode(StrEnum):
    """The questions that a review can ask. Meanings: docs/catalogue.md."""

    TEXT_TABLE_DISAGREE = "text_table_disagree"
    PLACES_DISAGREE = "places_disagree"
    COUNTS_DO_NOT_ADD_UP = "counts_do_not_add_up"
    TARGET_BEHIND_BASELINE = "target_behind_baseline"
    TARGET_BEHIND_FIGURE = "target_behind_figure"
    TARGET_EQUALS_BASELINE = "target_equals_baseline"
    FIGURE_BEHIND_BASELINE = "figure_behind_baseline"
    TOTAL_AGAINST_YEAR = "total_against_year"
    BASELINE_MISSING = "baseline_missing"
    BASELINE_IS_INEQUALITY = "baseline_is_inequality"
    BELOW_PARENT = "below_parent"
    ANTICIPATORY_HERE_BINDING_IN_PARENT = "anticipatory_here_binding_in_parent"
    BINDING_HERE_ANTICIPATORY_IN_PARENT = "binding_here_anticipatory_in_parent"
    UNIT_DIFFERS_FROM_PARENT = "unit_differs_from_parent"
    DEFINITION_DIFFERS_FROM_PARENT = "definition_differs_from_parent"
    NO_OWNER = "no_owner"
    NO_DEADLINE = "no_deadline"
    NO_STANDARD = "no_standard"
    NO_RECIPIENTS = "no_recipients"
    DUTY_WITHOUT_DATE = "duty_without_date"
    NO_EVALUATION_ORDERED = "no_evaluation_ordered"
    READING_DOUBTFUL = "reading_doubtful"


@dataclass(frozen=True, slots=True)
class Question:
    """One question, with what it is about.

    Attributes:
        subjects: indicators, commitments or domains, by identifier; may be empty. Of the parent plan: after the own.
        source_lines: lines of the plan's own document, rising.
    """

    code: QuestionCode
    subjects: tuple[str, ...]
    source_lines: tuple[int, ...]
    text: Text

    @property
    def kind(self) -> QuestionKind:
        """What it is about."""
        return KINDS[self.code]


def plain(value: Decimal) -> str:
    """A figure that was calculated, without the zeros that a calculation leaves at its end."""
    return f"{value.normalize():f}"


def ask(code: QuestionCode, subjects: tuple[str, ...], lines: tuple[int, ...], zh: str, en: str) -> Question:
    """A question with its lines in order and each once."""
    return Question(code, subjects, tuple(sorted(set(lines))), Text(zh, en))


KIND_NAMES: Mapping[QuestionKind, Text] = {
    QuestionKind.CONTRADICTION: Text("前后不一", "contradictions"),
    QuestionKind.TARGET: Text("目标与基期", "targets and baselines"),
    QuestionKind.PARENT: Text("与上位规划", "against the parent plan"),
    QuestionKind.GAP: Text("未印事项", "not printed"),
    QuestionKind.READING: Text("读法待确认", "readings to confirm"),
}

CODE_NAMES: Mapping[QuestionCode, Text] = {
    QuestionCode.TEXT_TABLE_DISAGREE: Text("正文与主表不一", "text and table disagree"),
    QuestionCode.PLACES_DISAGREE: Text("两处不一", "places disagree"),
    QuestionCode.COUNTS_DO_NOT_ADD_UP: Text("数量合不拢", "counts do not add up"),
    QuestionCode.TARGET_BEHIND_BASELINE: Text("目标落后于基期", "target behind the baseline"),
    QuestionCode.TARGET_BEHIND_FIGURE: Text("目标落后于已印数据", "target behind a printed figure"),
    QuestionCode.TARGET_EQUALS_BASELINE: Text("目标等于基期", "target equals the baseline"),
    QuestionCode.FIGURE_BEHIND_BASELINE: Text("已印数据落后于基期", "printed figure behind the baseline"),
    QuestionCode.TOTAL_AGAINST_YEAR: Text("累计目标对单年基期", "total against a year"),
    QuestionCode.BASELINE_MISSING: Text("未印基期", "no baseline"),
    QuestionCode.BASELINE_IS_INEQUALITY: Text("基期为不等式", "baseline is an inequality"),
    QuestionCode.BELOW_PARENT: Text("低于上位规划", "below the parent plan"),
    QuestionCode.ANTICIPATORY_HERE_BINDING_IN_PARENT: Text("上位约束、本级预期", "binding in the parent only"),
    QuestionCode.BINDING_HERE_ANTICIPATORY_IN_PARENT: Text("本级约束、上位预期", "binding here only"),
    QuestionCode.UNIT_DIFFERS_FROM_PARENT: Text("单位与上位不同", "unit differs from the parent"),
    QuestionCode.DEFINITION_DIFFERS_FROM_PARENT: Text("口径与上位不同", "definition differs from the parent"),
    QuestionCode.NO_OWNER: Text("未印责任单位", "no owner"),
    QuestionCode.NO_DEADLINE: Text("未印期限", "no deadline"),
    QuestionCode.NO_STANDARD: Text("未印标准", "no standard"),
    QuestionCode.NO_RECIPIENTS: Text("未印服务对象", "no recipients"),
    QuestionCode.DUTY_WITHOUT_DATE: Text("监测未定时间", "duty without a date"),
    QuestionCode.NO_EVALUATION_ORDERED: Text("未规定评估", "no evaluation ordered"),
    QuestionCode.READING_DOUBTFUL: Text("读法待确认", "reading to confirm"),
}

KINDS: Mapping[QuestionCode, QuestionKind] = {
    **dict.fromkeys(
        (QuestionCode.TEXT_TABLE_DISAGREE, QuestionCode.PLACES_DISAGREE, QuestionCode.COUNTS_DO_NOT_ADD_UP),
        QuestionKind.CONTRADICTION,
    ),
    **dict.fromkeys(
        (
            QuestionCode.TARGET_BEHIND_BASELINE,
            QuestionCode.TARGET_BEHIND_FIGURE,
            QuestionCode.TARGET_EQUALS_BASELINE,
            QuestionCode.FIGURE_BEHIND_BASELINE,
            QuestionCode.TOTAL_AGAINST_YEAR,
            QuestionCode.BASELINE_MISSING,
            QuestionCode.BASELINE_IS_INEQUALITY,
        ),
        QuestionKind.TARGET,
    ),
    **dict.fromkeys(
        (
            QuestionCode.BELOW_PARENT,
            QuestionCode.ANTICIPATORY_HERE_BINDING_IN_PARENT,
            QuestionCode.BINDING_HERE_ANTICIPATORY_IN_PARENT,
            QuestionCode.UNIT_DIFFERS_FROM_PARENT,
            QuestionCode.DEFINITION_DIFFERS_FROM_PARENT,
        ),
        QuestionKind.PARENT,
    ),
    **dict.fromkeys(
        (
            QuestionCode.NO_OWNER,
            QuestionCode.NO_DEADLINE,
            QuestionCode.NO_STANDARD,
            QuestionCode.NO_RECIPIENTS,
            QuestionCode.DUTY_WITHOUT_DATE,
            QuestionCode.NO_EVALUATION_ORDERED,
        ),
        QuestionKind.GAP,
    ),
    QuestionCode.READING_DOUBTFUL: QuestionKind.READING,
}
