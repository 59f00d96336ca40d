"""Starting and stopping the console as people do: Ctrl-C, start again, start twice, start where it must not."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from app.models import MaintenanceSession
from app.models.steps import step_runs
from tests.support.crew import Crew
from tests.torture.victim import Victim


def tejun(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line on a home folder to its end."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TEJUN_")}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments], capture_output=True, text=True, timeout=60,
        env={**kept, "TEJUN_HOME": str(home), **environment}, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


async def running(crew: Crew, session_id: int) -> bool:
    """Whether a command of the session is running."""
    async with crew.console.database.reading() as db:
        return any(run.state == "running" for run in await step_runs(db, session_id))


async def test_ctrl_c_ends_it_with_streams_open_and_the_next_start_goes_on_by_itself(tmp_path: Path) -> None:
    victim = Victim(tmp_path / "home")
    async with Crew.ashore(tmp_path) as crew:
        await victim.start()
        session_id = await crew.approved_session("rolling")
        await crew.start(session_id)
        people = asyncio.ensure_future(crew.carry_out(session_id))
        _, writer = await victim.open_stream("operator")
        while not await running(crew, session_id):
            await asyncio.sleep(0.01)
        began = time.monotonic()
        assert await victim.interrupt() == 0
        assert time.monotonic() - began < 10
        writer.close()
        async with crew.console.database.reading() as db:
            session = await db.get_one(MaintenanceSession, session_id)
        assert (session.state, session.pause_reason) == ("running", None)
        await victim.start()
        try:
            await crew.moved_on(session_id, session.position)
        finally:
            people.cancel()
            await victim.kill()
        assert "Traceback" not in (tmp_path / "victim.log").read_text()


async def test_a_second_console_on_the_same_database_is_refused(tmp_path: Path) -> None:
    async with Crew.aboard(tmp_path) as crew:
        home = crew.console.settings.home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        second = await asyncio.to_thread(tejun, home, "serve", "--port", str(port))
    assert second.returncode != 0
    assert "別の Tejun が既に動いています" in second.stderr
    assert "Traceback" not in second.stderr


def test_beyond_loopback_it_does_not_start_with_demo_accounts(tmp_path: Path) -> None:
    home = tmp_path / "home"

    async def prepare() -> None:
        async with Crew.ashore(tmp_path):
            pass

    asyncio.run(prepare())
    answer = tejun(home, "serve", "--host", "0.0.0.0", "--port", "0", TEJUN_LANGUAGE="en")
    assert answer.returncode != 0
    assert "Demo accounts (admin, approver, auditor, checker, operator) exist" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_port_that_is_taken_is_said_before_anything_is_touched(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = tejun(tmp_path / "home", "serve", "--demo", "--port", str(taken.getsockname()[1]))
    assert answer.returncode == 1
    assert "make run PORT=9000" in answer.stderr
    assert not (tmp_path / "home").exists()


def test_accounts_and_clusters_are_managed_from_the_command_line(tmp_path: Path) -> None:
    home = tmp_path / "home"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TEJUN_")}
    added = subprocess.run(
        [sys.executable, "-m", "app.cli", "user", "add", "sato", "--role", "operator", "--role", "approver"],
        input="a long password\n", capture_output=True, text=True, check=False,
        env={**kept, "TEJUN_HOME": str(home)},
    )  # fmt: skip
    assert (added.returncode, added.stderr) == (0, "")
    assert tejun(home, "user", "list").stdout == "sato\tsato\tapprover operator\n"
    refused = tejun(home, "user", "disable", "nobody", TEJUN_LANGUAGE="en")
    assert (refused.returncode, refused.stderr) == (1, "There is no user “nobody”.\n")
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: x\nplatform: dos\n")
    answer = tejun(home, "cluster", "import", str(bad))
    assert answer.returncode == 2
    assert str(bad) in answer.stderr
    assert tejun(home, "cluster", "list").stdout == ""
    assert tejun(home, "audit", "verify").returncode == 0
