"""A lab of Windows nodes that runs in processes of its own, reached as the console reaches nodes: the guard over WinRM."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from app import lab as labs
from app.domain.procedure import CommandText
from app.lab import control
from app.lab.model import Lab
from app.nodes.certificates import offered
from app.nodes.links import Links
from app.nodes.results import Ended
from app.nodes.target import Credential, Target, Windows
from tests.nodes.support import Recorder

PATIENCE = 120.0


class OverWire:
    """Blocking; `loop` is another thread's, in which the links live."""

    def __init__(
        self, lab: Lab, links: Links, targets: dict[str, Target], loop: asyncio.AbstractEventLoop
    ) -> None:
        self.lab, self._links, self._targets, self._loop = lab, links, targets, loop

    def read(self, node: str, shell: str, text: str) -> tuple[bytes, bytes, int]:
        """A probe, as it stands in the plan."""
        asking = self._links.read(self._targets[node], CommandText(shell=shell, text=text), timeout=PATIENCE)  # type: ignore[arg-type]
        told = asyncio.run_coroutine_threadsafe(asking, self._loop).result(PATIENCE)
        return told.stdout, told.stderr, told.exit_status

    def run(self, node: str, shell: str, text: str) -> tuple[bytes, bytes, int]:
        """A command under the guard: a scheduled task that runs run.cmd."""
        recorder = Recorder()
        running = self._links.run(
            self._targets[node], secrets.token_hex(16), CommandText(shell=shell, text=text), offsets=(0, 0),  # type: ignore[arg-type]
            sink=recorder.sink, attach_only=False, on_claim=recorder.on_claim,
        )  # fmt: skip
        ended = asyncio.run_coroutine_threadsafe(running, self._loop).result(PATIENCE)
        assert isinstance(ended, Ended), ended
        return bytes(recorder.out), bytes(recorder.err), ended.exit_status

    def do(self, node: str, act: str, /, **values: str) -> None:
        """A button of the lab's page."""
        control.do(Path(self.lab.directory), node, act, **values)


def target(lab: Lab, name: str) -> Target:
    """A node as the cluster file and its credential have it; nothing is accepted yet."""
    node = lab.node(name)
    credential = Credential("password_file", str(lab.password_file), Windows(auth="ntlm"))
    return Target(name, node.address, node.port, "Administrator", None, credential, transport="psrp")


async def accepted(lab: Lab, name: str) -> Target:
    """The same with the certificate accepted that the cluster file pins."""
    where = target(lab, name)
    key = await offered(where, 10.0)
    assert key.fingerprint == lab.node(name).host_key
    return replace(where, host_key=key.public_key)


@contextmanager
def running(directory: Path, platform: str, version: str = "R16.3", **more: object) -> Iterator[Lab]:
    """A lab that is up, and down afterwards."""
    lab = labs.up(directory, platform=platform, version=version, **more)  # type: ignore[arg-type]
    try:
        yield lab
    finally:
        labs.down(directory)
