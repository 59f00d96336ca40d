"""What the tests of app.nodes share: targets, a recording sink, and clearing away what their commands left running."""

from __future__ import annotations

import asyncio
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from app.domain.shell import sh
from app.nodes.links import Links
from app.nodes.results import Ended, Unknown
from app.nodes.target import Credential, Target
from tests.nodes.server import Node

MARKER = "TEJUN_TEST_NODE"


def new_key() -> str:
    """An attempt's key, as the engine mints it."""
    return secrets.token_hex(16)


def target_of(node: Node, port: int | None = None) -> Target:
    """The node with its accepted host key and a key file that opens it."""
    key_file = node.home.parent / "id"
    if not key_file.exists():
        key_file.write_bytes(node.user_key.export_private_key("openssh"))
    pinned = node.host_key.export_public_key("openssh").decode().strip()
    return Target(
        "node-a", "127.0.0.1", port or node.port, "root", pinned, Credential("key_file", str(key_file))
    )


@dataclass
class Recorder:
    """A sink that insists on exact offsets and counts claims. `out` and `err` are what a database would hold."""

    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)
    claims: int = 0

    async def sink(self, stream: str, offset: int, data: bytes) -> None:
        store: bytearray = getattr(self, stream)
        assert offset == len(store), f"{stream}: offset {offset}, stored {len(store)}"
        assert 0 < len(data) <= 1024 * 1024
        store += data

    async def on_claim(self) -> None:
        self.claims += 1

    @property
    def offsets(self) -> tuple[int, int]:
        return len(self.out), len(self.err)


def kill_marked(mark: str) -> None:
    """End what a test's commands left running: processes that carry the test's own marker in their environment."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            marked = f"{MARKER}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0")
            if marked:
                os.kill(int(folder.name), 9)
        except OSError:
            continue


async def start(links: Links, target: Target, recorder: Recorder, key: str, text: str) -> Ended | Unknown:
    """Run or go on from what the recorder holds."""
    return await links.run(
        target,
        key,
        sh(text),
        offsets=recorder.offsets,
        sink=recorder.sink,
        attach_only=False,
        on_claim=recorder.on_claim,
    )


async def attach(links: Links, target: Target, recorder: Recorder, key: str) -> Ended | Unknown:
    """Follow only."""
    return await links.run(
        target, key, sh(""), offsets=recorder.offsets, sink=recorder.sink, attach_only=True
    )


def claimed(node: Node, key: str) -> Path:
    return node.home / ".tejun" / key / "claim"


async def until_claimed(node: Node, key: str) -> int:
    while not claimed(node, key).exists():
        await asyncio.sleep(0.02)
    return int(claimed(node, key).read_text().split()[0])
