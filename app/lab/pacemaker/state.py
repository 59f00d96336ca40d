"""What the cluster manager knows: nodes, groups, resources, constraints, failures. Pure data, kept as JSON.

Formats and rules were taken from crm_mon 2.1.5 and pcs 0.11.5 run on prepared CIBs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Role = Literal["Stopped", "Starting", "Started", "Stopping"]
Life = Literal["online", "pending", "offline"]
INFINITY = 1000000
AGENTS = {"disk": "ocf:heartbeat:Filesystem", "vip": "ocf:heartbeat:IPaddr2", "site": "ocf:nec:jobcenter"}
INTERVALS = {"disk": 10000, "vip": 10000, "site": 500}


@dataclass
class Operation:
    """One thing done to a resource: call number, start | stop | monitor, its result and when (seconds since 1970)."""

    call: int
    name: str
    node: str
    code: int
    at: float
    milliseconds: int
    interval: int = 0
    reason: str = ""


@dataclass
class Resource:
    """A primitive of a group. `kind`: disk | vip | site. `node` is where it is active, or being started or stopped."""

    id: str
    kind: str
    site: str
    managed: bool = True
    monitored: bool = True
    role: Role = "Stopped"
    node: str | None = None
    failed: bool = False
    blocked: bool = False
    history: list[Operation] = field(default_factory=list)
    failures: list[Operation] = field(default_factory=list)

    @property
    def active(self) -> bool:
        """Whether crm_mon would name a node for it."""
        return self.role in ("Started", "Starting")

    def forget(self) -> None:
        """Nothing of it runs any more, wherever it was."""
        self.role, self.node, self.failed, self.blocked = "Stopped", None, False, False


@dataclass
class Group:
    """Resources that live together, started in order and stopped in reverse. `last`: the node it was on."""

    id: str
    resources: list[Resource]
    disabled: bool = False
    last: str | None = None


@dataclass
class Constraint:
    """A location constraint: +INFINITY prefers the node, -INFINITY bans it."""

    id: str
    group: str
    node: str
    score: int


@dataclass
class Cluster:
    """The whole cluster. `life` is not kept on disk: whether a node is there is seen, not remembered."""

    name: str
    nodes: list[str]
    groups: list[Group]
    standby: list[str] = field(default_factory=list)
    maintenance_mode: bool = False
    constraints: list[Constraint] = field(default_factory=list)
    fail_counts: dict[str, int] = field(default_factory=dict)
    calls: int = 9
    changed: float = 0.0
    life: dict[str, Life] = field(default_factory=dict)

    def resources(self) -> Iterator[Resource]:
        """Every primitive, in order."""
        for group in self.groups:
            yield from group.resources

    def group_of(self, name: str) -> Group | None:
        """The group of that name, or the group of the primitive of that name."""
        for group in self.groups:
            if name == group.id or any(name == resource.id for resource in group.resources):
                return group
        return None

    def members(self, name: str) -> list[Resource]:
        """The primitives that a resource name means: all of a group, or the one."""
        group = self.group_of(name)
        if group is None or name == group.id:
            return group.resources if group else []
        return [resource for resource in group.resources if resource.id == name]

    def usable(self, node: str) -> bool:
        """Whether resources may run there."""
        return self.life.get(node) == "online" and node not in self.standby

    def dc(self) -> str | None:
        """The designated coordinator: the first node that is there."""
        return next((node for node in self.nodes if self.life.get(node) == "online"), None)

    def lose(self, node: str) -> None:
        """A node is gone: what ran there does not run, and what it had failed is forgotten."""
        for resource in self.resources():
            if resource.node == node:
                resource.forget()
        self.clean_up(list(self.resources()), node)

    def clean_up(self, resources: list[Resource], node: str | None = None) -> None:
        """Forget failures, of one node or of all; a resource that was blocked by one is free again."""
        for resource in resources:
            resource.failures = [done for done in resource.failures if node not in (None, done.node)]
            if not resource.failures:
                resource.blocked = False
            for name in self.nodes if node is None else [node]:
                self.fail_counts.pop(f"{resource.id}@{name}", None)

    def failures(self) -> list[tuple[Resource, Operation]]:
        """Failed operations that were not cleaned up, oldest first."""
        failed = [(resource, done) for resource in self.resources() for done in resource.failures]
        return sorted(failed, key=lambda pair: pair[1].call)


def fresh(name: str, nodes: list[str], sites: list[tuple[str, str]]) -> Cluster:
    """A cluster with one group a site: disk, address, site. `sites`: (site, group)."""
    groups = []
    for position, (site, group) in enumerate(sites):
        suffix = "" if position == 0 else f"_{site}"
        groups.append(Group(group, [Resource(f"jc_{kind}{suffix}", kind, site) for kind in AGENTS]))
    return Cluster(name, nodes, groups)


def to_json(cluster: Cluster) -> dict[str, Any]:
    """What is kept on disk."""
    data = asdict(cluster)
    del data["life"]
    return data


def from_json(data: dict[str, Any]) -> Cluster:
    """The cluster as it was when everything lost power: settings stay, nothing runs."""
    groups = []
    for group in data.pop("groups"):
        kept = group.pop("resources")
        resources = [Resource(**{**resource, "history": [], "failures": []}) for resource in kept]
        groups.append(Group(**group, resources=resources))
    constraints = [Constraint(**constraint) for constraint in data.pop("constraints")]
    cluster = Cluster(**data, groups=groups, constraints=constraints)
    for one in cluster.resources():
        one.forget()
    cluster.fail_counts.clear()
    return cluster
