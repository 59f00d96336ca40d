"""The driver against the simulated nodes that the demo and rehearsals use: what dies there really dies."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from app.domain.shell import sh
from app.nodes.errors import ConnectionCut, HostKeyChanged, Unreachable
from app.nodes.links import Links
from app.nodes.results import Ended, Unknown
from app.nodes.target import Credential, Target
from tests.nodes.support import Recorder, new_key
from tests.support.lab import Cluster, lab, lab_mode, new_lab

__all__ = ["lab", "lab_mode", "new_lab"]


def target_on(cluster: Cluster, node: str, key_of: str | None = None) -> Target:
    where = cluster.lab.node(node)
    key = (cluster.directory / "nodes" / (key_of or node) / "host_key.pub").read_text().strip()
    credential = Credential("key_file", str(cluster.lab.client_key))
    return Target(node, where.address, where.port, "root", key, credential)


@pytest.mark.parametrize("lab_mode", ["ns", "plain"])
async def test_a_simulated_node_is_driven_like_a_real_one(
    lab: Cluster, links: Links, recorder: Recorder
) -> None:
    target, key = target_on(lab, "node-a"), new_key()
    assert (await links.read(target, sh("uname -s"), timeout=10)).stdout == b"Linux\n"
    text = "dd if=/dev/zero bs=65536 count=100 2>/dev/null; echo done >&2; exit 4"
    end = await links.run(target, key, sh(text), offsets=(0, 0), sink=recorder.sink, attach_only=False)
    assert end == Ended(4, 6553600, 5, 0, 0)
    out, err = (hashlib.sha256(data).hexdigest() for data in (recorder.out, recorder.err))
    await links.remove(target, key, out, err)
    assert await links.state(target, key) == Unknown("removed")
    with pytest.raises(HostKeyChanged):
        await links.read(target_on(lab, "node-a", key_of="node-b"), sh("true"), timeout=10)


@pytest.mark.parametrize("lab_mode", ["ns", "plain"])
async def test_a_node_that_crashes_under_a_command_leaves_its_end_unknown(
    lab: Cluster, links: Links, recorder: Recorder
) -> None:
    target, key = target_on(lab, "node-b"), new_key()
    running = asyncio.create_task(
        links.run(
            target, key, sh("echo begun; sleep 600"), offsets=(0, 0), sink=recorder.sink, attach_only=False
        )
    )
    while not recorder.out:
        await asyncio.sleep(0.05)
    await asyncio.to_thread(lab.fault, "crash", "node-b")
    with pytest.raises(ConnectionCut):
        await running
    with pytest.raises(Unreachable):
        await links.state(target, key)
    await asyncio.to_thread(lab.fault, "boot", "node-b")
    again = await links.run(
        target,
        key,
        sh("echo begun; sleep 600"),
        offsets=recorder.offsets,
        sink=recorder.sink,
        attach_only=False,
    )
    assert again in (Unknown("other_boot"), Unknown("no_process"))
    assert recorder.out == b"begun\n"
    assert await links.cancel(target, key) == "dead"
