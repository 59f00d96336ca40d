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
from app.domain.manual import PROCEDURES

SECTIONS = PROCEDURES
"""The manual's procedures, and the files of their sections in its order; a and b are the two variants of 1.1.2."""

BODIES = (
    "shared.yaml",
    "shared_windows.yaml",
    "shared_wsfc_intel.yaml",
    "shared_wsfc.yaml",
    "shared_clusters.yaml",
)

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class LibraryFault(Exception):
    """A file of the library is wrong: a defect of the product, found when the section is loaded."""


@cache
def procedure(number: str) -> Procedure:
    """The procedure of that number. Raises KeyError for a number that the manual has not, LibraryFault for a faulty file."""
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
    """The step with the body that it uses, and each of its alternatives with the body that its changes name."""
    if "use" in step:
        return _with_body(
            {**_body(step["use"], name), **{key: value for key, value in step.items() if key != "use"}}, name
        )
    if "branches" not in step:
        return step
    return {**step, "branches": [_with_changes(branch, name) for branch in step["branches"]]}


def _with_changes(branch: dict[str, Any], name: str) -> dict[str, Any]:
    """An alternative whose changes name a `body` takes all of it, and gives up what makes the step a person's."""
    changes = dict(branch.get("changes", {}))
    if "body" not in changes:
        return branch
    body = _with_body(_body(changes.pop("body"), name), name)
    own = {key: body[key] for key in body if key not in ("applies", "errata")}
    return {**branch, "changes": {"why_manual": None, "handoff": None, "unprovable": None, **own, **changes}}


def _body(wanted: str, name: str) -> dict[str, Any]:
    """The body of that name, from the first file that has it: the later ones are not even read."""
    for file in BODIES:
        if wanted in (bodies := _bodies(file)):
            return dict(bodies[wanted])
    raise LibraryFault(f"{name}.yaml: none of {', '.join(BODIES)} has {wanted}")


@cache
def _bodies(file: str) -> dict[str, Any]:
    return _read(file)


def _read(file: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath(file).read_text(encoding="utf-8")
    data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader; the files are the product's own
    if not isinstance(data, dict):
        raise LibraryFault(f"{file}: not a mapping")
    return data
