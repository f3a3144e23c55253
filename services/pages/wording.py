"""Names of codes that only the pages show, in both languages."""

from __future__ import annotations

from planwatch.language import Text

CHANNEL_NAMES = {
    "gateway": Text("报送接口", "gateway"),
    "producer": Text("单位自有消息通道", "the agency's own producer"),
    "catalogue": Text("来自规划目录", "from the plan catalogue"),
}

URBANISATION_NAMES = {"U": Text("城镇", "urban"), "R": Text("农村", "rural")}
"""Codes of CL_URBANISATION."""

BASIS_NAMES = {
    "lead": Text("牵头", "lead"),
    "participant": Text("参与", "participant"),
    "coordinating": Text("统筹协调", "coordinating"),
}
"""On what ground an agency answers for a domain."""

PART_NAMES = {
    "text_targets": Text("正文目标", "Text targets"),
    "tasks": Text("重点任务", "Tasks"),
    "projects": Text("重点工程", "Projects"),
    "services": Text("服务项目", "Services"),
    "duties": Text("监测评估要求", "Monitoring and evaluation"),
    "agencies": Text("责任单位", "Agencies"),
}
"""Parts of the page of a plan's commitments."""

DUTY_NAMES = {
    "annual_monitoring": Text("年度监测", "annual monitoring"),
    "dynamic_monitoring": Text("动态监测", "continuous monitoring"),
    "mid_term_evaluation": Text("中期评估", "mid-term evaluation"),
    "final_evaluation": Text("总结评估", "final evaluation"),
    "evaluation": Text("评估", "evaluation"),
    "satisfaction_survey": Text("满意度调查", "satisfaction survey"),
    "public_disclosure": Text("公示公开", "public disclosure"),
    "report_to_superior": Text("向上级报告", "report to the superior"),
    "third_party_evaluation": Text("第三方评估", "evaluation by a third party"),
    "statistics": Text("统计", "statistics"),
    "audit_supervision": Text("审计监督", "audit and supervision"),
    "target_revision": Text("目标调整", "revision of targets"),
    "performance_appraisal": Text("绩效考核", "performance appraisal"),
}

FREQUENCY_NAMES = {
    "A": Text("每年", "yearly"),
    "S": Text("每半年", "half-yearly"),
    "Q": Text("每季度", "quarterly"),
    "M": Text("每月", "monthly"),
}

ROLE_NAMES = {
    "coordinating": Text("统筹协调", "coordinating"),
    "lead": Text("牵头", "lead"),
    "participant": Text("参与", "participant"),
    "district_government": Text("县区政府", "district government"),
    "supervisor": Text("监督", "supervisor"),
    "issuer": Text("印发机关", "issuer"),
}
"""The strongest part in which a plan names an agency."""

DOUBT_FIELD_NAMES = {
    "accumulation": Text("累计口径", "accumulation"),
    "baseline": Text("基期", "baseline"),
    "concept": Text("指标概念", "concept"),
    "direction": Text("方向", "direction"),
    "goal_kind": Text("目标类型", "goal kind"),
    "owner": Text("责任单位", "owner"),
    "target": Text("目标", "target"),
    "unit": Text("单位", "unit"),
    "values": Text("数值", "values"),
}
"""Fields of an indicator whose reading can be in doubt."""
