"""Whole procedures of chapters 1 and 2 on simulated Windows nodes, without the engine: every command, check and interlock of the
plan is run, what is handed off is done by the lab's overlay, and what only a window does by the lab's acts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lab.windows.nodes import Nodes
from tests.lab.windows.walking import Walker, plan_for

# procedure, platform, installed, operation, target, and what is special
CASES: list[tuple[str, str, str, str, str, dict[str, Any]]] = [
    ("1.3", "wsfc", "R16.3", "patch", "R16.3.1", {}),
    ("1.3", "wsfc", "R13.1", "upgrade", "R16.3", {"nodes": 3, "sites": 2}),
    ("1.3", "wsfc", "R12.8", "patch", "R12.8.1", {"local_site": "unused"}),
    ("2.3", "windows", "R16.3", "patch", "R16.3.1", {}),
    ("2.3", "windows", "R12.8", "patch", "R12.8.1", {"local_site": "unused", "sites": 2}),
    ("2.1", "windows", "R12.6", "upgrade", "R16.3", {}),
    ("2.1", "windows", "R12.8", "upgrade", "R16.3", {"local_site": "unused"}),
    ("2.2", "windows", "R12.7", "patch", "R12.7.1", {}),
    ("2.2", "windows", "R12.8", "patch", "R12.8.1", {"method": "standard"}),
    ("1.1.1", "wsfc", "R12.8", "upgrade", "R16.3", {"method": "standard"}),
    ("1.1.1", "wsfc", "R13.1", "upgrade", "R16.3", {"method": "standard", "local_site": "unused"}),
    ("1.1.2", "wsfc", "R12.4", "upgrade", "R16.3", {"clwin": True}),
    ("1.1.2", "wsfc", "R12.6", "upgrade", "R16.3", {}),
    ("1.1.3", "wsfc", "R12.6", "upgrade", "R16.3", {"arch": "ipf32", "clwin": True}),
    ("1.1.4", "wsfc", "R12.6", "upgrade", "R16.3", {"arch": "ipf"}),
    ("1.1.4", "wsfc", "R12.6", "upgrade", "R16.3", {"arch": "ipf", "install": "fresh", "clwin": True}),
    ("1.2.2", "wsfc", "R12.4.1", "patch", "R12.4.2", {}),
    ("1.2.2", "wsfc", "R12.7", "patch", "R12.7.1", {}),
]


def named(position: int, case: tuple[str, str, str, str, str, dict[str, Any]]) -> Any:
    """Each procedure's first case is a test of every run, the others are long ones."""
    first = position == 0 or CASES[position - 1][0] != case[0]
    name = " ".join(map(str, (case[0], case[2], case[4], *case[5].values())))
    return pytest.param(*case, id=name, marks=[] if first else [pytest.mark.long])


@pytest.mark.parametrize(
    ("number", "platform", "version", "operation", "to", "more"),
    [named(position, case) for position, case in enumerate(CASES)],
)
def test_a_plan_brings_every_windows_node_to_the_target(
    tmp_path: Path, number: str, platform: str, version: str, operation: str, to: str, more: dict[str, Any]
) -> None:
    special = dict(more)
    how = {name: special.pop(name) for name in ("method", "install") if name in special}
    nodes = Nodes(tmp_path, platform, version, **special)
    plan = plan_for(nodes, operation, to, **how)
    assert plan.procedure == number
    walker = Walker(nodes)
    walker.walk(plan)
    for name, computer in nodes.computers.items():
        edition = computer.machine.jobcenter.edition()
        assert edition is not None
        assert edition.version == to, name
    told = nodes.told()
    assert {told["groups"][site.group]["owner"] for site in nodes.lab.sites} == {"node-a"}
    assert {told["group_states"][site.group] for site in nodes.lab.sites} == {"Online"}
    assert set(told["node_states"].values()) == {"Up"}
