"""Who may do what to a case: pure and total. A refusal says in words who may."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from planwatch.case.model import Case
from planwatch.language import Text


class Role(StrEnum):
    """What a person is for the plans; the codes of an account's role."""

    OFFICER = "officer"
    HEAD = "head"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"


class Relation(StrEnum):
    """What an agency is to a case; it may be several things at once."""

    OWNER = "owner"
    SUPERIOR = "superior"
    PARTICIPANT = "participant"
    COORDINATING = "coordinating"


class Action(StrEnum):
    """What a person may want with a case."""

    READ = "read"
    ACKNOWLEDGE = "acknowledge"
    FILE_MEASURES = "file_measures"
    NOTE = "note"
    ATTACH = "attach"
    REQUEST_CLOSING = "request_closing"
    CLOSE = "close"
    REASSIGN = "reassign"
    SILENCE = "silence"
    LIFT_SILENCE = "lift_silence"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True)
class _Rule:
    """Who may: persons of these roles whose agency is one of these to the case, or of a role that needs no agency."""

    roles: frozenset[Role]
    relations: frozenset[Relation]
    anywhere: frozenset[Role]
    otherwise: Text


def refusal(role: Role, relations: Collection[Relation], action: Action) -> Text | None:
    """Why a person may not; None where they may.

    Args:
        role: of the person.
        relations: what their agency is to the case, see `relations_of`; empty where it is nothing to it.
        action: what they want. Whether the case as it stands allows it is decided by `planwatch.case.machine`.
    """
    rule = _RULES[action]
    if role in rule.anywhere or (role in rule.roles and rule.relations.intersection(relations)):
        return None
    return rule.otherwise


def relations_of(case: Case, agency_id: str | None) -> frozenset[Relation]:
    """What an agency is to a case; nothing where there is no agency."""
    if agency_id is None:
        return frozenset()
    holds: Mapping[Relation, bool] = {
        Relation.OWNER: case.owner == agency_id,
        Relation.SUPERIOR: agency_id in case.chain,
        Relation.PARTICIPANT: agency_id in case.participants,
        Relation.COORDINATING: case.coordinating == agency_id,
    }
    return frozenset(relation for relation, is_so in holds.items() if is_so)


_AGENCY_STAFF = frozenset({Role.OFFICER, Role.HEAD})
_WITH_AN_AGENCY = frozenset({Role.OFFICER, Role.HEAD, Role.COORDINATOR})
_NOBODY: frozenset[Role] = frozenset()
_ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
_OWNER = frozenset({Relation.OWNER})
_COORDINATING = frozenset({Relation.COORDINATING})


def _by_owner(otherwise: Text, roles: frozenset[Role] = _AGENCY_STAFF) -> _Rule:
    return _Rule(roles, _OWNER, _NOBODY, otherwise)


def _by_coordinating_body(zh: str, en: str) -> _Rule:
    otherwise = Text(f"{zh}由本规划的统筹部门办理", f"{en} is up to the coordinating body of the plan")
    return _Rule(frozenset({Role.COORDINATOR}), _COORDINATING, _NOBODY, otherwise)


_RULES: Mapping[Action, _Rule] = {
    Action.READ: _Rule(
        _WITH_AN_AGENCY,
        frozenset(Relation),
        _ADMINISTRATORS,
        Text(
            "只能查看本单位负责、参与、统筹或下级单位负责的预警",
            "only cases that your agency or a subordinate of it answers for, takes part in or coordinates can be read",
        ),
    ),
    Action.ACKNOWLEDGE: _by_owner(
        Text("签收由责任单位的经办人或负责人办理", "acknowledging is up to the officers and heads of the owner")
    ),
    Action.FILE_MEASURES: _by_owner(
        Text("整改措施由责任单位的经办人或负责人报送", "measures are filed by the officers and heads of the owner")
    ),
    Action.NOTE: _Rule(
        _WITH_AN_AGENCY,
        frozenset({Relation.OWNER, Relation.PARTICIPANT, Relation.COORDINATING}),
        _NOBODY,
        Text(
            "进展由责任单位、参与单位或统筹部门填报",
            "notes are made by the owner, the participants and the coordinating body",
        ),
    ),
    Action.ATTACH: _by_owner(
        Text("附件由责任单位的经办人或负责人上传", "files are attached by the officers and heads of the owner")
    ),
    Action.REQUEST_CLOSING: _by_owner(
        Text("销号申请由责任单位负责人提出", "the head of the owner asks for closing"), frozenset({Role.HEAD})
    ),
    Action.CLOSE: _by_coordinating_body("销号", "closing"),
    Action.REASSIGN: _Rule(
        frozenset({Role.COORDINATOR}),
        _COORDINATING,
        _ADMINISTRATORS,
        Text(
            "改派由本规划的统筹部门或管理员办理",
            "reassigning is up to the coordinating body of the plan and to administrators",
        ),
    ),
    Action.SILENCE: _by_coordinating_body("静默", "silencing"),
    Action.LIFT_SILENCE: _by_coordinating_body("解除静默", "lifting a silence"),
    Action.ESCALATE: _by_coordinating_body("督办", "escalating"),
}
