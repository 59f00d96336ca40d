"""Versions of JobCenter: reading, ordering, and the manual's two-part comparisons. Decides nothing about procedures.

Versions have two or three numeric parts and compare as integers: R12.10 is later than R12.9 (facts, section 1.6).
"R12.7.x or earlier" compares the first two parts, the *line*; R12.4 and R12.4.0 are the same version (erratum D4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import total_ordering

from app.domain.errors import Invalid

_FORM = re.compile(r"R(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})(?:\.(0|[1-9][0-9]{0,2}))?", re.ASCII)

JA_FORM = "「R16.3」または「R16.3.1」の形で書いてください（R、主番号、副番号、必要なら修正番号）"
EN_FORM = "write it as R16.3 or R16.3.1 (R, major, minor and, where there is one, the level)"


@total_ordering
@dataclass(frozen=True)
class Version:
    """One version; `written` is how it was handed in and takes no part in comparisons."""

    major: int
    minor: int
    level: int = 0
    written: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str, name: str = "version") -> Version:
        """Read R<major>.<minor>[.<level>]. Raises Invalid with `field` = `name` for anything else."""
        found = _FORM.fullmatch(text)
        if not found:
            shown = text[:40]
            raise Invalid(
                "version.unreadable",
                f"版「{shown}」を読めません。{JA_FORM}。",
                f"Cannot read the version {shown!r}: {EN_FORM}.",
                name,
            )
        major, minor, level = found.groups()
        return cls(int(major), int(minor), int(level or 0), text)

    @property
    def line(self) -> tuple[int, int]:
        """The first two parts: what "R12.7.x" names."""
        return self.major, self.minor

    @property
    def numbers(self) -> str:
        """Without the R, as in package versions: 16.3.1; the level only where there is one."""
        return f"{self.major}.{self.minor}" + (f".{self.level}" if self.level else "")

    @property
    def canonical(self) -> str:
        """One spelling per version: R16.3.0 gives R16.3."""
        return f"R{self.numbers}"

    def __lt__(self, other: Version) -> bool:
        return (self.major, self.minor, self.level) < (other.major, other.minor, other.level)

    def __str__(self) -> str:
        return self.written or self.canonical
