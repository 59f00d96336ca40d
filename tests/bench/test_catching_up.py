"""How fast a reader who comes late has everything: over the live stream from its beginning, and in a browser at its end."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import httpx2
import pytest
from playwright.async_api import Browser

from app.models import Attempt
from tests.bench.figures import show, show_rate
from tests.bench.sessions import attempt_of, begin, ended
from tests.bench.test_throughput import LINES, MAKE
from tests.bench.visit import Visit, visited
from tests.engine.rig import command

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]
ROUNDS, OPENINGS = 3, 10


async def streamed(http: httpx2.AsyncClient, path: str) -> bytes:
    """Everything that the stream brings until it says that there is no more."""
    parts: list[bytes] = []
    async with http.stream("GET", path) as answer:
        assert answer.status_code == 200
        async for row in answer.aiter_lines():
            if row == "event: end":
                break
            if row.startswith("data: ["):
                offset, encoded = json.loads(row[6:])
                parts.append(base64.b64decode(encoded))
                assert offset >= 0
    return b"".join(parts)


@asynccontextmanager
async def many_lines(folder: Path, browser: Browser) -> AsyncIterator[tuple[Visit, Attempt]]:
    """A console with an attempt that printed LINES lines and has ended."""
    async with visited(folder, browser) as visit:
        session_id = await begin(visit.crew, [command("many", MAKE)])
        await visit.victim.start()
        await ended(visit.crew, session_id)
        attempt = await attempt_of(visit.crew, session_id)
        assert attempt is not None
        assert attempt.out_lines == LINES
        yield visit, attempt


async def test_a_reader_who_comes_late_has_everything_at(tmp_path: Path, browser: Browser) -> None:
    caught_up, raw = [], []
    async with many_lines(tmp_path, browser) as (visit, attempt), visit.client() as http:
        digest = (await visit.crew.stored(attempt.id))[0]
        path = f"/attempts/{attempt.id}/output"
        for _ in range(ROUNDS):
            began = perf_counter()
            data = await streamed(http, f"{path}/stream?from=0")
            caught_up.append(perf_counter() - began)
            assert hashlib.sha256(data).hexdigest() == digest
            began = perf_counter()
            data = (await http.get(f"{path}/raw")).content
            raw.append(perf_counter() - began)
            assert hashlib.sha256(data).hexdigest() == digest
    show_rate("live stream from byte 0 (Python client)", attempt.out_size, LINES, caught_up)
    show_rate("raw download", attempt.out_size, LINES, raw)


async def test_the_last_of_many_lines_is_drawn_after(tmp_path: Path, browser: Browser) -> None:
    opened, jumped = [], []
    async with many_lines(tmp_path, browser) as (visit, attempt):
        await visit.sign_in()
        for _ in range(OPENINGS):
            began = perf_counter()
            await visit.page.goto(f"{visit.address}/steps/{attempt.step_run_id}")
            await visit.page.locator(".output-line .text", has_text=f"{1:010d} ").wait_for()
            opened.append(perf_counter() - began)
            began = perf_counter()
            await visit.page.fill("[data-goto]", str(LINES))
            await visit.page.press("[data-goto]", "Enter")
            await visit.page.locator(".output-line .text", has_text=f"{LINES:010d} ").wait_for()
            jumped.append(perf_counter() - began)
    show(f"the page of an output of {LINES:,} lines → its first line is drawn", opened)
    show(f"a jump to line {LINES:,} → it is drawn", jumped)
