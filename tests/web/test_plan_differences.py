"""The difference between two plans: nothing that could change what runs, or what a person does, is left out."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.planner import NoProcedure, make_plan
from app.domain.procedure import Check, CommandText, ManualPlace, Plan, Step
from app.domain.text import Text
from app.domain.versions import Version
from app.procedures import procedure
from app.web.plan_differences import FIELDS, Change, differences, remarks
from tests.domain.examples import WSFC, cluster, two_sites

CHECK = Check(
    probe="service",
    commands=(CommandText(shell="sh", text="true\nfalse"),),
    parser="service@1",
    present=("JobCenter:running",),
    absent=("JobCenter:stopped",),
    ja="動いている",
    en="It runs",
)
STEP = Step(
    key="3.1.2-3@node-b",
    manual=ManualPlace(section="3.1.2", variant=None, step=3),
    kind="command",
    node="node-b",
    title=Text(ja="止める", en="Stop it"),
    instructions=Text(ja="一\n二", en="one\ntwo"),
    commands=(CommandText(shell="sh", text="systemctl stop jc"),),
    checks=(CHECK,),
    interlocks=(CHECK,),
    destructive=True,
)
OTHER = CHECK.model_copy(update={"probe": "port"})

# a field, its other value
CHANGED: list[tuple[str, Any]] = [
    ("manual", ManualPlace(section="3.1.2", variant=None, step=0)),
    ("manual", None),
    ("errata", ("E3",)),
    ("applies", False),
    ("reason", Text(ja="要りません", en="Not needed")),
    ("branch", "<=R12.7"),
    ("node", "node-c"),
    ("site", "site1"),
    ("kind", "manual"),
    ("title", Text(ja="止める", en="Stop it now")),
    ("title", Text(ja="すぐ止める", en="Stop it")),
    ("instructions", Text(ja="一\n三", en="one\ntwo")),
    ("instructions", Text(ja="一\n二", en="one\nthree")),
    ("manual_commands", ("jcstop",)),
    ("commands", (CommandText(shell="cmd", text="systemctl stop jc"),)),
    ("commands", (CommandText(shell="sh", text="systemctl stop jc "),)),
    ("commands", ()),
    ("checks", ()),
    ("checks", (OTHER,)),
    ("checks", (CHECK.model_copy(update={"present": ()}),)),
    ("checks", (CHECK.model_copy(update={"absent": ("JobCenter:failed",)}),)),
    ("checks", (CHECK.model_copy(update={"parser": "service@2"}),)),
    ("checks", (CHECK.model_copy(update={"en": "It runs well"}),)),
    ("checks", (CHECK.model_copy(update={"commands": (CommandText(shell="cmd", text="true\nfalse"),)}),)),
    ("checks", (CHECK.model_copy(update={"commands": (CommandText(shell="sh", text="true"),)}),)),
    ("interlocks", (OTHER,)),
    ("interlocks", (CHECK, OTHER)),
    ("needs_approval", True),
    ("destructive", False),
    ("repeatable", True),
    ("minutes", 5),
]


def plan(steps: tuple[Step, ...] = (), **changes: Any) -> Plan:
    made = make_plan(procedure, two_sites(**changes), "patch", Version.parse("R16.3.1"))
    assert not isinstance(made, NoProcedure)
    return (
        made
        if not steps
        else made.model_copy(update={"phases": (made.phases[0].model_copy(update={"steps": steps}),)})
    )


def lines(change: Change) -> list[str]:
    """What differs, in both languages, with its sign."""
    return [f"{line.sign}{line.text.ja}|{line.text.en}" for each in change.fields for line in each.lines]


def test_every_field_of_a_step_is_compared() -> None:
    assert {*FIELDS, "key"} == Step.model_fields.keys()
    assert {field for field, _ in CHANGED} == FIELDS.keys()


@pytest.mark.parametrize(("field", "value"), CHANGED)
def test_a_field_that_differs_is_shown_with_its_value_before_and_after(field: str, value: Any) -> None:
    other = STEP.model_copy(update={field: value})
    [change] = differences(plan((STEP,)), plan((other,)))
    assert (change.what, change.moved) == ("changed", False)
    assert [each.name for each in change.fields] == [FIELDS[field]]
    assert {line.sign for each in change.fields for line in each.lines} & {"+", "-"}
    [back] = differences(plan((other,)), plan((STEP,)))
    swapped = {"+": "-", "-": "+"}
    assert sorted(lines(change)) == sorted(swapped.get(one[0], one[0]) + one[1:] for one in lines(back))


def steps(*keys: str) -> tuple[Step, ...]:
    return tuple(STEP.model_copy(update={"key": key}) for key in keys)


def test_a_step_that_was_moved_says_behind_which_it_stood_and_stands() -> None:
    [change] = differences(plan(steps("a", "b", "c", "d")), plan(steps("b", "c", "d", "a")))
    assert (change.key, change.what, change.moved) == ("a", "moved", True)
    assert lines(change) == ["-計画の先頭|at the beginning of the plan", "+d の後|after d"]


def test_a_step_that_was_moved_and_changed_says_both() -> None:
    *rest, last = steps("a", "b", "c")
    other = last.model_copy(update={"destructive": False})
    [change] = differences(plan((*rest, last)), plan((other, *rest)))
    assert (change.what, change.moved) == ("changed", True)
    assert [each.name for each in change.fields][1:] == [FIELDS["destructive"]]


def test_what_only_one_plan_has_moves_no_other_step() -> None:
    found = differences(plan(steps("a", "b", "c")), plan(steps("new", "a", "c")))
    assert [(each.key, each.what, each.moved) for each in found] == [
        ("new", "added", False),
        ("b", "removed", False),
    ]
    for change in found:
        said = "\n".join(lines(change))
        for told in (
            "systemctl stop jc",
            "JobCenter:running",
            "!JobCenter:stopped",
            "sh:",
            "止める",
            "Stop it",
        ):
            assert told in said


def test_a_plan_is_the_same_as_itself() -> None:
    assert differences(plan(), plan()) == []
    assert remarks(plan(), plan()) == ()


def test_another_cluster_manager_shows_what_becomes_a_persons() -> None:
    """Nothing of two real plans that differs goes unsaid: with what is shown, one can be made into the other."""
    before, after = plan(), plan(clusterware="oracle")
    found = differences(before, after)
    old, new = ({step.key: step for step in made.steps} for made in (before, after))
    assert {change.key for change in found if change.what != "moved"} == {
        key for key in {*old, *new} if old.get(key) != new.get(key)
    }
    assert remarks(before, after) or before.warnings == after.warnings


def test_a_literal_order_is_shown_as_moves_and_with_what_follows_from_it() -> None:
    made = [
        make_plan(
            procedure,
            cluster(**WSFC, arch="ipf", version="R12.6"),
            "upgrade",
            Version.parse("R13.2"),
            literal=literal,
        )
        for literal in (None, "B13")
    ]
    before, after = made
    assert isinstance(before, Plan)
    assert isinstance(after, Plan)
    assert {(change.key, change.what) for change in differences(before, after)} == {
        ("1.1.4.2-7@node-a", "moved")
    }
    [remark] = remarks(before, after)
    assert any(line.sign == "+" and "B13" in line.text.en for line in remark.lines)
