"""A process that follows one command on each of many Windows nodes through `Links`, as the console does, and says what it took.

`python -m tests.bench.following LINES` reads the targets as JSON from its first line, and writes one line of JSON: `before` and
`most`, the memory (RSS, bytes) once one node has been followed to its end, and the most of it with all of them; `delays`: seconds
from each line's writing on its node to its arrival, lines before the last claim left out; `opening`: those of these;
`open`: seconds until all were claimed; `cpu`: seconds of processor.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from app.domain.procedure import CommandText
from app.nodes import Credential, Links, Target, Windows
from app.nodes.results import Ended

UNIX_EPOCH = 621_355_968_000_000_000
"""In .NET's ticks of 100 ns since the year 1."""


def memory() -> int:
    """The process's resident bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def lines(count: int) -> CommandText:
    """A command that writes the time, in ticks, once a second."""
    text = f"foreach ($i in 1..{count}) {{ Write-Output ([DateTime]::UtcNow.Ticks); Start-Sleep -Seconds 1 }}"
    return CommandText(shell="powershell", text=text)


class Following:
    """What arrives from one node."""

    def __init__(self) -> None:
        self.delays: list[tuple[float, float]] = []
        """When it was written, and how long it took."""
        self.claimed = 0.0
        self._rest = b""

    async def sink(self, _stream: str, _offset: int, data: bytes) -> None:
        """Lines, each with the time of its writing."""
        now = time.time()
        *whole, self._rest = (self._rest + data).split(b"\r\n")
        written = [(int(line) - UNIX_EPOCH) / 1e7 for line in whole]
        self.delays += [(at, now - at) for at in written]

    async def on_claim(self) -> None:
        """The command has begun."""
        self.claimed = self.claimed or time.time()

    async def follow(self, links: Links, target: Target, command: CommandText) -> None:
        """From the start to the end."""
        ended = await links.run(
            target, secrets.token_hex(16), command, offsets=(0, 0), sink=self.sink, attach_only=False, on_claim=self.on_claim
        )  # fmt: skip
        assert isinstance(ended, Ended), ended
        assert ended.exit_status == 0


async def followed(targets: list[Target], count: int) -> dict[str, Any]:
    """The measurement."""
    async with Links() as links:
        await Following().follow(links, targets[0], lines(1))
        before = most = memory()
        began, cpu = time.time(), time.process_time()
        ways = [Following() for _ in targets]
        running = [
            asyncio.ensure_future(way.follow(links, each, lines(count)))
            for way, each in zip(ways, targets, strict=True)
        ]
        while not all(one.done() for one in running):
            await asyncio.wait(running, timeout=0.5)
            most = max(most, memory())
        await asyncio.gather(*running)
        spent = time.process_time() - cpu
    assert {len(way.delays) for way in ways} == {count}, "every line arrived once"
    ready = max(way.claimed for way in ways)
    lines_told = [each for way in ways for each in way.delays]
    return {
        "before": before, "most": most, "cpu": spent, "open": ready - began,
        "delays": [delay for at, delay in lines_told if at > ready],
        "opening": [delay for at, delay in lines_told if at <= ready],
    }  # fmt: skip


def main() -> None:
    """Targets in, figures out."""
    targets = [
        Target(name, "127.0.0.1", port, user, key, Credential("password_file", path, Windows(auth="ntlm")), transport="psrp")
        for name, port, user, key, path in json.loads(sys.stdin.readline())
    ]  # fmt: skip
    print(json.dumps(asyncio.run(followed(targets, int(sys.argv[1])))), flush=True)


if __name__ == "__main__":
    main()
