"""Signing in and out, and the language switch: what a stranger may do. Works without JavaScript."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.actions.act import Act
from app.actions.people import fail_sign_in, sign_in, sign_out
from app.domain.errors import Refusal
from app.models.people import all_people
from app.web import i18n
from app.web.auth import COOKIE, Viewer, address_of, look_up, require_storable, set_cookie
from app.web.rendering import render
from app.web.services import Console, Services
from app.web.transaction import Writing

router = APIRouter()
LANGUAGE_SECONDS = 365 * 24 * 3600


def local_path(wanted: str) -> str:
    """The path to go on to, if it is one of our own; "/" otherwise."""
    parts = urlsplit(wanted)
    own = (
        not parts.scheme
        and not parts.netloc
        and wanted.startswith("/")
        and not wanted.startswith(("//", "/\\"))
    )
    return wanted if own and wanted.isprintable() and "\\" not in wanted else "/"


@router.get("/sign-in")
async def sign_in_page(request: Request, services: Console, next: str = "/") -> Response:  # noqa: A002
    """The sign-in form; who is signed in already goes on."""
    if await look_up(request, services):
        return RedirectResponse(local_path(next), status_code=303)
    return await _form(request, services, next)


@router.post("/sign-in")
async def sign_in_submit(
    request: Request,
    services: Console,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Check name and password. A failure is recorded in a transaction of its own; its form keeps the name."""
    require_storable(await request.form())
    address = address_of(request)
    try:
        async with services.database.transaction() as db:
            _, token = await sign_in(
                Act(db, services.clock(), None, services.enqueue, address), name, password
            )
    except Refusal as refusal:
        async with services.database.transaction() as db:
            await fail_sign_in(Act(db, services.clock(), None, services.enqueue, address), name, refusal.code)
        return await _form(request, services, next, name=name, refusal=refusal)
    response = RedirectResponse(local_path(next), status_code=303)
    set_cookie(response, token, services)
    return response


@router.post("/sign-out")
async def sign_out_submit(found: Viewer, act: Writing) -> Response:
    """End this login on the server and in the browser."""
    await sign_out(act, found.login)
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(COOKIE, path="/")
    return response


@router.post("/language")
async def language_submit(
    services: Console,
    language: Annotated[str, Form()] = "ja",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Remember the reader's language in this browser."""
    response = RedirectResponse(local_path(next), status_code=303)
    chosen = language if language in i18n.LANGUAGES else "ja"
    response.set_cookie(
        i18n.COOKIE,
        chosen,
        max_age=LANGUAGE_SECONDS,
        path="/",
        samesite="lax",
        secure=services.secure_cookies,
    )
    return response


async def _form(
    request: Request, services: Services, onward: str, *, name: str = "", refusal: Refusal | None = None
) -> Response:
    accounts = []
    if services.demo and services.demo_accounts:
        async with services.database.reading() as db:
            people = {person.name: person for person in await all_people(db)}
        accounts = [
            (people[each.name], each.password) for each in services.demo_accounts if each.name in people
        ]
    status = refusal.status if refusal else 200
    return render(
        request,
        "sign_in.html",
        status=status,
        onward=local_path(onward),
        name=name,
        refusal=refusal,
        accounts=accounts,
    )
