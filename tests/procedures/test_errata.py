"""The errata as data: all of them, in both languages, each found somewhere in the guide, and those that steps carry exist."""

from __future__ import annotations

import re

import pytest
import yaml
from pydantic import ValidationError

from app.domain.errata import Erratum
from app.procedures import SECTIONS, procedure
from app.procedures.contents import entries
from app.procedures.errata import errata

NUMBERS = [
    f"{group}{number}"
    for group, count in (("A", 18), ("B", 20), ("C", 15), ("D", 13), ("E", 8))
    for number in range(1, count + 1)
]
POINTERS = {"1", "2", "3", "1.2", "1.2.1"}
"""Numbers of the guide that are neither a procedure nor a section of one."""
CARRIED = sorted(
    {
        number
        for found in map(procedure, SECTIONS)
        for part in (found.sections if found else ())
        for step in part.steps
        for _, form in step.alternatives
        for number in form.errata
    }
)


def test_there_is_every_erratum_of_the_five_groups_in_order() -> None:
    assert list(errata()) == NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_an_erratum_says_what_the_guide_says_what_is_done_and_why(number: str) -> None:
    found = errata()[number]
    for text in (found.says, found.here, found.because):
        assert re.search(r"[\u3040-\u30ff]", text.ja)
        assert text.ja.endswith("。")
        assert re.fullmatch(r"[\x20-\x7e]+\.", text.en)


@pytest.mark.parametrize("number", NUMBERS)
def test_an_erratum_is_found_in_a_section_that_the_guide_has(number: str) -> None:
    sections = {name for entry in entries().values() for name in entry.sections}
    assert set(errata()[number].places) <= sections | entries().keys() | POINTERS


def test_a_step_carries_no_erratum_that_is_not_explained() -> None:
    assert set(CARRIED) <= errata().keys()


def test_only_the_errata_about_order_and_added_steps_may_be_taken_literally_and_no_dangerous_command() -> (
    None
):
    literal = {number: found.literal for number, found in errata().items() if found.literal}
    assert literal == {
        "B4": "order",
        "B8": "added",
        "B9": "added",
        "B13": "order",
        "B14": "order",
        "C8": "order",
    }


@pytest.mark.parametrize(
    ("section", "found"), [("3.1.3", True), ("3.1", True), ("3", True), ("3.1.2", False), ("3.2", False)]
)
def test_an_erratum_of_a_section_is_found_in_all_that_contains_it(section: str, found: bool) -> None:
    assert errata()["C7"].found_in(section) is found


def test_an_erratum_of_a_chapter_is_found_in_each_of_its_sections() -> None:
    assert errata()["C10"].found_in("3.2.3")
    assert not errata()["C10"].found_in("2.1.1")


@pytest.mark.parametrize(
    "wrong",
    [
        "severity: grave",
        "places: []",
        "places: [4.1]",
        "literal: danger",
        "used_by: nobody",
        "says: {ja: あ}",
    ],
)
def test_a_wrong_entry_is_refused_when_it_is_read(wrong: str) -> None:
    sound = errata()["A1"].model_dump(mode="json")
    with pytest.raises(ValidationError):
        Erratum.model_validate({**sound, **yaml.safe_load(wrong)})
