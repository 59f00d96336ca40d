"""The guide's contents (chapter, procedure, section) with titles, and where in the library a step of the guide stands.

Owns contents.yaml. A section with variants has one number here and several files in the library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

import yaml
from pydantic import TypeAdapter, ValidationError

from app.domain.library import Section, StepTemplate
from app.domain.text import Frozen, Text
from app.procedures import LibraryFault, procedure

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEY = re.compile(r"([0-9.]+)([a-z]?)-([^@/]+)")


class Entry(Frozen):
    """One procedure of the guide and its sections in the guide's order."""

    number: str
    title: Text
    sections: dict[str, Text]


class Chapter(Frozen):
    """One chapter of the guide."""

    chapter: str
    title: Text
    procedures: tuple[Entry, ...]


@cache
def contents() -> tuple[Chapter, ...]:
    """Every chapter. Raises LibraryFault for a faulty file."""
    text = resources.files(__package__).joinpath("contents.yaml").read_text(encoding="utf-8")
    try:
        return TypeAdapter(tuple[Chapter, ...]).validate_python(tuple(yaml.load(text, Loader=_LOADER)))  # noqa: S506
    except ValidationError as no:
        raise LibraryFault(f"contents.yaml: {no}") from no


@cache
def entries() -> Mapping[str, Entry]:
    """Every procedure by its number."""
    return {entry.number: entry for chapter in contents() for entry in chapter.procedures}


@cache
def parts(number: str) -> tuple[Section, ...]:
    """What the library has of one section of the guide: one part, or one for each variant; empty where it is not carried."""
    holder = next((entry for entry in entries().values() if number in entry.sections), None)
    carried = procedure(holder.number) if holder else None
    return tuple(part for part in carried.sections if part.section == number) if carried else ()


def number_of(step: StepTemplate) -> str:
    """The step's number as plans write it: 7, 7+1 for the first one added after it."""
    added = f"+{step.added}" if step.added else ""
    return f"{step.step}{added}"


def anchor(part: Section, step: StepTemplate) -> str:
    """The step's name within the page of its section: step-7, step-7+1, step-b-7 in a variant."""
    letter = f"{part.letter}-" if part.letter else ""
    return f"step-{letter}{number_of(step)}"


def base_key(part: Section, step: StepTemplate) -> str:
    """What the keys of all its repetitions in a plan begin with: 1.1.2.1b-7+1."""
    return f"{part.section}{part.letter or ''}-{number_of(step)}"


def address(key: str) -> str | None:
    """Where the library tells of a step of a plan (`3.3.1-1+1@node-b`): page and anchor; None for no such section."""
    found = _KEY.match(key)
    if not found or not any(found[1] in entry.sections for entry in entries().values()):
        return None
    letter = f"{found[2]}-" if found[2] else ""
    return f"{found[1]}#step-{letter}{found[3]}"


def base_of(key: str) -> str:
    """A step's key without the node and the site: what its repetitions have in common."""
    return re.split("[@/]", key, maxsplit=1)[0]
