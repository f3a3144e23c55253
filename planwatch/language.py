"""Text in the two languages that Planwatch speaks: Chinese first, English beside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One statement in both languages, e.g. `Text("缺数", "no data")`."""

    zh: str
    en: str

    def as_mapping(self) -> dict[str, str]:
        """The pair as it travels in JSON: `{"zh": ..., "en": ...}`."""
        return {"zh": self.zh, "en": self.en}
