"""Printed cells, headings, units, marks and notes are read as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.plan import Direction
from planwatch.plan_import.cells import CellReading, read_cell
from planwatch.plan_import.concepts import KnownIndicator, propose_concept
from planwatch.plan_import.headings import Role, five_year_plan, nature_of, read_heading
from planwatch.plan_import.marks import read_name
from planwatch.plan_import.notes import read_notes
from planwatch.plan_import.proposals import RowFigures, propose_direction, propose_goal_kind
from planwatch.plan_import.units import propose_unit
from planwatch.plan_terms import Comparator

PERIOD = ("2021", "2025")
FULL_WIDTH = str.maketrans("0123456789.%<>", "０１２３４５６７８９．％＜＞")

TRAINING = KnownIndicator(
    "national", "职业技能培训人数(万人次)", "Training", "training", "PS_TIME", "employment", "劳有所得"
)
PLACES_UNDER_3 = KnownIndicator(
    "national", "每千人口拥有3岁以下婴幼儿托位数(个)", "Places", "places_under_3", "PER_1000", "childcare", "幼有所育"
)


def reading(text: str) -> CellReading:
    read = read_cell(text)
    assert read is not None, text
    return read


def figures(
    *,
    name: str = "某率",
    measure: str = "PT",
    baseline: str | None = "90",
    target: str = "95",
    comparator: Comparator | None = None,
    total: bool = False,
) -> RowFigures:
    return RowFigures(
        name=name,
        measure=measure,
        baseline=Decimal(baseline) if baseline else None,
        between=(),
        target=Decimal(target),
        comparator=comparator,
        entitled=False,
        total=total,
        certain_mark=total,
        yearly_mean=False,
        total_between=False,
    )


@pytest.mark.parametrize(
    ("printed", "number", "comparator"),
    [
        ("95", "95", None),
        ("≥95%", "95", "ge"),
        ("≧95", "95", "ge"),
        (">= 95", "95", "ge"),
        ("＞９５％", "95", "gt"),
        ("95%以上", "95", "ge"),
        ("不低于 98 %", "98", "ge"),
        ("大于30", "30", "gt"),
        ("≤5", "5", "le"),
        ("控制在5%以内", "5", "le"),
        ("低于12", "12", "lt"),
        ("29,000", "29000", None),
        ("29 000", "29000", None),
        ("0. 1", "0.1", None),
        ("3.0", "3.0", None),
        ("-0.5", "-0.5", None),
        ("85岁以上", "85", "ge"),
        ("应保尽保", "100", "ge"),
    ],
)
def test_a_figure_keeps_its_number_and_its_inequality(printed: str, number: str, comparator: str | None) -> None:
    read = reading(printed)

    assert (read.number, read.comparator, read.doubt) == (number, comparator, None)


@pytest.mark.parametrize("printed", ["-", "—", "——", "－", "/", "…", "无", "暂无数据", "N/A"])
def test_a_dash_says_that_there_is_no_figure(printed: str) -> None:
    read = reading(printed)

    assert (read.number, read.doubt) == (None, None)


def test_an_empty_cell_is_no_figure_but_doubted() -> None:
    read = reading("  ")

    assert read.number is None
    assert read.doubt is not None


@pytest.mark.parametrize(
    ("printed", "number", "marks"),
    [
        ("7.5*", "7.5", ("*",)),
        ("7.5＊", "7.5", ("*",)),
        ("77.3**", "77.3", ("**",)),
        ("[6.1]", "6.1", ("[]",)),
        ("[ 6 ]", "6", ("[]",)),
        ("【30】", "30", ("【】",)),
        ("〔13.5〕", "13.5", ("〔〕",)),
        ("≥[6]", "6", ("[]",)),
        ("[6]%", "6", ("[]",)),
        ("30（累计）", "30", ("累计",)),
        ("累计30", "30", ("累计",)),
        ("76.5①", "76.5", ("①",)),
        ("6¹", "6", ("1",)),
    ],
)
def test_marks_are_taken_off_the_figure(printed: str, number: str, marks: tuple[str, ...]) -> None:
    read = reading(printed)

    assert (read.number, read.marks) == (number, marks)


@pytest.mark.parametrize(
    "printed",
    ["约78", "5.5%左右", "78-79", "95%~98%", "年均增长6%", "提高0.5个百分点", "全覆盖", "12 5", "30\n31", "一"],
)
def test_what_is_not_a_plain_level_is_read_with_a_doubt(printed: str) -> None:
    read = reading(printed)

    assert read.doubt is not None
    assert read.doubt.zh
    assert read.doubt.en


@pytest.mark.parametrize(
    "text", ["预期性", "九年义务教育巩固率", "2020年", "2021—2025年", "左右", "持续改善", "万人次"]
)
def test_words_years_and_units_are_no_figures(text: str) -> None:
    assert read_cell(text) is None


def test_ten_thousands_in_the_cell_are_expanded_unless_the_unit_has_them() -> None:
    read = reading("2.51万")

    assert read.value_in(0) == "25100"
    assert read.value_in(4) == "2.51"


@given(
    number=st.decimals(min_value=0, max_value=10**7, places=2, allow_nan=False),
    sign=st.sampled_from([("", None), ("≥", "ge"), (">", "gt"), ("≤", "le"), ("<", "lt"), ("不低于", "ge")]),
    mark=st.sampled_from(["", "*", "**", "（累计）"]),
    wide=st.booleans(),
)
def test_sign_number_mark_and_width_of_the_digits_do_not_disturb_each_other(
    number: Decimal, sign: tuple[str, str | None], mark: str, wide: bool
) -> None:
    printed = f"{sign[0]}{number}{mark}"

    read = reading(printed.translate(FULL_WIDTH) if wide else printed)

    assert (read.number, read.comparator, bool(read.marks)) == (str(number), sign[1], bool(mark))


@pytest.mark.parametrize(
    ("heading", "role", "period"),
    [
        ("指　标", Role.NAME, None),
        ("主要指标", Role.NAME, None),
        ("指标（单位）", Role.NAME, None),
        ("类 别", Role.DOMAIN, None),
        ("计量单位", Role.UNIT, None),
        ("责任单位", Role.OWNER, None),
        ("指标属性", Role.NATURE, None),
        ("性质", Role.NATURE, None),
        ("序号", Role.NO, None),
        ("2020 年", Role.VALUE, "2020"),
        ("２０２０年", Role.VALUE, "2020"),
        ("2020年（基期值）", Role.VALUE, "2020"),
        ("2025年目标", Role.VALUE, "2025"),
        ("“十四五”末目标", Role.VALUE, "2025"),
        ("基期值", Role.VALUE, "2020"),
        ("目标值", Role.VALUE, "2025"),
        ("年均增长（%）", Role.GROWTH, None),
        ("年均/累计", Role.GROWTH, None),
        ("五年累计", Role.TOTAL, None),
        ("备注", Role.REMARK, None),
    ],
)
def test_a_heading_says_what_its_column_holds(heading: str, role: Role, period: str | None) -> None:
    column = read_heading(heading, PERIOD)

    assert column is not None
    assert (column.role, column.period) == (role, period)


@pytest.mark.parametrize("text", ["学有所教", "九年义务教育巩固率", "2025年，公共服务体系更加完善", ""])
def test_other_text_is_no_heading(text: str) -> None:
    assert read_heading(text, PERIOD) is None


@pytest.mark.parametrize(
    ("name", "years"), [("十三五", ("2016", "2020")), ("“十四五”", ("2021", "2025")), ("十五五", ("2026", "2030"))]
)
def test_a_five_year_plan_names_its_years(name: str, years: tuple[str, str]) -> None:
    assert five_year_plan(f"某市{name}公共服务规划") == years


@pytest.mark.parametrize(
    ("cell", "nature"),
    [
        ("约束性", "binding"),
        ("[预期性]", "anticipatory"),
        ("★约束性指标", "binding"),
        ("预期", "anticipatory"),
        ("指导性", None),
    ],
)
def test_the_nature_is_read_through_signs_around_it(cell: str, nature: str | None) -> None:
    assert nature_of(cell) == nature


@pytest.mark.parametrize(
    ("name", "printed", "measure", "mult"),
    [
        ("学前教育毛入园率", "%", "PT", 0),
        ("城镇新增就业人数", "万人", "PS", 4),
        ("城乡劳动力职业技能培训", "万人次", "PS_TIME", 4),
        ("每千人口拥有注册护士数", "人", "PER_1000", 0),
        ("每万人接受公共文化设施服务次数", "万次", "PER_10000", 4),
        ("人均体育场地面积", "㎡", "SQM_PER_PS", 0),
        ("每百户居民拥有社区综合服务设施面积", "平方米", "SQM_PER_100_HH", 0),
        ("每万人拥有公共文化设施建筑面积", "平方米", "SQM_PER_10000", 0),
        ("城镇老旧小区改造", "万个", "COMMUNITY", 4),
        ("城镇老旧小区改造", "户", "HH", 0),
        ("孕产妇死亡率", "1/10万", "PER_100000", 0),
        ("5岁以下儿童死亡率", "‰", "PER_1000", 0),
        ("养老服务床位总量", "张", "BED", 0),
        ("居民人均可支配收入", "万元", "CNY", 4),
    ],
)
def test_name_and_unit_together_give_measure_and_power_of_ten(name: str, printed: str, measure: str, mult: int) -> None:
    unit = propose_unit(name, printed, None)

    assert (unit.printed, unit.measure, unit.mult, unit.reason) == (printed, measure, mult, None)


@pytest.mark.parametrize(("name", "printed"), [("单位产值", "公里"), ("人均预期寿命", None), ("某项工作", None)])
def test_a_unit_that_is_unknown_or_not_printed_is_doubted(name: str, printed: str | None) -> None:
    unit = propose_unit(name, printed, None)

    assert unit.reason is not None


@pytest.mark.parametrize(
    ("printed", "name", "no", "marks"),
    [
        ("城镇老旧小区改造( 万个) ***", "城镇老旧小区改造(万个)", None, ("***",)),
        ("每千人口拥有 3 岁以下婴幼儿托位数（个）", "每千人口拥有3岁以下婴幼儿托位数（个）", None, ()),
        ("1.城镇新增就业", "城镇新增就业", "1", ()),
        ("1.5岁以下婴幼儿托位数", "1.5岁以下婴幼儿托位数", None, ()),
        ("（3）高中阶段毛入学率", "高中阶段毛入学率", "3", ()),
        ("人均预期寿命①", "人均预期寿命", None, ("①",)),
        ("人均预期寿命¹（岁）", "人均预期寿命（岁）", None, ("1",)),
        ("新增就业（累计）（万人）", "新增就业（万人）", None, ("累计",)),
        ("人均体育场地面积(m²)", "人均体育场地面积(m²)", None, ()),
    ],
)
def test_a_name_is_freed_of_number_and_marks(printed: str, name: str, no: str | None, marks: tuple[str, ...]) -> None:
    read = read_name(printed)

    assert (read.name, read.no, read.marks) == (name, no, marks)


def test_a_digit_at_the_end_of_a_name_stays_until_a_note_explains_it() -> None:
    read = read_name("人均预期寿命1")

    assert (read.name, read.trailing_digit) == ("人均预期寿命1", "1")


def test_notes_in_one_line_are_told_apart_and_explain_their_marks() -> None:
    lines = [(40, "注：①〔 〕内为5年累计数。②带*的为2019年数据。③能源综合生产能力指各类能源之和。")]

    notes = read_notes(lines, frozenset({"〔〕", "*"}))

    assert [(note.mark, note.total, note.period) for note in notes] == [
        ("〔〕", True, None),
        ("*", False, "2019"),
        (None, False, None),
    ]


def test_a_note_over_two_lines_is_one() -> None:
    lines = [(1, "1.带*的为年度平均"), (2, "值。"), (3, "2. 带**的为 2019 年数据。")]

    notes = read_notes(lines, frozenset({"*", "**"}))

    assert [(note.mark, note.line) for note in notes] == [("*", 1), ("**", 3)]
    assert notes[0].yearly_mean


def test_other_digits_in_a_similar_name_make_another_concept_likely() -> None:
    proposal = propose_concept("每千人口拥有1.5岁以下婴幼儿托位数", "PER_1000", [PLACES_UNDER_3])

    assert proposal.confidence < 0.8
    assert proposal.reason is not None


def test_another_measure_of_the_same_words_makes_another_concept_likely() -> None:
    proposal = propose_concept("职业技能培训人数", "PT", [TRAINING])

    assert proposal.reason is not None


def test_a_name_without_a_like_has_no_concept() -> None:
    proposal = propose_concept("森林覆盖率", "PT", [TRAINING, PLACES_UNDER_3])

    assert proposal.known is None
    assert proposal.confidence == 0


@pytest.mark.parametrize(
    ("name", "baseline", "target", "comparator", "direction"),
    [
        ("城镇调查失业率", "6.1", "5.5", None, "decrease"),
        ("单位GDP能源消耗降低", None, "13.5", None, "increase"),
        ("基本医疗保险参保率", "99.8", "95", Comparator.GREATER, "increase"),
        ("个人卫生支出占比", "27.6", "26.5", Comparator.AT_MOST, "decrease"),
    ],
)
def test_the_good_direction_follows_sign_then_meaning(
    name: str, baseline: str | None, target: str, comparator: Comparator | None, direction: str
) -> None:
    proposal = propose_direction(figures(name=name, baseline=baseline, target=target, comparator=comparator))

    assert (proposal.value, proposal.reason) == (direction, None)


def test_a_fall_that_nothing_explains_is_doubted() -> None:
    proposal = propose_direction(figures(name="每千人口床位数", measure="PER_1000", baseline="8", target="7"))

    assert proposal.reason is not None


def test_a_flow_that_falls_far_without_a_mark_is_taken_for_a_total_with_a_doubt() -> None:
    row = figures(name="城镇新增就业", measure="PS", baseline="9.63", target="4")

    proposal = propose_goal_kind(row, Direction.INCREASE)

    assert proposal.value == "accumulate"
    assert proposal.reason is not None
