"""Syntax trees of the shells' texts (tree-sitter): parsing, walking, the places that are wrong. Knows no rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import tree_sitter_bash
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

_STANDS_FOR_ANY = "Q"  # in no command's name
_BEYOND = re.compile(r"[^\x00-\x7f]")
_TYPOGRAPHIC = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e"), '"'),
    **dict.fromkeys(map(ord, "\u2013\u2014\u2015"), "-"),
}
MOST_VALUES = 64
"""More values than this for one expression are too many to look at: it counts as not spelled out."""


@cache
def _parser(shell: str) -> Parser:
    grammar = {"sh": tree_sitter_bash, "powershell": tree_sitter_powershell}[shell]
    return Parser(Language(grammar.language()))


def parse(shell: str, text: str) -> Node:
    """The tree of a text for sh or powershell. Its nodes hold the text as `plain` leaves it."""
    return _parser(shell).parse(plain(shell, text).encode("ascii")).root_node


def plain(shell: str, text: str) -> str:
    """The text in ASCII, character for character: the grammars' scanners look letters up in C tables that end at 255, and
    take the process down with them. PowerShell takes typographic quotes and dashes for plain ones; so do we."""
    if shell == "powershell":
        text = text.translate(_TYPOGRAPHIC)
    return _BEYOND.sub(_STANDS_FOR_ANY, text)


def source(node: Node) -> str:
    """A node's own text."""
    return (node.text or b"").decode("ascii")


def line(node: Node) -> int:
    """The line that a node begins on, from 1."""
    return int(node.start_point.row) + 1


def last_line(text: str) -> int:
    """The last line of a text that says anything, from 1: what lacks its end is missed there, and not behind it."""
    return text.rstrip().count("\n") + 1


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, in the order of the text."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        waiting.extend(reversed(here.children))


def wrong(root: Node) -> Node | None:
    """The first place that does not parse."""
    if not root.has_error:
        return None
    return next((node for node in walk(root) if node.is_error or node.is_missing), root)


def joined(parts: list[frozenset[str] | None], between: str = "") -> frozenset[str] | None:
    """Every text that the parts' values make, one after another; None where a part is not spelled out."""
    made = frozenset({""})
    for number, part in enumerate(parts):
        if part is None or len(made) * len(part) > MOST_VALUES:
            return None
        made = frozenset(before + (between if number else "") + after for before in made for after in part)
    return made


def together(parts: list[frozenset[str] | None]) -> frozenset[str] | None:
    """The values of all parts; None where one is not spelled out, or there are none."""
    if not parts or any(part is None for part in parts):
        return None
    return frozenset(value for part in parts if part is not None for value in part)
