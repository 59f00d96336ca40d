"""Plans of 3.2 and 3.3: their steps in order, what checks and interlocks ask, and the digest."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.domain.errors import Invalid
from app.domain.planner import Inputs, make_plan, plan_is_executable
from app.domain.procedure import Plan, Step
from app.domain.versions import Version
from app.procedures import procedure
from tests.domain.examples import cluster, three_nodes, two_sites

SHA = "ab" * 32
KEY = re.compile(r"\d(\.\d+){2}-\d+(\+\d+)?(@[\w.-]+)?(/[\w.-]+)?")

MANUAL_ORDER = {
    "rolling": "3.3.1-1@node-b 3.3.1-2@node-b 3.3.1-3@node-b 3.3.1-4@node-b 3.3.2-0@node-b/site1"
    " 3.3.3-1@node-a 3.3.3-2@node-a 3.3.3-3@node-a 3.3.3-4@node-a 3.3.4-0@node-a/site1",
    "standard": "3.2.1-0 3.2.2-1@node-b 3.2.2-2@node-b 3.2.2-3@node-b 3.2.2-4@node-b"
    " 3.2.3-1@node-a 3.2.3-2@node-a 3.2.3-3@node-a/site1 3.2.3-4@node-a/site1 3.2.3-5@node-a/site1"
    " 3.2.3-6@node-a 3.2.3-7@node-a/site1 3.2.3-8@node-a/site1 3.2.3-9@node-a",
}


def plan(method: str = "rolling", inputs: Inputs | None = None, to: str = "R16.3.1", **changes: Any) -> Plan:
    made = make_plan(procedure, cluster(**changes), "patch", Version.parse(to), method, inputs=inputs)  # type: ignore[arg-type]
    assert isinstance(made, Plan), made
    return made


def step(made: Plan, key: str) -> Step:
    return next(one for one in made.steps if one.key == key)


@pytest.mark.parametrize("method", MANUAL_ORDER)
def test_every_step_of_the_manual_stands_once_and_in_order(method: str) -> None:
    made = plan(method)
    assert " ".join(one.key for one in made.steps if one.manual) == MANUAL_ORDER[method]
    assert all(KEY.fullmatch(one.key) for one in made.steps)
    assert len({one.key for one in made.steps}) == len(made.steps)


def test_the_unnumbered_sections_have_steps_without_a_number() -> None:
    move = step(plan(), "3.3.2-0@node-b/site1")
    assert move.manual is not None
    assert move.manual.step is None


def test_the_commands_of_the_manual_are_shown_as_printed() -> None:
    made = plan("standard")
    assert step(made, "3.2.3-1@node-a").manual_commands == (
        "echo $NQS_SITE",
        "unset NQS_SITE",
        "echo $NQS_SITE",
    )
    assert step(made, "3.2.3-5@node-a/site1").manual_commands == ("ps -ef | grep nqs",)
    assert step(made, "3.2.3-6@node-a").manual_commands == ("rpm -ivh NECJCpt-xx.x.x-1.i386.rpm",)
    assert step(made, "3.2.3-4@node-a/site1").manual_commands == ()


@pytest.mark.parametrize(("local_site", "applies"), [("used", True), ("unused", False)])
def test_an_unused_local_site_is_not_started_but_stopped_all_the_same(local_site: str, applies: bool) -> None:
    made = plan(local_site=local_site)
    start = step(made, "3.3.1-4@node-b")
    assert (start.applies, start.reason is None) == (applies, applies)
    assert step(made, "3.3.1-2@node-b").applies


def test_processes_before_the_patch_are_those_of_the_source_and_after_it_of_the_target() -> None:
    made = plan("standard", version="R15.4", to="R16.1")
    assert "jcwebserver" not in step(made, "3.2.3-5@node-a/site1").checks[0].absent
    assert "jcwebserver" in step(made, "3.2.3-8@node-a/site1").checks[0].present
    assert "jnwlauncher" in step(made, "3.2.3-5@node-a/site1").checks[0].absent
    hpux = plan("standard", version="R16.2", os="hpux", clusterware="serviceguard", to="R16.2.1")
    assert "jcwebserver" not in step(hpux, "3.2.3-8@node-a/site1").checks[0].present


def test_a_node_with_a_version_of_its_own_is_judged_by_it() -> None:
    nodes = [one.model_dump(mode="json") for one in cluster().nodes]
    nodes[1]["version"] = "R12.10"
    made = plan(nodes=nodes, version="R13.1", to="R13.1.1")
    assert "jcdbs" not in step(made, "3.3.1-2@node-b").checks[0].absent
    assert "version:R12.10" in step(made, "3.3.1-0+3@node-b").checks[0].present


def test_nothing_is_patched_before_the_interlocks_hold() -> None:
    for key, method, tokens in (
        ("3.3.1-3@node-b", "rolling", {"g_jc:started@node-a", "node-b:standby"}),
        ("3.3.3-3@node-a", "rolling", {"g_jc:started@node-b", "node-a:standby"}),
        ("3.2.3-6@node-a", "standard", {"g_jc:unmanaged"}),
    ):
        interlocks = step(plan(method), key).interlocks
        assert tokens == {token for one in interlocks if one.probe == "cluster" for token in one.present}
        assert "nqsdaemon" in next(one for one in interlocks if one.probe == "processes").absent
        assert "other-patch" in next(one for one in interlocks if one.probe == "package").absent


def test_the_move_asks_that_the_target_is_awake_patched_and_the_group_where_it_should_be() -> None:
    for key, target, owner in (
        ("3.3.2-0@node-b/site1", "node-b", "node-a"),
        ("3.3.4-0@node-a/site1", "node-a", "node-b"),
    ):
        move = step(plan(), key)
        assert {f"{target}:online", f"g_jc:started@{owner}"} <= set(move.interlocks[0].present)
        assert move.interlocks[1].present == ("replaced",)
        assert f"g_jc:started@{target}" in move.checks[0].present
        assert move.destructive


def test_a_standby_is_paused_before_its_patch_and_resumed_before_the_move() -> None:
    keys = [one.key for one in plan().steps]
    places = [
        keys.index(key)
        for key in (
            "3.3.1-1+1@node-b",
            "3.3.1-3@node-b",
            "3.3.1-4+1@node-b",
            "3.3.2-0+3",
            "3.3.2-0@node-b/site1",
        )
    ]
    assert places == sorted(places)


def test_the_gates_need_approval() -> None:
    for method in MANUAL_ORDER:
        gates = [one for one in plan(method).steps if one.kind == "gate"]
        assert gates
        assert all(gate.needs_approval for gate in gates)


def test_each_standby_is_worked_on_in_the_order_of_the_file() -> None:
    made = make_plan(procedure, three_nodes(), "patch", Version.parse("R16.3.1"), "rolling")
    assert isinstance(made, Plan)
    assert [(phase.section, phase.role) for phase in made.phases][:2] == [("3.3.1", "standby")] * 2
    patched = [one.node for one in made.steps if one.key.startswith(("3.3.1-3@", "3.3.3-3@"))]
    assert patched == ["node-b", "node-c", "node-a"]
    assert len([one for one in made.steps if one.key.startswith("3.3.1-0+4")]) == 1


def test_site_steps_are_repeated_for_each_site_and_moves_once_for_each_group() -> None:
    apart = make_plan(procedure, two_sites(), "patch", Version.parse("R16.3.1"), "rolling")
    together = make_plan(procedure, two_sites(group="g_jc"), "patch", Version.parse("R16.3.1"), "rolling")
    assert isinstance(apart, Plan)
    assert isinstance(together, Plan)
    moves = [[one.key for one in made.steps if one.key.startswith("3.3.2-0@")] for made in (apart, together)]
    assert moves == [["3.3.2-0@node-b/site1", "3.3.2-0@node-b/site2"], ["3.3.2-0@node-b/site1"]]
    asked = [check for check in step(together, "3.3.2-0@node-b/site1").checks if check.probe == "processes"]
    assert len(asked) == 2


def test_without_the_digest_there_is_a_plan_but_it_cannot_be_run() -> None:
    bare, full = plan(), plan(inputs=Inputs.of("~/patches/p.rpm", SHA.upper()))
    assert plan_is_executable(bare)
    assert any("SHA-256" in warning.ja for warning in bare.warnings)
    assert plan_is_executable(full) == ()
    assert full.warnings == ()
    text = step(full, "3.3.1-3@node-b").commands[0].text
    assert '"$HOME"/patches/p.rpm' in text
    assert SHA in text


@pytest.mark.parametrize(
    ("file", "digest"), [("p.rpm", None), ("/a\nb", None), ("/a", "12"), ("/a", "g" * 64)]
)
def test_bad_inputs_are_refused(file: str, digest: str | None) -> None:
    with pytest.raises(Invalid):
        Inputs.of(file, digest)


def test_the_digest_is_stable_and_covers_commands_checks_and_interlocks() -> None:
    given = Inputs.of(None, SHA)
    assert plan(inputs=given).digest == plan(inputs=given).digest
    others = [
        plan(inputs=Inputs.of(None, "cd" * 32)),
        plan("standard", given),
        plan(inputs=given, paths={"nqs": "/opt/nqs"}),
        plan(inputs=given, clusterware_version="0.9"),
        plan(inputs=given, sites=[{"name": "site2", "database": "/shared/site1", "group": "g_jc"}]),
    ]
    assert len({plan(inputs=given).digest, *(other.digest for other in others)}) == 1 + len(others)


def test_what_the_console_cannot_command_is_left_to_a_person() -> None:
    made = plan(clusterware="serviceguard", os="hpux", arch="ipf")
    assert step(made, "3.3.2-0@node-b/site1").kind == "manual"
    assert step(made, "3.3.1-3@node-b").kind == "manual"
    assert step(made, "3.3.1-2@node-b").commands[0].text == "unset NQS_SITE; /usr/lib/nqs/nqsstop"
    assert not [one for one in made.steps if one.kind == "command" and not one.commands]
    assert not [one for one in made.steps if one.kind == "check" and not one.checks]


@pytest.mark.parametrize(
    ("changes", "erratum"),
    [({"version": "R12.6", "to": "R12.6.1"}, "D7"), ({"version": "R16.3.1", "to": "R16.3.2"}, "C13")],
)
def test_warnings_name_their_erratum(changes: dict[str, Any], erratum: str) -> None:
    assert erratum in [warning.errata for warning in plan(**changes).warnings]
