"""What the picture in a mail shows, and that it is small, the same each time and without words."""

from __future__ import annotations

import struct
from dataclasses import replace
from decimal import Decimal

import pytest

from planwatch.language import Text
from planwatch.period import parse_period
from planwatch.plan import GoalKind
from planwatch.trajectory import PathPoint
from services.alerts.picture import HEIGHT, WIDTH, Drawing, choose_drawing, draw_picture
from services.alerts.picture_store import KnownPeriod
from services.alerts.render import WarningNotice, render_closure, render_digest, render_warning
from tests.unit.test_mail_rendering import CLOSED, INSURANCE, MISSING, RETENTION, TRAINING
from tests.unit.test_pages_views import PLAN
from tests.unit.test_pages_views import RETENTION as INDICATOR

FIRST = KnownPeriod("2021", Decimal("97.81"), Decimal("97.81"), Decimal("99.55"), "2020", False)
SECOND = replace(FIRST, time_period="2022", obs_value=Decimal("98.40"), measured=Decimal("98.40"))
OUTLOOK = (99.1, 98.7, 99.6)
DRAWING = Drawing(
    path=(PathPoint(2020, Decimal("99.55")), PathPoint(2025, Decimal("99.8"))),
    actual=(PathPoint(2021, Decimal("97.81")), PathPoint(2022, Decimal("98.4"))),
    shown=PathPoint(2022, Decimal("98.4")),
    due=PathPoint(2022, Decimal("99.65")),
    outlook=OUTLOOK,
)
PICTURE = draw_picture(DRAWING)


def chunks(png: bytes) -> list[bytes]:
    """The names of the chunks of a PNG."""
    names, at = [], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        names.append(png[at + 4 : at + 8])
        at += length + 12
    return names


def test_it_shows_the_path_every_known_value_and_the_one_in_question() -> None:
    drawing = choose_drawing(PLAN, INDICATOR, [FIRST, SECOND], parse_period("2021"), Decimal("99.600000"), OUTLOOK)

    assert drawing is not None
    assert [point.time for point in drawing.path] == [2020, 2025]
    assert drawing.actual == (PathPoint(2021, Decimal("97.81")), PathPoint(2022, Decimal("98.40")))
    assert drawing.shown == PathPoint(2021, Decimal("97.81"))
    assert drawing.due == PathPoint(2021, Decimal("99.6"))
    assert str(drawing.due.value) == "99.60"  # as the table prints it
    assert drawing.outlook == OUTLOOK


def test_without_a_figure_of_the_period_there_is_nothing_to_draw() -> None:
    assert choose_drawing(PLAN, INDICATOR, [FIRST], parse_period("2022"), None, None) is None


def test_without_a_baseline_there_is_no_path_to_draw() -> None:
    indicator = replace(INDICATOR, baseline=None, goal_kind=GoalKind.REACH)
    first = replace(FIRST, baseline_value=None, baseline_period=None)

    assert choose_drawing(PLAN, indicator, [first], parse_period("2021"), None, None) is None


@pytest.mark.parametrize("value", ["1E+15", "-1E+400", "1E+999999"])
def test_a_value_of_absurd_size_is_not_drawn(value: str) -> None:
    absurd = replace(FIRST, obs_value=Decimal(value), measured=Decimal(value))

    assert choose_drawing(PLAN, INDICATOR, [absurd], parse_period("2021"), None, None) is None


