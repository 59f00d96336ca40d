"""A text in both languages of the product. Owns the pair, nothing about where it is shown."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Language = Literal["ja", "en"]


class Frozen(BaseModel):
    """Base of every value of the domain: immutable, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Text(Frozen):
    """One sentence for a person, in Japanese and in English."""

    ja: str
    en: str

    def in_(self, language: Language) -> str:
        """The sentence in the reader's language."""
        return self.ja if language == "ja" else self.en
