"""What a command or a pool says, on its way to the client's Receive. Owns the order and the bytes; knows no message."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from app.lab.winrm import soap

ROOM = (
    8 * 1024 * 1024
)  # what is kept for a client that does not fetch; then the script waits, as on Windows (Block)
BLOCK = 32 * 1024


class Gone(Exception):
    """The client who asked is not there any more: nothing is taken out for it."""


@dataclass(frozen=True)
class Batch:
    """What one Receive carries away: (stream, bytes) in order, whether that was all, and the exit code then."""

    chunks: tuple[tuple[str, bytes], ...]
    done: bool
    exit_code: int | None


class Flow:
    """A queue with one writer at least and one reader at most; what could not be delivered is put back in front."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._chunks: deque[tuple[str, bytes]] = deque()
        self._size = 0
        self._done = self._closed = False
        self._exit_code: int | None = None

    def put(self, stream: str, data: bytes) -> None:
        """Append bytes to a stream, in blocks that fit an envelope."""
        with self._changed:
            if self._closed:
                return
            for start in range(0, len(data), BLOCK):
                self._chunks.append((stream, data[start : start + BLOCK]))
            self._size += len(data)
            self._changed.notify_all()

    def end(self, exit_code: int | None = None) -> None:
        """Nothing will follow."""
        with self._changed:
            self._done, self._exit_code = True, exit_code
            self._changed.notify_all()

    def close(self) -> None:
        """The shell is gone: whoever waits hears it, what is kept is dropped."""
        with self._changed:
            self._closed = True
            self._chunks.clear()
            self._size = 0
            self._changed.notify_all()

    def wake(self) -> None:
        """Let whoever waits look again whether its client or its stop is there."""
        with self._changed:
            self._changed.notify_all()

    def wait_for_room(self, stop: threading.Event) -> None:
        """Wait while more is kept than a client that does not fetch may leave here."""
        with self._changed:
            self._changed.wait_for(lambda: self._size < ROOM or self._closed or stop.is_set())

    def take(self, timeout: float, limit: int, gone: Callable[[], bool]) -> Batch:
        """Wait for something and take at most about `limit` bytes. Raises Fault (timed out, shell lost) and Gone."""

        def worth_looking() -> bool:
            return bool(self._chunks) or self._done or self._closed or gone()

        with self._changed:
            self._changed.wait_for(worth_looking, timeout)
            if gone():
                raise Gone
            if self._closed:
                raise soap.lost()
            if not self._chunks and not self._done:
                raise soap.timed_out()
            return self._cut_off(limit)

    def _cut_off(self, limit: int) -> Batch:
        taken: list[tuple[str, bytes]] = []
        size = 0
        while self._chunks and (not taken or size + len(self._chunks[0][1]) <= limit):
            taken.append(self._chunks.popleft())
            size += len(taken[-1][1])
        self._size -= size
        self._changed.notify_all()
        done = self._done and not self._chunks
        return Batch(tuple(taken), done, self._exit_code if done else None)

    def put_back(self, batch: Batch) -> None:
        """The reply did not arrive: the next Receive gets the same."""
        with self._changed:
            if self._closed:
                return
            self._chunks.extendleft(reversed(batch.chunks))
            self._size += sum(len(data) for _, data in batch.chunks)
            self._changed.notify_all()
