"""The names of what happens to cases and their mails, in both languages: for every page."""

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
