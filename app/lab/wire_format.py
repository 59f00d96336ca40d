"""How the keeper is spoken to: one JSON object a line over a UNIX socket, one answer, end. Owns the client's half."""

from __future__ import annotations

import json
import socket
from typing import Any


def exchange(connection: socket.socket, request: dict[str, Any]) -> dict[str, Any]:
    """Ask on a connected socket, and wait for the answer. Raises OSError, and EOFError when the keeper ends before it."""
    connection.sendall(json.dumps(request).encode() + b"\n")
    with connection.makefile("rb") as stream:
        line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError("the lab ended before it answered")
    answer: dict[str, Any] = json.loads(line)
    return answer
