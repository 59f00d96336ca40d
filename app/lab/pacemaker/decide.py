"""What the cluster manager does next. Pure: a cluster in, one step out; `None` means that everything is as it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.lab.pacemaker.state import INFINITY, Cluster, Group, Resource


@dataclass(frozen=True)
class Step:
    """Start or stop one resource on one node."""

    action: Literal["start", "stop"]
    resource: str
    node: str


def place(cluster: Cluster, group: Group) -> str | None:
    """Where the group belongs: a preferred node, else where it is (no failback by itself), else where it was, else any."""
    if group.disabled:
        return None
    scores = {rule.node: rule.score for rule in cluster.constraints if rule.group == group.id}
    candidates = [
        node
        for node in cluster.nodes
        if cluster.usable(node) and scores.get(node, 0) > -INFINITY and not _spent(cluster, group, node)
    ]
    preferred = [node for node in candidates if scores.get(node, 0) >= INFINITY]
    current = [resource.node for resource in group.resources if resource.node in candidates]
    for choice in (*preferred, *current, group.last):
        if choice in candidates:
            return choice
    return candidates[0] if candidates else None


def _spent(cluster: Cluster, group: Group, node: str) -> bool:
    """A start that failed there keeps the group away until the failure is cleaned up (start-failure-is-fatal)."""
    return any(
        cluster.fail_counts.get(f"{resource.id}@{node}", 0) >= INFINITY for resource in group.resources
    )


def managed(cluster: Cluster, resource: Resource) -> bool:
    """Whether the cluster may touch it."""
    return resource.managed and not resource.blocked and not cluster.maintenance_mode


def next_step(cluster: Cluster, group: Group) -> Step | None:
    """The next start or stop of this group. An unmanaged member that stands in the way stops everything."""
    target = place(cluster, group)
    wrong = [
        position
        for position, resource in enumerate(group.resources)
        if resource.role == "Started" and (resource.node != target or resource.failed)
    ]
    if wrong:
        for resource in reversed(group.resources[wrong[0] :]):
            if resource.role == "Started" and resource.node:
                return Step("stop", resource.id, resource.node) if managed(cluster, resource) else None
    for resource in group.resources:
        if resource.role == "Stopped" and target:
            return Step("start", resource.id, target) if managed(cluster, resource) else None
    return None
