"""Reads stored output by offset and by line, in short transactions: none is open while anything is sent.

A stream never changes but at its end, so what was read under one size stays true. Owns no HTTP.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cached_property

from app.actions.outputs import unpacked
from app.db import Database
from app.domain.errors import NotFound
from app.domain.lifecycle import OPEN_ATTEMPT
from app.models import Attempt, OutputChunk
from app.models.steps import chunks
from app.web.lines import MAX_LINE_BYTES, Found, Search, ShownLine, shown_line

KEPT_PIECES = 8
BATCH = 16
SEARCHED_AT_ONCE = 64 * 1024 * 1024  # bytes
PAGE_BYTES = 2 * 1024 * 1024


class Piece:
    """A stored chunk, unpacked when its bytes are first asked for."""

    def __init__(self, chunk: OutputChunk) -> None:
        self.offset = chunk.offset
        self.end = chunk.offset + chunk.size
        self.first_line = chunk.first_line
        self._packed = chunk.data

    @cached_property
    def data(self) -> bytes:
        """The raw bytes."""
        return unpacked(self._packed)


@dataclass(frozen=True)
class Page:
    """Consecutive lines from `first` on (numbered from 0). `total` counts an unfinished last line too; the last line begins
    at byte `tail_offset` and has the number `tail_line`: where a live view goes on. `cut`: places in `lines` that were cut.
    """

    first: int
    lines: list[str]
    cut: list[int]
    total: int
    size: int
    complete: bool
    tail_line: int
    tail_offset: int


class StoredOutput:
    """One stream of one attempt as it stood when opened."""

    def __init__(self, database: Database, attempt: Attempt, stream: str) -> None:
        self.attempt_id = attempt.id
        self.stream = stream
        self.size = attempt.size(stream)
        self.feeds = attempt.out_lines if stream == "out" else attempt.err_lines
        self.complete = attempt.attempt_state not in OPEN_ATTEMPT
        self._database = database
        self._pieces: OrderedDict[int, Piece] = OrderedDict()

    @classmethod
    async def open(cls, database: Database, attempt_id: int, stream: str) -> StoredOutput:
        """Raises NotFound where there is no such attempt."""
        async with database.reading() as db:
            attempt = await db.get(Attempt, attempt_id)
        if attempt is None:
            raise NotFound("no_such_attempt", "その実行の記録はありません。", "There is no such attempt.")
        return cls(database, attempt, stream)

    async def pieces(self, offset: int) -> list[Piece]:
        """The next few pieces that hold bytes from `offset` on."""
        async with self._database.reading() as db:
            return [Piece(chunk) for chunk in await chunks(db, self.attempt_id, self.stream, offset, BATCH)]

    async def raw(self) -> AsyncIterator[bytes]:
        """Every byte up to the size at opening."""
        offset = 0
        while offset < self.size and (found := await self.pieces(offset)):
            for piece in found:
                yield piece.data[offset - piece.offset : self.size - piece.offset]
                offset = piece.end

    async def piece_at(self, offset: int) -> Piece:
        """The piece that holds the byte at `offset`, which lies below the size."""
        for piece in self._pieces.values():
            if piece.offset <= offset < piece.end:
                return piece
        async with self._database.reading() as db:
            (chunk,) = await chunks(db, self.attempt_id, self.stream, offset, 1)
        piece = self._pieces[chunk.offset] = Piece(chunk)
        if len(self._pieces) > KEPT_PIECES:
            self._pieces.popitem(last=False)
        return piece

    async def line_start(self, number: int) -> int:
        """The offset at which a line begins; the size, where the output ends before it does."""
        if number == 0:
            return 0
        if number > self.feeds:
            return self.size
        piece = await self._piece_before_line(number)
        place = -1
        for _ in range(number - piece.first_line):
            place = piece.data.index(b"\n", place + 1)
        return piece.offset + place + 1

    async def _piece_before_line(self, number: int) -> Piece:
        """The piece with the line feed before a line: the last one whose first line is smaller. Halves the range each time."""
        found, beyond = await self.piece_at(0), self.size
        while found.end < beyond:
            probe = await self.piece_at(max(found.end, (found.offset + beyond) // 2))
            if probe.first_line < number:
                found = probe
            else:
                beyond = probe.offset
        return found

    async def page(self, first: int, count: int, codec: str) -> Page:
        """Lines from `first` on, `count` at most and fewer where they are long."""
        tail_line, tail_offset = self.feeds, await self.line_start(self.feeds)
        total = tail_line + (tail_offset < self.size)
        first = max(0, min(first, total))
        lines: list[ShownLine] = []
        offset, taken = await self.line_start(first), 0
        while offset < self.size and len(lines) < count and taken < PAGE_BYTES:
            raw, following = await self._line(first + len(lines), offset)
            lines.append(shown_line(raw, codec, more=following - offset > len(raw) + 1))
            taken, offset = taken + len(raw), following
        cut = [place for place, line in enumerate(lines) if line.cut]
        texts = [line.text for line in lines]
        return Page(first, texts, cut, total, self.size, self.complete, tail_line, tail_offset)

    async def _line(self, number: int, offset: int) -> tuple[bytes, int]:
        """A line's bytes without its line feed, MAX_LINE_BYTES at most, and where the next line begins."""
        raw = b""
        while offset + len(raw) < self.size and len(raw) < MAX_LINE_BYTES:
            piece = await self.piece_at(offset + len(raw))
            begin = offset + len(raw) - piece.offset
            limit = begin + MAX_LINE_BYTES - len(raw)
            end = piece.data.find(b"\n", begin, limit)
            if end >= 0:
                return raw + piece.data[begin:end], piece.offset + end + 1
            raw += piece.data[begin:limit]
        if offset + len(raw) == self.size:
            return raw, self.size
        return raw, await self.line_start(number + 1)

    async def search(self, text: str, codec: str, offset: int, limit: int) -> Found:
        """Lines from `offset` on that hold the text; a bounded amount of output a call."""
        search = Search(text, codec, limit)
        if not search.possible:
            return Found([], None)
        begin, resume = offset, offset
        while offset < self.size and (offset - begin < SEARCHED_AT_ONCE or resume <= begin):
            found = await self.pieces(offset)
            full = await asyncio.to_thread(_feed, search, found, offset)
            if full is not None:
                return Found(search.lines, full if full < self.size else None)
            offset, resume = found[-1].end, search.resume()
        return Found(search.lines, resume if offset < self.size else None)


def _feed(search: Search, pieces: list[Piece], offset: int) -> int | None:
    for piece in pieces:
        skipped = max(0, offset - piece.offset)
        line = piece.first_line + piece.data.count(b"\n", 0, skipped)
        resume = search.feed(piece.data[skipped:], piece.offset + skipped, line)
        if resume is not None:
            return resume
    return None
