"""ps in plain mode: the machine's ps, asked for this node's processes alone. Owns the rewriting of ps's arguments."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.lab.processes import of_node

_WITH_VALUE = ("o", "O", "C", "p", "u", "U", "t", "g", "G", "s")
_EVERY = "eAadNT"


def rewrite(arguments: list[str], pids: set[int], names: dict[int, str]) -> list[str]:
    """Arguments for the real ps. Selections (-e, -A, ax, -C, -u …) become a list of the node's own pids; the format stays."""
    kept: list[str] = []
    chosen = set(pids)
    words = iter(arguments)
    for word in words:
        if word.startswith("--") or not word.startswith("-"):
            letters = (
                word if word.startswith("--") else "".join(letter for letter in word if letter not in "axr")
            )
            kept += [letters] if letters else []  # BSD letters: ps ax, ps aux
            continue
        flags = word.lstrip("-")
        stop = next((at for at, letter in enumerate(flags) if letter in _WITH_VALUE), None)
        plain = "".join(letter for letter in flags[:stop] if letter not in _EVERY)
        if plain:
            kept.append(f"-{plain}")
        if stop is None:
            continue
        value = flags[stop + 1 :] or next(words, "")
        if flags[stop] in "oO":
            kept += [f"-{flags[stop]}", value]
        elif flags[stop] == "p":
            chosen &= {int(pid) for pid in value.replace(",", " ").split() if pid.isdigit()}
        elif flags[stop] == "C":
            chosen = {pid for pid in chosen if names.get(pid) in value.split(",")}
    return [*kept, "-p", ",".join(map(str, sorted(chosen))) if chosen else str(2**22 + 1)]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def main() -> int:
    """sys.argv: node folder, the real ps, and then ps's own arguments. Replaces this process."""
    pids = of_node(Path(sys.argv[1])) | {os.getpid()}
    os.execv(sys.argv[2], ["ps", *rewrite(sys.argv[3:], pids, {pid: _name(pid) for pid in pids})])
