"""Every fault does what it says, and `clear` ends it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import asyncssh
import pytest

from app.lab import LabError
from app.lab.faults import KINDS
from tests.support.lab import Cluster

BOTH = pytest.mark.parametrize("lab_mode", ["ns", "plain"])


async def quick(lab: Cluster, timeout: float = 1.0) -> str:
    """Connect and run something: its output, or what happened instead."""
    try:
        async with asyncio.timeout(timeout), lab.connect("node-a") as connection:
            return str((await connection.run("echo here")).stdout)
    except TimeoutError:
        return "nothing"
    except OSError as error:
        return type(error).__name__


async def until_last_line(process: asyncssh.SSHClientProcess[str]) -> None:
    """Read lines until "6" comes."""
    while await process.stdout.readline() != "6\n":
        pass


async def test_a_cut_wire_is_silent_and_loses_nothing(lab: Cluster) -> None:
    async with lab.connect("node-a") as connection:
        async with connection.create_process("for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done") as process:
            assert await process.stdout.readline() == "1\n"
            await asyncio.to_thread(lab.fault, "cut", "node-a")
            assert await quick(lab) == "nothing"
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(until_last_line(process), 1)
            assert "cut" in (await asyncio.to_thread(lab.status)).nodes[0].faults
            await asyncio.to_thread(lab.fault, "heal", "node-a")
            rest = await process.stdout.read()
        assert str(rest).split()[-1:] == ["6"]
    assert await quick(lab, 5) == "here\n"


async def test_reset_ends_every_connection_and_lets_new_ones_in(lab: Cluster) -> None:
    async with lab.connect("node-a") as connection:
        running = asyncio.create_task(connection.run("sleep 10"))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(lab.fault, "reset", "node-a")
        async with asyncio.timeout(2):
            await asyncio.wait([running])
            await connection.wait_closed()
        assert running.exception() is not None or running.result().exit_status is None
    assert await quick(lab) == "here\n"


async def test_a_black_hole_heals_by_itself(lab: Cluster) -> None:
    async with lab.connect("node-a") as connection:
        await asyncio.to_thread(lab.fault, "blackhole", "node-a", seconds=1)
        begun = time.monotonic()
        assert (await connection.run("echo here")).stdout == "here\n"
        assert time.monotonic() - begun > 0.7


@BOTH
def test_a_crash_ends_every_process_and_keeps_the_files(lab: Cluster) -> None:
    lab.ssh("node-b", "echo kept > ~/note; setsid sleep 1000 >/dev/null 2>&1 </dev/null &")
    lab.fault("crash", "node-b")
    with pytest.raises(ConnectionRefusedError):
        lab.ssh("node-b", "true")
    lab.fault("boot", "node-b")
    assert lab.ssh("node-b", "cat ~/note").out == "kept\n"
    commands = [command for _, _, command in lab.processes("node-b")]
    assert not any("sleep 1000" in command for command in commands)
    assert any("nqsdaemon" in command for command in commands)  # the local site comes up with the node


async def test_a_silent_crash_freezes_connections(lab: Cluster) -> None:
    async with lab.connect("node-a", keepalive_interval=0) as connection:
        await asyncio.to_thread(lab.fault, "crash", "node-a", silent=1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await connection.run("true")
        assert await quick(lab, 0.5) == "nothing"
        connection.abort()
    await asyncio.to_thread(lab.fault, "boot", "node-a")
    assert await quick(lab, 3) == "here\n"


@BOTH
def test_faults_of_the_node_itself(lab: Cluster) -> None:
    node = lab.lab.node("node-b")
    stop = f"{node.nqs}/nqsstop >&2"
    lab.fault("failing-patch", "node-b")
    ran = lab.ssh("node-b", f"{stop}; rpm -ivh {node.patch}")
    assert (ran.status, lab.ssh("node-b", "rpm -q NECJCpt").status) == (1, 1)
    lab.fault("clear", "node-b")

    lab.fault("stale-patch", "node-b")
    before = lab.ssh("node-b", f"cat {node.nqs}/* | sha256sum").out
    ran = lab.ssh("node-b", f"rpm -ivh {node.patch}")
    assert (ran.status, ran.err) == (0, "")
    assert lab.ssh("node-b", "rpm -q NECJCpt").status == 0
    assert lab.ssh("node-b", f"cat {node.nqs}/* | sha256sum").out == before
    lab.fault("clear", "node-b")

    lab.fault("full-disk", "node-b")
    ran = lab.ssh("node-b", "df -Pk ~ | tail -1; echo lost > ~/note; echo status $?; cat ~/note")
    assert ran.out.split()[3:5] == ["0", "100%"]
    assert "status 0" not in ran.out.replace("status $?", "")
    assert "lost" not in ran.out
    lab.fault("clear", "node-b")
    assert lab.ssh("node-b", "echo kept > ~/note; cat ~/note").out == "kept\n"


def test_a_slow_node_starts_commands_late(lab: Cluster) -> None:
    lab.fault("slow", "node-a", ms=700)
    begun = time.monotonic()
    assert lab.ssh("node-a", "echo here").out == "here\n"
    assert time.monotonic() - begun > 0.7


def test_wrong_output_is_garbage_with_exit_status_0(lab: Cluster) -> None:
    lab.fault("wrong-output", "node-a", what="crm_mon")
    ran = lab.ssh("node-a", "crm_mon --output-as=xml -1")
    assert ran.status == 0
    assert "</pacemaker-result>" not in ran.out
    assert "</pacemaker-result>" in lab.ssh("node-b", "crm_mon --output-as=xml -1").out
    lab.fault("wrong-output", "node-a", what="rpm")
    assert "NECJCpkg" not in lab.ssh("node-a", "rpm -qa | cat -v").out
    lab.fault("clear", "node-a")
    assert lab.ssh("node-a", "rpm -qa").out == "NECJCpkg-16.3-1.x86_64\n"


@pytest.mark.parametrize(
    ("kind", "node", "values"),
    [
        ("explode", "node-a", {}),
        ("cut", "node-x", {}),
        ("slow", "node-a", {"ms": "long"}),
        ("cut", "node-a", {"ms": 1}),
    ],
)
def test_unknown_faults_are_refused(
    shared_lab: Cluster, kind: str, node: str, values: dict[str, object]
) -> None:
    with pytest.raises(LabError) as refused:
        shared_lab.fault(kind, node, **values)
    assert refused.value.ja


def test_every_fault_is_explained_in_both_languages() -> None:
    assert all(kind.en and kind.ja for kind in KINDS.values())


def test_nodes_do_not_see_each_others_processes(new_lab: Callable[..., Cluster]) -> None:
    lab = new_lab(mode="plain")
    for command in ("ps -ef", "ps aux", "ps -e -o pid,args", "ps -A -o args=", "ps -C nqsdaemon -o args"):
        out = lab.ssh("node-b", command).out
        assert "/node-b/disk/usr/lib/nqs/nqsdaemon" in out, command
        assert "/node-a/" not in out, command
    assert lab.ssh("node-b", "ps -p 1 -o args=").out == ""
    assert lab.ssh("node-b", "hostname; uname -n; id -un").out == "node-b\nnode-b\nroot\n"
