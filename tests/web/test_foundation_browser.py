"""The pages in a real browser: accessible in both schemes, alive without losing what is typed, output drawn where looked at."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import pytest
from fastapi import Form, Response
from fastapi.responses import HTMLResponse

from app.actions.outputs import store_output
from app.domain.errors import Invalid
from app.web.auth import Viewer
from app.web.transaction import Writing
from tests.support.browser import axe_violations
from tests.support.world import PASSWORD
from tests.web.gallery import gallery, live
from tests.web.site import Site
from tests.web.test_foundation_output import attempt_id, end, store

if TYPE_CHECKING:
    from playwright.async_api import ConsoleMessage, Page

__all__ = ["attempt_id"]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough for what a browser shows."""
    return sqlite_url


def is_complaint(said: ConsoleMessage) -> bool:
    """Whether the browser complains; it also does of every answer from 400 on, refusals included."""
    return said.type in ("error", "warning") and "Failed to load resource" not in said.text


@asynccontextmanager
async def opened(site: Site, page: Page, path: str, name: str = "kanri") -> AsyncIterator[list[str]]:
    """The page open and signed in; gives what the browser complained about (must stay empty)."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if is_complaint(said) else None)
    site.extra.get("/gallery")(gallery)
    site.extra.get("/gallery/live")(live)
    async with site.served() as address:
        await page.goto(f"{address}/sign-in?next={path}")
        await page.fill("#name", name)
        await page.fill("#password", PASSWORD)
        await page.click("form.card button")
        await page.wait_for_url(re.compile(re.escape(path)))
        yield complaints
        await page.goto("about:blank")
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
async def test_every_component_is_accessible(site: Site, page: Page, scheme: str, width: int) -> None:
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    await page.set_viewport_size({"width": width, "height": 900})
    async with opened(site, page, "/gallery"):
        await page.wait_for_selector("#connection[data-state=connected]")
        assert await axe_violations(page) == []
        for path in ("/users", "/nowhere", "/sign-out"):
            await page.goto(re.sub(r"/gallery.*", path, page.url))
            assert await axe_violations(page) == [], path
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert await page.evaluate(overflow) <= 0, path
            await page.go_back()


async def test_a_bell_refreshes_without_losing_what_is_typed_or_opened(site: Site, page: Page) -> None:
    async with opened(site, page, "/gallery"):
        await page.wait_for_selector("#connection[data-state=connected]")
        await page.click("#more summary")
        await page.fill("#typing", "途中まで")
        site.world.database.bell.ring(["step:9"])
        await page.locator("#number", has_text="2").wait_for()
        assert await page.input_value("#typing") == "途中まで"
        assert await page.evaluate("document.activeElement.id") == "typing"
        assert await page.evaluate("document.getElementById('more').open")


async def test_tabs_share_one_connection_and_all_hear_the_bell(site: Site, page: Page) -> None:
    async with opened(site, page, "/gallery"):
        tabs = [page]
        for _ in range(7):  # more than the six connections of HTTP/1.1
            tab = await page.context.new_page()
            await tab.goto(page.url)
            tabs.append(tab)
        for tab in tabs:
            await tab.wait_for_selector("#connection[data-state=connected]")
        await tabs[3].bring_to_front()
        site.world.database.bell.ring(["step:9"])
        await tabs[3].locator("#number", has_text="2").wait_for()
        for tab in tabs[1:]:
            await tab.close()


async def test_a_refusal_appears_and_keeps_the_form_and_can_be_sent_once_corrected(
    site: Site, page: Page
) -> None:
    @site.extra.post("/gallery")
    async def decide(
        _: Viewer, act: Writing, target: Annotated[str, Form()], note: Annotated[str, Form()]
    ) -> Response:
        if target != "R16.3.2":
            raise Invalid("bad_target", "版が違います。", "Wrong version.", "target")
        return HTMLResponse(f'<p id="answer">{note}</p>')

    async with opened(site, page, "/gallery") as complaints:
        await page.fill("#f-note", "夜間作業")
        await page.click("form[hx-post] button")
        await page.wait_for_selector("#refusals .callout")
        assert "版が違います。" in await page.inner_text("#refusals")
        assert await page.input_value("#f-note") == "夜間作業"
        assert await page.get_attribute("#f-target", "aria-invalid") == "true"
        assert await page.evaluate("document.activeElement.id") == "f-target"
        assert await axe_violations(page) == []
        await page.fill("#f-target", "R16.3.2")
        await page.keyboard.press("Enter")
        await page.locator("#answer", has_text="夜間作業").wait_for()
        assert await page.inner_text("#refusals") == ""
        assert [
            said for said in complaints if "422" not in said
        ] == []  # htmx names the status on the console
        complaints.clear()


async def test_a_form_is_not_sent_twice(site: Site, page: Page) -> None:
    arrived: list[str] = []

    @site.extra.post("/gallery")
    async def decide(_: Viewer, act: Writing, target: Annotated[str, Form()]) -> Response:
        arrived.append(target)
        return HTMLResponse('<p id="answer">済</p>')

    async with opened(site, page, "/gallery"):
        twice = "const b = document.querySelector('form[hx-post] button'); b.click(); b.click(); b.form.requestSubmit()"
        await page.evaluate(twice)
        await page.locator("#answer", has_text="済").wait_for()
        await page.wait_for_timeout(300)
        assert arrived == ["R16.3.1"]
        assert await page.is_enabled("form[hx-post] button")


async def test_keys_move_about_and_never_fire_while_typing(site: Site, page: Page) -> None:
    async with opened(site, page, "/gallery"):
        await page.keyboard.press("n")
        assert await page.evaluate("document.activeElement.dataset.state") == "awaiting"
        await page.keyboard.press("j")
        assert await page.evaluate("document.activeElement.dataset.state") == "succeeded"
        await page.focus("#f-note")
        await page.keyboard.type("n?j")
        assert await page.input_value("#f-note") == "n?j"
        await page.focus("#main")
        await page.keyboard.press("?")
        assert await page.is_visible("#shortcuts")
        assert await axe_violations(page) == []
        await page.keyboard.press("Escape")
        assert not await page.is_visible("#shortcuts")


async def test_every_page_works_without_javascript(site: Site, page: Page) -> None:
    browser = page.context.browser
    assert browser is not None
    context = await browser.new_context(java_script_enabled=False, locale="ja-JP")
    plain = await context.new_page()
    async with opened(site, plain, "/users"):
        await plain.fill("#f-name", "yamada")
        await plain.fill("#f-password", "kurz#8")
        await plain.check("#add-operator")
        await plain.click("text=追加 >> nth=-1")
        assert "10文字以上" in await plain.inner_text("[role=alert] .callout-title, .callout-title")
        assert "yamada" in await plain.input_value("textarea >> nth=0")
        await plain.click("text=English")
        assert await plain.get_attribute("html", "lang") == "en"
    await context.close()


async def test_output_is_followed_live_and_every_line_can_be_reached(
    site: Site, page: Page, attempt_id: int
) -> None:
    data = "".join(f"{number:06d} \x1b[3{number % 8}m停止処理\x1b[0m\n" for number in range(30_000)).encode()
    await store(site, attempt_id, data)
    async with opened(site, page, f"/gallery?attempt_id={attempt_id}"):
        rows = page.locator(".output-lines .output-line")
        await page.locator("[data-output]").scroll_into_view_if_needed()
        await rows.filter(has_text="029999").wait_for()
        await store(site, attempt_id, "進捗 10%\r進捗 99%".encode(), offset=len(data))
        await rows.filter(has_text="進捗 99%").wait_for()
        await store(
            site, attempt_id, "\n終わり\n".encode(), offset=len(data) + len("進捗 10%\r進捗 99%".encode())
        )
        await rows.filter(has_text="終わり").wait_for()
        assert await rows.filter(has_text="進捗 99%").count() == 1
        assert await rows.filter(has_text="進捗 10%").count() == 0
        await page.fill("[data-goto]", "12346")
        await page.keyboard.press("Tab")
        await rows.filter(has_text="012345").wait_for()
        await page.fill("[data-search]", "020202")
        await page.keyboard.press("Enter")
        await page.locator(".output-line.found", has_text="020202").wait_for()
        assert await page.inner_text("[data-found]") == "1 / 1"
        assert await page.locator(".output-line").count() < 60
        assert await axe_violations(page) == []
        await end(site, attempt_id)
        await page.locator(".output-state[data-now=ended]").wait_for()


async def test_output_in_another_codec_is_read_by_choosing_it(
    site: Site, page: Page, attempt_id: int
) -> None:
    async with site.world.database.transaction() as db:
        await store_output(db, attempt_id, "out", 0, "表示能力\n十分です\n".encode("cp932"))
    async with opened(site, page, f"/gallery?attempt_id={attempt_id}"):
        await page.locator("[data-output]").scroll_into_view_if_needed()
        await page.locator(".output-line").nth(1).wait_for()
        await page.select_option("[data-codec]", "cp932")
        await page.locator(".output-line", has_text="十分です").wait_for()
        assert await page.locator(".output-line", has_text="表示能力").count() == 1
