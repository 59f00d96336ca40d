"""A console process of a test module's own, and people at it without a browser: HTTP, the forms as they stand in the pages."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from app.lab import down, fault
from tests.web.forms import has_form, send, standing

PAGE = {"accept": "text/html", "user-agent": "test"}


@dataclass(frozen=True)
class Console:
    """`tejun serve --demo` with its lab, in a folder of its own."""

    base: str
    home: Path

    def fault(self, kind: str, node: str, **values: object) -> None:
        """Make something go wrong in the lab."""
        fault(self.home / "lab", kind, node, **values)

    @asynccontextmanager
    async def person(self, name: str, language: str = "ja") -> AsyncIterator[httpx2.AsyncClient]:
        """A demo account, signed in."""
        headers = {**PAGE, "accept-language": language}
        async with httpx2.AsyncClient(base_url=self.base, headers=headers, timeout=60) as client:
            answer = await client.post("/sign-in", data={"name": name, "password": f"tejun-{name}"})
            assert answer.status_code == 303, answer.text
            yield client


@contextmanager
def served(home: Path, **settings: object) -> Iterator[Console]:
    """A console with its lab, until the block ends; `settings` as TEJUN_* in its environment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TEJUN_")}
    environment |= {f"TEJUN_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-m", "app.cli", "serve", "--demo", "--port", str(port)]
    with (home.parent / "console.log").open("ab") as log:
        process = subprocess.Popen(
            command, env={**environment, "TEJUN_HOME": str(home)}, stdout=log, stderr=log, start_new_session=True
        )  # fmt: skip
        try:
            base = f"http://127.0.0.1:{port}"
            _wait_for(base + "/sign-in", process)
            yield Console(base, home)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
            down(home / "lab")


def _wait_for(address: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, "the console ended by itself"
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the console does not answer")


async def look(client: httpx2.AsyncClient, path: str) -> str:
    """The page at a path, which must answer well."""
    answer = await client.get(path)
    assert answer.status_code == 200, (path, answer.status_code, answer.text)
    return answer.text


async def press(client: httpx2.AsyncClient, path: str, form: str, **typed: str) -> httpx2.Response:
    """Send a form of the page at a path."""
    return await send(client, await look(client, path), form, htmx=False, **typed)


async def draft(operator: httpx2.AsyncClient, method: str = "rolling", **typed: str) -> str:
    """A draft with the demonstration's own inputs; the path of its page."""
    answer = await press(operator, "/sessions/new?cluster_id=1", "session-form", method=method, **typed)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def submitted(operator: httpx2.AsyncClient, method: str = "rolling") -> str:
    """A session that waits for its approval."""
    path = await draft(operator, method)
    assert (await press(operator, path, "submit-form")).status_code == 303
    return path


async def approved(
    operator: httpx2.AsyncClient, approver: httpx2.AsyncClient, method: str = "rolling"
) -> str:
    """A session that may be started."""
    path = await submitted(operator, method)
    assert (await press(approver, path, "approve-form")).status_code == 303
    return path


async def started(operator: httpx2.AsyncClient, approver: httpx2.AsyncClient, method: str = "rolling") -> str:
    """A session that runs."""
    path = await approved(operator, approver, method)
    assert (await press(operator, path, "start-form")).status_code == 303
    return path


async def settled(client: httpx2.AsyncClient, path: str, seconds: float = 60) -> tuple[str, str, str, str]:
    """(state, awaiting, key, page) once the session's current step needs a person or the session has ended ("ended")."""
    async with asyncio.timeout(seconds):
        while True:
            page = await look(client, path)
            if 'id="completed"' in page or 'id="aborted"' in page:
                return "ended", "", "", page
            state, awaiting, key = standing(page) if 'id="current-step"' in page else ("", "", "")
            if awaiting or state in ("failed", "unknown"):
                return state, awaiting, key, page
            await asyncio.sleep(0.1)


async def work_until(
    operator: httpx2.AsyncClient, checker: httpx2.AsyncClient, path: str, key: str = "", seconds: float = 120
) -> tuple[str, str, str, str]:
    """Press what is to be pressed until a step whose key begins so asks for a person, or something fails, or it is over."""
    async with asyncio.timeout(seconds):
        while True:
            state, awaiting, at, page = await settled(operator, path)
            arrived = bool(key) and at.startswith(key) and awaiting != "checker"
            if arrived or state in ("ended", "failed", "unknown") or awaiting == "check":
                return state, awaiting, at, page
            if awaiting == "checker":
                await press(checker, path, "confirm-form")
            elif has_form(page, f"{awaiting}-form"):
                await send(operator, page, f"{awaiting}-form")


async def aborted(operator: httpx2.AsyncClient, path: str) -> None:
    """End a session so that the cluster is free for the next one."""
    answer = await press(operator, path, "abort-form", reason="test", sure="yes")
    assert answer.status_code == 303, answer.text
