"""Packages copied to a real node by the engine: cut, restarted, refused; what the row says is what the node has."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.actions.deliveries import deliver_session
from app.actions.sessions import abort_session
from app.engine.deliver import PIECE, Deliveries
from app.models import Delivery, MaintenanceSession, Package
from app.models.audit import events, verify_chain
from app.models.packages import deliveries_of
from app.nodes import Links
from app.packagestore import PackageStore
from tests.engine.rig import Rig, by_hand
from tests.nodes.server import Node, Proxy

DATA = random.Random(5).randbytes(6 * PIECE + 321)
SHA256 = hashlib.sha256(DATA).hexdigest()
NAME = "修正 & パッチ.rpm"


@dataclass
class Bay:
    """A running session whose package is in the store, and engines that deliver it to the node's `inbox`."""

    rig: Rig
    store: PackageStore
    inbox: Path

    @property
    def part(self) -> Path:
        return self.inbox / f".tejun-{SHA256[:32]}.part"

    @asynccontextmanager
    async def engine(self, floor: int = 0) -> AsyncIterator[None]:
        """An engine's deliveries, ended as a stopping engine ends them."""
        links = Links(keepalive_interval=1.0, keepalive_count=2, connect_timeout=5.0)
        loop = asyncio.create_task(Deliveries(self.rig.machine, links, self.store, floor).run())
        try:
            yield
        finally:
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)

    async def ask(self) -> None:
        """What the button does."""
        async with self.rig.act() as act:
            await deliver_session(act, self.rig.session_id)

    async def row(self) -> Delivery:
        """The delivery as it is stored."""
        async with self.rig.database.reading() as db:
            [row] = await deliveries_of(db, self.rig.session_id)
        return row

    async def until(self, holds: Callable[[Delivery], bool]) -> Delivery:
        """The row once it is so."""
        async with asyncio.timeout(60):
            while not holds(row := await self.row()):
                await asyncio.sleep(0.02)
        return row

    async def ended(self) -> Delivery:
        """The row once it is over."""
        return await self.until(lambda row: row.ended_at is not None)


@pytest.fixture
async def bay(sqlite_rig: Rig, node: Node, tmp_path: Path) -> Bay:
    """Over SFTP, through the proxy."""
    await node.stop()
    node.sftp = True
    await node.start()
    rig, inbox, store = sqlite_rig, node.home / "in box", PackageStore(tmp_path / "packages", 2**30, 0)
    inbox.mkdir()
    with store.receive() as incoming:
        incoming.write(DATA)
        incoming.finish()
        store.keep(incoming)
    await rig.begin([by_hand("by-hand")])
    async with rig.database.transaction() as db:
        session = await db.get_one(MaintenanceSession, rig.session_id)
        session.patch_file, session.patch_sha256 = f"{inbox}/{NAME}", SHA256
        db.add(Package(name=NAME, sha256=SHA256, size=len(DATA), note="", added_at=1))
    return Bay(rig, store, inbox)


async def test_a_package_is_delivered_and_what_happened_is_in_the_chain(bay: Bay) -> None:
    await bay.ask()
    async with bay.engine():
        row = await bay.ended()
    assert (row.state, row.done, row.problem) == ("delivered", len(DATA), None)
    assert [path.name for path in bay.inbox.iterdir()] == [NAME]
    assert (bay.inbox / NAME).read_bytes() == DATA
    async with bay.rig.database.reading() as db:
        told = [event.action for event in await events(db, action="delivery")]
        assert told == ["delivery.ended", "delivery.started", "delivery.queued"]
        assert await verify_chain(db, []) == []
    await bay.ask()  # the file is there: seen to be the right one, nothing is sent
    async with bay.engine():
        assert (await bay.ended()).state == "delivered"


async def test_cut_again_and_again_it_goes_on_where_the_node_is(bay: Bay, proxy: Proxy) -> None:
    proxy.tear_after = 3_000_000
    await bay.ask()
    async with bay.engine():
        row = await bay.ended()
    assert (row.state, (bay.inbox / NAME).read_bytes() == DATA) == ("delivered", True)


async def test_an_engine_that_stops_in_the_middle_leaves_it_to_the_next_one(bay: Bay, proxy: Proxy) -> None:
    await bay.ask()
    async with bay.engine():
        while not bay.part.exists() or bay.part.stat().st_size < PIECE:
            await asyncio.sleep(0)
        proxy.hole = True
    assert (await bay.row()).state == "running"
    assert not (bay.inbox / NAME).exists()
    proxy.hole = False
    sent = proxy.passed
    async with bay.engine():
        assert (await bay.ended()).state == "delivered"
    assert (bay.inbox / NAME).read_bytes() == DATA
    assert proxy.passed - sent < len(DATA)  # not from the first byte


async def test_a_node_that_stays_silent_is_unreachable_and_asked_again_it_goes_on(
    bay: Bay, node: Node
) -> None:
    await node.stop()
    await bay.ask()
    async with bay.engine():
        assert (await bay.until(lambda row: row.problem is not None)).state == "running"
        row = await bay.ended()
        assert (row.state, row.problem) == ("unreachable", "unreachable")
        await node.start()
        await bay.ask()
        assert (await bay.ended()).state == "delivered"


async def refused(bay: Bay, **more: int) -> str | None:
    """Why it fails."""
    await bay.ask()
    async with bay.engine(**more):
        row = await bay.ended()
    assert row.state == "failed"
    return row.problem


async def test_what_stands_in_the_way_fails_it_with_what_to_do(bay: Bay) -> None:
    other = bay.inbox / NAME
    other.write_bytes(b"another")
    assert await refused(bay) == "delivery_other_file"
    assert other.read_bytes() == b"another"
    other.unlink()
    assert await refused(bay, floor=2**60) == "delivery_no_space"
    bay.part.symlink_to(other)
    assert await refused(bay) == "part_refused"
    bay.part.unlink()
    bay.inbox.rename(bay.inbox.with_name("moved"))
    assert await refused(bay) == "delivery_no_folder"


async def test_what_is_damaged_is_told_apart_from_what_was_damaged_under_way(bay: Bay) -> None:
    bay.part.write_bytes(
        bytes(PIECE)
    )  # no beginning of the package: seen at the end, and sent once more from the first byte
    await bay.ask()
    async with bay.engine():
        assert (await bay.ended()).state == "delivered"
    assert (bay.inbox / NAME).read_bytes() == DATA
    (bay.inbox / NAME).unlink()
    stored = bay.store.path(SHA256)
    stored.write_bytes(DATA[:-1] + b"?")
    assert await refused(bay) == "delivery_damaged"
    assert not list(bay.inbox.iterdir())
    stored.write_bytes(DATA[:PIECE])
    assert await refused(bay) == "delivery_package_gone"


async def test_a_session_that_ends_stops_its_delivery(bay: Bay, proxy: Proxy) -> None:
    await bay.ask()
    proxy.hole = True
    async with bay.engine():
        await bay.until(lambda row: row.state == "running")
        async with bay.rig.act() as act:
            await abort_session(act, bay.rig.session_id, "取りやめ")
        proxy.hole = False
        await asyncio.sleep(2.5)
    row = await bay.row()
    assert (row.state, row.problem) == ("failed", "delivery_withdrawn")
    assert not (bay.inbox / NAME).exists()
