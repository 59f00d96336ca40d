"""Native programs: the command line that Windows PowerShell 5.1 makes of words, how programs split it, and their lines.

Embedded quotes are passed on as they are, an empty word vanishes, a word with blanks is put in quotes: the known ways of 5.1
(about_Parsing; PowerShell issue 1995). How it passes a word with blanks that ends in a backslash is not known here.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from queue import SimpleQueue

from app.lab.powershell.objects import LabDoesNotKnow
from app.lab.powershell.world import Native, NativeCall


def command_line(words: list[str]) -> str:
    """What stands behind the program on the raw command line."""
    return " ".join(_quoted(word) for word in words if word != "")


def _quoted(word: str) -> str:
    inside = False
    for character in word:
        inside ^= character == '"'
        if character.isspace() and not inside:
            if word.endswith("\\"):
                raise LabDoesNotKnow(
                    f"how PowerShell 5.1 passes on {word!r}, with blanks and a backslash at its end"
                )
            return f'"{word}"'
    return word


def split(line: str) -> list[str]:
    """A raw command line in words as the C runtime does it (CommandLineToArgvW): \\" is a quote, "" within quotes too."""
    words: list[str] = []
    current: str | None = None
    inside = False
    for piece in re.finditer(r'(\\*)(")|\\+|\s|[^\\"\s]+', line):
        slashes, quote = piece[1], piece[2]
        if quote:
            current = (current or "") + "\\" * (len(slashes) // 2)
            if len(slashes) % 2:
                current += '"'
            else:
                inside = not inside
        elif piece[0].isspace() and not inside:
            words += [current] if current is not None else []
            current = None
        else:
            current = (current or "") + piece[0]
    return words + ([current] if current is not None else [])


def lines(native: Native, call: NativeCall, codepage: str, err: Callable[[str], object]) -> Iterator[object]:
    """Run a program and yield the lines of its output as they come, `err(line)` for those of its errors, at last its
    ExitCode. The bytes are read in the code page; what does not fit it becomes the replacement character."""
    said: SimpleQueue[tuple[str, object]] = SimpleQueue()
    kept = NativeCall(
        call.name, call.line, call.argv, call.stdin, lambda data: said.put(("out", data)),
        lambda data: said.put(("err", data)), call.environment, call.folder, call.stop,
    )  # fmt: skip

    workers = ThreadPoolExecutor(1, thread_name_prefix=f"native {call.name}")
    inherited = copy_context()  # who runs the script runs what it starts
    workers.submit(inherited.run, native, kept).add_done_callback(lambda ended: said.put(("end", ended)))
    workers.shutdown(wait=False)
    readers = {kind: _Lines(codepage) for kind in ("out", "err")}
    while True:
        kind, what = said.get()
        if isinstance(what, bytes):
            for line in readers[kind].fed(what):
                yield err(line) if kind == "err" else line
            continue
        for name, reader in readers.items():
            for line in reader.fed(b"", final=True):
                yield err(line) if name == "err" else line
        assert isinstance(what, Future)
        yield ExitCode(what.result())  # an error of the lab's own is raised again here
        return


class ExitCode(int):
    """The last thing that `lines` yields."""


class _Lines:
    """Bytes to lines, piece by piece."""

    def __init__(self, codepage: str) -> None:
        self._decoder = codecs.getincrementaldecoder(codepage)("replace")
        self._rest = ""

    def fed(self, data: bytes, *, final: bool = False) -> list[str]:
        """The lines that are whole now; at the end also one without its line break."""
        self._rest += self._decoder.decode(data, final)
        *whole, self._rest = self._rest.split("\n")
        found = [line.removesuffix("\r") for line in whole]
        if final and self._rest:
            found.append(self._rest.removesuffix("\r"))
            self._rest = ""
        return found
