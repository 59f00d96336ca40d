"""pcs and crm_mon on a node: hand the arguments to the lab's cluster manager and print what it answers."""

from __future__ import annotations

import os
import socket
import sys

from app.lab.model import Layout
from app.lab.wire_format import exchange

_NO_CLUSTER = {
    "crm_mon": (102, "crm_mon: Connection to cluster failed: Transport endpoint is not connected\n"),
    "pcs": (1, "Error: cluster is not currently running on this node\n"),
}


def main() -> int:
    """sys.argv: lab directory, node, command, and then the command's own arguments; the exit code."""
    directory, node, command, *arguments = sys.argv[1:]
    os.chdir(directory)  # a socket's path may be no longer than 107 bytes
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(Layout.SOCKET)
            answer = exchange(
                connection, {"do": "cluster", "node": node, "command": command, "arguments": arguments}
            )
        except (OSError, EOFError):
            status, text = _NO_CLUSTER[command]
            sys.stderr.write(text)
            return status
    sys.stdout.write(answer["out"])
    sys.stdout.flush()
    sys.stderr.write(answer["err"])
    return int(answer["status"])
