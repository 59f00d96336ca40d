"""The procedure library as a reader: contents, procedures, sections with every step, errata; for a case or for all.

Reads only.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.db import AsyncSession
from app.domain.errors import NotFound
from app.models.sessions import sessions
from app.procedures import procedure
from app.procedures.contents import contents, entries, parts
from app.procedures.errata import errata
from app.web import library_case, library_words
from app.web.auth import Viewer
from app.web.library_case import CaseForm, case_view
from app.web.library_view import carriers, clause, holder_of, parts_of
from app.web.rendering import render
from app.web.transaction import Reading

router = APIRouter(prefix="/library")
Typed = Annotated[CaseForm, Query()]
_CITED = re.compile(
    r"(?P<place>[1-3](?:\.[1-9])+)(?P<letter>[ab](?![a-z]))?(?:[^0-9.]+(?P<step>[0-9]{1,2}))?"
)


@router.get("")
async def library_page(request: Request, _: Viewer, db: Reading, form: Typed) -> Response:
    """Every procedure of the guide; with a case, the one that applies and why the others do not."""
    counts = {
        number: sum(len(part.steps) for part in parts(number))
        for entry in entries().values()
        for number in entry.sections
    }
    return render(
        request, "library/index.html", chapters=contents(), counts=counts, **await _around(db, form)
    )


@router.get("/errata")
async def errata_page(request: Request, _: Viewer, severity: str = "", place: str = "") -> Response:
    """Every erratum, filtered by how grave it is and by the section it concerns."""
    shown = {
        number: each
        for number, each in errata().items()
        if severity in ("", each.severity) and (not place.strip() or each.found_in(place.strip()))
    }
    return render(
        request,
        "library/errata.html",
        grouped={
            letter: {number: each for number, each in shown.items() if number.startswith(letter)}
            for letter in library_words.GROUPS
        },
        count=len(shown),
        every=len(errata()),
        carriers=carriers(),
        words=library_words,
        chosen={"severity": severity, "place": place.strip()},
    )


@router.get("/find")
async def find_place(_: Viewer, q: Annotated[str, Query(max_length=100)] = "") -> Response:
    """To a step as the guide's readers cite it: "3.1.3 step 7", "3.1.3-7", "3.1.3 手順7"; "1.1.2.1b-3" in a variant, the first
    of them where none is named."""
    found = _CITED.search(q)
    if found is None:
        raise NotFound(
            "no_such_place",
            "「3.1.3 手順7」のように、ガイドの節番号とステップの番号を入力してください。",
            "Give the guide's section and step, as in: 3.1.3 step 7.",
        )
    letters = [part.letter for part in parts(found["place"]) if part.letter]
    chosen = found["letter"] if found["letter"] in letters else next(iter(letters), None)
    letter = f"{chosen}-" if chosen else ""
    step = f"#step-{letter}{found['step']}" if found["step"] else ""
    return RedirectResponse(f"/library/{found['place']}{step}", status_code=303)


@router.get("/{number}")
async def section_page(
    request: Request, number: str, _: Viewer, db: Reading, form: Typed, whole: bool = False
) -> Response:
    """One section with every step, or a procedure with its sections; a chapter's number leads to the contents."""
    if entry := entries().get(number):
        page = "library/whole.html" if whole else "library/procedure.html"
        around = await _around(db, form)
        case = around["case"]
        found = {name: parts_of(name, case) for name in entry.sections}
        return render(
            request, page, entry=entry, found=found, carried=procedure(number) is not None, **around
        )
    entry = holder_of(number)
    if entry is None:
        return _to_chapter(number)
    around = await _around(db, form)
    return render(
        request,
        "library/section.html",
        number=number,
        entry=entry,
        found=parts_of(number, around["case"]),
        **around,
    )


def _to_chapter(number: str) -> Response:
    if number.split(".")[0] not in [chapter.chapter for chapter in contents()]:
        raise NotFound(
            "no_such_section",
            f"ガイドに {number} という手順・節はありません。一覧から選んでください。",
            f"The guide has no procedure or section {number}. Choose one from the list.",
        )
    return RedirectResponse(f"/library#chapter-{number.split('.')[0]}", status_code=303)


async def _around(db: AsyncSession, form: CaseForm) -> dict[str, Any]:
    """What every page of the library shows beside its own: the case, what may be chosen, the words."""
    return {
        "case": await case_view(db, form),
        "systems": library_case.SYSTEMS,
        "sessions": await sessions(db, limit=50),
        "words": library_words,
        "clause": clause,
    }
