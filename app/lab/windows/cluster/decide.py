"""What the cluster does next. Pure: a cluster in, one step out; `None` means that everything is as it should be.

Failover, no failback: a group goes away from a node that left, to the first node that is up and not paused, and stays there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.lab.windows.cluster.state import Cluster, Group, Resource

THRESHOLD = 1
"""How often a resource that failed is started again where it is, before its group goes elsewhere."""


@dataclass(frozen=True)
class Step:
    """Bring one resource online or offline on its group's owner, or give the group (`name`) to `node`."""

    action: Literal["online", "offline", "own"]
    name: str
    node: str


def candidates(cluster: Cluster, group: Group) -> list[str]:
    """The other nodes to which the group may go."""
    return [
        member.name
        for member in cluster.members.values()
        if member.service and not member.paused and member.name != group.owner
    ]


def next_step(cluster: Cluster) -> Step | None:
    """The first thing to do, None where nothing is or the quorum is lost."""
    if not cluster.quorum():
        return None
    for group in cluster.groups.values():
        step = _of(cluster, group)
        if step:
            return step
    return None


def _of(cluster: Cluster, group: Group) -> Step | None:
    others = candidates(cluster, group)
    if not cluster.up(group.owner):
        return Step("own", group.name, others[0]) if others else None
    members = cluster.of(group.name)
    for one in reversed(members):
        if one.state == "Online" and (not one.wanted or _blocked(cluster, one)):
            return Step("offline", one.name, group.owner)
    spent = [one for one in members if one.state == "Failed" and one.wanted]
    if any(one.failures > THRESHOLD for one in spent):
        return _away(cluster, group, others, spent)
    for one in members:
        if one.wanted and one.state in ("Offline", "Failed") and not _blocked(cluster, one):
            return Step("online", one.name, group.owner)
    return None


def _blocked(cluster: Cluster, resource: Resource) -> bool:
    """Whether something that it needs is not online."""
    return any(
        cluster.resources[name].state != "Online" for name in resource.depends if name in cluster.resources
    )


def _away(cluster: Cluster, group: Group, others: list[str], spent: list[Resource]) -> Step | None:
    """A group whose resource will not start goes elsewhere once; where it has been everywhere it stays failed."""
    if not others or any(one.failures > THRESHOLD + len(cluster.members) for one in spent):
        return None
    running = [one for one in reversed(cluster.of(group.name)) if one.state == "Online"]
    if running:
        return Step("offline", running[0].name, group.owner)
    return Step("own", group.name, others[0])
