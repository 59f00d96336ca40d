"""A view of raw output as text. The bytes stay what they are: U+FFFD for what cannot be decoded exists in the view alone.

0x0A is never the second byte of a character in UTF-8, EUC-JP or CP932, so lines may be found in the raw bytes.
"""

from __future__ import annotations

import codecs
from typing import Literal, get_args

Encoding = Literal["utf-8", "euc-jp", "cp932"]
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)


class View:
    """Decodes chunks of one stream in order; a character that hangs over the end of a chunk waits for the next one."""

    def __init__(self, encoding: Encoding) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def text(self, chunk: bytes, *, last: bool = False) -> str:
        """The text that `chunk` completes; `last` shows what is left over as U+FFFD."""
        return self._decoder.decode(chunk, final=last)


def decode(data: bytes, encoding: Encoding) -> str:
    """All of `data` as text, undecodable bytes as U+FFFD."""
    return data.decode(encoding, "replace")


def line_starts(chunk: bytes, offset: int = 0) -> list[int]:
    """Offsets at which a new line starts after a newline in `chunk`, which itself stands at `offset`.

    The last of them is the end of the chunk if it ends with a newline. Offset 0 is not listed: every stream starts a line.
    """
    starts, at = [], chunk.find(b"\n")
    while at >= 0:
        starts.append(offset + at + 1)
        at = chunk.find(b"\n", at + 1)
    return starts


def whole_lines(data: bytes) -> tuple[bytes, bytes]:
    """`data` up to and with its last newline, and the rest."""
    cut = data.rfind(b"\n") + 1
    return data[:cut], data[cut:]
