"""Refusals, missing logins and errors as answers: a partial for htmx, a page otherwise. Nothing typed is lost.

The refused transaction has been rolled back when these run; the refusal is recorded in one of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from app.actions.act import Act, record_refusal
from app.domain.errors import Forbidden, Invalid, NotFound, Refusal
from app.domain.text import Text
from app.web.auth import SAFE, NotSignedInError, address_of, is_htmx, known, look_up, wants_page
from app.web.i18n import language_of
from app.web.middleware import MAX_BODY, add_headers
from app.web.rendering import render
from app.web.services import services_from

SECRET = ("password", "passphrase", "secret", "csrf")
RESENDABLE = frozenset({401, 403, 409, 422})

SIGN_IN = Text(
    ja="サインインしていないか、期限が切れています。サインインしてから、もう一度実行してください。",
    en="You are not signed in, or the sign-in has expired. Sign in, then try again.",
)
TOO_BIG = Text(
    ja=f"送信されたデータが大きすぎます（上限 {MAX_BODY // 2**20} MiB）。ファイルを分けるか、小さくして送信してください。",
    en=f"What was sent is too big ({MAX_BODY // 2**20} MiB at most). Split the file or make it smaller.",
)
OTHER_SITE = Text(
    ja="別のサイトのページから送信されたため、実行していません。この画面から操作し直してください。",
    en="This was sent from another site's page and was not carried out. Do it again from this console.",
)
MISSING = Text(
    ja="お探しのページはありません。アドレスを確認するか、一覧から開き直してください。",
    en="There is no such page. Check the address, or open it again from a list.",
)
BROKEN = Text(
    ja="コンソール側の不具合で処理できませんでした。実行されたかどうかは、画面を読み直して確認してください。続く場合は管理者に連絡してください。",
    en="The console failed to do this. Reload the page to see what was carried out. If it goes on, tell an administrator.",
)
NOT_UNDERSTOOD = Text(
    ja="この要求は受け付けられません。画面を読み直して、もう一度操作してください。",
    en="This request cannot be accepted. Reload the page and try again.",
)
_BY_STATUS = {404: MISSING, 413: TOO_BIG}


async def refused(request: Request, refusal: Exception) -> Response:
    """Answer a refusal with its own status, after recording who was refused what."""
    assert isinstance(refusal, Refusal)
    found = known(request)
    if found and (request.method not in SAFE or isinstance(refusal, Forbidden)):
        services = services_from(request)
        async with services.database.transaction() as db:
            act = Act(db, services.clock(), found.person, services.enqueue, address_of(request))
            await record_refusal(act, f"{request.method} {request.url.path}"[:128], refusal)
    headers = {"x-csrf-token": found.csrf} if found and refusal.code == "bad_csrf" else {}
    return await answer(request, refusal.status, refusal.message, getattr(refusal, "field", None), headers)


async def not_signed_in(request: Request, _: Exception) -> Response:
    """A page leads to the sign-in page and back; anything else says so and keeps what was typed."""
    if wants_page(request):
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(here, safe='/')}", status_code=303)
    return await answer(request, 401, SIGN_IN)


async def misunderstood(request: Request, error: Exception) -> Response:
    """A value of the wrong form: a missing page where it is in the address, else a refusal that names the field."""
    assert isinstance(error, RequestValidationError)
    places = [found["loc"] for found in error.errors()]
    if any(place[0] == "path" for place in places):
        return await refused(request, NotFound("no_such_page", MISSING.ja, MISSING.en))
    fields = [str(place[-1]) for place in places]
    names = ", ".join(dict.fromkeys(fields))
    invalid = Invalid(
        "bad_input",
        f"入力されていないか、形式が正しくない項目があります（{names}）。確認してください。",
        f"Something is missing or not of the right form ({names}). Check it.",
        fields[0],
    )
    return await refused(request, invalid)


async def http_error(request: Request, error: Exception) -> Response:
    """Starlette's own errors: no such page, wrong method, too big, not a form."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        await recognise(request)
    response = await answer(request, error.status_code, _BY_STATUS.get(error.status_code, NOT_UNDERSTOOD))
    response.headers.update(error.headers or {})
    return response


async def broken(request: Request, _: Exception) -> Response:
    """A defect. Starlette raises it again afterwards, for the log."""
    response = await answer(request, 500, BROKEN)
    add_headers(response.headers)
    return response


async def too_big(request: Request) -> Response:
    """The answer to a body over the limit; it was not read."""
    return await answer(request, 413, TOO_BIG)


async def other_site(request: Request) -> Response:
    """The answer to what another site's page made the browser send."""
    return await answer(request, 403, OTHER_SITE)


async def not_an_address(request: Request) -> Response:
    """The answer to an address that nothing can have."""
    return await answer(request, 404, MISSING)


async def recognise(request: Request) -> None:
    """Find out who asks where no route did, so that the page shows the way on."""
    if known(request) is None and (found := await look_up(request, services_from(request))):
        request.state.signed_in = found


async def answer(
    request: Request,
    status: int,
    message: Text,
    field: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The message as the asker can show it: htmx a partial for its refusal region, a script JSON, a person a page."""
    context = {"message": message, "field": field}
    if is_htmx(request):
        aimed = {
            "hx-retarget": "#refusals",
            "hx-reswap": "innerHTML",
            "hx-trigger": "tejun:refused",
            **(headers or {}),
        }
        return render(request, "partials/_refusal.html", status=status, headers=aimed, **context)
    if "text/html" not in request.headers.get("accept", "text/html"):
        shown = {"status": status, "message": message.in_(language_of(request))}
        return JSONResponse(shown, status_code=status, headers=dict(headers or {}))
    return render(
        request,
        "refused.html",
        status=status,
        headers=headers,
        typed=typed(request),
        resend=_resendable(request, status),
        back=_back(request),
        **context,
    )


def typed(request: Request) -> list[tuple[str, str]]:
    """What was typed, field by field; passwords never, files by name alone."""
    form = getattr(request.state, "form", None) or FormData()
    return [
        (name, value.filename or "" if isinstance(value, UploadFile) else value)
        for name, value in form.multi_items()
        if not _is_secret(name) and value
    ]


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in SECRET)


def _resendable(request: Request, status: int) -> bool:
    form = getattr(request.state, "form", None) or FormData()
    whole = not any(isinstance(value, UploadFile) or "password" in name for name, value in form.multi_items())
    return request.method == "POST" and status in RESENDABLE and whole


def _back(request: Request) -> str:
    referer = urlsplit(request.headers.get("referer", ""))
    if referer.netloc == request.headers.get("host") and referer.path.startswith("/"):
        return referer.path + (f"?{referer.query}" if referer.query else "")
    return "/"


def install(app: FastAPI) -> None:
    """Have the application answer with these."""
    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(NotSignedInError, not_signed_in)
    app.add_exception_handler(RequestValidationError, misunderstood)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, broken)
