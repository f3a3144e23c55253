"""What a reader may ask for, how codes and figures are named, and how a received mail is read."""

from __future__ import annotations

import mailbox
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from planwatch.case import wording as case_wording
from planwatch.early_warning import CaseState, DecisionKind
from planwatch.language import Text
from planwatch.notification import Delivery, MailKind
from planwatch.period import parse_period
from planwatch.plan_terms import Unit
from planwatch.printing import Printer, due_decimals
from planwatch.wording import DOMAIN_NAMES_EN
from services.alerts.message import build_message
from services.alerts.picture import Picture
from services.alerts.render import RenderedMail
from services.pages import wording
from services.pages.catcher import MailFolder, read_mail
from services.pages.moment import parse_moment
from services.web.page import Linker

CATALOGUE = Path(__file__).parents[2] / "plans"
PLANS = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(CATALOGUE.glob("*/plan.yaml"))]
AT = datetime(2022, 3, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", datetime(2026, 1, 31, 15, 59, 59, 999999, tzinfo=UTC)),
        ("2026-01-31T08:00", datetime(2026, 1, 31, 0, 0, tzinfo=UTC)),
        ("2026-01-31T08:00Z", datetime(2026, 1, 31, 8, 0, tzinfo=UTC)),
        ("2026-01-31T08:00+09:00", datetime(2026, 1, 30, 23, 0, tzinfo=UTC)),
        ("2026-01-31T08:00 09:00", datetime(2026, 1, 30, 23, 0, tzinfo=UTC)),
    ],
    ids=["a date is its end in China", "no zone is China", "UTC", "a zone", "a plus that became a space"],
)
def test_a_moment_is_a_date_or_an_instant(text: str, expected: datetime) -> None:
    assert parse_moment(text) == expected


@pytest.mark.parametrize("text", ["gestern", "2026-02-30", "2026", "20260131T"])
def test_any_other_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the message is Python's own)
        parse_moment(text)


def test_every_code_that_can_be_stored_has_a_name() -> None:
    assert set(case_wording.STATE_NAMES) == set(CaseState)
    assert set(case_wording.STEP_NAMES) == set(DecisionKind)
    assert set(case_wording.MAIL_KIND_NAMES) == set(MailKind)
    assert set(case_wording.DELIVERY_NAMES) == set(Delivery)


def test_every_domain_basis_and_doubtful_field_of_the_catalogue_has_a_name() -> None:
    domains = {row["domain"] for plan in PLANS for row in plan["domains"]}
    bases = {row["basis"] for plan in PLANS for row in plan["domains"]}
    fields = {doubt["field"] for plan in PLANS for row in plan["indicators"] for doubt in row["needs_confirmation"]}

    assert domains <= set(DOMAIN_NAMES_EN)
    assert bases <= set(wording.BASIS_NAMES)
    assert fields <= set(wording.DOUBT_FIELD_NAMES)


def test_every_unit_of_the_catalogue_reads_in_english() -> None:
    units = {(row["unit"]["measure"], row["unit"]["mult"]) for plan in PLANS for row in plan["indicators"]}

    assert all(Printer("en").unit(Unit(None, measure, mult)).isprintable() for measure, mult in units)


@pytest.mark.parametrize(
    ("name", "unit", "zh", "en"),
    [
        ("九年义务教育巩固率(%)", Unit("%", "PT", 0), "5", "5%"),
        ("学前教育毛入园率", Unit("%", "PT", 0), "5%", "5%"),
        ("养老服务床位总量（万张）", Unit("万张", "BED", 4), "5", "5 × 10,000 beds"),
        ("养老服务床位总量", Unit("万张", "BED", 4), "5万张", "5 × 10,000 beds"),
        ("孕产妇死亡率", Unit("/10", "PER_100000", 0), "5", "5 per 100,000"),
    ],
)
def test_a_unit_is_printed_once(name: str, unit: Unit, zh: str, en: str) -> None:
    text = Text(name, "name")

    assert (Printer("zh").amount("5", text, unit), Printer("en").amount("5", text, unit)) == (zh, en)


