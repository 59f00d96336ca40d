"""Changes of what the cluster consists of: resources, their parameters and dependencies, types, extensions. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.lab.windows.cluster.errors import ClusterError
from app.lab.windows.cluster.state import Cluster, Resource, key


def resource(cluster: Cluster, name: str) -> Resource:
    """The resource of that name in either case. Raises ClusterError 5007."""
    known = key(cluster.resources, name)
    if known is None:
        raise ClusterError(5007, f"({name})")
    return cluster.resources[known]


def add_resource(cluster: Cluster, name: str, kind: str, group: str) -> None:
    """A new resource, offline. Raises ClusterError 5010, 5013, 5078."""
    if key(cluster.resources, name) is not None:
        raise ClusterError(5010, f"({name})")
    place, kind_known = key(cluster.groups, group), key(dict.fromkeys(cluster.types), kind)
    if place is None:
        raise ClusterError(5013, f"({group})")
    if kind_known is None:
        raise ClusterError(5078, f"({kind})")
    cluster.resources[name] = Resource(name, kind_known, place, wanted=False)


def remove_resource(cluster: Cluster, name: str) -> None:
    """Delete a resource that is offline or failed. Raises ClusterError 5007, 5018."""
    one = resource(cluster, name)
    if one.state not in ("Offline", "Failed"):
        raise ClusterError(5018, f"({one.name})")
    del cluster.resources[one.name]
    for other in cluster.resources.values():
        other.depends = [each for each in other.depends if each != one.name]


def set_parameters(cluster: Cluster, name: str, values: dict[str, str]) -> None:
    """Set private properties; a new name becomes a new property. Raises ClusterError 5007."""
    one = resource(cluster, name)
    for each, value in values.items():
        one.parameters[key(one.parameters, each) or each] = value


def set_dependencies(cluster: Cluster, name: str, others: Sequence[str]) -> None:
    """What a resource needs. Raises ClusterError 5007."""
    resource(cluster, name).depends = [resource(cluster, other).name for other in others]


def add_type(cluster: Cluster, name: str) -> None:
    """Register a type of resources. Raises ClusterError 5010."""
    if key(dict.fromkeys(cluster.types), name) is not None:
        raise ClusterError(5010, f"({name})")
    cluster.types.append(name)


def remove_type(cluster: Cluster, name: str) -> None:
    """Delete a type. Raises ClusterError 5078 where there is none, 5079 where resources have it."""
    known = key(dict.fromkeys(cluster.types), name)
    if known is None:
        raise ClusterError(5078, f"({name})")
    if any(one.type == known for one in cluster.resources.values()):
        raise ClusterError(5079, f"({name})")
    cluster.types.remove(known)


def add_extension(cluster: Cluster, dll: str) -> None:
    """Register an extension of the managing window, once."""
    if dll.lower() not in (one.lower() for one in cluster.extensions):
        cluster.extensions.append(dll)


def remove_extension(cluster: Cluster, dll: str) -> bool:
    """Take it out; whether it was there."""
    before = len(cluster.extensions)
    cluster.extensions = [one for one in cluster.extensions if one.lower() != dll.lower()]
    return len(cluster.extensions) < before


def suspend_monitors(cluster: Cluster, group: str, suspended: bool) -> None:
    """CLUSTERPRO: pause or resume the monitors of a group. Raises ClusterError 5013."""
    known = key(cluster.groups, group)
    if known is None:
        raise ClusterError(5013, f"({group})")
    cluster.groups[known].suspended = suspended
