"""A session's life up to its start and its end: create, edit, submit, return, approve, revise, start, pause, resume, abort."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.actions.aborting import end_checks, require_no_open_attempt
from app.actions.act import Act, record
from app.actions.deliveries import withdraw_deliveries
from app.actions.holding import hold_nodes, release_nodes
from app.actions.plans import (
    Wish,
    covered_digest,
    fill_session,
    require_executable,
    require_planned_as_is,
    require_undrifted,
)
from app.domain import lifecycle, schedule
from app.domain.errors import Invalid, NotFound, Refused
from app.domain.lifecycle import RUNNING, StepState, move
from app.domain.policy import Permission, require_other_than_submitter, require_reason, require_satisfiable
from app.domain.procedure import Step
from app.models import Approval, ClusterRecord, MaintenanceSession, StepRun
from app.models.people import all_people
from app.models.sessions import locked_session
from app.models.steps import step_run_at


async def locked(act: Act, session_id: int) -> MaintenanceSession:
    """The session, locked for this transaction; NotFound where there is none."""
    session = await locked_session(act.db, session_id)
    if session is None:
        raise NotFound("no_such_session", "そのセッションはありません。", "There is no such session.")
    return session


async def create_session(
    act: Act, cluster_id: int, wish: Wish, title: str, window_start: str, window_end: str
) -> MaintenanceSession:
    """A draft with its frozen plan. Times are local to the cluster's zone; both may be empty in a draft."""
    person = act.require(Permission.PLAN)
    cluster = await act.db.get(ClusterRecord, cluster_id)
    if cluster is None:
        raise NotFound("no_such_cluster", "そのクラスタはありません。", "There is no such cluster.")
    session = MaintenanceSession(cluster=cluster, created_by=person.id, created_at=act.now, title="")
    basis = await fill_session(act, session, wish, title, window_start, window_end)
    facts = {**_facts(session), **basis}
    await record(act, "session.created", _subject(session), session_id=session.id, **facts)
    return session


async def edit_session(
    act: Act, session_id: int, wish: Wish, title: str, window_start: str, window_end: str
) -> MaintenanceSession:
    """Change a draft or a returned session; its plan is made anew from the cluster as it is now."""
    act.require(Permission.PLAN)
    session = await locked(act, session_id)
    move("submit", session.session_state)  # what may be submitted may still be edited
    basis = await fill_session(act, session, wish, title, window_start, window_end)
    facts = {**_facts(session), **basis}
    await record(act, "session.edited", _subject(session), session_id=session.id, **facts)
    return session


async def submit_session(act: Act, session_id: int) -> MaintenanceSession:
    """Ask for approval: the plan must be executable, the window ahead, and the four-eyes rules satisfiable."""
    person = act.require(Permission.PLAN)
    session = await locked(act, session_id)
    session.state = move("submit", session.session_state)
    await require_planned_as_is(act, session)
    require_executable(session.plan, session.cluster.cluster)
    schedule.require_window(session.window_start, session.window_end)
    if (session.window_end or 0) <= act.now:
        raise Invalid(
            "window_past",
            "作業時間帯が過去になっています。これからの時間帯を入力してください。",
            "The window lies in the past. Give one that is still to come.",
            "window_end",
        )
    require_satisfiable(person, await all_people(act.db))
    digest = await covered_digest(act, session)
    session.submitted_by, session.submitted_at, session.return_reason = person.id, act.now, None
    approval = Approval(
        session_id=session.id, kind="start", digest=digest, requested_by=person.id, requested_at=act.now
    )
    act.db.add(approval)
    await record(
        act,
        "session.submitted",
        _subject(session),
        session_id=session.id,
        digest=digest,
        plan=session.plan_record.digest,
    )
    return session


async def approve_session(act: Act, session_id: int, digest: str, comment: str = "") -> MaintenanceSession:
    """Approve exactly what `digest` covers: the page carries the digest of what the approver saw."""
    person = act.require(Permission.APPROVE)
    session, approval = await _under_approval(act, session_id, "approve")
    require_other_than_submitter(person, session.submitted_by)
    if approval.digest != digest:
        raise Refused(
            "approval_other_digest",
            "表示していた内容と申請中の内容が異なります。画面を読み直し、内容を確認してから承認してください。",
            "What you were shown is not what is submitted now. Reload, look again, then approve.",
        )
    await require_undrifted(act, session, digest)
    session.state = move("approve", session.session_state)
    session.approved_by, session.approved_at, session.approval_digest = person.id, act.now, digest
    decide(act, approval, "granted", comment)
    await record(
        act, "session.approved", _subject(session), session_id=session.id, digest=digest, comment=comment
    )
    return session


async def return_session(act: Act, session_id: int, reason: str) -> MaintenanceSession:
    """Send a submitted session back (差し戻し) with a reason."""
    person = act.require(Permission.APPROVE)
    session, approval = await _under_approval(act, session_id, "return")
    require_other_than_submitter(person, session.submitted_by)
    require_reason(reason)
    session.state = move("return", session.session_state)
    session.return_reason = reason.strip()
    decide(act, approval, "denied", reason)
    await record(act, "session.returned", _subject(session), session_id=session.id, reason=reason.strip())
    return session


async def revise_session(act: Act, session_id: int) -> MaintenanceSession:
    """Take a submitted or approved session back to a draft; its approval is void."""
    act.require(Permission.PLAN)
    session = await locked(act, session_id)
    session.state = move("revise", session.session_state)
    session.approval_digest = session.approved_by = session.approved_at = None
    await void_approvals(act, session.id)
    await withdraw_deliveries(act, session)
    await record(act, "session.revised", _subject(session), session_id=session.id)
    return session


