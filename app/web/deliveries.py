"""Deliveries on a session's page: how far each node is, live, and the button that asks for them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.actions.deliveries import deliver_session, topic
from app.db import AsyncSession
from app.domain.lifecycle import DELIVERABLE, OPEN_DELIVERY
from app.domain.policy import Permission, Person
from app.models import MaintenanceSession
from app.models.packages import deliveries_of, package_of
from app.models.people import display_names
from app.web.auth import Operator, Viewer, is_htmx
from app.web.rendering import render
from app.web.session_view import session_of
from app.web.transaction import Reading, Writing

router = APIRouter(prefix="/sessions/{session_id}")


@router.get("/deliveries")
async def deliveries_partial(request: Request, session_id: int, found: Viewer, db: Reading) -> Response:
    """Every delivery, for the doorbell."""
    session = await session_of(db, session_id)
    return render(request, "sessions/_deliveries.html", **await delivering(db, session, found.person))


@router.post("/deliver")
async def session_deliver(request: Request, session_id: int, found: Operator, act: Writing) -> Response:
    """Have the session's package copied to its nodes."""
    await deliver_session(act, session_id)
    if not is_htmx(request):
        return RedirectResponse(f"/sessions/{session_id}#deliveries", status_code=303)
    session = await session_of(act.db, session_id)
    return render(request, "sessions/_deliveries.html", **await delivering(act.db, session, found.person))


async def delivering(db: AsyncSession, session: MaintenanceSession, person: Person) -> dict[str, Any]:
    """What the partial shows. `offered`: the reader may ask for a delivery now."""
    rows = await deliveries_of(db, session.id)
    package = await package_of(db, session.patch_sha256 or "")
    usable = package is not None and bool(session.patch_file)
    return {
        "session": session,
        "deliveries": rows,
        "package": package if usable else None,
        "offered": usable
        and session.session_state in DELIVERABLE
        and person.may(Permission.PERFORM)
        and not (rows and all(row.delivery_state in OPEN_DELIVERY for row in rows)),
        "deliverable": session.session_state in DELIVERABLE,
        "deliverer_names": await display_names(db),
        "delivery_topic": topic(session.id),
    }
