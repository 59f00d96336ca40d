"""Sessions that a dead console has left on a Windows node: how ours are named, and which of them are nobody's any more.

Decides by the name alone: it says which machine and which process opened the session. What another console, or another
program, has opened there is never touched.
"""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path


def own_name() -> str:
    """The name of the sessions that this process opens: machine, process, and when the process began."""
    pid = os.getpid()
    return f"Tejun {_machine()} {pid} {_began(pid) or 0}"


def is_left_over(name: str | None) -> bool:
    """Whether a session of that name was opened on this machine by a process that is gone."""
    words = (name or "").split()
    if len(words) != 4 or words[:2] != ["Tejun", _machine()] or not words[2].isdigit() or words[3] == "0":
        return False
    return _began(int(words[2])) != words[3]


def _machine() -> str:
    """This machine, and the numbering of its processes (containers may share a name)."""
    told = [socket.gethostname()]
    for path, read in (("/etc/machine-id", Path.read_text), ("/proc/self/ns/pid", Path.readlink)):
        try:
            told.append(str(read(Path(path))))
        except OSError:
            told.append("")
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]


def _began(pid: int) -> str | None:
    """When a process began, in ticks; None where there is none, or the system does not say it so."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
    except OSError:
        return None
    return told.rpartition(")")[2].split()[19]
