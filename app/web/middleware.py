"""What holds for every request before any route: security headers, same origin for unsafe methods, addresses and bodies
that no route is to see.

Plain ASGI. Owns no page: what a refused request gets is handed in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_BODY = 12 * 1024 * 1024  # bytes
MAX_DRAIN = 64 * 1024 * 1024  # bytes read and thrown away so that the browser gets to see the answer

Answer = Callable[[Request], Awaitable[Response]]


def add_headers(headers: MutableHeaders) -> None:
    """The security headers, without overwriting what a route set."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)


class SecurityHeaders:
    """Puts the security headers on every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass through; headers are added as the response starts."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def same_origin(headers: Headers) -> bool:
    """Whether the browser says that one of our own pages sent this; what is no browser says nothing and has no cookies."""
    site = headers.get("sec-fetch-site")
    if site is not None:  # sent to https and localhost only, so its absence proves nothing
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


class SameOrigin:
    """Refuses unsafe requests that another site's page made the browser send."""

    def __init__(self, app: ASGIApp, refuse: Answer) -> None:
        self.app = app
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass through unless the method is unsafe and the origin another one."""
        if scope["type"] != "http" or scope["method"] in SAFE or same_origin(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        response = await self.refuse(Request(scope, receive))
        await response(scope, receive, send)


class NoNul:
    """Refuses an address with a NUL character: no page has one, and PostgreSQL takes none as a value to look for."""

    def __init__(self, app: ASGIApp, refuse: Answer) -> None:
        self.app = app
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass through unless path or query hold one."""
        if scope["type"] != "http" or not ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            await self.app(scope, receive, send)
            return
        response = await self.refuse(Request(scope, receive))
        await response(scope, receive, send)


class TooBig:
    """Limits bodies. A declared length over the limit is answered at once, an undeclared one where it passes the limit.

    FastAPI has a limit of its own; it replaces the page by a bare English line. A browser that is still sending when the
    connection closes shows no answer at all: hence the draining.
    """

    def __init__(self, app: ASGIApp, refuse: Answer, streaming: frozenset[str] = frozenset()) -> None:
        self.app = app
        self.refuse = refuse
        self.streaming = streaming

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass through unless Content-Length is over the limit; count what is read. What goes to a `streaming` address is
        that route's to limit: it holds little of it in memory."""
        if scope["type"] == "http" and scope["path"] in self.streaming:
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if declared.isdecimal() and int(declared) > MAX_BODY:
            await drain(receive)
            response = await self.refuse(Request(scope, receive))
            await response(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MAX_BODY:
                await drain(receive)
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


async def drain(receive: Receive) -> None:
    """Read on and throw away, MAX_DRAIN bytes at most."""
    drained = 0
    while drained < MAX_DRAIN:
        message = await receive()
        drained += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return
