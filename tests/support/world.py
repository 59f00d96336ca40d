"""A console without pages and engine for tests of the actions: a real database, people, a cluster, a clock that the test sets.

The segments that actions enqueue are noted once they are committed; `engine` does with the real actions what the engine does
around a node. Knows nothing of HTTP, DBOS and nodes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest
import sqlalchemy as sa

from app.actions import advance, clusters, judging, people, sessions, steps
from app.actions.act import Act
from app.actions.advance import Work
from app.actions.judging import Seen
from app.actions.outputs import store_output
from app.actions.plans import Wish
from app.db import AsyncSession, Database, after_commit
from app.domain.lifecycle import ACTIVE, AttemptState, Awaiting, StepState
from app.domain.policy import Person
from app.domain.schedule import MICROSECONDS, to_utc
from app.models import Attempt, AuditEvent, ClusterRecord, MaintenanceSession, StepRun, User
from app.models.audit import verify_chain
from app.models.people import all_people
from app.models.sessions import approvals_of
from app.models.steps import step_run_at, step_runs
from app.procedures.clusterfile import load_cluster
from tests.support.cluster_text import CLUSTER

__all__ = ["CLUSTER", "HOUR", "PASSWORD", "WINDOW", "WISH", "World", "world"]

P = ParamSpec("P")
T = TypeVar("T")

HOUR = 3600 * MICROSECONDS
PASSWORD = "correct horse battery"
WINDOW = ("2026-11-23 22:00", "2026-11-23 29:00")
WISH = Wish(operation="patch", target="R16.3.2", patch_sha256="ab" * 32)
ROLES = {
    "sato": ("operator",),
    "suzuki": ("operator",),
    "takahashi": ("approver",),
    "kimura": ("operator", "approver", "admin"),
    "kanri": ("admin",),
    "tanaka": ("auditor",),
}


class World:
    """The database and everything in it. `session_id` and `cluster_id` are those of the newest session and cluster."""

    def __init__(self, url: str) -> None:
        self.heads: list[tuple[int, bytes]] = []
        self.database = Database(url, lambda seq, digest: self.heads.append((seq, digest)))
        self.now = to_utc("2026-11-23 21:00", "Asia/Tokyo", "now")
        self.people: dict[str, Person] = {}
        self.enqueued: list[tuple[int, int]] = []
        self.cluster_id = self.session_id = 0

    async def enqueue(self, db: AsyncSession, session_id: int, advance_no: int) -> None:
        """Note the segment if, and only if, the transaction commits."""
        after_commit(db, lambda: self.enqueued.append((session_id, advance_no)))

    @asynccontextmanager
    async def act(self, name: str | None = None) -> AsyncIterator[Act]:
        """One committed transaction in which somebody acts; None: the program itself."""
        async with self.database.transaction() as db:
            yield Act(db, self.now, self.people[name] if name else None, self.enqueue, "192.0.2.7")

    async def do(
        self,
        name: str | None,
        action: Callable[Concatenate[Act, P], Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """One action in one transaction."""
        async with self.act(name) as act:
            return await action(act, *args, **kwargs)

    async def add_people(self) -> None:
        """One account for every entry of ROLES."""
        first, *others = ROLES
        made = await self.do(None, people.add_user, first, first.title(), ROLES[first], PASSWORD)
        async with (
            self.database.transaction() as db
        ):  # the same hash for all: making one costs more than a whole test
            for name in others:
                told = {"name": name, "display_name": name.title(), "roles": " ".join(sorted(ROLES[name]))}
                db.add(User(**told, password=made.password, demo=False, created_at=self.now))
        async with self.database.reading() as db:
            self.people = {person.name: person for person in await all_people(db)}

    async def add_cluster(
        self, name: str = "tokyo-batch", ports: tuple[int, int] = (2201, 2202), keys: str = "AB"
    ) -> int:
        """A cluster whose nodes' host keys are offered and accepted; one letter of `keys` a node."""
        text = (
            CLUSTER.replace("tokyo-batch", name).replace("2201", str(ports[0])).replace("2202", str(ports[1]))
        )
        row = await self.do("sato", clusters.add_cluster, load_cluster(text.encode()))
        for port, key in zip(ports, keys, strict=True):
            await self.accept_key(port, key)
        self.cluster_id = row.id
        return row.id

    async def accept_key(self, port: int, key: str) -> None:
        """Offer and accept a host key."""
        row = await self.do(
            None, clusters.offer_host_key, "127.0.0.1", port, f"ssh-ed25519 {key}", f"SHA256:{key * 43}"
        )
        await self.do("kanri", clusters.accept_host_key, row.id)

    async def draft(self, by: str = "sato") -> int:
        """A new draft on the newest cluster."""
        row = await self.do(by, sessions.create_session, self.cluster_id, WISH, "月例パッチ", *WINDOW)
        self.session_id = row.id
        return row.id

    async def submitted(self) -> int:
        """A session that waits for its approval."""
        await self.draft()
        await self.do("sato", sessions.submit_session, self.session_id)
        return self.session_id

    async def approved(self) -> int:
        """An approved session whose window is open."""
        await self.submitted()
        await self.approve()
        self.now = to_utc("2026-11-23 22:10", "Asia/Tokyo", "now")
        return self.session_id

    async def running(self) -> int:
        """A started session; no segment has run yet."""
        await self.approved()
        await self.do("sato", sessions.start_session, self.session_id)
        return self.session_id

    async def approve(self, by: str = "takahashi") -> None:
        """Approve what is asked at present."""
        await self.do(by, sessions.approve_session, self.session_id, await self.asked_digest(), "よし")

    async def asked_digest(self) -> str:
        """What the newest start approval covers."""
        async with self.database.reading() as db:
            return [row.digest for row in await approvals_of(db, self.session_id) if row.kind == "start"][-1]

    async def session(self) -> MaintenanceSession:
        """The session as it is stored."""
        async with self.database.reading() as db:
            return await db.get_one(MaintenanceSession, self.session_id)

    async def cluster(self) -> ClusterRecord:
        """The cluster as it is stored."""
        async with self.database.reading() as db:
            return await db.get_one(ClusterRecord, self.cluster_id)

    async def runs(self) -> list[StepRun]:
        """The session's step runs."""
        async with self.database.reading() as db:
            return await step_runs(db, self.session_id)

    async def current(self) -> StepRun:
        """The step run at the session's position."""
        async with self.database.reading() as db:
            session = await db.get_one(MaintenanceSession, self.session_id)
            run = await step_run_at(db, self.session_id, session.position)
        assert run is not None
        return run

    async def step_run(self, run_id: int) -> StepRun:
        """A step run as it is stored."""
        async with self.database.reading() as db:
            return await db.get_one(StepRun, run_id)

    async def attempt(self, attempt_id: int) -> Attempt:
        """An attempt as it is stored."""
        async with self.database.reading() as db:
            return await db.get_one(Attempt, attempt_id)

    async def advance(self) -> Work | str:
        """What a live segment is told to do next."""
        return await self.do(
            None, advance.advance_session, self.session_id, (await self.session()).advance_no
        )

    async def work(self) -> Work:
        """The same, where it must be something to do."""
        found = await self.advance()
        assert isinstance(found, Work), found
        return found

    async def engine(self, until: str = "") -> str:
        """Let every machine step succeed until a person is needed, or the step of the key `until` is under way."""
        while True:
            found = await self.advance()
            if isinstance(found, str) or found.step.key == until:
                return found if isinstance(found, str) else "until"
            if found.attempt_id is not None:
                await self.attempt_ends(found.attempt_id, AttemptState.SUCCEEDED)
            await self.judge(found, "pass")

    async def attempt_ends(self, attempt_id: int, state: AttemptState) -> None:
        """Begin, claim, store a line of output, end."""
        await self.do(None, advance.begin_attempt, attempt_id)
        await self.do(None, advance.claim_attempt, attempt_id)
        async with self.database.transaction() as db:
            await store_output(db, attempt_id, "out", 0, "完了しました\n".encode())
        status = {"succeeded": 0, "failed": 1}.get(state)
        await self.do(None, advance.end_attempt, attempt_id, state, exit_status=status)

    async def judge(self, work: Work, verdict: str) -> object:
        """Store a reading and judge the step by it."""
        seen = Seen("check", 0, "node-b", "processes@1", b"raw", ("cjcpw",), verdict)
        await self.do(None, judging.store_readings, work.step_run_id, [seen])
        number = (await self.session()).advance_no
        return await self.do(None, judging.judge_step, work.step_run_id, number, verdict)

    async def human(self, performer: str = "sato", checker: str = "suzuki") -> None:
        """Do what the current step waits for a person to do."""
        run = await self.current()
        if run.awaiting == Awaiting.EXECUTE:
            await self.do(performer, steps.execute_step, run.id)
        elif run.awaiting == Awaiting.TICK:
            await self.do(performer, steps.tick_step, run.id, "済")
        else:
            assert run.awaiting == Awaiting.CHECKER, (run.key, run.standing)
            await self.do(checker, steps.confirm_step, run.id, "確認")

    async def human_after_engine(self) -> None:
        """Let the machine steps run, then do what the next person has to do."""
        await self.engine()
        await self.human()

    async def until(self, awaiting: Awaiting) -> StepRun:
        """Carry the session out up to the first step that waits for this."""
        while True:
            await self.engine()
            run = await self.current()
            if run.awaiting == awaiting:
                return run
            await self.human()

    async def ended(self, state: AttemptState) -> StepRun:
        """Carry the session out to its first command that a person executes, and let its attempt end so."""
        run = await self.until(Awaiting.EXECUTE)
        await self.do("sato", steps.execute_step, run.id)
        attempt_id = (await self.work()).attempt_id
        assert attempt_id is not None
        await self.attempt_ends(attempt_id, state)
        return await self.step_run(run.id)

    async def carried_out(self) -> None:
        """Carry the session out to its end."""
        while await self.engine() != "completed":
            await self.human()

    async def events(self) -> list[AuditEvent]:
        """The audit chain."""
        async with self.database.reading() as db:
            return list(await db.scalars(sa.select(AuditEvent).order_by(AuditEvent.seq)))

    async def count(self, model: Any) -> int:
        """How many rows a table has."""
        async with self.database.reading() as db:
            return await db.scalar(sa.select(sa.func.count()).select_from(model)) or 0

    async def require_sound(self) -> None:
        """What holds at any time: the chain verifies, four eyes, one session a cluster, done steps before the position."""
        async with self.database.reading() as db:
            assert await verify_chain(db, self.heads) == []
            for session in await db.scalars(sa.select(MaintenanceSession)):
                assert session.approved_by is None or session.approved_by != session.submitted_by
                for run in await step_runs(db, session.id):
                    assert run.checker_id is None or run.checker_id != run.performer_id
                    done = run.state in (StepState.SUCCEEDED, StepState.SKIPPED)
                    assert done or run.seq >= session.position
            active = MaintenanceSession.state.in_(ACTIVE)
            held = list(await db.scalars(sa.select(MaintenanceSession.cluster_id).where(active)))
            assert len(held) == len(set(held))


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """A world with people, before any cluster; on SQLite and on PostgreSQL."""
    made = World(database_url)
    await made.add_people()
    yield made
    await made.database.close()
