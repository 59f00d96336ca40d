"""Nodes that have versions of their own: what a text says of a node's version is what the checks have read there."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.planner import NoProcedure, make_plan
from app.domain.procedure import Plan, Step
from app.domain.versions import Version
from app.procedures import procedure
from tests.domain.examples import WINDOWS, WSFC, three_nodes

OWN = {"node-b": "R15.2", "node-c": "R15.3"}
"""The version of each standby; the active node has the cluster's own, R15.1."""
PLATFORMS: list[dict[str, Any]] = [{"clusterware": "oracle"}, {}, WINDOWS, WSFC]


def upgrade(**changes: Any) -> Plan:
    cluster = three_nodes(**changes, version="R15.1")
    nodes = [
        node.model_copy(update={"version": Version.parse(OWN[node.name])}) if node.name in OWN else node
        for node in cluster.nodes
    ]
    plan = make_plan(
        procedure, cluster.model_copy(update={"nodes": tuple(nodes)}), "upgrade", Version.parse("R16.3")
    )
    assert not isinstance(plan, NoProcedure)
    return plan


def said(step: Step) -> str:
    return "\n".join((step.title.ja, step.title.en, step.instructions.ja, step.instructions.en))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_step_on_a_node_names_no_other_nodes_version(platform: dict[str, Any]) -> None:
    """Of the versions before, a step says only that of its own node."""
    named = set()
    for step in upgrade(**platform).steps:
        own = OWN.get(step.node or "", "R15.1")
        for version in ("R15.1", "R15.2", "R15.3"):
            if step.node and version != own:
                assert version not in said(step), step.key
        named |= {step.node} if own in said(step) else set()
    assert named >= {"node-a", "node-b", "node-c"}


def test_before_the_service_stops_nothing_is_said_of_versions_that_nobody_read() -> None:
    """The gate and the backups belong to no node: they name the steps that read the versions, and no version before."""
    steps = {step.key: step for step in upgrade().steps}
    for key in ("3.1.3-0+1", "3.1.1-0+3"):
        assert not [version for version in ("R15.1", "R15.2", "R15.3") if version in said(steps[key])]
    assert (
        "on every standby the check of the version in 3.1.2 has shown R16.3"
        in steps["3.1.3-0+1"].instructions.en
    )
    for node in OWN:
        [check] = [
            check for check in steps[f"3.1.2-3+6@{node}"].checks if check.parser.startswith("versions@")
        ]
        assert check.present == ("version:R16.3",)
    for node, own in {**OWN, "node-a": "R15.1"}.items():
        assert any(check.present == (f"version:{own}",) for check in steps[f"3.1.1-0+2@{node}"].checks)
