"""The cluster manager: decisions as pure functions, and the traps of a real Pacemaker on running nodes."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.lab.pacemaker import crm_mon
from app.lab.pacemaker.decide import Step, next_step, place
from app.lab.pacemaker.state import INFINITY, Cluster, Constraint, Group, fresh, from_json, to_json
from tests.support.lab import Cluster as Running

BOTH = pytest.mark.parametrize("lab_mode", ["ns", "plain"])


def cluster(where: str | None = "a") -> tuple[Cluster, Group]:
    """Two nodes online, g_jc Started on `where`."""
    made = fresh("test", ["a", "b"], [("site1", "g_jc")])
    made.life = {"a": "online", "b": "online"}
    (group,) = made.groups
    for resource in group.resources:
        if where:
            resource.role, resource.node, group.last = "Started", where, where
    return made, group


def test_nothing_to_do_when_all_is_well() -> None:
    assert next_step(*cluster()) is None


def test_a_group_starts_in_order_and_stops_in_reverse() -> None:
    made, group = cluster(None)
    assert next_step(made, group) == Step("start", "jc_disk", "a")
    made, group = cluster()
    group.disabled = True
    assert next_step(made, group) == Step("stop", "jc_site", "a")


def test_a_group_stays_where_it_is_when_the_other_node_comes_back() -> None:
    made, group = cluster("b")
    assert place(made, group) == "b"


@pytest.mark.parametrize(("score", "target"), [(INFINITY, "b"), (-INFINITY, "a")])
def test_constraints_place_a_group(score: int, target: str) -> None:
    made, group = cluster()
    made.constraints = [Constraint("c", "g_jc", "b", score)]
    assert place(made, group) == target


def test_standby_moves_a_group_away_and_without_another_node_stops_it() -> None:
    made, group = cluster()
    made.standby = ["a"]
    assert place(made, group) == "b"
    made.life["b"] = "offline"
    assert place(made, group) is None
    assert next_step(made, group) == Step("stop", "jc_site", "a")


def test_an_unmanaged_member_holds_everything_in_place() -> None:
    made, group = cluster()
    made.standby = ["a"]
    group.resources[2].managed = False
    assert next_step(made, group) is None


def test_a_failed_site_is_stopped_before_it_is_started_again() -> None:
    made, group = cluster()
    group.resources[2].failed = True
    assert next_step(made, group) == Step("stop", "jc_site", "a")


def test_a_start_that_failed_keeps_the_group_away_until_cleanup() -> None:
    made, group = cluster(None)
    made.fail_counts = {"jc_site@a": INFINITY}
    assert place(made, group) == "b"
    made.clean_up(group.resources)
    assert place(made, group) == "a"


def test_settings_survive_a_power_failure_and_resources_do_not() -> None:
    made, group = cluster("b")
    made.standby, group.resources[0].managed, made.fail_counts = ["a"], False, {"jc_site@b": 3}
    again = from_json(to_json(made))
    assert (again.standby, again.groups[0].last, again.fail_counts) == (["a"], "b", {})
    assert [(one.role, one.managed) for one in again.resources()] == [
        ("Stopped", False),
        ("Stopped", True),
        ("Stopped", True),
    ]


def test_xml_says_what_the_probe_reads() -> None:
    made, group = cluster()
    made.standby, group.resources[2].managed, group.resources[2].role = ["b"], False, "Starting"
    root = ElementTree.fromstring(crm_mon.xml(made, "crm_mon"))
    assert root.tag == "pacemaker-result"
    assert root.find("summary/cluster_options").attrib["maintenance-mode"] == "false"  # type: ignore[union-attr]
    assert [
        (node.get("name"), node.get("online"), node.get("standby")) for node in root.findall("nodes/node")
    ] == [
        ("a", "true", "false"),
        ("b", "true", "true"),
    ]
    site = root.findall("resources/group/resource")[2]
    assert (site.get("role"), site.get("active"), site.get("managed")) == ("Starting", "true", "false")
    assert site.find("node").attrib["name"] == "a"  # type: ignore[union-attr]
    assert root.find("status").attrib == {"code": "0", "message": "OK"}  # type: ignore[union-attr]


@BOTH
def test_a_group_moves_and_the_constraint_goes(lab: Running) -> None:
    ran = lab.ssh("node-a", "pcs resource move g_jc node-b --wait=60")
    assert ran.status == 0
    assert ran.err.splitlines()[-1] == "Resource 'g_jc' is running on node 'node-b'"
    assert "Node:" not in lab.ssh("node-a", "pcs constraint").out
    assert any("cjcpw site1" in command for _, _, command in lab.processes("node-b"))
    assert not any("cjcpw" in command for _, _, command in lab.processes("node-a"))
    assert lab.ssh("node-b", f"[ -d {lab.directory}/shared/site1/nqs/private/root/control ]").status == 0


@BOTH
def test_standby_sends_the_group_away_and_refuses_it(lab: Running) -> None:
    assert lab.ssh("node-b", "pcs node standby node-b --wait=30").status == 0
    refused = lab.ssh("node-a", "pcs resource move g_jc node-b --wait=30")
    assert refused.status == 1
    assert "Unable to move resource 'g_jc'" in refused.err
    assert "Node node-b: standby" in lab.ssh("node-a", "crm_mon -1").out
    assert lab.ssh("node-b", "pcs node unstandby --wait=30 && pcs node standby node-a --wait=30").status == 0
    assert lab.where() == ("Started", "node-b")
    assert lab.ssh("node-b", "pcs node unstandby node-a --wait=30").status == 0
    assert lab.where() == ("Started", "node-b")  # no failback by itself


@BOTH
def test_unmanaged_goes_on_saying_started_after_the_site_was_stopped(lab: Running) -> None:
    nqs = lab.lab.node("node-a").nqs
    ran = lab.ssh(
        "node-a", f"pcs resource unmanage g_jc --monitor && {nqs}/cluster/cjcpw -stop site1 && sleep 1.2"
    )
    assert ran.status == 0
    assert not any("cjcpw" in command for _, _, command in lab.processes("node-a"))
    assert lab.where() == ("Started", "node-a")
    assert "Started node-a (unmanaged)" in lab.ssh("node-a", "crm_mon -1").out
    assert lab.ssh("node-a", "pcs resource manage g_jc --monitor && sleep 2").status == 0
    lab.idle()
    assert any("cjcpw site1" in command for _, _, command in lab.processes("node-a"))


def test_unmanaged_with_its_monitor_on_is_seen_stopped_and_is_left_alone(lab: Running) -> None:
    nqs = lab.lab.node("node-a").nqs
    assert (
        lab.ssh("node-a", f"pcs resource unmanage g_jc; {nqs}/cluster/cjcpw -stop site1; sleep 1.2").status
        == 0
    )
    assert lab.where() == ("Stopped", None)
    lab.ssh("node-a", "pcs resource manage g_jc; sleep 1")
    lab.idle()
    assert lab.where() == ("Started", "node-a")


def test_a_managed_site_that_dies_is_started_again_and_remembered(lab: Running) -> None:
    (pid,) = [pid for pid, _, command in lab.processes("node-a") if "cjcpw" in command]
    lab.ssh("node-a", f"kill -9 {pid}; sleep 2")
    lab.idle()
    assert lab.where() == ("Started", "node-a")
    assert "jc_site monitor on node-a returned" in lab.ssh("node-a", "crm_mon -1").out
    assert lab.ssh("node-a", "pcs resource cleanup g_jc; crm_mon -1 | grep -c Failed").out == "0\n"


@BOTH
def test_the_group_fails_over_when_its_node_dies_and_does_not_go_back(lab: Running) -> None:
    boot = lab.ssh("node-a", "cat /proc/sys/kernel/random/boot_id").out
    lab.fault("crash", "node-a")
    lab.idle()
    assert lab.where() == ("Started", "node-b")
    assert "OFFLINE: [ node-a ]" in lab.ssh("node-b", "crm_mon -1").out
    lab.fault("boot", "node-a")
    lab.idle()
    assert lab.where() == ("Started", "node-b")
    assert "Online: [ node-a node-b ]" in lab.ssh("node-a", "crm_mon -1").out
    if lab.lab.mode == "ns":
        assert lab.ssh("node-a", "cat /proc/sys/kernel/random/boot_id").out != boot


@pytest.mark.parametrize(
    ("command", "status", "says"),
    [
        ("pcs node standby node-x", 1, "Error: Node 'node-x' does not appear to exist in configuration"),
        ("pcs resource move g_x node-b", 1, "Error: bundle/clone/group/resource 'g_x' does not exist"),
        (
            "pcs resource move g_jc node-b --wait=soon",
            1,
            "Error: 'soon' is not a valid number of seconds to wait",
        ),
        ("pcs resource frobnicate", 1, "Error: this lab does not know"),
        ("crm_mon", 64, "one-shot"),
    ],
)
def test_mistakes_are_refused_in_pcs_words(shared_lab: Running, command: str, status: int, says: str) -> None:
    ran = shared_lab.ssh("node-a", command)
    assert ran.status == status
    assert says in ran.err


def test_a_wait_that_is_too_short_fails_and_leaves_the_constraint(lab: Running) -> None:
    script = Path(lab.lab.node("node-b").nqs_outside, "cluster/cjcpw")
    script.write_text(script.read_text().replace("unset NQS_SITE", "unset NQS_SITE; sleep 3"))
    ran = lab.ssh("node-a", "pcs resource move g_jc node-b --wait=1")
    assert ran.status == 1
    assert "Error: waiting timeout" in ran.err
    assert "cli-prefer-g_jc" in lab.ssh("node-a", "pcs constraint --full").out
    assert "Starting node-b" in lab.ssh("node-a", "crm_mon -1").out
    lab.idle()
    assert lab.ssh("node-a", "pcs resource clear g_jc --wait=10").status == 0
    assert lab.where() == ("Started", "node-b")


def test_disable_stops_the_group_and_enable_starts_it(lab: Running) -> None:
    ran = lab.ssh("node-a", "pcs resource disable g_jc --wait=30")
    assert (ran.status, ran.err.splitlines()[-1]) == (0, "resource 'g_jc' is not running on any node")
    assert lab.where() == ("Stopped", None)
    assert lab.ssh("node-a", "pcs resource enable g_jc --wait=30").status == 0
    assert lab.where() == ("Started", "node-a")
