"""The keeper of a lab of Windows nodes: powers them, and is their cluster. Owns control.sock, nodes.sock and the lab's page.

The cluster manager blocks, so it works in threads of its own; nodes ask it over nodes.sock.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.lab.keeper import Keeper
from app.lab.model import Lab, LabError, Layout, NodeStatus, Resource
from app.lab.windows import faults, page
from app.lab.windows.build import first_cluster
from app.lab.windows.cluster import manager as clusters
from app.lab.windows.cluster import memory
from app.lab.windows.cluster.errors import ClusterError
from app.lab.windows.cluster.requests import answer
from app.lab.windows.power import Remote, WindowsMachine
from app.lab.windows.sockets import NODES

_WATCH = 0.5  # seconds between two looks at what should run


class WindowsKeeper(Keeper):
    """One running lab of Windows nodes."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.layout = lab, Layout(Path(lab.directory))
        self.nodes = {node.name: WindowsMachine(lab, node) for node in lab.nodes}
        self.machines = dict(self.nodes)
        self.end = asyncio.Event()
        known = memory.load(self.layout.cluster_state, lambda: first_cluster(lab))
        self.clusters = clusters.Manager(self.layout.cluster_state, known, {})
        self._threads = ThreadPoolExecutor(32, "cluster")
        self._stopping = False
        self._servers: list[asyncio.Server] = []
        Path(self.layout.directory, NODES).unlink(missing_ok=True)

    async def boot(self) -> None:
        """Open what nodes ask over, then power all of them on."""
        loop = asyncio.get_running_loop()
        self.clusters.agents = {name: Remote(node, loop) for name, node in self.nodes.items()}
        self._servers.append(await asyncio.start_unix_server(self._from_node, NODES))
        for node in self.nodes.values():
            node.lost = self._lost
        self._servers.append(await page.serve(self.lab, self.act, self._shown))
        self.clusters.wait(True)
        await asyncio.gather(*(node.boot() for node in self.nodes.values()))
        await self._in_thread(self.clusters.wait, False)

    def _lost(self, name: str) -> None:
        """A node is gone: its groups go to another."""
        if not self._stopping:
            self._threads.submit(self.clusters.leave, name, True)

    async def manage(self) -> None:
        """Look again and again whether what should run does."""
        while True:
            await asyncio.sleep(_WATCH)
            await self._in_thread(self.clusters.watch)

    async def idle(self, limit: float) -> bool:
        """Whether nothing is pending or still to be done."""
        end = asyncio.get_running_loop().time() + limit
        while not await self._in_thread(self.clusters.settled):
            if asyncio.get_running_loop().time() > end:
                return False
            await asyncio.sleep(0.02)
        return True

    async def _in_thread(self, run: Callable[..., Any], *values: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, run, *values)

    async def stop(self) -> None:
        """Power every node off. The cluster keeps its state: nothing fails over because the lab goes down."""
        self._stopping = True
        self.clusters.freeze()
        await asyncio.gather(*(node.crash() for node in self.nodes.values()))
        for server in self._servers:
            server.close()
        self._threads.shutdown(wait=False)

    async def _from_node(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = json.loads(await reader.readline() or b"{}")

        def ask() -> dict[str, Any]:
            try:
                return answer(self.clusters, request["node"], request["verb"], **request["values"])
            except ClusterError as error:
                return {"refused": error.code, "detail": error.detail}

        told = await self._in_thread(ask)
        with contextlib.suppress(OSError):  # a node that died meanwhile waits for nothing
            writer.write(json.dumps(told).encode() + b"\n")
            await writer.drain()
        writer.close()

    def requests(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]]:
        """What can be asked."""
        table = super().requests()
        del table["cluster"]
        return {**table, "act": self._act}

    async def _fault(self, request: dict[str, Any]) -> dict[str, Any]:
        values = faults.parameters(request["kind"], request["values"])
        node = self.nodes[self.lab.node(request["node"]).name]
        try:
            await faults.apply(node, request["kind"], values)
        except OSError as error:
            raise LabError(str(error), str(error)) from error
        return {}

    async def _act(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"said": await self.act(request["node"], request["act"], request.get("values", {}))}

    async def act(self, node: str, act: str, values: dict[str, str]) -> list[str]:
        """Do what a person would do in a window of that node: what it says, Japanese and English. Raises LabError."""
        told = await self.nodes[self.lab.node(node).name].told("act", act=act, values=values)
        if not told:
            raise LabError(f"{node} is down", f"{node} は停止しています。")
        if "error" in told:
            raise LabError(told["error"], told["ja"])
        return list(told["said"])

    async def _shown(self) -> dict[str, Any]:
        """Everything that the page shows."""
        seen = await self._in_thread(self.clusters.see)
        nodes = {name: {**await node.told("look"), "power": node.state} for name, node in self.nodes.items()}
        return {"cluster": seen, "nodes": nodes}

    async def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        shown = await self._shown()
        cluster = shown["cluster"]
        nodes = [
            NodeStatus(
                name, node.node.port, node.state, cluster["node_states"][name] == "Paused",
                tuple(shown["nodes"][name].get("sites", {})), tuple(shown["nodes"][name].get("packages", ())), node.faults(),
            )
            for name, node in self.nodes.items()
        ]  # fmt: skip
        resources = [
            Resource(
                one["name"], one["state"], cluster["groups"][one["group"]]["owner"],
                not cluster["groups"][one["group"]]["suspended"], one["state"] == "Failed",
            )
            for one in cluster["resources"].values()
        ]  # fmt: skip
        return {
            "pid": os.getpid(),
            "nodes": list(map(asdict, nodes)),
            "resources": list(map(asdict, resources)),
        }
