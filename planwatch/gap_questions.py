"""What a plan does not print: who, until when, by which standard, for whom. One question a section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planwatch.commitment import DutyKind
from planwatch.language import Text
from planwatch.plan import Plan
from planwatch.plan_doubts import open_readings
from planwatch.plan_question import Question, QuestionCode, ask

_EVALUATIONS = {
    DutyKind.MID_TERM_EVALUATION: Text("中期评估", "mid-term evaluation"),
    DutyKind.FINAL_EVALUATION: Text("总结评估", "final evaluation"),
}


def ask_about_gaps(plan: Plan) -> Iterator[Question]:
    """Questions on what is not printed."""
    yield from _owners(plan)
    yield from _deadlines(plan)
    yield from _services(plan)
    yield from _duties(plan)


def ask_about_readings(plan: Plan) -> Iterator[Question]:
    """Doubtful readings: row by row in the main table, one question for each other section.

    Domains that nobody is named for are left out: `no_owner` asks about them.
    """
    unnamed = {domain.code for domain in plan.domains if domain.basis == "coordinating"}
    elsewhere: dict[str, list[tuple[str, int]]] = {}
    for reading in open_readings(plan):
        if reading.section == "indicators":
            yield ask(
                QuestionCode.READING_DOUBTFUL,
                (reading.subject,),
                (reading.source_line,) if reading.source_line else (),
                f"{reading.name.zh}：{reading.reason.zh}",
                f"{reading.name.en}: {reading.reason.en}",
            )
        elif reading.section != "domains" or reading.subject not in unnamed:
            elsewhere.setdefault(reading.section, []).append((reading.subject, reading.source_line or 0))
    for section, found in elsewhere.items():
        name = _SECTIONS[section]
        yield _listing(
            QuestionCode.READING_DOUBTFUL,
            found,
            f"{name.zh}中{len(found)}处读法存疑，逐条原因见 --json 的 needs_confirmation；读得对吗？",
            f"{len(found)} doubtful readings of {name.en}, each with its reason under needs_confirmation of --json;"
            " are they right?",
        )


_SECTIONS = {
    "domains": Text("领域责任单位", "agencies of domains"),
    "text_targets": Text("正文目标", "text targets"),
    "projects": Text("重点工程", "projects"),
}


def _listing(code: QuestionCode, found: Iterable[tuple[str, int]], zh: str, en: str) -> Question:
    """One question about many entries, given as (identifier, source line or 0)."""
    entries = list(found)
    return ask(code, tuple(name for name, _ in entries), tuple(line for _, line in entries if line), zh, en)


def _owners(plan: Plan) -> Iterator[Question]:
    commitments = plan.commitments
    domains = [(row.code, row.source_line or 0) for row in plan.domains if row.basis == "coordinating"]
    if domains:
        agency = plan.agency(plan.coordinating_agency).name
        yield _listing(
            QuestionCode.NO_OWNER,
            domains,
            f"{len(domains)}个领域未点名责任单位，暂由{agency.zh}承担；由谁负责？",
            f"{len(domains)} domains name no agency and fall to {agency.en}; who answers for them?",
        )
    tasks = [(task.task_id, task.quotation.source_line) for task in commitments.tasks if task.lead is None]
    yield from _unnamed(tasks, len(commitments.tasks), Text("重点任务", "tasks"))
    projects = [(row.project_id, row.quotation.source_line) for row in commitments.projects if row.lead is None]
    yield from _unnamed(projects, len(commitments.projects), Text("重点工程", "projects"))
    duties = [(row.duty_id, row.quotation.source_line) for row in commitments.monitoring_duties if row.agency is None]
    yield from _unnamed(duties, len(commitments.monitoring_duties), Text("监测评估要求", "monitoring duties"))


def _unnamed(found: list[tuple[str, int]], total: int, name: Text) -> Iterator[Question]:
    if found:
        yield _listing(
            QuestionCode.NO_OWNER,
            found,
            f"{total}项{name.zh}中，{len(found)}项未印牵头单位；由谁负责？",
            f"{len(found)} of {total} {name.en} name no agency in charge; who answers for them?",
        )


def _deadlines(plan: Plan) -> Iterator[Question]:
    commitments = plan.commitments
    targets = [(row.target_id, row.quotation.source_line) for row in commitments.text_targets if row.year is None]
    tasks = [(row.task_id, row.quotation.source_line) for row in commitments.tasks if row.deadline is None]
    projects = [(row.project_id, row.quotation.source_line) for row in commitments.projects if row.deadline is None]
    for found, total, name in (
        (targets, len(commitments.text_targets), Text("正文目标", "text targets")),
        (tasks, len(commitments.tasks), Text("重点任务", "tasks")),
        (projects, len(commitments.projects), Text("重点工程", "projects")),
    ):
        if found:
            yield _listing(
                QuestionCode.NO_DEADLINE,
                found,
                f"{total}项{name.zh}中，{len(found)}项未印完成时间，暂以规划期末{plan.end}年为期限；何时完成？",
                f"{len(found)} of {total} {name.en} print no date, the plan's end {plan.end} is taken; until when?",
            )


def _services(plan: Plan) -> Iterator[Question]:
    items = plan.commitments.service_items
    bare = [(item.item_id, item.source_line) for item in items if item.standard is None]
    if bare:
        yield _listing(
            QuestionCode.NO_STANDARD,
            bare,
            f"{len(items)}项服务中，{len(bare)}项未印标准；标准是什么？",
            f"{len(bare)} of {len(items)} services print no standard; what is it?",
        )
    unaddressed = [(item.item_id, item.source_line) for item in items if item.recipients is None]
    if unaddressed:
        yield _listing(
            QuestionCode.NO_RECIPIENTS,
            unaddressed,
            f"{len(items)}项服务中，{len(unaddressed)}项未印服务对象；服务谁？",
            f"{len(unaddressed)} of {len(items)} services do not say whom they serve; whom?",
        )


def _duties(plan: Plan) -> Iterator[Question]:
    duties = plan.commitments.monitoring_duties
    undated = [(row.duty_id, row.quotation.source_line) for row in duties if row.due is None and row.frequency is None]
    if undated:
        yield _listing(
            QuestionCode.DUTY_WITHOUT_DATE,
            undated,
            f"{len(duties)}项监测评估要求中，{len(undated)}项未印时间和频次；何时进行、多久一次？",
            f"{len(undated)} of {len(duties)} monitoring duties print neither date nor interval; when, how often?",
        )
    ordered = {row.kind for row in duties}
    missing = [name for kind, name in _EVALUATIONS.items() if kind not in ordered]
    if missing:
        yield ask(
            QuestionCode.NO_EVALUATION_ORDERED,
            (),
            (),
            f"规划没有规定{'和'.join(name.zh for name in missing)}；是否进行？",
            f"the plan orders no {' and no '.join(name.en for name in missing)}; is there to be one?",
        )
