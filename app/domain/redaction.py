"""Overwrites the console's own known secrets in raw output, at equal length, wherever chunks are cut. Keeps no output.

Bytes that could be the beginning of a secret are held back until the next chunk decides (never more than the longest
secret less one byte); everything else passes at once, so that a live view does not lag.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MASK = b"*"


@dataclass(frozen=True)
class Span:
    """A place in the whole stream, in bytes: where a secret stood."""

    offset: int
    length: int


class Redactor:
    """One per stream of one attempt. Feed chunks in order, then `flush`. `secrets` are exact byte strings: pass every
    encoding in which a node may print one; empty ones are ignored."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        self._secrets = tuple(sorted({secret for secret in secrets if secret}, key=len, reverse=True))
        self._raw = b""
        self._shown = b""
        self._offset = 0

    def feed(self, chunk: bytes) -> tuple[bytes, tuple[Span, ...]]:
        """The bytes that are now certain, and the secrets found in this call (offsets count from the stream's first byte)."""
        raw = self._raw + chunk
        shown = bytearray(self._shown + chunk)
        # What was held back is shorter than any secret it could begin, so every place found ends in the new chunk.
        places = _merge(self._places(raw, len(self._raw)))
        for start, end in places:
            shown[start:end] = MASK * (end - start)
        cut = len(raw) - self._open_end(raw)
        # never within a place found: a follower that begins again there must see the whole secret
        cut = min([cut, *(start for start, end in places if start < cut < end)])
        spans = tuple(Span(self._offset + start, end - start) for start, end in places)
        self._raw, self._shown = raw[cut:], bytes(shown[cut:])
        self._offset += cut
        return bytes(shown[:cut]), spans

    def flush(self) -> bytes:
        """What was held back when the stream ended: it was no secret."""
        rest, self._raw, self._shown = self._shown, b"", b""
        self._offset += len(rest)
        return rest

    def _places(self, raw: bytes, known: int) -> list[tuple[int, int]]:
        found = []
        for secret in self._secrets:
            start = raw.find(secret, max(0, known - len(secret) + 1))
            while start >= 0:
                found.append((start, start + len(secret)))
                start = raw.find(secret, start + 1)
        return sorted(found)

    def _open_end(self, raw: bytes) -> int:
        """Length of the longest end of `raw` that is the beginning of a secret."""
        longest = 0
        for secret in self._secrets:
            for length in range(min(len(secret) - 1, len(raw)), longest, -1):
                if raw.endswith(secret[:length]):
                    longest = length
                    break
        return longest


def _merge(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in places:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
