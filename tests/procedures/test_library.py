"""The library's files: valid against their schema, complete in both languages, and refused when they are wrong."""

from __future__ import annotations

import copy
import json
import re
from importlib import resources
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from app.domain.library import Section
from app.domain.places import KNOWN, LISTS, used
from app.procedures import SECTIONS, raw_section, section
from app.web.library_words import PLACES

NAMES = [name for names in SECTIONS.values() for name in names]
LABEL = re.compile(r"\[[^\[\]]+\]")  # of a window that exists in Japanese only


def schema() -> dict[str, Any]:
    return dict(
        json.loads(resources.files("app.procedures").joinpath("schema.json").read_text(encoding="utf-8"))
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_section_is_valid_against_the_schema_beside_it(name: str) -> None:
    jsonschema.Draft202012Validator(schema()).validate(raw_section(name))
    assert f"{section(name).section}{section(name).letter or ''}" == name


def test_the_schema_is_that_of_the_models() -> None:
    expected = {**Section.model_json_schema(), "$schema": "https://json-schema.org/draft/2020-12/schema"}
    assert schema() == json.loads(json.dumps(expected))


def test_every_list_of_tokens_is_asked_for_by_some_step() -> None:
    """A list that no step uses is one that nobody has ever seen right."""
    asked = {
        text
        for name in NAMES
        for raw in section(name).steps
        for _, step in raw.alternatives
        for check in (*step.checks, *step.interlocks)
        for text in check.texts
    }
    assert used(asked) & LISTS == LISTS


def test_every_open_place_has_words_for_the_reader() -> None:
    assert PLACES.keys() == KNOWN


@pytest.mark.parametrize("name", NAMES)
def test_every_text_exists_in_both_languages(name: str) -> None:
    for raw in section(name).steps:
        for branch, step in raw.alternatives:
            reasons = [branch.not_needed] if branch and branch.not_needed else []
            checks = [check.text for check in (*step.checks, *step.interlocks)]
            for text in (
                step.title,
                step.instructions,
                *reasons,
                *checks,
                *([step.inverse] if step.inverse else []),
            ):
                assert any(ord(letter) > 0x3000 for letter in text.ja), text
                assert LABEL.sub("", text.en).isascii(), text


@pytest.mark.parametrize("name", NAMES)
def test_added_steps_are_numbered_without_gaps(name: str) -> None:
    numbers: dict[int, list[int]] = {}
    for step in section(name).steps:
        if step.added:
            numbers.setdefault(step.step, []).append(step.added)
    for added in numbers.values():
        assert added == list(range(1, len(added) + 1))


FAULTS: list[dict[str, Any]] = [
    {"kind": "command", "command": None},
    {"command": "[[nqs]]/nqsstop", "without_nqs_site": False},
    {"title": {"ja": "[[nobody]]", "en": "x"}},
    {"title": {"ja": "[[site]]", "en": "x"}},
    {"title": {"ja": "x"}},
    {"applies": "full_moon"},
    {"errata": ["Z9"]},
    {"checks": [{"probe": "weather", "present": ["sun"], "ja": "x", "en": "x"}]},
    {"checks": [{"probe": "processes", "present": ["x"], "ja": "x", "en": "x"}]},
    {"unknown": 1},
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_faulty_step_is_refused_when_it_is_loaded(fault: dict[str, Any]) -> None:
    data = copy.deepcopy(raw_section("3.3.1"))
    stop = next(step for step in data["steps"] if step["step"] == 2)
    stop.update(fault)
    with pytest.raises(ValidationError):
        Section.model_validate(data)


@pytest.mark.parametrize("name", NAMES)
def test_every_decision_takes_a_second_person(name: str) -> None:
    for raw in section(name).steps:
        for _, step in raw.alternatives:
            if step.kind == "gate" and "D9" not in step.errata:  # whether an edition exists is a fact
                assert step.needs_approval, step.title.en


INSTALLING_ON_LINUX = ("3.1.2", "3.1.3", "3.2.2", "3.2.3", "3.3.1", "3.3.3")


@pytest.mark.parametrize("name", INSTALLING_ON_LINUX)
def test_an_installation_waits_for_the_processes_of_the_version_that_is_there(name: str) -> None:
    expected = [
        check.absent
        for step in section(name).steps
        if step.upgrades
        for check in step.interlocks
        if check.params == {"site": "any"}
    ]
    assert expected == [("[[site_processes]]",)]
