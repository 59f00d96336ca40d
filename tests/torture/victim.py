"""The console as a process of its own, started as people start it, to be killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path


class Victim:
    """`tejun serve` on a home folder, with the demonstration where it has no credentials. Dies by `kill -9` or by itself at a
    named instant."""

    def __init__(self, home: Path, credentials: Mapping[str, object] | None = None) -> None:
        self.home = home
        self._options = [] if credentials else ["--demo"]
        self._more = {"TEJUN_CREDENTIALS": json.dumps(credentials)} if credentials else {}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, die_at: str = "") -> None:
        """Start it; returns once it answers, or has died on the way."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TEJUN_")}
        environment |= {"TEJUN_HOME": str(self.home), "TEJUN_KEEP_SPOOL": "1", "TEJUN_DIE_AT": die_at}
        environment |= self._more
        with (self.home.parent / "victim.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "app.cli", "serve", *self._options, "--port", str(self.port),
                env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        async with asyncio.timeout(60):
            while self.alive and not await asyncio.to_thread(self._answers):
                await asyncio.sleep(0.1)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.returncode is None

    async def died(self, seconds: float) -> bool:
        """Wait for its death by itself, `seconds` at most."""
        assert self._process is not None
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            return False
        assert self._process.returncode == -signal.SIGKILL, f"it ended by itself: {self._process.returncode}"
        return True

    async def kill(self) -> None:
        """kill -9, the whole process group of the console; the lab has one of its own."""
        if self._process is not None and self.alive:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def interrupt(self) -> int:
        """Ctrl-C; its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        return await self._process.wait()

    async def open_stream(self, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Sign in as a demo account and hold its bell open, as a browser's tab does; the first byte has arrived."""
        form = f"name={name}&password=tejun-{name}&next=/"
        head = (
            "POST /sign-in HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\n"
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(
            f"{head}sec-fetch-site: same-origin\r\ncontent-length: {len(form)}\r\n\r\n{form}".encode()
        )
        answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        writer.close()
        cookie = next(
            line for line in answer.splitlines() if line.lower().startswith("set-cookie: tejun_login")
        )
        token = cookie.partition(":")[2].strip().partition(";")[0]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"GET /bells HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {token}\r\n\r\n".encode())
        await reader.readuntil(b"hello")
        return reader, writer

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/sign-in", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
