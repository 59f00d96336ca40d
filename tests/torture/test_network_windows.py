"""The network and WinRM fail under running commands of Windows nodes, in each of four ways: no command twice, no byte lost or
repeated; and a node that restarts under a command leaves it unknown.

As test_network.py, over PSRP. TEJUN_CUTS sets how often in each way (4).
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.actions.outputs import stored_digest
from app.db import Database
from app.domain.procedure import CommandText, Step
from app.lab import Lab, control
from app.models.audit import verify_chain
from app.nodes import Links
from tests.engine.rig import Rig, command
from tests.lab.windows.reached import accepted, running
from tests.support.databases import copied
from tests.torture.windows_witness import WindowsWitness

CUTS = int(os.environ.get("TEJUN_CUTS", "4"))
LANES, TICKS, LINES = 4, 20, 20
# writes on standard output and on standard error for about two seconds, and adds a byte to a file when it is started
TALK = rf"""$file = [IO.File]::Open('C:\starts.NAME', 'Append', 'Write', 'ReadWrite')
$file.Write([byte[]]@(120), 0, 1)
$file.Close()
$rest = '表示' * 40
foreach ($i in 1..{TICKS}) {{
  foreach ($j in 1..{LINES}) {{ Write-Output "$i $j $rest" }}
  [Console]::Error.WriteLine("err $i")
  Start-Sleep -Milliseconds 100
}}"""
VERBS = ("", "Create", "Command", "Receive")


@dataclass
class Lane:
    """One node with a session of its own: lanes run side by side, so that 25 black holes fit some minutes."""

    lab: Lab
    node: str
    rig: Rig
    name: str

    @property
    def number(self) -> int:
        """Which lane it is, so that lanes do not all do the same."""
        return [node.name for node in self.lab.nodes].index(self.node)

    async def fault(self, kind: str, **values: object) -> None:
        """See app.lab.fault."""
        await asyncio.to_thread(lambda: control.fault(Path(self.lab.directory), kind, self.node, **values))

    def starts(self, seq: int) -> str:
        """What the command of a step wrote into its file each time that it was started."""
        file = Path(self.lab.node(self.node).disk) / f"starts.{self.name}-{seq}"
        return file.read_text() if file.exists() else ""

    async def running(self, seq: int) -> bool:
        """Whether the command of a step is running on its node."""
        return self.starts(seq) != "" and (await self.rig.runs())[seq].state == "running"

    async def begun(self, seq: int) -> None:
        """Wait for the command of a step to be running."""
        async with asyncio.timeout(120):
            while not await self.running(seq):
                await asyncio.sleep(0.02)


def talk(name: str, seq: int) -> Step:
    """A step that talks."""
    text = TALK.replace("NAME", f"{name}-{seq}")
    return command(f"talk-{seq}", "", commands=(CommandText(shell="powershell", text=text),))


@asynccontextmanager
async def lane(folder: Path, template: Path, lab: Lab, node: str, steps: int) -> AsyncIterator[Lane]:
    """A lane with a session of so many talking commands."""
    folder.mkdir()
    database = Database(copied(template, folder / "rig.db"))
    async with Links() as links:
        rig = Rig(database, links, await accepted(lab, node))
        rig.limits = replace(rig.limits, keep_spool=True, reach_seconds=30)
        await rig.begin([talk(folder.name, seq) for seq in range(steps)])
        yield Lane(lab, node, rig, folder.name)
    await database.close()


async def reset(one: Lane, seq: int) -> None:
    """Every connection is torn at once."""
    await one.begun(seq)
    await asyncio.sleep(random.uniform(0.0, 1.0))
    assert await one.running(seq), "the fault must fall into the command"
    await one.fault("reset")


async def black_hole(one: Lane, seq: int) -> None:
    """Nothing passes for ten seconds, and nobody is told."""
    await one.begun(seq)
    await asyncio.sleep(random.uniform(0.0, 1.0))
    assert await one.running(seq), "the fault must fall into the command"
    await one.fault("blackhole", seconds=10)
    await asyncio.sleep(10)


async def lost_reply(one: Lane, seq: int) -> None:
    """Something is carried out, and its answer lost: the start itself, or what comes after it."""
    verb = VERBS[(seq + one.number) % len(VERBS)]
    if verb in ("", "Receive"):
        await one.begun(seq)
    await one.fault("lost-reply", count=1, verb=verb)
    await one.begun(seq)


async def stale_400(one: Lane, seq: int) -> None:
    """The next requests are answered 400 with nothing, as after an idle connection."""
    if (seq + one.number) % 2:
        await one.begun(seq)
    await one.fault("stale-400", count=1 + seq % 3)
    await one.begun(seq)


Fault = Callable[[Lane, int], Awaitable[None]]


async def hurt(one: Lane, fault: Fault, cuts: int) -> None:
    """One fault during each of the lane's commands."""
    for seq in range(cuts):
        while (await one.rig.runs())[seq].state not in ("running", "succeeded"):
            await asyncio.sleep(0.02)
        await fault(one, seq)


