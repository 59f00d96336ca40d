"""The manual's literal order for one erratum: what moves or is left out, what the plan says of it, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.errors import Invalid
from app.domain.literal import FOLLOWS
from app.domain.planner import make_plan
from app.domain.procedure import Plan
from app.domain.versions import Version
from app.procedures import procedure
from tests.domain.examples import WSFC, cluster
from tests.domain.overlays import CHECK, EXTRA, SECTION, TEXT, overlay_of, planned

BASE = {"kind": "gate", "title": TEXT, "instructions": TEXT}
MOVED = {
    **SECTION,
    "steps": [
        {**BASE, "step": 2, "errata": ["B4"], "moved_by": "B4"},
        {**BASE, "step": 1},
        {**BASE, "step": 1, "added": 1, "errata": ["C8"], "literal": "C8"},
        {
            "step": 3,
            "kind": "check",
            "title": TEXT,
            "instructions": TEXT,
            "checks": [CHECK, {**CHECK, "literal": "C8"}],
        },
    ],
}


def keys(plan: Plan) -> list[str]:
    """The steps without their node."""
    return [step.key.split("@")[0].removeprefix("3.3.1-") for step in plan.steps]


def test_a_moved_step_stands_where_the_manual_has_it() -> None:
    assert keys(planned(None, section=MOVED)) == ["2", "1", "1+1", "3"]
    assert keys(planned(None, section=MOVED, literal="B4")) == ["1", "1+1", "2", "3"]


def test_an_added_step_and_its_checks_are_left_out() -> None:
    plan = planned(None, section=MOVED, literal="C8")
    assert keys(plan) == ["2", "1", "3"]
    assert len(plan.steps[-1].checks) == 1


def test_an_extra_step_behind_one_that_is_left_out_stays() -> None:
    extra = {**EXTRA, "after": "3.3.1-1+1"}
    assert keys(planned(overlay_of(extra=[extra]), section=MOVED)) == ["2", "1", "1+1", "1+50", "3"]
    assert keys(planned(overlay_of(extra=[extra]), section=MOVED, literal="C8")) == ["2", "1", "1+50", "3"]


def test_the_plan_names_the_erratum_and_what_follows_and_has_another_digest() -> None:
    plan = planned(None, section=MOVED, literal="B4")
    [warning] = [warning for warning in plan.warnings if warning.errata == "B4"]
    assert FOLLOWS["B4"].ja in warning.ja
    assert FOLLOWS["B4"].en in warning.en
    assert plan.digest != planned(None, section=MOVED).digest


@pytest.mark.parametrize("erratum", ["E1", "E5", "A1", "B1", "D7", "b4", "", "B44"])
def test_any_other_erratum_is_refused_with_those_that_are_allowed(erratum: str) -> None:
    with pytest.raises(Invalid) as no:
        planned(None, section=MOVED, literal=erratum)
    assert no.value.code == "literal.not_allowed"
    for message in (no.value.message.ja, no.value.message.en):
        assert all(allowed in message for allowed in FOLLOWS)
    assert "group E" in no.value.message.en
    assert "E 群" in no.value.message.ja


def test_an_erratum_that_changes_nothing_is_refused() -> None:
    with pytest.raises(Invalid) as no:
        planned(None, section=MOVED, literal="B13")
    assert no.value.code == "literal_no_effect"


@pytest.mark.parametrize(("method", "erratum"), [("standard", "B8"), ("standard", "B9"), ("rolling", "B8")])
def test_the_pause_of_the_standby_can_be_left_out_of_patches(method: str, erratum: str) -> None:
    target = Version.parse("R16.3.1")
    made = [
        make_plan(
            procedure,
            cluster(),
            "patch",
            target,
            "rolling" if method == "rolling" else "standard",
            literal=literal,
        )
        for literal in (None, erratum)
    ]
    usual, literal = made
    assert isinstance(usual, Plan)
    assert isinstance(literal, Plan)
    gone = {step.key for step in usual.steps} - {step.key for step in literal.steps}
    titles = [step.title.en for step in usual.steps if step.key in gone]
    assert titles
    assert all("ause" in title for title in titles)
    left = [token for step in literal.steps for check in step.interlocks for token in check.present]
    paused = [token for token in left if token.endswith(":standby")]
    assert paused == ([] if method == "rolling" or erratum == "B8" else ["node-b:standby"])


CASES: list[tuple[str, str, dict[str, Any], tuple[str, str, str]]] = [
    ("B4", "1.1.2", {**WSFC, "version": "R12.6", "arch": "x86"}, ("upgrade", "R13.2", "overwrite")),
    ("B13", "1.1.4", {**WSFC, "version": "R12.6", "arch": "ipf"}, ("upgrade", "R13.2", "fresh")),
    ("B14", "1.2.2", {**WSFC, "version": "R12.4", "arch": "x86"}, ("patch", "R12.4.1", "overwrite")),
    ("C8", "3.1", {"version": "R12.10"}, ("upgrade", "R16.3", "overwrite")),
]


@pytest.mark.parametrize(("erratum", "number", "told", "wish"), CASES, ids=[row[0] for row in CASES])
def test_the_literal_order_moves_the_same_steps_and_loses_none_of_the_manual(
    erratum: str, number: str, told: dict[str, Any], wish: Any
) -> None:
    operation, target, install = wish
    usual, literal = (
        make_plan(
            procedure, cluster(**told), operation, Version.parse(target), "standard", install, literal=chosen
        )
        for chosen in (None, erratum)
    )
    assert isinstance(usual, Plan)
    assert isinstance(literal, Plan)
    assert usual.procedure == literal.procedure == number
    usual_keys, literal_keys = ([step.key for step in plan.steps] for plan in (usual, literal))
    assert usual_keys != literal_keys
    missing = set(usual_keys) - set(literal_keys)
    assert all("+" in key for key in missing)
    assert set(literal_keys) <= set(usual_keys)
