"""One machine step: interlocks at this instant, then the attempt through the guard, then the checks.

Holds no transaction while it talks to a node. Everything it learns becomes a row before it acts on it, so that it can die
at any point and be started again: the open attempt says where to go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from app.actions import advance, judging
from app.actions.act import Act, Enqueue
from app.actions.advance import Work
from app.actions.judging import Seen
from app.db import Database
from app.domain.lifecycle import AttemptState
from app.engine.follow import Follower, Limits
from app.engine.reading import Patience, TargetsOf, overall, read_all, read_until_pass
from app.models import Attempt
from app.nodes import Links, Target

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Machine:
    """What a segment works with: the database, the links to the nodes, the clock (UTC microseconds), the limits."""

    database: Database
    links: Links
    targets_of: TargetsOf
    clock: Callable[[], int]
    enqueue: Enqueue
    limits: Limits

    @asynccontextmanager
    async def act(self) -> AsyncIterator[Act]:
        """A transaction in which the program itself acts."""
        async with self.database.transaction() as db:
            yield Act(db, self.clock(), None, self.enqueue)

    async def take(self, session_id: int, advance_no: int) -> str:
        """Do the next thing of a session. Returns next, or why the segment ends (stale, waiting, paused, completed)."""
        async with self.act() as act:
            work = await advance.advance_session(act, session_id, advance_no)
        if isinstance(work, str):
            return work
        target = (await self.targets_of(work.cluster_id))[work.step.node or ""]
        if not work.begun:
            return await self._admit(work, target, advance_no)
        if work.attempt_id is not None and not await self._attempt(work, work.attempt_id, target):
            return "next"
        return await self._checks(work, target, advance_no)

    async def _attempt(self, work: Work, attempt_id: int, target: Target) -> bool:
        """Carry out the open attempt. True where the step's checks are to be read now."""
        async with self.database.reading() as db:
            attempt = await db.get_one(Attempt, attempt_id)
        if attempt.attempt_state is AttemptState.QUEUED:
            if await self._already_so(work, target):
                async with self.act() as act:
                    await advance.end_attempt(act, attempt_id, AttemptState.SUCCEEDED, problem="already_so")
                return True
            refused = await self._interlocked(work, target)
            if refused is not None:
                async with self.act() as act:
                    await advance.end_attempt(act, attempt_id, refused[0], problem=refused[1])
                return False
        shell = work.step.commands[0].shell
        follower = Follower(self.database, self.links, self.limits, self.act, shell)
        return await follower.follow(attempt_id, target)

    async def _already_so(self, work: Work, target: Target) -> bool:
        """Whether a repeatable step has nothing left to do: all its checks pass before it runs."""
        if not work.step.repeatable or not work.step.checks:
            return False
        seen = await read_all(self.links, target, "before", work.step.checks)
        await self._keep(work, seen)
        return overall(seen) == "pass"

    async def _interlocked(self, work: Work, target: Target) -> tuple[AttemptState, str] | None:
        """Why the step must not start, or None."""
        if not work.step.interlocks:
            return None
        seen = await self._patiently(work, target)
        if overall(seen) == "pass":
            return None
        silent = [s.problem for s in seen if s.problem not in (None, "unreadable")]
        if silent:
            return AttemptState.UNREACHABLE, str(silent[0])
        return AttemptState.FAILED, "interlock"

    async def _patiently(self, work: Work, target: Target) -> list[Seen]:
        """The interlocks at this instant, kept; a node that cannot be reached is asked again for a while."""
        ends = asyncio.get_running_loop().time() + self.limits.reach_seconds
        while True:
            seen = await read_all(self.links, target, "interlock", work.step.interlocks)
            silent = [s.problem for s in seen if s.problem not in (None, "unreadable")]
            if not silent or asyncio.get_running_loop().time() >= ends:
                break
            await asyncio.sleep(1.0)
        await self._keep(work, seen)
        return seen

    async def _admit(self, work: Work, target: Target, advance_no: int) -> str:
        """Read the interlocks of a person's step before that person is asked to do it."""
        seen = await self._patiently(work, target)
        async with self.act() as act:
            standing = await judging.admit_step(act, work.step_run_id, advance_no, overall(seen))
        return "next" if standing is not None else "stale"

    async def _checks(self, work: Work, target: Target, advance_no: int) -> str:
        word = "pass"
        if work.step.checks:
            total = self.limits.settle_seconds if work.step.kind == "command" else self.limits.look_seconds
            word = await read_until_pass(
                self.links,
                target,
                work.step.checks,
                Patience(total, self.limits.still_seconds),
                partial(self._keep, work),
            )
        async with self.act() as act:
            standing = await judging.judge_step(act, work.step_run_id, advance_no, word)
        log.info("step judged", session=work.session_id, step=work.step.key, verdict=word)
        return "next" if standing is not None else "stale"

    async def _keep(self, work: Work, seen: list[Seen]) -> None:
        async with self.act() as act:
            await judging.store_readings(act, work.step_run_id, seen)
