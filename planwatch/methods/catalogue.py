"""The methods that Planwatch knows, and how one is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite

from planwatch.language import Text
from planwatch.methods import (
    destatis,
    escap_anticipated_progress,
    escap_current_status,
    eurostat,
    schedule_method,
    sdsn_trend,
    statistics_canada,
    un_projection,
)
from planwatch.methods.case import MethodCase, MethodResult, undefined
from planwatch.methods.group_means import Scored
from planwatch.policy import AssessmentClass


@dataclass(frozen=True, slots=True)
class Method:
    """One assessment method.

    Attributes:
        name: by which commands know it, e.g. `statistics_canada`.
        title: its name.
        source: who publishes the rule, and where.
        needs: fields of a case that it reads beside the values.
        assess: the rule.
        class_of_mean: the publisher's class of a mean score, and ours; None where the publisher forms no means.
    """

    name: str
    title: Text
    source: Text
    needs: tuple[str, ...]
    assess: Callable[[MethodCase], MethodResult]
    class_of_mean: Callable[[Scored], tuple[str | None, AssessmentClass | None]] | None = None


_ALL = (
    Method(
        "schedule",
        Text("序时进度（默认）", "schedule (default)"),
        Text("规划中期评估用语；docs/method.zh-CN.md", "official mid-term evaluations; docs/method.md"),
        ("base_year", "target", "target_year", "direction", "goal_kind"),
        schedule_method.assess,
    ),
    Method(
        "eurostat",
        Text("欧盟统计局趋势评价", "Eurostat trend assessment"),
        Text("欧盟可持续发展目标监测报告", "EU SDG monitoring report"),
        ("base_year", "target", "target_year", "direction", "group"),
        eurostat.assess,
        eurostat.class_of_mean,
    ),
    Method(
        "statistics_canada",
        Text("加拿大统计局进展度量", "Statistics Canada progress measure"),
        Text("Open SDG 文档 progress-methodology", "Open SDG documentation, progress-methodology"),
        ("base_year", "target", "target_year", "direction", "limit", "group"),
        statistics_canada.assess,
        statistics_canada.class_of_mean,
    ),
    Method(
        "un_projection",
        Text("联合国进展图推算", "UN Progress Chart projection"),
        Text("联合国统计司《进展图技术说明》2023", "UN Statistics Division, Progress Chart Technical Note 2023"),
        ("base_year", "target", "target_year", "direction"),
        un_projection.assess,
    ),
    Method(
        "escap_current_status",
        Text("亚太经社会现状指数", "ESCAP current status index"),
        Text("《亚太可持续发展目标进展报告》技术说明", "Asia and the Pacific SDG Progress Report, technical notes"),
        ("base_year", "target", "direction"),
        escap_current_status.assess,
    ),
    Method(
        "escap_anticipated_progress",
        Text("亚太经社会预期进展指数", "ESCAP anticipated progress index"),
        Text("《亚太可持续发展目标进展报告》技术说明", "Asia and the Pacific SDG Progress Report, technical notes"),
        ("base_year", "target", "target_year", "direction"),
        escap_anticipated_progress.assess,
    ),
    Method(
        "destatis",
        Text("德国联邦统计局天气符号", "Destatis weather symbols"),
        Text("德国可持续发展战略指标报告", "indicator report, German Sustainable Development Strategy"),
        ("target", "target_year", "direction"),
        destatis.assess,
    ),
    Method(
        "sdsn_trend",
        Text("可持续发展报告趋势箭头", "SDSN trend arrow"),
        Text("《可持续发展报告》方法附录", "Sustainable Development Report, annex on methods"),
        ("base_year", "target_year", "lower", "optimum", "green"),
        sdsn_trend.assess,
    ),
)

METHODS: Mapping[str, Method] = {method.name: method for method in _ALL}


def run(method: Method, case: MethodCase) -> MethodResult:
    """Run a method; what leaves the range of floating-point numbers has no value."""
    try:
        result = method.assess(case)
    except ArithmeticError:
        return undefined("out_of_range")
    if all(number is None or isfinite(number) for number in (result.value, result.score)):
        return result
    return undefined("out_of_range")
