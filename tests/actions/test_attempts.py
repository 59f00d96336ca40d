"""What the engine tells the actions: late, repeated and out of turn, none of it changes anything twice."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.actions import advance, approvals, judging, outages, sessions, steps
from app.actions.advance import Work
from app.domain.errors import Refused
from app.domain.lifecycle import AttemptState, Awaiting, StepState
from app.models import AuditEvent, Outage
from tests.support.world import HOUR, World


async def queued(world: World) -> Work:
    """A command that a person executed and that no engine has begun."""
    await world.running()
    await world.until(Awaiting.EXECUTE)
    await world.human()
    return await world.work()


async def unchanged(world: World, before: int) -> None:
    """No event was added."""
    assert await world.count(AuditEvent) == before


async def test_an_attempt_begins_and_is_claimed_once(world: World) -> None:
    number = (await queued(world)).attempt_id or 0
    for call in (advance.begin_attempt, advance.claim_attempt):
        await world.do(None, call, number)
        before, then = await world.count(AuditEvent), world.now
        world.now += 1
        await world.do(None, call, number)
        await unchanged(world, before)
    attempt = await world.attempt(number)
    assert (attempt.state, attempt.begun_at, attempt.claimed_at) == ("running", then - 1, then)


async def test_an_attempt_ends_once(world: World) -> None:
    work = await queued(world)
    number = work.attempt_id or 0
    await world.attempt_ends(number, AttemptState.FAILED)
    before = await world.count(AuditEvent)
    standing = await world.do(None, advance.end_attempt, number, AttemptState.SUCCEEDED, exit_status=0)
    await unchanged(world, before)
    assert standing.state == StepState.FAILED
    assert ((await world.attempt(number)).state, (await world.attempt(number)).exit_status) == ("failed", 1)


async def test_an_attempt_that_has_ended_is_never_begun(world: World) -> None:
    number = (await queued(world)).attempt_id or 0
    await world.do(None, advance.end_attempt, number, AttemptState.UNREACHABLE, problem="unreachable")
    with pytest.raises(Refused, match="attempt_not_begun"):
        await world.do(None, advance.begin_attempt, number)


async def test_a_paused_session_begins_no_attempt_and_can_be_cancelled_and_aborted(world: World) -> None:
    work = await queued(world)
    number = work.attempt_id or 0
    await world.do("sato", sessions.pause_session, world.session_id, "様子見")
    with pytest.raises(Refused, match="attempt_not_begun"):
        await world.do(None, advance.begin_attempt, number)
    await world.do("sato", steps.cancel_step, work.step_run_id)
    attempt, run = await world.attempt(number), await world.step_run(work.step_run_id)
    assert (attempt.state, attempt.problem) == ("cancelled", "not_begun")
    assert (run.state, run.outcome) == ("failed", "not_begun")
    await world.do("sato", sessions.abort_session, world.session_id, "中止")


async def test_a_queued_attempt_does_not_begin_after_the_window(world: World) -> None:
    number = (await queued(world)).attempt_id or 0
    world.now += 8 * HOUR
    assert await world.advance() == "paused"
    row = await world.do("sato", approvals.extend_session, world.session_id, "2026-11-24 12:00", "長引いた")
    await world.do("takahashi", approvals.grant_approval, row.id)
    await world.do("sato", sessions.resume_session, world.session_id)
    assert (await world.work()).attempt_id == number


async def test_unreachable_is_never_said_of_an_attempt_that_began(world: World) -> None:
    number = (await queued(world)).attempt_id or 0
    await world.do(None, advance.begin_attempt, number)
    with pytest.raises(sa.exc.IntegrityError):
        await world.do(None, advance.end_attempt, number, AttemptState.UNREACHABLE)
    assert (await world.attempt(number)).state == "running"


@pytest.mark.parametrize(
    ("state", "stands"),
    [
        (AttemptState.SUCCEEDED, StepState.RUNNING),
        (AttemptState.FAILED, StepState.FAILED),
        (AttemptState.TIMED_OUT, StepState.FAILED),
        (AttemptState.CANCELLED, StepState.FAILED),
        (AttemptState.UNKNOWN, StepState.UNKNOWN),
    ],
)
async def test_a_step_stands_where_the_end_of_its_attempt_puts_it(
    world: World, state: AttemptState, stands: StepState
) -> None:
    work = await queued(world)
    await world.attempt_ends(work.attempt_id or 0, state)
    run = await world.step_run(work.step_run_id)
    assert (run.state, run.awaiting) == (stands, None)
    assert (run.ended_at is None) == (stands is StepState.RUNNING)


async def test_a_stale_segment_changes_nothing(world: World) -> None:
    work = await queued(world)
    number = (await world.session()).advance_no
    before = await world.count(AuditEvent)
    assert await world.do(None, advance.advance_session, world.session_id, number - 1) == "stale"
    assert await world.do(None, judging.judge_step, work.step_run_id, number - 1, "pass") is None
    await unchanged(world, before)
    assert (await world.step_run(work.step_run_id)).state == "running"


async def test_a_step_is_judged_once(world: World) -> None:
    work = await queued(world)
    await world.attempt_ends(work.attempt_id or 0, AttemptState.SUCCEEDED)
    assert await world.judge(work, "pass") is not None
    assert await world.judge(work, "fail") is None
    assert (await world.step_run(work.step_run_id)).awaiting == Awaiting.CHECKER


async def test_a_repeated_segment_takes_up_the_same_attempt(world: World) -> None:
    first = await queued(world)
    assert await world.work() == first
    await world.do(None, advance.begin_attempt, first.attempt_id or 0)
    assert await world.work() == first


async def test_the_sweep_gives_a_segment_to_what_machines_have_to_do_alone(world: World) -> None:
    async def swept(number: int | None = None) -> bool:
        seen = (await world.session()).advance_no if number is None else number
        return await world.do(None, advance.sweep_session, world.session_id, seen)

    await world.approved()
    assert not await swept()
    await world.do("sato", sessions.start_session, world.session_id)
    assert await swept()
    assert world.enqueued[-1] == (world.session_id, 2)
    assert not await swept(1)  # it moved on meanwhile
    await world.engine()
    assert not await swept()  # a person is asked
    await world.do("sato", sessions.pause_session, world.session_id, "昼")
    assert not await swept()


async def test_an_outage_is_measured_with_two_events(world: World) -> None:
    work = await queued(world)
    before = await world.count(AuditEvent)
    row = await world.do(None, outages.begin_outage, work.step_run_id, "site1", world.now)
    await world.do(None, outages.end_outage, row.id, world.now + 5, 3)
    assert [e.action for e in await world.events()][before:] == ["outage.began", "outage.ended"]
    async with world.database.reading() as db:
        assert (await db.get_one(Outage, row.id)).first_up == world.now + 5


async def test_a_spool_is_noted_as_removed(world: World) -> None:
    number = (await queued(world)).attempt_id or 0
    await world.attempt_ends(number, AttemptState.SUCCEEDED)
    await world.do(None, advance.remove_spool, number)
    assert (await world.attempt(number)).spool_removed_at == world.now
    assert (await world.events())[-1].action == "spool.removed"
