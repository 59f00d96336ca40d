"""Procedure 1.3 on Windows nodes while the whole console is killed again and again: it goes on by itself, and nothing is lost.

As test_kill.py, over PSRP and in front of the lab's WSFC nodes. TEJUN_KILLS sets how many kills (6).
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from app import lab as labs
from app.actions.overlays import import_overlay
from app.models import Attempt, MaintenanceSession, StepRun
from app.models.audit import verify_chain
from app.models.steps import attempts_of, step_runs
from tests.support.crew import Crew
from tests.torture.killing import killed_on_the_way, said
from tests.torture.victim import Victim
from tests.torture.windows_witness import WindowsWitness

KILLS = int(os.environ.get("TEJUN_KILLS", "6"))


async def one_round(folder: Path, rng: random.Random, hits: Counter[str], wanted: int) -> None:
    """One session from start to completion, with as many kills as fit or are still wanted."""
    home = folder / "home"
    lab = await asyncio.to_thread(lambda: labs.up(home / "lab", platform="wsfc"))
    async with Crew.ashore(folder) as crew:
        async with crew.console.act() as act:
            await import_overlay(act, lab.overlay_file.read_bytes(), "overlay.yaml")
        witness = WindowsWitness(lab)
        witness.install()
        session_id = await crew.approved_session("rolling")
        await crew.start(session_id)
        password = {"kind": "password_file", "ref": str(lab.password_file), "auth": "ntlm"}
        people = asyncio.ensure_future(crew.carry_out(session_id, seconds=900))
        await killed_on_the_way(
            Victim(home, {"default": password, lab.name: password}), people, rng, hits, wanted, 60.0
        )
        await judge(crew, witness, session_id)


async def judge(crew: Crew, witness: WindowsWitness, session_id: int) -> None:
    """Nothing lost, nothing twice, every byte there, the chain whole."""
    async with crew.console.database.reading() as db:
        session = await db.get_one(MaintenanceSession, session_id)
        runs = await step_runs(db, session_id)
        attempts = [a for run in runs for a in await attempts_of(db, run.id)]
        assert await verify_chain(db, crew.console.head.heads()) == []
    assert session.state == "completed"
    assert_each_step_once(session, runs, attempts)
    sent = [attempt for attempt in attempts if attempt.problem != "already_so"]
    assert witness.begun() == Counter({attempt.key: 1 for attempt in sent})
    for attempt in sent:
        assert witness.claims(attempt.node, attempt.key) == 1
        assert await crew.stored(attempt.id) == witness.spool(attempt.node, attempt.key), (
            f"attempt {attempt.id} differs from its spool"
        )


def assert_each_step_once(session: MaintenanceSession, runs: list[StepRun], attempts: list[Attempt]) -> None:
    """Every step that applies has succeeded, each command step with one attempt."""
    steps = session.plan.steps
    assert [run.state for run in runs] == ["succeeded" if step.applies else "skipped" for step in steps]
    commands = [run.id for run in runs if steps[run.seq].kind == "command" and steps[run.seq].applies]
    assert Counter(attempt.step_run_id for attempt in attempts) == Counter(commands)


@pytest.mark.torture
@pytest.mark.timeout(2400)
async def test_a_session_on_windows_nodes_survives_the_death_of_the_whole_console(tmp_path: Path) -> None:
    seed = int(os.environ.get("TEJUN_SEED", str(random.SystemRandom().randrange(10**6))))
    rng, hits, rounds = random.Random(seed), Counter[str](), 0
    print(f"\nseed {seed}")
    while hits.total() < KILLS:
        rounds += 1
        await one_round(tmp_path / f"round{rounds}", rng, hits, KILLS)
    assert said(hits, rounds) >= int(KILLS * 0.6)
