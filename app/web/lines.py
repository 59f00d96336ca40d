"""Raw output as lines and matches. Pure: bytes in, data out; where the bytes come from is stored.py's.

A line feed is the byte 0x0A in every codec offered here, never the second byte of a character, so bytes are split first and
decoded afterwards. What cannot be decoded is shown as U+FFFD; the raw download has everything.
"""

from __future__ import annotations

import codecs
from typing import NamedTuple

CODECS = {"utf-8": "utf-8", "euc-jp": "euc_jp", "cp932": "cp932"}
MAX_LINE_BYTES = 16_000
MAX_LINE_CHARS = 4_000


class ShownLine(NamedTuple):
    """A line for the viewer: without its line end, and whether it was cut."""

    text: str
    cut: bool


def shown_line(raw: bytes, codec: str, more: bool = False) -> ShownLine:
    """The first MAX_LINE_CHARS characters of a line. `more`: the line goes on behind `raw`, which may end inside a character."""
    decoder = codecs.getincrementaldecoder(CODECS[codec])(errors="replace")
    text = decoder.decode(raw[:MAX_LINE_BYTES], final=not more and len(raw) <= MAX_LINE_BYTES)
    cut = more or len(raw) > MAX_LINE_BYTES or len(text) > MAX_LINE_CHARS
    return ShownLine(text[:MAX_LINE_CHARS] if cut else text.removesuffix("\r"), cut)


class Found(NamedTuple):
    """Numbers of the lines that match, and where to go on: None at the end of what was searched."""

    lines: list[int]
    resume: int | None


class Search:
    """Looks for a text in consecutive pieces of output. Feed the pieces in order; `lines` grows.

    ASCII letters match in either case. Bytes are searched, and in the codecs whose characters may overlap a match must begin
    at a character.
    """

    def __init__(self, text: str, codec: str, limit: int) -> None:
        self.needle = _folded(text.encode(CODECS[codec], errors="ignore"))
        self.possible = (
            bool(text) and text.encode(CODECS[codec], errors="replace").decode(CODECS[codec]) == text
        )
        self.lines: list[int] = []
        self._codec = CODECS[codec]
        self._limit = limit
        self._carry = b""

    def feed(self, data: bytes, offset: int, line: int) -> int | None:
        """Search a piece that begins at `offset`, after `line` line feeds. Where to resume, once there are enough lines."""
        raw = self._carry + data
        line -= self._carry.count(b"\n")
        base, buffer, counted, place = offset - len(self._carry), _folded(raw), 0, 0
        while (match := buffer.find(self.needle, place)) >= 0:
            if not self._at_character(raw, match):
                place = match + 1
                continue
            line += buffer.count(b"\n", counted, match)
            counted = match
            if not self.lines or self.lines[-1] != line:
                self.lines.append(line)
            end = buffer.find(b"\n", match)
            place = len(buffer) if end < 0 else end + 1
            if len(self.lines) >= self._limit:
                return base + place
        keep = min(len(self.needle) - 1, len(raw))
        self._carry = raw[len(raw) - keep :] if keep else b""
        return None

    @property
    def overlap(self) -> int:
        """Bytes before a resumed search's start that a match may begin in."""
        return len(self._carry)

    def _at_character(self, raw: bytes, match: int) -> bool:
        if self._codec == "utf-8":
            return True
        begin = raw.rfind(b"\n", 0, match) + 1
        decoder = codecs.getincrementaldecoder(self._codec)(errors="replace")
        decoder.decode(raw[begin:match])
        return not decoder.getstate()[0]


def _folded(data: bytes) -> bytes:
    return data.lower()  # ASCII letters alone
