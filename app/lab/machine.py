"""The keeper's side of one node: its process, the pipe to it, its wire, its faults. Owns power on and power off."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

from app.lab import packages, processes, product
from app.lab.model import Lab, LabError, Layout, Node
from app.lab.proxy import Wire


class NodeDown(Exception):
    """The node died before it answered, or was off."""


class Machine:
    """One simulated node. `state`: off | booting | up | crashed. `PROCESS`: what `python -m app.lab` calls its process."""

    PROCESS = "node"

    def __init__(self, lab: Lab, node: Node) -> None:
        self.lab, self.node = lab, node
        self.folder = Layout(Path(lab.directory)).node(node.name)
        self.wire = Wire(node.port)
        self.state = "off"
        self._process: Process | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._asked = 0
        self._listening: asyncio.Task[None] | None = None

    async def boot(self) -> None:
        """Power on: returns once SSH answers. The local site comes up by itself where it is in service (boot script).

        Raises LabError when the node's process ends instead of answering, or its port is taken.
        """
        if self.state in ("up", "booting"):
            return
        self.state = "booting"
        await self.wire.detach()
        processes.sweep(self.folder)
        with Layout(Path(self.lab.directory)).output.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "app.lab", self.PROCESS, self.lab.directory, self.node.name,
                stdin=PIPE, stdout=PIPE, stderr=output, start_new_session=True,
            )  # fmt: skip
        assert self._process.stdout
        first = await self._process.stdout.readline()
        if not first:
            await self._gone()
            name, out = self.node.name, Layout(Path(self.lab.directory)).output
            raise LabError(
                f"{name} did not start: see {out}", f"{name} が起動しません。{out} を確認してください。"
            )
        self._listening = asyncio.create_task(self._listen(self._process))
        await self._open(json.loads(first)["port"])
        self.state = "up"
        await self.started()

    async def started(self) -> None:
        """What comes up by itself: the local site where it is in service."""
        if self.lab.local_site == "used":
            await self.run(f"{self.node.nqs}/nqsstart", 30)

    async def _open(self, behind: int) -> None:
        """The public port; a node whose port is taken is no node."""
        try:
            await self.wire.attach(behind)
        except OSError as error:
            await self.crash()
            port, name = self.node.port, self.node.name
            raise LabError(
                f"{name} cannot have port {port}: {error.strerror}; end whoever has it, or set the lab up in a new folder",
                f"{name} のポート {port} を使えません（{error.strerror}）。使用中のプログラムを終了するか、"
                "別のフォルダーでラボを作り直してください。",
            ) from error

    async def crash(self, silently: bool = False) -> None:
        """Power off without warning: every process ends at once; files stay."""
        process, self._process = (
            self._process,
            None,
        )  # taken away first: `_listen` must not see an accident in it
        if process is None:
            return
        self.state = "crashed"
        if silently:
            await self.wire.cut()
        if process.returncode is None:
            process.kill()
        await process.wait()
        await self._gone()
        await asyncio.to_thread(processes.sweep, self.folder)
        await self.wire.detach(silently)

    async def _gone(self) -> None:
        self.state = "crashed"
        self._process = None
        waiting, self._answers = self._answers, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(NodeDown(self.node.name))

    async def _listen(self, process: Process) -> None:
        assert process.stdout
        while line := await process.stdout.readline():
            message = json.loads(line)
            future = self._answers.pop(message["id"], None)
            if future and not future.done():
                future.set_result(message)
        await process.wait()
        if self._process is process:  # it died by itself, or somebody killed it
            await self._gone()
            await asyncio.to_thread(processes.sweep, self.folder)
            await self.wire.detach()

    async def ask(self, do: str, **values: Any) -> dict[str, Any]:
        """One request to the node's agent. Raises NodeDown when no answer will come."""
        if self._process is None or self.state != "up" or self._process.stdin is None:
            raise NodeDown(self.node.name)
        self._asked += 1
        future = self._answers[self._asked] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"id": self._asked, "do": do, **values}).encode() + b"\n")
        answer: dict[str, Any] = await future
        return answer

    async def run(self, command: str, limit: float) -> tuple[int, str]:
        """Run a shell command as the node itself would; status and output. Raises NodeDown."""
        answer = await self.ask("run", command=command, limit=limit)
        return int(answer["status"]), str(answer["output"])

    async def sites(self) -> dict[str, list[str]]:
        """Site -> its living processes on this node; empty when the node is down."""
        try:
            answer: dict[str, list[str]] = (await self.ask("sites"))["sites"]
        except NodeDown:
            return {}
        return answer

    def faults(self) -> tuple[str, ...]:
        """The faults in force, by name."""
        active = {file.name for file in (self.folder / "faults").iterdir()}
        variables = Path(self.node.home) / ".ssh" / "environment"
        if variables.exists() and "NQS_SITE=" in variables.read_text():
            active.add("nqs-site")
        return tuple(sorted(active | ({"cut"} if self.wire.cut_off else set())))

    def version(self) -> str:
        """What is installed now: "R16.3", the base package's; an upgrade changes it while the lab runs."""
        found = packages.Database(self.folder).find(product.BASE_PACKAGE)
        return f"R{found[0].version}" if found else self.lab.version

    def packages(self) -> tuple[str, ...]:
        """Installed packages as `name-version`."""
        return tuple(f"{entry.name}-{entry.version}" for entry in packages.Database(self.folder).all())
