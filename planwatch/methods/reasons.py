"""Why a method says nothing, or by which special rule it decided: one text per code."""

from __future__ import annotations

from collections.abc import Mapping

from planwatch.language import Text
from planwatch.wording import REASONS

_OF_METHODS = {
    "no_data": Text("没有数值", "there is no value"),
    "one_value": Text("只有一个可用的数值，看不出变化", "there is only one usable value, so no change to judge"),
    "no_value_since_base_year": Text("基年及以后没有数值", "there is no value in the base year or later"),
    "target_missing": Text("没有目标值，而本方法需要", "there is no target, which this method needs"),
    "target_year_missing": Text("没有目标年，而本方法需要", "there is no target year, which this method needs"),
    "target_year_not_after_base": Text("目标年不晚于基年", "the target year is not after the base year"),
    "target_year_over": Text(
        "目标年已过，没有可外推的时间", "the target year is over; there is nothing to extrapolate to"
    ),
    "direction_missing": Text("没有说明越多越好还是越少越好", "the good direction is neither given nor implied"),
    "zero_base": Text("基期值为0，增长率没有定义", "the base value is 0: no growth rate exists"),
    "zero_target": Text("目标值为0，所需增长率没有定义", "the target is 0: no required growth rate exists"),
    "mixed_sign": Text("数值有正有负，增长率没有定义", "values differ in sign: no growth rate exists"),
    "negative_values": Text("数值为负，增长率的方向没有意义", "values are negative: the sign of growth means nothing"),
    "target_equals_base": Text("目标与基期值相同，无法计算比率", "target and base value are equal: no ratio exists"),
    "target_met": Text("最新值已达到目标", "the latest value meets the target"),
    "target_met_at_base": Text(
        "基期值已达到目标，进度没有意义", "the base value met the target already: a share means nothing"
    ),
    "within_one_point": Text("距0%或100%的目标不到一个百分点", "within one point of a target of 0 or 100 per cent"),
    "zero_replaced": Text(
        "按发布方规定，0以0.001代替，结果主要由此决定",
        "0 was replaced by 0.001, as published; that decides most of the result",
    ),
    "green_missing": Text("没有绿色阈值", "there is no green threshold"),
    "bounds_missing": Text("没有上下界，无法计分", "there are no bounds to score against"),
    "equal_bounds": Text("上下界相同，无法计分", "the bounds are equal: no score exists"),
    "limit_goal": Text(
        "本方法衡量向目标的推进，不适用于保持限值的指标",
        "the method measures movement towards a target; this goal is to keep within a limit",
    ),
    "total_goal": Text(
        "本方法比较增长率，不适用于从0算起的累计",
        "the method compares growth rates; this goal is a total that starts from 0",
    ),
    "publisher_has_no_class": Text("发布方只给数值，不分等级", "the publisher gives the value without classes"),
    "out_of_range": Text("计算超出数值范围", "the computation leaves the range of numbers"),
}

REASON_TEXTS: Mapping[str, Text] = {**_OF_METHODS, **REASONS}
"""Text by code, those of the schedule method's verdicts included."""
