"""The bell: nobody misses a ring, whoever is too slow is told so, and it rings after a commit alone."""

from __future__ import annotations

import asyncio

import pytest

from app.db import Bell, note_bell
from tests.support.world import World


def test_a_listener_hears_what_was_rung_since_its_cursor_once() -> None:
    bell = Bell()
    cursor = bell.cursor
    bell.ring(["a", "b", "a"])
    heard, cursor = bell.since(cursor)
    assert heard == ["a", "b"]
    assert bell.since(cursor) == ([], cursor)
    bell.ring(["c"])
    assert bell.since(cursor)[0] == ["c"]


def test_a_listener_that_is_too_slow_is_told_so() -> None:
    bell = Bell(keep=3)
    first = bell.cursor
    bell.ring(["a", "b"])
    second = bell.cursor
    bell.ring(["c", "d"])
    assert bell.since(first) == (None, 4)
    assert bell.since(second) == (["c", "d"], 4)


async def test_waiting_ends_with_a_ring_or_with_its_time() -> None:
    bell = Bell()
    assert not await bell.wait(bell.cursor, 0.01)
    waiting = [asyncio.create_task(bell.wait(0, 5)) for _ in range(3)]
    await asyncio.sleep(0)
    bell.ring([])
    await asyncio.sleep(0)
    assert not any(each.done() for each in waiting)
    bell.ring(["a"])
    assert await asyncio.wait_for(asyncio.gather(*waiting), 1) == [True, True, True]
    assert await bell.wait(0, 0)  # what was rung before is not missed


async def test_the_bell_rings_after_the_commit_and_once_a_topic(world: World) -> None:
    bell = world.database.bell
    cursor = bell.cursor
    async with world.act() as act:
        note_bell(act.db, "a", "b")
        note_bell(act.db, "a")
        assert bell.cursor == cursor
    assert bell.since(cursor)[0] == ["a", "b"]
    assert bell.cursor == cursor + 2


async def test_the_bell_does_not_ring_for_what_was_rolled_back(world: World) -> None:
    cursor = world.database.bell.cursor

    async def breaks() -> None:
        async with world.act() as act:
            note_bell(act.db, "a")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        await breaks()
    assert world.database.bell.cursor == cursor


async def test_whoever_hears_the_bell_reads_what_was_committed(world: World) -> None:
    bell = world.database.bell

    async def reads() -> int:
        await bell.wait(bell.cursor, 5)
        return len(await world.events())

    before = len(await world.events())
    reading = asyncio.create_task(reads())
    await asyncio.sleep(0)
    await world.add_cluster()
    assert await reading > before
