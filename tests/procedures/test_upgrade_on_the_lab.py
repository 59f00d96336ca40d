"""Procedure 3.1 carried out on a simulated cluster of three nodes and two sites, from R12.10 to R16.3, without the engine.

What the manual hands off to other documents is done with the lab's own commands, as a person would do it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import asyncssh
import pytest

from app.domain.planner import make_plan
from app.domain.procedure import Plan, Step
from app.domain.versions import Version
from app.lab import product
from app.lab.control import node_names, some_sites
from app.procedures import procedure
from app.procedures.clusterfile import load_cluster
from tests.procedures.test_plans_on_the_lab import Performer
from tests.support.lab import Cluster
from tests.support.upgrade import left_behind, on_the_lab

NODES = node_names(3)


def plan_for(lab: Cluster) -> Plan:
    cluster = load_cluster(lab.lab.cluster_file.read_bytes())
    made = make_plan(procedure, cluster, "upgrade", Version.parse("R16.3"))
    assert isinstance(made, Plan), made
    return made


class Upgrader(Performer):
    """Carries out commands and checks as planned, and hand-offs with the lab's commands."""

    def commands(self, step: Step) -> tuple[str, ...]:
        """What the plan has, or what a person does."""
        by_hand = on_the_lab(self.lab.lab, step.key)
        return (by_hand,) if by_hand else super().commands(step)


async def connected(lab: Cluster, stack: AsyncExitStack) -> dict[str, asyncssh.SSHClientConnection]:
    return {name: await stack.enter_async_context(lab.connect(name)) for name in NODES}


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("lab_mode", "local_site"), [("plain", "used"), ("auto", "unused")], ids=["plain-used", "auto-unused"]
)
async def test_every_node_and_both_sites_come_to_the_new_version(
    new_lab: Callable[..., Cluster], local_site: str
) -> None:
    lab = new_lab(version="R12.10", nodes=NODES, sites=some_sites(2), local_site=local_site)
    made = plan_for(lab)
    async with AsyncExitStack() as stack:
        upgrader = Upgrader(lab, await connected(lab, stack))
        for step in made.steps:
            if step.key.startswith("3.1.3-8@"):  # nothing is removed before all of it was saved
                assert left_behind(lab.lab, step.site or "") == 5
            if step.applies:
                await upgrader.carry_out(step)
    await look(lab, local_site)


async def look(lab: Cluster, local_site: str) -> None:
    status = lab.status()
    everything = {*product.daemons("R16.3"), "cjcpw"}
    for node in status.nodes:
        assert "NECJCpkg-16.3" in node.packages
        assert not node.standby
        assert ("local" in node.sites) == (local_site == "used")
    for site in ("site1", "site2"):
        assert site in status.nodes[0].sites
        assert (lab.directory / "shared" / site / "nqs/format").read_text() == "R13\n"
        assert left_behind(lab.lab, site) == 0
    running = {
        row[2].split()[0].rpartition("/")[2] for row in await asyncio.to_thread(lab.processes, "node-a")
    }
    assert everything <= running


def on_site1(lab: Cluster, *places: str) -> list[str]:
    """The commands of those steps of 3.1.3 for site1."""
    steps = {step.key: step for step in plan_for(lab).steps}
    return [steps[f"3.1.3-{place}@node-a/site1"].commands[0].text for place in places]


async def refused(node: asyncssh.SSHClientConnection, *commands: str) -> None:
    for command in commands:
        done = await node.run(command)
        assert (done.exit_status, "nothing removed" in str(done.stderr)) == (65, True), done.stderr


async def done(node: asyncssh.SSHClientConnection, *commands: str) -> None:
    for command in commands:
        ran = await node.run(command)
        assert ran.exit_status == 0, ran.stderr


async def test_a_snapshot_comes_first_and_a_link_stops_the_removal(new_lab: Callable[..., Cluster]) -> None:
    """The commands of step 7: no snapshot, a file that is not in it or differs, a symbolic link, and then for good."""
    lab = new_lab(version="R12.10", mode="plain")
    save, files, rest = on_site1(lab, "6+9", "8+1", "7")
    root = lab.directory / "shared/site1/nqs/private/root"
    async with lab.connect("node-a") as node:
        await refused(node, files, rest)
        (root / "data/日本語 1.dat").write_text("x")
        await done(node, save)
        (root / "control/late.req").write_text("y")
        (root / "transfile").write_text("changed")
        await done(node, save)  # kept as it is: a second one would lose what was removed since
        await refused(node, files, rest)
        (root / "control/late.req").unlink()
        (root / "transfile").write_text("private/root/transfile\n")
        (root / "data/link").symlink_to("/etc/passwd")
        await refused(node, rest)
        assert (root / "control/0000001.req").exists()
        (root / "data/link").unlink()
        await done(node, files, rest)
    assert left_behind(lab.lab, "site1") == 0
    assert list((root / "data").iterdir()) == []
