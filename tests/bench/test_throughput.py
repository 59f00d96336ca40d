"""How fast a command's output gets from the node into the database, every byte verified, beside a bare session into a file."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import asyncssh
import pytest

from app.db import Bell
from tests.bench.figures import show_rate
from tests.bench.sessions import attempt_of, begin, ended, node_of
from tests.engine.rig import command
from tests.support.crew import Crew

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]
ROUNDS = 3
LINES = 700_000  # of a hundred bytes
MAKE = f"seq -f '%010.0f 停止しました jobcenter-site1 node-a nqsdaemon: status=0 elapsed=0.125s queue=batch pid=4711' {LINES}"


@asynccontextmanager
async def noted(bell: Bell, topic: str) -> AsyncIterator[list[float]]:
    """The instants at which a topic rang: after each commit."""
    rung: list[float] = []

    async def listen() -> None:
        cursor = bell.cursor
        while True:
            await bell.wait(cursor, 60)
            topics, cursor = bell.since(cursor)
            if topics is None or any(each.startswith(topic) for each in topics):
                rung.append(perf_counter())

    listening = asyncio.ensure_future(listen())
    await asyncio.sleep(0)
    yield rung
    listening.cancel()


async def bare(ssh: asyncssh.SSHClientConnection, file: Path) -> tuple[float, str]:
    """`cat` over SSH into a file: seconds, and the digest of what arrived."""
    began = perf_counter()
    assert (await ssh.run('cat "$HOME/bench-lines"', stdout=str(file), encoding=None)).exit_status == 0
    took = perf_counter() - began
    return took, hashlib.sha256(await asyncio.to_thread(file.read_bytes)).hexdigest()


async def test_output_reaches_the_database_at(tmp_path: Path) -> None:
    stored, whole, plain = [], [], []
    async with Crew.aboard(tmp_path) as crew, node_of(crew).connect("node-a") as ssh:
        assert (await ssh.run(f'{MAKE} >"$HOME/bench-lines"')).exit_status == 0
        for turn in range(ROUNDS):
            took, digest = await bare(ssh, tmp_path / "bare")
            plain.append(took)
            async with noted(crew.console.database.bell, "output:") as rung:
                session_id = await begin(crew, [command(f"cat-{turn}", 'cat "$HOME/bench-lines"')])
                await ended(crew, session_id)
            attempt = await attempt_of(crew, session_id)
            assert attempt is not None
            assert (await crew.stored(attempt.id))[0] == digest
            assert attempt.out_lines == LINES
            assert attempt.spool_removed_at is not None, "the node confirmed the digest"
            assert attempt.ended_at is not None
            assert attempt.begun_at is not None
            stored.append(rung[-1] - rung[0])
            whole.append((attempt.ended_at - attempt.begun_at) / 1e6)
        size = attempt.out_size
    show_rate("bare asyncssh session into a file", size, LINES, plain)
    show_rate("guard, console, database: first to last commit", size, LINES, stored)
    show_rate("the same, started and compared with the node's digest", size, LINES, whole)
