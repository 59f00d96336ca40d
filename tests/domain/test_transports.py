"""What of a plan this edition cannot send: by transport, by shell, and only where something would be sent at all."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.planner import Inputs, make_plan
from app.domain.procedure import CommandText, Plan, Step
from app.domain.transports import unspoken
from app.domain.versions import Version
from app.procedures import procedure
from tests.domain.examples import EXAMPLE, cluster

PSRP: Any = {"nodes": [{**node, "transport": "psrp"} for node in EXAMPLE["nodes"]]}
ONE_OF_THEM = {"nodes": [EXAMPLE["nodes"][0], PSRP["nodes"][1]]}


def plan(**changes: Any) -> Plan:
    made = make_plan(
        procedure,
        cluster(**changes),
        "patch",
        Version.parse("R16.3.1"),
        "rolling",
        inputs=Inputs.of(None, "ab" * 32),
    )
    assert isinstance(made, Plan)
    return made


def with_steps(made: Plan, **changes: Any) -> Plan:
    """The plan with every step changed so."""
    phases = [
        phase.model_copy(update={"steps": tuple(step.model_copy(update=changes) for step in phase.steps)})
        for phase in made.phases
    ]
    return made.model_copy(update={"phases": tuple(phases)})


def test_sh_over_ssh_is_spoken() -> None:
    assert unspoken(plan(), cluster()) == ()


@pytest.mark.parametrize(
    ("changes", "names"), [(PSRP, ["node-b", "node-a"]), (ONE_OF_THEM, ["node-b"])], ids=["both", "one"]
)
def test_every_node_with_an_unspoken_transport_is_named_once(changes: Any, names: list[str]) -> None:
    told = unspoken(plan(**changes), cluster(**changes))
    assert sorted(name for text in told for name in ("node-a", "node-b") if name in text.ja) == sorted(names)
    assert all("psrp" in text.ja and "psrp" in text.en for text in told)


@pytest.mark.parametrize("shell", ["powershell", "cmd"])
def test_the_shells_of_windows_are_spoken_over_psrp(shell: Any) -> None:
    own = (CommandText(shell=shell, text="echo x"),)
    assert unspoken(with_steps(plan(**PSRP), commands=own, checks=(), interlocks=()), cluster(**PSRP)) == ()


@pytest.mark.parametrize(
    ("text", "spoken"), [("echo 表示", True), ("echo 鷗外 \U00020b9f", False)], ids=["cp932", "beyond"]
)
def test_what_cmd_cannot_read_in_the_code_page_is_told_before_anything_is_begun(
    text: str, spoken: bool
) -> None:
    own = (CommandText(shell="cmd", text=text),)
    told = unspoken(with_steps(plan(**PSRP), commands=own, checks=(), interlocks=()), cluster(**PSRP))
    assert (told == ()) is spoken
    assert all("932" in each.ja and "932" in each.en for each in told)


def test_a_text_for_another_shell_is_not_spoken_over_ssh() -> None:
    foreign = (CommandText(shell="powershell", text="Write-Output x"),)
    told = unspoken(with_steps(plan(), commands=foreign), cluster())
    assert {name for text in told for name in ("node-a", "node-b") if name in text.en} == {"node-a", "node-b"}
    assert all("powershell" in text.ja and "powershell" in text.en for text in told)


def test_a_check_of_a_step_for_a_person_is_sent_too() -> None:
    only_checks = with_steps(plan(**PSRP), kind="manual", commands=(), interlocks=())
    assert any(step.checks for step in only_checks.steps)
    assert unspoken(only_checks, cluster(**PSRP))


@pytest.mark.parametrize(
    "changes", [{"applies": False}, {"commands": (), "checks": (), "interlocks": ()}, {"node": None}]
)
def test_what_nothing_is_sent_for_needs_no_transport(changes: Any) -> None:
    assert unspoken(with_steps(plan(**PSRP), **changes), cluster(**PSRP)) == ()


def test_the_plan_itself_is_made_all_the_same() -> None:
    assert any(isinstance(step, Step) and step.commands for step in plan(**PSRP).steps)
