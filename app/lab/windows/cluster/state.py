"""What the cluster of the Windows nodes knows: nodes, groups, resources, types, extensions. Pure data, kept as JSON.

One model for both managers. Names of states are those of .NET's enumerations of the failover cluster API (ClusterNodeState,
ClusterGroupState, ClusterResourceState), as Microsoft documents them; clp.py says them in CLUSTERPRO's words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal["Online", "Offline", "Failed", "OnlinePending", "OfflinePending"]
Kind = Literal["wsfc", "clusterpro"]
DISK, ADDRESS, NETWORK_NAME = "Physical Disk", "IP Address", "Network Name"
SCRIPT, OLD_TYPE = "Generic Script", "JobCenterCluster"
BUILT_IN = (DISK, ADDRESS, "IPv6 Address", NETWORK_NAME, SCRIPT, "Generic Application", "Generic Service")
SITE_TYPES = (SCRIPT, OLD_TYPE)


@dataclass
class Resource:
    """One resource of a group. `wanted`: whether it is to be online; WSFC keeps that through a failover."""

    name: str
    type: str
    group: str
    parameters: dict[str, str] = field(default_factory=dict)
    depends: list[str] = field(default_factory=list)
    state: State = "Offline"
    wanted: bool = True
    failures: int = 0

    @property
    def site(self) -> str:
        """The site that it carries, "" for everything that is no site of JobCenter."""
        return self.parameters.get("SiteName", "") if self.type in SITE_TYPES else ""


@dataclass
class Group:
    """Resources that live on one node together. `owner` stays when the group is offline."""

    name: str
    owner: str
    suspended: bool = False  # CLUSTERPRO: its monitors are


@dataclass
class Member:
    """A node. `service`: its cluster service runs; `paused`: nothing may come to it."""

    name: str
    service: bool = False
    paused: bool = False


@dataclass
class Cluster:
    """The whole cluster. `witness`: the name of the disk that votes, "" for none. `extensions`: DLLs of the manager's window."""

    name: str
    kind: Kind
    members: dict[str, Member]
    groups: dict[str, Group] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    types: list[str] = field(default_factory=list)
    extensions: list[str] = field(default_factory=list)
    witness: str = ""

    def up(self, node: str) -> bool:
        """Whether the node takes part."""
        return self.members[node].service

    def of(self, group: str) -> list[Resource]:
        """The resources of a group, each behind those that it depends on, else in the order in which they were added."""
        found: list[Resource] = []
        waiting = [one for one in self.resources.values() if one.group == group]
        while waiting:
            names = {one.name for one in waiting}
            ready = [one for one in waiting if not names & set(one.depends)] or waiting
            found.append(ready[0])
            waiting.remove(ready[0])
        return found

    def dependents(self, name: str) -> Iterator[Resource]:
        """The resources that need this one, themselves included in nothing."""
        return (one for one in self.resources.values() if name in one.depends)

    def group_state(self, name: str) -> str:
        """Online, Offline, Failed, PartialOnline or Pending."""
        states = {one.state for one in self.resources.values() if one.group == name}
        if states & {"OnlinePending", "OfflinePending"}:
            return "Pending"
        if "Failed" in states:
            return "Failed"
        if states <= {"Offline"}:
            return "Offline"
        return "Online" if states == {"Online"} else "PartialOnline"

    def node_state(self, name: str) -> str:
        """Up, Paused or Down."""
        member = self.members[name]
        return "Down" if not member.service else "Paused" if member.paused else "Up"

    def quorum(self) -> bool:
        """Whether more than half of the votes are there; the disk votes while some node is up. CLUSTERPRO counts no votes."""
        up = sum(member.service for member in self.members.values())
        if self.kind == "clusterpro":
            return up > 0
        votes = len(self.members) + bool(self.witness)
        return (up + (bool(self.witness) and up > 0)) * 2 > votes

    def as_json(self) -> dict[str, Any]:
        """For a file."""
        return asdict(self)


def from_json(data: dict[str, Any]) -> Cluster:
    """The inverse of `as_json`."""
    return Cluster(
        **{
            **data,
            "members": {name: Member(**one) for name, one in data["members"].items()},
            "groups": {name: Group(**one) for name, one in data["groups"].items()},
            "resources": {name: Resource(**one) for name, one in data["resources"].items()},
        }
    )


def key(table: dict[str, Any], name: str) -> str | None:
    """The key of `table` that Windows would take `name` for: names have no case."""
    return next((one for one in table if one.lower() == name.lower()), None)