@pytest.mark.parametrize(
    "drawing",
    [
        DRAWING,
        replace(DRAWING, due=None, outlook=None),
        replace(DRAWING, path=(PathPoint(2020, Decimal(95)), PathPoint(2025, Decimal(95)))),
        replace(DRAWING, actual=DRAWING.actual[:1], shown=DRAWING.actual[0], due=DRAWING.path[1]),
        replace(
            DRAWING,
            path=(PathPoint(2020, Decimal(0)), PathPoint(2025, Decimal(0))),
            actual=(PathPoint(2021, Decimal(0)),),
            shown=PathPoint(2021, Decimal(0)),
            due=PathPoint(2021, Decimal(0)),
            outlook=None,
        ),
        replace(DRAWING, actual=tuple(PathPoint(2021 + month / 12, Decimal(month)) for month in range(60))),
        replace(
            DRAWING, actual=(PathPoint(2021, Decimal("9E+14")),), shown=PathPoint(2021, Decimal("9E+14")), outlook=None
        ),
    ],
    ids=["forecast", "no_due", "limit", "one_value", "all_zero", "monthly", "huge"],
)
def test_every_picture_is_small_twice_as_wide_as_shown_and_the_same_each_time(drawing: Drawing) -> None:
    png = draw_picture(drawing).png

    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (2 * WIDTH, 2 * HEIGHT)
    assert len(png) < 40_000
    assert draw_picture(drawing).png == png


def test_it_says_nothing_of_who_drew_it_when_and_is_opaque() -> None:
    assert set(chunks(PICTURE.png)) <= {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"pHYs"}


def test_different_values_are_different_pictures_with_different_ids() -> None:
    other = draw_picture(replace(DRAWING, shown=PathPoint(2022, Decimal("98.5"))))

    assert other.png != PICTURE.png
    assert other.content_id != PICTURE.content_id


def test_the_words_of_the_picture_say_the_message_without_it() -> None:
    zh = render_warning(replace(RETENTION, picture=PICTURE)).html
    en = render_warning(replace(RETENTION, picture=PICTURE), "en").html

    assert (
        'alt="中卫市“九年义务教育巩固率(%)”的路径与实际值：2020年为99.55；'
        '九年义务教育巩固率(%) 2021年为97.81，按序时进度应达99.60，低1.79个百分点；2025年目标≥99.8。"'
    ) in zh
    assert (
        'alt="Nine-year compulsory education retention rate in Zhongwei, path and actual values: 99.55% in 2020; '
        "Nine-year compulsory education retention rate: 97.81% in 2021, 99.60% due by schedule, "
        '1.79 percentage points below; target ≥99.8% in 2025."'
    ) in en


@pytest.mark.parametrize(
    ("notice", "legend"),
    [
        (RETENTION, ["实际值", "规划路径（应达值）", "目标"]),
        (TRAINING, ["累计实际值", "规划路径（应达值）", "目标"]),
        (INSURANCE, ["实际值", "规划限值", "目标"]),
        (
            replace(RETENTION, forecast=OUTLOOK, probability=0.1),
            ["实际值", "规划路径（应达值）", "目标", "预测及80%区间"],
        ),
    ],
    ids=["reach", "accumulate", "limit", "forecast"],
)
def test_the_legend_names_each_line_in_words(notice: WarningNotice, legend: list[str]) -> None:
    html = render_warning(replace(notice, picture=PICTURE)).html

    assert all(f"&nbsp;{words}</span>" in html for words in legend)
    assert html.count("border-radius:2px;background-color:#ffffff") == len(legend)


def test_a_closure_shows_the_picture_too() -> None:
    assert f"cid:{PICTURE.content_id}" in render_closure(replace(CLOSED, picture=PICTURE)).html


def test_there_is_no_picture_where_no_figures_stand_behind_a_case_nor_in_a_digest() -> None:
    digest = render_digest(RETENTION.agency, [replace(RETENTION, picture=PICTURE)], parse_period("2026-11-22").end)

    assert "<img" not in render_warning(MISSING).html
    assert "<img" not in digest.html
    assert digest.picture is None


def test_a_name_with_quotes_and_markup_stays_inside_the_words_of_the_picture() -> None:
    name = '"><script>alert(1)</script>'
    notice = replace(RETENTION, picture=PICTURE, indicator_name=Text(name, name), area=Text('"', '"'))

    html = render_warning(notice).html

    assert "<script" not in html
    assert html.count("<img ") == 1
    assert 'alt="&#34;' in html
