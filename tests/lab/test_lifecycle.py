"""A lab starts, survives whoever started it, ends, and comes back as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from app.lab import LabError, down, reset, status, up
from app.procedures.clusterfile import load_cluster
from tests.support.lab import Cluster

BOTH = pytest.mark.parametrize("lab_mode", ["ns", "plain"])


@BOTH
def test_up_again_finds_the_same_lab(lab: Cluster) -> None:
    pid = lab.status().pid
    again = lab.make()
    assert again == lab.lab
    assert lab.status().pid == pid


@BOTH
def test_the_lab_survives_the_kill_of_whoever_started_it(tmp_path: Path, lab_mode: str) -> None:
    directory = tmp_path / "lab"
    code = (
        f"from pathlib import Path; from app.lab import up; up(Path({str(directory)!r}), mode={lab_mode!r})"
    )
    code += "; print('up', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "up\n"
        os.killpg(parent.pid, signal.SIGKILL)
        parent.wait()
    try:
        assert status(directory).running
        found = Cluster(up(directory), directory)
        assert found.ssh("node-a", "echo here").out == "here\n"
    finally:
        down(directory)
    assert not status(directory).running


@BOTH
def test_a_lab_comes_back_as_it_was(lab: Cluster) -> None:
    lab.ssh("node-b", 'echo kept > "$HOME/note"')
    lab.ssh("node-b", f"{lab.lab.node('node-b').nqs}/nqsstop")
    assert lab.ssh("node-b", f"rpm -ivh {lab.lab.node('node-b').patch}").status == 0
    assert (
        lab.ssh(
            "node-a", "pcs resource move g_jc node-b --wait=30 && pcs node standby node-a --wait=30"
        ).status
        == 0
    )
    before = lab.lab
    down(lab.directory)
    after = lab.make()
    assert after == before
    assert lab.ssh("node-b", 'cat "$HOME/note"; rpm -q NECJCpt').out == "kept\nNECJCpt-16.3.1-1.x86_64\n"
    assert lab.where() == ("Started", "node-b")
    assert [node.standby for node in lab.status().nodes] == [True, False]


def test_a_killed_keeper_takes_its_nodes_along_and_up_mends_it(new_lab: Callable[..., Cluster]) -> None:
    lab = new_lab(mode="plain")
    pid = lab.status().pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    while lab.status().running:
        time.sleep(0.02)
    lab.make()
    assert lab.where() == ("Started", "node-a")
    daemons = [command for _, _, command in lab.processes("node-a") if command.endswith("/nqsdaemon")]
    assert len(daemons) == 2  # the local site's and site1's: none is left from before


def test_reset_makes_everything_anew_but_keys_and_ports(lab: Cluster) -> None:
    lab.ssh(
        "node-b",
        f"{lab.lab.node('node-b').nqs}/nqsstop; rpm -ivh {lab.lab.node('node-b').patch}; touch ~/note",
    )
    again = reset(lab.directory)
    assert again.nodes == lab.lab.nodes
    assert lab.ssh("node-b", "rpm -q NECJCpt; ls ~/note").status != 0


def test_the_cluster_file_is_what_the_console_imports(lab: Cluster) -> None:
    cluster = load_cluster(lab.lab.cluster_file.read_bytes(), "cluster.yaml")
    assert [node.port for node in cluster.nodes] == [node.port for node in lab.lab.nodes]
    written = yaml.safe_load(lab.lab.cluster_file.read_text())
    assert written["sites"] == [
        {"name": "site1", "database": f"{lab.directory}/shared/site1", "group": "g_jc"}
    ]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"mode": "vm"}, "mode is auto"),
        ({"version": "16.3"}, "not a JobCenter version"),
        ({"nodes": ("node-a",)}, "two nodes or more"),
        ({"nodes": ("node-a", "node-a")}, "different names"),
        ({"ports": (2201,)}, "a port for each"),
        ({"local_site": "perhaps"}, "used or unused"),
    ],
)
def test_wrong_arguments_are_refused_in_both_languages(
    tmp_path: Path, options: dict[str, str], says: str
) -> None:
    with pytest.raises(LabError, match=says) as refused:
        up(tmp_path / "lab", **{"mode": "plain", **options})
    assert refused.value.ja
    assert not status(tmp_path / "lab").running


def test_a_port_that_is_taken_is_said(tmp_path: Path, lab: Cluster) -> None:
    taken = lab.lab.node("node-a").port
    with pytest.raises(LabError, match=str(taken)):
        up(tmp_path / "second", mode="plain", ports=(taken, taken + 1))


def test_a_long_folder_name_is_no_obstacle(tmp_path: Path) -> None:
    directory = tmp_path / ("d" * 100) / "lab with space"
    directory.parent.mkdir()
    found = Cluster(up(directory, mode="plain"), directory)
    try:
        assert found.ssh("node-a", "crm_mon -1 | grep jc_site && rpm -q NECJCpkg").status == 0
        assert found.where() == ("Started", "node-a")
    finally:
        down(directory)