async def exact(one: Lane, cuts: int) -> list[str]:
    """Each command began once, and what is stored is what its spool holds, byte for byte. The keys."""
    assert [run.state for run in await one.rig.runs()] == ["succeeded"] * cuts
    witness, keys = WindowsWitness(one.lab), list[str]()
    for seq in range(cuts):
        [attempt] = await one.rig.attempts(seq)
        keys.append(attempt.key)
        assert one.starts(seq) == "x"
        assert witness.claims(one.node, attempt.key) == 1
        async with one.rig.database.reading() as db:
            out, err = [await stored_digest(db, attempt.id, stream) for stream in ("out", "err")]
        assert (out[1], err[1]) == witness.spool(one.node, attempt.key)
        assert (attempt.out_lines, attempt.err_lines) == (TICKS * LINES, TICKS)
    async with one.rig.database.reading() as db:
        assert await verify_chain(db, []) == []
    return keys


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A node for each lane; all faults are put right again by themselves."""
    names = control.node_names(LANES)
    with running(tmp_path_factory.mktemp("torture") / "lab", "wsfc", nodes=names) as up:
        WindowsWitness(up).install()
        yield up


@pytest.mark.torture
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("fault", [reset, black_hole, lost_reply, stale_400])
async def test_commands_on_windows_nodes_survive(
    tmp_path: Path, sqlite_url: str, lab: Lab, fault: Fault
) -> None:
    each, template = -(-CUTS // LANES), Path(sqlite_url.partition("///")[2])

    async def one_lane(node: str) -> list[str]:
        folder = tmp_path / f"{fault.__name__}-{node}"
        async with lane(folder, template, lab, node, each) as one:
            async with asyncio.timeout(1200), asyncio.TaskGroup() as group:
                group.create_task(hurt(one, fault, each))
                group.create_task(one.rig.run_out())
            return await exact(one, each)

    lanes = await asyncio.gather(*(one_lane(node.name) for node in lab.nodes))
    keys = [key for one in lanes for key in one]
    begun = WindowsWitness(lab).begun()
    assert Counter({key: begun[key] for key in keys}) == Counter(keys)
    print(f"\n{fault.__name__}: {len(keys)} times during a command, nothing lost")
    assert len(keys) >= CUTS


@pytest.mark.torture
@pytest.mark.timeout(300)
async def test_a_command_under_which_its_windows_node_restarts_is_unknown(
    tmp_path: Path, sqlite_url: str, lab: Lab
) -> None:
    template = Path(sqlite_url.partition("///")[2])
    async with lane(tmp_path / "reboot", template, lab, "node-b", 2) as one:
        running = asyncio.ensure_future(one.rig.run_out())
        await one.begun(0)
        await one.fault("reboot")
        assert await asyncio.wait_for(running, 120) == "waiting"
        assert [run.state for run in await one.rig.runs()] == ["unknown", "pending"]
        [attempt] = await one.rig.attempts(0)
        assert attempt.state == "unknown"
        assert attempt.problem in (
            "other_boot",
            "no_process",
        )  # two starts within 20 seconds are not told apart
        assert (one.starts(0), one.starts(1)) == ("x", "")
