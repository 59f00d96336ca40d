"""The rolling patches on Windows nodes in real browsers: 1.3 on WSFC and 2.3 on CLUSTERPRO, from signing in to completion."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.lab import down, status, up
from tests.browser.people import WAIT, At, carry_out, seated
from tests.support.browser import axe_violations
from tests.support.windows_hands import Hands
from tests.torture.victim import Victim

if TYPE_CHECKING:
    from playwright.async_api import Browser


async def plan(operator: At, number: str) -> str:
    """From the cluster's page to a submitted session; the path of its page."""
    await operator.go("/clusters")
    await operator.page.click("main a:has-text('tokyo-batch')")
    await operator.page.click("a:has-text('新しいセッション')")
    assert await operator.page.input_value("[name=target]") == "R16.3.1"
    await operator.page.click("button[name=preview]")
    await operator.see(f"#preview :text('{number}')")
    await operator.page.click("#session-form button.primary")
    await operator.click("submit-form")
    await operator.see("#revise-form")
    return "/" + operator.page.url.split("/", 3)[3]


async def approve(approver: At, path: str) -> None:
    """The approver reads what the overlay will run, and approves."""
    await approver.go("/approvals")
    await approver.page.click(f"a[href='{path}']")
    await approver.see(":text('Start-Process -FilePath')")
    await approver.click("approve-form")
    await approver.page.wait_for_selector("#approve-form", state="detached", timeout=WAIT)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("platform", "number"), [("wsfc", "1.3"), ("windows", "2.3")])
async def test_three_people_patch_windows_nodes_in_their_browsers(
    tmp_path: Path, browser: Browser, platform: str, number: str
) -> None:
    folder, victim = tmp_path / "home" / "lab", Victim(tmp_path / "home")
    built = await asyncio.to_thread(lambda: up(folder, platform=platform))
    hands = Hands(built)
    try:
        await victim.start()
        base = f"http://127.0.0.1:{victim.port}"
        async with (
            seated(browser, base, "operator") as operator,
            seated(browser, base, "checker", language="en-US") as checker,
            seated(browser, base, "approver", phone=True) as approver,
        ):
            path = await plan(operator, number)
            await approve(approver, path)
            await operator.see("#start-form")
            await checker.go(path)
            await operator.click("start-form")
            async with asyncio.timeout(800):
                await carry_out(operator, checker, hands)
            assert "測定していません" in await operator.page.inner_text("#completed")
            assert await axe_violations(operator.page) == []
        lab = await asyncio.to_thread(status, folder)
        assert {node.packages for node in lab.nodes} == {("JobCenter R16.3.1",)}
        assert {(one.role, one.node) for one in lab.resources} == {("Online", "node-a")}
    finally:
        await victim.kill()
        await asyncio.to_thread(down, folder)
