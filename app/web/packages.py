"""Packages: the list, adding one by upload, removing one. A refused upload comes back with everything that was typed."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, Headers
from starlette.requests import ClientDisconnect

from app.actions.act import Act
from app.actions.packages import (
    add_package,
    expected_digest,
    remove_package,
    require_noted,
    set_aside_leftovers,
)
from app.db import AsyncSession
from app.domain.errors import Invalid, Refusal
from app.domain.filenames import file_name
from app.models import Package
from app.models.packages import packages, packages_in_use
from app.models.people import display_names
from app.packagestore import Incoming, PackageStore
from app.web.auth import Editor, Uploader, Viewer, require_csrf, require_storable
from app.web.filters import DEFAULT_ZONE
from app.web.forms import act_of, carry_out
from app.web.multipart import Multipart
from app.web.rendering import render
from app.web.services import Console, Services
from app.web.transaction import Reading

router = APIRouter(prefix="/packages")
ADD = "/packages/add"
BLOCK = 1024 * 1024  # bytes held in memory before they are written


@router.get("")
async def packages_page(request: Request, _: Viewer, db: Reading, added: int = 0, known: int = 0) -> Response:
    """Every package, and the form that adds one. `added`, `known`: the package that an upload has just led to."""
    return render(request, "packages/index.html", **await _around(request, db, added, known))


@router.get("/list")
async def packages_list(request: Request, _: Viewer, db: Reading) -> Response:
    """The list alone, for the doorbell."""
    return render(request, "packages/_list.html", **await _around(request, db))


@router.post("/add")
async def package_add(request: Request, found: Uploader, services: Console) -> Response:
    """Store what is being uploaded. It is written to the disk as it arrives."""
    store = store_of(services)
    upload = Upload(store, request.headers)
    with upload:
        try:
            async for chunk in request.stream():
                await upload.take(chunk)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        await upload.finish()
        request.state.form = FormData(upload.fields)

        async def change(act: Act) -> tuple[Package, bool]:
            require_csrf(request, found)
            require_storable(request.state.form)
            incoming = upload.incoming()
            return await add_package(
                act, store, incoming, upload.name, upload.typed("sha256"), upload.typed("note")
            )

        result = await carry_out(request, services, found, change)
    if not isinstance(result, Refusal):
        row, new = result
        return RedirectResponse(f"/packages?{'added' if new else 'known'}={row.id}", status_code=303)
    async with services.database.reading() as db:
        around = await _around(request, db)
    return render(
        request,
        "packages/index.html",
        status=result.status,
        **{**around, "refusal": result, "typed": upload.fields, "file": upload.file_name},
    )


@router.post("/{package_id}/remove")
async def package_remove(request: Request, package_id: int, found: Editor, services: Console) -> Response:
    """Take a package out of the store, and give its room back."""
    store = store_of(services)
    async with services.database.transaction() as db:
        await remove_package(act_of(request, services, found, db), package_id)
    async with services.database.transaction() as db:
        await set_aside_leftovers(act_of(request, services, found, db), store)
    await asyncio.to_thread(store.clear)
    return RedirectResponse("/packages", status_code=303)


def store_of(services: Services) -> PackageStore:
    """The store of this console."""
    assert services.packages is not None, "main hands it in"
    return services.packages


async def _around(request: Request, db: AsyncSession, added: int = 0, known: int = 0) -> dict[str, Any]:
    rows = await packages(db)
    notice = added or known
    return {
        "packages": rows,
        "used": await packages_in_use(db),
        "names": await display_names(db),
        "zone": DEFAULT_ZONE,
        "limit": store_of(request.app.state.services).limit,
        "notice": next((row for row in rows if row.id == notice), None),
        "new": bool(added),
        "typed": {},
        "file": "",
        "refusal": None,
    }


class Upload:
    """A form on its way in. What is refused while it arrives is kept for its end: the rest is read and thrown away, since a
    browser that is still sending shows no answer."""

    def __init__(self, store: PackageStore, headers: Headers) -> None:
        declared = headers.get("content-length", "")
        self._store, self._declared = store, int(declared) if declared.isdecimal() else 0
        self._form: Multipart | None = None
        self._content_type = headers.get("content-type", "")
        self._refusal: Refusal | None = None
        self._incoming: Incoming | None = None
        self._waiting = bytearray()
        self._stack = ExitStack()

    def __enter__(self) -> Upload:
        try:
            self._form = Multipart(self._content_type)
        except Invalid as no:
            self._refusal = no
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def fields(self) -> dict[str, str]:
        """The fields so far."""
        return self._form.fields if self._form else {}

    @property
    def file_name(self) -> str:
        """As the browser gave it."""
        return (self._form.file_name if self._form else None) or ""

    @property
    def name(self) -> str:
        """The name that was typed, else the file's own."""
        return self.typed("name") or self.file_name

    def typed(self, field: str) -> str:
        """What a field holds."""
        return self.fields.get(field, "").strip()

    async def take(self, chunk: bytes) -> None:
        """The next bytes of the body."""
        if self._refusal is not None or self._form is None:
            return
        try:
            self._waiting += self._form.feed(chunk)
            if len(self._waiting) >= BLOCK:
                await self._write()
        except Refusal as no:
            self._refuse(no)

    async def finish(self) -> None:
        """After the last byte: the file is whole, and on disk; or it is refused."""
        if self._refusal is not None or self._form is None:
            return
        try:
            self._require_whole(self._form)
            await self._write()
            assert self._incoming is not None
            await asyncio.to_thread(self._incoming.finish)
        except Refusal as no:
            self._refuse(no)

    def incoming(self) -> Incoming:
        """The finished file. Raises what was refused on the way."""
        if self._refusal is not None:
            raise self._refusal
        assert self._incoming is not None
        return self._incoming

    def _refuse(self, no: Refusal) -> None:
        self._refusal = no
        self._waiting.clear()
        self._stack.close()

    def _require_whole(self, form: Multipart) -> None:
        if form.complete and not self.file_name:
            raise Invalid("no_file", "ファイルを選んでください。", "Choose a file.", "file")
        if not form.complete:
            raise Invalid(
                "upload_cut",
                "送信が途中で切れたため、保存していません。もう一度送信してください。",
                "The upload was cut short; nothing was stored. Send it again.",
                "file",
            )

    async def _write(self) -> None:
        if self._incoming is None:  # what can be seen to be wrong is refused before anything is written
            file_name(self.name)
            expected_digest(self.typed("sha256"))
            require_noted(self.typed("note"))
            self._incoming = self._stack.enter_context(
                await asyncio.to_thread(self._store.receive, self._expected())
            )
        data, self._waiting = self._waiting, bytearray()
        await asyncio.to_thread(self._incoming.write, data)

    def _expected(self) -> int:
        """Bytes that the file has, as far as the request says: a little less than its body."""
        return max(0, self._declared - 8 * 1024)
