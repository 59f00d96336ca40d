"""Parsers of probes that only Windows answers. Pure; the rules are those of parsers.py. Localised text is never looked at."""

from __future__ import annotations

import re

from app.domain.answers import closed
from app.domain.errors import Invalid
from app.domain.parsers import Facts
from app.domain.versions import Version

_SERVICE = {
    "Running": "running",
    "Stopped": "stopped",
    "Paused": "paused",
    "StartPending": "start-pending",
    "StopPending": "stop-pending",
    "ContinuePending": "continue-pending",
    "PausePending": "pause-pending",
    "absent": "absent",
}
"""The names of ServiceControllerStatus as .NET prints them in every language, and our tokens."""
_DRIVE = re.compile(r"\S+ ([0-9]{1,18})")
_DISPLAY_VERSION = re.compile(r"R?([0-9]+\.[0-9]+(?:\.[0-9]+)?)(?:\.0)?", re.ASCII)


def service(stdout: bytes, exit_status: int) -> Facts | None:
    """`NAME:running`, `:stopped`, `:absent`, `:start-pending`, `:stop-pending`, `:paused`; NAME as it was asked for."""
    read = closed(stdout, exit_status, "service")
    if not read or not read[0] or len(read[1]) != 1 or read[1][0] not in _SERVICE:
        return None
    return frozenset({f"{read[0]}:{_SERVICE[read[1][0]]}"})


def environment_windows(stdout: bytes, exit_status: int) -> Facts | None:
    """Where NQS_SITE is set for later commands: `NQS_SITE:session`, `:machine`, `:user` (errata E3, E4).

    Every place must have been answered. `user` is the one that the console signs in as."""
    read = closed(stdout, exit_status, "environment")
    if not read:
        return None
    rows = [line.split(":") for line in read[1]]
    places = sorted(row[1] for row in rows if len(row) == 2 and row[0] in ("NQS_SITE", "clear"))
    if len(places) != len(rows) or places != ["machine", "session", "user"]:
        return None
    return frozenset(f"NQS_SITE:{place}" for word, place in rows if word == "NQS_SITE")


def versions_windows(stdout: bytes, exit_status: int) -> Facts | None:
    """`version:R16.3` of JobCenter MG/SV, from the lists of installed programs; rows are `VERSION NAME`. `version:absent` where
    no row is MG/SV's: proof of an uninstallation on a node whose list showed a version before.

    That the list carries JobCenter's version so is an inference (facts 1.4: tag [I]); no public source shows the entry. So
    what differs from the expected form, or entries of two lines of versions at once, is no answer, and a person decides.
    """
    read = closed(stdout, exit_status, "versions")
    rows = [line.split(" ", 1) for line in read[1]] if read else []
    if not read or any(len(row) != 2 for row in rows):
        return None
    if all(_is_clwin(name) for _version, name in rows):
        return frozenset({"version:absent"})
    written = [_DISPLAY_VERSION.fullmatch(version) for version, name in rows if not _is_clwin(name)]
    try:
        found = [Version.parse("R" + version[1]) for version in written if version]
    except Invalid:
        return None
    if len(found) != len(written) or len({version.line for version in found}) > 1:
        return None
    return frozenset({"version:" + max(found).canonical})


def clwin(stdout: bytes, exit_status: int) -> Facts | None:
    """`clwin:installed` or `clwin:absent`, from the lists of installed programs (an inference as in `versions_windows`).

    Rows are the programs with JobCenter in their name, then `folder` or `no-folder`: a folder that is there
    without an entry in the list is no answer."""
    read = closed(stdout, exit_status, "clwin")
    if not read or not read[1] or read[1][-1] not in ("folder", "no-folder"):
        return None
    if any(_is_clwin(row) for row in read[1][:-1]):
        return frozenset({"clwin:installed"})
    return frozenset({"clwin:absent"}) if read[1][-1] == "no-folder" else None


def _is_clwin(name: str) -> bool:
    return "cl/win" in name.lower()


def disk_windows(stdout: bytes, exit_status: int) -> Facts | None:
    """`enough` when every drive listed (`C:\\ KIB`) has the KiB that the header asks for, else `short`."""
    read = closed(stdout, exit_status, "disk")
    rows = [_DRIVE.fullmatch(line) for line in read[1]] if read else []
    if not read or not rows or not all(rows) or not re.fullmatch(r"[0-9]{1,18}", read[0]):
        return None
    wanted = int(read[0])
    return frozenset({"enough" if all(int(row[1]) >= wanted for row in rows if row) else "short"})
