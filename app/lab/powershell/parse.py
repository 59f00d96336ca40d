"""Reads a text of PowerShell into the pieces of syntax.py, through tree-sitter's tree. Evaluates nothing.

A text that the grammar does not take, or that has a piece which the lab does not know, is refused as a whole: nothing of it runs.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from app.lab.powershell.objects import NetError
from app.lab.powershell.read_statements import StatementReader
from app.lab.powershell.syntax import Block, Place

_TYPOGRAPHIC = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e"), '"'),
    **dict.fromkeys(map(ord, "\u2013\u2014\u2015"), "-"),
}


class ParserError(NetError):
    """The text is not PowerShell, as far as the grammar knows it."""

    def __init__(self, place: Place) -> None:
        near = place.source.strip()[:80] or "".join(place.text.splitlines()[place.line - 1 : place.line])[:80]
        super().__init__(
            "System.Management.Automation.ParseException",
            f"Unexpected token or missing piece in the text, at line {place.line}, character {place.column}: {near}",
            error_id="ParserError",
            category="ParserError",
        )
        self.place = place


@cache
def _language() -> Language:
    return Language(tree_sitter_powershell.language())


@lru_cache(maxsize=512)
def parse(text: str) -> Block:
    """A script. Raises ParserError, or LabDoesNotKnow for a construct that the lab does not know."""
    text = text.removeprefix("\ufeff")
    # one ASCII character for each: the grammar's scanner ends the process at letters beyond its tables, and offsets agree
    plain = re.sub(r"[^\x00-\x7f]", "Q", text.translate(_TYPOGRAPHIC))
    root = Parser(_language()).parse(plain.encode("ascii")).root_node
    reader = StatementReader(text, plain)
    if root.has_error:
        raise ParserError(reader.place(_first_wrong(root)))
    return reader.script(root)


def _first_wrong(root: Node) -> Node:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            return node
        waiting.extend(reversed(node.children))
    return root
