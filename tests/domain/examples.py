"""Cluster files for the tests of the domain: one example, changed key by key."""

from __future__ import annotations

from typing import Any

from app.domain.cluster import Cluster

EXAMPLE: dict[str, Any] = {
    "name": "tokyo-batch",
    "platform": "unix",
    "os": "linux",
    "arch": "x64",
    "clusterware": "pacemaker",
    "version": "R16.3",
    "local_site": "used",
    "nodes": [
        {"name": "node-a", "role": "active", "address": "127.0.0.1", "port": 2201},
        {"name": "node-b", "role": "standby", "address": "127.0.0.1", "port": 2202},
    ],
    "sites": [{"name": "site1", "database": "/shared/site1", "group": "g_jc"}],
}
WSFC = {"platform": "wsfc", "os": "windows", "clusterware": "wsfc"}
WINDOWS = {"platform": "windows", "os": "windows", "clusterware": "clusterpro"}
THIRD_NODE = {"name": "node-c", "role": "standby", "address": "127.0.0.1", "port": 2203}


def cluster(**changes: Any) -> Cluster:
    """The example, with those keys replaced."""
    return Cluster.model_validate({**EXAMPLE, **changes})


def three_nodes(**changes: Any) -> Cluster:
    """One active node, two standbys."""
    return cluster(nodes=[*EXAMPLE["nodes"], THIRD_NODE], **changes)


def two_sites(group: str = "g_jc2", **changes: Any) -> Cluster:
    """Two sites, the second in its own group unless told."""
    second = {"name": "site2", "database": "/shared/site2", "group": group}
    return cluster(sites=[*EXAMPLE["sites"], second], **changes)
