"""Templates into responses. One Environment per language; every page gets the same surroundings (who, language, csrf).

Owns no text and no decision. `render` serves whole pages and partials alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.domain.policy import Permission, Role
from app.domain.text import Language
from app.web import filters, outcomes, plans
from app.web.assets import static_url
from app.web.auth import is_htmx, known
from app.web.i18n import LANGUAGES, language_of, translations
from app.web.services import services_from
from app.web.wording import badge_of, role_name

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@lru_cache
def environment(language: Language) -> Environment:
    """The templates in one language: jinja2's translations hold for a whole Environment."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    install = made.install_gettext_translations  # type: ignore[attr-defined]  # added by the extension
    install(translations(language), newstyle=True)
    made.filters.update(
        t=partial(filters.text, language=language),
        duration=partial(filters.duration, language=language),
        local=filters.local,
        clock=filters.clock,
        minute=filters.minute,
        field_time=filters.field_time,
        size=filters.size,
        number=filters.number,
        digest=filters.digest,
        role_name=role_name,
    )
    made.globals.update(
        static_url=static_url,
        badge_of=badge_of,
        language=language,
        Permission=Permission,
        Role=Role,
        plans=plans,
        whole_plan=plans.whole_plan(made),
        outcomes=outcomes,
    )
    return made


def html(request: Request, template: str, **context: Any) -> str:
    """A template's text in the reader's language."""
    me = known(request)
    services = services_from(request)
    language = language_of(request)
    surroundings = {
        "me": me,
        "csrf": me.csrf if me else "",
        "path": request.url.path,
        "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "is_page": request.method == "GET",
        "demo": services.demo,
        "version": services.version,
        "languages": LANGUAGES,
    }
    return environment(language).get_template(template).render(surroundings | context)


def render(
    request: Request,
    template: str,
    /,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """A page or a partial as a response. Never stored by the browser: it shows what was true a moment ago."""
    response = HTMLResponse(
        html(request, template, status=status, **context), status_code=status, headers=dict(headers or {})
    )
    response.headers.setdefault("cache-control", "no-store")
    return response


def respond(request: Request, back: str, template: str, /, **context: Any) -> Response:
    """After a write: htmx gets the partial as it stands now, a plain form is sent back to the page (303)."""
    if is_htmx(request):
        return render(request, template, **context)
    return RedirectResponse(back, status_code=303)
