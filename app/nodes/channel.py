"""One remote call as a sequence of events with back-pressure: what is not taken is not read from the network for long."""

from __future__ import annotations

import asyncio
import signal
from collections import deque

import asyncssh

from app.nodes.guard import Event, Marks

WINDOW = 2 * 1024 * 1024
PAUSE_AT = 1024 * 1024
BATCH = (
    1024 * 1024
)  # one transaction each: fewer and larger ones doubled what reaches the database (docs/benchmarks.md)


class Channel(asyncssh.SSHClientSession[bytes]):
    """Session handler. `exit_status` stays None if the connection died first."""

    def __init__(self, mark: str) -> None:
        self.marks = Marks(mark)
        self.exit_status: int | None = None
        self._events: deque[Event] = deque()
        self._waiting = 0
        self._paused = False
        self._closed = False
        self._news = asyncio.Event()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """The channel is open; the command goes out next."""
        self.chan = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Bytes of one stream, as they came."""
        self._add(self.marks.feed("out" if datatype is None else "err", data))
        if self._waiting > PAUSE_AT and not self._paused:
            self._paused = True
            self.chan.pause_reading()

    def exit_status_received(self, status: int) -> None:
        """The command line ended by itself."""
        self.exit_status = status

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:  # noqa: ARG002
        """The command line was killed: 128 + n, as a shell says it."""
        self.exit_status = 128 + _number(signal)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Nothing more will come, in good order or not."""
        self._add(self.marks.flush("err"))
        self._closed = True
        self._news.set()

    def _add(self, events: list[Event]) -> None:
        for event in events:
            self._events.append(event)
            self._waiting += len(event[1]) if isinstance(event, tuple) else 0
        if events:
            self._news.set()

    async def take(self) -> Event | None:
        """The next words, or the next bytes of one stream (at most BATCH); None at the end."""
        while not self._events:
            if self._closed:
                return None
            self._news.clear()
            await self._news.wait()
        event = self._events.popleft()
        if isinstance(event, tuple):
            event = event[0], self._batch(event[0], event[1])
            self._waiting -= len(event[1])
        if self._paused and self._waiting < PAUSE_AT // 2:
            self._paused = False
            self.chan.resume_reading()
        return event

    def _batch(self, stream: str, first: bytes) -> bytes:
        """`first` and what follows it on the same stream, up to BATCH bytes."""
        parts, size = [first], len(first)
        while self._events and size < BATCH:
            event = self._events[0]
            if isinstance(event, list) or event[0] != stream or size + len(event[1]) > BATCH:
                break
            parts.append(event[1])
            size += len(event[1])
            self._events.popleft()
        return b"".join(parts)

    def send(self, stdin: bytes) -> None:
        """All of stdin and its end. A command line that is gone already does not want it: its answer tells why."""
        try:
            if stdin:
                self.chan.write(stdin)
            self.chan.write_eof()
        except OSError:
            return


def _number(name: str) -> int:
    try:
        return int(signal.Signals[f"SIG{name}"])
    except KeyError:
        return 0
