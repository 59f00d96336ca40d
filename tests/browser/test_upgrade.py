"""The UNIX upgrade in real browsers: 3.1 from R12.10 to R16.3 on three nodes with two sites; hand-offs done by a person."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.lab import down, product, up
from app.lab.control import node_names, some_sites
from tests.browser.people import WAIT, At, carry_out, seated
from tests.support.lab import Cluster
from tests.support.upgrade import left_behind, on_the_lab
from tests.torture.victim import Victim

if TYPE_CHECKING:
    from playwright.async_api import Browser

OLD = {"cjcpw", "nqsdaemon", "jnwcaster", "jnwengine", "sclaunchd", "comagent"}
NEW = {*product.daemons("R16.3"), "cjcpw"}


async def plan(operator: At) -> str:
    """From the cluster's page to a submitted session; the path of its page."""
    await operator.go("/clusters")
    await operator.page.click("main a:has-text('tokyo-batch')")
    await operator.page.click("a:has-text('新しいセッション')")
    await operator.page.select_option("[name=operation]", "upgrade")
    await operator.page.fill("[name=target]", "R16.3")
    await operator.page.click("button[name=preview]")
    await operator.see("#preview :text('3.1')")
    await operator.page.click("#session-form button.primary")
    await operator.click("submit-form")
    await operator.see("#revise-form")
    return "/" + operator.page.url.split("/", 3)[3]


async def running(lab: Cluster, node: str) -> set[str]:
    """Names of the product's processes on a node."""
    rows = await asyncio.to_thread(lab.processes, node)
    return {row[2].split()[0].rpartition("/")[2] for row in rows} & NEW


class Hands:
    """What the operator does outside the console before ticking, on the lab's nodes."""

    def __init__(self, lab: Cluster) -> None:
        self.lab = lab
        self.done: list[str] = []

    async def __call__(self, key: str) -> None:
        """Run the lab's command for that step, if it is a hand-off."""
        if key.startswith("3.1.3-6+8@"):  # the decision comes before anything is saved or removed
            assert left_behind(self.lab.lab, key.rpartition("/")[2]) == 5
        if command := on_the_lab(self.lab.lab, key):
            node = key.partition("@")[2].partition("/")[0]
            ran = await asyncio.to_thread(self.lab.ssh, node, command)
            assert ran.status == 0, (key, ran)
            self.done.append(key)


async def carried_out(browser: Browser, base: str, hands: Hands) -> list[str]:
    """Plan, approval, and every step to the end; the steps that were executed, in order."""
    async with (
        seated(browser, base, "operator") as operator,
        seated(browser, base, "checker") as checker,
        seated(browser, base, "approver") as approver,
    ):
        path = await plan(operator)
        await approver.go("/approvals")
        await approver.page.click(f"a[href='{path}']")
        await approver.see(":text('tejun-before-R16.3.tar')")
        await approver.click("approve-form")
        await approver.page.wait_for_selector("#approve-form", state="detached", timeout=WAIT)
        await operator.see("#start-form")
        await checker.go(path)
        await operator.click("start-form")
        async with asyncio.timeout(1600):
            return await carry_out(operator, checker, hands)


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_three_people_upgrade_three_nodes_and_two_sites(tmp_path: Path, browser: Browser) -> None:
    folder = tmp_path / "home" / "lab"
    built = await asyncio.to_thread(
        lambda: up(folder, version="R12.10", nodes=node_names(3), sites=some_sites(2))
    )
    lab, victim = Cluster(built, folder), Victim(tmp_path / "home")
    hands = Hands(lab)
    assert await running(lab, "node-a") == OLD
    try:
        await victim.start()
        executed = await carried_out(browser, f"http://127.0.0.1:{victim.port}", hands)
        for site in ("site1", "site2"):
            await as_new(lab, site, executed, hands.done)
        status = await asyncio.to_thread(lab.status)
        assert [node.packages for node in status.nodes] == [("NECJCpkg-16.3",)] * 3
        assert not any(node.standby for node in status.nodes)
        assert {(one.role, one.node) for one in status.resources} == {("Started", "node-a")}
        assert await running(lab, "node-a") == NEW
    finally:
        await victim.kill()
        await asyncio.to_thread(down, folder)


async def as_new(lab: Cluster, site: str, executed: list[str], done: list[str]) -> None:
    """The site's old files went, after they were saved; its database was converted, and it runs."""
    at = f"@node-a/{site}"
    removals = [executed.index(f"3.1.3-{step}{at}") for step in ("8", "8+1", "7")]
    assert removals == sorted(removals)
    assert left_behind(lab.lab, site) == 0
    database = lab.directory / "shared" / site
    saved = await asyncio.to_thread(lab.ssh, "node-a", f"tar -tf {database}/tejun-before-R16.3.tar")
    assert "nqs/private/root/control/0000001.req" in saved.out
    assert (database / "nqs/format").read_text() == "R13\n"
    assert f"3.1.3-9{at}" in done
