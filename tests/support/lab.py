"""A simulated cluster for tests: `lab` (a fresh one, function scope) and `shared_lab` (one a run, for tests that only look).

Use them with `from tests.support.lab import lab, shared_lab` in a conftest. A test may set `@pytest.mark.parametrize("lab_mode",
["ns", "plain"])`; without it the mode is chosen as for anybody (auto).
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from app.lab import Lab, LabError, LabStatus, control


@dataclass(frozen=True)
class Ran:
    """What a command on a node did: exit status (None: killed or cut off), and its output."""

    status: int | None
    out: str
    err: str


@dataclass(frozen=True)
class Cluster:
    """A running lab and what tests do with it. The calls block: in async tests use `asyncio.to_thread` or `connect`."""

    lab: Lab
    directory: Path

    def ssh(self, node: str, command: str, timeout: float = 60) -> Ran:
        """Run one command on a node over SSH, host key checked, in a connection of its own."""

        async def once() -> Ran:
            async with self.connect(node) as connection:
                result = await connection.run(command, timeout=timeout)
                return Ran(result.exit_status, str(result.stdout), str(result.stderr))

        return asyncio.run(once())

    @asynccontextmanager
    async def connect(self, node: str, **options: Any) -> AsyncIterator[asyncssh.SSHClientConnection]:
        """An asyncssh connection to a node as root."""
        where = self.lab.node(node)
        async with asyncssh.connect(
            where.address, where.port, **self.client_options(node), **options
        ) as connection:
            yield connection

    def client_options(self, node: str) -> dict[str, Any]:
        """What asyncssh needs besides address and port: user, key, and the node's host key."""
        where = self.lab.node(node)
        key = (self.directory / "nodes" / node / "host_key.pub").read_text()
        return {
            "username": "root",
            "client_keys": [str(self.lab.client_key)],
            "known_hosts": asyncssh.import_known_hosts(f"[{where.address}]:{where.port} {key}"),
            "agent_path": None,
            "config": None,
        }

    def processes(self, node: str) -> list[tuple[int, int, str]]:
        """(pid, parent, command line) of the node's processes."""
        lines = self.ssh(node, "ps -e -o pid,ppid,args").out.splitlines()[1:]
        rows = [line.split(None, 2) for line in lines]
        return [(int(pid), int(parent), command) for pid, parent, command in rows]

    def fault(self, kind: str, node: str, **values: object) -> None:
        """See app.lab.fault."""
        control.fault(self.directory, kind, node, **values)

    def status(self) -> LabStatus:
        """See app.lab.status."""
        return control.status(self.directory)

    def idle(self) -> None:
        """Wait until the cluster manager has nothing left to do."""
        assert control.idle(self.directory), "the cluster did not settle"

    def where(self, resource: str = "jc_site") -> tuple[str, str | None]:
        """(role, node) of a resource as the cluster manager has it."""
        found = next(one for one in self.status().resources if one.id == resource)
        return found.role, found.node

    def make(self, **options: Any) -> Lab:
        """`up` again, in the same folder."""
        return control.up(self.directory, **options)


def started(directory: Path, **options: Any) -> Cluster:
    """A lab in this folder; a mode that this machine refuses skips the test with the machine's reason."""
    try:
        return Cluster(control.up(directory, **options), directory)
    except LabError as error:
        if options.get("mode") == "ns" and "no namespaces" in str(error):
            pytest.skip(f"lab mode ns: {error}")
        raise


def ended(directory: Path) -> None:
    """Take the lab down whatever happened to it."""
    control.down(directory)
    leftover = subprocess.run(["ps", "-e", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert str(directory) not in leftover, "a process of the lab is left"


@pytest.fixture
def lab_mode() -> str:
    """How nodes are simulated; parametrise it to choose."""
    return "auto"


@pytest.fixture
def new_lab(tmp_path: Path, lab_mode: str) -> Iterator[Callable[..., Cluster]]:
    """Start the lab of this test with arguments of `up` of its own."""
    yield lambda **options: started(tmp_path / "lab", **{"mode": lab_mode, **options})
    ended(tmp_path / "lab")


@pytest.fixture
def lab(new_lab: Callable[..., Cluster]) -> Cluster:
    """A fresh lab: two nodes, R16.3, g_jc on node-a."""
    return new_lab()


@pytest.fixture(scope="session")
def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One lab for the whole run, for tests that leave it as they found it."""
    directory = tmp_path_factory.mktemp("shared-lab") / "lab"
    yield started(directory)
    ended(directory)
