"""The audit trail, for auditors: filtered, page by page, readable, with the stored bytes beside it. Reads only."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from app.domain import schedule
from app.domain.errors import Invalid
from app.domain.lifecycle import ENDED
from app.domain.policy import Permission
from app.models.audit import chain_head, events
from app.models.people import display_names
from app.models.sessions import sessions
from app.web.auth import Viewer
from app.web.events import ACTIONS, view_of
from app.web.filters import DEFAULT_ZONE
from app.web.i18n import language_of
from app.web.rendering import render
from app.web.transaction import Reading

router = APIRouter(prefix="/history")
PAGE = 100
Word = Annotated[str, Query(max_length=200)]


@router.get("")
async def history_page(
    request: Request,
    found: Viewer,
    db: Reading,
    actor: Word = "",
    action: Word = "",
    session: Word = "",
    since: Word = "",
    until: Word = "",
    before: Word = "",
) -> Response:
    """Newest first. Who is no auditor sees the ended sessions, and whom to ask for the rest."""
    if not found.person.may(Permission.AUDIT):
        ended = [each for each in await sessions(db) if each.session_state in ENDED]
        return render(request, "history/ended.html", sessions=ended, names=await display_names(db))
    rows = await events(
        db,
        actor=actor.strip(),
        action=action.strip(),
        session_id=_number(session, "session"),
        since=_time(since, "since"),
        until=_time(until, "until"),
        before=_number(before, "before"),
        limit=PAGE + 1,
    )
    language = language_of(request)
    chosen = {"actor": actor, "action": action, "session": session, "since": since, "until": until}
    seq, head = await chain_head(db)
    more = urlencode({**chosen, "before": rows[PAGE - 1].seq}) if len(rows) > PAGE else ""
    return render(
        request,
        "history/index.html",
        events=[view_of(row, language, DEFAULT_ZONE) for row in rows[:PAGE]],
        chosen=chosen,
        more=more,
        head_seq=seq,
        head_hash=head.hex(),
        actions=sorted(ACTIONS),
        zone=DEFAULT_ZONE,
    )


def _time(text: str, field: str) -> int | None:
    """A local time as typed; a date alone means its midnight."""
    if not text.strip():
        return None
    whole = text if ":" in text else f"{text.strip()} 00:00"
    return schedule.to_utc(whole, DEFAULT_ZONE, field)


def _number(text: str, field: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or len(text.strip()) > 15:
        raise Invalid(
            "bad_number", "番号は半角の数字で入力してください。", "Give the number in digits.", field
        )
    return int(text)
