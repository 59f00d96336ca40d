"""%NAME%, %1, %~dp0 and %%: what cmd.exe puts in before it reads a line. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from app.lab.windows import paths
from app.lab.windows.cmd.syntax import Misread

_FILE = re.compile(r"%%|%\*|%(~[a-z]*)?([0-9])|%([^%:\r\n]+)(:[^%\r\n]*)?%|%", re.IGNORECASE)
_LINE = re.compile(r"%([^%:\r\n]+)(:[^%\r\n]*)?%")


def in_file(line: str, environment: Mapping[str, str], arguments: Sequence[str]) -> str:
    """As in a batch file; `arguments[0]` is the file's own path. A variable that is not set is nothing. Raises Misread."""

    def put(found: re.Match[str]) -> str:
        text = found[0]
        if text == "%%":
            return "%"
        if text == "%*":
            return " ".join(arguments[1:])
        if found[2]:
            number = int(found[2])
            if number == 0 and not found[1]:
                raise Misread(line)  # as it was typed, which is not known here
            return _modified(arguments[number] if number < len(arguments) else "", found[1])
        if found[4]:
            raise Misread(line)  # %X:a=b% and %X:~0,1% are not known here
        return environment.get(found[3], "") if found[3] else ""

    return _FILE.sub(put, line)


def on_line(line: str, environment: Mapping[str, str]) -> str:
    """As on a command line: what is not set stays as it is written. Raises Misread."""

    def put(found: re.Match[str]) -> str:
        if found[2]:
            raise Misread(line)
        return environment.get(found[1], found[0])

    return _LINE.sub(put, line)


def _modified(value: str, letters: str | None) -> str:
    if letters is None:
        return value
    bare, wanted = value.strip('"'), letters[1:].lower()
    if not wanted:
        return bare
    if set(wanted) - set("dpnxf"):
        raise Misread(f"%{letters}")
    if "f" in wanted:
        return bare
    folder, name = paths.parent(bare), paths.name(bare)
    stem, dot, ending = name.rpartition(".")
    parts = {
        "d": bare[:2],
        "p": folder[2:].rstrip("\\") + "\\",
        "n": stem if dot else name,
        "x": dot + ending if dot else "",
    }
    return "".join(parts[letter] for letter in "dpnx" if letter in wanted)
