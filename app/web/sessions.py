"""Maintenance sessions as pages and partials: the list with what waits for whom, one session, its plan. Reads only."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.db import AsyncSession
from app.domain import literal
from app.domain.lifecycle import ACTIVE, SESSION_NAMES, SessionState
from app.domain.policy import Person
from app.models import MaintenanceSession
from app.models.clusters import clusters
from app.models.overlays import basis_of, overlay_of
from app.models.people import display_names
from app.models.sessions import pending_approvals, sessions
from app.web import live_words, resting, summary
from app.web.approvals import KINDS, question
from app.web.auth import Viewer
from app.web.deliveries import delivering
from app.web.plan_differences import differences, remarks
from app.web.rendering import render
from app.web.services import Console, Services
from app.web.session_view import SessionView, approved_before, load, may_decide, session_of
from app.web.step_view import load_step
from app.web.transaction import Reading

router = APIRouter(prefix="/sessions")


@router.get("")
async def sessions_page(
    request: Request,
    found: Viewer,
    db: Reading,
    state: Annotated[str, Query()] = "",
    cluster: Annotated[str, Query()] = "",
    q: Annotated[str, Query()] = "",
) -> Response:
    """The front page: what is under way, what waits for the reader, and every session, filtered."""
    everything = await sessions(db)
    shown = [
        session
        for session in everything
        if (not state or session.state == state)
        and (not cluster or session.cluster.name == cluster)
        and (q.lower() in f"{session.id} {session.title} {session.target}".lower())
    ]
    return render(
        request,
        "sessions/index.html",
        sessions=shown,
        everything=everything,
        clusters=await clusters(db),
        states=SESSION_NAMES,
        chosen={"state": state, "cluster": cluster, "q": q},
        **await _overview(db, found.person, everything),
    )


@router.get("/overview")
async def sessions_overview(request: Request, found: Viewer, db: Reading) -> Response:
    """What is under way and what waits for the reader, for the doorbell."""
    return render(request, "sessions/_overview.html", **await _overview(db, found.person, await sessions(db)))


async def _overview(db: AsyncSession, person: Person, everything: list[MaintenanceSession]) -> dict[str, Any]:
    return {
        "active": [session for session in everything if session.session_state in ACTIVE],
        "questions": [each for each in await pending_approvals(db) if may_decide(each, person)],
        "by_id": {session.id: session for session in everything},
        "names": await display_names(db),
        "kinds": KINDS,
    }


@router.get("/{session_id}")
async def session_page(
    request: Request, session_id: int, found: Viewer, db: Reading, services: Console
) -> Response:
    """One session: what to do now, and everything that is to be done or was done."""
    view = await load(db, services, found.person, session_id)
    around = {**await surroundings(db, view), **await delivering(db, view.session, found.person)}
    return render(request, "sessions/show.html", **around)


@router.get("/{session_id}/head")
async def session_head(
    request: Request, session_id: int, found: Viewer, db: Reading, services: Console
) -> Response:
    """State, window, progress and people, for the doorbell."""
    return render(request, "sessions/_head.html", view=await load(db, services, found.person, session_id))


@router.get("/{session_id}/current")
async def session_current(
    request: Request, session_id: int, found: Viewer, db: Reading, services: Console
) -> Response:
    """What to do now, for the doorbell."""
    return await current(request, db, services, found.person, session_id)


@router.get("/{session_id}/checklist")
async def session_checklist(
    request: Request, session_id: int, found: Viewer, db: Reading, services: Console
) -> Response:
    """Every step (the plan, before the start), for the doorbell."""
    return render(
        request, "sessions/_checklist.html", view=await load(db, services, found.person, session_id)
    )


@router.get("/{session_id}/plan.json")
async def session_plan(session_id: int, _: Viewer, db: Reading) -> Response:
    """The plan's stored bytes, exactly what its digest stands for."""
    session = await session_of(db, session_id)
    name = f"plan-{session.plan_record.digest.removeprefix('sha256:')[:12]}.json"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(session.plan_record.document, media_type="application/json", headers=headers)


async def current(
    request: Request, db: AsyncSession, services: Services, person: Person, session_id: int
) -> Response:
    """The partial that every verb of a session or a step answers with."""
    view = await load(db, services, person, session_id)
    return render(request, "sessions/_current.html", **await surroundings(db, view))


async def surroundings(db: AsyncSession, view: SessionView) -> dict[str, Any]:
    """What `sessions/_current.html` shows beside the session itself."""
    row = view.current
    before = await approved_before(db, view.session) if view.state is SessionState.SUBMITTED else None
    return {
        "view": view,
        "summary": summary,
        "live_words": live_words,
        "step": await load_step(db, view, row) if row is not None else None,
        "before": before,
        "changes": differences(before.plan, view.plan) if before is not None else [],
        "remarks": remarks(before.plan, view.plan) if before is not None else (),
        "questions": [
            await question(db, each, view.me, view.names) for each in view.pending if each.kind != "start"
        ],
        "report": resting.report_of(view.session),
        "basis": await basis_of(db, view.session.id),
        "overlay": await overlay_of(db, view.session.id),
        "literal_orders": literal.FOLLOWS,
        "versions": await summary.versions(db, view) if view.state is SessionState.COMPLETED else {},
    }
