"""The doorbell: one event stream per browser that says which topics changed; pages then fetch their partials again.

Carries no data and no position: a browser that was away fetches everything it shows once it hears `hello` again.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from app.actions.people import token_digest
from app.models.people import login_of
from app.web.auth import COOKIE, Viewer
from app.web.services import Console, Services

router = APIRouter()

RETRY_MILLISECONDS = 1000
KEEPALIVE_SECONDS = 15
RECHECK_SECONDS = 30
MOST_TOPICS = 32
_TOPIC = re.compile(r"[\w.:/-]+")  # a subject may hold what somebody typed; it must not break out of its line
HELLO = f"retry: {RETRY_MILLISECONDS}\nevent: hello\ndata: {{}}\n\n".encode()
EVERYTHING = b"event: everything\ndata: {}\n\n"
SIGNED_OUT = b"event: signed-out\ndata: {}\n\n"


def event_stream(content: AsyncIterator[bytes]) -> EventSourceResponse:
    """Pre-encoded events as a response that is kept alive, and ends with the client or the server."""
    return EventSourceResponse(
        content,
        ping=KEEPALIVE_SECONDS,
        ping_message_factory=lambda: ServerSentEvent(comment="", sep="\n"),
        sep="\n",
    )


async def still_signed_in(token_hash: bytes, services: Services) -> bool:
    """Whether the login of an open stream is valid still: it may have been ended elsewhere."""
    async with services.database.reading() as db:
        return await login_of(db, token_hash, services.clock()) is not None


@router.get("/bells")
async def bells(
    request: Request,
    found: Viewer,
    services: Console,
    at: Annotated[list[str], Query()] = [],  # noqa: B006
) -> Response:
    """The stream. `at` names topics the browser's tabs look at ("session:12"), for the presence of people."""
    token_hash = token_digest(request.cookies[COOKIE])
    topics = list(dict.fromkeys(topic[:64] for topic in at))[:MOST_TOPICS]

    async def stream() -> AsyncIterator[bytes]:
        with services.presence.looking(topics, found.person):
            async for event in ringing(services, token_hash):
                yield event

    return event_stream(stream())


async def ringing(services: Services, token_hash: bytes) -> AsyncIterator[bytes]:
    """`hello`, then the topics of every ring, until the login or the server ends."""
    bell = services.database.bell
    cursor = bell.cursor
    yield HELLO
    checked = services.clock()
    while not services.stopping.is_set():
        rang = await bell.wait(cursor, RECHECK_SECONDS)
        if not rang or services.clock() - checked > RECHECK_SECONDS * 1_000_000:
            if not await still_signed_in(token_hash, services):
                yield SIGNED_OUT
                return
            checked = services.clock()
        topics, cursor = bell.since(cursor)
        if topics is None:
            yield EVERYTHING
        elif plain := [topic for topic in topics if _TOPIC.fullmatch(topic)]:
            yield f"data: {' '.join(plain)}\n\n".encode()
