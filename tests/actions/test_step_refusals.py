"""What a step refuses: every verb in every wrong standing, out of turn, outside the window, by the wrong person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from app.actions import approvals, people, sessions, steps
from app.actions.act import Act
from app.domain.errors import Refused
from app.domain.lifecycle import STEP_MOVES, AttemptState, Awaiting, Standing, StepState
from app.models import AuditEvent, StepRun
from app.models.steps import sign_offs_of_session
from tests.actions.test_session_refusals import code_of
from tests.support.world import HOUR, PASSWORD, World

S, A = StepState, Awaiting
Verb = Callable[[Act, int], Awaitable[object]]
VERBS: dict[str, Verb] = {
    "execute": steps.execute_step,
    "tick": steps.tick_step,
    "verify": steps.verify_step,
    "confirm": steps.confirm_step,
    "retry": steps.retry_step,
    "cancel": steps.cancel_step,
    "skip": lambda act, n: approvals.skip_step(act, n, "理由"),
    "settle": lambda act, n: approvals.settle_step(act, n, "failed", "理由"),
}
STANDINGS = [
    Standing(S.RUNNING),
    *(Standing(S.AWAITING, waits) for waits in A),
    *(Standing(state) for state in (S.FAILED, S.UNKNOWN)),
]


async def bring(world: World, standing: Standing) -> StepRun:
    """A running session whose current step stands so."""
    await world.running()
    match standing:
        case (S.AWAITING, A.CHECK):
            await world.until(A.EXECUTE)
            await world.human()
            work = await world.work()
            await world.attempt_ends(work.attempt_id or 0, AttemptState.SUCCEEDED)
            await world.judge(work, "unknown")
        case (S.AWAITING, waits):
            assert waits is not None
            await world.until(waits)
        case (S.RUNNING, _):
            await world.human_after_engine()
            await world.human()
            await world.work()
        case (state, _):
            await world.ended(AttemptState(state.value))
    run = await world.current()
    assert run.standing == standing
    return run


@pytest.mark.parametrize("standing", STANDINGS, ids=lambda s: f"{s.state}-{s.awaiting or ''}")
async def test_every_verb_is_refused_in_every_wrong_standing(world: World, standing: Standing) -> None:
    run = await bring(world, standing)
    before = await world.count(AuditEvent)
    for verb, action in VERBS.items():
        if standing not in STEP_MOVES[verb]:
            assert await code_of(world.do("kimura", action, run.id)) == "step_moved_on", verb
    assert await world.count(AuditEvent) == before
    assert (await world.step_run(run.id)).standing == standing


async def test_every_verb_is_refused_away_from_the_current_step(world: World) -> None:
    await world.running()
    await world.until(A.CHECKER)
    await world.human()
    await world.engine()
    runs, current = await world.runs(), (await world.session()).position
    for seq in (current - 1, current + 1):
        for verb in VERBS.keys() - {"cancel"}:
            assert await code_of(world.do("kimura", VERBS[verb], runs[seq].id)) == "not_current_step", verb


async def test_every_verb_is_refused_while_the_session_is_paused(world: World) -> None:
    await world.running()
    run = await world.until(A.EXECUTE)
    await world.do("sato", sessions.pause_session, world.session_id, "昼")
    for verb in VERBS.keys() - {"cancel"}:
        assert await code_of(world.do("kimura", VERBS[verb], run.id)) == "session_not_running", verb


async def test_a_step_that_does_not_exist_is_not_found(world: World) -> None:
    for verb, action in VERBS.items():
        assert await code_of(world.do("sato", action, 999)) == "no_such_step", verb


@pytest.mark.parametrize("verb", VERBS)
async def test_an_auditor_acts_on_no_step(world: World, verb: str) -> None:
    await world.running()
    await world.engine()
    refused = await code_of(world.do("tanaka", VERBS[verb], (await world.current()).id))
    assert refused == ("needs_check" if verb == "confirm" else "needs_perform")


@pytest.mark.parametrize("performer", ["sato", "kimura"])
async def test_the_performer_does_not_confirm_whatever_roles_they_hold(world: World, performer: str) -> None:
    await world.running()
    run = await world.until(A.TICK)
    await world.human(performer)
    assert await code_of(world.do(performer, steps.confirm_step, run.id)) == "checker_is_performer"
    checker = world.people[performer]
    at_screen = world.do("suzuki", steps.confirm_step, run.id, checker=checker)
    assert await code_of(at_screen) == "checker_is_performer"


async def test_a_checker_signs_at_the_screen_of_the_performer(world: World) -> None:
    await world.running()
    run = await world.until(A.TICK)
    await world.human("sato")
    checker = await world.do("sato", people.checker_at_screen, "suzuki", PASSWORD)
    await world.do("sato", steps.confirm_step, run.id, "見た", checker=checker)
    event = (await world.events())[-1]
    assert (event.actor, event.action) == ("suzuki", "step.confirmed")
    assert b'"at_screen_of":"sato"' in event.payload
    assert (await world.step_run(run.id)).checker_id == checker.id


async def test_a_wrong_password_at_the_screen_signs_nothing(world: World) -> None:
    assert await code_of(world.do("sato", people.checker_at_screen, "suzuki", "wrong")) == "bad_credentials"


async def test_who_executed_first_does_not_check_a_retry_as_the_other_of_two(world: World) -> None:
    await world.running()
    run = await world.ended(AttemptState.FAILED)  # executed by sato
    await world.do("suzuki", steps.retry_step, run.id)
    assert await world.engine() == "waiting"
    assert await code_of(world.do("suzuki", steps.confirm_step, run.id)) == "checker_is_performer"
    await world.do("sato", steps.confirm_step, run.id)
    async with world.database.reading() as db:
        signed = [
            (s.role, s.user_id)
            for s in await sign_offs_of_session(db, world.session_id)
            if s.step_run_id == run.id
        ]
    sato, suzuki = world.people["sato"].id, world.people["suzuki"].id
    assert sorted(signed) == [("checker", sato), ("performer", suzuki)]


@pytest.mark.parametrize("verb", ["execute", "retry"])
async def test_no_command_starts_outside_the_window(world: World, verb: str) -> None:
    await world.running()
    run = await (world.until(A.EXECUTE) if verb == "execute" else world.ended(AttemptState.FAILED))
    world.now += 8 * HOUR
    with pytest.raises(Refused, match="window_closed"):
        await world.do("sato", VERBS[verb], run.id)


async def test_a_cancelled_command_is_asked_to_end_once(world: World) -> None:
    await world.running()
    run = await world.until(A.EXECUTE)
    await world.human()
    attempt_id = (await world.work()).attempt_id or 0
    for _ in range(2):
        await world.do("sato", steps.cancel_step, run.id)
    assert (await world.attempt(attempt_id)).cancel_asked_by == world.people["sato"].id
    assert (
        await world.attempt(attempt_id)
    ).state == "queued"  # whether something was sent is the engine's to say
    assert [event.action for event in await world.events()].count("step.cancelled") == 1


async def test_checks_alone_cannot_be_cancelled(world: World) -> None:
    run = await bring(world, Standing(S.RUNNING))
    assert await code_of(world.do("sato", steps.cancel_step, run.id)) == "nothing_to_cancel"


async def test_an_abort_while_a_command_runs_is_refused(world: World) -> None:
    await world.running()
    await world.until(A.EXECUTE)
    await world.human()
    assert (
        await code_of(world.do("sato", sessions.abort_session, world.session_id, "障害"))
        == "step_still_running"
    )


async def test_a_passing_check_takes_away_what_an_earlier_one_said(world: World) -> None:
    run = await bring(world, Standing(S.AWAITING, A.CHECK))
    assert run.outcome == "check_unknown"
    await world.do("sato", steps.verify_step, run.id)
    await world.judge(await world.work(), "pass")
    assert (await world.step_run(run.id)).outcome is None
