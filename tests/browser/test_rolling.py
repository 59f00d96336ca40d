"""The product's main work in real browsers: four people carry out 3.3, each in a browser of their own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.lab import down, status
from tests.browser.people import WAIT, At, carry_out, seated
from tests.support.browser import axe_violations
from tests.torture.victim import Victim

if TYPE_CHECKING:
    from playwright.async_api import Browser


async def plan(operator: At) -> str:
    """From the cluster's page to a submitted session; the path of its page."""
    await operator.go("/clusters")
    await operator.page.click("main a:has-text('tokyo-batch')")
    await operator.see("text=node-b")
    await operator.page.click("a:has-text('新しいセッション')")
    await operator.page.fill("[name=target]", "R16.3.1")
    await operator.page.click("button[name=preview]")
    await operator.see("#preview :text('3.3')")
    await operator.page.click("#session-form button.primary")
    await operator.click("submit-form")
    await operator.see("#revise-form")
    return "/" + operator.page.url.split("/", 3)[3]


async def approve(approver: At, path: str) -> None:
    """The approver finds it among what waits for them, looks at all of it, and approves."""
    await approver.go("/approvals")
    await approver.page.click(f"a[href='{path}']")
    await approver.see("text=NECJCpt-16.3.1-1.x86_64.rpm")
    await approver.see(":text('rpm -ivh')")
    await approver.click("approve-form")
    await approver.page.wait_for_selector("#approve-form", state="detached", timeout=WAIT)


@pytest.mark.timeout(300)
async def test_four_people_patch_the_cluster_in_their_browsers(tmp_path: Path, browser: Browser) -> None:
    victim = Victim(tmp_path / "home")
    try:
        await victim.start()
        base = f"http://127.0.0.1:{victim.port}"
        async with (
            seated(browser, base, "operator") as operator,
            seated(browser, base, "checker") as checker,
            seated(browser, base, "approver", phone=True) as approver,
            seated(browser, base, "auditor", language="en-US") as auditor,
        ):
            path = await plan(operator)
            await approve(approver, path)
            await operator.see("#start-form")
            await checker.go(path)
            await operator.click("start-form")
            async with asyncio.timeout(240):
                executed = await carry_out(operator, checker)
            await look_back(operator, auditor, path)
        assert [key.partition("@")[0] for key in executed] == [
            "3.3.1-2", "3.3.1-3", "3.3.2-0", "3.3.3-2", "3.3.3-3", "3.3.4-0",
        ]  # fmt: skip
        lab = await asyncio.to_thread(status, tmp_path / "home" / "lab")
        assert [node.packages for node in lab.nodes] == [("NECJCpkg-16.3", "NECJCpt-16.3.1")] * 2
        assert {r.node for r in lab.resources} == {"node-a"}
    finally:
        await victim.kill()
        await asyncio.to_thread(down, tmp_path / "home" / "lab")


async def look_back(operator: At, auditor: At, path: str) -> None:
    """The operator is shown the downtime, twice and no more; the auditor reads who did what."""
    await operator.see("#downtime [data-site=site1]")
    shown = await operator.page.inner_text("#downtime")
    assert "2 回" in shown
    assert await axe_violations(operator.page) == []
    session = path.rpartition("/")[2]
    for word in ("operator", "checker", "approver"):
        await auditor.go(f"/history?session={session}&actor={word}")
        assert word in await auditor.page.inner_text("main table")
    await auditor.go(path)
    assert await auditor.page.query_selector("#completed")
    assert await auditor.page.query_selector("form[action*='/confirm']") is None
