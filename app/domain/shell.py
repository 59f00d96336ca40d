"""Turns values into words of a command line. Knows POSIX sh, PowerShell and cmd.exe; builds no commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping

from app.domain.errors import Invalid
from app.domain.procedure import CommandText, Shell

_NO_FILE_NAME = re.compile(r'[*?\[\]<>|:"/\\]')
_CMD_SPECIAL = re.compile(r'["%!\r\n]')


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


def powershell_word(value: str) -> str:
    """`value` as one single-quoted string of PowerShell: every kind of quote that it takes for a single one is doubled."""
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", value) + "'"


def cmd_word(value: str) -> str:
    """`value` as one double-quoted word of cmd.exe. Raises Invalid for what cmd.exe expands even within quotes."""
    if _CMD_SPECIAL.search(value):
        raise Invalid(
            "shell.cmd_word",
            f'「{value[:60]}」には、Windows のコマンド行に安全に書けない文字（" % ! または改行）が含まれています。',
            f'{value[:60]!r} has characters that no Windows command line can carry safely (" % ! or a line break).',
        )
    ends = len(value) - len(value.rstrip("\\"))  # a program would take \" for a quote
    return f'"{value}{chr(92) * ends}"'


WORDS: Mapping[Shell, Callable[[str], str]] = {"sh": word, "powershell": powershell_word, "cmd": cmd_word}
"""How each shell takes a value as one word."""


def powershell(text: str) -> CommandText:
    """A script for PowerShell on the node."""
    return CommandText(shell="powershell", text=text)  # noqa: S604


def powershell_header(*words: str) -> str:
    """The same first line as `header`, printed by PowerShell."""
    return f"Write-Output {powershell_word(' '.join(('#tejun', *words)))}"


def file_names(text: str) -> list[str]:
    """The names in a list that is separated by blanks. Raises Invalid for none, and for wildcards and paths."""
    names = text.split()
    if not names or _NO_FILE_NAME.search(text):
        raise Invalid(
            "shell.file_names",
            f"「{text[:200]}」にはファイル名を空白で区切って書いてください（ワイルドカードやパスは使えません）。",
            f"Write the names in {text[:200]!r} separated by blanks, without wildcards and paths.",
        )
    return names
