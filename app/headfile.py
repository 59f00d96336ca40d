"""The head of the audit chain, kept in a file outside the database: what finds a truncated chain.

One line an append, "seq hash", flushed to disk. Only ever appended to; the last line is the head. Copy the file to
another machine from time to time, and whoever can change the database cannot change what it says.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class HeadFile:
    """Append-only; safe for several processes on one machine."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, seq: int, digest: bytes) -> None:
        """Append the new head, unless a later one is there already."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if self._last_seq(file.fileno()) >= seq:
                return
            file.write(f"{seq} {digest.hex()}\n".encode())
            file.flush()
            os.fdatasync(file.fileno())

    def heads(self) -> list[tuple[int, bytes]]:
        """Every (seq, hash) kept, oldest first. Raises ValueError for a damaged line, which is itself a finding."""
        if not self.path.exists():
            return []
        kept = []
        for number, line in enumerate(self.path.read_text().splitlines(), 1):
            seq, _, digest = line.partition(" ")
            if not seq.isdigit() or len(digest) != 64:
                raise ValueError(f"{self.path}:{number}: not a head of the chain")
            kept.append((int(seq), bytes.fromhex(digest)))
        return kept

    @staticmethod
    def _last_seq(descriptor: int) -> int:
        size = os.fstat(descriptor).st_size
        tail = os.pread(descriptor, 200, max(0, size - 200)).decode(errors="replace").strip().splitlines()
        return int(tail[-1].partition(" ")[0]) if tail else 0
