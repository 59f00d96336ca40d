"""Many Windows nodes at once, what a command on one costs beside a bare pipeline of pypsrp, and how fast output comes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from pathlib import Path
from time import perf_counter

import pytest
from pypsrp.powershell import PowerShell, RunspacePool

from app.domain.procedure import CommandText
from app.nodes import Links, Target
from app.nodes.psrp import connection
from app.nodes.results import Ended
from tests.bench.figures import MEGABYTE, show, show_rate
from tests.bench.windows_nodes import started, windows_nodes
from tests.nodes.support import Recorder

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]
LINES = 30
STEPS, ROUNDS = 20, 3
BLOCKS, BLOCK_LINES = 100, 1000


@pytest.mark.parametrize(("kind", "nodes"), [("words", 100), ("whole", 20)])
async def test_many_windows_nodes_at_once(tmp_path: Path, kind: str, nodes: int) -> None:
    async with windows_nodes(tmp_path, nodes, kind) as targets:
        console = await started("tests.bench.following", str(LINES))
        told = [[t.name, t.port, t.user, t.host_key, t.credential.ref] for t in targets]
        said, _ = await console.communicate(json.dumps(told).encode() + b"\n")
        assert console.returncode == 0
    found = json.loads(said)
    assert len(found["delays"]) + len(found["opening"]) == nodes * LINES
    before, most = found["before"] / MEGABYTE, found["most"] / MEGABYTE
    print(f"  memory of the process: {before:.1f} MB after one node, {most:.1f} MB at most with {nodes}")
    print(f"  all {nodes} commands claimed after {found['open']:.1f} s; processor {found['cpu']:.1f} s")
    if found["opening"]:
        show("while they were started, a line a second: written → handed on", found["opening"])
    show("all of them followed, a line a second: written → handed on", found["delays"])


async def run(links: Links, target: Target, text: str, recorder: Recorder) -> None:
    """A command under the guard, its output verified and cleared away: what a step does on the node."""
    key = secrets.token_hex(16)
    ended = await links.run(
        target, key, CommandText(shell="powershell", text=text), offsets=(0, 0), sink=recorder.sink, attach_only=False
    )  # fmt: skip
    assert isinstance(ended, Ended)
    assert ended.exit_status == 0
    digests = await links.digest(target, key)
    assert digests[0] == hashlib.sha256(recorder.out).hexdigest()
    await links.remove(target, key, *digests[:2])


def bare(target: Target, text: str, rounds: int) -> list[float]:
    """The same text as pipelines of pypsrp in one open pool: seconds each."""
    took, wsman = list[float](), connection(target, 10.0)
    with wsman, RunspacePool(wsman) as pool:
        for _ in range(rounds + 1):
            began = perf_counter()
            with PowerShell(pool) as pipeline:
                pipeline.add_script(text)
                pipeline.invoke()
                assert not pipeline.had_errors
            took.append(perf_counter() - began)
    return took[1:]


async def test_a_command_on_a_windows_node_beside_a_bare_pipeline(tmp_path: Path) -> None:
    text, took = "Write-Output up", list[float]()
    async with windows_nodes(tmp_path, 1) as [target], Links() as links:
        await run(links, target, text, Recorder())
        for _ in range(STEPS):
            began = perf_counter()
            await run(links, target, text, Recorder())
            took.append(perf_counter() - began)
        alone = await asyncio.to_thread(bare, target, text, STEPS)
    show("bare pypsrp, open pool: `Write-Output up`", alone)
    show("started once, followed, verified, cleared: the same", took)


async def test_output_of_a_windows_node_comes_at(tmp_path: Path) -> None:
    line = "停止しました jobcenter-site1 node-a nqsdaemon: status=0 elapsed=0.125s queue=batch pid=4711 0123456789"
    text = f"$block = ('{line}' + \"`r`n\") * {BLOCK_LINES}\nforeach ($i in 1..{BLOCKS}) {{ Write-Output $block }}"
    took = list[float]()
    async with windows_nodes(tmp_path, 1) as [target], Links() as links:
        await run(links, target, "Write-Output up", Recorder())
        for _ in range(ROUNDS):
            recorder = Recorder()
            began = perf_counter()
            await run(links, target, text, recorder)
            took.append(perf_counter() - began)
            assert recorder.out.count(line.encode("cp932")) == BLOCKS * BLOCK_LINES
    show_rate("started, followed, verified, cleared", len(recorder.out), BLOCKS * BLOCK_LINES, took)
