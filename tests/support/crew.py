"""A console in this process with its lab and the people who carry out a session, acting through the actions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.actions.act import Act
from app.actions.outputs import stored_digest
from app.actions.plans import Wish
from app.actions.sessions import approve_session, create_session, start_session, submit_session
from app.actions.steps import confirm_step, execute_step, tick_step
from app.cli_serve import add_lab_cluster, lab_credentials
from app.domain.lifecycle import Awaiting, StepState
from app.domain.policy import Person
from app.domain.schedule import local
from app.lab import Lab, down, up
from app.main import Console, clock
from app.models import MaintenanceSession, StepRun
from app.models.people import user_named
from app.models.sessions import pending_approvals
from app.models.steps import step_run_at
from app.settings import Settings

HOUR = 3600 * 1_000_000

Hands = Callable[[str], Awaitable[None]]
"""What the performer does outside the console before ticking the step of that key."""


@dataclass
class Crew:
    """operator performs, checker confirms, approver approves. `lab` is the lab's folder."""

    console: Console
    lab: Path
    built: Lab
    people: dict[str, Person] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def aboard(
        cls, folder: Path, asked: Mapping[str, Any] | None = None, **settings: object
    ) -> AsyncIterator[Crew]:
        """Lab up, database made, demo accounts and the cluster in it, engine running; all ended afterwards.

        `asked`: of which lab, as `app.lab.up` has it. A lab of Windows nodes brings its overlay."""
        home = folder / "home"
        built = await asyncio.to_thread(lambda: up(home / "lab", **(asked or {})))
        chosen = Settings(home=home, worker="embedded").model_copy(update=settings)
        console = Console(chosen, lab_credentials(built))
        try:
            await console.prepare()
            await console.add_demo_accounts()
            crew = cls(console, home / "lab", built)
            await crew._settle_in()
            await console.start()
            yield crew
        finally:
            await console.stop()
            await asyncio.to_thread(down, home / "lab")

    @classmethod
    @asynccontextmanager
    async def ashore(cls, folder: Path, database_url: str = "") -> AsyncIterator[Crew]:
        """The same without an engine here: the console is a process of its own, and the people act beside it."""
        home = folder / "home"
        built = await asyncio.to_thread(up, home / "lab")
        console = Console(Settings(home=home, worker="none", database_url=database_url))
        try:
            await console.prepare()
            await console.add_demo_accounts()
            crew = cls(console, home / "lab", built)
            await crew._settle_in()
            yield crew
        finally:
            await console.stop()
            await asyncio.to_thread(down, home / "lab")

    async def stored(self, attempt_id: int) -> tuple[str, str]:
        """SHA-256 of out and err as they are stored."""
        async with self.console.database.reading() as db:
            out, err = [(await stored_digest(db, attempt_id, stream))[1] for stream in ("out", "err")]
        return out, err

    async def _settle_in(self) -> None:
        await add_lab_cluster(self.console, self.built)
        async with self.console.database.reading() as db:
            for name in ("operator", "checker", "approver", "auditor", "admin"):
                user = await user_named(db, name)
                assert user is not None
                self.people[name] = user.person

    @asynccontextmanager
    async def act(self, name: str) -> AsyncIterator[Act]:
        """A write by one of the people."""
        async with self.console.database.transaction() as db:
            yield Act(db, clock(), self.people[name], self.console.queue.enqueue)

    async def approved_session(self, method: str) -> int:
        """A session for the UNIX lab's patch, submitted and approved, its window open."""
        return await self.approved(
            Wish(
                operation="patch", target="R16.3.1", method="rolling" if method == "rolling" else "standard",
                patch_file=self.built.nodes[0].patch, patch_sha256=self.built.patch.sha256,
            )
        )  # fmt: skip

    async def approved(self, wish: Wish) -> int:
        """A session for what is wished, submitted and approved, its window open."""
        now = clock()
        start, end = (
            local(at, "Asia/Tokyo").strftime("%Y-%m-%d %H:%M:%S") for at in (now - HOUR, now + 4 * HOUR)
        )
        async with self.act("operator") as act:
            session = await create_session(act, 1, wish, "", start, end)
            await submit_session(act, session.id)
        async with self.act("approver") as act:
            [approval] = await pending_approvals(act.db, session.id)
            await approve_session(act, session.id, approval.digest)
        return session.id

    async def start(self, session_id: int) -> None:
        """The operator starts it."""
        async with self.act("operator") as act:
            await start_session(act, session_id)

    async def carry_out(
        self, session_id: int, seconds: float = 150, by_hand: Hands | None = None
    ) -> set[Awaiting]:
        """Press what has to be pressed until the session has ended; what it waited for on the way."""
        seen: set[Awaiting] = set()
        async with asyncio.timeout(seconds):
            while (run := await self.waiting(session_id)) is not None:
                if run.awaiting is None:
                    await asyncio.sleep(0.05)
                    continue
                seen.add(Awaiting(run.awaiting))
                if by_hand is not None and run.awaiting == Awaiting.TICK:
                    await by_hand(run.key)
                await self.press(run)
        return seen

    async def waiting(self, session_id: int) -> StepRun | None:
        """The current step run; None once the session has ended. Fails where a step failed."""
        async with self.console.database.reading() as db:
            session = await db.get_one(MaintenanceSession, session_id)
            if session.state in ("completed", "aborted"):
                return None
            run = await step_run_at(db, session_id, session.position)
            assert session.state == "running", session.pause_reason
        if run is None:
            await asyncio.sleep(0.05)
            return await self.waiting(session_id)
        assert run.state not in (StepState.FAILED, StepState.UNKNOWN), (run.key, run.state, run.outcome)
        assert run.awaiting != Awaiting.CHECK, (run.key, run.outcome)
        return run

    async def moved_on(self, session_id: int, position: int) -> None:
        """Wait until the session has left that step behind."""
        async with asyncio.timeout(60):
            while True:
                async with self.console.database.reading() as db:
                    if (await db.get_one(MaintenanceSession, session_id)).position > position:
                        return
                await asyncio.sleep(0.05)

    async def press(self, run: StepRun) -> None:
        """The right person does what an awaiting step run waits for."""
        async with self.act("checker" if run.awaiting == Awaiting.CHECKER else "operator") as act:
            match run.awaiting:
                case Awaiting.EXECUTE:
                    await execute_step(act, run.id)
                case Awaiting.TICK:
                    await tick_step(act, run.id)
                case Awaiting.CHECKER:
                    await confirm_step(act, run.id)
