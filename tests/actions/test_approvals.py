"""Questions to a second person: skip, settle, extend; what a yes does, what a no leaves, and who may answer."""

from __future__ import annotations

import pytest

from app.actions import approvals, sessions, steps
from app.domain.errors import Invalid
from app.domain.lifecycle import AttemptState, Awaiting, SessionState
from app.models import Approval, StepRun
from app.models.sessions import approvals_of
from tests.actions.test_session_refusals import code_of
from tests.support.world import HOUR, World


async def asked_to_skip(world: World, waits: Awaiting = Awaiting.EXECUTE) -> tuple[StepRun, int]:
    """The step and the number of the pending question."""
    await world.running()
    run = await world.until(waits)
    return run, (await world.do("sato", approvals.skip_step, run.id, "適用済み")).id


async def asked_to_settle(world: World, outcome: str) -> tuple[StepRun, int]:
    """A step whose outcome is unknown, and the number of the pending question."""
    await world.running()
    run = await world.ended(AttemptState.UNKNOWN)
    return run, (await world.do("sato", approvals.settle_step, run.id, outcome, "画面で確認")).id


async def states(world: World) -> list[str]:
    """The states of all questions of the session, in order."""
    async with world.database.reading() as db:
        return [row.state for row in await approvals_of(db, world.session_id)]


async def test_a_granted_skip_moves_the_session_on(world: World) -> None:
    run, number = await asked_to_skip(world)
    await world.do("takahashi", approvals.grant_approval, number, "了解")
    skipped = await world.step_run(run.id)
    assert (skipped.state, skipped.outcome) == ("skipped", "skipped_by_approval")
    assert (await world.session()).position == run.seq + 1
    assert [e.action for e in await world.events()][-3:] == [
        "skip.requested",
        "step.skipped",
        "approval.granted",
    ]
    await world.carried_out()
    await world.require_sound()


async def test_a_denied_skip_leaves_the_step_and_may_be_asked_again(world: World) -> None:
    run, number = await asked_to_skip(world)
    with pytest.raises(Invalid):
        await world.do("takahashi", approvals.deny_approval, number, " ")
    await world.do("takahashi", approvals.deny_approval, number, "実施してください")
    assert (await world.step_run(run.id)).standing == run.standing
    await world.do("sato", approvals.skip_step, run.id, "やはり")
    assert await states(world) == ["granted", "denied", "pending"]


async def test_a_skip_is_asked_once_at_a_time(world: World) -> None:
    run, _ = await asked_to_skip(world)
    assert await code_of(world.do("suzuki", approvals.skip_step, run.id, "私も")) == "already_asked"


@pytest.mark.parametrize("waits", [Awaiting.EXECUTE, Awaiting.TICK])
async def test_a_step_that_is_carried_out_after_all_takes_its_question_back(
    world: World, waits: Awaiting
) -> None:
    _, number = await asked_to_skip(world, waits)
    await world.human()
    assert await states(world) == ["granted", "void"]
    assert await code_of(world.do("takahashi", approvals.grant_approval, number)) == "already_decided"
    run = await world.until(Awaiting.EXECUTE if waits is Awaiting.TICK else Awaiting.TICK)
    await world.do("sato", approvals.skip_step, run.id, "別の手順")  # not "already asked"


@pytest.mark.parametrize(
    ("name", "code"), [("sato", "needs_approve"), ("suzuki", "needs_approve"), ("tanaka", "needs_approve")]
)
async def test_a_skip_is_granted_by_an_approver_alone(world: World, name: str, code: str) -> None:
    _, number = await asked_to_skip(world)
    assert await code_of(world.do(name, approvals.grant_approval, number)) == code


async def test_who_asked_does_not_answer_whatever_roles_they_hold(world: World) -> None:
    await world.running()
    run = await world.until(Awaiting.EXECUTE)
    row = await world.do("kimura", approvals.skip_step, run.id, "不要")
    for answer in (approvals.grant_approval, approvals.deny_approval):
        assert await code_of(world.do("kimura", answer, row.id, "はい")) == "approver_is_submitter"


async def test_an_answer_is_given_once(world: World) -> None:
    _, number = await asked_to_skip(world)
    await world.do("takahashi", approvals.deny_approval, number, "否")
    for answer in (approvals.grant_approval, approvals.deny_approval):
        assert await code_of(world.do("kimura", answer, number, "やはり")) == "already_decided"
    assert await code_of(world.do("kimura", approvals.grant_approval, 999)) == "no_such_approval"


