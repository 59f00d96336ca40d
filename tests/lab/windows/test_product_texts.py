"""The product's own texts on the simulated nodes, read by the product's own parsers: each side proves the other.

Every probe that any plan of chapters 1 and 2 has, every verb of both cluster managers, and every line that is shown to a person.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain import clusterware
from app.domain.checks import read
from app.domain.cluster import Cluster
from app.domain.clusterware.clusterpro import clpstat
from app.domain.clusterware.mscs import Mscs
from app.domain.clusterware.verbs import Clusterware, Verb
from app.domain.clusterware.wsfc_state import wsfc
from app.domain.windows_parsers import service
from app.domain.windows_probes import service as ask_service
from app.procedures.clusterfile import load_cluster
from tests.lab.windows.nodes import Nodes
from tests.procedures import windows_plans, wsfc_plans

PARSERS: dict[str, Callable[[bytes, int], frozenset[str] | None]] = {"wsfc": wsfc, "windows": clpstat}


@pytest.mark.parametrize("platform", ["wsfc", "windows"])
def test_every_probe_of_every_plan_is_answered_in_full(tmp_path: Path, platform: str) -> None:
    nodes = Nodes(tmp_path, platform, version="R12.4" if platform == "wsfc" else "R16.3", nodes=3, sites=2)
    plans = [wsfc_plans.plan(**case) for case in wsfc_plans.CASES]
    if platform == "windows":
        plans = [windows_plans.plan(way, **windows_plans.LARGE) for way in windows_plans.WAYS]
    asked = {
        (step.node or "node-a", check.probe, command.text): check
        for plan in plans for step in plan.steps for check in (*step.checks, *step.interlocks) for command in check.commands or ()
    }  # fmt: skip
    unanswered = []
    for (node, probe, text), check in asked.items():
        out, err, status = nodes.read(node, "powershell", text)
        if read(check, out, status) is None:
            unanswered.append((node, probe, text, out, err))
    assert len(asked) > 20
    assert unanswered == []


def told(nodes: Nodes, manager: Clusterware, node: str) -> frozenset[str]:
    """What the product reads of the cluster on that node."""
    out, _err, status = nodes.read(node, "powershell", manager.read_state())
    facts = PARSERS[nodes.lab.platform](out, status)
    assert facts is not None, out
    return facts


def carried_out(nodes: Nodes, manager: Clusterware, verb: Verb, node: str) -> None:
    """The verb's command succeeds, and what proves it is so."""
    assert verb.text is not None
    out, err, status = nodes.run(node, verb.shell, verb.text)
    assert status == 0, (verb.text, out.decode("cp932"), err.decode("cp932"))
    if verb.probe == "service":
        answer = nodes.read(node, "powershell", ask_service(verb.params, cluster_of(nodes)))
        facts = service(answer[0], answer[2])
        assert facts is not None
    else:
        facts = told(nodes, manager, node)
    assert set(verb.present) <= facts
    assert not set(verb.absent) & facts


def cluster_of(nodes: Nodes) -> Cluster:
    """The lab's cluster file as the product has it."""
    return load_cluster(nodes.lab.cluster_file.read_bytes())


def test_every_verb_of_wsfc_does_what_proves_it(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path)
    manager = clusterware.of(cluster_of(nodes))
    for verb, node in (
        (manager.pause("node-b"), "node-a"), (manager.resume("node-b"), "node-a"), (manager.move("g_jc", "node-b"), "node-a"),
        (manager.offline("g_jc", "site1"), "node-b"), (manager.online("g_jc", "site1"), "node-a"),
        (manager.stop_group("g_jc"), "node-a"), (manager.start_group("g_jc", "node-a"), "node-b"),
        (manager.stop_node("node-b"), "node-b"), (manager.start_node("node-b"), "node-b"),
    ):  # fmt: skip
        carried_out(nodes, manager, verb, node)


def test_every_verb_of_clusterpro_does_what_proves_it(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path, "windows")
    manager = clusterware.of(cluster_of(nodes))
    for verb, node in (
        (manager.move("g_jc", "node-b"), "node-a"), (manager.stop_group("g_jc"), "node-a"),
        (manager.start_group("g_jc", "node-a"), "node-a"), (manager.stop_node("node-b"), "node-b"),
        (manager.start_node("node-b"), "node-b"),
    ):  # fmt: skip
        carried_out(nodes, manager, verb, node)


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ("clpmonctrl -s -h node-a -m g_jc_mon", "g_jc:managed", None),
        ("clprsc -t script-site1", None, "g_jc:partial@node-a"),
        ("clpcl -t -h node-b", "node-b:online", "node-b:offline"),
    ],
)
def test_what_is_shown_for_clusterpro_can_be_typed(
    tmp_path: Path, line: str, before: str | None, after: str | None
) -> None:
    nodes = Nodes(tmp_path, "windows")
    manager = clusterware.of(cluster_of(nodes))
    facts = told(nodes, manager, "node-a")
    assert before is None or before in facts
    assert nodes.line("node-a", line)[1] == 0
    facts = told(nodes, manager, "node-a")
    assert before is None or before not in facts
    assert after is None or after in facts


@pytest.mark.parametrize(
    "line",
    ["clpstat --longer", "clpgrp -t", "clpgrp -t g_none", "clpcl -t", "clprsc -t none", "clpdown", "clpstdn"],
)
def test_what_clusterpro_is_not_given_exactly_it_refuses(tmp_path: Path, line: str) -> None:
    nodes = Nodes(tmp_path, "windows")
    assert nodes.line("node-a", line)[1] != 0
    assert nodes.told()["group_states"]["g_jc"] == "Online"


def test_what_is_shown_for_cluster_exe_can_be_typed(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path, version="R12.6", arch="x86")
    assert Mscs.speaks(cluster_of(nodes))
    manager = Mscs()
    for verb in (
        manager.pause("node-b"), manager.resume("node-b"), manager.move("g_jc", "node-b"), manager.stop_group("g_jc"),
        manager.start_group("g_jc", "node-a"), manager.offline("g_jc", "site1"), manager.online("g_jc", "site1"),
    ):  # fmt: skip
        assert nodes.line("node-a", verb.shown.replace("<JobCenter>", "JobCenter-site1"))[1] == 0, verb.shown
    assert nodes.line("node-b", manager.stop_node("node-b").shown)[1] == 0
    assert nodes.told()["node_states"]["node-b"] == "Down"
    assert nodes.line("node-b", manager.start_node("node-b").shown)[1] == 0
    assert nodes.told()["groups"]["g_jc"]["owner"] == "node-a"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("cluster group none /status", 5013),
        ("cluster res none", 5007),
        ("cluster restype JobCenterCluster /delete /type", 5079),
        ("cluster restype none /delete /type", 5078),
        ("cluster /unregext:none", 1168),
        ("cluster node node-b /drain", 87),
        ("cluster", 87),
    ],
)
def test_cluster_exe_ends_with_the_number_of_the_error(tmp_path: Path, line: str, status: int) -> None:
    nodes = Nodes(tmp_path, version="R12.4", arch="x86")
    assert nodes.line("node-a", line)[1] == status
