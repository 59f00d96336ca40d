"""A new session, or a draft that is changed: the form, the preview of its plan, creating and editing.

A refusal comes back in the form with everything that was typed. The preview stores nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from app.actions.act import Act
from app.actions.overlays import overlay_for
from app.actions.packages import choose_package, package_gone, path_on_nodes, with_package
from app.actions.plans import NoProcedureRefused, Wish, kept_plan
from app.actions.sessions import create_session, edit_session
from app.db import AsyncSession
from app.domain import overlaying, schedule
from app.domain.choosing import Nearest
from app.domain.errors import NotFound, Refusal
from app.domain.planner import plan_is_executable
from app.domain.procedure import Plan
from app.domain.text import Text
from app.models import ClusterRecord, MaintenanceSession, Package, PlanBasis
from app.models.clusters import clusters
from app.models.overlays import basis_of
from app.models.packages import package_of, packages
from app.web.auth import Planner, is_htmx
from app.web.filters import field_time
from app.web.forms import carry_out
from app.web.plans import others_of
from app.web.rendering import render
from app.web.services import Console, Services
from app.web.session_view import session_of
from app.web.transaction import Reading

router = APIRouter(prefix="/sessions")
DEMO_HOURS = 4
MINUTE = 60 * schedule.MICROSECONDS
_PATCH_VERSION = re.compile(r"-R?(\d+\.\d+(?:\.\d+)?)(?:-|\.exe$)")


class SessionForm(BaseModel):
    """What the form holds, as typed."""

    cluster_id: int = 0
    session_id: int = 0
    operation: str = "patch"
    target: str = ""
    method: str = "auto"
    install: str = "overwrite"
    patch_file: str = ""
    patch_sha256: str = ""
    package: str = ""
    title: str = ""
    window_start: str = ""
    window_end: str = ""

    def wish(self) -> Wish:
        """What the planner is asked for. Raises Invalid for a word that is none of the choices."""
        return Wish.of(
            self.operation, self.target, self.method, self.patch_file, self.patch_sha256, self.install
        )

    @property
    def package_id(self) -> int:
        """The stored package that was chosen; 0 for none. Raises Invalid for what is no number."""
        typed = self.package.strip()
        if not typed:
            return 0
        if not (typed.isascii() and typed.isdecimal() and len(typed) < 16):
            raise package_gone()
        return int(typed)


Typed = Annotated[SessionForm, Form()]


@dataclass(frozen=True)
class Preview:
    """What the wish leads to: a plan (`missing`: what it lacks; `others`: why not those), or a refusal and what comes near.

    `basis`: the literal order that an administrator chose for this draft; `dropped`: the new plan would lose it."""

    plan: Plan | None = None
    refusal: Refusal | None = None
    nearest: Sequence[Nearest] = ()
    others: Sequence[Nearest] = ()
    missing: Sequence[Text] = ()
    basis: PlanBasis | None = None
    dropped: bool = False


@router.get("/new")
async def session_new(
    request: Request, _: Planner, db: Reading, services: Console, cluster_id: int = 0
) -> Response:
    """The form for a cluster; without one, the choice of the cluster."""
    everything = await clusters(db)
    if not cluster_id and len(everything) == 1:
        cluster_id = everything[0].id
    if not cluster_id:
        return render(request, "sessions/choose_cluster.html", clusters=everything)
    record = await cluster_of(db, cluster_id)
    return _form(request, record, _usual(services, record), packages=await packages(db))


@router.post("/preview")
async def session_preview(request: Request, _: Planner, db: Reading, form: Typed) -> Response:
    """Which procedure, why, and the whole plan; or why there is none."""
    record = await cluster_of(db, form.cluster_id)
    session = await session_of(db, form.session_id) if form.session_id else None
    basis = await basis_of(db, session.id) if session and session.cluster_id == record.id else None
    preview = await previewed(db, record, form, basis if basis and basis.literal else None)
    status = preview.refusal.status if preview.refusal else 200
    if is_htmx(request):
        return render(request, "plans/_preview.html", status=status, preview=preview, cluster=record)
    return _form(request, record, form, preview, session, packages=await packages(db))


@router.post("/create")
async def session_create(request: Request, found: Planner, services: Console, form: Typed) -> Response:
    """A draft with its plan; then its page."""

    async def change(act: Act) -> MaintenanceSession:
        wish = await _chosen(act, form, form.cluster_id)
        return await create_session(
            act, form.cluster_id, wish, form.title, form.window_start, form.window_end
        )

    result = await carry_out(request, services, found, change)
    if not isinstance(result, Refusal):
        return RedirectResponse(f"/sessions/{result.id}", status_code=303)
    async with services.database.reading() as db:
        record, stored = await cluster_of(db, form.cluster_id), await packages(db)
    return _form(request, record, form, _refused(result), packages=stored)


@router.get("/{session_id}/edit")
async def session_edit_form(request: Request, session_id: int, _: Planner, db: Reading) -> Response:
    """The form of a draft, as it is stored."""
    session = await session_of(db, session_id)
    stored = await packages(db)
    form = await _stored(db, session)
    return _form(request, session.cluster, form, session=session, packages=stored)


@router.post("/{session_id}/edit")
async def session_edit(
    request: Request, session_id: int, found: Planner, services: Console, form: Typed
) -> Response:
    """Change a draft; its plan is made anew."""

    async def change(act: Act) -> MaintenanceSession:
        wish = await _chosen(act, form, (await session_of(act.db, session_id)).cluster_id)
        return await edit_session(act, session_id, wish, form.title, form.window_start, form.window_end)

    result = await carry_out(request, services, found, change)
    if not isinstance(result, Refusal):
        return RedirectResponse(f"/sessions/{session_id}", status_code=303)
    async with services.database.reading() as db:
        session, stored = await session_of(db, session_id), await packages(db)
    return _form(request, session.cluster, form, _refused(result), session=session, packages=stored)


async def _chosen(act: Act, form: SessionForm, cluster_id: int) -> Wish:
    """What the form asks for, with the stored package that it chooses."""
    wish = form.wish()
    if not form.package_id:
        return wish
    return await choose_package(act, await cluster_of(act.db, cluster_id), wish, form.package_id)


async def cluster_of(db: Reading, cluster_id: int) -> ClusterRecord:
    """The cluster; NotFound where there is none."""
    record = await db.get(ClusterRecord, cluster_id)
    if record is None:
        raise NotFound(
            "no_such_cluster",
            "そのクラスタはありません。一覧から選んでください。",
            "There is no such cluster. Choose one from the list.",
        )
    return record


async def previewed(
    db: Reading, record: ClusterRecord, form: SessionForm, basis: PlanBasis | None = None
) -> Preview:
    """The plan that the form asks for, made and thrown away; its window is looked at too, where one is given."""
    try:
        _, overlay = await overlay_for(db, record.name)
        wish = form.wish()
        if form.package_id:
            wish = with_package(record, overlay, wish, await db.get(Package, form.package_id))
        plan, literal = kept_plan(record, wish, overlay, basis.literal if basis else None)
        _require_window(form, record.cluster.time_zone)
    except Refusal as refusal:
        return _refused(refusal)
    return Preview(
        plan,
        others=others_of(plan, record.cluster, form.wish().method),
        missing=plan_is_executable(plan),
        basis=basis,
        dropped=basis is not None and literal is None,
    )


def _require_window(form: SessionForm, zone: str) -> None:
    if form.window_start.strip() or form.window_end.strip():
        start = schedule.to_utc(form.window_start, zone, "window_start")
        schedule.require_window(start, schedule.to_utc(form.window_end, zone, "window_end"))


def _refused(refusal: Refusal) -> Preview:
    return Preview(
        refusal=refusal, nearest=refusal.nearest if isinstance(refusal, NoProcedureRefused) else ()
    )


def _form(
    request: Request,
    record: ClusterRecord,
    form: SessionForm,
    preview: Preview | None = None,
    session: MaintenanceSession | None = None,
    *,
    packages: Sequence[Package],
) -> Response:
    status = preview.refusal.status if preview and preview.refusal else 200
    return render(
        request,
        "sessions/form.html",
        status=status,
        cluster=record,
        form=form,
        preview=preview,
        session=session,
        packages=packages,
    )


def _usual(services: Services, record: ClusterRecord) -> SessionForm:
    """What a new form begins with: empty, and ready to be sent for the demonstration's clusters."""
    if record.name not in services.demo_inputs:
        return SessionForm(cluster_id=record.id)
    path, sha256 = services.demo_inputs[record.name]
    version = _PATCH_VERSION.search(PureWindowsPath(path).name)
    zone, start = record.cluster.time_zone, services.clock() // MINUTE * MINUTE
    return SessionForm(
        cluster_id=record.id,
        target=f"R{version[1]}" if version else "",
        patch_file=path,
        patch_sha256=sha256,
        window_start=field_time(start, zone),
        window_end=field_time(start + DEMO_HOURS * 60 * MINUTE, zone),
    )


async def _stored(db: AsyncSession, session: MaintenanceSession) -> SessionForm:
    """A draft as its form shows it. Where path and digest are a stored package's, it is chosen and they stay empty."""
    package = await package_of(db, session.patch_sha256 or "")
    if package is not None:
        _, overlay = await overlay_for(db, session.cluster.name)
        own = path_on_nodes(overlaying.with_paths(session.cluster.cluster, overlay), package)
        package = package if own == session.patch_file else None
    return SessionForm(
        cluster_id=session.cluster_id,
        operation=session.operation,
        target=session.target,
        method=session.method,
        install=session.plan.install,
        patch_file="" if package else session.patch_file or "",
        patch_sha256="" if package else session.patch_sha256 or "",
        package=str(package.id) if package else "",
        title=session.title,
        window_start=field_time(session.window_start, session.zone),
        window_end=field_time(session.window_end, session.zone),
    )
