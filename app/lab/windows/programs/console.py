"""What every program here needs: text out in the machine's code page, and a refusal that ends the program with its number."""

from __future__ import annotations

from collections.abc import Callable

from app.lab.powershell.world import Native, NativeCall
from app.lab.windows.cluster.errors import ClusterError
from app.lab.windows.refusals import Refusal

CODEPAGE = "cp932"


class Usage(Exception):
    """The program does not know these words: its text on stderr, and 1."""


def say(call: NativeCall, *lines: str) -> None:
    """Lines to stdout."""
    call.out("".join(f"{line}\r\n" for line in lines).encode(CODEPAGE, "replace"))


def complain(call: NativeCall, *lines: str) -> None:
    """Lines to stderr."""
    call.err("".join(f"{line}\r\n" for line in lines).encode(CODEPAGE, "replace"))


def program(run: Callable[[NativeCall], int], usage: int = 1, refused: int | None = None) -> Native:
    """A native program: a Refusal or ClusterError becomes its exit code (or `refused`), words that it does not know `usage`."""

    def guarded(call: NativeCall) -> int:
        try:
            return run(call)
        except Usage as wrong:
            complain(call, f"ERROR: Invalid syntax: {wrong}")
            return usage
        except (Refusal, ClusterError) as refusal:
            complain(call, f"System error {refusal.code} has occurred.", str(refusal))
            return refusal.code if refused is None else refused

    return guarded


def unquoted(word: str) -> str:
    """A word without the quotes around it."""
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] == '"' else word