async def start_session(act: Act, session_id: int) -> MaintenanceSession:
    """Start: approved, inside its window, unchanged since, and nothing else running on the cluster or its nodes."""
    person = act.require(Permission.PERFORM)
    session = await locked(act, session_id)
    state = move("start", session.session_state)
    await act.db.get_one(
        ClusterRecord, session.cluster_id, with_for_update=True, populate_existing=True
    )  # no edit meanwhile
    schedule.require_open(act.now, session.window_start or 0, session.window_end or 0)
    await require_undrifted(act, session, session.approval_digest)
    await hold_nodes(act, session)
    session.state, session.started_by, session.started_at = state, person.id, act.now
    for seq, (step, planned) in enumerate(_planned(session)):
        act.db.add(_step_run(session, seq, step, planned, act.now))
    await act.db.flush()
    await go_on(act, session, "session.started")
    return session


async def pause_session(act: Act, session_id: int, reason: str) -> MaintenanceSession:
    """Pause: the command that runs is left to end, nothing new starts. `reason` may be the code window_closed (engine)."""
    if act.by is not None:
        act.require(Permission.PERFORM)
        require_reason(reason)
    session = await locked(act, session_id)
    session.state = move("pause", session.session_state)
    session.pause_reason = reason.strip()
    await record(act, "session.paused", _subject(session), session_id=session.id, reason=session.pause_reason)
    return session


async def resume_session(act: Act, session_id: int) -> MaintenanceSession:
    """Go on after a pause, inside the window only."""
    act.require(Permission.PERFORM)
    session = await locked(act, session_id)
    state = move("resume", session.session_state)
    schedule.require_open(act.now, session.window_start or 0, session.window_end or 0)
    session.state, session.pause_reason = state, None
    run = await step_run_at(act.db, session.id, session.position)
    if (
        run is not None and run.standing == RUNNING
    ):  # its segment lives on through the pause, or the sweep finds it
        await record(
            act, "session.resumed", _subject(session), session_id=session.id, advance=session.advance_no
        )
    else:
        if run is not None and lifecycle.is_stale(session.plan.steps[run.seq], run.standing):
            run.stand(RUNNING)  # what was read before the pause no longer counts
        await go_on(act, session, "session.resumed")
    return session


async def abort_session(
    act: Act, session_id: int, reason: str, resting_state: dict[str, Any] | None = None
) -> MaintenanceSession:
    """End a session for good, with a reason and the state the cluster is left in (read from the nodes before, JSON)."""
    act.require(Permission.PERFORM)
    session = await locked(act, session_id)
    require_reason(reason)
    state = move("abort", session.session_state)
    await require_no_open_attempt(act, session)
    session.state, session.abort_reason, session.pause_reason = state, reason.strip(), None
    session.ended_at = act.now
    session.resting_state = json.dumps(resting_state, ensure_ascii=False) if resting_state else None
    await end_checks(act, session)
    await withdraw_deliveries(act, session)
    await release_nodes(act, session)
    await void_approvals(act, session.id)
    report = session.resting_state
    await record(
        act,
        "session.aborted",
        _subject(session),
        session_id=session.id,
        reason=reason.strip(),
        resting_state=report,
    )
    return session


async def go_on(act: Act, session: MaintenanceSession, action: str, **params: Any) -> None:
    """Let the machine steps run on: the next segment's number, its enqueueing and the event, all in this transaction."""
    session.advance_no += 1
    session.driver_id = act.by.id if act.by else session.driver_id
    await act.enqueue(act.db, session.id, session.advance_no)
    await record(act, action, _subject(session), session_id=session.id, advance=session.advance_no, **params)


async def void_approvals(act: Act, session_id: int, step_run_id: int | None = None) -> None:
    """Close the questions that nobody has decided, of a session or of one step: what they asked about is gone."""
    pending = sa.update(Approval).where(Approval.session_id == session_id, Approval.state == "pending")
    if step_run_id is not None:
        pending = pending.where(Approval.step_run_id == step_run_id)
    await act.db.execute(pending.values(state="void", decided_at=act.now))


def decide(act: Act, approval: Approval, state: str, comment: str) -> None:
    """Write down who answered a question (granted or denied), when, and with which words."""
    approval.state, approval.decided_by, approval.decided_at = state, act.person.id, act.now
    approval.comment = comment.strip()


def _planned(session: MaintenanceSession) -> Sequence[tuple[Step, tuple[int, int]]]:
    steps = session.plan.steps
    return list(zip(steps, schedule.planned_times(steps, session.window_start or 0), strict=True))


def _step_run(
    session: MaintenanceSession, seq: int, step: Step, planned: tuple[int, int], now: int
) -> StepRun:
    run = StepRun(
        session_id=session.id, seq=seq, key=step.key, planned_start=planned[0], planned_end=planned[1]
    )
    if not step.applies:
        run.state, run.outcome, run.ended_at = StepState.SKIPPED.value, "not_applicable", now
    return run


async def _under_approval(act: Act, session_id: int, verb: str) -> tuple[MaintenanceSession, Approval]:
    session = await locked(act, session_id)
    move(verb, session.session_state)
    query = sa.select(Approval).where(
        Approval.session_id == session.id, Approval.kind == "start", Approval.state == "pending"
    )
    return session, (await act.db.scalars(query)).one()


def _subject(session: MaintenanceSession) -> str:
    return f"session:{session.id}"


def _facts(session: MaintenanceSession) -> dict[str, Any]:
    return {
        "plan": session.plan_record.digest,
        "cluster": session.cluster.name,
        "operation": session.operation,
        "target": session.target,
        "patch_sha256": session.patch_sha256,
        "window": [session.window_start, session.window_end],
        **({"install": session.plan.install} if session.plan.install != "overwrite" else {}),
    }
