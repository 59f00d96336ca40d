"""A console as a process of its own, a lab, and a person in front of a real Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from playwright.async_api import Browser, Page

from app.main import demo_password
from tests.support.crew import Crew
from tests.torture.victim import Victim

# notes when each line "NUMBER NANOSECONDS" was first in the page; milliseconds, rounded up to the next one
OBSERVER = r"""() => {
  window.lines = {};
  const look = () => {
    for (const row of document.querySelectorAll("[data-lines] .text")) {
      const match = /^(\d+) (\d+)$/.exec(row.textContent);
      if (match) window.lines[match[1]] ??= [Number(match[2]) / 1e6, Date.now() + 1];
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  document.addEventListener("click", () => { window.clicked = Date.now(); }, true);
}"""


@dataclass
class Visit:
    """`page` is the operator's; the console is started and killed as the benchmark likes."""

    crew: Crew
    victim: Victim
    page: Page

    @property
    def address(self) -> str:
        """Where the console answers."""
        return f"http://127.0.0.1:{self.victim.port}"

    async def open(self, session_id: int) -> None:
        """Sign the operator in, open the session's page once its first step waits for them, and begin to note lines."""
        while (run := await self.crew.waiting(session_id)) is None or run.awaiting is None:
            await asyncio.sleep(0.05)
        await self.sign_in(f"/sessions/{session_id}")
        await self.page.evaluate(OBSERVER)

    async def sign_in(self, path: str = "/sessions") -> None:
        """The operator signs in and is shown a page."""
        await self.page.goto(f"{self.address}/sign-in?next={path}")
        await self.page.fill("#name", "operator")
        await self.page.fill("#password", demo_password("operator"))
        await self.page.press("#password", "Enter")
        await self.page.wait_for_url(f"**{path}")

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx2.AsyncClient]:
        """A signed-in HTTP client without a browser around it."""
        headers = {"accept": "text/html"}
        async with httpx2.AsyncClient(base_url=self.address, timeout=60, headers=headers) as found:
            form = {"name": "operator", "password": demo_password("operator")}
            assert (await found.post("/sign-in", data=form)).status_code == 303
            yield found

    async def execute(self) -> float:
        """Wait for the step that is to be executed and press its button; the instant of the click (seconds)."""
        await self.page.locator("#execute-form button").click(timeout=30_000)
        return float(await self.page.evaluate("window.clicked")) / 1000

    async def lines(self) -> dict[int, tuple[float, float]]:
        """Number of a line -> when it was written on the node, when it was in the page (seconds)."""
        noted = await self.page.evaluate("window.lines")
        return {int(number): (wrote / 1000, shown / 1000) for number, (wrote, shown) in noted.items()}

    async def shown(self, number: int, seconds: float = 60) -> None:
        """Wait until a line has been in the page."""
        async with asyncio.timeout(seconds):
            while not await self.page.evaluate("number => number in window.lines", str(number)):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def visited(folder: Path, browser: Browser) -> AsyncIterator[Visit]:
    """Lab and console up, nobody signed in yet."""
    victim = Victim(folder / "home")
    async with Crew.ashore(folder) as crew:
        context = await browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo")
        try:
            yield Visit(crew, victim, await context.new_page())
        finally:
            await context.close()
            await victim.kill()
