"""The cluster manager at work: carries out what `decide` says, watches the sites, answers waits. Owns cluster.json.

Sites are started and stopped with the product's own cjcpw on the node, disks by its agent; an address is only a record.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from app.lab.machine import Machine, NodeDown
from app.lab.model import write_whole
from app.lab.pacemaker import state
from app.lab.pacemaker.decide import Step, managed, next_step
from app.lab.pacemaker.state import INFINITY, INTERVALS, Cluster, Group, Operation, Resource
from app.lab.product import daemons

_TICK = 0.5  # seconds between two monitors
_JOIN = 0.3  # seconds that a booted node is pending
_LIMIT = 60.0  # seconds that one operation may take


class Manager:
    """One for the lab. `machines` are its nodes by name, in order."""

    def __init__(self, file: Path, cluster: Cluster, machines: Mapping[str, Machine]) -> None:
        self.cluster, self._file, self._machines = cluster, file, machines
        self._changed = asyncio.Condition()
        self._busy: set[str] = set()
        self._up_since: dict[str, float] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        self._see()
        await asyncio.gather(self._watch(), *(self._drive(group) for group in self.cluster.groups))

    async def change(self, apply: Callable[[Cluster], None]) -> None:
        """Change the configuration, keep it on disk, wake whoever waits."""
        apply(self.cluster)
        self.cluster.changed = time.time()
        await self._note()

    async def idle(self, limit: float | None) -> bool:
        """Wait until nothing is left to do; False if it still was not so after `limit` seconds (None: no limit)."""
        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(self.settled), limit)
            except TimeoutError:
                return False
        return True

    def settled(self) -> bool:
        """Whether every node was seen as it is, none is on its way in, nothing is being done and nothing is due."""
        life = self.cluster.life
        for name, machine in self._machines.items():
            there = life.get(name) == "online"
            if machine.state == "booting" or there != (machine.state == "up"):
                return False
        return not self._busy and not any(next_step(self.cluster, group) for group in self.cluster.groups)

    async def _note(self) -> None:
        write_whole(self._file, json.dumps(state.to_json(self.cluster), indent=1))
        async with self._changed:
            self._changed.notify_all()

    async def _watch(self) -> None:
        """See nodes come and go, and look at the sites."""
        looked = 0.0
        while True:
            if self._see():
                await self._note()
            if time.monotonic() - looked >= _TICK:
                looked = time.monotonic()
                for resource in self.cluster.resources():
                    await self._monitor(resource)
            await asyncio.sleep(0.05)

    def _see(self) -> bool:
        """Bring `life` up to date; whether anything changed."""
        before = dict(self.cluster.life)
        for name, machine in self._machines.items():
            if machine.state != "up":
                self._up_since.pop(name, None)
                if before.get(name) != "offline":
                    self._lose(name)
                continue
            since = self._up_since.setdefault(name, time.monotonic())
            self.cluster.life[name] = (
                "online" if time.monotonic() - since >= _JOIN or not before else "pending"
            )
        return before != self.cluster.life

    def _lose(self, name: str) -> None:
        self.cluster.life[name] = "offline"
        self.cluster.lose(name)

    async def _drive(self, group: Group) -> None:
        while True:
            step = next_step(self.cluster, group)
            if step is None:
                async with self._changed:
                    await self._changed.wait()
                continue
            resource = next(resource for resource in group.resources if resource.id == step.resource)
            await self._perform(group, resource, step)

    async def _perform(self, group: Group, resource: Resource, step: Step) -> None:
        resource.role, resource.node = ("Starting" if step.action == "start" else "Stopping"), step.node
        resource.failed = False
        self._busy.add(resource.id)
        await self._note()
        begun = time.monotonic()
        try:
            code, reason = await self._operate(resource, step)
        except NodeDown:  # seen at once: deciding again on what is no longer true would never come to an end
            resource.forget()
            self._see()
        else:
            self._record(resource, step.action, step.node, code, time.monotonic() - begun, reason)
            self._conclude(group, resource, step, code)
        finally:
            self._busy.discard(resource.id)
        await self._note()

    def _conclude(self, group: Group, resource: Resource, step: Step, code: int) -> None:
        if code == 0 and step.action == "stop":
            resource.forget()
        elif code == 0:
            resource.role, group.last = "Started", step.node
        else:
            resource.role, resource.failed = "Started", True
            resource.blocked = (
                step.action == "stop"
            )  # nothing can be fenced here: it stays until a person cleans up
            if step.action == "start":
                self.cluster.fail_counts[f"{resource.id}@{step.node}"] = INFINITY

    async def _operate(self, resource: Resource, step: Step) -> tuple[int, str]:
        """Exit code of the resource agent (OCF) and the reason it gives."""
        machine = self._machines[step.node]
        if resource.kind == "vip":
            await asyncio.sleep(0.02)
            return 0, ""
        if resource.kind == "disk":
            answer = await machine.ask("plug", site=resource.site, on=step.action == "start")
            return int(answer["status"]), str(answer.get("output", ""))
        option = "" if step.action == "start" else "-stop "
        status, output = await machine.run(
            f"{machine.node.nqs}/cluster/cjcpw {option}{resource.site}", _LIMIT
        )
        return (0, "") if status == 0 else (1, output.strip().splitlines()[-1] if output.strip() else "")

    async def _monitor(self, resource: Resource) -> None:
        """A site that is said to be Started is looked at; the other two kinds do not fail by themselves."""
        node = resource.node
        if resource.kind != "site" or resource.role != "Started" or node is None or resource.failed:
            return
        if not resource.monitored or self.cluster.maintenance_mode or self._machines[node].state != "up":
            return
        begun = time.monotonic()
        names = (await self._machines[node].sites()).get(resource.site, [])
        whole = "cjcpw" in names and "nqsdaemon" in names and len(names) >= self._expected(node)
        if whole or not self._still_there(resource, node):
            return
        if managed(self.cluster, resource):
            resource.failed = True
            key = f"{resource.id}@{node}"
            self.cluster.fail_counts[key] = self.cluster.fail_counts.get(key, 0) + 1
            self._record(resource, "monitor", node, 7 if not names else 1, time.monotonic() - begun, "")
        else:  # a monitor that finds an unmanaged resource gone is no failure: it is Stopped
            resource.forget()
        await self._note()

    def _still_there(self, resource: Resource, node: str) -> bool:
        """Whether the resource is where it was before the look at the node; meanwhile it may have been moved or lost."""
        there = (resource.role, resource.node) == ("Started", node) and resource.id not in self._busy
        return there and self._machines[node].state == "up"

    def _expected(self, node: str) -> int:
        return len(daemons(self._machines[node].version())) + 1

    def _record(
        self, resource: Resource, name: str, node: str, code: int, seconds: float, reason: str
    ) -> None:
        self.cluster.calls += 1
        interval = INTERVALS[resource.kind] if name == "monitor" else 0
        done = Operation(
            self.cluster.calls, name, node, code, time.time(), round(seconds * 1000), interval, reason
        )
        lists = [resource.history, resource.failures] if code else [resource.history]
        for kept in lists:
            kept[:] = [old for old in kept if (old.name, old.node) != (name, node)] + [done]
        if code == 0 and name == "start" and resource.monitored:
            self._record(resource, "monitor", node, 0, 0.0, "")


def load(file: Path, name: str, nodes: list[str], sites: list[tuple[str, str]]) -> Cluster:
    """The cluster that cluster.json keeps, or a new one."""
    if file.exists():
        return state.from_json(json.loads(file.read_text()))
    cluster = state.fresh(name, nodes, sites)
    cluster.changed = time.time()
    return cluster
