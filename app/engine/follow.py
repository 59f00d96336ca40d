"""Following one attempt through the guard to its recorded outcome, across cut connections and restarts.

The order of the states is the safety: `queued` = nothing was sent; `running` is committed before anything is sent; a
claim is committed as soon as it is known. From then on only the node's spool or a person can say how it ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import structlog

from app.actions import advance, outputs
from app.actions.act import Act
from app.db import Database
from app.domain.errors import Refused
from app.domain.lifecycle import AttemptState, after_exit
from app.domain.procedure import CommandText, Shell
from app.engine.store import Store
from app.instants import passing
from app.models import Attempt
from app.models.audit import was_redacted
from app.nodes import (
    ConnectionCut,
    Ended,
    GuardBroken,
    HostKeyChanged,
    HostKeyUnknown,
    Links,
    NodeError,
    NoSpace,
    Target,
    TextRefused,
    Unknown,
    Unreachable,
)

log = structlog.get_logger(__name__)
QUICK, PATIENT = 0.1, 5.0  # seconds between two tries to follow


@dataclass(frozen=True)
class Limits:
    """Patience in seconds and sizes: reach (connect at all), settle (checks after a command), look (checks alone), still
    (checks of what only somebody's doing can change),
    attempt (a command's longest life), cancel (until an unconfirmed end is called unknown), broken (until a guard that
    answers nonsense is called unknown). `secrets`: what must not be stored, read anew for every connection."""

    reach_seconds: float = 60.0
    settle_seconds: float = 90.0
    look_seconds: float = 10.0
    still_seconds: float = 3.0
    attempt_seconds: float = 4 * 3600.0
    cancel_seconds: float = 60.0
    broken_seconds: float = 30.0
    floor_kib: int = 64 * 1024
    cap_bytes: int = 1024**3
    keep_spool: bool = False
    secrets: Callable[[], tuple[bytes, ...]] = tuple


class Follower:
    """One attempt's following. Made anew for each; holds no state that is not in the rows. `shell` is the plan's."""

    def __init__(
        self,
        database: Database,
        links: Links,
        limits: Limits,
        act: Callable[[], AbstractAsyncContextManager[Act]],
        shell: Shell,
    ) -> None:
        self._database, self._links, self._limits, self._act = database, links, limits, act
        self._shell = shell
        self._stopping = False

    async def follow(self, attempt_id: int, target: Target) -> bool:
        """Run or re-attach until the attempt has its outcome. True where it succeeded and the checks are to be read."""
        if not await self._reach(attempt_id, target):
            return False
        try:
            async with self._act() as act:
                await advance.begin_attempt(act, attempt_id)
        except Refused:
            return False  # paused or cancelled meanwhile: nothing was sent, and nothing will be
        stopper = asyncio.ensure_future(self._stop_when_asked(attempt_id, target))
        try:
            ended = await self._run(attempt_id, target, stopper)
            # the command's end is seen before the word of who ended it: wait for that word
            stopped = await stopper if self._stopping else None
        finally:
            stopper.cancel()
        if ended is None:
            return (await self._row(attempt_id)).attempt_state is AttemptState.SUCCEEDED
        return await self._conclude(attempt_id, target, ended, stopped)

    async def _reach(self, attempt_id: int, target: Target) -> bool:
        """Connect before anything is sent; give up as unreachable after a while, which only a queued attempt may."""
        ends = asyncio.get_running_loop().time() + self._limits.reach_seconds
        while True:
            attempt = await self._row(attempt_id)
            if attempt.attempt_state is not AttemptState.QUEUED:
                return True
            try:
                await self._links.reach(target, self._shell)
                return True
            except NodeError as no:
                asked = attempt.cancel_asked_at is not None
                if asked or asyncio.get_running_loop().time() >= ends or not isinstance(no, Unreachable):
                    async with self._act() as act:
                        await advance.end_attempt(act, attempt_id, AttemptState.UNREACHABLE, problem=no.code)
                    return False
            await asyncio.sleep(1.0)

    async def _run(
        self, attempt_id: int, target: Target, stopper: asyncio.Future[str]
    ) -> Ended | Unknown | NodeError | None:
        """Until the guard reports an end; None where another follower has recorded it meanwhile.

        A cut link is taken up again at the stored offsets, for as long as it takes.
        """
        pause, sound = QUICK, asyncio.get_running_loop().time()
        while True:
            attempt = await self._row(attempt_id)
            if attempt.attempt_state is not AttemptState.RUNNING:
                return None
            try:
                return await self._once(attempt, target)
            except (NoSpace, TextRefused) as no:
                return no  # refused before anything was started
            except (HostKeyChanged, HostKeyUnknown) as no:
                return Unknown(no.code)  # whoever answers there is not the node that took the command
            except NodeError as no:
                now = asyncio.get_running_loop().time()
                sound = sound if isinstance(no, GuardBroken) else now
                if now - sound > self._limits.broken_seconds:
                    return Unknown(no.code)
                if stopper.done() and not stopper.cancelled() and stopper.result() == "unconfirmed":
                    return Unknown("cancel_unconfirmed")
                pause = await self._wait_for_link(attempt, no, pause)

    async def _wait_for_link(self, attempt: Attempt, no: NodeError, pause: float) -> float:
        """Sleep before the next try, longer each time that nothing came; returns the pause, in seconds."""
        log.warning("link lost", attempt=attempt.id, code=no.code)
        after = await self._row(attempt.id)
        got_on = after.out_size + after.err_size > attempt.out_size + attempt.err_size
        pause = QUICK if got_on else min(pause * 2, PATIENT)
        if not isinstance(no, ConnectionCut | Unreachable):
            pause = PATIENT  # a refused login needs a person, another follower its time; the claim on the node waits
        if pause > 1.0:
            await self._say(attempt.id, no.code)
        await asyncio.sleep(pause)
        return pause

    async def _say(self, attempt_id: int, problem: str | None) -> None:
        """Let people see that the node cannot be followed right now, or that it can again."""
        if (await self._row(attempt_id)).problem != problem:
            async with self._act() as act:
                await advance.note_link(act, attempt_id, problem)

    async def _once(self, attempt: Attempt, target: Target) -> Ended | Unknown:
        async def claimed() -> None:
            async with self._act() as act:
                await advance.claim_attempt(act, attempt.id)
            await self._say(attempt.id, None)

        store = Store(self._act, attempt, self._limits.secrets())
        ended = await self._links.run(
            target,
            attempt.key,
            CommandText(shell=self._shell, text=attempt.payload),
            offsets=(attempt.out_size, attempt.err_size),
            sink=store.sink,
            attach_only=attempt.claimed_at is not None,
            floor_kib=self._limits.floor_kib,
            cap_bytes=self._limits.cap_bytes,
            on_claim=claimed,
        )
        await store.close()
        return ended

    async def _stop_when_asked(self, attempt_id: int, target: Target) -> str:
        """Wait for a person's cancel or the time limit, then end the process tree. Returns cancelled, timed_out or
        unconfirmed (its death could not be confirmed in time)."""
        loop, bell = asyncio.get_running_loop(), self._database.bell
        started = loop.time()
        while True:
            cursor = bell.cursor
            attempt = await self._row(attempt_id)
            late = loop.time() - started > self._limits.attempt_seconds
            if attempt.cancel_asked_at is not None or late:
                break
            await bell.wait(cursor, 1.0)
        self._stopping = True
        ends = loop.time() + self._limits.cancel_seconds
        while loop.time() < ends:
            try:
                # absent: it never started, and its spent key says that it never will
                if await self._links.cancel(target, attempt.key) in ("dead", "absent"):
                    return "timed_out" if late and attempt.cancel_asked_at is None else "cancelled"
            except NodeError as no:
                log.warning("cancel not delivered", attempt=attempt_id, code=no.code)
            await asyncio.sleep(1.0)
        return "unconfirmed"

    async def _conclude(
        self, attempt_id: int, target: Target, ended: Ended | Unknown | NodeError, stopped: str | None
    ) -> bool:
        problem: str | None
        if isinstance(ended, NodeError):
            state, problem = AttemptState.FAILED, ended.code
        elif isinstance(ended, Unknown):
            # the guard's word "cancelled" is certain: the claim is taken, and nothing was or will be started under it
            state = AttemptState.CANCELLED if ended.reason == "cancelled" else AttemptState.UNKNOWN
            problem = ended.reason
        else:
            state, problem = after_exit(self._shell, ended.exit_status)
            if stopped in ("cancelled", "timed_out") and state is AttemptState.FAILED:
                state, problem = AttemptState(stopped), stopped
        digests = await self._verified(attempt_id, target) if isinstance(ended, Ended) else None
        passing("before_outcome")
        async with self._act() as act:
            await advance.end_attempt(
                act,
                attempt_id,
                state,
                exit_status=ended.exit_status if isinstance(ended, Ended) else None,
                dropped=ended.out_dropped + ended.err_dropped if isinstance(ended, Ended) else 0,
                problem=problem,
                digests=digests,
            )
        if digests is not None and not self._limits.keep_spool:
            await self._tidy(attempt_id, target, digests)
        return state is AttemptState.SUCCEEDED

    async def _verified(self, attempt_id: int, target: Target) -> tuple[str, str] | None:
        """SHA-256 of both streams on the node, if what is stored is the same (in size alone where a secret was
        overwritten); None where it is not, or the node cannot be asked."""
        async with self._database.reading() as db:
            stored = [await outputs.stored_digest(db, attempt_id, stream) for stream in ("out", "err")]
            masked = await was_redacted(db, attempt_id)
        try:
            out, err, sizes = await self._links.digest(target, (await self._row(attempt_id)).key)
        except NodeError as no:
            log.warning("spool not verified", attempt=attempt_id, code=no.code)
            return None
        if sizes == (stored[0][0], stored[1][0]) and (masked or [out, err] == [stored[0][1], stored[1][1]]):
            return out, err
        log.error("stored output differs from the spool", attempt=attempt_id)
        return None

    async def _tidy(self, attempt_id: int, target: Target, digests: tuple[str, str]) -> None:
        """Remove the spool that was verified. Left where it is if the node cannot be reached: it harms nobody."""
        try:
            await self._links.remove(target, (await self._row(attempt_id)).key, *digests)
        except NodeError as no:
            log.warning("spool left on the node", attempt=attempt_id, code=no.code)
            return
        async with self._act() as act:
            await advance.remove_spool(act, attempt_id)

    async def _row(self, attempt_id: int) -> Attempt:
        async with self._database.reading() as db:
            return await db.get_one(Attempt, attempt_id)
