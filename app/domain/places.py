"""Open places of procedure texts: which names exist, and filling them in. Values come from rendering.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

_PLACE = re.compile(r"\[\[([a-z_0-9]+)\]\]")

OF_CLUSTER = frozenset(
    {
        "nqs",
        "patches",
        "patch_file",
        "patch_sha256",
        "patch_version",
        "known_patches",
        "active",
        "target",
        "from",
        "to",
        "to_version",
        "disk_floor",
        "spool",
        "install",
        "clwin",
        "packages",
        "saves",
    }
)
OF_NODE = frozenset({"node", "node_version", "installed"})
OF_SITE = frozenset({"site", "database", "group", "virtual_host", "resource", "script"})
LISTS = frozenset(
    {
        "site_processes",
        "own_processes",
        "local_processes",
        "local_own_processes",
        "site_processes_to",
        "own_processes_from",
        "own_processes_to",
        "local_own_processes_from",
        "healthy",
        "unhealthy",
        "carried_by_active",
        "carried_by_target",
        "complete_with_last_site",
        "managed",
        "carried_elsewhere",
        "online_standbys",
        "standbys_paused",
        "unmanaged",
        "nqs_site_places",
        "needed_rights",
        "patch_facts",
    }
)
KNOWN = OF_CLUSTER | OF_NODE | OF_SITE | LISTS

Lists = Mapping[str, tuple[str, ...]]


def used(texts: Iterable[str]) -> frozenset[str]:
    """The names of the open places in those texts."""
    return frozenset(name for text in texts for name in _PLACE.findall(text))


def line_of(place: str, text: str) -> int | None:
    """The line of the text (from 1) that a place first stands in; None where it does not."""
    return next((number for number, line in enumerate(text.split("\n"), 1) if place in line), None)


def fill(text: str, values: Mapping[str, str], quote: Callable[[str], str] = str) -> str:
    """`text` with every place filled by its value, passed through `quote`. Raises KeyError for a place without a value."""
    pieces = _pieces(text)
    if len(pieces) == 1:
        return text
    filled = list(pieces)
    filled[1::2] = [quote(values[name]) for name in pieces[1::2]]
    return "".join(filled)


@lru_cache(maxsize=8192)
def _pieces(text: str) -> tuple[str, ...]:
    """What stands around the places of a template, and between it their names: every plan asks for the library's texts anew."""
    return tuple(_PLACE.split(text))


def fill_tokens(tokens: Iterable[str], values: Mapping[str, str], lists: Lists) -> tuple[str, ...]:
    """Tokens filled in; one that is nothing but the place of a list becomes the list's tokens."""
    filled: list[str] = []
    for token in tokens:
        whole = _PLACE.fullmatch(token) if "[[" in token else None
        if whole and whole[1] in lists:
            filled.extend(lists[whole[1]])
        else:
            filled.append(fill(token, values))
    return tuple(filled)
