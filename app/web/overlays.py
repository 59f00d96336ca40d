"""Overlays: list, import by upload or paste, one overlay with its versions, export, retire. What was typed always comes back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from app.actions.act import Act
from app.actions.overlays import import_overlay, no_such_overlay, overlay_row, retire_overlay
from app.domain.errors import Invalid, Refusal
from app.models import OverlayVersion
from app.models.overlays import overlays, versions_of
from app.models.people import display_names
from app.procedures.overlayfile import MAX_BYTES, load_overlay
from app.web.auth import Editor, Viewer
from app.web.filters import DEFAULT_ZONE
from app.web.forms import carry_out
from app.web.rendering import render
from app.web.services import Console
from app.web.transaction import Reading, Writing

router = APIRouter(prefix="/overlays")
Words = Annotated[str, Form()]
PASTED = "overlay.yaml"


@router.get("")
async def overlays_page(request: Request, _: Viewer, db: Reading) -> Response:
    """Every overlay with its newest version."""
    return render(
        request,
        "overlays/index.html",
        overlays=await overlays(db),
        names=await display_names(db),
        zone=DEFAULT_ZONE,
    )


@router.get("/import")
async def overlay_import_form(request: Request, _: Editor, db: Reading, of: int = 0) -> Response:
    """Where an overlay file is pasted or uploaded; `of` an overlay, it begins with its newest version."""
    stored = await versions_of(db, of)
    typed = stored[0].document.decode("utf-8-sig") if stored else ""
    return render(request, "overlays/import.html", typed=typed, refusal=None)


@router.post("/import")
async def overlay_import(
    request: Request, found: Editor, services: Console, document: Words = "", file: UploadFile | None = None
) -> Response:
    """Store an overlay file."""
    data, name = document.encode(), PASTED
    if file is not None and file.filename:
        data, name = await file.read(MAX_BYTES + 1), file.filename

    async def change(act: Act) -> OverlayVersion:
        return await import_overlay(act, data, name)

    result = await carry_out(request, services, found, change)
    if not isinstance(result, Refusal):
        return RedirectResponse(f"/overlays/{result.overlay_id}", status_code=303)
    typed = data.decode("utf-8", "replace")
    return render(request, "overlays/import.html", status=result.status, typed=typed, refusal=result)


@router.get("/{overlay_id}")
async def overlay_page(request: Request, overlay_id: int, _: Viewer, db: Reading) -> Response:
    """One overlay: its file, and every version of it."""
    row = await overlay_row(db, overlay_id)
    versions = await versions_of(db, overlay_id)
    return render(
        request,
        "overlays/show.html",
        row=row,
        versions=versions,
        unfit=_unfit(versions[0], row.name),
        text=versions[0].document.decode("utf-8-sig"),
        names=await display_names(db),
        zone=DEFAULT_ZONE,
    )


def _unfit(version: OverlayVersion, name: str) -> Invalid | None:
    """Why this edition of the library cannot take it."""
    try:
        load_overlay(version.document, name)
    except Invalid as no:
        return no
    return None


@router.get("/{overlay_id}/versions/{number}/export")
async def overlay_export(overlay_id: int, number: int, _: Viewer, db: Reading) -> Response:
    """The very bytes of a version."""
    found = [version for version in await versions_of(db, overlay_id) if version.number == number]
    if not found:
        raise no_such_overlay()
    headers = {
        "content-disposition": f'attachment; filename="overlay-{overlay_id}-v{number}.yaml"',
        "cache-control": "no-store",
    }
    return Response(found[0].document, media_type="application/yaml; charset=utf-8", headers=headers)


@router.post("/{overlay_id}/retire")
async def overlay_retire(overlay_id: int, _: Editor, act: Writing) -> Response:
    """Lay it over no new plan."""
    await retire_overlay(act, overlay_id)
    return RedirectResponse(f"/overlays/{overlay_id}", status_code=303)
