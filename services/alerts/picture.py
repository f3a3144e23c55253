"""The picture in a mail: the path against the actual values, as a small PNG of digits, lines and dots only.

No word is drawn: a fresh machine has no Chinese font. The words stand in the alternative text and in the legend.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from io import BytesIO
from itertools import chain

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from PIL import Image

from planwatch.drawn_path import PeriodFigure, actual_values, expected_path
from planwatch.period import TimePeriod, parse_period, year_fraction
from planwatch.plan import Indicator, Plan
from planwatch.printing import due_decimals
from planwatch.trajectory import PathPoint

WIDTH, HEIGHT = 600, 280
"""As shown; the PNG has twice as many pixels each way, for the screens of phones."""

PATH, ACTUAL, OUTLOOK = "#6b7280", "#1f5fbf", "#8a4fbf"
"""Colours of the three lines; the legend in the mail repeats them."""

LARGEST = 1e15
"""Values beyond it are not drawn: their digits would not fit beside the picture."""

MOST_DOTS = 12
"""With more actual values they are a line without a dot for each."""

_DPI = 200
_SMALL = FontProperties(family=["DejaVu Sans"], size=11)
_LARGE = FontProperties(family=["DejaVu Sans"], size=13, weight="bold")


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn.

    Attributes:
        path: what the plan expects, straight lines between the points; `time` in years, the end of 2021 is 2021.
        actual: what is held against it.
        shown: the actual value that the mail is about; its digits stand beside it.
        due: what the path expects at that time; None where nothing is due yet.
        outlook: forecast at the end of the path with both ends of its interval; None without one.
    """

    path: tuple[PathPoint, ...]
    actual: tuple[PathPoint, ...]
    shown: PathPoint
    due: PathPoint | None
    outlook: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn picture; `png` are its bytes."""

    png: bytes

    @property
    def content_id(self) -> str:
        """Of the part of the mail that carries it, without angle brackets; the same bytes have the same one."""
        return f"{hashlib.sha256(self.png).hexdigest()[:32]}@picture.planwatch"


def choose_drawing(
    plan: Plan,
    indicator: Indicator,
    periods: Sequence[PeriodFigure],
    shown: TimePeriod,
    due: Decimal | None,
    outlook: tuple[float, float, float] | None,
) -> Drawing | None:
    """What the picture of one series shows; None where there is no path, or no figure of the period in question.

    Args:
        plan: gives the years.
        indicator: what the series measures.
        periods: the known periods of the series, rising.
        shown: the period that the mail is about.
        due: what the path expects at its end, as it was judged.
        outlook: forecast at the target's date with both ends of its interval.
    """
    path = expected_path(plan, indicator, periods)
    actual = tuple(actual_values(indicator, periods))
    told = actual_values(indicator, [period for period in periods if parse_period(period.time_period) == shown])
    values = [*(float(point.value) for point in (*path, *actual)), *(outlook or ())]
    if not path or not told or not all(math.isfinite(value) and abs(value) < LARGEST for value in values):
        return None
    return Drawing(path, actual, told[0], _due_point(shown, due, indicator.target.value), outlook)


def _due_point(shown: TimePeriod, due: Decimal | None, target: Decimal) -> PathPoint | None:
    """Rounded as the table beside the picture prints it."""
    if due is None:
        return None
    step = Decimal(1).scaleb(-due_decimals(due, target))
    return PathPoint(year_fraction(shown.end), due.quantize(step, ROUND_HALF_UP, Context(prec=80)))


def draw_picture(drawing: Drawing) -> Picture:
    """Draw it: the same drawing gives the same bytes; opaque and light, so that it reads on any background."""
    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=_DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.115, 0.13, 0.82, 0.81))
    _draw_lines(axes, drawing)
    _draw_digits(axes, drawing)
    _set_scales(axes, drawing)
    canvas.draw()  # type: ignore[no-untyped-call]
    return Picture(_png(canvas))


def _draw_lines(axes: Axes, drawing: Drawing) -> None:
    times, values = _coordinates(drawing.path)
    axes.plot(times, values, color=PATH, linewidth=1.6, linestyle=(0, (5, 3)), zorder=2)
    axes.plot(times[-1:], values[-1:], color=PATH, marker="D", markersize=6, zorder=3)
    actual_times, actuals = _coordinates(drawing.actual)
    marker = "o" if len(actuals) <= MOST_DOTS else ""
    axes.plot(actual_times, actuals, color=ACTUAL, linewidth=2.2, marker=marker, markersize=5, zorder=4)
    if drawing.outlook is not None:
        value, low, high = drawing.outlook
        end = times[-1]
        axes.plot([actual_times[-1], end], [actuals[-1], value], color=OUTLOOK, linewidth=1.4, linestyle=(0, (1, 2)))
        axes.plot([end, end], [low, high], color=OUTLOOK, linewidth=5, alpha=0.45, solid_capstyle="butt")
        axes.plot([end], [value], color=OUTLOOK, marker="_", markersize=12, markeredgewidth=2.5)


def _draw_digits(axes: Axes, drawing: Drawing) -> None:
    shown, due, target = drawing.shown, drawing.due, drawing.path[-1]
    reference = due.value if due is not None else target.value
    is_above = shown.value > reference
    axes.plot([shown.time], [float(shown.value)], color=ACTUAL, marker="o", markersize=9, zorder=5)
    _write(axes, shown, ACTUAL, 10 if is_above else -21, large=True)
    if due is not None and due.value != target.value:
        axes.plot([due.time], [float(due.value)], color=PATH, marker="o", markersize=6, fillstyle="none", zorder=3)
        _write(axes, due, PATH, -20 if is_above else 9)
    _write(axes, target, PATH, 9)


def _write(axes: Axes, point: PathPoint, colour: str, points_up: int, *, large: bool = False) -> None:
    text = axes.annotate(
        f"{point.value:f}".replace("-", "−"),
        (point.time, float(point.value)),
        xytext=(0, points_up),
        textcoords="offset points",
        ha="center",
        color=colour,
        fontproperties=_LARGE if large else _SMALL,
        zorder=6,
    )
    text.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6})


def _set_scales(axes: Axes, drawing: Drawing) -> None:
    points = [*drawing.path, *drawing.actual, *((drawing.due,) if drawing.due else ())]
    times = [point.time for point in points]
    values = [*(float(point.value) for point in points), *(drawing.outlook or ())]
    first, last = math.floor(min(times)), math.ceil(max(times))
    low, high = min(values), max(values)
    room = (high - low) * 0.24 or abs(high) * 0.05 or 1.0
    axes.set_xlim(first - 0.15, last + 0.15)
    axes.set_ylim(low - room, high + room)
    axes.xaxis.set_major_locator(FixedLocator(list(range(first, last + 1))))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda year, _: f"{year:.0f}"))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _digits(value)))
    axes.grid(axis="y", color="#e3e6ea", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors="#4b5563")
    for label in chain(axes.get_xticklabels(), axes.get_yticklabels()):
        label.set_fontproperties(_SMALL)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#9aa1ac")


def _png(canvas: FigureCanvasAgg) -> bytes:
    """With a palette, which makes it a third as large, and without a word about who drew it when."""
    pixels: memoryview = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    picture = Image.frombuffer("RGBA", canvas.get_width_height(), pixels.tobytes(), "raw", "RGBA", 0, 1)
    content = BytesIO()
    picture.convert("RGB").quantize(48, dither=Image.Dither.NONE).save(content, "PNG", optimize=True)
    return content.getvalue()


def _coordinates(points: Sequence[PathPoint]) -> tuple[list[float], list[float]]:
    return [point.time for point in points], [float(point.value) for point in points]


def _digits(value: float) -> str:
    return f"{value:.10g}".replace("-", "−")
