"""A session that is under way on one real SSH node, with a plan of the test's own making."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.actions.act import Act
from app.actions.steps import execute_step
from app.db import Database
from app.domain.digest import canonical
from app.domain.policy import Person, Role
from app.domain.procedure import Check, CommandText, Phase, Plan, Step
from app.domain.text import Text
from app.engine.follow import Limits
from app.engine.machine import Machine
from app.models import Attempt, ClusterRecord, MaintenanceSession, PlanRecord, StepRun, User
from app.models.steps import attempts_of, step_runs
from app.nodes import Links, Target
from app.procedures.clusterfile import load_cluster

FILE = """
name: rig
platform: unix
os: linux
arch: x64
clusterware: pacemaker
version: R16.3
local_site: used
nodes:
  - {name: node-a, role: active, address: 127.0.0.1, port: 2201}
  - {name: node-b, role: standby, address: 127.0.0.1, port: 2202}
sites:
  - {name: site1, database: /shared/site1, group: g_jc}
"""
HOUR = 3600 * 1_000_000
QUICK = Limits(reach_seconds=3, settle_seconds=3, look_seconds=1, attempt_seconds=120, cancel_seconds=10)


def clock() -> int:
    """UTC microseconds."""
    return time.time_ns() // 1000


def command(key: str, text: str, *, destructive: bool = False, **more: object) -> Step:
    """A command step of node-a."""
    both = Text(ja=key, en=key)
    return Step.model_validate(
        {
            "key": key,
            "manual": None,
            "kind": "command",
            "node": "node-a",
            "title": both,
            "instructions": both,
            "commands": (CommandText(shell="sh", text=text),),
            "destructive": destructive,
            **more,
        }
    )


def by_hand(key: str, **more: object) -> Step:
    """A step that a person does on node-a."""
    return command(key, "", **{"kind": "manual", "commands": (), **more})


def words(text: str, *, present: Sequence[str] = (), absent: Sequence[str] = ()) -> Check:
    """A check whose command prints words."""
    header = "echo '#tejun words'"
    told = CommandText(shell="sh", text=f"{header}\n{text}\necho '#end'")
    return Check(
        probe="database",
        commands=(told,),
        parser="words@1",
        present=tuple(present),
        absent=tuple(absent),
        ja="",
        en="",
    )


def plan_of(steps: Sequence[Step]) -> Plan:
    """A plan of these steps alone."""
    phase = Phase(section="3.3.1", variant=None, role="standby", steps=tuple(steps))
    digest = "sha256:" + hashlib.sha256(repr(steps).encode()).hexdigest()
    return Plan(
        procedure="3.3", operation="patch", method="rolling", from_version="R16.3", to="R16.3.1",
        why=(), digest=digest, warnings=(), phases=(phase,),
    )  # fmt: skip


@dataclass
class Rig:
    """`take()` does what a segment does; `person` is the operator in whose name it runs."""

    database: Database
    links: Links
    target: Target
    limits: Limits = QUICK
    session_id: int = 0
    enqueued: list[tuple[int, int]] = field(default_factory=list)

    @property
    def person(self) -> Person:
        return Person(id=1, name="operator", display_name="O", roles=frozenset({Role.OPERATOR}))

    @property
    def machine(self) -> Machine:
        async def targets(_: int) -> dict[str, Target]:
            return {"node-a": self.target}

        return Machine(self.database, self.links, targets, clock, self.enqueue, self.limits)

    async def enqueue(self, _: AsyncSession, session_id: int, advance_no: int) -> None:
        self.enqueued.append((session_id, advance_no))

    @asynccontextmanager
    async def act(self) -> AsyncIterator[Act]:
        async with self.database.transaction() as db:
            yield Act(db, clock(), self.person, self.enqueue)

    async def begin(self, steps: Sequence[Step]) -> None:
        """Put a running session of these steps into the database."""
        plan, now = plan_of(steps), clock()
        async with self.database.transaction() as db:
            db.add(
                User(id=1, name="operator", display_name="O", roles="operator", password="-", created_at=now)
            )
            cluster = ClusterRecord(
                name="rig",
                document=load_cluster(FILE.encode()).model_dump_json(),
                created_at=now,
                updated_at=now,
            )
            record = PlanRecord(
                digest=plan.digest,
                document=canonical(plan.model_dump(mode="json", by_alias=True)),
                created_at=now,
            )
            await db.flush()
            session = MaintenanceSession(
                cluster=cluster, plan_record=record, title="rig", state="running", operation="patch", target="R16.3.1",
                method="rolling", zone="Asia/Tokyo", window_start=now - HOUR, window_end=now + HOUR, advance_no=1,
                driver_id=1, cluster_version=1, created_by=1, created_at=now, approval_digest="-", started_at=now,
            )  # fmt: skip
            db.add(session)
            await db.flush()
            self.session_id = session.id
            db.add_all(StepRun(session_id=session.id, seq=i, key=step.key) for i, step in enumerate(steps))

    async def take(self) -> str:
        """One pass of the live segment."""
        async with self.database.reading() as db:
            number = (await db.get_one(MaintenanceSession, self.session_id)).advance_no
        return await self.machine.take(self.session_id, number)

    async def run_out(self) -> str:
        """Passes until the segment ends; destructive steps are executed as soon as they wait for it."""
        while True:
            word = await self.take()
            if word == "waiting" and (run := await self.current()) is not None and run.awaiting == "execute":
                async with self.act() as act:
                    await execute_step(act, run.id)
                continue
            if word != "next":
                return word

    async def current(self) -> StepRun | None:
        async with self.database.reading() as db:
            session = await db.get_one(MaintenanceSession, self.session_id)
            runs = await step_runs(db, self.session_id)
        return runs[session.position] if session.position < len(runs) else None

    async def runs(self) -> list[StepRun]:
        async with self.database.reading() as db:
            return await step_runs(db, self.session_id)

    async def attempts(self, seq: int = 0) -> list[Attempt]:
        async with self.database.reading() as db:
            return await attempts_of(db, (await step_runs(db, self.session_id))[seq].id)

    async def keys(self) -> list[str]:
        async with self.database.reading() as db:
            return list(await db.scalars(sa.select(Attempt.key)))


def spool(home: Path, key: str, stream: str) -> bytes:
    """What the guard kept on the node."""
    return (home / ".tejun" / key / stream).read_bytes()
