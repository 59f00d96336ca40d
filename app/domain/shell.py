"""Turns values into words of a command line. Knows POSIX sh; builds no commands."""

from __future__ import annotations

import shlex

from app.domain.procedure import CommandText


def word(value: str) -> str:
    """`value` as one word of a POSIX shell command. A leading `~/` becomes "$HOME"/, which the node's shell fills in."""
    if value.startswith("~/"):
        rest = value[2:]
        return '"$HOME"' + (f"/{shlex.quote(rest)}" if rest else "")
    return shlex.quote(value)


def sh(text: str) -> CommandText:
    """A command for the node's POSIX shell."""
    return CommandText(shell="sh", text=text)  # noqa: S604 - a word in a plan; no shell starts here


def header(*words: str) -> str:
    """The command that prints a reading's first line, `#tejun probe parameters`: the reading then explains itself."""
    return f"printf '%s\\n' {shlex.quote(' '.join(('#tejun', *words)))}"
