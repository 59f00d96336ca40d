"""The cluster of the Windows nodes: what it decides, what it refuses, and that its decisions are carried out on the nodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.lab.windows.cluster.decide import Step, next_step
from app.lab.windows.cluster.errors import ClusterError
from app.lab.windows.cluster.state import DISK, SCRIPT, Cluster, Group, Member, Resource, from_json
from tests.lab.windows.nodes import Nodes


def small(kind: str = "wsfc", **members: bool) -> Cluster:
    """A group with a disk and a site on node `a`; `members`: whether each node's service runs."""
    made = Cluster("c", kind, {name: Member(name, up) for name, up in members.items()})  # type: ignore[arg-type]
    made.groups["g"] = Group("g", "a")
    made.resources["disk"] = Resource("disk", DISK, "g", {"Drive": "S"})
    made.resources["site"] = Resource("site", SCRIPT, "g", {"SiteName": "s"}, ["disk"])
    return made


def test_what_depends_on_something_starts_after_it_and_stops_before_it() -> None:
    cluster = small(a=True, b=True)
    assert next_step(cluster) == Step("online", "disk", "a")
    cluster.resources["disk"].state = "Online"
    assert next_step(cluster) == Step("online", "site", "a")
    cluster.resources["site"].state = "Online"
    assert next_step(cluster) is None
    cluster.resources["disk"].wanted = False
    assert next_step(cluster) == Step("offline", "disk", "a")
    cluster.resources["disk"].state = "Offline"
    assert next_step(cluster) == Step("offline", "site", "a")


@pytest.mark.parametrize(
    ("paused", "expected"),
    [(False, Step("own", "g", "b")), (True, Step("own", "g", "c"))],
    ids=["next", "paused"],
)
def test_a_group_goes_to_the_next_node_that_is_not_paused(paused: bool, expected: Step) -> None:
    cluster = small(a=False, b=True, c=True)
    cluster.members["b"].paused = paused
    assert next_step(cluster) == expected


@pytest.mark.parametrize(
    ("kind", "witness", "decides"), [("wsfc", "", False), ("wsfc", "disk", True), ("clusterpro", "", True)]
)
def test_one_of_two_nodes_goes_on_with_a_witness_alone(kind: str, witness: str, decides: bool) -> None:
    cluster = small(kind, a=False, b=True)
    cluster.witness = witness
    assert (next_step(cluster) is not None) == decides


def test_a_resource_that_fails_everywhere_stays_failed() -> None:
    cluster = small(a=True, b=True)
    cluster.resources["disk"].state = "Online"
    site = cluster.resources["site"]
    site.state, site.failures = "Failed", 9
    assert next_step(cluster) is None
    assert cluster.group_state("g") == "Failed"


def test_the_memory_on_disk_is_the_cluster() -> None:
    cluster = small(a=True, b=False)
    assert from_json(cluster.as_json()) == cluster


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Nodes:
    """Three nodes, two groups."""
    return Nodes(tmp_path_factory.mktemp("cluster"), nodes=3, sites=2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Get-ClusterGroup -Name nothing", "cluster group could not be found"),
        ("Stop-ClusterResource -Name nothing -Wait 10", "cluster resource could not be found"),
        ("Move-ClusterGroup -Name g_jc -Node node-z -Wait 10", "cluster node could not be found"),
        (
            "Suspend-ClusterNode -Name node-c; Move-ClusterGroup -Name g_jc -Node node-c -Wait 10",
            "currently paused",
        ),
        ("Remove-ClusterResource -Name JobCenter-site1 -Force", "online or pending"),
        ("Remove-ClusterResource -Name JobCenter-site1", "NonInteractive"),
        ("Suspend-ClusterNode -Name node-b -Drain", "Drain"),
        ("Get-ClusterNetwork", "Get-ClusterNetwork"),
        ("Get-ClusterGroup -Name g_*", "does not know"),
    ],
)
def test_a_cmdlet_refuses_what_it_cannot_do(nodes: Nodes, text: str, words: str) -> None:
    try:
        _out, err, status = nodes.run("node-a", "powershell", f"$ErrorActionPreference = 'Stop'\n{text}")
        assert status == 1
        assert words in err.decode("cp932").replace("\r\n", " ")
        assert nodes.told()["groups"]["g_jc"]["owner"] == "node-a"
    finally:
        nodes.run("node-a", "powershell", "Resume-ClusterNode -Name node-c")


def test_a_disk_is_seen_by_its_owner_alone(nodes: Nodes) -> None:
    where = {name: computer.machine.drives.ready("S") for name, computer in nodes.computers.items()}
    assert where == {"node-a": True, "node-b": False, "node-c": False}


def test_a_stopped_cluster_service_answers_nothing(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path)
    nodes.run("node-b", "powershell", "Stop-Service -Name ClusSvc")
    assert nodes.run("node-b", "powershell", "$ErrorActionPreference = 'Stop'\nGet-ClusterNode")[2] == 1
    assert nodes.told()["node_states"] == {"node-a": "Up", "node-b": "Down"}
    nodes.run("node-b", "powershell", "Start-Service -Name ClusSvc")
    assert nodes.told()["node_states"]["node-b"] == "Up"


def test_a_site_whose_processes_die_is_started_again(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path)
    machine = nodes.computers["node-a"].machine
    for process in machine.processes.of_site("site1"):
        machine.processes.kill(process.id, tree=False)
    nodes.manager.watch()
    assert machine.processes.of_site("site1")


def test_a_site_that_does_not_start_here_goes_elsewhere(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path)
    (nodes.layout.node("node-a") / "faults" / "failing-site").touch()
    nodes.do("node-a", "offline", site="site1")
    with pytest.raises(ClusterError):
        nodes.manager.move("g_jc", "node-z")
    nodes.manager.online("JobCenter-site1")
    assert nodes.told()["groups"]["g_jc"]["owner"] == "node-b"
    assert nodes.told()["group_states"]["g_jc"] == "Online"


def test_a_site_does_not_start_on_a_database_of_another_version(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path, version="R12.8")
    (nodes.layout.shared / "S" / "jc" / "site1" / "format").write_text("12.7\r\n")
    nodes.do("node-a", "offline", site="site1")
    with pytest.raises(ClusterError):
        nodes.manager.online("JobCenter-site1")
    assert nodes.told()["group_states"]["g_jc"] == "Failed"
