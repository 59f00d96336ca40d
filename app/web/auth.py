"""Who is asking, by parameter type: `Viewer`, `Operator`, `Approver` … Each refuses a person without the permission.

Owns the login cookie and the check of the form's `csrf` field. A browser's other signs (Sec-Fetch-Site, Origin) are checked
before any route by middleware.py.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from app.actions.people import LOGIN_SECONDS, token_digest
from app.domain.errors import Forbidden, Invalid
from app.domain.policy import Permission, Person, require
from app.models import Login
from app.models.people import login_of
from app.models.sessions import pending_approvals
from app.web.middleware import MAX_BODY, drain
from app.web.services import Console, Services

COOKIE = "tejun_login"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class NotSignedInError(Exception):
    """There is no valid login; the edge answers with the way to the sign-in page."""


@dataclass(frozen=True)
class SignedIn:
    """Somebody who is signed in. `waiting`: approvals that they may decide, counted for full pages only."""

    person: Person
    login: Login
    waiting: int = 0

    @property
    def csrf(self) -> str:
        """What every form of this login must carry in its field `csrf`."""
        return self.login.csrf


def is_htmx(request: Request) -> bool:
    """Whether htmx asks, which wants a partial."""
    return request.headers.get("hx-request") == "true"


def wants_page(request: Request) -> bool:
    """Whether a person opens a page, as against htmx, an event stream or a script."""
    return (
        request.method == "GET" and not is_htmx(request) and "text/html" in request.headers.get("accept", "")
    )


async def look_up(request: Request, services: Services) -> SignedIn | None:
    """Who the login cookie belongs to; None without a valid login."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    async with services.database.reading() as db:
        login = await login_of(db, token_digest(token), services.clock())
        if login is None:
            return None
        person = login.user.person
        waiting = 0
        if wants_page(request) and person.may(Permission.APPROVE):
            waiting = sum(approval.requested_by != person.id for approval in await pending_approvals(db))
    return SignedIn(person, login, waiting)


async def signed_in(request: Request, services: Console) -> SignedIn:
    """The person behind the request. Raises NotSignedInError; Forbidden where an unsafe request lacks the csrf field."""
    unsafe = request.method not in SAFE
    if unsafe:
        # read even for strangers: what they typed is shown to them again
        request.state.form = await request.form(max_part_size=MAX_BODY)
    found = await look_up(request, services)
    if found is None:
        raise NotSignedInError
    request.state.signed_in = found
    if unsafe:
        require_csrf(request, found)
        require_storable(request.state.form)
    return found


def require_storable(form: FormData) -> None:
    """Raises Invalid for a field with a NUL character: PostgreSQL stores none. What a file holds is not looked at."""
    for name, value in form.multi_items():
        words = (value,) if isinstance(value, str) else (value.filename or "", value.content_type or "")
        if any("\0" in word for word in (name, *words)):
            shown = name.replace("\0", "")
            raise Invalid(
                "nul_character",
                f"{shown} に使えない文字（NUL、0x00）が含まれています。取り除くか、ファイルとして添付してください。",
                f"{shown} has a NUL character (0x00) in it. Take it out, or hand the content in as a file.",
                shown,
            )


def require_csrf(request: Request, found: SignedIn) -> None:
    """Raises Forbidden where neither the header nor the form, as far as it was read, has this login's csrf value."""
    given = request.headers.get("x-csrf-token") or request.state.form.get("csrf")
    if isinstance(given, str) and hmac.compare_digest(given.encode(), found.csrf.encode()):
        return
    raise Forbidden(
        "bad_csrf",
        "サインインし直したあとの古い画面から操作されたため、実行していません。内容を確認して、もう一度実行してください。",
        "This came from a page of an earlier sign-in and was not carried out. Look at it and try once more.",
    )


class May:
    """A dependency: the signed-in person, who must hold the permission."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, found: Annotated[SignedIn, Depends(signed_in)]) -> SignedIn:
        """Forbidden, naming the roles that would do, where the permission is missing."""
        require(found.person, self.permission)
        return found


class MayStream:
    """The same for a route that reads the body itself, piece by piece: it has to call `require_csrf` once it has the field."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, request: Request, services: Console) -> SignedIn:
        """As `May`; a part of what is being sent is read first, so that the browser gets to see the answer."""
        found = await look_up(request, services)
        if found is None:
            await drain(request.receive)
            raise NotSignedInError
        request.state.signed_in = found
        if not found.person.may(self.permission):
            await drain(request.receive)
        require(found.person, self.permission)
        return found


Viewer = Annotated[SignedIn, Depends(May(Permission.VIEW))]
Editor = Annotated[SignedIn, Depends(May(Permission.EDIT_CLUSTERS))]
Uploader = Annotated[SignedIn, Depends(MayStream(Permission.EDIT_CLUSTERS))]
Planner = Annotated[SignedIn, Depends(May(Permission.PLAN))]
Operator = Annotated[SignedIn, Depends(May(Permission.PERFORM))]
Checker = Annotated[SignedIn, Depends(May(Permission.CHECK))]
Approver = Annotated[SignedIn, Depends(May(Permission.APPROVE))]
Admin = Annotated[SignedIn, Depends(May(Permission.ADMINISTER))]


def known(request: Request) -> SignedIn | None:
    """Who is asking, if this request has found out; for pages that look different to strangers."""
    found = getattr(request.state, "signed_in", None)
    return found if isinstance(found, SignedIn) else None


def set_cookie(response: Response, token: str, services: Services) -> None:
    """Give the browser its login: for this origin alone, out of reach of scripts."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=LOGIN_SECONDS,
        path="/",
        httponly=True,
        samesite="lax",
        secure=services.secure_cookies,
    )


def address_of(request: Request) -> str:
    """The address the request came from, as the audit trail keeps it."""
    return request.client.host[:64] if request.client else ""
