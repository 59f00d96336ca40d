"""Whole plans carried out on the simulated cluster, commands, checks and interlocks as the plan has them, without the engine."""

from __future__ import annotations

import asyncio
import time

import asyncssh
import pytest

from app.domain.checks import Verdict, judge, read
from app.domain.planner import Inputs, make_plan, plan_is_executable
from app.domain.procedure import Check, Plan, Step
from app.domain.versions import Version
from app.procedures import procedure
from app.procedures.clusterfile import load_cluster
from tests.support.lab import Cluster

PATIENCE = 30


def plan_for(lab: Cluster, method: str) -> Plan:
    cluster = load_cluster(lab.lab.cluster_file.read_bytes())
    inputs = Inputs.of(f"{cluster.path('patches')}/{lab.lab.patch.file}", lab.lab.patch.sha256)
    made = make_plan(
        procedure, cluster, "patch", Version.parse("R" + lab.lab.patch.version), method, inputs=inputs
    )  # type: ignore[arg-type]
    assert isinstance(made, Plan), made
    assert plan_is_executable(made) == ()
    return made


class Performer:
    """Carries out steps over one connection per node."""

    def __init__(self, lab: Cluster, connections: dict[str, asyncssh.SSHClientConnection]) -> None:
        self.lab, self.connections = lab, connections
        self.told: list[str] = []

    async def ask(self, check: Check, node: str) -> Verdict:
        done = await self.connections[node].run(check.commands[0].text, encoding=None)
        assert isinstance(done.stdout, bytes)
        self.told.append(f"{check.probe}@{node}: {done.stdout[-300:]!r} {done.stderr!r}")
        return judge(
            read(check, done.stdout, done.exit_status if done.exit_status is not None else -1), check
        )

    async def all_pass(self, checks: tuple[Check, ...], node: str) -> bool:
        return all([(await self.ask(check, node)).result == "pass" for check in checks])

    def commands(self, step: Step) -> tuple[str, ...]:
        """What is run on the step's node."""
        return tuple(command.text for command in step.commands)

    async def carry_out(self, step: Step) -> None:
        """As the engine does: already so, interlocks, command, checks until they pass."""
        node = step.node or ""
        if step.repeatable and step.commands and await self.all_pass(step.checks, node):
            return
        for interlock in step.interlocks:
            verdict = await self.ask(interlock, node)
            assert verdict.result == "pass", (step.key, interlock.en, verdict, self.told[-1])
        for command in self.commands(step):
            done = await self.connections[node].run(command)
            assert done.exit_status == 0, (step.key, done.stdout, done.stderr)
        until = time.monotonic() + PATIENCE
        while not await self.all_pass(step.checks, node):
            assert time.monotonic() < until, (step.key, self.told[-len(step.checks) :])
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("lab_mode", [pytest.param("auto", marks=pytest.mark.long), "plain"])
@pytest.mark.parametrize("method", ["rolling", "standard"])
async def test_a_plan_brings_every_node_to_the_patched_version(lab: Cluster, method: str) -> None:
    made = plan_for(lab, method)
    async with lab.connect("node-a") as a, lab.connect("node-b") as b:
        performer = Performer(lab, {"node-a": a, "node-b": b})
        for step in made.steps:
            if step.applies:
                await performer.carry_out(step)
    assert lab.where() == ("Started", "node-a")
    for node in ("node-a", "node-b"):
        assert lab.lab.patch.version in " ".join(
            next(one.packages for one in lab.status().nodes if one.name == node)
        )


async def test_a_running_process_keeps_the_patch_out(lab: Cluster) -> None:
    """The step's interlock sees the local site that nobody stopped; the file digests see a copy that failed."""
    made = plan_for(lab, "rolling")
    patch = next(step for step in made.steps if step.key == "3.3.1-3@node-b")
    async with lab.connect("node-a") as a, lab.connect("node-b") as b:
        performer = Performer(lab, {"node-a": a, "node-b": b})
        processes = next(one for one in patch.interlocks if one.probe == "processes")
        verdict = await performer.ask(processes, "node-b")
        assert verdict.result == "fail"
        assert "nqsdaemon" in verdict.unexpected
        await b.run(patch.commands[0].text)
        files = next(one for one in patch.checks if one.probe == "files")
        verdict = await performer.ask(files, "node-b")
        assert (verdict.result, verdict.missing) == ("fail", ("replaced",)), performer.told[-1]


async def test_a_file_that_is_not_the_approved_one_is_not_installed(lab: Cluster) -> None:
    cluster = load_cluster(lab.lab.cluster_file.read_bytes())
    file = f"{cluster.path('patches')}/{lab.lab.patch.file}"
    made = make_plan(
        procedure,
        cluster,
        "patch",
        Version.parse("R" + lab.lab.patch.version),
        inputs=Inputs.of(file, "0" * 64),
    )
    assert isinstance(made, Plan)
    patch = next(step for step in made.steps if step.key == "3.3.1-3@node-b")
    async with lab.connect("node-b") as b:
        done = await b.run(patch.commands[0].text)
        assert done.exit_status == 65
        assert "nothing installed" in str(done.stderr)
        assert (await b.run(f"rpm -q NECJCpt-{lab.lab.patch.version}")).exit_status == 1
