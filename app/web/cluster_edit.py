"""Bringing clusters in and changing them: the import of a cluster file, the form. What was typed always comes back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from app.actions.act import Act
from app.actions.clusters import add_cluster, edit_cluster
from app.domain.errors import Invalid, Refusal
from app.models import ClusterRecord
from app.procedures.clusterfile import MAX_BYTES, dump_cluster, load_cluster
from app.web import cluster_form
from app.web.auth import Editor
from app.web.cluster_form import ClusterForm
from app.web.forms import carry_out
from app.web.rendering import render
from app.web.services import Console
from app.web.session_form import cluster_of
from app.web.transaction import Reading

router = APIRouter(prefix="/clusters")
Words = Annotated[str, Form()]
PASTED = "cluster.yaml"


@router.get("/import")
async def cluster_import_form(request: Request, _: Editor) -> Response:
    """Where a cluster file is pasted or uploaded."""
    return render(request, "clusters/import.html", typed="", refusal=None)


@router.post("/import")
async def cluster_import(
    request: Request, found: Editor, services: Console, document: Words = "", file: UploadFile | None = None
) -> Response:
    """Add a cluster from its file."""
    data, name = document.encode(), PASTED
    if file is not None and file.filename:
        data, name = await file.read(MAX_BYTES + 1), file.filename

    async def change(act: Act) -> ClusterRecord:
        return await add_cluster(act, load_cluster(data, name))

    result = await carry_out(request, services, found, change)
    if not isinstance(result, Refusal):
        return RedirectResponse(f"/clusters/{result.id}", status_code=303)
    typed = data.decode("utf-8", "replace")
    return render(request, "clusters/import.html", status=result.status, typed=typed, refusal=result)


@router.get("/new")
async def cluster_new(request: Request, _: Editor) -> Response:
    """An empty form."""
    return _form(request, cluster_form.empty())


@router.post("/add")
async def cluster_add(request: Request, found: Editor, services: Console, do: Words = "save") -> Response:
    """Add a cluster from the form; `do` may ask for one more row instead."""
    form = cluster_form.of_form(request.state.form)
    if do != "save":
        return _form(request, form.widened({do: 1}))

    async def change(act: Act) -> ClusterRecord:
        return await add_cluster(act, cluster_form.to_cluster(form))

    result = await carry_out(request, services, found, change)
    if not isinstance(result, Refusal):
        return RedirectResponse(f"/clusters/{result.id}", status_code=303)
    return _form(request, form, refusal=result)


@router.get("/{cluster_id}/edit")
async def cluster_edit_form(request: Request, cluster_id: int, _: Editor, db: Reading) -> Response:
    """The form of a stored cluster."""
    record = await cluster_of(db, cluster_id)
    return _form(request, cluster_form.of_cluster(record.cluster), record)


@router.post("/{cluster_id}/edit")
async def cluster_edit(
    request: Request,
    cluster_id: int,
    found: Editor,
    services: Console,
    stored_version: Annotated[int, Form()] = 0,
    do: Words = "save",
) -> Response:
    """Change a cluster; refused, with both contents shown, where somebody was quicker."""
    form = cluster_form.of_form(request.state.form)
    if do != "save":
        async with services.database.reading() as db:
            return _form(
                request, form.widened({do: 1}), await cluster_of(db, cluster_id), version=stored_version
            )

    async def change(act: Act) -> ClusterRecord:
        return await edit_cluster(act, cluster_id, stored_version, cluster_form.to_cluster(form))

    result = await carry_out(request, services, found, change)
    if not isinstance(result, Refusal):
        return RedirectResponse(f"/clusters/{cluster_id}", status_code=303)
    async with services.database.reading() as db:
        record = await cluster_of(db, cluster_id)
    return _form(request, form, record, version=stored_version, refusal=result)


def _form(
    request: Request,
    form: ClusterForm,
    record: ClusterRecord | None = None,
    *,
    version: int | None = None,
    refusal: Refusal | None = None,
) -> Response:
    """The form's page. After a stale edit it shows both contents, and sending it again counts as having seen the newer."""
    stale = refusal is not None and refusal.code == "cluster_changed" and record is not None
    current = record.version if record else 0
    return render(
        request,
        "clusters/form.html",
        status=refusal.status if refusal else 200,
        form=form,
        record=record,
        version=current if stale or version is None else version,
        refusal=refusal,
        field=refusal.field if isinstance(refusal, Invalid) else None,
        theirs=dump_cluster(record.cluster) if stale and record else "",
        mine=dump_cluster(cluster_form.to_cluster(form)) if stale else "",
        choices=cluster_form.CHOICES,
    )
