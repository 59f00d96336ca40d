"""Anybody doing anything in any order: whatever is refused or not, what must always hold holds after every act."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from app.actions import advance, approvals, sessions, steps
from app.actions.advance import Work
from app.domain.errors import Refusal
from app.domain.lifecycle import AttemptState, Awaiting, SessionState
from app.models.sessions import pending_approvals
from tests.support.world import HOUR, WINDOW, WISH, World

STEP_VERBS = (
    *(
        steps.execute_step,
        steps.tick_step,
        steps.verify_step,
        steps.confirm_step,
        steps.retry_step,
        steps.cancel_step,
    ),
    lambda act, n: approvals.skip_step(act, n, "理由"),
    lambda act, n: approvals.settle_step(act, n, "succeeded", "理由"),
    lambda act, n: approvals.settle_step(act, n, "failed", "理由"),
)
SESSION_VERBS = (
    *(sessions.submit_session, sessions.start_session, sessions.resume_session, sessions.resume_session),
    lambda act, n: sessions.pause_session(act, n, "理由"),
    lambda act, n: approvals.extend_session(act, n, "2026-11-24 12:00", "理由"),
)
RARE = (sessions.revise_session, lambda act, n: sessions.abort_session(act, n, "理由"))
ENDS = (
    *[AttemptState.SUCCEEDED] * 5,
    *(s for s in AttemptState if s not in ("queued", "running", "unreachable", "succeeded")),
)


class Crowd:
    """People who try what comes to their mind on the sessions of one cluster, and an engine that does its part."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, random.Random(seed)
        self.numbers: list[int] = []
        self.reached: dict[int, int] = {}
        self.done = 0

    async def act(self) -> None:
        """One thing, refused or not; then look whether everything still holds."""
        self.world.session_id = self.chance.choice(self.numbers)
        one = self.chance.choices(
            (self.engine, self.helpful, self.step, self.session, self.answer), (5, 6, 5, 1, 2)
        )[0]
        with suppress(Refusal):
            await one()
            self.done += 1
        await self.world.require_sound()
        session = await self.world.session()
        assert session.position >= self.reached.get(session.id, 0), "the position moves forward only"
        self.reached[session.id] = session.position

    def who(self) -> str:
        """Anybody."""
        return self.chance.choice(tuple(self.world.people))

    async def engine(self) -> None:
        """The next thing of the session, ending any way it may end."""
        found = await self.world.advance()
        if not isinstance(found, Work):
            return
        if found.attempt_id is not None:
            await self.world.attempt_ends(found.attempt_id, self.chance.choice(ENDS))
        await self.world.judge(found, self.chance.choice(("pass", "pass", "pass", "fail", "unknown")))

    async def helpful(self) -> None:
        """What the session waits for."""
        if (await self.world.session()).state != SessionState.RUNNING:
            return
        run = await self.world.current()
        if run.awaiting in (Awaiting.EXECUTE, Awaiting.TICK, Awaiting.CHECKER):
            await self.world.human(self.who(), self.who())

    async def step(self) -> None:
        """Any verb on a step nearby."""
        position = (await self.world.session()).position
        nearby = [
            run.id
            for run in await self.world.runs()
            if abs(run.seq - position) <= self.chance.choice((0, 0, 1))
        ]
        if nearby:
            await self.world.do(self.who(), self.chance.choice(STEP_VERBS), self.chance.choice(nearby))

    async def session(self) -> None:
        """Any verb on the session."""
        verbs = RARE if self.chance.random() < 0.03 else SESSION_VERBS
        await self.world.do(self.who(), self.chance.choice(verbs), self.world.session_id)

    async def answer(self) -> None:
        """Say yes or no to an open question."""
        self.world.now += HOUR // 60
        async with self.world.database.reading() as db:
            asked = [row for row in await pending_approvals(db) if row.kind != "start"]
        if asked:
            answer = self.chance.choice(
                (approvals.grant_approval, approvals.grant_approval, approvals.deny_approval)
            )
            await self.world.do(self.who(), answer, self.chance.choice(asked).id, "答え")


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_anybody_does_the_rules_hold(world: World, seed: int) -> None:
    crowd = Crowd(world, seed)
    for _ in range(2):
        crowd.numbers.append(await world.approved())
    await world.do("sato", sessions.start_session, crowd.numbers[0])
    await world.do("sato", sessions.create_session, world.cluster_id, WISH, "", *WINDOW)
    for _ in range(80):
        await crowd.act()
    assert crowd.done > 20
    assert max(crowd.reached.values()) > 0
    assert await world.do(None, advance.sweep_session, crowd.numbers[1], -1) is False
