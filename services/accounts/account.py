"""A person who may sign in: name, agency, role. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from planwatch.errors import PlanwatchError
from planwatch.language import Text

LONGEST_NAME = 60
_SIGN_IN_NAME = re.compile(r"[\w.@-]{2,64}")


class Role(StrEnum):
    """What a person is for the plans."""

    OFFICER = "officer"
    HEAD = "head"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"


ROLE_NAMES = {
    Role.OFFICER: Text("经办人", "officer"),
    Role.HEAD: Text("负责人", "head"),
    Role.COORDINATOR: Text("统筹部门", "coordinating body"),
    Role.ADMINISTRATOR: Text("管理员", "administrator"),
}


@dataclass(frozen=True, slots=True)
class Account:
    """A person as the pages know them.

    Attributes:
        account_id: never changes, e.g. `3f0c9a1be27d4410`.
        sign_in_name: what they type to sign in, e.g. `zhang.san`.
        name: what others read, e.g. 张三.
        agency_id: where they work; None for an administrator who belongs to none.
        role: what they may do.
    """

    account_id: str
    sign_in_name: str
    name: str
    agency_id: str | None
    role: Role


class AccountRefused(PlanwatchError):
    """What was asked of an account cannot be; `reason` tells the person why."""

    def __init__(self, reason: Text) -> None:
        super().__init__(f"{reason.zh} / {reason.en}")
        self.reason = reason


def role_from(code: str) -> Role:
    """The role with this code.

    Raises:
        AccountRefused: there is none.
    """
    if code not in set(Role):
        raise AccountRefused(Text("没有这个角色", "there is no such role"))
    return Role(code)


def sign_in_name(typed: str) -> str:
    """The form in which a sign-in name is kept and looked up: full width, case and outer blanks do not matter."""
    folded = unicodedata.normalize("NFKC", typed).casefold()
    return unicodedata.normalize("NFKC", folded).replace("\x00", "").strip()


def check_account(name: str, display_name: str, role: Role, agency_id: str | None) -> None:
    """Refuse what no account can be.

    Args:
        name: as `sign_in_name` gives it.
        display_name: what others read.
        role: of the account.
        agency_id: None only for an administrator.

    Raises:
        AccountRefused: says what is wrong.
    """
    if not _SIGN_IN_NAME.fullmatch(name):
        raise AccountRefused(
            Text(
                "登录名须为2至64个字母、汉字、数字或 . _ - @",
                "a sign-in name has 2 to 64 letters, digits or . _ - @",
            )
        )
    if not display_name.strip() or len(display_name) > LONGEST_NAME or not display_name.isprintable():
        raise AccountRefused(
            Text(f"姓名须为1至{LONGEST_NAME}个可见字符", f"a name has 1 to {LONGEST_NAME} visible characters")
        )
    if agency_id is None and role is not Role.ADMINISTRATOR:
        raise AccountRefused(Text("只有管理员可以不属于任何单位", "only an administrator may belong to no agency"))
