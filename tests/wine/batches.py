"""Batch files by the dozen: all of a table in one start of cmd.exe, each in a folder of its own. Owns how an outcome is seen."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.wine.machines import Machine

_EACH = """\
cd /d C:\\cases\\{name}
"%ComSpec%" /d /c case.cmd one "two words" 1>..\\{name}.out 2>..\\{name}.err <nul
>..\\{name}.rc echo %ERRORLEVEL% .
"""


@dataclass(frozen=True)
class Outcome:
    """Exit status, stdout with LF, whether anything was said on stderr (texts are translated), the files (folders end in /)."""

    status: int
    out: str
    complained: bool
    files: Mapping[str, str]


def outcomes(
    machine: Machine, batches: Mapping[str, str], before: Mapping[str, str] | None = None
) -> dict[str, Outcome]:
    """Run `batches` (name -> text); `before`: files that every one finds in its folder."""
    place = machine.drive / "cases"
    place.mkdir(exist_ok=True)
    for name, text in batches.items():
        (place / name).mkdir()
        for file, content in {"case.cmd": "@echo off\n" + text, **(before or {})}.items():
            (place / name / file).write_bytes(encoded(content))
    lines = "".join(_EACH.format(name=name) for name in batches)
    (place / "all.cmd").write_bytes(encoded("@echo off\n" + lines))
    machine.start(r"C:\cases\all.cmd")
    return {name: _outcome(place, name, set(before or ())) for name in batches}


def encoded(text: str) -> bytes:
    """As a file of a Japanese Windows."""
    return text.replace("\n", "\r\n").encode("cp932")


def _outcome(place: Path, name: str, before: set[str]) -> Outcome:
    told = (place / f"{name}.rc").read_bytes()
    found = re.fullmatch(rb"(-?\d+) \.\r\n", told)
    assert found, (name, told)
    out = (place / f"{name}.out").read_bytes().decode("cp932")
    return Outcome(
        int(found[1]), _lines(out), bool((place / f"{name}.err").read_bytes()), dict(_files(place / name))
    )


def _files(folder: Path) -> list[tuple[str, str]]:
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            found.append((name + "/", ""))
        elif name != "case.cmd":
            data = path.read_bytes()
            wide = data.startswith(codecs.BOM_UTF16_LE)
            found.append((name, _lines(data.decode("utf-16" if wide else "cp932"))))
    return found


def _lines(text: str) -> str:
    assert "\n" not in text.replace("\r\n", ""), text
    return text.replace("\r\n", "\n")
