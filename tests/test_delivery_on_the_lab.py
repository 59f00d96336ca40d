"""Packages delivered to the simulated cluster by a console that is killed in the middle; the plan's own check accepts them."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest

from app.actions.deliveries import deliver_session
from app.actions.packages import add_package, choose_package
from app.actions.plans import Wish
from app.actions.sessions import approve_session, create_session, submit_session
from app.domain.checks import judge, read
from app.domain.schedule import local
from app.main import clock
from app.models import ClusterRecord, Delivery, MaintenanceSession
from app.models.audit import events, verify_chain
from app.models.packages import deliveries_of
from app.models.sessions import pending_approvals
from app.nodes import Credential, Links
from app.targets import Targets
from tests.support.crew import HOUR, Crew
from tests.torture.victim import Victim

LARGE = random.Random(11).randbytes(6 * 1024 * 1024 + 77)
LARGE_NAME, PATCH_NAME = "大きい 箱 & 1.rpm", "修正 'パッチ' & $1.rpm"


async def approved(crew: Crew, data: bytes, name: str) -> int:
    """A session for a package that is put into the store, approved hours ahead of its window."""
    with crew.console.packages.receive() as incoming:
        incoming.write(data)
        incoming.finish()
        async with crew.act("operator") as act:
            package, _ = await add_package(act, crew.console.packages, incoming, name)
    start, end = (
        local(clock() + hours * HOUR, "Asia/Tokyo").strftime("%Y-%m-%d %H:%M:%S") for hours in (5, 9)
    )
    async with crew.act("operator") as act:
        wish = Wish(operation="patch", target="R16.3.1", method="rolling")
        wish = await choose_package(act, await act.db.get_one(ClusterRecord, 1), wish, package.id)
        session = await create_session(act, 1, wish, "", start, end)
        await submit_session(act, session.id)
    async with crew.act("approver") as act:
        [approval] = await pending_approvals(act.db, session.id)
        await approve_session(act, session.id, approval.digest)
    return session.id


async def rows(crew: Crew, session_id: int) -> list[Delivery]:
    """The session's deliveries."""
    async with crew.console.database.reading() as db:
        return await deliveries_of(db, session_id)


async def delivered(crew: Crew, session_id: int) -> None:
    """Wait until every delivery is over: each must have succeeded."""
    async with asyncio.timeout(60):
        while any(row.ended_at is None for row in await rows(crew, session_id)):
            await asyncio.sleep(0.05)
    found = await rows(crew, session_id)
    assert [(row.node, row.state, row.problem) for row in found] == [
        ("node-a", "delivered", None),
        ("node-b", "delivered", None),
    ]


def on_nodes(crew: Crew, name: str) -> list[bytes]:
    """What lies under that name on each node."""
    return [(Path(node.patch_outside).parent / name).read_bytes() for node in crew.built.nodes]


async def accepted(crew: Crew, session_id: int) -> list[str]:
    """What the plan's own checks of the file say on every node."""
    async with crew.console.database.reading() as db:
        plan = (await db.get_one(MaintenanceSession, session_id)).plan
    key = Credential("key_file", str(crew.lab / "client_key"))
    targets = await Targets(crew.console.database, {"default": key}).of_cluster(1)
    verdicts = []
    async with Links() as links:
        for step in plan.steps:
            for check in step.checks:
                if check.probe == "patch_file" and step.node:
                    answer = await links.read(targets[step.node], check.commands[0], timeout=20)
                    facts = read(check, answer.stdout, answer.exit_status)
                    verdicts.append(f"{step.node} {judge(facts, check).result}")
    return sorted(set(verdicts))


@pytest.mark.timeout(150)
async def test_a_console_that_is_killed_while_it_delivers_goes_on_and_the_plans_check_accepts_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEJUN_PACKAGE_FLOOR_BYTES", "0")
    victim = Victim(tmp_path / "home")
    async with Crew.ashore(tmp_path) as crew:
        try:
            session_id = await approved(crew, LARGE, LARGE_NAME)
            async with crew.act("operator") as act:
                await deliver_session(act, session_id)
            await victim.start(die_at="delivering@4")
            assert await victim.died(60)
            assert "running" in {row.state for row in await rows(crew, session_id)}
            await victim.start()
            await delivered(crew, session_id)
            assert on_nodes(crew, LARGE_NAME) == [LARGE, LARGE]
            patch = Path(crew.built.nodes[0].patch_outside).read_bytes()
            session_id = await approved(crew, patch, PATCH_NAME)
            await from_the_command_line(tmp_path / "home", session_id)
            await delivered(crew, session_id)
            assert await accepted(crew, session_id) == ["node-a pass", "node-b pass"]
        finally:
            await victim.kill()
        async with crew.console.database.reading() as db:
            told = [event.action for event in await events(db, action="delivery")]
            assert sorted(told) == ["delivery.ended"] * 4 + ["delivery.queued"] * 4 + ["delivery.started"] * 4
            assert await verify_chain(db, []) == []


async def from_the_command_line(home: Path, session_id: int) -> None:
    """`tejun session deliver`, beside the console."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TEJUN_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", "session", "deliver", str(session_id),
        env={**environment, "TEJUN_HOME": str(home)}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert out.decode().count(PATCH_NAME) == 2
