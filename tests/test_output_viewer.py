"""The output viewer under what real outputs are like: a million lines, a line of 100 MB, other codecs, a server that restarts."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Page, expect

from app.actions.outputs import store_output
from app.actions.steps import execute_step
from app.domain.lifecycle import AttemptState, Awaiting
from app.models import Attempt
from tests.support.databases import sqlite_template, sqlite_url
from tests.support.world import PASSWORD, World
from tests.web.site import Site

LINES = 1_000_000
NEEDLE_AT = 777_777
HEAP = 150_000_000  # bytes that a page may hold, whatever the output's size
PIECE = 8 * 1024 * 1024
# every byte that the viewer's own stream brings, as [offset, base64]
LISTENER = """
window.received = [];
window.EventSource = class extends EventSource {
  constructor(address) {
    super(address);
    const note = (event) => window.received.push(JSON.parse(event.data));
    if (address.includes("/output/stream")) this.addEventListener("message", note);
  }
};
"""
ROWS = """() => [...document.querySelectorAll("[data-stream=out] .output-line")].map((row) => [
  Number(row.querySelector(".no").textContent), row.querySelector(".text").textContent])"""


def line(number: int) -> str:
    """A coloured line that says its own number, counted from 1."""
    needle = " 探しもの" if number == NEEDLE_AT else ""
    return f"\x1b[3{1 + number % 6}m{number:07d}\x1b[0m 停止しました nqsdaemon status=0{needle}\n"


def plain(number: int) -> str:
    """What is shown of it."""
    return line(number)[5:].replace("\x1b[0m", "").rstrip("\n")


@dataclass
class Viewed:
    """One attempt under way, its page and the server that may be stopped and started again on its port."""

    world: World
    step_run_id: int
    attempt_id: int
    page: Page | None = None
    port: int = 0

    @classmethod
    async def made(cls, url: str) -> Viewed:
        """A running attempt without output in a fresh database."""
        world = World(url)
        await world.add_people()
        await world.add_cluster()
        await world.running()
        run = await world.until(Awaiting.EXECUTE)
        await world.do("sato", execute_step, run.id)
        attempt_id = (await world.work()).attempt_id
        assert attempt_id is not None
        return cls(world, run.id, attempt_id)

    async def append(self, data: bytes) -> int:
        """Store more output; the size afterwards."""
        async with self.world.database.reading() as db:
            size = (await db.get_one(Attempt, self.attempt_id)).out_size
        for start in range(0, len(data), PIECE):
            async with self.world.database.transaction() as db:
                part = data[start : start + PIECE]
                size = await store_output(db, self.attempt_id, "out", size, part)
        return size

    async def end(self) -> None:
        """The attempt ends well."""
        async with self.world.database.transaction() as db:
            attempt = await db.get_one(Attempt, self.attempt_id)
            attempt.state, attempt.ended_at = AttemptState.SUCCEEDED.value, self.world.now
            attempt.begun_at = self.world.now
        self.world.database.bell.ring([f"attempt:{self.attempt_id}"])

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """The pages; on the same port each time."""
        site = Site(self.world)
        server = uvicorn.Server(
            uvicorn.Config(site.application(), port=self.port, log_level="warning", lifespan="off")
        )
        serving = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        self.port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield
        finally:
            site.services.stop()
            server.should_exit = True
            await serving

    async def open(self, page: Page) -> None:
        """Sign in and open the step's page."""
        self.page = page
        await page.add_init_script(LISTENER)
        await page.goto(f"http://127.0.0.1:{self.port}/sign-in?next=/steps/{self.step_run_id}")
        await page.fill("#name", "tanaka")
        await page.fill("#password", PASSWORD)
        await page.press("#password", "Enter")
        await page.wait_for_selector("[data-mounted]")

    async def rows(self, wanted: int) -> dict[int, str]:
        """The rows that are drawn, once the wanted line is among them with its text."""
        assert self.page is not None
        async with asyncio.timeout(20):
            while True:
                found = {int(number): str(text) for number, text in await self.page.evaluate(ROWS)}
                if wanted in found and "…" not in found.values():
                    return found
                await asyncio.sleep(0.02)

    async def goto(self, number: int) -> dict[int, str]:
        """Jump to a line."""
        assert self.page is not None
        await self.page.fill("[data-goto]", str(number))
        await self.page.press("[data-goto]", "Enter")
        return await self.rows(number)

    async def heap(self) -> int:
        """Bytes of JavaScript objects that are in use."""
        assert self.page is not None
        tools = await self.page.context.new_cdp_session(self.page)
        await tools.send("HeapProfiler.collectGarbage")
        return int((await tools.send("Runtime.getHeapUsage"))["usedSize"])


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Viewed]]:
    """A database file with an attempt of a million lines that is still running, to be copied."""
    path = sqlite_template(tmp_path_factory.mktemp("million") / "tejun.sqlite3")

    async def fill() -> Viewed:
        viewed = await Viewed.made(sqlite_url(path))
        await viewed.append("".join(map(line, range(1, LINES + 1))).encode())
        await viewed.world.database.close()
        return viewed

    yield path, asyncio.run(fill())
    shutil.rmtree(path.parent)


