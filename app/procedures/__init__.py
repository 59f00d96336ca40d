"""The procedures of the manual as data, one YAML file per section. Owns loading; the shapes are domain/library.py's.

A section's step may `use` a body of shared.yaml, for steps that several sections have alike; what it says itself wins.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml
from pydantic import ValidationError

from app.domain.library import Procedure, Section

SECTIONS = {
    "3.2": ("3.2.1", "3.2.2", "3.2.3"),
    "3.3": ("3.3.1", "3.3.2", "3.3.3", "3.3.4"),
}
"""The procedures that this edition carries, and their sections in the manual's order."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class LibraryFault(Exception):
    """A file of the library is wrong: a defect of the product, found when the section is loaded."""


@cache
def procedure(number: str) -> Procedure | None:
    """The procedure of that number, None where this edition does not carry it. Raises LibraryFault for a faulty file."""
    if number not in SECTIONS:
        return None
    return Procedure(number=number, sections=tuple(section(name) for name in SECTIONS[number]))


@cache
def section(name: str) -> Section:
    """One section by the manual's number. Raises LibraryFault that names the file and what is wrong in it."""
    data = raw_section(name)
    try:
        return Section.model_validate(data)
    except ValidationError as no:
        raise LibraryFault(f"{name}.yaml: {no}") from no


def raw_section(name: str) -> dict[str, Any]:
    """The section's file as data, shared bodies filled in: what schema.json describes."""
    data = _read(f"{name}.yaml")
    data["steps"] = [_with_body(step, name) for step in data["steps"]]
    return data


def _with_body(step: dict[str, Any], name: str) -> dict[str, Any]:
    if "use" not in step:
        return step
    bodies = _shared()
    if step["use"] not in bodies:
        raise LibraryFault(f"{name}.yaml: shared.yaml has no {step['use']}")
    return {**bodies[step["use"]], **{key: value for key, value in step.items() if key != "use"}}


@cache
def _shared() -> dict[str, Any]:
    return _read("shared.yaml")


def _read(file: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath(file).read_text(encoding="utf-8")
    data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader; the files are the product's own
    if not isinstance(data, dict):
        raise LibraryFault(f"{file}: not a mapping")
    return data
