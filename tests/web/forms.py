"""A browser without JavaScript: finds a form in a page by its id, fills it in and sends it as the browser would."""

from __future__ import annotations

import html
import re
from typing import NamedTuple

import httpx2

from tests.web.site import HTMX

_ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')


class Form(NamedTuple):
    """A form as it stands in a page: where it goes, and what its fields hold."""

    action: str
    fields: dict[str, str]


def form_in(page: str, form_id: str) -> Form:
    """The form of that id; AssertionError where the page has none."""
    found = re.search(rf'<form[^>]*\bid="{form_id}"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert found is not None, f"no form {form_id} in the page"
    attributes = _attributes(found[0].split(">")[0])
    return Form(attributes["action"], {**_inputs(found[1]), **_areas(found[1]), **_selects(found[1])})


def has_form(page: str, form_id: str) -> bool:
    """Whether the page has that form."""
    return f'id="{form_id}"' in page


async def send(
    browser: httpx2.AsyncClient, page: str, form_id: str, *, htmx: bool = False, **typed: str
) -> httpx2.Response:
    """Fill in the form of a page and send it; with `htmx` as the script does."""
    form = form_in(page, form_id)
    return await browser.post(form.action, data={**form.fields, **typed}, headers=HTMX if htmx else {})


def words(page: str) -> str:
    """What a page says in its main part, without markup."""
    main = page[page.find("<main") :] if "<main" in page else page
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main.split("<footer")[0])))


def standing(page: str) -> tuple[str, str, str]:
    """(state, awaiting, key) of the current step that a page shows."""
    found = re.search(
        r'id="current-step"[^>]*data-state="(\w*)" data-awaiting="(\w*)" data-key="([^"]*)"', page
    )
    assert found is not None
    return found[1], found[2], found[3]


def _attributes(tag: str) -> dict[str, str]:
    return {name: html.unescape(value or "") for name, value in _ATTRIBUTE.findall(tag)}


def _inputs(body: str) -> dict[str, str]:
    tags = [_attributes(tag) for tag in re.findall(r"<input([^>]*)>", body)]
    silent = ("checkbox", "radio", "file", "submit")
    return {
        tag["name"]: tag.get("value", "") for tag in tags if "name" in tag and tag.get("type") not in silent
    }


def _areas(body: str) -> dict[str, str]:
    found = re.findall(r"<textarea([^>]*)>\n?(.*?)</textarea>", body, re.DOTALL)
    return {_attributes(tag)["name"]: html.unescape(text) for tag, text in found}


def _selects(body: str) -> dict[str, str]:
    chosen = {}
    for tag, options in re.findall(r"<select([^>]*)>(.*?)</select>", body, re.DOTALL):
        values = [_attributes(option) for option in re.findall(r"<option([^>]*)>", options)]
        picked = next((value for value in values if "selected" in value), values[0])
        chosen[_attributes(tag)["name"]] = picked.get("value", "")
    return chosen
