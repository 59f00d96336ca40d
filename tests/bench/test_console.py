"""What a person waits for: from the click, from the node's write, after a crash, for a page. A real console, a real Chromium."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from time import perf_counter

import pytest
from playwright.async_api import Browser

from tests.bench.figures import show
from tests.bench.sessions import attempt_of, begin, ended, node_of
from tests.bench.visit import Visit, visited
from tests.engine.rig import command

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]
LINES, CLICKS, CRASHES, PAGES = 300, 15, 5, 60
STAMP = 'echo "$i $(date +%s%N)"'
RUN_ON = f'i=0; while [ ! -f "$HOME/enough" ]; do i=$((i+1)); {STAMP}; sleep 0.05; done'


async def test_a_line_written_on_the_node_is_in_the_browser_after(tmp_path: Path, browser: Browser) -> None:
    text = f"i=0; while [ $i -lt {LINES} ]; do i=$((i+1)); {STAMP}; sleep 0.05; done"
    async with visited(tmp_path, browser) as visit:
        session_id = await begin(visit.crew, [command("lines", text, destructive=True)])
        await visit.victim.start()
        await visit.open(session_id)
        await visit.execute()
        await visit.shown(LINES)
        noted = await visit.lines()
        await ended(visit.crew, session_id)
        attempt = await attempt_of(visit.crew, session_id)
    assert attempt is not None
    assert attempt.out_lines == LINES
    assert set(noted) <= set(range(1, LINES + 1))
    show("written on the node → in the page, 20 lines/s", [shown - wrote for wrote, shown in noted.values()])


async def test_after_the_click_the_first_line_is_in_the_browser_after(
    tmp_path: Path, browser: Browser
) -> None:
    steps = [command(f"click-{i}", f"i={i}; {STAMP}; sleep 1", destructive=True) for i in range(CLICKS)]
    begun, shown = [], []
    async with visited(tmp_path, browser) as visit:
        session_id = await begin(visit.crew, steps)
        await visit.victim.start()
        await visit.open(session_id)
        ending = asyncio.ensure_future(ended(visit.crew, session_id, 200))
        for i in range(CLICKS):
            clicked = await visit.execute()
            await visit.shown(i)
            wrote, seen = (await visit.lines())[i]
            begun.append(wrote - clicked)
            shown.append(seen - clicked)
        await ending
    show("click → the command runs on the node", begun)
    show("click → its first line is in the page", shown)


async def test_a_killed_console_follows_its_command_again_after(tmp_path: Path, browser: Browser) -> None:
    answers, follows, shows = [], [], []
    text = f'echo started >>"$HOME/starts"\n{RUN_ON}'
    async with visited(tmp_path, browser) as visit:
        session_id = await begin(visit.crew, [command("crash", text, destructive=True)])
        await visit.victim.start()
        await visit.open(session_id)
        await visit.execute()
        await visit.shown(1)
        for _ in range(CRASHES):
            await asyncio.sleep(1)
            killed = time.time()
            await visit.victim.kill()
            stored = asyncio.ensure_future(grown(visit, session_id))
            await visit.victim.start()
            answers.append(time.time() - killed)
            follows.append(await stored - killed)
            shows.append(await next_shown(visit, killed) - killed)
        await judge(visit, session_id)
    show("kill -9, started again at once → it answers", answers)
    show("kill -9, started again at once → output is stored again", follows)
    show("kill -9, started again at once → a new line is in the page", shows)


async def judge(visit: Visit, session_id: int) -> None:
    """The command ends when it is told; it was started once, and no line of it is lost or repeated."""
    async with node_of(visit.crew).connect("node-a") as ssh:
        await ssh.run('touch "$HOME/enough"')
        starts = await ssh.run('cat "$HOME/starts"')
    assert str(starts.stdout).split() == ["started"]
    await ended(visit.crew, session_id)
    attempt = await attempt_of(visit.crew, session_id)
    assert attempt is not None
    async with visit.client() as browser:
        raw = (await browser.get(f"/attempts/{attempt.id}/output/raw")).text
    numbers = [int(line.split()[0]) for line in raw.splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == attempt.out_lines


async def grown(visit: Visit, session_id: int) -> float:
    """When more of the running command's output is stored than now."""
    before = await attempt_of(visit.crew, session_id)
    async with asyncio.timeout(60):
        while True:
            attempt = await attempt_of(visit.crew, session_id)
            assert before is not None
            assert attempt is not None
            if attempt.out_size > before.out_size:
                return time.time()
            await asyncio.sleep(0.01)


async def next_shown(visit: Visit, killed: float) -> float:
    """When the first line that was written after the kill was in the page."""
    async with asyncio.timeout(60):
        while True:
            after = [shown for wrote, shown in (await visit.lines()).values() if wrote > killed + 0.1]
            if after:
                return min(after)
            await asyncio.sleep(0.05)


async def test_the_page_of_a_session_of_32_steps_takes(tmp_path: Path, browser: Browser) -> None:
    took = []
    async with visited(tmp_path, browser) as visit:
        session_id = await visit.crew.approved_session("rolling")
        await visit.victim.start()
        async with visit.client() as http:
            for _ in range(PAGES):
                began = perf_counter()
                answer = await http.get(f"/sessions/{session_id}")
                took.append(perf_counter() - began)
                assert answer.status_code == 200
                assert answer.text.count("data-key=") >= 32
    show(f"GET the page of a session of 32 steps ({len(answer.content) // 1024} KiB)", took)