@pytest.fixture
async def full(million: tuple[Path, Viewed], tmp_path: Path) -> AsyncIterator[Viewed]:
    """The million lines, of this test alone."""
    path, made = million
    shutil.copyfile(path, tmp_path / "tejun.sqlite3")
    world = World(sqlite_url(tmp_path / "tejun.sqlite3"))
    world.now, world.session_id, world.cluster_id = (
        made.world.now,
        made.world.session_id,
        made.world.cluster_id,
    )
    yield Viewed(world, made.step_run_id, made.attempt_id)
    await world.database.close()


@pytest.fixture
async def empty(sqlite_url: str) -> AsyncIterator[Viewed]:
    """An attempt under way, without output."""
    viewed = await Viewed.made(sqlite_url)
    yield viewed
    await viewed.world.database.close()


async def test_of_a_million_lines_every_one_is_reached_under_its_number(full: Viewed, page: Page) -> None:
    async with full.served():
        await full.open(page)
        assert (await full.rows(LINES))[LINES] == plain(LINES), "it opens at the end, where the news is"
        for number in (1, 2, 500_000, NEEDLE_AT, LINES - 1, LINES):
            rows = await full.goto(number)
            assert rows == {shown: plain(shown) for shown in rows}
        await page.focus("[data-view]")
        for key, number in (("Home", 1), ("End", LINES)):
            await page.keyboard.press(key)
            assert (await full.rows(number))[number] == plain(number)
        for share in (0.0, 0.25, 0.5, 0.9999, 1.0):
            await page.evaluate(
                "s => { const v = document.querySelector('[data-view]'); v.scrollTop = s * (v.scrollHeight - v.clientHeight) }",
                share,
            )
            rows = await full.rows(round(1 + share * (LINES - 1)))
            assert rows == {shown: plain(shown) for shown in rows}
        assert await full.heap() < HEAP


async def test_search_jumps_to_the_line_that_holds_the_text(full: Viewed, page: Page) -> None:
    async with full.served():
        await full.open(page)
        await full.rows(LINES)
        await page.fill("[data-search]", "探しもの")
        await page.press("[data-search]", "Enter")
        rows = await full.rows(NEEDLE_AT)
        assert rows[NEEDLE_AT] == plain(NEEDLE_AT)
        await expect(page.locator(".output-line.found .no")).to_have_text(str(NEEDLE_AT))
        await expect(page.locator(".output-line.found mark")).to_have_text("探しもの")
        await expect(page.locator("[data-found]")).to_have_text("1 / 1")


async def test_the_end_is_followed_until_the_reader_leaves_it(full: Viewed, page: Page) -> None:
    async with full.served():
        await full.open(page)
        await full.rows(LINES)
        last = LINES
        for more in (1, 40, 3_000):
            await full.append("".join(map(line, range(last + 1, last + more + 1))).encode())
            last += more
            rows = await full.rows(last)
            assert rows == {number: plain(number) for number in rows}
        await full.goto(500_000)
        await expect(page.locator("[data-follow]")).not_to_be_checked()
        await full.append(line(last + 1).encode())
        await expect(page.locator("[data-size]")).to_contain_text(f"{last + 1:,} ")
        assert (await full.rows(500_000))[500_000] == plain(500_000), "news does not move what is being read"
        await page.check("[data-follow]")
        assert (await full.rows(last + 1))[last + 1] == plain(last + 1)
