"""What is watched in every simulated area: a few indicators of every goal kind, a project and a service."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from planwatch.language import Text

FIRST_YEAR, LAST_YEAR = 2021, 2025
MONTHS = 12 * (LAST_YEAR - FIRST_YEAR + 1)

SEASONS = (1.2, 1.2, 1.2, 1.1, 1.1, 1.1, 1.0, 1.0, 0.9, 0.8, 0.7, 0.7)
"""Shares of a year's flow, month by month, times twelve: most of it is done before the autumn."""

URBAN_SHARE = 0.6


class Shape(StrEnum):
    """How an indicator behaves and is judged."""

    PATH = "path"
    TOTAL = "total"
    FLOOR = "floor"
    CEILING = "ceiling"
    WORK = "work"
    SERVICE = "service"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Watched:
    """One indicator of the simulated plan.

    Attributes:
        no: in the plan's table; 0 for what stands elsewhere.
        concept: of the catalogue of concepts or of its own.
        binding: 约束性.
        baseline: at the end of 2020; None where a limit has none.
        target: value at the end, or the limit.
        until: last year of the path.
        decimals: with which figures are reported.
        noise: standard deviation of a final figure around the truth (unit of the indicator).
        provisional: the same of a provisional figure.
        health: lowest and highest pace of a healthy area (1 is the plan's), or level of a limit.
        season: half of the swing inside a year (unit of the indicator).
        agency: who reports and answers.
        expects_report: a missing report is an omission; the policy watches the main table.
    """

    key: str
    no: int
    shape: Shape
    name: Text
    concept: str
    unit: tuple[str, str]
    binding: bool
    baseline: float | None
    target: float
    until: int
    decimals: int
    noise: float
    provisional: float
    health: tuple[float, float]
    season: float
    agency: str
    expects_report: bool

    @property
    def rises(self) -> bool:
        """More is better."""
        falls = self.shape is Shape.PATH and self.baseline is not None and self.target < self.baseline
        return self.shape is not Shape.CEILING and not falls

    @property
    def distance(self) -> float:
        """From baseline to target, positive (unit of the indicator)."""
        return abs(self.target - (self.baseline or 0.0))

    @property
    def has_path(self) -> bool:
        """Judged against a path, not a limit."""
        return self.shape in (Shape.PATH, Shape.TOTAL, Shape.WORK)

    def indicator_id(self, plan_id: str) -> str:
        """As the plan derives it."""
        match self.shape:
            case Shape.WORK:
                return f"{plan_id}-project-01-progress"
            case Shape.SERVICE:
                return f"{plan_id}-service-01-level"
            case _:
                return f"{plan_id}-{self.no:02d}"

    def reference(self, plan_id: str) -> str:
        """By which a report names it."""
        return f"{plan_id}-project-01" if self.shape is Shape.WORK else self.indicator_id(plan_id)


_PER_CENT, _BEDS, _PER_MILLE, _PERSONS = ("%", "PT"), ("张", "BED"), ("‰", "PER_1000"), ("人次", "PS_TIME")

WATCHED = (
    Watched(
        "school", 1, Shape.PATH, Text("学前教育普惠率(%)", "Inclusive pre-school enrolment"),
        "simulated_school_rate", _PER_CENT, True, 80.0, 95.0, 2025, 2, 0.05, 0.08, (1.05, 1.4), 0.0, "education", True,
    ),
    Watched(
        "beds", 2, Shape.PATH, Text("养老机构护理型床位(张)", "Nursing beds in care homes"),
        "simulated_beds", _BEDS, False, 2000.0, 3000.0, 2025, 0, 3.0, 5.0, (1.05, 1.4), 0.0, "civil", True,
    ),
    Watched(
        "mortality", 3, Shape.PATH, Text("婴儿死亡率(‰)", "Infant mortality"),
        "simulated_mortality", _PER_MILLE, True, 8.0, 5.0, 2025, 2, 0.01, 0.015, (1.05, 1.4), 0.0, "health", True,
    ),
    Watched(
        "insurance", 4, Shape.FLOOR, Text("基本医疗保险参保率(%)", "Basic health insurance coverage"),
        "simulated_insurance", _PER_CENT, True, 97.0, 95.0, 2025, 2, 0.12, 0.2, (96.0, 98.5), 0.1, "health", True,
    ),
    Watched(
        "unemployment", 5, Shape.CEILING, Text("城镇调查失业率(%)", "Surveyed urban unemployment"),
        "simulated_unemployment", _PER_CENT, False, 4.5, 5.5, 2025, 2, 0.08, 0.12, (3.8, 4.8), 0.15, "civil", True,
    ),
    Watched(
        "training", 6, Shape.TOTAL, Text("职业技能培训(人次)", "People trained"),
        "simulated_training", _PERSONS, False, 0.0, 60000.0, 2025, 0, 20.0, 40.0, (1.05, 1.3), 0.0, "civil", True,
    ),
    Watched(
        "facilities", 7, Shape.SPLIT, Text("社区服务设施覆盖率(%)", "Coverage of community facilities"),
        "simulated_coverage", _PER_CENT, False, 70.0, 55.0, 2025, 2, 0.08, 0.12, (86.0, 90.0), 0.0, "education", True,
    ),
    Watched(
        "project", 0, Shape.WORK, Text("模拟综合服务中心建设工程", "Simulated service centre"),
        "physical_progress", _PER_CENT, False, 0.0, 100.0, 2024, 1, 0.1, 0.1, (1.05, 1.3), 0.0, "education", False,
    ),
    Watched(
        "service", 0, Shape.SERVICE, Text("模拟健康管理服务", "Simulated health service"),
        "service_level", _PER_CENT, False, None, 90.0, 2025, 1, 0.3, 0.5, (92.5, 97.0), 0.0, "health", False,
    ),
)  # fmt: skip
AGENCIES = ("education", "health", "civil")


def watched(key: str) -> Watched:
    """The indicator with this key."""
    return next(row for row in WATCHED if row.key == key)
