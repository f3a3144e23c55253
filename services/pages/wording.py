"""Names of codes that only the pages show, in both languages."""

from __future__ import annotations

from planwatch.language import Text

STATE_NAMES = {
    "open": Text("待签收", "not acknowledged"),
    "acknowledged": Text("已签收", "acknowledged"),
    "rectifying": Text("整改中", "rectifying"),
    "closed": Text("已销号", "closed"),
}

STEP_NAMES = {
    "raise": Text("发出预警", "raised"),
    "reopen": Text("再次发生", "recurred"),
    "raise_level": Text("上调等级", "level raised"),
    "lower_level": Text("下调等级", "level lowered"),
    "hold": Text("维持等级", "level kept"),
    "acknowledge": Text("签收", "acknowledged"),
    "close": Text("销号", "closed"),
    "file_measures": Text("报送措施", "measures filed"),
    "note": Text("记录", "note"),
    "request_closing": Text("申请销号", "closing asked for"),
    "silence": Text("设静默", "silenced"),
    "lift_silence": Text("解除静默", "silence ended"),
    "reassign": Text("改派", "reassigned"),
    "remind": Text("催办", "reminded"),
    "escalate": Text("督办", "escalated"),
    "cover": Text("覆盖或冻结", "covered or frozen"),
    "uncover": Text("解除覆盖或冻结", "cover or freeze ended"),
    "revise_plan": Text("规划修订", "plan revised"),
    "mail_failed": Text("邮件退回", "mail refused"),
    "fix_deadlines": Text("核定期限", "deadlines fixed"),
}

ACTOR_NAMES = {
    "planwatch-evaluate": Text("系统评价", "evaluation"),
    "planwatch-alerts": Text("系统计时", "clock"),
    "planwatch-sender": Text("系统发信", "sender"),
}
"""Actors that are not persons."""

MAIL_KIND_NAMES = {
    "warning": Text("预警", "warning"),
    "digest": Text("汇总", "digest"),
    "closure": Text("销号", "closure"),
    "group": Text("合并预警", "several warnings"),
    "reminder": Text("催办", "reminder"),
    "escalation": Text("督办", "escalation"),
    "request": Text("销号申请", "request to close"),
    "weekly": Text("每周综述", "weekly summary"),
    "alarm": Text("未送达通知", "notice of failure"),
}

MAIL_STATE_NAMES = {
    "pending": Text("待发送", "waiting to be sent"),
    "sent": Text("已发送", "sent"),
    "refused": Text("被拒收", "refused"),
    "bounced": Text("被退回", "came back"),
}

DELIVERY_NAMES = {
    "immediate": Text("立即发信", "mailed at once"),
    "digest": Text("列入汇总", "in the digest"),
    "none": Text("不发信", "no mail"),
}

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

DOMAIN_NAMES_EN = {
    "childcare": "Childcare",
    "learning": "Education",
    "employment": "Employment",
    "health": "Health",
    "elderly_care": "Elderly care",
    "housing": "Housing",
    "social_support": "Social support",
    "veterans": "Veterans",
    "culture_sport": "Culture and sport",
    "public_education": "Public education",
    "public_health_care": "Public health care",
    "public_employment": "Public employment services",
    "social_security": "Social security",
    "talent": "Talent services",
    "income": "Income growth",
    "public_culture_sport": "Public culture and sport",
}
"""Domain code → English name; the Chinese one is the plan's own."""