@pytest.mark.parametrize(
    ("period", "expected"),
    [("2021", "2021年"), ("2021-S2", "2021年下半年"), ("2021-Q3", "2021年第3季度"), ("2021-03", "2021年3月")],
)
def test_a_period_reads_as_it_is_spoken(period: str, expected: str) -> None:
    assert Printer("zh").period(parse_period(period)) == expected


def test_a_moment_is_shown_in_china_time() -> None:
    assert Printer("zh").instant(datetime(2022, 3, 1, 17, 5, tzinfo=UTC)) == "2022年3月2日 01:05"


@pytest.mark.parametrize(
    ("expected", "target", "decimals"), [("99.6", "99.8", 2), ("99.80", "99.8", 1), ("42.4", "60", 1), ("95", "95", 0)]
)
def test_what_is_due_has_one_decimal_more_than_the_target_except_at_it(
    expected: str, target: str, decimals: int
) -> None:
    assert due_decimals(Decimal(expected), Decimal(target)) == decimals


def test_links_quote_what_they_carry_and_keep_the_language() -> None:
    assert Linker("zh")("submissions", "a/b?c") == "/submissions/a%2Fb%3Fc"
    assert Linker("en")("plans", "zhongwei", as_of="2026-01-31") == "/plans/zhongwei?as_of=2026-01-31&lang=en"
    assert Linker("zh")("plans", "zhongwei", as_of=None) == "/plans/zhongwei"


def message(message_id: str, html: str = "<p>正文</p>\n", picture: Picture | None = None) -> bytes:
    return build_message(
        RenderedMail("【红色预警】巩固率", "正文\n", html, picture),
        sender="planwatch@example.test",
        recipient="jiaoyuju@example.test",
        message_id=message_id,
        date=AT,
    ).replace(b"\r\n", b"\n")


async def test_a_received_mail_is_found_by_its_message_id(tmp_path: Path) -> None:
    maildir = mailbox.Maildir(tmp_path / "mail")
    maildir.add(message("<one@planwatch.test>"))
    maildir.add(message("<two@planwatch.test>"))

    mail = await MailFolder(tmp_path / "mail").find("<two@planwatch.test>")

    assert mail is not None
    assert ("Subject", "【红色预警】巩固率") in mail.headers
    assert (mail.text, mail.html, mail.copies) == ("正文\n", "<p>正文</p>\n", 1)


def test_the_picture_of_a_received_mail_stands_in_its_place() -> None:
    picture = Picture(b"\x89PNG")

    mail = read_mail(message("<one@planwatch.test>", f'<img src="cid:{picture.content_id}">\n', picture), copies=1)

    assert mail.html == '<img src="data:image/png;base64,iVBORw==">\n'


async def test_a_mail_that_arrived_twice_is_counted_twice(tmp_path: Path) -> None:
    maildir = mailbox.Maildir(tmp_path / "mail")
    folder = MailFolder(tmp_path / "mail")
    maildir.add(message("<one@planwatch.test>"))
    first = await folder.find("<one@planwatch.test>")
    maildir.add(message("<one@planwatch.test>"))

    second = await folder.find("<one@planwatch.test>")

    assert first is not None
    assert second is not None
    assert (first.copies, second.copies) == (1, 2)


async def test_a_mail_that_was_not_received_is_not_found(tmp_path: Path) -> None:
    mailbox.Maildir(tmp_path / "mail")

    assert await MailFolder(tmp_path / "mail").find("<one@planwatch.test>") is None


async def test_a_folder_that_is_not_there_yet_holds_no_mail(tmp_path: Path) -> None:
    assert await MailFolder(tmp_path / "mail").find("<one@planwatch.test>") is None
