"""Whatever the cluster's manager: nothing is demanded of it that it never tells, what it does not tell a person sees to."""

from __future__ import annotations

import pytest

from app.domain import clusterware
from app.domain.planner import Inputs, NoProcedure, make_plan
from app.domain.procedure import Plan, Step
from app.domain.versions import Version
from app.procedures import procedure
from app.procedures.cases import made_up

UNIX = ("pacemaker", "clusterpro", "serviceguard", "lifekeeper", "vcs", "oracle", "other")
MANAGERS = [
    *(("unix", "linux", manager) for manager in UNIX),
    *(("windows", "windows", manager) for manager in ("clusterpro", "lifekeeper", "vcs", "other")),
    ("wsfc", "windows", "wsfc"),
]
OPERATIONS = [
    ("R12.10", "R16.3", "upgrade", "standard"),
    ("R16.3", "R16.3.1", "patch", "standard"),
    ("R16.3", "R16.3.1", "patch", "rolling"),
]


def plans(platform: str, system: str, manager: str) -> list[Plan]:
    """An upgrade and patches of a cluster under that manager."""
    found = []
    for source, to, operation, method in OPERATIONS:
        cluster = made_up(platform, system, manager, "x64", Version.parse(source))
        plan = make_plan(procedure, cluster, operation, Version.parse(to), method)  # type: ignore[arg-type]  # words of the table
        assert not isinstance(plan, NoProcedure)
        found.append(plan)
    return found


@pytest.mark.parametrize(("platform", "system", "manager"), MANAGERS)
def test_no_fact_is_demanded_that_the_manager_never_tells(platform: str, system: str, manager: str) -> None:
    adapter = clusterware.of(made_up(platform, system, manager, "x64", Version.parse("R16.3")))
    for plan in plans(platform, system, manager):
        for step in plan.steps:
            for check in (*step.checks, *step.interlocks):
                if check.probe == "cluster":
                    assert [token for token in check.present if not adapter.tells(token)] == [], step.key


@pytest.mark.parametrize(("platform", "system", "manager"), MANAGERS)
def test_a_command_whose_condition_cannot_be_read_waits_for_a_person_who_looks(
    platform: str, system: str, manager: str
) -> None:
    for plan in plans(platform, system, manager):
        for step in plan.steps:
            if step.kind == "command" and "See to this yourself before the step" in step.instructions.en:
                assert step.needs_approval, step.key


def test_where_a_node_cannot_be_seen_to_be_paused_a_person_is_told_to_look() -> None:
    [upgrade, *_] = plans("unix", "linux", "lifekeeper")
    step = next(step for step in upgrade.steps if step.key == "3.1.2-3@node-b")
    assert "node-b:standby" not in [token for check in step.interlocks for token in check.present]
    assert "実施前に人が確かめること" in step.instructions.ja


@pytest.mark.parametrize(("platform", "system", "manager"), MANAGERS)
def test_something_is_read_before_every_command_that_changes_a_node(
    platform: str, system: str, manager: str
) -> None:
    """Also where the manager tells nothing: no stop of a site rests on a person's look alone."""
    for plan in plans(platform, system, manager):
        for step in plan.steps:
            if step.applies and step.kind == "command" and step.destructive:
                assert step.interlocks, step.key


@pytest.mark.parametrize("manager", ["lifekeeper", "vcs", "serviceguard", "pacemaker", "other"])
def test_a_manager_that_is_spoken_to_on_unix_alone_is_a_persons_on_windows(manager: str) -> None:
    """Its commands are written for a POSIX shell: PowerShell would read them as something else."""
    for plan in plans("windows", "windows", manager):
        for step in plan.steps:
            assert [check for check in (*step.checks, *step.interlocks) if check.probe == "cluster"] == [], (
                step.key
            )
            assert all("lcdstatus" not in each.text and "hagrp" not in each.text for each in step.commands)


@pytest.mark.parametrize(("platform", "manager"), [("wsfc", "wsfc"), ("windows", "clusterpro")])
def test_what_installs_on_windows_compares_the_package_that_the_session_names(
    platform: str, manager: str
) -> None:
    package = Inputs.of(r"C:\JobCenter\packages\setup & 手順.exe", "ab" * 32)
    for source, to, operation, method in OPERATIONS[:2]:
        cluster = made_up(platform, "windows", manager, "x64", Version.parse(source))
        for inputs, expected in ((package, 1), (Inputs.of(package.patch_file), 0), (None, 0)):
            plan = make_plan(procedure, cluster, operation, Version.parse(to), method, inputs=inputs)  # type: ignore[arg-type]
            assert not isinstance(plan, NoProcedure)
            installing = [step for step in plan.steps if f"version:{to}" in tokens(step) and step.destructive]
            assert len(installing) == len(cluster.nodes)
            for step in installing:
                found = [check for check in step.interlocks if check.probe == "package_file"]
                assert len(found) == expected, step.key
                assert all(check.present == ("sha256:" + "ab" * 32,) for check in found)
                assert all("setup & 手順.exe" in check.commands[0].text for check in found)


def tokens(step: Step) -> list[str]:
    """What the checks of a step demand."""
    return [token for check in step.checks for token in check.present]
