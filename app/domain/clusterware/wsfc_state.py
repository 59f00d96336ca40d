"""Reads the lines of wsfc.py's `read_state` into facts. Pure; the tokens are listed in verbs.Clusterware.

The states are the names of .NET's enumerations, the same on every Windows: nothing here is localised. WSFC watches every group
that is not offline, so a group that is read is `managed`; an unknown state of a group or a resource counts as pending, never
as settled.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.answers import closed

_NODES = {"Up": "online", "Paused": "standby", "Down": "offline", "Joining": "pending"}
_GROUPS = {
    "Online": "started@{owner}",
    "Offline": "stopped",
    "Failed": "failed",
    "PartialOnline": "partial@{owner}",
}
_SITES = {"Online": "online", "Offline": "offline", "Failed": "failed", "0 resources": "absent"}
_FIELDS = {"node": 3, "group": 4, "site": 4}


def wsfc(stdout: bytes, exit_status: int) -> frozenset[str] | None:
    """Nodes, groups and the resources of sites. None unless the answer is whole and names a node and a group."""
    read = closed(stdout, exit_status, "cluster")
    lines = read[1] if read else None
    rows = [line.split("\t") for line in lines or ()]
    if any(len(row) != _FIELDS.get(row[0]) or not all(row) for row in rows):
        return None
    if not {"node", "group"} <= {row[0] for row in rows}:
        return None
    return frozenset(fact for row in rows for fact in _facts(row))


def _facts(row: list[str]) -> Iterator[str]:
    kind, name = row[0], row[1]
    if kind == "node":
        yield f"{name}:{_NODES.get(row[2], 'unclean')}"
    elif kind == "group":
        yield f"{name}:{_GROUPS.get(row[3], 'pending').format(owner=row[2])}"
        yield f"{name}:managed"
    else:
        several = "several" if row[3].endswith(" resources") else "pending"
        yield f"{name}/{row[2]}:{_SITES.get(row[3], several)}"
