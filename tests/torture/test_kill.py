"""Rolling procedure 3.3 while the whole console is killed again and again: it goes on by itself and nothing is lost.

Named windows are hit on purpose (the process kills itself there, app/instants.py), the others at random instants; the run
prints which. TEJUN_KILLS sets how many (25).
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from app.models import Attempt, MaintenanceSession, StepRun
from app.models.audit import verify_chain
from app.models.steps import attempts_of, step_runs
from tests.support.crew import Crew
from tests.torture.killing import killed_on_the_way, said
from tests.torture.victim import Victim
from tests.torture.witness import CHANGING, Witness

KILLS = int(os.environ.get("TEJUN_KILLS", "25"))


async def one_round(folder: Path, rng: random.Random, hits: Counter[str], wanted: int) -> None:
    """One session from start to completion, with as many kills as fit or are still wanted."""
    victim = Victim(folder / "home")
    async with Crew.ashore(folder) as crew:
        witness = Witness(crew.built)
        witness.install()
        session_id = await crew.approved_session("rolling")
        await crew.start(session_id)
        people = asyncio.ensure_future(crew.carry_out(session_id, seconds=600))
        await killed_on_the_way(victim, people, rng, hits, wanted)
        await judge(crew, witness, session_id)


async def judge(crew: Crew, witness: Witness, session_id: int) -> None:
    """Nothing lost, nothing twice, every byte there, the chain whole."""
    async with crew.console.database.reading() as db:
        session = await db.get_one(MaintenanceSession, session_id)
        runs = await step_runs(db, session_id)
        attempts = [a for run in runs for a in await attempts_of(db, run.id)]
        assert await verify_chain(db, crew.console.head.heads()) == []
    assert session.state == "completed"
    assert [run.state for run in runs] == ["succeeded"] * len(session.plan.steps)
    assert_started_once(session, runs, attempts, witness)
    for attempt in attempts:
        if attempt.problem != "already_so":
            stored = await crew.stored(attempt.id)
            assert stored == witness.spool(attempt.node, attempt.key), (
                f"attempt {attempt.id} differs from its spool"
            )


def assert_started_once(
    session: MaintenanceSession, runs: list[StepRun], attempts: list[Attempt], witness: Witness
) -> None:
    """One attempt a command step, and on the nodes every changing command began once."""
    commands = [run.id for run in runs if session.plan.steps[run.seq].kind == "command"]
    assert Counter(a.step_run_id for a in attempts) == Counter(commands)
    begun = witness.begun()
    ran = sum(a.problem != "already_so" and any(name in a.payload for name in CHANGING) for a in attempts)
    assert set(begun.values()) == {1}, begun
    assert len(begun) == ran, (begun, ran)


@pytest.mark.torture
@pytest.mark.timeout(1800)
async def test_a_session_survives_the_death_of_the_whole_console(tmp_path: Path) -> None:
    seed = int(os.environ.get("TEJUN_SEED", str(random.SystemRandom().randrange(10**6))))
    rng, hits, rounds = random.Random(seed), Counter[str](), 0
    print(f"\nseed {seed}")
    while hits.total() < KILLS:
        rounds += 1
        await one_round(tmp_path / f"round{rounds}", rng, hits, KILLS)
    assert said(hits, rounds) >= KILLS * 0.6
