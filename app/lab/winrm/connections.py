"""The TCP connections that are open: which, whether the client is still there, how they end. Reads and writes nothing."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from threading import Lock

_GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR | select.POLLNVAL


class Connections:
    """All connections of one endpoint, plain or TLS."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self.accepted = 0

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: socket.socket) -> None:
        """A client has connected."""
        with self._lock:
            self._open.add(connection)
            self.accepted += 1

    def remove(self, connection: socket.socket) -> None:
        """It is about to be closed by its own thread."""
        with self._lock:
            self._open.discard(connection)

    def cut(self) -> None:
        """Reset every connection: its thread sees the end, closes, and the kernel sends RST."""
        with self._lock:
            for connection in self._open:
                reset_on_close(connection)
                _end_reading(connection)

    def close(self) -> None:
        """End every connection in an orderly way."""
        with self._lock:
            for connection in self._open:
                _end_reading(connection)


def reset_on_close(connection: socket.socket) -> None:
    """Closing will send RST in place of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def gone(connection: socket.socket) -> bool:
    """Whether the other end has closed or reset it, or we have cut it. Does not wait."""
    asked = select.poll()
    try:
        asked.register(connection, select.POLLRDHUP)
    except ValueError:  # closed
        return True
    return any(event & _GONE for _, event in asked.poll(0))


def _end_reading(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # its client was faster
        socket.socket.shutdown(connection, socket.SHUT_RD)  # of TLS too: the socket beneath
