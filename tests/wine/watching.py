"""What happens to the names in a folder, in the order in which it happens: Linux's inotify."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_KINDS = {0x8: "written", 0x40: "from", 0x80: "to", 0x100: "made"}
_HEAD = struct.Struct("iIII")


@contextmanager
def watched(folder: Path) -> Iterator[list[tuple[str, str]]]:
    """Yields a list that holds, behind the block, pairs of what happened (made, written, renamed from, to) and the name."""
    library = ctypes.CDLL(None, use_errno=True)
    handle = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert handle >= 0
    assert library.inotify_add_watch(handle, os.fsencode(folder), sum(_KINDS)) >= 0
    seen: list[tuple[str, str]] = []
    try:
        yield seen
        data = os.read(handle, 1 << 20)
    finally:
        os.close(handle)
    while data:
        _watch, mask, _cookie, length = _HEAD.unpack_from(data)
        name = data[_HEAD.size : _HEAD.size + length].rstrip(b"\0").decode()
        seen += [(word, name) for bit, word in _KINDS.items() if mask & bit]
        data = data[_HEAD.size + length :]
