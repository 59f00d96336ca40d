"""A node's SSH behaves as OpenSSH does where a client can tell."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import time
from pathlib import Path

import asyncssh
import pytest

from tests.support.lab import Cluster

BOTH = pytest.mark.parametrize("lab_mode", ["ns", "plain"])
BIG = 50 * 1024 * 1024
MAKE = f"head -c {BIG} /dev/zero | tr '\\0' 'x'"


@BOTH
async def test_fifty_megabytes_arrive_whole(lab: Cluster) -> None:
    async with lab.connect("node-a") as connection:
        ran = await connection.run(f"{MAKE}; printf end >&2; exit 7", encoding=None)
    assert ran.exit_status == 7
    assert hashlib.sha256(ran.stdout or b"").digest() == hashlib.sha256(b"x" * BIG).digest()  # type: ignore[arg-type]
    assert ran.stderr == b"end"


async def test_what_is_sent_arrives_whole_and_ends(shared_lab: Cluster) -> None:
    data = os.urandom(3_000_000)
    async with shared_lab.connect("node-a") as connection:
        ran = await connection.run("sha256sum", input=data, encoding=None)
    assert ran.stdout == f"{hashlib.sha256(data).hexdigest()}  -\n".encode()


async def test_a_signal_is_reported_as_one(shared_lab: Cluster) -> None:
    async with shared_lab.connect("node-a") as connection:
        ran = await connection.run("kill -TERM $$")
    assert ran.exit_status == -1
    assert ran.exit_signal
    assert ran.exit_signal[0] == "TERM"


async def test_a_command_that_detached_survives_its_connection(shared_lab: Cluster, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with shared_lab.connect("node-a") as connection:
        await connection.create_process(
            f"setsid sh -c 'sleep 1; echo alive > {mark}' </dev/null >/dev/null 2>&1 & sleep 30"
        )
        await asyncio.sleep(0.2)
        connection.abort()
    await asyncio.sleep(1.3)
    assert mark.read_text() == "alive\n"


async def test_a_dead_connection_closes_the_pipes_but_kills_nothing(
    shared_lab: Cluster, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    async with shared_lab.connect("node-a") as connection:
        await connection.create_process(
            f"cat >/dev/null; sleep 0.2; echo read to the end > {mark}; echo; echo lost > {mark}"
        )
        await asyncio.sleep(0.2)
        connection.abort()
    await asyncio.sleep(0.8)
    assert mark.read_text() in (
        "read to the end\n",
        "lost\n",
    )  # `echo` into a closed pipe may or may not end a shell


async def test_the_eleventh_session_is_refused(shared_lab: Cluster) -> None:
    async with shared_lab.connect("node-a") as connection:
        open_ = [await connection.create_process("sleep 5") for _ in range(10)]
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.run("true")
        open_[0].stdin.write_eof()
        for process in open_:
            process.close()


async def test_a_stranger_is_not_let_in(shared_lab: Cluster) -> None:
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    options = {**shared_lab.client_options("node-a"), "client_keys": [stranger]}
    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect("127.0.0.1", shared_lab.lab.node("node-a").port, **options)


async def test_the_environment_of_the_client_stays_outside(shared_lab: Cluster) -> None:
    async with shared_lab.connect("node-a") as connection:
        ran = await connection.run("echo [$NQS_SITE] $LC_ALL", env={"NQS_SITE": "site1", "LC_ALL": "C"})
    assert ran.stdout == "[] C\n"


async def test_a_terminal_is_a_terminal(shared_lab: Cluster) -> None:
    async with shared_lab.connect("node-a") as connection:
        ran = await connection.run("tty; stty size; exit 3", term_type="xterm", term_size=(100, 40))
    lines = str(ran.stdout).split()
    assert lines[0].startswith("/dev/")
    assert lines[1:3] == ["40", "100"]
    assert ran.exit_status == 3


async def test_an_orphan_of_a_node_leaves_no_zombie(shared_lab: Cluster) -> None:
    async with shared_lab.connect("node-a") as connection:
        await connection.run("setsid sh -c 'sleep 0.1 & exit 0' >/dev/null 2>&1 </dev/null; sleep 0.4")
        ran = await connection.run("ps -e -o stat,args")
    assert not [line for line in str(ran.stdout).splitlines() if line.startswith("Z")]


def test_a_killed_server_is_a_crashed_node(lab: Cluster) -> None:
    folder = lab.directory / "nodes" / "node-b"
    pids = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit()
        and str(folder.parent.parent).encode() in _command(entry)
        and b"node-b" in _command(entry)
    ]
    os.kill(min(pids), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while lab.status().nodes[1].state != "crashed":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with pytest.raises(ConnectionError):
        lab.ssh("node-b", "true")


def _command(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""
