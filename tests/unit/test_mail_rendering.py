"""What a mail says, and how it travels."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest

from planwatch.early_warning import DecisionKind
from planwatch.language import Text
from planwatch.period import parse_period
from planwatch.plan import GoalKind, Nature, Target
from planwatch.plan_terms import Comparator, Unit
from planwatch.policy import AssessmentClass, Level
from planwatch.printing import Language, Printer
from services.alerts.message import build_message
from services.alerts.picture import Picture
from services.alerts.render import (
    MOST_DETAILED,
    RenderedMail,
    WarningNotice,
    render_closure,
    render_digest,
    render_warning,
)
from services.alerts.render_summary import render_summary
from services.alerts.summary_store import Standing, SummaryLine

RETENTION = WarningNotice(
    case_id="0123456789abcdef",
    episode=1,
    kind=DecisionKind.RAISE,
    level=Level.RED,
    previous_level=None,
    plan_title=Text("中卫市公共服务发展“十四五”规划", "Zhongwei 14th Five-Year Plan"),
    area=Text("中卫市", "Zhongwei"),
    place=Text("主表第5项", "main table no. 5"),
    indicator_name=Text("九年义务教育巩固率(%)", "Nine-year compulsory education retention rate"),
    unit=Unit("%", "PT", 0),
    nature=Nature.BINDING,
    goal_kind=GoalKind.REACH,
    verdict=AssessmentClass.REVERSED,
    reason=Text("2021 评价为逆向变动，发出红色预警", "2021 is assessed as reversed; a red warning is raised"),
    policy_line="default-3: levels.reversed.binding = red",
    time_period=parse_period("2021"),
    since_period=parse_period("2021"),
    value=Decimal("97.81"),
    measured=Decimal("97.81"),
    baseline_value=Decimal("99.55"),
    baseline_period=parse_period("2020"),
    baseline_substituted=False,
    expected=Decimal("99.600000000000"),
    target=Target(Decimal("99.8"), Comparator.AT_LEAST, parse_period("2025")),
    achieved_share=-6.96,
    expected_share=0.2,
    gap=Decimal("-1.79"),
    acknowledge_by=date(2026, 11, 25),
    measures_by=date(2026, 12, 2),
    case_url="http://alerts.test/cases/0123456789abcdef",
    acknowledge_url="http://alerts.test/acknowledge/signed.token",
    submission_id="5f" * 16,
    received_at=datetime(2026, 11, 22, 2, 5, tzinfo=UTC),
    agency=Text("中卫市教育局", "Zhongwei Education Bureau"),
    simulated=False,
    doubts=(),
)

TRAINING = replace(
    RETENTION,
    level=Level.YELLOW,
    place=Text("主表第8项", "main table no. 8"),
    indicator_name=Text("城乡劳动力职业技能培训(万人次)", "Vocational skills training"),
    unit=Unit("万人次", "PS_TIME", 4),
    nature=Nature.ANTICIPATORY,
    goal_kind=GoalKind.ACCUMULATE,
    verdict=AssessmentClass.FAR_BEHIND,
    policy_line="default-3: levels.far_behind.anticipatory = yellow",
    time_period=parse_period("2022"),
    value=Decimal("0.31"),
    measured=Decimal("0.79"),
    baseline_value=Decimal(0),
    baseline_period=None,
    expected=Decimal("2.4"),
    target=Target(Decimal(6), Comparator.AT_LEAST, parse_period("2025")),
    achieved_share=0.1317,
    expected_share=0.4,
    gap=Decimal("-1.61"),
)

INSURANCE = replace(
    RETENTION,
    level=Level.ORANGE,
    place=Text("主表第12项", "main table no. 12"),
    indicator_name=Text("基本医疗保险参保率(%)", "Basic medical insurance coverage"),
    goal_kind=GoalKind.FLOOR,
    verdict=AssessmentClass.BREACHED,
    value=Decimal("94.2"),
    measured=Decimal("94.2"),
    expected=Decimal(95),
    target=Target(Decimal(95), Comparator.AT_LEAST, parse_period("2025")),
    achieved_share=None,
    expected_share=None,
    gap=Decimal("-0.8"),
)

CLOSED = replace(
    RETENTION,
    kind=DecisionKind.CLOSE,
    verdict=AssessmentClass.AHEAD,
    value=Decimal("99.7"),
    measured=Decimal("99.7"),
    achieved_share=0.6,
    gap=Decimal("0.1"),
    reason=Text(
        "2021 的最新数据已达到快于预期，预警销号", "the newest figure for 2021 is ahead; the warning is closed"
    ),
    policy_line="",
    acknowledge_by=None,
    measures_by=None,
    acknowledge_url=None,
)

CASE_URL = "http://alerts.test/cases/{}".format
MAIL = RenderedMail("【红色预警】巩固率", "正文\n", "<p>正文</p>")
HEADERS: dict[str, Any] = {
    "sender": "规划监测 <planwatch@example.test>",
    "recipient": "jiaoyuju@example.test",
    "message_id": "<warning-1@planwatch.test>",
    "date": datetime(2026, 11, 22, 2, 5, tzinfo=UTC),
}


def parsed(message: bytes) -> EmailMessage:
    return message_from_bytes(message, policy=default)


def lead(mail: RenderedMail) -> list[str]:
    return mail.text.splitlines()[:2]


def test_the_subject_names_level_figure_and_what_was_due() -> None:
    mail = render_warning(RETENTION)

    assert mail.subject == "【红色预警】九年义务教育巩固率(%) 2021年为97.81，应达99.60（中卫市）"


def test_the_first_two_lines_say_what_is_wrong_and_what_is_asked_by_when() -> None:
    mail = render_warning(RETENTION)

    assert lead(mail) == [
        "九年义务教育巩固率(%) 2021年为97.81，按序时进度应达99.60，低1.79个百分点；评价为“逆向变动”，自2021年起。",
        "请中卫市教育局于2026年11月25日前签收，于2026年12月2日前报送整改措施。",
    ]


def test_the_english_mail_comes_from_the_same_template() -> None:
    mail = render_warning(RETENTION, "en")

    assert mail.subject == (
        "[Red warning] Nine-year compulsory education retention rate: 97.81% in 2021, due 99.60% (Zhongwei)"
    )
    assert lead(mail) == [
        "Nine-year compulsory education retention rate: 97.81% in 2021, 99.60% due by schedule, "
        "1.79 percentage points below; reversed since 2021.",
        "Zhongwei Education Bureau: please acknowledge by 25 November 2026 and file measures by 2 December 2026.",
    ]


@pytest.mark.parametrize("notice", [RETENTION, TRAINING, INSURANCE], ids=["reach", "accumulate", "floor"])
def test_an_english_mail_has_no_chinese_in_it(notice: WarningNotice) -> None:
    mail = render_warning(notice, "en")

    assert re.findall(r"[\u3000-\u9fff]+", mail.subject + mail.text + mail.html) == []


@pytest.mark.parametrize(
    "line",
    [
        "基期（2020年）：99.55",
        "报送值（2021年）：97.81",
        "按序时应达（2021年）：99.60",
        "目标（2025年）：≥99.8（达到）",
        "完成进度／序时进度：−696.0%／20.0%",
        "依据：2021 评价为逆向变动，发出红色预警",
        "规则：约束性指标“逆向变动”为红色预警（政策条目 default-3: levels.reversed.binding = red）",
        "来源：报送 5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f，2026年11月22日 10:05 收到",
        "签收： http://alerts.test/acknowledge/signed.token",
        "详情： http://alerts.test/cases/0123456789abcdef",
    ],
)
def test_the_text_carries_every_figure_with_its_rule_source_and_links(line: str) -> None:
    mail = render_warning(RETENTION)

    assert line in mail.text.splitlines()


def test_the_html_opens_with_the_two_lines_of_the_text() -> None:
    mail = render_warning(RETENTION)

    first, second = lead(mail)
    content = mail.html.partition("</div>")[2]  # after the preheader
    assert content.index(first) < content.index(second) < content.index("查看详情")


def test_the_preview_of_a_mail_client_shows_what_is_asked_by_when() -> None:
    mail = render_warning(RETENTION)

    preheader = re.search(r"<body[^>]*>\s*<div [^>]*display:none[^>]*>([^<]*)</div>", mail.html)
    assert preheader is not None
    assert preheader.group(1) == lead(mail)[1]


def test_the_html_names_the_level_in_words_and_links_the_acknowledgement() -> None:
    mail = render_warning(RETENTION)

    assert ">红色预警</span>" in mail.html
    assert 'href="http://alerts.test/acknowledge/signed.token"' in mail.html


@pytest.mark.parametrize("forbidden", ["<script", "<img", "<link", "src=", "url(", "@import"])
def test_the_html_needs_nothing_from_outside(forbidden: str) -> None:
    mail = render_digest(RETENTION.agency, [RETENTION, TRAINING, CLOSED], date(2026, 11, 22))

    assert forbidden not in mail.html


def test_the_html_leaves_paper_and_ink_to_the_reader_but_for_coloured_labels() -> None:
    mail = render_warning(RETENTION)

    assert '<meta name="color-scheme" content="light dark">' in mail.html
    assert re.findall(r"(?<!-)background(?!-color:#(?:b42318|1f5fbf|8e939c))", mail.html) == []


def test_a_field_with_markup_is_text_in_the_html() -> None:
    notice = replace(RETENTION, doubts=(Text("<script>alert(1)</script>", "x"),))

    mail = render_warning(notice)

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in mail.html
    assert "<script>" not in mail.html


def test_a_total_is_held_against_the_path_and_the_reported_figure_stands_beside_it() -> None:
    mail = render_warning(TRAINING)

    assert mail.subject == "【黄色预警】城乡劳动力职业技能培训(万人次) 2022年累计为0.79，应达2.4（中卫市）"
    assert "报送值（2022年）：0.31" in mail.text
    assert "规划期累计（至2022年）：0.79" in mail.text
    assert "基期：—" in mail.text


def test_a_limit_has_no_schedule() -> None:
    mail = render_warning(INSURANCE)

    assert mail.subject == "【橙色预警】基本医疗保险参保率(%) 2021年为94.2，应≥95（中卫市）"
    assert "规划要求≥95，低0.8个百分点；评价为“未达标”" in mail.text
    assert "序时" not in mail.text + mail.html


@pytest.mark.parametrize(
    ("kind", "previous", "expected"),
    [
        (DecisionKind.RAISE_LEVEL, Level.ORANGE, "【红色预警·由橙色上调】"),
        (DecisionKind.LOWER_LEVEL, Level.RED, "【红色预警·由红色下调】"),
        (DecisionKind.REOPEN, Level.RED, "【红色预警·再次发生】"),
    ],
)
def test_a_change_of_a_known_case_says_what_changed(kind: DecisionKind, previous: Level, expected: str) -> None:
    mail = render_warning(replace(RETENTION, kind=kind, previous_level=previous))

    assert mail.subject.startswith(expected)


def test_a_recurring_case_counts_its_episodes() -> None:
    mail = render_warning(replace(RETENTION, kind=DecisionKind.REOPEN, episode=2))

    assert "自2021年起（第2次发生）。" in mail.text


def test_an_acknowledged_case_is_not_asked_to_be_acknowledged_again() -> None:
    notice = replace(RETENTION, kind=DecisionKind.LOWER_LEVEL, acknowledge_by=None, acknowledge_url=None)

    mail = render_warning(notice)

    assert lead(mail)[1] == "中卫市教育局无需再次签收，请于2026年12月2日前报送整改措施。"
    assert "签收：" not in mail.text


def test_a_baseline_that_the_plan_does_not_print_is_marked_as_substituted() -> None:
    mail = render_warning(replace(RETENTION, baseline_substituted=True))

    assert "规划未印发基期数，以首个报送值代替" in mail.text
    assert "规划未印发基期数，以首个报送值代替" in mail.html


def test_a_doubtful_reading_is_shown_with_its_reason() -> None:
    mail = render_warning(replace(RETENTION, doubts=(Text("单位未印出", "no unit is printed"),)))

    assert "需确认：单位未印出" in mail.text
    assert "单位未印出" in mail.html


@pytest.mark.parametrize("render", [render_warning, render_closure])
def test_simulated_figures_are_marked_in_subject_text_and_html(
    render: Callable[[WarningNotice], RenderedMail],
) -> None:
    mail = render(replace(RETENTION, simulated=True))

    assert "【模拟数据】" in mail.subject
    assert "【模拟数据】本邮件依据的数据为模拟生成，不是真实统计数据。" in mail.text
    assert "【模拟数据】本邮件依据的数据为模拟生成，不是真实统计数据。" in mail.html


def test_a_closure_asks_for_nothing() -> None:
    mail = render_closure(CLOSED)

    assert mail.subject == "【预警销号】九年义务教育巩固率(%) 2021年为99.7，快于预期（中卫市）"
    assert lead(mail) == [
        "九年义务教育巩固率(%) 2021年为99.7，按序时进度应达99.60，评价为“快于预期”；自2021年起的红色预警销号。",
        "中卫市教育局无需签收，也无需另行报送。",
    ]
    assert "规则：" not in mail.text


def test_a_digest_puts_the_gravest_first_counts_levels_and_asks_by_the_earliest_day() -> None:
    blue = replace(INSURANCE, level=Level.BLUE, acknowledge_by=date(2026, 12, 7))
    yellow = replace(TRAINING, acknowledge_by=date(2026, 12, 2))

    mail = render_digest(RETENTION.agency, [CLOSED, blue, yellow], date(2026, 11, 22))

    assert mail.subject == "【预警汇总】中卫市教育局：黄色1项、蓝色1项，销号1项（2026年11月22日）"
    assert lead(mail) == [
        "城乡劳动力职业技能培训(万人次) 2022年累计为0.79，按序时进度应达2.4，低1.61，自2021年起；"
        "本汇总共3项：黄色预警1项、蓝色预警1项、销号1项。",
        "请中卫市教育局逐项签收（最早一项于2026年12月2日前），并按各项所列日期报送整改措施。",
    ]


def test_a_digest_links_an_acknowledgement_for_each_standing_item() -> None:
    one = replace(TRAINING, acknowledge_url="http://alerts.test/acknowledge/one")
    two = replace(INSURANCE, acknowledge_url="http://alerts.test/acknowledge/two")

    mail = render_digest(RETENTION.agency, [one, two, CLOSED], date(2026, 11, 22))

    assert re.findall(r'href="http://alerts.test/acknowledge/(\w+)"', mail.html) == ["two", "one"]
    assert re.findall(r"签收： http://alerts.test/acknowledge/(\w+)", mail.text) == ["two", "one"]


def test_a_digest_of_closures_asks_for_nothing() -> None:
    mail = render_digest(RETENTION.agency, [CLOSED], date(2026, 11, 22))

    assert mail.subject == "【预警汇总】中卫市教育局：销号1项（2026年11月22日）"
    assert lead(mail)[1] == "中卫市教育局无需签收。"


def test_one_simulated_item_marks_the_digest_and_itself() -> None:
    mail = render_digest(RETENTION.agency, [INSURANCE, replace(TRAINING, simulated=True)], date(2026, 11, 22))

    assert "【模拟数据】" in mail.subject
    assert mail.text.count("｜【模拟数据】") == 1


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (None, None, "—"),
        (Decimal("0.560"), None, "0.560"),
        (Decimal("1E+3"), None, "1000"),
        (Decimal("-6.96"), None, "−6.96"),
        (Decimal("0.565"), 2, "0.57"),
        (Decimal("123456789012345678901234567890.125"), 2, "123456789012345678901234567890.13"),
    ],
)
def test_a_number_keeps_its_decimals_or_is_rounded_half_up(
    value: Decimal | None, decimals: int | None, expected: str
) -> None:
    assert Printer("zh").number(value, decimals) == expected


@pytest.mark.parametrize(
    ("name", "unit", "zh", "en"),
    [
        ("九年义务教育巩固率(%)", Unit("%", "PT", 0), "5", "5%"),
        ("学前教育毛入园率", Unit("%", "PT", 0), "5%", "5%"),
        ("应保尽保的保障率", Unit(None, "PT", 0), "5%", "5%"),
        ("养老服务床位总量（万张）", Unit("万张", "BED", 4), "5", "5 × 10,000 beds"),
        ("养老服务床位总量", Unit("万张", "BED", 4), "5万张", "5 × 10,000 beds"),
        ("孕产妇死亡率", Unit("/10", "PER_100000", 0), "5", "5 per 100,000"),
        ("每千人口拥有注册护士数", Unit(None, "PER_1000", 0), "5", "5 per 1,000"),
    ],
)
def test_a_unit_is_printed_once(name: str, unit: Unit, zh: str, en: str) -> None:
    text = Text(name, "name")

    assert (Printer("zh").amount("5", text, unit), Printer("en").amount("5", text, unit)) == (zh, en)


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2021", "2021年"),
        ("2021-S2", "2021年下半年"),
        ("2021-Q3", "2021年第3季度"),
        ("2021-03", "2021年3月"),
        ("2021-03-31", "2021年3月31日"),
    ],
)
def test_a_period_reads_as_it_is_spoken(period: str, expected: str) -> None:
    assert Printer("zh").period(parse_period(period)) == expected


def test_a_rule_with_two_entries_is_read_aloud_in_order() -> None:
    line = "default-3: levels.lagging.binding = yellow + repeat_raises"

    assert Printer("zh").rule(line) == "约束性指标“滞后于预期”为黄色预警，连续两期不达，升一级"


def test_the_same_arguments_give_the_same_bytes() -> None:
    assert build_message(MAIL, **HEADERS) == build_message(MAIL, **HEADERS)


def test_a_message_is_text_and_html_in_utf_8_and_says_that_a_machine_sent_it() -> None:
    message = parsed(build_message(render_warning(RETENTION), **HEADERS))

    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert [part.get_content_charset() for part in message.iter_parts()] == ["utf-8", "utf-8"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<warning-1@planwatch.test>"
    assert message["Date"] == "Sun, 22 Nov 2026 02:05:00 +0000"
    assert message["Subject"] == "【红色预警】九年义务教育巩固率(%) 2021年为97.81，应达99.60（中卫市）"


def test_a_message_arrives_with_the_words_that_were_rendered() -> None:
    mail = render_warning(RETENTION)

    text, html = parsed(build_message(mail, **HEADERS)).iter_parts()

    assert cast(EmailMessage, text).get_content().splitlines() == mail.text.splitlines()
    assert cast(EmailMessage, html).get_content().splitlines() == mail.html.splitlines()


def test_a_mail_on_a_known_case_joins_its_thread() -> None:
    message = parsed(build_message(MAIL, references=("<a@planwatch.test>", "<b@planwatch.test>"), **HEADERS))

    assert message["References"] == "<a@planwatch.test> <b@planwatch.test>"
    assert message["In-Reply-To"] == "<b@planwatch.test>"


def test_a_line_break_in_the_subject_does_not_become_a_header() -> None:
    mail = render_warning(replace(RETENTION, area=Text("中卫市\r\nBcc: x@example.test", "Zhongwei")))

    message = parsed(build_message(mail, **HEADERS))

    assert message["Bcc"] is None
    assert "中卫市 Bcc: x@example.test" in message["Subject"]


@pytest.mark.parametrize("header", ["sender", "recipient", "message_id"])
def test_a_line_break_in_an_address_or_id_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        build_message(MAIL, **{**HEADERS, header: "a@example.test\r\nBcc: x@example.test"})


def test_no_line_of_a_message_is_longer_than_smtp_allows() -> None:
    message = build_message(render_digest(RETENTION.agency, [RETENTION, TRAINING], date(2026, 11, 22)), **HEADERS)

    assert max(map(len, message.split(b"\r\n"))) <= 998


MISSING = replace(
    RETENTION,
    level=Level.BLUE,
    verdict=None,
    reason=Text("2021年数据应于2022-04-10前报送，至今未报", "the figure for 2021 was due by 2022-04-10"),
    policy_line="default-3: overdue_report.0.binding = blue",
    value=None,
    measured=None,
    expected=None,
    gap=None,
    submission_id=None,
    received_at=None,
    wants_report=True,
)
ESCALATED = replace(
    RETENTION,
    kind=DecisionKind.ESCALATE,
    reader=Text("中卫市发展改革委", "Zhongwei Development and Reform Commission"),
    reason=Text("签收期限2022-03-10已过，仍未办理", "acknowledging was due by 2022-03-10 and is not done"),
    acknowledge_url=None,
)


def test_a_mail_on_a_missing_report_tells_the_reason_and_asks_for_the_figure() -> None:
    mail = render_warning(MISSING)

    assert mail.subject.startswith("【蓝色预警】九年义务教育巩固率(%)：2021年数据应于2022-04-10前报送，至今未报")
    assert mail.text.splitlines()[1] == "请中卫市教育局尽快报送所缺数据，并于2026年11月25日前签收。"
    assert "约束性指标“逾期0天以上”为蓝色预警" in mail.text


def test_an_escalation_asks_its_reader_to_see_to_it_that_the_owner_acts() -> None:
    mail = render_warning(ESCALATED)

    assert mail.subject.startswith("【红色预警·督办】")
    assert mail.text.splitlines()[1] == ("签收期限2022-03-10已过，仍未办理；请中卫市发展改革委督促中卫市教育局办理。")


def test_dates_that_may_change_are_marked() -> None:
    mail = render_warning(replace(RETENTION, is_provisional=True))

    assert "暂按周一至周五计算" in mail.text.splitlines()[1]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("notice", [MISSING, ESCALATED, replace(MISSING, kind=DecisionKind.CLOSE, acknowledge_by=None)])
def test_mails_without_figures_have_no_holes(notice: WarningNotice, language: Language) -> None:
    mails = [
        render_warning(notice, language),
        render_closure(notice, language),
        render_digest(notice.agency, [notice], date(2022, 3, 4), language),
    ]

    assert all("None" not in mail.subject + mail.text + mail.html for mail in mails)
    assert all("——" not in mail.text for mail in mails)


@pytest.mark.parametrize(
    ("language", "subject", "second"),
    [
        ("zh", "【每周综述】发展改革委：本周1件有变化，在办2件，逾期1件（2022年3月14日）",
         "其中1件已过办理期限，请发展改革委督促责任单位办理。"),
        ("en", "[Weekly summary] Reform Commission: 1 changed, 2 open, 1 overdue (14 March 2022)",
         "1 of them are past their day; Reform Commission: please see to it that they are dealt with."),
    ],
)  # fmt: skip
def test_the_weekly_summary_says_first_how_much_changed_is_open_and_is_late(
    language: Language, subject: str, second: str
) -> None:
    line = SummaryLine(
        case_id="0123456789abcdef",
        plan=Text("规划", "Plan"),
        area=Text("中卫市（640502）", "Zhongwei (640502)"),
        indicator=Text("巩固率", "Retention"),
        owner=Text("教育局", "Education Bureau"),
        level=Level.RED,
        is_closed=False,
        reason=Text("发出红色预警", "a red warning is raised"),
        steps=2,
        due_on=date(2022, 3, 10),
    )
    standing = Standing(((Level.RED, 2),), 1)

    mail = render_summary(
        Text("发展改革委", "Reform Commission"), [line], standing, date(2022, 3, 14), CASE_URL, language
    )

    assert mail.subject == subject
    assert mail.text.splitlines()[1] == second
    assert "640502" in mail.text
    assert "640502" in mail.html
    assert "http://alerts.test/cases/0123456789abcdef" in mail.html


DOUBTED = replace(
    RETENTION,
    level=Level.YELLOW,
    verdict=AssessmentClass.ON_SCHEDULE,
    policy_line="default-3: unlikely.binding < 0.5 = yellow",
    value=Decimal("99.696"),
    forecast=(99.7512, 99.7201, 99.7823),
    probability=0.2149,
)


@pytest.mark.parametrize(
    ("language", "lead", "line", "rule"),
    [
        (
            "zh",
            "评价为“基本符合预期”，但如期实现目标的概率为21%，",
            "预计2025年（80%区间）：99.75（99.72—99.78），实现目标的概率21%",
            "约束性指标进度正常但实现目标的概率低于50%为黄色预警",
        ),
        (
            "en",
            "on schedule, but the probability of reaching the target is 21%, since",
            "Expected in 2025 (80% interval): 99.75% (99.72 to 99.78%); probability of reaching the target 21%",
            "binding, on schedule but a probability of reaching the target under 50%: yellow",
        ),
    ],
)
def test_a_warning_that_rests_on_a_forecast_says_so_in_its_first_line(
    language: Any,  # noqa: ANN401
    lead: str,
    line: str,
    rule: str,
) -> None:
    mail = render_warning(DOUBTED, language)

    assert lead in mail.text.splitlines()[0]
    assert line in mail.text
    assert rule in mail.text
    assert rule in mail.html


def test_without_a_forecast_a_mail_names_none() -> None:
    assert "预计" not in render_warning(RETENTION).text
    assert "预计" not in render_warning(RETENTION).html


def test_a_long_digest_tells_the_gravest_in_full_and_links_every_case() -> None:
    notices = [
        replace(TRAINING, case_id=f"{number:016x}", acknowledge_url=f"http://alerts.test/acknowledge/{number}")
        for number in range(500)
    ]

    mail = render_digest(TRAINING.agency, [*notices, RETENTION], date(2026, 11, 22))

    links = set(re.findall(r'href="http://alerts.test/acknowledge/(\d+)"', mail.html))
    assert len(links) == 500
    assert mail.html.count("序时应达") == MOST_DETAILED
    assert mail.html.index("九年义务教育巩固率") < mail.html.index("城乡劳动力")
    assert set(re.findall(r"签收： http://alerts.test/acknowledge/(\d+)", mail.text)) == links


def test_a_group_of_urgent_mails_is_not_called_a_digest() -> None:
    mail = render_digest(RETENTION.agency, [RETENTION, INSURANCE], date(2026, 11, 22), is_urgent=True)

    assert mail.subject == "【预警通知】中卫市教育局：红色1项、橙色1项（2026年11月22日）"


@pytest.mark.parametrize(
    ("takes_replies", "foot"), [(True, "直接回复的内容将记入本预警的办理记录"), (False, "请勿直接回复")]
)
def test_the_foot_says_whether_an_answer_is_read(takes_replies: bool, foot: str) -> None:
    mail = render_warning(replace(RETENTION, takes_replies=takes_replies))

    assert foot in mail.text
    assert foot in mail.html


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_html_has_the_figures_in_one_table_with_the_schedule_index(language: Language) -> None:
    html = render_warning(replace(DOUBTED, expected=Decimal("99.6")), language).html

    assert (
        re.findall(r'<th [^>]*scope="row"[^>]*>([^<]*)</th>', html)
        == {
            "zh": ["基期", "报送值", "序时应达", "目标", "进度指数", "预计"],
            "en": ["Baseline", "Reported", "Due by schedule", "Target", "Schedule index", "Forecast"],
        }[language]
    )
    assert ">−34.80</td>" in html


def test_a_figure_links_the_page_of_its_submission() -> None:
    url = "http://pages.test/submissions/" + "5f" * 16

    mail = render_warning(replace(RETENTION, submission_url=url))

    assert f'href="{url}"' in mail.html
    assert url in mail.text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_styles_beside_the_inline_ones_only_serve_the_dark_and_the_narrow(language: Language) -> None:
    html = render_warning(RETENTION, language).html

    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert [line.split("(")[0].strip() for line in style.strip().splitlines()] == [
        ":root { color-scheme: light dark; }", "@media", "@media",
    ]  # fmt: skip


HOSTILE = Text("<i onmouseover=x>\"'&", "<i onmouseover=x>\"'&")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", DecisionKind)
def test_no_name_note_or_reason_is_markup_in_the_html_of_any_mail(kind: DecisionKind, language: Language) -> None:
    # given a case whose every word was written by somebody else
    notice = replace(
        DOUBTED,
        kind=kind,
        previous_level=Level.RED,
        plan_title=HOSTILE,
        area=HOSTILE,
        place=HOSTILE,
        indicator_name=HOSTILE,
        unit=Unit(HOSTILE.zh, "BED", 0),
        reason=HOSTILE,
        agency=HOSTILE,
        reader=HOSTILE,
        note=HOSTILE,
        demand=HOSTILE,
        case_name=HOSTILE,
        doubts=(HOSTILE,),
        picture=Picture(b"png"),
    )
    without_figures = replace(notice, verdict=None, wants_report=True)
    missing = [notice, without_figures] * 20

    # when it is told in every way
    mails = [
        render_warning(notice, language),
        render_warning(without_figures, language),
        render_closure(notice, language),
        render_closure(without_figures, language),
        render_digest(HOSTILE, missing, date(2026, 11, 22), language),
    ]

    # then
    assert all("<i " not in mail.html for mail in mails)
    assert all("&lt;i onmouseover" in mail.html for mail in mails)
    assert all("&amp;lt;" not in mail.html for mail in mails)


def test_a_weekly_summary_escapes_what_it_tells() -> None:
    line = SummaryLine(
        "0123456789abcdef", HOSTILE, HOSTILE, HOSTILE, HOSTILE, Level.RED, False, HOSTILE, 1, None
    )  # fmt: skip

    mail = render_summary(HOSTILE, [line], Standing((), 0), date(2022, 3, 14), CASE_URL)

    assert "<i " not in mail.html
    assert "&amp;lt;" not in mail.html