async def test_a_start_approval_is_not_granted_past_its_digest(world: World) -> None:
    await world.submitted()
    async with world.database.reading() as db:
        number = (await approvals_of(db, world.session_id))[0].id
    assert await code_of(world.do("takahashi", approvals.grant_approval, number)) == "already_decided"


async def test_a_step_settled_as_failed_may_be_retried(world: World) -> None:
    run, number = await asked_to_settle(world, "failed")
    await world.do("suzuki", approvals.grant_approval, number)  # another operator is a second pair of eyes
    settled = await world.step_run(run.id)
    assert (settled.state, settled.outcome) == ("failed", "settled_failed")
    await world.do("sato", steps.retry_step, run.id)
    await world.carried_out()


async def test_a_step_settled_as_succeeded_still_has_its_checks_to_pass(world: World) -> None:
    run, number = await asked_to_settle(world, "succeeded")
    before = len(world.enqueued)
    await world.do("suzuki", approvals.grant_approval, number)
    assert (await world.step_run(run.id)).state == "running"
    assert len(world.enqueued) == before + 1
    work = await world.work()
    assert work.attempt_id is None
    await world.judge(work, "fail")
    assert (await world.step_run(run.id)).state == "failed"


async def test_an_unknown_outcome_is_not_settled_by_one_person(world: World) -> None:
    _, number = await asked_to_settle(world, "succeeded")
    assert await code_of(world.do("sato", approvals.grant_approval, number)) == "approver_is_submitter"


async def test_the_performer_does_not_settle_what_somebody_asked_for_them(world: World) -> None:
    await world.running()
    run = await world.ended(AttemptState.UNKNOWN)  # performed by sato
    row = await world.do("suzuki", approvals.settle_step, run.id, "succeeded", "画面で確認")
    assert await code_of(world.do("sato", approvals.grant_approval, row.id)) == "checker_is_performer"


async def test_an_unknown_outcome_is_neither_retried_nor_skipped(world: World) -> None:
    run, _ = await asked_to_settle(world, "failed")
    assert await code_of(world.do("sato", steps.retry_step, run.id)) == "step_moved_on"
    assert await code_of(world.do("sato", approvals.skip_step, run.id, "いや")) == "step_moved_on"
    with pytest.raises(Invalid):
        await world.do("sato", approvals.settle_step, run.id, "maybe", "たぶん")


async def test_a_session_past_its_window_goes_on_once_it_is_extended(world: World) -> None:
    await world.running()
    await world.human_after_engine()
    await world.human()
    world.now += 8 * HOUR
    assert await world.engine() == "paused"
    row = await world.do("sato", approvals.extend_session, world.session_id, "2026-11-24 12:00", "長引いた")
    await world.do("takahashi", approvals.grant_approval, row.id)
    await world.do("sato", sessions.resume_session, world.session_id)
    await world.carried_out()
    assert (await world.session()).state == SessionState.COMPLETED


@pytest.mark.parametrize("end", ["2026-11-23 29:00", "2026-11-23 25:00", "2026-11-24 05:30"])
async def test_an_extension_ends_later_than_now_and_than_the_window(world: World, end: str) -> None:
    await world.running()
    world.now += 8 * HOUR
    asked = world.do("sato", approvals.extend_session, world.session_id, end, "長引いた")
    assert await code_of(asked) == "not_later"


async def test_who_submitted_the_session_does_not_extend_it_alone(world: World) -> None:
    await world.draft()
    await world.do("kimura", sessions.submit_session, world.session_id)
    await world.approve()
    world.now += 2 * HOUR
    await world.do("sato", sessions.start_session, world.session_id)
    row = await world.do("sato", approvals.extend_session, world.session_id, "2026-11-24 12:00", "長引いた")
    assert await code_of(world.do("kimura", approvals.grant_approval, row.id)) == "approver_is_submitter"


async def test_an_abort_takes_every_open_question_back(world: World) -> None:
    _, number = await asked_to_skip(world)
    await world.do("sato", approvals.extend_session, world.session_id, "2026-11-24 12:00", "念のため")
    await world.do("sato", sessions.abort_session, world.session_id, "中止")
    assert await states(world) == ["granted", "void", "void"]
    assert await code_of(world.do("takahashi", approvals.grant_approval, number)) == "already_decided"
    assert await world.count(Approval) == 3


async def test_a_session_that_is_not_under_way_is_not_extended(world: World) -> None:
    await world.approved()
    asked = world.do("sato", approvals.extend_session, world.session_id, "2026-11-24 12:00", "念のため")
    assert await code_of(asked) == "session_not_active"
