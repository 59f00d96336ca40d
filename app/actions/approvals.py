"""Questions put to a second person during a session: skip a step, settle an unknown outcome, run beyond the window."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import sqlalchemy as sa

from app.actions.act import Act, record
from app.actions.sessions import decide, go_on, locked
from app.actions.steps import Place, current_place, finish
from app.domain import lifecycle, schedule
from app.domain.errors import Invalid, NotFound, Refused
from app.domain.lifecycle import RUNNING, SessionState, Standing, StepState
from app.domain.policy import (
    Permission,
    require_other_than_performer,
    require_other_than_submitter,
    require_reason,
)
from app.models import Approval, MaintenanceSession

OUTCOMES = ("succeeded", "failed")


async def skip_step(act: Act, step_run_id: int, reason: str) -> Approval:
    """Ask to skip the current step. The reason is what the approver decides on."""
    act.require(Permission.PERFORM)
    here = await current_place(act, step_run_id, "skip")
    return await _ask(act, here.session, "skip", reason, {"step": here.run.key}, here)


async def settle_step(act: Act, step_run_id: int, outcome: str, reason: str) -> Approval:
    """Say how an unknown outcome really ended, with evidence; a second person has to agree."""
    act.require(Permission.PERFORM)
    if outcome not in OUTCOMES:
        raise Invalid("bad_outcome", "成功か失敗を選んでください。", "Choose succeeded or failed.", "outcome")
    here = await current_place(act, step_run_id, "settle")
    return await _ask(act, here.session, "settle", reason, {"step": here.run.key, "outcome": outcome}, here)


async def extend_session(act: Act, session_id: int, window_end: str, reason: str) -> Approval:
    """Ask for a later end of the window (local time of the cluster)."""
    act.require(Permission.PERFORM)
    session = await locked(act, session_id)
    if session.session_state not in lifecycle.ACTIVE:
        raise Refused(
            "session_not_active",
            "進行中のセッションだけ、作業時間帯を延長できます。",
            "Only a session under way can be extended.",
        )
    end = schedule.to_utc(window_end, session.zone, "window_end")
    schedule.require_later(act.now, session.window_end or 0, end)
    return await _ask(act, session, "extend", reason, {"window_end": end}, None)


async def grant_approval(act: Act, approval_id: int, comment: str = "") -> Approval:
    """Say yes to a pending question. Four eyes: never the one who asked."""
    approval, session = await _pending(act, approval_id)
    await _GRANTED[approval.kind](act, approval, session)
    decide(act, approval, "granted", comment)
    await record(
        act,
        "approval.granted",
        f"approval:{approval.id}",
        session_id=session.id,
        kind=approval.kind,
        payload=json.loads(approval.payload),
        comment=comment.strip(),
    )
    return approval


async def deny_approval(act: Act, approval_id: int, comment: str) -> Approval:
    """Say no, with a reason; the step stays as it is."""
    approval, session = await _pending(act, approval_id)
    require_reason(comment)
    decide(act, approval, "denied", comment)
    await record(
        act,
        "approval.denied",
        f"approval:{approval.id}",
        session_id=session.id,
        kind=approval.kind,
        comment=comment.strip(),
    )
    return approval


async def _grant_skip(act: Act, approval: Approval, session: MaintenanceSession) -> None:
    here = await current_place(act, approval.step_run_id or 0, "skip")
    here.run.outcome = "skipped_by_approval"
    here.run.started_at = here.run.started_at or act.now
    finish(act, here, Standing(StepState.SKIPPED))
    await _go_on(act, session, "step.skipped", step=here.run.key, reason=approval.reason)


async def _grant_settle(act: Act, approval: Approval, session: MaintenanceSession) -> None:
    here = await current_place(act, approval.step_run_id or 0, "settle")
    require_other_than_performer(act.person, here.run.performer_id)
    outcome = json.loads(approval.payload)["outcome"]
    here.run.outcome = f"settled_{outcome}"
    if outcome == "failed":
        finish(act, here, Standing(StepState.FAILED))
        await record(act, "step.settled", f"step:{here.run.id}", session_id=session.id, outcome=outcome)
        return
    # people say it succeeded: the step's own checks still have to agree
    here.run.stand(RUNNING)
    here.run.ended_at = None
    await _go_on(act, session, "step.settled", step=here.run.key, outcome=outcome)


async def _grant_extend(act: Act, approval: Approval, session: MaintenanceSession) -> None:
    require_other_than_submitter(act.person, session.submitted_by)
    before, session.window_end = session.window_end, json.loads(approval.payload)["window_end"]
    await record(
        act,
        "session.extended",
        f"session:{session.id}",
        session_id=session.id,
        before=before,
        end=session.window_end,
    )


_GRANTED: dict[str, Callable[[Act, Approval, MaintenanceSession], Awaitable[None]]] = {
    "skip": _grant_skip,
    "settle": _grant_settle,
    "extend": _grant_extend,
}


async def _go_on(act: Act, session: MaintenanceSession, action: str, **params: str) -> None:
    driver = session.driver_id
    await go_on(act, session, action, **params)
    session.driver_id = driver  # who decides does not become the performer


async def _ask(
    act: Act,
    session: MaintenanceSession,
    kind: str,
    reason: str,
    payload: dict[str, object],
    here: Place | None,
) -> Approval:
    require_reason(reason)
    query = sa.select(Approval.id).where(
        Approval.session_id == session.id, Approval.kind == kind, Approval.state == "pending"
    )
    if (await act.db.scalars(query)).first() is not None:
        raise Refused(
            "already_asked",
            "同じ内容の承認依頼が既に出ています。承認者の判断を待ってください。",
            "This has been asked already. Wait for the approver's decision.",
        )
    approval = Approval(
        session_id=session.id,
        step_run_id=here.run.id if here else None,
        kind=kind,
        digest=session.approval_digest or "",
        payload=json.dumps(payload, sort_keys=True),
        reason=reason.strip(),
        requested_by=act.person.id,
        requested_at=act.now,
    )
    act.db.add(approval)
    await act.db.flush()
    subject = here.subject if here else f"session:{session.id}"
    await record(act, f"{kind}.requested", subject, session_id=session.id, reason=reason.strip(), **payload)
    return approval


async def _pending(act: Act, approval_id: int) -> tuple[Approval, MaintenanceSession]:
    session_id = await act.db.scalar(sa.select(Approval.session_id).where(Approval.id == approval_id))
    if session_id is None:
        raise NotFound("no_such_approval", "その承認依頼はありません。", "There is no such question.")
    session = await locked(act, session_id)
    approval = await act.db.get_one(Approval, approval_id, populate_existing=True)
    if approval.state != "pending" or approval.kind == "start":
        raise Refused(
            "already_decided",
            "この依頼は既に判断済みか、取り下げられています。画面を読み直してください。",
            "This has been decided already, or withdrawn. Reload the page.",
        )
    person = act.person
    if approval.kind == "settle" and person.may(Permission.CHECK):
        pass  # a second pair of eyes on the evidence: another operator, or an approver
    else:
        act.require(Permission.APPROVE)
    require_other_than_submitter(person, approval.requested_by)
    if session.session_state not in (SessionState.RUNNING, SessionState.PAUSED):
        raise Refused("session_ended", "このセッションは終了しています。", "This session has ended.")
    return approval, session
