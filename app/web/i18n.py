"""The reader's language and its texts: English message ids in templates, Japanese from locale/*.po, read at start.

Nothing is compiled to disk. Texts that belong to a decision (refusals, plans) are `Text` values and need no catalogue.
"""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import get_args

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from fastapi import Request

from app.domain.text import Language, Text

LANGUAGES: tuple[Language, ...] = get_args(Language)
COOKIE = "tejun_language"
CATALOGUES = Path(__file__).parent / "locale"


def language_of(request: Request) -> Language:
    """Japanese unless this browser has switched to English."""
    return "en" if request.cookies.get(COOKIE) == "en" else "ja"


def shown(request: Request, text: Text) -> str:
    """A text in the reader's language."""
    return text.in_(language_of(request))


def read_catalogue(path: Path) -> Catalog:
    """One .po file. Raises babel's PoFileError for a broken one."""
    with path.open("rb") as file:
        return read_po(file, locale="ja", abort_invalid=True)


@lru_cache
def translations(language: Language) -> Translations:
    """The texts of a language; English is what the templates hold. Raises ValueError where two files translate one text."""
    merged = Catalog(locale=language)
    for path in sorted(CATALOGUES.glob("*.po")) if language == "ja" else ():
        for message in read_catalogue(path):
            if not message.id:
                continue
            if message.id in merged:
                raise ValueError(f"{path.name} translates {message.id!r} a second time")
            merged[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return Translations(compiled)
