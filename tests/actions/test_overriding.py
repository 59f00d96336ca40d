"""A check that disagrees is overridden by a checker: somebody else, with a reason, on evidence; it stays in the record."""

from __future__ import annotations

import json

import pytest

from app.actions import overriding, steps
from app.domain.errors import Forbidden, Invalid, Refusal, Refused
from app.domain.lifecycle import Awaiting, StepState
from app.models import StepRun
from app.models.steps import sign_offs_of_session
from tests.support.world import World


async def disagreeing(world: World, verdict: str = "unknown") -> StepRun:
    """The first step whose check could not be read."""
    await world.running()
    await world.until(Awaiting.TICK)
    await world.human()
    await world.human()
    work = await world.work()
    await world.judge(work, verdict)
    run = await world.step_run(work.step_run_id)
    assert run.awaiting == Awaiting.CHECK
    return run


async def attach(world: World, run: StepRun, by: str = "sato") -> None:
    await world.do(by, steps.attach_evidence, run.id, "画面.txt", "text/plain", "見えたもの".encode())


async def override(world: World, run: StepRun, by: str = "suzuki", reason: str = "画面で確認した") -> None:
    await world.do(by, overriding.override_step, run.id, reason)


async def test_override_signs_as_checker_and_the_session_goes_on(world: World) -> None:
    run = await disagreeing(world)
    await attach(world, run)
    driver = (await world.session()).driver_id
    await override(world, run)
    done = await world.step_run(run.id)
    assert (done.state, done.outcome, done.checker_id) == (
        StepState.SUCCEEDED,
        "overridden",
        world.people["suzuki"].id,
    )
    session = await world.session()
    assert (session.position, session.driver_id) == (run.seq + 1, driver)
    assert world.enqueued[-1] == (session.id, session.advance_no)
    async with world.database.reading() as db:
        [sign] = [
            sign
            for sign in await sign_offs_of_session(db, session.id)
            if sign.step_run_id == run.id and sign.role == "checker"
        ]
    assert (sign.user_id, sign.note) == (world.people["suzuki"].id, "画面で確認した")
    event = (await world.events())[-1]
    told = json.loads(event.payload)["params"]
    assert (event.action, told["reason"], told["problem"]) == (
        "step.overridden",
        "画面で確認した",
        "check_unknown",
    )
    assert len(told["evidence"]) == 1
    await world.require_sound()


WRONG: list[tuple[str, str, str, type[Refusal], str]] = [
    ("the performer", "sato", "理由", Forbidden, "checker_is_performer"),
    ("an approver", "takahashi", "理由", Forbidden, "needs_check"),
    ("no reason", "suzuki", "  ", Invalid, "no_reason"),
]


@pytest.mark.parametrize(
    ("by", "reason", "kind", "code"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
async def test_override_is_refused(
    world: World, by: str, reason: str, kind: type[Refusal], code: str
) -> None:
    run = await disagreeing(world)
    await attach(world, run)
    with pytest.raises(kind, match=code):
        await override(world, run, by, reason)
    assert (await world.step_run(run.id)).awaiting == Awaiting.CHECK


async def test_override_needs_evidence_and_a_check_that_stands_open(world: World) -> None:
    run = await disagreeing(world)
    with pytest.raises(Refused, match="no_evidence_for_override"):
        await override(world, run)
    await attach(world, run, "suzuki")
    await world.do("sato", steps.verify_step, run.id)
    with pytest.raises(Refused, match="step_moved_on"):
        await override(world, run)
