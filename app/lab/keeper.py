"""The lab's one resident process: keeps the nodes, the wires in front of them and the cluster manager, and answers requests.

It holds a lock on keeper.lock as long as it lives: that lock, not a process id, says whether the lab is up. Its end is the
end of every node. Owns control.sock.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.lab import faults, shims
from app.lab.machine import Machine
from app.lab.model import Lab, LabError, Layout, NodeStatus, Resource, load
from app.lab.pacemaker import manager
from app.lab.pacemaker.manager import Manager
from app.lab.pacemaker.pcs import Commands
from app.lab.processes import watch_children

_SETTLE = 20.0  # seconds that the cluster may take to come up before `up` answers anyway


class Keeper:
    """One running lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.layout = lab, Layout(Path(lab.directory))
        self.machines = {node.name: Machine(lab, node) for node in lab.nodes}
        sites = [(site.name, site.group) for site in lab.sites]
        cluster = manager.load(self.layout.cluster_state, lab.name, list(self.machines), sites)
        self.manager = Manager(self.layout.cluster_state, cluster, self.machines)
        self.commands = Commands(self.manager)
        self.end = asyncio.Event()

    async def boot(self) -> None:
        """Power every node on and let the cluster settle."""
        for machine in self.machines.values():
            node = machine.node
            shims.write(
                self.layout.directory,
                machine.folder,
                node.name,
                self.lab.mode,
                node.disk if self.lab.mode == "plain" else "",
            )
        await asyncio.gather(*(machine.boot() for machine in self.machines.values()))

    async def serve(self, ready: Callable[[dict[str, Any]], None]) -> None:
        """Run until somebody asks for the end; `ready` is told when everything is up, or why it is not."""
        try:
            await self.boot()
        except LabError as error:
            ready({"error": str(error), "ja": error.ja})
            await self.stop()
            return
        managing = asyncio.create_task(self.manage())
        server = await asyncio.start_unix_server(self._answer, Layout.SOCKET)
        await asyncio.sleep(0)
        await self.idle(_SETTLE)
        ready({"pid": os.getpid()})
        ended = asyncio.create_task(self.end.wait())
        await asyncio.wait({ended, managing}, return_when=asyncio.FIRST_COMPLETED)
        server.close()
        if managing.done():
            await managing  # a defect: let it be seen in lab.out
        managing.cancel()
        await self.stop()

    async def manage(self) -> None:
        """Be the cluster manager, for ever."""
        await self.manager.run()

    async def idle(self, limit: float) -> bool:
        """Whether the cluster has settled, at the latest after `limit` seconds."""
        return await self.manager.idle(limit)

    async def stop(self) -> None:
        """Power every node off."""
        await asyncio.gather(*(machine.crash() for machine in self.machines.values()))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = json.loads(await reader.readline() or b"{}")
        table = self.requests()
        if request.get("do") in table:
            try:
                answer = await table[request["do"]](request)
            except LabError as error:
                answer = {"error": str(error), "ja": error.ja}
            writer.write(json.dumps(answer).encode() + b"\n")
        try:
            await writer.drain()
        except OSError:  # whoever asked did not wait for the answer
            pass
        finally:
            writer.close()

    def requests(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]]:
        """What can be asked, and who answers."""
        return {
            "status": self._status,
            "fault": self._fault,
            "cluster": self._cluster,
            "idle": self._idle,
            "down": self._down,
        }

    async def _cluster(self, request: dict[str, Any]) -> dict[str, Any]:
        node, command = request["node"], request["command"]
        mark = self.machines[node].folder / "faults" / "wrong-output"
        answer = await self.commands.run(command, request["arguments"], node)
        if mark.exists() and mark.read_text() == command:
            return {"status": 0, "out": answer.out[: len(answer.out) // 2] + "\x00\ufffd<<", "err": ""}
        return {"status": answer.status, "out": answer.out, "err": answer.err}

    async def _fault(self, request: dict[str, Any]) -> dict[str, Any]:
        values = faults.parameters(request["kind"], request["values"])
        machine = self.machines[self.lab.node(request["node"]).name]
        try:
            await faults.apply(machine, request["kind"], values)
        except OSError as error:
            raise LabError(str(error), str(error)) from error
        return {}

    async def _idle(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"idle": await self.idle(float(request["limit"]))}

    async def _down(self, _: dict[str, Any]) -> dict[str, Any]:
        await self.stop()
        self.end.set()
        return {}

    async def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        cluster = self.manager.cluster
        nodes = [
            NodeStatus(
                name, machine.node.port, machine.state, name in cluster.standby,
                tuple(await machine.sites()), machine.packages(), machine.faults(),
            )
            for name, machine in self.machines.items()
        ]  # fmt: skip
        resources = [
            Resource(one.id, one.role, one.node, one.managed, one.failed) for one in cluster.resources()
        ]
        return {
            "pid": os.getpid(),
            "nodes": list(map(asdict, nodes)),
            "resources": list(map(asdict, resources)),
        }


def _lock(layout: Layout) -> bool:
    handle = os.open(layout.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    return True


def make(lab: Lab) -> Keeper:
    """The keeper for a lab of that platform."""
    if lab.platform == "unix":
        return Keeper(lab)
    from app.lab.windows.keeper import WindowsKeeper  # which builds on this module

    return WindowsKeeper(lab)


def main(directory: Path, detached: bool) -> int:
    """Keep the lab in `directory`; the first line on stdout says {"pid": …} or {"error": …}. The exit code."""
    if detached and os.fork():  # the caller waits for this half only; the keeper belongs to nobody
        return 0
    lab, layout = load(directory), Layout(directory)
    if lab is None or not _lock(layout):
        return 1
    os.chdir(layout.directory)
    layout.socket.unlink(missing_ok=True)

    def ready(message: dict[str, Any]) -> None:
        if detached:
            os.write(1, json.dumps(message).encode() + b"\n")
            output = os.open(layout.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(output, 1)
            os.close(output)
        elif "error" in message:
            print(message["error"], file=sys.stderr)

    async def keep() -> None:
        watch_children()
        keeper = make(lab)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, keeper.end.set)
        await keeper.serve(ready)

    asyncio.run(keep())
    return 0
