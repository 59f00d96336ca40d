"""Sessions of a benchmark's own steps on the lab's cluster, carried out by the real engine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from app.domain.digest import canonical
from app.domain.lifecycle import Awaiting
from app.domain.procedure import Step
from app.models import Attempt, MaintenanceSession, PlanRecord, StepRun
from app.models.clusters import cluster_named
from app.models.steps import attempts_of, step_runs
from tests.engine.rig import HOUR, clock, plan_of
from tests.support.crew import Crew
from tests.support.lab import Cluster


async def begin(crew: Crew, steps: Sequence[Step]) -> int:
    """Put a session that is under way into the database, and its first segment into the queue."""
    plan, now = plan_of(steps), clock()
    async with crew.console.database.transaction() as db:
        cluster = await cluster_named(db, crew.built.name)
        assert cluster is not None
        document = canonical(plan.model_dump(mode="json", by_alias=True))
        session = MaintenanceSession(
            cluster=cluster, plan_record=PlanRecord(digest=plan.digest, document=document, created_at=now),
            title="bench", state="running", operation="patch", target="R16.3.1", method="rolling", zone="Asia/Tokyo",
            window_start=now - HOUR, window_end=now + HOUR, advance_no=1, driver_id=crew.people["operator"].id,
            cluster_version=1, created_by=crew.people["operator"].id, created_at=now, approval_digest="-", started_at=now,
        )  # fmt: skip
        db.add(session)
        await db.flush()
        db.add_all(StepRun(session_id=session.id, seq=i, key=step.key) for i, step in enumerate(steps))
        await crew.console.queue.enqueue(db, session.id, 1)
    return session.id


async def ended(crew: Crew, session_id: int, seconds: float = 60) -> list[StepRun]:
    """Wait for the session's end, the checker signing what waits for that; its step runs, every one succeeded."""
    async with asyncio.timeout(seconds):
        while True:
            async with crew.console.database.reading() as db:
                session = await db.get_one(MaintenanceSession, session_id)
                runs = await step_runs(db, session_id)
            if session.state != "running":
                break
            await confirmed(crew, runs[session.position :][:1])
            await asyncio.sleep(0.05)
    assert session.state == "completed", session.pause_reason
    assert [run.state for run in runs] == ["succeeded"] * len(runs)
    return runs


async def confirmed(crew: Crew, runs: Sequence[StepRun]) -> None:
    """The checker signs where a step run waits for it."""
    for run in runs:
        if run.awaiting == Awaiting.CHECKER:
            await crew.press(run)


async def attempt_of(crew: Crew, session_id: int, seq: int = 0) -> Attempt | None:
    """The newest attempt of a step."""
    async with crew.console.database.reading() as db:
        attempts = await attempts_of(db, (await step_runs(db, session_id))[seq].id)
    return attempts[-1] if attempts else None


def node_of(crew: Crew) -> Cluster:
    """The lab as tests reach it, past the console."""
    return Cluster(crew.built, crew.lab)
