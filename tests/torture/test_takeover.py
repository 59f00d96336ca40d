"""On PostgreSQL a spare worker takes over a running session when the working one is killed; nothing runs twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from app.models.steps import attempts_of, step_runs
from tests.support.crew import Crew
from tests.torture.witness import Witness


async def worker(home: Path, url: str, log: Path) -> asyncio.subprocess.Process:
    """`tejun worker` as a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TEJUN_")}
    environment |= {
        "TEJUN_HOME": str(home),
        "TEJUN_DATABASE_URL": url,
        "TEJUN_KEEP_SPOOL": "1",
        "TEJUN_CREDENTIALS": f'{{"default": "key_file:{home / "lab" / "client_key"}"}}',
    }
    with log.open("ab") as file:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.cli", "worker", env=environment, stdout=file, stderr=file
        )


async def started(log: Path, number: int) -> None:
    """Wait until so many workers have taken the lease in all."""
    async with asyncio.timeout(60):
        while log.read_text().count("worker started") < number:
            await asyncio.sleep(0.05)


async def runs_a_command(crew: Crew, session_id: int) -> bool:
    """Whether a command is under way on a node."""
    async with crew.console.database.reading() as db:
        runs = await step_runs(db, session_id)
        attempts = [attempt for run in runs for attempt in await attempts_of(db, run.id)]
    return any(attempt.claimed_at and not attempt.ended_at for attempt in attempts)


async def killed_in_turn(
    workers: list[asyncio.subprocess.Process], crew: Crew, session_id: int, url: str, log: Path
) -> None:
    """Three times: kill the worker that works while a command is under way, and start another as the next spare."""
    for number in (1, 2, 3):
        await started(log, number)
        while not await runs_a_command(crew, session_id):
            await asyncio.sleep(0.02)
        first = workers.pop(0)
        first.send_signal(signal.SIGKILL)
        await first.wait()
        workers.append(await worker(crew.console.settings.home, url, log))


@pytest.mark.torture
@pytest.mark.postgres
@pytest.mark.timeout(300)
async def test_a_spare_worker_takes_over_when_the_other_is_killed(tmp_path: Path, postgres_url: str) -> None:
    async with Crew.ashore(tmp_path, postgres_url) as crew:
        witness = Witness(crew.built)
        witness.install()
        home, log = crew.console.settings.home, tmp_path / "workers.log"
        workers = [await worker(home, postgres_url, log)]
        await started(log, 1)
        workers.append(await worker(home, postgres_url, log))  # the spare
        session_id = await crew.approved_session("rolling")
        await crew.start(session_id)
        people = asyncio.ensure_future(crew.carry_out(session_id, seconds=200))
        try:
            await killed_in_turn(workers, crew, session_id, postgres_url, log)
            await people
        finally:
            people.cancel()
            for process in workers:
                process.kill()
                await process.wait()
        assert set(witness.begun().values()) == {1}
        async with crew.console.database.reading() as db:
            runs = await step_runs(db, session_id)
        assert [run.state for run in runs] == ["succeeded"] * 32
