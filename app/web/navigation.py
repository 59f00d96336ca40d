"""The frame around every page: where "/" leads, and the navigation as a partial, since its counts change."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.domain.policy import Permission
from app.models.sessions import pending_approvals
from app.web.auth import Viewer
from app.web.rendering import render
from app.web.transaction import Reading

router = APIRouter()


@router.get("/")
async def front_page(_: Viewer) -> Response:
    """The sessions are what people come for."""
    return RedirectResponse("/sessions", status_code=303)


@router.get("/navigation/waiting")
async def waiting_count(request: Request, found: Viewer, db: Reading) -> Response:
    """How many approvals wait for this person, for the doorbell."""
    pending = await pending_approvals(db) if found.person.may(Permission.APPROVE) else []
    count = sum(approval.requested_by != found.person.id for approval in pending)
    return render(request, "partials/_waiting.html", waiting=count)
