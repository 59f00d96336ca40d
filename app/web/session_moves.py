"""What people do to a session as a whole: submit, approve, return, revise, start, pause, resume, abort, extend."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.actions import sessions as actions
from app.actions.approvals import extend_session
from app.actions.reordering import reorder_session
from app.domain.errors import Invalid
from app.domain.policy import require_reason
from app.domain.text import Text
from app.web.auth import Admin, Approver, Operator, Planner, SignedIn, is_htmx
from app.web.forms import act_of
from app.web.resting import survey
from app.web.services import Console, Services
from app.web.session_view import session_of
from app.web.sessions import current
from app.web.transaction import Writing

router = APIRouter(prefix="/sessions/{session_id}")
Words = Annotated[str, Form()]
SURE = Text(
    ja="中止は取り消せません。「中止することを確認した」にチェックを入れてください。",
    en="An abort cannot be undone. Tick “I want to abort” to go on.",
)


async def answer(
    request: Request, services: Services, found: SignedIn, act: Writing, session_id: int
) -> Response:
    """The current partial for htmx; the session's page for a plain form."""
    if is_htmx(request):
        return await current(request, act.db, services, found.person, session_id)
    return RedirectResponse(f"/sessions/{session_id}", status_code=303)


@router.post("/submit")
async def session_submit(
    request: Request, session_id: int, found: Planner, services: Console, act: Writing
) -> Response:
    """Ask for approval."""
    await actions.submit_session(act, session_id)
    return await answer(request, services, found, act, session_id)


@router.post("/reorder")
async def session_reorder(
    request: Request,
    session_id: int,
    found: Admin,
    services: Console,
    act: Writing,
    erratum: Words = "",
    reason: Words = "",
) -> Response:
    """The manual's literal order for one erratum, or back to the mended one."""
    await reorder_session(act, session_id, erratum, reason)
    return await answer(request, services, found, act, session_id)


@router.post("/approve")
async def session_approve(
    request: Request,
    session_id: int,
    found: Approver,
    services: Console,
    act: Writing,
    digest: Words = "",
    comment: Words = "",
) -> Response:
    """Approve exactly what the page showed: `digest` is of that."""
    await actions.approve_session(act, session_id, digest, comment)
    return await answer(request, services, found, act, session_id)


@router.post("/return")
async def session_return(
    request: Request, session_id: int, found: Approver, services: Console, act: Writing, reason: Words = ""
) -> Response:
    """Send it back with a reason."""
    await actions.return_session(act, session_id, reason)
    return await answer(request, services, found, act, session_id)


@router.post("/revise")
async def session_revise(
    request: Request, session_id: int, found: Planner, services: Console, act: Writing
) -> Response:
    """Back to a draft."""
    await actions.revise_session(act, session_id)
    return await answer(request, services, found, act, session_id)


@router.post("/start")
async def session_start(
    request: Request, session_id: int, found: Operator, services: Console, act: Writing
) -> Response:
    """Start."""
    await actions.start_session(act, session_id)
    return await answer(request, services, found, act, session_id)


@router.post("/pause")
async def session_pause(
    request: Request, session_id: int, found: Operator, services: Console, act: Writing, reason: Words = ""
) -> Response:
    """Start nothing new for now."""
    await actions.pause_session(act, session_id, reason)
    return await answer(request, services, found, act, session_id)


@router.post("/resume")
async def session_resume(
    request: Request, session_id: int, found: Operator, services: Console, act: Writing
) -> Response:
    """Go on."""
    await actions.resume_session(act, session_id)
    return await answer(request, services, found, act, session_id)


@router.post("/extend")
async def session_extend(
    request: Request,
    session_id: int,
    found: Operator,
    services: Console,
    act: Writing,
    window_end: Words = "",
    reason: Words = "",
) -> Response:
    """Ask for a later end of the window."""
    await extend_session(act, session_id, window_end, reason)
    return await answer(request, services, found, act, session_id)


@router.post("/abort")
async def session_abort(
    request: Request,
    session_id: int,
    found: Operator,
    services: Console,
    reason: Words = "",
    sure: Words = "",
) -> Response:
    """End it for good. The nodes are asked for their state before the write, while no transaction is open."""
    if sure != "yes":
        raise Invalid("not_sure", SURE.ja, SURE.en, "sure")
    require_reason(reason)
    async with services.database.reading() as db:
        session = await session_of(db, session_id)
    seen = await survey(services, session.cluster_id, session.cluster.cluster) if session.started_at else None
    async with services.database.transaction() as db:
        act = act_of(request, services, found, db)
        await actions.abort_session(act, session_id, reason, seen)
        return await answer(request, services, found, act, session_id)
