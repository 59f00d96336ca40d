"""Accessibility of every page: axe finds nothing, in both languages, light and dark, wide and on a phone.

A completed session's page is looked at where one is completed: test_rolling.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.browser import desk
from tests.browser.desk import Console
from tests.support.browser import axe_violations

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

LOOKS = (("ja", "light", False), ("en", "dark", True))  # every page
MORE_LOOKS = (("ja", "dark", False), ("en", "light", True))  # the pages that people work at
MISSING = frozenset({"/nowhere", "/sessions/9999"})


@asynccontextmanager
async def seen_by(
    browser: Browser, console: Console, name: str, look: tuple[str, str, bool]
) -> AsyncIterator[Page]:
    """A demo account's tab in one look; an empty name is a stranger."""
    language, colours, phone = look
    context = await browser.new_context(
        locale="ja-JP",
        timezone_id="Asia/Tokyo",
        color_scheme="dark" if colours == "dark" else "light",
        viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 900},
    )
    await context.add_cookies([{"name": "tejun_language", "value": language, "url": console.base}])
    page = await context.new_page()
    if name:
        form: dict[str, str | float | bool] = {"name": name, "password": f"tejun-{name}"}
        await context.request.post(f"{console.base}/sign-in", form=form)
    yield page
    await context.close()


async def look_at(page: Page, console: Console, paths: Mapping[str, str]) -> dict[str, list[str]]:
    """Violations by page; also what makes a page wider than its window."""
    found = {}
    for name, path in paths.items():
        answer = await page.goto(console.base + path)
        assert answer is not None
        assert answer.status == (404 if path in MISSING else 200), (path, answer.status)
        if name == "doctor":
            await page.click("#check-form button")
            await page.wait_for_selector("#check [data-line=disk]")
        if name == "preview":
            await page.click("button[name=preview]")
            await page.wait_for_selector("#preview .card")
        wrong = await axe_violations(page)
        over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wrong or over > 0:
            found[name] = [*wrong, f"{over} px too wide"]
    return found


@asynccontextmanager
async def sessions(console: Console) -> AsyncIterator[dict[str, str]]:
    """A session in every state that a page shows differently; the running one has carried out commands. It is aborted at the
    end: a cluster has one at a time."""
    async with console.person("operator") as operator, console.person("approver") as approver:
        ended = await desk.started(operator, approver)
        await desk.settled(operator, ended)
        await desk.aborted(operator, ended)
        made = {"draft": await desk.draft(operator), "submitted": await desk.submitted(operator)}
        running = await desk.started(operator, approver)
        async with console.person("checker") as checker:
            await desk.work_until(operator, checker, running, "3.3.1-3@")
        page = await desk.look(operator, running)
        step = next(part for part in page.split('"') if part.startswith("/steps/") and part.endswith("/more"))
        yield {**made, "aborted": ended, "running": running, "step": step.removesuffix("/more")}
        await desk.settled(operator, running)
        await desk.aborted(operator, running)


async def sign_in(page: Page, console: Console, name: str) -> None:
    """At the sign-in page, as somebody else than before."""
    await page.context.clear_cookies()
    await page.goto(f"{console.base}/sign-in")
    await page.fill("#name", name)
    await page.fill("#password", f"tejun-{name}")
    await page.press("#password", "Enter")


@pytest.mark.timeout(180)
async def test_a_session_is_planned_approved_and_begun_without_javascript(
    console: Console, browser: Browser
) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="ja-JP")
    page = await context.new_page()

    await sign_in(page, console, "operator")
    await page.goto(f"{console.base}/sessions/new?cluster_id=1")
    await page.click("#session-form button.primary")
    await page.click("#submit-form button")
    address = page.url
    await sign_in(page, console, "approver")
    await page.goto(address)
    await page.click("#approve-form button")
    await sign_in(page, console, "operator")
    await page.goto(address)
    await page.click("#start-form button")
    path = "/" + address.split("/", 3)[3]
    async with console.person("operator") as operator:
        await desk.settled(operator, path)
        await page.goto(address)
        key = await page.get_attribute("#current-step", "data-key")
        await page.fill("#tick-note", "外しました")
        await page.click("#tick-form button")
        assert await page.get_attribute("#current-step", "data-key") == key
        assert await page.get_attribute("#current-step", "data-awaiting") == "checker"
        await desk.aborted(operator, path)
    await context.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "look", [LOOKS[0], pytest.param(LOOKS[1], marks=pytest.mark.long)], ids=["ja-light", "en-dark-phone"]
)
async def test_axe_finds_nothing_on_any_page(
    console: Console, browser: Browser, look: tuple[str, str, bool]
) -> None:
    async with sessions(console) as made:
        operators = {
            "overview": "/", "clusters": "/clusters", "cluster": "/clusters/1", "import": "/clusters/import",
            "add": "/clusters/new", "edit": "/clusters/1/edit", "preview": "/sessions/new?cluster_id=1",
            "edit draft": made["draft"] + "/edit", "doctor": "/clusters/1/nodes/node-a/check",
            "ended": "/history", "missing": "/nowhere", "packages": "/packages", **made,
        }  # fmt: skip
        async with (
            seen_by(browser, console, "", look) as stranger,
            seen_by(browser, console, "operator", look) as operator,
            seen_by(browser, console, "approver", look) as approver,
            seen_by(browser, console, "auditor", look) as auditor,
            seen_by(browser, console, "admin", look) as admin,
        ):
            found = [
                await look_at(stranger, console, {"sign-in": "/sign-in"}),
                await look_at(operator, console, operators),
                await look_at(approver, console, {"approvals": "/approvals", "decide": made["submitted"]}),
                await look_at(auditor, console, {"history": "/history"}),
                await look_at(admin, console, {"users": "/users"}),
            ]
            assert not any(found), (look, found)


@pytest.mark.timeout(300)
async def test_axe_finds_nothing_in_the_other_colours_where_people_work(
    console: Console, browser: Browser
) -> None:
    async with sessions(console) as made:
        for look in MORE_LOOKS:
            async with seen_by(browser, console, "operator", look) as page:
                assert not await look_at(page, console, {"running": made["running"], "overview": "/"}), look


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_axe_finds_nothing_on_the_pages_of_procedures_and_plans(
    console: Console, browser: Browser
) -> None:
    async with console.person("operator") as operator:
        draft = await desk.draft(operator)
    number = draft.rsplit("/", 1)[1]
    pages = {
        "library": "/library", "errata": "/library/errata", "procedure": "/library/1.1.2", "printed": "/library/3.2?whole=1",
        "case": "/library?operation=patch&source=R16.3&target=R16.3.2", "no case": "/library?source=R16&target=R16.3.2",
        "alternatives": "/library/2.1.2", "beside a session": f"/library/3.3.1?session={number}",
        "greyed out": "/library/1.1.2.1?source=R12.4&target=R16.3&system=wsfc",
        "plan page": f"{draft}/plan", "compare": "/plans/compare",
        "compared": "/plans/compare?cluster=1&a_target=R16.3.1&b_target=R16.3.2&b_method=standard",
    }  # fmt: skip
    for look in LOOKS:
        async with seen_by(browser, console, "operator", look) as page:
            assert not await look_at(page, console, pages), look
