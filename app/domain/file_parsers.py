"""Parsers of probes that look at files and folders, on every system. Pure; the rules are those of parsers.py."""

from __future__ import annotations

import re

from app.domain.answers import closed
from app.domain.parsers import Facts

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_FILE_VERSION = re.compile(r"fileversion:[0-9]+(\.[0-9]+){3}")


def file(stdout: bytes, exit_status: int) -> Facts | None:
    """`absent`, or `present` with `sha256:…` and, where the file carries one (Windows), `fileversion:a.b.c.d`."""
    read = closed(stdout, exit_status, "file")
    if not read:
        return None
    if read[1] == ["absent"]:
        return frozenset({"absent"})
    lines = read[1]
    if len(lines) not in (2, 3) or lines[0] != "present" or not _DIGEST.fullmatch(lines[1]):
        return None
    if len(lines) == 3 and not _FILE_VERSION.fullmatch(lines[2]):
        return None
    return frozenset(lines)


def folder_files(stdout: bytes, exit_status: int) -> Facts | None:
    """`present:NAME` or `absent:NAME` for every name that the header lists, each answered once; `loaded:NAME` where a
    process has a module of that name loaded; `modules:unreadable` where a process did not let its modules be seen."""
    read = closed(stdout, exit_status, "folder_files")
    if not read:
        return None
    rows = [line.split(" ", 1) for line in read[1]]
    if any(len(row) != 2 or row[0] not in ("present", "absent", "loaded", "modules") for row in rows):
        return None
    if any(row[0] == "modules" and row[1] != "unreadable" for row in rows):
        return None
    names = sorted(read[0].split())
    if not names or sorted(name for word, name in rows if word in ("present", "absent")) != names:
        return None
    if not {name for word, name in rows if word == "loaded"} <= set(names):
        return None
    return frozenset(f"{word}:{name}" for word, name in rows)
