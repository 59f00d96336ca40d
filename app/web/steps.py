"""One step: its page, what hangs on it, and what people do to it. Every write is one action."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from app.actions import approvals, people
from app.actions import steps as actions
from app.actions.outputs import evidence_bytes
from app.actions.overriding import override_step
from app.domain.errors import Invalid, NotFound, Refusal
from app.models import Evidence
from app.web.auth import Checker, Operator, SignedIn, Viewer, is_htmx
from app.web.forms import act_of
from app.web.rendering import render
from app.web.services import Console, Services
from app.web.session_view import load
from app.web.sessions import current
from app.web.step_view import StepView, load_step, run_of
from app.web.transaction import Reading, Writing

router = APIRouter(prefix="/steps/{step_run_id}")
evidence_router = APIRouter(prefix="/evidence")
Words = Annotated[str, Form()]


@router.get("")
async def step_page(
    request: Request, step_run_id: int, found: Viewer, db: Reading, services: Console
) -> Response:
    """Everything about one step."""
    run = await run_of(db, step_run_id)
    view = await load(db, services, found.person, run.session_id)
    return render(
        request, "sessions/step.html", view=view, step=await load_step(db, view, view.rows[run.seq])
    )


@router.get("/more")
async def step_more(
    request: Request, step_run_id: int, found: Viewer, db: Reading, services: Console
) -> Response:
    """What hangs on a step, for the checklist's line that was opened."""
    run = await run_of(db, step_run_id)
    view = await load(db, services, found.person, run.session_id)
    step: StepView = await load_step(db, view, view.rows[run.seq])
    return render(request, "sessions/_more.html", view=view, step=step)


async def answer(
    request: Request, services: Services, found: SignedIn, act: Writing, session_id: int
) -> Response:
    """The session's current partial for htmx; its page, at the step, for a plain form."""
    if is_htmx(request):
        return await current(request, act.db, services, found.person, session_id)
    return RedirectResponse(f"/sessions/{session_id}#current", status_code=303)


@router.post("/execute")
async def step_execute(
    request: Request, step_run_id: int, found: Operator, services: Console, act: Writing
) -> Response:
    """Run the commands of this step now."""
    here = await actions.execute_step(act, step_run_id)
    return await answer(request, services, found, act, here.session.id)


@router.post("/tick")
async def step_tick(
    request: Request, step_run_id: int, found: Operator, services: Console, act: Writing, note: Words = ""
) -> Response:
    """The performer did it."""
    here = await actions.tick_step(act, step_run_id, note)
    return await answer(request, services, found, act, here.session.id)


@router.post("/verify")
async def step_verify(
    request: Request, step_run_id: int, found: Operator, services: Console, act: Writing
) -> Response:
    """Read the checks once more."""
    here = await actions.verify_step(act, step_run_id)
    return await answer(request, services, found, act, here.session.id)


@router.post("/confirm")
async def step_confirm(
    request: Request,
    step_run_id: int,
    found: Checker,
    services: Console,
    note: Words = "",
    checker: Words = "",
    password: Words = "",
) -> Response:
    """The checker's sign-off: the reader's own, or, with `checker` and `password`, another person's at this screen."""
    try:
        async with services.database.transaction() as db:
            act = act_of(request, services, found, db)
            signer = (
                await people.checker_at_screen(act, checker.strip(), password) if checker.strip() else None
            )
            here = await actions.confirm_step(act, step_run_id, note, checker=signer)
            return await answer(request, services, found, act, here.session.id)
    except Refusal as refusal:
        if refusal.code in ("bad_credentials", "sign_in_throttled"):
            async with services.database.transaction() as db:
                await people.fail_sign_in(act_of(request, services, found, db), checker.strip(), refusal.code)
        raise


@router.post("/override")
async def step_override(
    request: Request, step_run_id: int, found: Checker, services: Console, act: Writing, reason: Words = ""
) -> Response:
    """The checker's word against a check, on evidence."""
    here = await override_step(act, step_run_id, reason)
    return await answer(request, services, found, act, here.session.id)


@router.post("/retry")
async def step_retry(
    request: Request, step_run_id: int, found: Operator, services: Console, act: Writing
) -> Response:
    """Once more after a failure."""
    here = await actions.retry_step(act, step_run_id)
    return await answer(request, services, found, act, here.session.id)


@router.post("/cancel")
async def step_cancel(
    request: Request, step_run_id: int, found: Operator, services: Console, act: Writing
) -> Response:
    """Have the running command end."""
    here = await actions.cancel_step(act, step_run_id)
    return await answer(request, services, found, act, here.session.id)


@router.post("/skip")
async def step_skip(
    request: Request, step_run_id: int, found: Operator, services: Console, act: Writing, reason: Words = ""
) -> Response:
    """Ask to skip it."""
    approval = await approvals.skip_step(act, step_run_id, reason)
    return await answer(request, services, found, act, approval.session_id)


@router.post("/settle")
async def step_settle(
    request: Request,
    step_run_id: int,
    found: Operator,
    services: Console,
    act: Writing,
    outcome: Words = "",
    reason: Words = "",
) -> Response:
    """Say how an unknown outcome ended."""
    approval = await approvals.settle_step(act, step_run_id, outcome, reason)
    return await answer(request, services, found, act, approval.session_id)


@router.post("/attach")
async def step_attach(
    request: Request,
    step_run_id: int,
    found: Operator,
    services: Console,
    act: Writing,
    text: Words = "",
    name: Words = "",
    file: UploadFile | None = None,
) -> Response:
    """Keep a file, or pasted text, with the step."""
    data, given, media = text.encode(), name or "evidence.txt", "text/plain; charset=utf-8"
    if file is not None and file.filename:
        data, given, media = await file.read(), name or file.filename, file.content_type or ""
    if not data:
        raise Invalid(
            "no_evidence",
            "ファイルを選ぶか、テキストを貼り付けてください。",
            "Choose a file or paste some text.",
            "text",
        )
    await actions.attach_evidence(act, step_run_id, given, media, data)
    run = await run_of(act.db, step_run_id)
    return await answer(request, services, found, act, run.session_id)


@evidence_router.get("/{evidence_id}")
async def evidence_file(evidence_id: int, _: Viewer, db: Reading) -> Response:
    """The original bytes, always as a download: what was handed in never runs in this page's origin."""
    data = await evidence_bytes(db, evidence_id)
    if data is None:
        raise NotFound("no_such_evidence", "その証跡はありません。", "There is no such evidence.")
    row = await db.get_one(Evidence, evidence_id)
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{_quoted(row.name)}",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    return Response(data, media_type="application/octet-stream", headers=headers)


def _quoted(name: str) -> str:
    """A file name as RFC 5987 wants it."""
    safe = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
    return "".join(chr(byte) if byte in safe else f"%{byte:02X}" for byte in name.encode())
