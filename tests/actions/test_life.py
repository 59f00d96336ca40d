"""A session from its draft to its end, through the actions alone; after each of them the chain has grown and verifies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from app.actions import approvals, people, sessions, steps
from app.domain.lifecycle import AttemptState, Awaiting, SessionState, StepState
from app.domain.schedule import local
from app.models import AuditEvent, SessionNode
from app.models.audit import verify_chain
from app.models.people import all_people
from app.models.sessions import approvals_of
from app.models.steps import attempts_of, sign_offs_of_session
from tests.support.world import HOUR, PASSWORD, WINDOW, WISH, World


async def recorded(world: World, action: str, do: Callable[[], Awaitable[object]]) -> None:
    """Do it, and find exactly one new event, named so, in a chain that verifies."""
    before = len(await world.events())
    await do()
    new = (await world.events())[before:]
    assert [event.action for event in new] == [action]
    async with world.database.reading() as db:
        assert await verify_chain(db, world.heads) == []


async def test_a_session_is_carried_out_from_draft_to_completed(world: World) -> None:
    await world.draft()
    say = world.do
    number = world.session_id
    await recorded(world, "session.submitted", lambda: say("sato", sessions.submit_session, number))
    await recorded(
        world, "session.returned", lambda: say("takahashi", sessions.return_session, number, "日程")
    )
    assert (await world.session()).return_reason == "日程"
    edit = lambda: say("suzuki", sessions.edit_session, number, WISH, "改訂", *WINDOW)  # noqa: E731
    await recorded(world, "session.edited", edit)
    await recorded(world, "session.submitted", lambda: say("sato", sessions.submit_session, number))
    await recorded(world, "session.approved", world.approve)
    world.now += 2 * HOUR
    await recorded(world, "session.started", lambda: say("sato", sessions.start_session, number))
    await world.carried_out()
    session = await world.session()
    assert (session.state, session.position) == (SessionState.COMPLETED, len(session.plan.steps))
    assert session.ended_at == world.now
    await world.require_sound()


async def test_each_act_of_the_carrying_out_leaves_one_event(world: World) -> None:
    await world.running()
    say, seen = world.do, set()
    while await world.engine() != "completed":
        run = await world.current()
        verb = {Awaiting.EXECUTE: "executed", Awaiting.TICK: "ticked", Awaiting.CHECKER: "confirmed"}[
            Awaiting(run.awaiting)
        ]
        await recorded(world, f"step.{verb}", world.human)
        seen.add(verb)
    assert seen == {"executed", "ticked", "confirmed"}
    assert "session.completed" in {event.action for event in await world.events()}
    with pytest.raises(Exception, match="session_wrong_state"):
        await say("sato", sessions.pause_session, world.session_id, "後")


async def test_a_completed_session_has_two_signatures_wherever_people_acted(world: World) -> None:
    await world.running()
    await world.carried_out()
    plan = (await world.session()).plan
    async with world.database.reading() as db:
        signed = {
            (row.step_run_id, row.role): row.user_id
            for row in await sign_offs_of_session(db, world.session_id)
        }
    for run, step in zip(await world.runs(), plan.steps, strict=True):
        pair = [signed.get((run.id, role)) for role in ("performer", "checker")]
        people = [world.people["sato"].id, world.people["suzuki"].id]
        wanted = (
            people
            if step.kind in ("manual", "gate") or step.destructive or step.needs_approval
            else [None, None]
        )
        assert pair == wanted, step.key
        assert run.state == StepState.SUCCEEDED
        assert run.outcome is None


async def test_every_attempt_has_its_own_key_and_the_text_of_the_plan(world: World) -> None:
    await world.running()
    await world.carried_out()
    plan, keys = (await world.session()).plan, set()
    async with world.database.reading() as db:
        for run in await world.runs():
            for attempt in await attempts_of(db, run.id):
                step = plan.steps[run.seq]
                assert attempt.payload == step.commands[0].text
                assert attempt.node == step.node
                assert attempt.requested_by == world.people["sato"].id
                keys.add(attempt.key)
    assert len(keys) == sum(step.kind == "command" for step in plan.steps)
    assert all(len(key) == 32 for key in keys)


async def test_a_segment_is_enqueued_by_every_decision_that_lets_machines_go_on(world: World) -> None:
    await world.running()
    assert world.enqueued == [(world.session_id, 1)]
    await world.human_after_engine()
    await world.human_after_engine()
    assert world.enqueued == [
        (world.session_id, 1),
        (world.session_id, 2),
    ]  # a tick without checks waits for the checker


async def test_the_checker_does_not_become_the_performer(world: World) -> None:
    await world.running()
    await world.human_after_engine()
    await world.human_after_engine()
    assert (await world.session()).driver_id == world.people["sato"].id


async def test_a_finished_session_lets_go_of_its_nodes(world: World) -> None:
    await world.running()
    async with world.database.reading() as db:
        held = list(await db.scalars(SessionNode.__table__.select().with_only_columns(SessionNode.active)))
    assert held == [True, True]
    await world.carried_out()
    async with world.database.reading() as db:
        held = list(await db.scalars(SessionNode.__table__.select().with_only_columns(SessionNode.active)))
    assert held == [False, False]


async def test_a_completed_session_raises_the_version_that_the_cluster_records(world: World) -> None:
    await world.running()
    before = (await world.session()).cluster
    await world.carried_out()
    after = (await world.session()).cluster
    assert (str(before.cluster.version), str(after.cluster.version)) == ("R16.3", "R16.3.2")
    assert after.version == before.version + 1
    assert "cluster.raised" in [event.action for event in await world.events()]


async def test_planned_times_follow_one_another_from_the_start_of_the_window(world: World) -> None:
    await world.running()
    runs = await world.runs()
    assert f"{local(runs[0].planned_start or 0, 'Asia/Tokyo'):%H:%M}" == "22:00"
    assert all(before.planned_end == after.planned_start for before, after in pairwise(runs))


async def test_a_paused_session_resumes_with_a_new_segment(world: World) -> None:
    await world.running()
    await world.do("sato", sessions.pause_session, world.session_id, "休憩")
    assert await world.advance() == "paused"
    await world.do("suzuki", sessions.resume_session, world.session_id)
    session = await world.session()
    assert (session.state, session.pause_reason, session.advance_no) == (SessionState.RUNNING, None, 2)
    assert session.driver_id == world.people["suzuki"].id


async def test_a_closed_window_pauses_before_the_next_step(world: World) -> None:
    await world.running()
    await world.human_after_engine()
    await world.human()
    world.now += 10 * HOUR
    assert await world.advance() == "paused"
    assert (await world.session()).pause_reason == "window_closed"
    assert (await world.events())[-1].actor == "tejun"


async def test_an_aborted_session_keeps_its_reason_and_the_state_it_left(world: World) -> None:
    await world.running()
    await world.until(Awaiting.EXECUTE)
    run = await world.current()
    await world.do("sato", approvals.skip_step, run.id, "不要")
    await world.do("sato", sessions.abort_session, world.session_id, "障害", {"node-b": "standby"})
    session = await world.session()
    assert (session.state, session.abort_reason, session.resting_state) == (
        "aborted",
        "障害",
        '{"node-b": "standby"}',
    )
    async with world.database.reading() as db:
        assert [row.state for row in await approvals_of(db, world.session_id)] == ["granted", "void"]
    await world.running()  # the nodes are free again


async def test_a_failed_step_is_carried_out_again_by_a_new_attempt(world: World) -> None:
    await world.running()
    run = await world.ended(AttemptState.FAILED)
    assert (run.state, run.outcome, run.ended_at) == ("failed", "attempt_failed", world.now)
    await world.do("suzuki", steps.retry_step, run.id)
    again = await world.step_run(run.id)
    assert (again.state, again.outcome, again.ended_at) == ("running", None, None)
    await world.engine()
    async with world.database.reading() as db:
        assert [(a.number, a.state) for a in await attempts_of(db, run.id)] == [
            (1, "failed"),
            (2, "succeeded"),
        ]


async def test_no_secret_ever_stands_in_the_audit_chain(world: World) -> None:
    login, token = await world.do(None, people.sign_in, "sato", PASSWORD)
    await world.do("kanri", people.change_user, "suzuki", password="another long secret")
    await world.do("sato", people.sign_out, login)
    payloads = b"".join(event.payload for event in await world.events())
    async with world.database.reading() as db:
        assert len(await all_people(db)) == len(world.people)
    for secret in (PASSWORD, token, login.csrf, "another long secret", login.token_hash.hex()):
        assert secret.encode() not in payloads
    assert b"argon2" not in payloads


async def test_what_is_rolled_back_leaves_no_event_no_bell_and_no_segment(world: World) -> None:
    await world.approved()
    before, cursor = await world.count(AuditEvent), world.database.bell.cursor

    async def starts_and_breaks() -> None:
        async with world.act("sato") as act:
            await sessions.start_session(act, world.session_id)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        await starts_and_breaks()
    assert await world.count(AuditEvent) == before
    assert world.database.bell.cursor == cursor
    assert world.enqueued == []
    assert (await world.session()).state == SessionState.APPROVED
