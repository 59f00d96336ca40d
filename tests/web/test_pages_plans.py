"""What pages say about what happens: every event and every code of the engine is explained in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.actions import act
from app.nodes import errors, results
from app.web import outcomes
from app.web.events import ACTIONS

CODES = sorted(
    {
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.NodeError)
    }
    - {"node"}
    | set(results.REASONS)
)


RECORDED = sorted(
    {
        action
        for path in Path(act.__file__).parent.glob("*.py")
        for action in re.findall(r'"((?:[a-z]+_?)+\.(?:[a-z]+_?)+)"', path.read_text(encoding="utf-8"))
        if not action.endswith(".txt")
    }
)


@pytest.mark.parametrize("action", RECORDED)
def test_every_event_that_is_recorded_has_a_name_in_both_languages(action: str) -> None:
    assert action in ACTIONS


@pytest.mark.parametrize(
    "code",
    [
        *CODES,
        "interlock",
        "exit_status",
        "check_fail",
        "check_unknown",
        "attempt_unknown",
        "not_begun",
        "session_aborted",
    ],
)
def test_a_code_is_told_as_a_sentence_that_says_what_to_do(code: str) -> None:
    found = outcomes.explain(code)
    assert code not in found.what.ja
    assert found.todo.ja.endswith("。")
    assert found.todo.en.endswith(".")


def test_an_unknown_code_is_shown_as_it_is() -> None:
    assert "moon_fell" in outcomes.explain("moon_fell").what.ja
