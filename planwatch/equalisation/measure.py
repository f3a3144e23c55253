"""A measure of inequality: its code, its value, and why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import exp
from statistics import NormalDist

from planwatch.language import Text


class MeasureCode(StrEnum):
    """The measures, under the names that the World Health Organization gives them."""

    DIFFERENCE = "D"
    RATIO = "R"
    BETWEEN_GROUP_VARIANCE = "BGV"
    BETWEEN_GROUP_SD = "BGSD"
    COEFFICIENT_OF_VARIATION = "COV"
    MEAN_DIFFERENCE_FROM_MEAN = "MDMW"
    MEAN_DIFFERENCE_FROM_MEAN_UNWEIGHTED = "MDMU"
    MEAN_DIFFERENCE_FROM_BEST = "MDBW"
    MEAN_DIFFERENCE_FROM_BEST_UNWEIGHTED = "MDBU"
    MEAN_DIFFERENCE_FROM_REFERENCE = "MDRW"
    MEAN_DIFFERENCE_FROM_REFERENCE_UNWEIGHTED = "MDRU"
    INDEX_OF_DISPARITY = "IDISW"
    INDEX_OF_DISPARITY_UNWEIGHTED = "IDISU"
    THEIL_INDEX = "TI"
    MEAN_LOG_DEVIATION = "MLD"
    ABSOLUTE_CONCENTRATION_INDEX = "ACI"
    RELATIVE_CONCENTRATION_INDEX = "RCI"
    SLOPE_INDEX = "SII"
    RELATIVE_INDEX = "RII"
    POPULATION_ATTRIBUTABLE_RISK = "PAR"
    POPULATION_ATTRIBUTABLE_FRACTION = "PAF"


RATIOS = frozenset({MeasureCode.RATIO, MeasureCode.RELATIVE_INDEX})
"""Measures that are 1 where there is no gap; their standard error is that of the logarithm."""

MEASURE_NAMES = {
    MeasureCode.DIFFERENCE: Text("极差", "difference"),
    MeasureCode.RATIO: Text("极比", "ratio"),
    MeasureCode.BETWEEN_GROUP_VARIANCE: Text("组间方差", "between-group variance"),
    MeasureCode.BETWEEN_GROUP_SD: Text("组间标准差", "between-group standard deviation"),
    MeasureCode.COEFFICIENT_OF_VARIATION: Text("变异系数(%)", "coefficient of variation (%)"),
    MeasureCode.MEAN_DIFFERENCE_FROM_MEAN: Text("与均值的平均差", "mean difference from the mean"),
    MeasureCode.MEAN_DIFFERENCE_FROM_MEAN_UNWEIGHTED: Text(
        "与均值的平均差（不加权）", "mean difference from the mean, unweighted"
    ),
    MeasureCode.MEAN_DIFFERENCE_FROM_BEST: Text("与最优组的平均差", "mean difference from the best group"),
    MeasureCode.MEAN_DIFFERENCE_FROM_BEST_UNWEIGHTED: Text(
        "与最优组的平均差（不加权）", "mean difference from the best group, unweighted"
    ),
    MeasureCode.MEAN_DIFFERENCE_FROM_REFERENCE: Text("与参照组的平均差", "mean difference from the reference group"),
    MeasureCode.MEAN_DIFFERENCE_FROM_REFERENCE_UNWEIGHTED: Text(
        "与参照组的平均差（不加权）", "mean difference from the reference group, unweighted"
    ),
    MeasureCode.INDEX_OF_DISPARITY: Text("差异指数(%)", "index of disparity (%)"),
    MeasureCode.INDEX_OF_DISPARITY_UNWEIGHTED: Text("差异指数（不加权）(%)", "index of disparity, unweighted (%)"),
    MeasureCode.THEIL_INDEX: Text("泰尔指数(×1000)", "Theil index (×1000)"),
    MeasureCode.MEAN_LOG_DEVIATION: Text("平均对数离差(×1000)", "mean log deviation (×1000)"),
    MeasureCode.ABSOLUTE_CONCENTRATION_INDEX: Text("绝对集中指数", "absolute concentration index"),
    MeasureCode.RELATIVE_CONCENTRATION_INDEX: Text("相对集中指数", "relative concentration index"),
    MeasureCode.SLOPE_INDEX: Text("不平等斜率指数", "slope index of inequality"),
    MeasureCode.RELATIVE_INDEX: Text("不平等相对指数", "relative index of inequality"),
    MeasureCode.POPULATION_ATTRIBUTABLE_RISK: Text("人群归因差", "population attributable risk"),
    MeasureCode.POPULATION_ATTRIBUTABLE_FRACTION: Text("人群归因分数(%)", "population attributable fraction (%)"),
}

UNDEFINED = {
    "one_group": Text("少于两组有数，无从比较", "fewer than two groups have a figure"),
    "two_groups": Text(
        "该指标须有三组以上；两组请看极差与极比", "needs three groups; for two see difference and ratio"
    ),
    "too_many_missing": Text("缺数的组超过15%", "more than 15 per cent of the groups have no figure"),
    "group_missing": Text("有序分组须各组均有数", "ordered groups must all have a figure"),
    "no_order": Text("分组没有高低次序", "the groups have no natural order"),
    "has_order": Text("有序分组请看集中指数与斜率指数", "for ordered groups see the concentration and slope indices"),
    "no_reference": Text("未指定参照组", "no reference group is named"),
    "reference_missing": Text("参照组缺数", "the reference group has no figure"),
    "denominator_zero": Text("分母为零", "the denominator is zero"),
    "mean_not_positive": Text(
        "均值不为正，相对指标无意义", "the mean is not positive; a relative measure has no meaning"
    ),
    "negative_value": Text("有负值，无法取对数", "a negative figure has no logarithm"),
    "beyond_scale": Text("有数值超出所给满分", "a figure lies beyond the given scale"),
    "no_convergence": Text("回归不收敛", "the regression does not converge"),
    "prediction_not_positive": Text("回归端点值不为正", "a predicted end of the line is not positive"),
}
"""Why a measure has no value, by reason code."""

NO_ERROR = {
    "no_se": Text("各组未给标准误", "the groups' standard errors are not given"),
    "by_simulation": Text("公布的标准误只能由模拟得到", "the published standard error comes from simulation only"),
    "no_scale": Text("未给满分，无法还原人数", "without a scale the people behind the figure cannot be counted"),
    "denominator_zero": Text("分母为零", "the denominator is zero"),
    "exact_fit": Text("各组恰在一条线上，残差为零", "the groups lie on one line; there is no residual"),
}
"""Why a measure has no standard error, by reason code."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of one period.

    Attributes:
        code: which measure.
        value: in the unit of the measure; None where it is undefined.
        se: standard error of the value; for `RATIOS` that of its natural logarithm; None where there is none.
        reason: code of `UNDEFINED` where there is no value, else code of `NO_ERROR` where there is no standard error.
    """

    code: MeasureCode
    value: float | None
    se: float | None = None
    reason: str | None = None

    def interval(self, confidence: float = 0.95) -> tuple[float, float] | None:
        """The interval that normal errors give; of a ratio on the scale of its logarithm; None without an error."""
        if self.value is None or self.se is None:
            return None
        reach = NormalDist().inv_cdf((1 + confidence) / 2) * self.se
        if self.code in RATIOS:
            return self.value * exp(-reach), self.value * exp(reach)
        return self.value - reach, self.value + reach
