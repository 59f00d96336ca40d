"""What may follow what, as one table each: every other combination is refused."""

from __future__ import annotations

from itertools import product

import pytest

from app.domain.errors import Refused
from app.domain.lifecycle import (
    ENDED,
    RUNNING,
    SESSION_MOVES,
    SESSION_NAMES,
    STEP_MOVES,
    VERB_NAMES,
    AttemptState,
    Awaiting,
    SessionState,
    Standing,
    StepState,
    after_attempt,
    after_checks,
    after_exit,
    allowed,
    arrival,
    move,
    needs_checker,
    require,
    require_current,
)
from app.domain.procedure import Kind, Shell, Step
from app.domain.text import Text

MOVES = {
    ("submit", "draft"): "submitted",
    ("submit", "returned"): "submitted",
    ("return", "submitted"): "returned",
    ("approve", "submitted"): "approved",
    ("revise", "submitted"): "draft",
    ("revise", "approved"): "draft",
    ("start", "approved"): "running",
    ("pause", "running"): "paused",
    ("resume", "paused"): "running",
    ("complete", "running"): "completed",
    **{("abort", s): "aborted" for s in ("draft", "submitted", "returned", "approved", "running", "paused")},
}
STANDINGS = [Standing(s) for s in StepState if s != "awaiting"] + [
    Standing(StepState.AWAITING, a) for a in Awaiting
]
VERBS = {
    "awaiting execute": {"execute", "skip"},
    "awaiting tick": {"tick", "skip"},
    "awaiting check": {"verify", "override", "skip"},
    "awaiting checker": {"confirm"},
    "failed": {"retry", "skip"},
    "unknown": {"settle"},
    "running": {"cancel"},
}


def step(kind: Kind, *, destructive: bool = False, needs_approval: bool = False) -> Step:
    """A step of this kind."""
    text = Text(ja="一", en="one")
    return Step(
        key="k",
        manual=None,
        kind=kind,
        title=text,
        instructions=text,
        destructive=destructive,
        needs_approval=needs_approval,
    )


@pytest.mark.parametrize(("verb", "state"), list(product(SESSION_MOVES, SessionState)))
def test_a_session_moves_as_the_table_says(verb: str, state: SessionState) -> None:
    target = MOVES.get((verb, state.value))
    if target is not None:
        assert move(verb, state) == target
        return
    with pytest.raises(Refused) as refused:
        move(verb, state)
    assert SESSION_NAMES[state][0] in refused.value.message.ja
    assert VERB_NAMES[verb][1] in refused.value.message.en


def test_nothing_follows_an_end() -> None:
    assert not any(state in froms for froms, _ in SESSION_MOVES.values() for state in ENDED)


@pytest.mark.parametrize("standing", STANDINGS, ids=str)
def test_a_step_allows_what_the_table_says(standing: Standing) -> None:
    name = " ".join(filter(None, standing))
    assert allowed(standing) == VERBS.get(name, set())
    for verb in STEP_MOVES:
        if verb in allowed(standing):
            require(verb, standing)
        else:
            with pytest.raises(Refused, match="step_moved_on"):
                require(verb, standing)


def test_steps_are_carried_out_in_order() -> None:
    require_current(True)
    with pytest.raises(Refused, match="not_current_step"):
        require_current(False)


@pytest.mark.parametrize(
    ("kind", "destructive", "needs_approval", "arrives", "checker"),
    [
        ("manual", False, False, "tick", True),
        ("gate", False, True, "tick", True),
        ("check", False, False, None, False),
        ("command", False, False, None, False),
        ("command", True, False, "execute", True),
        ("command", False, True, "execute", True),
    ],
)
def test_a_dangerous_step_waits_and_is_checked_by_another(
    kind: Kind, destructive: bool, needs_approval: bool, arrives: str | None, checker: bool
) -> None:
    one = step(kind, destructive=destructive, needs_approval=needs_approval)
    assert arrival(one) == (Standing(StepState.AWAITING, Awaiting(arrives)) if arrives else RUNNING)
    assert needs_checker(one) is checker
    passed = after_checks(one, "pass")
    assert passed == (
        Standing(StepState.AWAITING, Awaiting.CHECKER) if checker else Standing(StepState.SUCCEEDED)
    )


@pytest.mark.parametrize("kind", ["manual", "gate", "check", "command"])
def test_what_could_not_be_read_is_never_a_success_or_a_failure(kind: Kind) -> None:
    assert after_checks(step(kind), "unknown") == Standing(StepState.AWAITING, Awaiting.CHECK)
    failed = after_checks(step(kind), "fail")
    assert (
        failed.awaiting == Awaiting.CHECK if kind in ("manual", "gate") else failed.state == StepState.FAILED
    )


@pytest.mark.parametrize("state", list(AttemptState)[2:])
def test_an_unknown_attempt_makes_an_unknown_step_and_nothing_else_does(state: AttemptState) -> None:
    stands = after_attempt(state)
    assert (stands.state == StepState.UNKNOWN) == (state == AttemptState.UNKNOWN)
    assert (stands == RUNNING) == (state == AttemptState.SUCCEEDED)


@pytest.mark.parametrize(
    ("shell", "status", "state", "problem"),
    [
        ("sh", 0, AttemptState.SUCCEEDED, None),
        ("cmd", 0, AttemptState.SUCCEEDED, None),
        ("cmd", 3010, AttemptState.SUCCEEDED, "restart_wanted"),
        ("powershell", 1641, AttemptState.SUCCEEDED, "restart_wanted"),
        ("sh", 3010, AttemptState.FAILED, "exit_status"),
        ("cmd", 1618, AttemptState.FAILED, "exit_status"),
        ("cmd", -1, AttemptState.FAILED, "exit_status"),
    ],
)
def test_an_exit_status_that_asks_for_a_restart_is_a_success(
    shell: Shell, status: int, state: AttemptState, problem: str | None
) -> None:
    assert after_exit(shell, status) == (state, problem)
