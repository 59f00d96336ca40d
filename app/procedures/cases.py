"""Made-up clusters and versions that together reach every step and every alternative of the library: what the linter renders.

Owns no rule: it only enumerates. The versions stand on both sides of every boundary that the manual names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from app.domain.cluster import Cluster
from app.domain.predicates import Install, Method, Operation
from app.domain.versions import Version

VERSIONS = tuple(
    Version.parse(text)
    for text in (
        *("R12.1", "R12.4", "R12.4.1", "R12.5", "R12.7", "R12.7.9", "R12.8", "R12.9", "R12.10"),
        *("R13.1", "R13.2", "R14.1", "R15.1", "R16.1", "R16.3", "R16.3.1"),
    )
)
INTEL, ITANIUM = ("x86", "x64"), ("ipf", "ipf32")
PLATFORMS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("wsfc", "windows", "wsfc", (*INTEL, *ITANIUM)),
    ("windows", "windows", "clusterpro", (*INTEL, *ITANIUM)),
    *(("unix", system, "pacemaker", (*INTEL, *ITANIUM)) for system in ("linux", "hpux", "aix", "solaris")),
)


@dataclass(frozen=True)
class Wanted:
    """What is asked of the planner for one cluster."""

    cluster: Cluster
    operation: Operation
    to: Version
    method: Method
    install: Install


def made_up(platform: str, system: str, manager: str, arch: str, version: Version, **changes: Any) -> Cluster:
    """A cluster of one active and two standby nodes with two sites, the second on two of them alone."""
    folder = "S:\\jobcenter\\" if system == "windows" else "/shared/"
    transport = "psrp" if system == "windows" else "ssh"
    nodes = [
        {"name": name, "role": role, "address": "127.0.0.1", "port": 2201 + number, "transport": transport}
        for number, (name, role) in enumerate(
            (("node-a", "active"), ("node-b", "standby"), ("node-c", "standby"))
        )
    ]
    sites = [
        {"name": "site1", "database": f"{folder}site1", "group": "g_jc1", "virtual_host": "jc-vip1"},
        {"name": "site2", "database": f"{folder}site2", "group": "g_jc2", "nodes": ["node-a", "node-b"]},
    ]
    return Cluster.model_validate(
        {
            "name": "made-up", "platform": platform, "os": system, "arch": arch, "clusterware": manager,
            "version": str(version), "local_site": "used", "nodes": nodes, "sites": sites, **changes,
        }
    )  # fmt: skip


def wanted(versions: tuple[Version, ...] = VERSIONS) -> Iterator[Wanted]:
    """Every combination: platform, system, architecture, versions before and after, operation, method, install."""
    pairs = list(combinations(versions, 2))
    variants: tuple[dict[str, Any], ...] = (
        {},
        {"local_site": "unused", "clwin": True},
        {"reuse_site_database": False, "clwin": True},
        {"local_site": "unused"},
    )
    options = list(product(("upgrade", "patch"), ("auto", "standard", "rolling"), ("overwrite", "fresh")))
    for number, ((platform, system, manager, arches), (source, to)) in enumerate(product(PLATFORMS, pairs)):
        for place, arch in enumerate(arches):
            cluster = made_up(
                platform, system, manager, arch, source, **variants[(number + place) % len(variants)]
            )
            for operation, method, install in options:
                yield Wanted(cluster, operation, to, method, install)  # type: ignore[arg-type]  # words of the options
