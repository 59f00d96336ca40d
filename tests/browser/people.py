"""A person at a browser of their own: signs in, looks, clicks. Every page is watched for errors in its console."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Browser, ConsoleMessage, Page

WAIT = 30_000  # milliseconds for anything that a page should show by itself


@dataclass
class At:
    """Somebody at their own browser context, signed in."""

    name: str
    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    async def go(self, path: str) -> None:
        """Open a page of the console; it must answer well."""
        answer = await self.page.goto(self.base + path)
        assert answer is not None
        assert answer.ok, (path, answer.status)

    async def click(self, form: str) -> None:
        """Press the button of the form with that id."""
        await self.page.click(f"#{form} button:visible", timeout=WAIT)

    async def see(self, selector: str) -> None:
        """Wait until something shows by itself, without a reload."""
        await self.page.wait_for_selector(selector, timeout=WAIT)

    async def current(self) -> dict[str, str]:
        """data-* of the current step as the page shows it now; empty while it is being exchanged."""
        found: dict[str, str] = await self.page.evaluate(
            "() => Object.assign({}, document.querySelector('#current-step')?.dataset ?? {})"
        )
        return found


@asynccontextmanager
async def seated(
    browser: Browser, base: str, name: str, *, language: str = "ja-JP", phone: bool = False
) -> AsyncIterator[At]:
    """A demo account in a context of its own. Fails at the end if a page of theirs complained."""
    size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 900}
    context = await browser.new_context(
        locale=language, timezone_id="Asia/Tokyo", viewport={"width": size["width"], "height": size["height"]}
    )
    page = await context.new_page()
    someone = At(name, page, base)

    def complain(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            someone.complaints.append(message.text)

    page.on("console", complain)
    page.on("pageerror", lambda error: someone.complaints.append(str(error)))
    await someone.go("/sign-in")
    await page.fill("#name", name)
    await page.fill("#password", f"tejun-{name}")
    await page.press("#password", "Enter")
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    yield someone
    await context.close()
    assert someone.complaints == []


async def carry_out(
    operator: At, checker: At, by_hand: Callable[[str], Awaitable[None]] | None = None
) -> list[str]:
    """Both act on what their own page shows, which nobody reloads. Returns the steps that were executed, in order.

    `by_hand` is told the key of a step before the operator ticks it, for what a person does outside the console."""
    executed: list[str] = []
    while not await operator.page.query_selector("#completed"):
        shown, acting = await operator.current(), operator
        if shown.get("state") in ("failed", "unknown") or shown.get("awaiting") == "check":
            raise AssertionError(shown)
        if shown.get("awaiting") == "checker":
            acting = checker
            await checker.see(f"#current-step[data-key='{shown['key']}'][data-awaiting=checker]")
            await checker.click("confirm-form")
        elif shown.get("awaiting") in ("execute", "tick"):
            executed += [shown["key"]] if shown["awaiting"] == "execute" else []
            if by_hand and shown["awaiting"] == "tick":
                await by_hand(shown["key"])
            await operator.click(f"{shown['awaiting']}-form")
        else:
            await asyncio.sleep(0.05)
            continue
        was = f"#current-step[data-key='{shown['key']}'][data-awaiting={shown['awaiting']}]"
        await acting.page.wait_for_selector(was, state="detached", timeout=WAIT)
        if acting is checker:
            await operator.page.wait_for_selector(was, state="detached", timeout=WAIT)
    return executed
