"""The constructs of cases.yaml: the same ends, output and files under the lab's cmd.exe and under Wine's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.wine.batches import Outcome, outcomes
from tests.wine.machines import Lab, Machine, Wine

CASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text())
_BEFORE = {"old": "old\n", "other": "other\n"}


def _expected(case: dict[str, Any], on_wine: bool) -> Outcome:
    told = {**case, **(case.get("wine", {}) if on_wine else {})}
    files = {name: text for name, text in _BEFORE.items() if name not in case.get("gone", ())}
    return Outcome(
        told["status"], told.get("out", ""), told.get("err", False), {**files, **case.get("files", {})}
    )


@pytest.mark.parametrize("start", range(0, len(CASES), 20))
def test_every_construct_ends_as_it_should(machine: Machine, start: int) -> None:
    cases = CASES[start : start + 20]
    found = outcomes(machine, {case["name"]: case["batch"] for case in cases}, _BEFORE)
    expected = {case["name"]: _expected(case, isinstance(machine, Wine)) for case in cases}
    assert {name: one for name, one in found.items() if one != expected[name]} == {}
    assert len(found) == len(cases)


@pytest.mark.parametrize("name", ["wrong-status", "wrong-output", "wrong-file"])
def test_the_comparison_sees_a_difference(lab: Lab, name: str) -> None:
    text = {
        "wrong-status": "exit 4\n",
        "wrong-output": "echo b\nexit 3\n",
        "wrong-file": ">f echo a\nexit 3\n",
    }[name]
    assert outcomes(lab, {name: text})[name] != Outcome(3, "", False, {})
