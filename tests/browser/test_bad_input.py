"""Bad input and bad luck at a real console: each gets a clear message in the reader's language, and loses nothing.

Beside these: a command that never ends is cancelled or timed out, and output is capped, in tests/engine/test_machine.py and
tests/nodes/test_links.py (the demonstration's procedures have no such command).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.browser import desk
from tests.browser.desk import Console, look, press, settled
from tests.browser.people import WAIT, seated
from tests.web.forms import send, standing, words

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytestmark = pytest.mark.timeout(150)
PASTED = 10 * 1024 * 1024
CLUSTER = """name: osaka
platform: unix
os: linux
arch: x64
clusterware: pacemaker
version: R16.3
local_site: used
nodes:
  - {name: node-a, role: active, address: 127.0.0.1}
  - {name: node-b, role: stanby, address: 127.0.0.1}
sites:
  - {name: site1, database: /shared/site1, group: g_jc}
"""


@asynccontextmanager
async def begun(console: Console) -> AsyncIterator[tuple[httpx2.AsyncClient, httpx2.AsyncClient, str]]:
    """(operator, checker, path) of a session that waits for its first tick; aborted afterwards."""
    async with (
        console.person("operator") as operator,
        console.person("checker") as checker,
        console.person("approver") as approver,
    ):
        path = await desk.started(operator, approver)
        try:
            assert (await settled(operator, path))[:2] == ("awaiting", "tick")
            yield operator, checker, path
        finally:
            await desk.aborted(operator, path)


async def happened(console: Console, path: str, action: str) -> int:
    """How often the history of a session has an event."""
    async with console.person("auditor") as auditor:
        page = await look(auditor, f"/history?session={path.rpartition('/')[2]}&action={action}")
    return page.split("<tbody")[-1].count("<tr")


@pytest.mark.parametrize(("language", "said"), [("ja", "使えません"), ("en", "is not allowed")])
async def test_a_malformed_cluster_file_is_told_by_line_key_and_choices_and_kept(
    console: Console, language: str, said: str
) -> None:
    async with console.person("operator") as operator:
        operator.cookies.set("tejun_language", language)
        answer = await press(operator, "/clusters/import", "import-form", document=CLUSTER)
    assert answer.status_code == 422
    refusal = words(answer.text)
    for word in ("cluster.yaml:10:", "nodes[1].role", "stanby", "active, standby", said):
        assert word in refusal, refusal
    assert "role: stanby" in answer.text.split("<textarea")[1]


async def test_failed_sign_ins_are_told_kept_and_slowed_down(console: Console) -> None:
    async with httpx2.AsyncClient(base_url=console.base, headers=desk.PAGE) as client:
        typed = {"name": "yamada", "password": "wrong"}
        answers = [await client.post("/sign-in", data=typed) for _ in range(8)]
    for answer in answers:
        assert 'value="yamada"' in answer.text
        assert "wrong" not in words(answer.text)
    assert answers[0].status_code == 403
    assert answers[-1].status_code == 409
    assert "秒後" in answers[-1].text


async def test_a_double_click_ticks_once(console: Console, browser: Browser) -> None:
    async with begun(console) as (_, _, path), seated(browser, console.base, "operator") as operator:
        await operator.go(path)
        await operator.page.fill("#tick-note", "全員切断済み")
        await operator.page.dblclick("#tick-form button")
        await operator.see("#current-step[data-awaiting=checker]")
        await operator.page.wait_for_timeout(300)
        assert (await operator.current())["awaiting"] == "checker"
        assert await happened(console, path, "step.ticked") == 1


async def test_of_two_operators_on_one_step_the_slower_is_told_and_keeps_what_they_wrote(
    console: Console,
) -> None:
    async with begun(console) as (operator, checker, path):
        pages = await look(operator, path), await look(checker, path)
        answers = await asyncio.gather(
            send(operator, pages[0], "tick-form", note="佐藤が確認"),
            send(checker, pages[1], "tick-form", note="鈴木が確認"),
        )
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert "が確認" in refused.text
        assert "先へ進んでいます" in refused.text
        assert standing(await look(operator, path))[1] == "checker"


async def test_a_tick_in_a_tab_left_behind_changes_nothing(console: Console, browser: Browser) -> None:
    async with begun(console) as (_, checker, path), seated(browser, console.base, "operator") as operator:
        stale = await operator.page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
        await stale.add_cookies(await operator.page.context.cookies())  # type: ignore[arg-type]
        tab = await stale.new_page()
        await tab.goto(console.base + path)
        await operator.go(path)
        await operator.click("tick-form")
        await operator.see("#current-step[data-awaiting=checker]")
        await press(checker, path, "confirm-form")
        await tab.fill("#tick-note", "古い画面から")
        await tab.click("#tick-form button")
        assert "現在のステップではありません" in await tab.inner_text("main")
        assert "古い画面から" in await tab.content()
        assert await happened(console, path, "step.ticked") == 1
        await stale.close()


async def test_ten_megabytes_pasted_as_evidence_are_kept_to_the_byte(
    console: Console, browser: Browser
) -> None:
    async with begun(console) as (http, _, path), seated(browser, console.base, "operator") as operator:
        await operator.go(path)
        page = operator.page
        await page.click("details:has(#attach-form) > summary")
        await page.evaluate(
            "size => { document.querySelector('#attach-form textarea').value = 'x'.repeat(size) }", PASTED
        )
        await page.click("#attach-form button")
        await page.wait_for_selector(".evidence a[href^='/evidence/']", timeout=WAIT)
        kept = await http.get(str(await page.get_attribute(".evidence a[href^='/evidence/']", "href")))
        assert hashlib.sha256(kept.content).digest() == hashlib.sha256(b"x" * PASTED).digest()


async def test_too_much_evidence_is_refused_with_the_limit(console: Console) -> None:
    async with begun(console) as (operator, _, path):
        answer = await press(operator, path, "attach-form", text="x" * (13 * 1024 * 1024))
        assert answer.status_code == 413
        assert "12 MiB" in answer.text


async def test_a_session_started_twice_starts_once(console: Console) -> None:
    async with console.person("operator") as operator, console.person("approver") as approver:
        path = await desk.approved(operator, approver)
        page = await look(operator, path)
        answers = await asyncio.gather(*(send(operator, page, "start-form") for _ in range(2)))
        try:
            assert sorted(answer.status_code for answer in answers) == [303, 409]
            assert await happened(console, path, "session.started") == 1
        finally:
            await desk.aborted(operator, path)


async def test_a_node_that_is_off_is_said_on_the_cluster_page_and_at_the_step(console: Console) -> None:
    async with begun(console) as (operator, checker, path):
        await asyncio.to_thread(console.fault, "crash", "node-b")
        try:
            live = await look(operator, "/clusters/1/live")
            assert 'data-node="node-b" data-state="unreachable"' in live, live
            await press(operator, path, "tick-form")
            await press(checker, path, "confirm-form")
            state, awaiting, key, page = await settled(operator, path)
            assert key.startswith("3.3.1-0+2@"), key
            assert state in ("unknown", "failed") or awaiting == "check", words(page)
        finally:
            await asyncio.to_thread(console.fault, "boot", "node-b")


async def test_a_full_disk_on_the_node_stops_before_the_command_and_a_retry_goes_on(console: Console) -> None:
    async with begun(console) as (operator, checker, path):
        state, awaiting, _, page = await desk.work_until(operator, checker, path, "3.3.1-2@")
        assert (state, awaiting) == ("awaiting", "execute"), words(page)
        await asyncio.to_thread(console.fault, "full-disk", "node-b")
        try:
            await press(operator, path, "execute-form")
            state, _, _, page = await settled(operator, path)
            assert state == "failed"
            assert "空き容量が足りない" in words(page), words(page)
        finally:
            await asyncio.to_thread(console.fault, "clear", "node-b")
        await press(operator, path, "retry-form")
        state, awaiting, key, page = await settled(operator, path)
        assert state == "awaiting", (key, words(page))
