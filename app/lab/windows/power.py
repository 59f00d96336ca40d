"""The keeper's side of one Windows node: power, wire and faults as for any node, and what the cluster manager asks of it.

Owns no cluster logic. The cluster manager's threads ask through `Remote`; the loop is the keeper's.
"""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping
from typing import Any

from app.lab.machine import Machine, NodeDown
from app.lab.model import Lab, LabError, Node

REBOOT = 64
"""The exit code with which a node's process asks to be started again."""
_AWAY = 0.5  # seconds that a restart takes at least


class WindowsMachine(Machine):
    """One simulated Windows node. `lost` is called in the loop when it is gone, `back` (a coroutine) after it has booted."""

    PROCESS = "windows-node"

    def __init__(self, lab: Lab, node: Node) -> None:
        super().__init__(lab, node)
        self.lost: Callable[[str], None] = lambda _name: None
        self.away = _AWAY
        self._seen: Process | None = None
        self._restarting: asyncio.Task[None] | None = None

    async def started(self) -> None:
        """Its services start once the cluster can reach it."""
        self._seen = self._process
        await self.ask("services")

    async def _gone(self) -> None:
        process = self._seen
        await super()._gone()
        self._seen = None
        if process is not None:
            self.lost(self.node.name)
            if process.returncode == REBOOT:
                self._restarting = asyncio.create_task(self._restart())

    async def _restart(self) -> None:
        """After a restart that the node itself asked for."""
        await asyncio.sleep(self.away)
        with contextlib.suppress(LabError):  # lab.out says why; or the lab goes down meanwhile
            await self.boot()

    async def told(self, do: str, **values: Any) -> dict[str, Any]:
        """One answer, empty while the node is down."""
        try:
            return await self.ask(do, **values)
        except NodeDown:
            return {}

    def faults(self) -> tuple[str, ...]:
        """The faults in force, by name."""
        active = {file.name for file in (self.folder / "faults").iterdir()}
        return tuple(sorted(active | ({"cut"} if self.wire.cut_off else set())))

    def version(self) -> str:
        """The version of the first day; what is installed now the node itself knows."""
        return self.lab.version


class Remote:
    """A node for the cluster manager (cluster.manager.Agent), asked from threads that are not the loop's."""

    def __init__(self, machine: WindowsMachine, loop: asyncio.AbstractEventLoop) -> None:
        self._machine, self._loop = machine, loop

    def _ask(self, do: str, **values: Any) -> dict[str, Any]:
        try:
            return asyncio.run_coroutine_threadsafe(self._machine.ask(do, **values), self._loop).result()
        except NodeDown as down:
            raise OSError(f"{down} is down") from down

    def online(self, resource: Mapping[str, Any]) -> str:
        """Start it there."""
        return str(self._ask("online", resource=dict(resource))["refused"])

    def offline(self, resource: Mapping[str, Any]) -> str:
        """Stop it there."""
        return str(self._ask("offline", resource=dict(resource))["refused"])

    def alive(self, resource: Mapping[str, Any]) -> bool:
        """Whether it runs there."""
        return bool(self._ask("alive", resource=dict(resource))["alive"])

    def types_changed(self, types: list[str]) -> None:
        """Say which types of resources there are."""
        self._ask("types", types=types)

    def service(self, start: bool) -> None:
        """Start or stop its cluster service."""
        self._ask("service", start=start)

    def cluster_gone(self) -> None:
        """The quorum is lost: its cluster service has ended."""
        self._ask("cluster-gone")
