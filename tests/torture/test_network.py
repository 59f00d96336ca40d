"""The network dies under running commands, 20 times in each way: no command twice, no byte lost or repeated.

TEJUN_CUTS sets how often (20).
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.actions.outputs import stored_digest
from app.db import Database
from app.models.audit import verify_chain
from app.nodes import Links
from tests.engine.rig import Rig, command
from tests.nodes.server import Node, Proxy
from tests.nodes.support import MARKER, kill_marked, target_of
from tests.support.databases import copied

CUTS = int(os.environ.get("TEJUN_CUTS", "20"))
LANES = 4
# writes on standard output and on standard error for about three seconds, and says once that it was started
TALK = """echo x >> starts.{n}
i=0
while [ $i -lt 30 ]; do
  i=$((i+1))
  seq 1 2000
  echo "err $i" >&2
  sleep 0.1
done"""


@dataclass
class Lane:
    """One node behind one proxy, with a session of its own: lanes run side by side, so that 20 black holes fit a minute."""

    rig: Rig
    node: Node
    proxy: Proxy
    cuts: int = 0

    async def running(self, seq: int) -> bool:
        """Whether the command of a step is running on its node."""
        return (self.node.home / f"starts.{seq}").exists() and (await self.rig.runs())[seq].state == "running"


@asynccontextmanager
async def lane(folder: Path, template: Path, steps: int) -> AsyncIterator[Lane]:
    """A lane with a session of so many talking commands."""
    (folder / "home").mkdir(parents=True)
    node = Node(folder / "home", env={MARKER: folder.name})
    await node.start()
    proxy = Proxy(node.port)
    await proxy.start()
    database = Database(copied(template, folder / "rig.db"))
    async with Links() as links:
        rig = Rig(database, links, replace(target_of(node), port=proxy.port))
        rig.limits = replace(rig.limits, keep_spool=True)
        await rig.begin([command(f"talk-{n}", TALK.format(n=n)) for n in range(steps)])
        yield Lane(rig, node, proxy)
    await database.close()
    await proxy.stop()
    await node.stop()
    kill_marked(folder.name)


async def reset(one: Lane) -> None:
    """Every connection is torn at once."""
    one.proxy.reset()


async def black_hole(one: Lane) -> None:
    """Nothing passes for ten seconds, and nobody is told."""
    one.proxy.hole = True
    await asyncio.sleep(10)
    one.proxy.hole = False


async def hurt(one: Lane, fault: Callable[[Lane], Awaitable[None]], cuts: int, rng: random.Random) -> None:
    """One fault during each of the lane's commands."""
    for seq in range(cuts):
        while not await one.running(seq):
            await asyncio.sleep(0.02)
        await asyncio.sleep(rng.uniform(0.0, 2.0))
        assert await one.running(seq), "the fault must fall into the command"
        await fault(one)
        one.cuts += 1


async def exact(one: Lane, cuts: int) -> None:
    """Each command began once, and what is stored is what its spool holds, byte for byte."""
    assert [run.state for run in await one.rig.runs()] == ["succeeded"] * cuts
    for seq in range(cuts):
        [attempt] = await one.rig.attempts(seq)
        assert (one.node.home / f"starts.{seq}").read_text() == "x\n"
        spool = await one.rig.links.digest(one.rig.target, attempt.key)
        async with one.rig.database.reading() as db:
            out = await stored_digest(db, attempt.id, "out")
            err = await stored_digest(db, attempt.id, "err")
        assert (out[1], err[1], (out[0], err[0])) == spool
        assert (attempt.out_lines, attempt.err_lines) == (30 * 2000, 30)
    async with one.rig.database.reading() as db:
        assert await verify_chain(db, []) == []


@pytest.mark.torture
@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", [reset, black_hole])
async def test_commands_survive_the_network(
    tmp_path: Path, sqlite_url: str, fault: Callable[[Lane], Awaitable[None]]
) -> None:
    rng, each = random.Random(), -(-CUTS // LANES)
    template = Path(sqlite_url.partition("///")[2])

    async def one_lane(number: int) -> int:
        async with lane(tmp_path / f"lane{number}", template, each) as one:
            async with asyncio.timeout(600), asyncio.TaskGroup() as group:
                group.create_task(hurt(one, fault, each, rng))
                group.create_task(one.rig.run_out())
            await exact(one, each)
            return one.cuts

    done = sum(await asyncio.gather(*(one_lane(n) for n in range(LANES))))
    print(f"\n{fault.__name__}: {done} times during a command, nothing lost")
    assert done >= CUTS
