"""The linter finds what it is for: each thing that a section must have, taken away, is told with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import procedures
from app.domain.library import Section
from app.domain.manual import STEPS
from app.domain.procedure import CommandText
from app.procedures.lint import command_problems, errata_problems, section_problems
from app.procedures.table import table

Raw = dict[str, Any]


def told(name: str, change: Callable[[list[Raw]], object]) -> list[str]:
    """What is found in a section once its steps were changed, in English."""
    raw = procedures.raw_section(name)
    steps = [dict(step) for step in raw["steps"]]
    change(steps)
    section = Section.model_validate({**raw, "steps": steps})
    return [problem.in_("en") for problem in section_problems(name, section)]


def numbered(steps: list[Raw], number: int) -> Raw:
    """The manual's step of that number."""
    return next(step for step in steps if step["step"] == number and "added" not in step)


@pytest.mark.parametrize("name", sorted(STEPS))
def test_the_library_itself_is_without_fault(name: str) -> None:
    assert told(name, lambda steps: None) == []


def test_a_step_of_the_manual_that_is_missing_or_comes_twice_is_told() -> None:
    assert told("3.3.1", lambda steps: steps.remove(numbered(steps, 3))) == [
        "3.3.1.yaml: step 3 of the manual appears 0 times; it must appear once."
    ]
    [twice] = told("3.3.1", lambda steps: steps.append(numbered(steps, 3)))
    assert "step 3 of the manual appears 2 times" in twice


def test_a_step_that_the_manual_has_not_is_told() -> None:
    [one] = told("3.3.1", lambda steps: steps.append({**numbered(steps, 1), "step": 9}))
    assert one == "3.3.1.yaml: the manual has no step 9 here."


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("interlocks", "3.3.1.yaml 2: a destructive step has no precondition (interlocks)."),
        (
            "checks",
            "3.3.1.yaml 2: a destructive step has neither a check nor the reason why none is possible (unprovable).",
        ),
        (
            "inverse",
            "3.3.1.yaml 2: it says neither how to take the step back nor that there is no way (inverse).",
        ),
    ],
)
def test_what_a_destructive_step_lacks_is_told(key: str, said: str) -> None:
    assert told("3.3.1", lambda steps: numbered(steps, 2).pop(key)) == [said]


def test_a_text_in_one_language_only_is_told() -> None:
    [one] = told("3.3.1", lambda steps: numbered(steps, 1).update(title={"ja": "確かめる", "en": " "}))
    assert one == "3.3.1.yaml 1: a text exists in one language only."


def test_an_erratum_that_no_step_carries_or_nobody_explains_is_told() -> None:
    raw = procedures.raw_section("3.3.1")
    steps = [{**step, "errata": ["E99"], "literal": None, "moved_by": None} for step in raw["steps"]]
    found = [
        problem.in_("en") for problem in errata_problems([Section.model_validate({**raw, "steps": steps})])
    ]
    assert "errata.yaml E99: is used by a step, but not explained." in found
    assert "errata.yaml E5: no step carries it." in found


@pytest.mark.parametrize(
    ("shell", "text"),
    [
        ("sh", "rm -rf /shared/site1/*"),
        ("sh", "cd /usr/lib/nqs\n./nqsstop"),
        ("sh", "if true; then echo"),
        ("cmd", "del /F /Q job*"),
        ("cmd", "cd %systemroot%\\cluster"),
        ("powershell", "Remove-Item -Path C:\\Windows\\nec*"),
        ("powershell", "if ($true) {"),
        ("powershell", "Invoke-Something"),
    ],
)
def test_a_text_that_must_never_be_sent_is_told(shell: Any, text: str) -> None:
    assert list(command_problems("x", CommandText(shell=shell, text=text)))


def test_the_table_in_the_documents_is_that_of_the_library() -> None:
    documents = Path(__file__).resolve().parents[2] / "docs" / "steps.md"
    assert documents.read_text(encoding="utf-8") == table(), "make steps"
