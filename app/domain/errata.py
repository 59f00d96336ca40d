"""Errata of the guide as values: what it says, what is done here, why, and how they are resolved. Shapes only.

The texts are procedures/errata.yaml; which step carries which erratum is written on the steps.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.domain.text import Frozen, Text

Severity = Literal["high", "medium", "low"]
Literalness = Literal["order", "added"]
"""What an administrator may choose for it: the guide's own order of the steps, or leaving out the step that was added."""
UsedBy = Literal["steps", "planner", "wording"]
"""Who resolves it: steps that carry it, the planner, or nobody: its words are not carried over at all."""
Place = Annotated[str, StringConstraints(pattern=r"^[1-3](\.[1-9]){0,3}$")]


class Erratum(Frozen):
    """One erratum. `places`: the sections of the guide it is found in; a chapter's or procedure's number means all of it."""

    severity: Severity
    places: tuple[Place, ...] = Field(min_length=1)
    literal: Literalness | None = None
    used_by: UsedBy = "steps"
    says: Text
    here: Text
    because: Text

    def found_in(self, section: str) -> bool:
        """Whether it concerns that section, or something within it."""
        return any(
            section == place or section.startswith(f"{place}.") or place.startswith(f"{section}.")
            for place in self.places
        )
