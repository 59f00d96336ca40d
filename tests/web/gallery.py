"""A page with every component in every state, and an output viewer: what the accessibility checker and the eye look at."""

from __future__ import annotations

import re
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.web.auth import Viewer
from app.web.rendering import environment
from app.web.services import services_from
from app.web.wording import BADGES

GALLERY = (Path(__file__).parent / "gallery.html").read_text(encoding="utf-8")
LIVE = re.findall(r'<section id="live".*?</section>', GALLERY, re.DOTALL)[0].replace(
    '"number">1', '"number">2'
)


async def gallery(request: Request, found: Viewer, attempt_id: int = 0) -> HTMLResponse:
    """The page."""
    context = {
        "me": found,
        "csrf": found.csrf,
        "path": request.url.path,
        "here": request.url.path,
        "is_page": True,
        "demo": False,
        "status": 200,
        "version": services_from(request).version,
        "badges": BADGES,
        "attempt_id": attempt_id,
    }
    return HTMLResponse(environment("ja").from_string(GALLERY).render(context))


async def live(_: Viewer) -> HTMLResponse:
    """Its part that rings."""
    return HTMLResponse(LIVE)
