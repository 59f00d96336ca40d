"""The process that is a node: enters its namespaces, serves SSH, and carries out what the keeper asks over a pipe.

The pipe is this process's stdin and stdout, a JSON object a line: requests {id, do, …}, answers {id, …}; the first line
that goes out is {"port": N}. Its end is the node's end. Owns no cluster logic.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from app.lab import namespaces, sshd
from app.lab.model import Lab, Layout, Node, load
from app.lab.processes import MARK, living, watch_children

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment(lab: Lab, node: Node) -> dict[str, str]:
    """What a login as root on this node starts with."""
    folder = Layout(Path(lab.directory)).node(node.name)
    return {
        "HOME": node.home,
        "PATH": f"{folder}/bin:{_PATH}",
        "SHELL": "/bin/sh",
        "USER": "root",
        "LOGNAME": "root",
        "LANG": "C.UTF-8",
        MARK: str(folder),
    }


class Agent:
    """Answers the keeper's requests."""

    def __init__(self, lab: Lab, node: Node) -> None:
        self._lab, self._node = lab, node
        self._layout = Layout(Path(lab.directory))
        self._folder = self._layout.node(node.name)
        self._environment = environment(lab, node)

    async def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request's answer. Unknown requests are a defect: KeyError."""
        return await {"run": self._run, "sites": self._sites, "plug": self._plug}[request["do"]](request)

    async def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        status, output = await sshd.run(
            request["command"], self._environment, Path(self._node.home), request["limit"]
        )
        return {"status": status, "output": output}

    async def _sites(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"sites": living(self._folder / "run")}

    async def _plug(self, request: dict[str, Any]) -> dict[str, Any]:
        """Mount or unmount a site's database; the marker is what the product's commands look at in both modes."""
        site, on = request["site"], request["on"]
        marker = self._folder / "run" / f"mounted.{site}"
        if marker.exists() == on:
            return {"status": 0}
        if self._lab.mode == "ns" and on:
            namespaces.plug(self._folder, self._layout.shared, site)
        elif self._lab.mode == "ns":
            namespaces.unmount(self._layout.shared / site)
        marker.touch() if on else marker.unlink()
        return {"status": 0}


async def _serve(lab: Lab, node: Node) -> None:
    watch_children()
    layout = Layout(Path(lab.directory))
    folder = layout.node(node.name)
    sessions = sshd.Sessions(environment(lab, node), Path(node.home), folder / "faults")
    port = await sshd.listen(folder / "host_key", layout.client_key.with_suffix(".pub"), sessions)
    _say({"port": port})
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    agent = Agent(lab, node)
    pending: set[asyncio.Task[None]] = set()
    while line := await reader.readline():
        work = asyncio.create_task(_reply(agent, json.loads(line)))
        pending.add(work)
        work.add_done_callback(pending.discard)


async def _reply(agent: Agent, request: dict[str, Any]) -> None:
    try:
        answer = await agent.answer(request)
    except OSError as error:
        answer = {"status": 1, "output": str(error)}
    _say({"id": request["id"], **answer})


def _say(message: dict[str, Any]) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


def main(directory: Path, name: str) -> int:
    """Be the node `name` of the lab in `directory` until the keeper's end of the pipe closes; the exit code."""
    lab = load(directory)
    if lab is None:
        return 1
    node, layout = lab.node(name), Layout(directory)
    folder = layout.node(name)
    namespaces.die_with_parent()
    shutil.rmtree(folder / "run", ignore_errors=True)
    (folder / "run").mkdir()
    if lab.mode == "ns":
        namespaces.unshare()
        first = os.fork()
        if first:
            return os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
        namespaces.die_with_parent()
        namespaces.become_machine(name, folder, layout.shared)
        server = os.fork()
        if server:
            os.close(0)
            os.close(1)
            os._exit(namespaces.init(server))
    asyncio.run(_serve(lab, node))
    return 0
