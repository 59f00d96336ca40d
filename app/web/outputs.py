"""Output over HTTP: lines by number, a live stream by byte offset, search, and the raw bytes. Views only: nothing is written.

The live stream's event id is the offset behind its bytes, so a browser that comes back goes on exactly there.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from app.actions.people import token_digest
from app.domain.errors import Invalid
from app.web.auth import COOKIE, Viewer
from app.web.bells import RECHECK_SECONDS, RETRY_MILLISECONDS, event_stream, still_signed_in
from app.web.services import Console, Services
from app.web.stored import StoredOutput

router = APIRouter(prefix="/attempts/{attempt_id}/output")

Stream = Literal["out", "err"]
Codec = Literal["utf-8", "euc-jp", "cp932"]
Count = Annotated[int, Query(ge=0)]
POLL_SECONDS = 2.0


@router.get("/lines")
async def lines(
    attempt_id: int,
    _: Viewer,
    services: Console,
    stream: Stream = "out",
    codec: Codec = "utf-8",
    first: Annotated[int, Query(alias="from", ge=0)] = 0,
    count: Annotated[int, Query(ge=0, le=2000)] = 500,
) -> Response:
    """Lines from a number on: {first, lines, cut, total, size, complete, tail_line, tail_offset}."""
    output = await StoredOutput.open(services.database, attempt_id, stream)
    page = await output.page(first, count, codec)
    return _json(page.__dict__)


@router.get("/search")
async def search(
    attempt_id: int,
    _: Viewer,
    services: Console,
    q: str,
    stream: Stream = "out",
    codec: Codec = "utf-8",
    offset: Annotated[int, Query(alias="from", ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> Response:
    """Numbers of the lines that hold `q`: {lines, next, size}; `next` is the `from` to go on with, null at the end."""
    if not q or len(q) > 500:
        raise Invalid(
            "bad_search", "検索語は1～500文字で入力してください。", "Search for 1 to 500 characters.", "q"
        )
    output = await StoredOutput.open(services.database, attempt_id, stream)
    found = await output.search(q, codec, offset, limit)
    return _json({"lines": found.lines, "next": found.resume, "size": output.size})


@router.get("/raw")
async def raw(attempt_id: int, _: Viewer, services: Console, stream: Stream = "out") -> Response:
    """Every byte that is stored so far, as the node wrote it."""
    output = await StoredOutput.open(services.database, attempt_id, stream)
    headers = {
        "content-disposition": f'attachment; filename="attempt-{attempt_id}-{stream}.txt"',
        "content-length": str(output.size),
        "cache-control": "no-store",
    }
    return StreamingResponse(output.raw(), media_type="application/octet-stream", headers=headers)


@router.get("/stream")
async def live(
    request: Request,
    attempt_id: int,
    _: Viewer,
    services: Console,
    stream: Stream = "out",
    offset: Annotated[int, Query(alias="from", ge=0)] = 0,
    last_event_id: Annotated[str, Header()] = "",
) -> Response:
    """Bytes from an offset on as they are stored: data is [offset, base64]; `end` once there is no more to come."""
    output = await StoredOutput.open(services.database, attempt_id, stream)
    if last_event_id.isdecimal():
        offset = int(last_event_id)
    token_hash = token_digest(request.cookies[COOKIE])
    return event_stream(following(services, output, offset, token_hash))


async def following(
    services: Services, output: StoredOutput, offset: int, token_hash: bytes
) -> AsyncIterator[bytes]:
    """The stream's events. Looks at the attempt's state before its bytes: what ended then has all its bytes stored."""
    bell, topics = services.database.bell, {f"output:{output.attempt_id}", f"attempt:{output.attempt_id}"}
    checked = services.clock()
    yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
    while not services.stopping.is_set():
        cursor = bell.cursor
        now = await StoredOutput.open(services.database, output.attempt_id, output.stream)
        pieces = await output.pieces(offset)
        for piece in pieces:
            yield _event(offset, piece.data[offset - piece.offset :])
            offset = piece.end
        if not pieces and now.complete:
            yield f"event: end\ndata: {json.dumps({'size': now.size})}\n\n".encode()
            return
        if not pieces:
            await _until_rung(services, cursor, topics)
        if services.clock() - checked > RECHECK_SECONDS * 1_000_000:
            checked = services.clock()
            if not await still_signed_in(token_hash, services):
                return


async def _until_rung(services: Services, cursor: int, topics: set[str]) -> None:
    """Until one of the topics rings, or the poll is due: another process's bell may be lost with its connection."""
    bell, until = services.database.bell, services.clock() + int(POLL_SECONDS * 1_000_000)
    while (left := (until - services.clock()) / 1_000_000) > 0 and await bell.wait(cursor, left):
        rung, cursor = bell.since(cursor)
        if rung is None or services.stopping.is_set() or topics.intersection(rung):
            return


def _event(offset: int, data: bytes) -> bytes:
    body = base64.b64encode(data)
    return b'id: %d\ndata: [%d,"%b"]\n\n' % (offset + len(data), offset, body)


def _json(content: dict[str, Any]) -> Response:
    return JSONResponse(content, headers={"cache-control": "no-store"})
