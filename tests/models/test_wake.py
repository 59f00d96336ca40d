"""Another process' commits ring this one's bell within two seconds; its own have been rung already."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.actions.act import Act, record
from app.db import AsyncSession, Database
from app.models.wake import Wake


class Process:
    """One process of the console: a database handle with its own bell, and the loop that listens."""

    def __init__(self, url: str) -> None:
        self.database = Database(url, lambda seq, _: self.wake.own(seq))
        self.wake = Wake(self.database)

    async def write(self, subject: str, session_id: int | None = None) -> None:
        """One event in one transaction."""

        async def nothing(_db: AsyncSession, _session_id: int, _advance_no: int) -> None:
            return

        async with self.database.transaction() as db:
            await record(Act(db, 1, None, nothing), "test.recorded", subject, session_id=session_id)

    async def heard(self, cursor: int, last: str) -> list[str]:
        """Every topic rung after the cursor, repetitions included, until `last` is among them: two seconds at most."""
        bell, topics = self.database.bell, list[str]()
        async with asyncio.timeout(2):
            while last not in topics:
                await bell.wait(cursor, 2)
                found, after = bell.since(cursor)
                assert found is not None
                assert len(found) == after - cursor, "no topic was rung twice"
                topics, cursor = topics + found, after
        return topics


@pytest.fixture
async def processes(database_url: str) -> AsyncIterator[tuple[Process, Process]]:
    """One that listens, and another that does not."""
    here, other = Process(database_url), Process(database_url)
    listening = asyncio.create_task(here.wake.run())
    await asyncio.sleep(0.4)
    yield here, other
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await here.database.close()
    await other.database.close()


async def test_a_commit_of_another_process_rings_the_bell(processes: tuple[Process, Process]) -> None:
    here, other = processes
    cursor = here.database.bell.cursor
    await other.write("cluster:7", session_id=3)
    assert sorted(await here.heard(cursor, "session:3")) == ["audit", "cluster:7", "session:3"]


async def test_an_own_commit_rings_the_bell_once(processes: tuple[Process, Process]) -> None:
    here, other = processes
    cursor = here.database.bell.cursor
    await here.write("cluster:1")
    assert here.database.bell.since(cursor)[0] == ["cluster:1", "audit"]
    await asyncio.sleep(0.8)
    cursor += 2
    assert here.database.bell.cursor == cursor
    await other.write("cluster:2")
    assert sorted(await here.heard(cursor, "cluster:2")) == ["audit", "cluster:2"]


async def test_a_commit_of_another_process_is_heard_though_an_own_one_follows_at_once(
    processes: tuple[Process, Process],
) -> None:
    here, other = processes
    cursor = here.database.bell.cursor
    await other.write("cluster:8")
    await here.write("cluster:9")  # before the next look: its number is the higher one
    topics: list[str] = []
    async with asyncio.timeout(2):
        while "cluster:8" not in topics:
            await here.database.bell.wait(cursor, 2)
            found, cursor = here.database.bell.since(cursor)
            topics += found or []
    assert topics.count("cluster:9") == 1


async def test_many_commits_of_another_process_are_all_heard(processes: tuple[Process, Process]) -> None:
    here, other = processes
    cursor, topics = here.database.bell.cursor, set[str]()
    for number in range(40):
        await other.write(f"cluster:{number}")
    async with asyncio.timeout(2):
        while len(topics) < 41:
            await here.database.bell.wait(cursor, 2)
            found, cursor = here.database.bell.since(cursor)
            topics |= set(found or [])
