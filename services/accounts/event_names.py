"""Names of what can happen to an account, in both languages."""

from __future__ import annotations

from planwatch.language import Text
from services.accounts.store import EventKind

EVENT_NAMES = {
    EventKind.ADDED: Text("建立账号", "added"),
    EventKind.SIGNED_IN: Text("登录", "signed in"),
    EventKind.SIGNED_OUT: Text("退出", "signed out"),
    EventKind.FAILED: Text("登录失败", "sign-in failed"),
    EventKind.LOCKED: Text("暂停登录", "locked for a while"),
    EventKind.PASSWORD_CHANGED: Text("设置口令", "password set"),
    EventKind.ROLE_CHANGED: Text("变更角色", "role changed"),
    EventKind.DEACTIVATED: Text("停用", "deactivated"),
    EventKind.REACTIVATED: Text("恢复", "reactivated"),
    EventKind.LINK_MADE: Text("生成一次性链接", "one-time link made"),
    EventKind.SESSION_ENDED: Text("结束其他登录", "other sessions ended"),
    EventKind.TOKEN_MADE: Text("生成接口令牌", "API token made"),
    EventKind.TOKEN_REVOKED: Text("吊销接口令牌", "API token revoked"),
}
