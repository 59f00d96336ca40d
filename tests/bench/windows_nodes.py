"""Windows nodes in processes of their own, for benchmarks: `python -m tests.bench.windows_nodes KIND FOLDER COUNT` serves so many
until its stdin ends. KIND: whole (simulated nodes), or words (guard_words.py). Measures nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path

from app.lab.windows.scripts import Scripts
from app.lab.winrm import Accounts, Authority, Endpoint
from app.lab.winrm.scripts import ScriptHost
from app.nodes import Credential, Target, Windows
from app.nodes.certificates import offered
from tests.bench.guard_words import GuardWords
from tests.lab.windows.nodes import Nodes

USER, PASSWORD = "Administrator", "correct horse 電池"
A_PROCESS = 25
"""Nodes of one process: they share its interpreter."""


def hosts(kind: str, folder: Path, count: int) -> Iterator[ScriptHost]:
    """What so many nodes run."""
    if kind == "words":
        yield from (GuardWords() for _ in range(count))
        return
    for number in range(-(-count // 2)):
        yield from (Scripts(each) for each in Nodes(folder / str(number)).computers.values())


def serve(kind: str, folder: Path, count: int) -> None:
    """So many nodes behind endpoints of their own; prints their ports."""
    authority, ports = Authority.make(), list[int]()
    with contextlib.ExitStack() as up:
        for host in islice(hosts(kind, folder, count), count):
            endpoint = Endpoint(
                f"NODE{len(ports)}", host, Accounts({USER: PASSWORD}), http_port=None,
                certificate=authority.node("127.0.0.1"),
            )  # fmt: skip
            up.enter_context(endpoint)
            ports.append(endpoint.https_port)
        print(json.dumps(ports), flush=True)
        sys.stdin.read()


@asynccontextmanager
async def windows_nodes(folder: Path, count: int, kind: str = "whole") -> AsyncIterator[list[Target]]:
    """So many nodes that run, each with its certificate accepted."""
    processes, targets = list[asyncio.subprocess.Process](), list[Target]()
    secret = folder / "password"
    secret.write_text(PASSWORD, "utf-8")
    try:
        for number in range(-(-count // A_PROCESS)):
            asked = min(A_PROCESS, count - number * A_PROCESS)
            processes.append(
                await started("tests.bench.windows_nodes", kind, str(folder / f"lab{number}"), str(asked))
            )
        for process in processes:
            assert process.stdout is not None
            for port in json.loads(await process.stdout.readline()):
                targets.append(await known(f"node-{len(targets)}", port, secret))
        yield targets
    finally:
        for process in processes:
            process.kill()
            await process.wait()


async def known(name: str, port: int, secret: Path) -> Target:
    """A node with its certificate accepted."""
    credential = Credential("password_file", str(secret), Windows(auth="ntlm"))
    asked = Target(name, "127.0.0.1", port, USER, None, credential, transport="psrp")
    key = (await offered(asked, 30.0)).public_key
    return Target(name, "127.0.0.1", port, USER, key, credential, transport="psrp")


async def started(module: str, *arguments: str) -> asyncio.subprocess.Process:
    """A module as a process, its stdin and stdout ours; its lines may be long."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, limit=2**26,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
