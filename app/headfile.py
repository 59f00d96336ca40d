"""The head of the audit chain, kept in a file outside the database: what finds a truncated chain.

One line an append, "seq hash", flushed to disk. Only ever appended to; the last line is the head. Copy the file to
another machine from time to time, and whoever can change the database cannot change what it says.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

_LINE = re.compile(rb"(\d+) ([0-9a-f]{64})\n")


class HeadFile:
    """Append-only; safe for several processes on one machine."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, seq: int, digest: bytes) -> None:
        """Append the new head, unless a later one is there already. A line torn by a power cut is closed, not continued."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            descriptor = file.fileno()
            size = os.fstat(descriptor).st_size
            tail = os.pread(descriptor, 400, max(0, size - 400))
            last = _LINE.findall(tail)
            if last and int(last[-1][0]) >= seq:
                return
            torn = b"" if tail.endswith(b"\n") or not tail else b"\n"
            os.write(descriptor, torn + f"{seq} {digest.hex()}\n".encode())
            os.fdatasync(descriptor)

    def heads(self) -> list[tuple[int, bytes]]:
        """Every (seq, hash) kept, oldest first; lines that are none are left out, see `damaged`."""
        return [
            (int(seq), bytes.fromhex(digest.decode()))
            for line in self._lines()
            for seq, digest in _LINE.findall(line)
        ]

    def damaged(self) -> list[int]:
        """Numbers of the lines that are no head: torn by a power cut at the very moment, or changed by somebody."""
        return [number for number, line in enumerate(self._lines(), 1) if not _LINE.fullmatch(line)]

    def _lines(self) -> list[bytes]:
        return self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []
