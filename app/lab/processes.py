"""Which processes belong to a node, and which sites live there. Reads /proc and pid files; `sweep` alone ends anything.

A node's processes carry its folder in the environment variable MARK; in plain mode nothing else tells them apart.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

MARK = "TEJUN_LAB_NODE"


def _name(pid: int) -> str | None:
    """Base name of the program a process shows; None for one that is gone, "" for a zombie."""
    try:
        first = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return first.decode(errors="replace").rpartition("/")[2]


def living(run: Path) -> dict[str, list[str]]:
    """Site -> names of its processes that live, by the pid files under a node's run folder (same pid namespace)."""
    found: dict[str, list[str]] = {}
    for file in sorted(run.glob("*/*.pid")):
        text = file.read_text().strip()
        if text.isdigit() and _name(int(text)) == file.stem:
            found.setdefault(file.parent.name, []).append(file.stem)
    return found


def of_node(folder: Path) -> set[int]:
    """Process ids that carry the node's mark, and what descends from them; the caller itself is never among them."""
    mark, parents, marked = f"{MARK}={folder}".encode(), {}, set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            parents[int(entry.name)] = int(stat[1])
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                marked.add(int(entry.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    below = {pid for pid in parents if _descends(pid, parents, marked)}
    return (marked | below) - {os.getpid()}


def _descends(pid: int, parents: dict[int, int], marked: set[int]) -> bool:
    while pid in parents:
        pid = parents[pid]
        if pid in marked:
            return True
    return False


def sweep(folder: Path, patience: float = 5.0) -> None:
    """Kill every process of a node, those included that appear meanwhile. Raises TimeoutError if some will not go."""
    deadline = time.monotonic() + patience
    while pids := of_node(folder):
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes of {folder} would not end: {sorted(pids)}")
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.01)


def watch_children() -> None:
    """Have the running loop learn of ended children from the kernel, not from a thread each (the default until Python 3.11)."""
    if sys.version_info < (3, 12):
        watcher = asyncio.PidfdChildWatcher()
        watcher.attach_loop(asyncio.get_running_loop())
        asyncio.set_child_watcher(watcher)
