"""Looks at a command text as its shell will: quotes that are never closed, places within quotes, deletes by wildcard.

Scans, and runs nothing. It knows of each shell's language what it needs for these questions, no more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from app.domain.procedure import Shell

Fault = Literal["unclosed", "quoted_place", "wildcard_delete"]
_DELETE = re.compile(
    r"(?i)(?:^|[\s;&|({`])(?:rm|rmdir|unlink|del|erase|rd|ri|remove-item)\s[^\n;|&]*[*?]|-delete\b"
)
_HEREDOC = re.compile(r"<<-?[ \t]*(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\1")
_HERE_STRING = re.compile(r"@(['\"])[ \t]*\n.*?\n\1@", re.DOTALL)
_PLACE = re.compile(r"\[\[[a-z_0-9]+\]\]")


@dataclass(frozen=True)
class Found:
    """What is wrong in a command text, and on which of its lines (from 1)."""

    fault: Fault
    line: int


def fault_of(text: str, shell: Shell) -> Found | None:
    """The first thing for which a command text must be refused; None where there is nothing."""
    bare, fault = _outside_quotes(_without_bodies(text, shell), shell)
    if fault is not None:
        return fault
    delete = _DELETE.search(bare)
    return Found("wildcard_delete", bare.count("\n", 0, delete.end()) + 1) if delete else None


def _without_bodies(text: str, shell: Shell) -> str:
    """Without here-documents and here-strings, whose quotes are no quotes; the lines keep their numbers."""
    if shell == "powershell":
        return _HERE_STRING.sub(lambda found: "x" + "\n" * found[0].count("\n"), text)
    if shell == "cmd":
        return text
    lines, ends = [], list[str]()
    for line in text.split("\n"):
        if ends:
            if line.strip("\t") == ends[0]:
                ends.pop(0)
            lines.append("")
            continue
        lines.append(line)
        ends += [found[2] for found in _HEREDOC.finditer(line)]
    return "\n".join(
        [*lines[:-1], f"{lines[-1]}'"] if ends else lines
    )  # one that never ends is an open quote


def _outside_quotes(text: str, shell: Shell) -> tuple[str, Found | None]:
    """The text with what stands in quotes or comments taken out (line feeds stay), or what is wrong with its quotes."""
    bare: list[str] = []
    stack: list[str] = []  # open quotes and, in double quotes, open $( … )
    begun, at = 0, 0
    while at < len(text):
        inside = stack[-1] if stack else ""
        if inside in ("'", '"') and _PLACE.match(text, at):
            return "", Found("quoted_place", text.count("\n", 0, at) + 1)
        step, kept = _step(text, at, shell, stack)
        if not inside and stack:
            begun = at
        bare.append(kept)
        at += step
        if shell == "cmd" and kept == "\n" and stack:
            break
    if stack:
        return "", Found("unclosed", text.count("\n", 0, begun) + 1)
    return "".join(bare), None


def _step(text: str, at: int, shell: Shell, stack: list[str]) -> tuple[int, str]:
    """Go on by how many characters, and what of them stands outside quotes; opens and closes on the stack."""
    sign, inside = text[at], stack[-1] if stack else ""
    if shell == "cmd":
        return _in_cmd(sign, stack)
    if inside != "'" and sign == ("\\" if shell == "sh" else "`") and at + 1 < len(text):
        return 2, "\n" if text[at + 1] == "\n" else "x"
    if inside in ("'", '"'):
        return _quoted(text, at, stack)
    if sign == "#" and (at == 0 or text[at - 1] in " \t\n;(&|"):
        return len(text[at:].split("\n", 1)[0]), ""
    if sign in "'\"":
        stack.append(sign)
        return 1, ""
    if inside == ")" and sign in "()":
        _toggle(stack, sign == ")", ")")
    return 1, sign


def _in_cmd(sign: str, stack: list[str]) -> tuple[int, str]:
    """The Windows command line knows one kind of quote, which ends with the line."""
    inside = bool(stack)
    if sign == '"':
        _toggle(stack, inside, '"')
    return 1, sign if not inside or sign == "\n" else ""


def _quoted(text: str, at: int, stack: list[str]) -> tuple[int, str]:
    """Within quotes: only their end counts, and in double quotes what begins a command of its own."""
    if text[at] == stack[-1]:
        stack.pop()
    elif stack[-1] == '"' and text.startswith("$(", at):
        stack.append(")")
        return 2, ""
    return 1, "\n" if text[at] == "\n" else ""


def _toggle(stack: list[str], closes: bool, sign: str) -> None:
    if closes:
        stack.pop()
    else:
        stack.append(sign)
