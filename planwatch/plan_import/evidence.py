"""How sure the import is of what it wrote, field by field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from planwatch.language import Text
from planwatch.plan_import.concepts import LIKELY

DOUBT_FIELDS = (
    "name",
    "concept",
    "domain",
    "unit",
    "nature",
    "goal_kind",
    "direction",
    "accumulation",
    "bounds",
    "values",
    "baseline",
    "target",
    "owner",
)
"""Fields that a row's needs_confirmation may name (plan.schema.json)."""

UNSURE = Text("依据不足，请对照原文", "the evidence is weak; compare with the document")


@dataclass(frozen=True, slots=True)
class FieldEvidence:
    """Confidence 0 to 1, the line it rests on, and the reason of a doubt."""

    confidence: float
    source_line: int | None
    reason: Text | None

    def as_mapping(self) -> dict[str, Any]:
        """As it stands in the draft section."""
        told: dict[str, Any] = {"confidence": round(self.confidence, 2), "source_line": self.source_line}
        return told | ({"reason": self.reason.as_mapping()} if self.reason else {})


@dataclass(slots=True)
class Evidence:
    """The evidence of one row, or of the plan's head; a field said twice keeps its lowest confidence."""

    line: int | None
    fields: dict[str, FieldEvidence] = field(default_factory=dict)

    def state(self, name: str, confidence: float, reason: Text | None = None, line: int | None = None) -> None:
        """Record how sure a field is; below what is likely there is always a reason."""
        if confidence < LIKELY and reason is None:
            reason = UNSURE
        earlier = self.fields.get(name)
        if earlier is not None:
            reasons = list(dict.fromkeys(one for one in (earlier.reason, reason) if one))
            joined = (
                Text("；".join(one.zh for one in reasons), "; ".join(one.en for one in reasons)) if reasons else None
            )
            confidence, reason, line = min(earlier.confidence, confidence), joined, line or earlier.source_line
        self.fields[name] = FieldEvidence(confidence, line if line is not None else self.line, reason)

    def doubts(self) -> list[dict[str, str]]:
        """The row's needs_confirmation."""
        return [
            {"field": name, **evidence.reason.as_mapping()}
            for name in DOUBT_FIELDS
            if (evidence := self.fields.get(name)) and evidence.reason and evidence.confidence < LIKELY
        ]

    def as_mapping(self) -> dict[str, Any]:
        """As it stands in the draft section."""
        return {name: evidence.as_mapping() for name, evidence in self.fields.items()}
