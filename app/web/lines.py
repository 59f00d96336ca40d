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
        self.possible = bool(text) and text.encode(CODECS[codec], "replace").decode(CODECS[codec]) == text
        self.lines: list[int] = []
        self._codec = CODECS[codec]
        self._limit = limit
        self._carry = b""  # the end of what was fed: a match may begin in it
        self._lead = b""  # the bytes before the carry that began a character and did not end it
        self._resume = 0

    def feed(self, data: bytes, offset: int, line: int) -> int | None:
        """Search a piece that begins at `offset`, after `line` line feeds. Where to resume, once there are enough lines."""
        raw = self._carry + data
        line -= self._carry.count(b"\n")
        base, buffer, counted, place = offset - len(self._carry), _folded(raw), 0, 0
        while (match := buffer.find(self.needle, place)) >= 0:
            if self._pending(raw, match):
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
        self._keep(raw, base)
        return None

    def resume(self) -> int:
        """Where a later search goes on: the last line's beginning, where one was seen, so that characters are whole."""
        return self._resume

    def _keep(self, raw: bytes, base: int) -> None:
        edge = max(0, len(raw) - len(self.needle) + 1)
        self._lead = self._pending(raw, edge)
        self._carry = raw[edge:]
        feed = raw.rfind(b"\n")
        self._resume = base + feed + 1 if feed >= 0 else max(self._resume, base + edge)

    def _pending(self, raw: bytes, place: int) -> bytes:
        """What of the bytes before `place` began a character and did not end it."""
        if self._codec == "utf-8":
            return b""
        begin = raw.rfind(b"\n", 0, place) + 1
        decoder = codecs.getincrementaldecoder(self._codec)(errors="replace")
        decoder.decode(raw[begin:place] if begin else self._lead + raw[:place])
        return decoder.getstate()[0]


def _folded(data: bytes) -> bytes:
    return data.lower()  # ASCII letters alone
