"""Setting a lab of Windows nodes up for the first time, and its cluster file. Starts nothing; reset is the same again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from app.lab.build import free_ports
from app.lab.model import Lab, LabError, Layout, Node, Patch, Site, save, write_whole
from app.lab.product import NEWEST, parts, patched, upgraded
from app.lab.windows import fresh, handoffs, keys, product
from app.lab.windows.cluster.state import Cluster, Kind
from app.lab.windows.machine import Description
from app.lab.windows.packages import Package, file_name, write
from app.lab.windows.product import Edition

PLATFORMS: dict[str, Kind] = {"wsfc": "wsfc", "windows": "clusterpro"}
ARCHES = ("x86", "x64", "ipf", "ipf32")
_REASON = "Windows is simulated: its files, registry, services and processes are the lab's"


def windows_for(version: str, arch: str) -> str:
    """The Windows Server on which that version would be found: the last for Itanium, the last for 32 bits, or by age."""
    if arch == "x86":
        return "2008"
    return "2008R2" if arch.startswith("ipf") or parts(version)[:2] <= (12, 4) else "2019"


def build(
    directory: Path, platform: str, name: str, version: str, local_site: str, sites: Sequence[Site], nodes: Sequence[str],
    ports: Sequence[int] | None, arch: str = "x64", clwin: bool = False, page: int = 0, windows: str = "",
) -> Lab:  # fmt: skip
    """Write everything below `directory`; what was set up. `windows`: the Windows Server, by the version where not given.

    Raises LabError for a wrong argument.
    """
    _check(arch, sites)
    layout = Layout(directory)
    layout.directory.mkdir(parents=True, exist_ok=True)
    keys.make(layout, list(nodes))
    kind, edition = PLATFORMS[platform], Edition(version, arch)
    windows = windows or windows_for(version, arch)
    offered = fresh.offered(version, arch, NEWEST, patched(version))
    chosen = list(ports) if ports else free_ports(len(nodes))
    letters = fresh.shared(len(sites), kind)
    fresh.san(layout.shared, kind, [site.name for site in sites], edition)
    for one in nodes:
        description = Description(one, kind, windows, arch, letters)
        fresh.node(layout.node(one), layout.shared, description, version, local_site, clwin, offered)
    patch, upgrade = _described(offered, version)
    made = tuple(_node(layout, one, port, patch) for one, port in zip(nodes, chosen, strict=True))
    lab = Lab(
        str(layout.directory), name, "simulated", _REASON, version, local_site, made, tuple(sites), patch, upgrade, platform,
        arch, windows, clwin, page or free_ports(1)[0],
    )  # fmt: skip
    write_whole(lab.cluster_file, cluster_file(lab))
    write_whole(lab.overlay_file, handoffs.overlay_file(lab))
    save(lab)
    return lab


def _check(arch: str, sites: Sequence[Site]) -> None:
    if arch not in ARCHES:
        known = ", ".join(ARCHES)
        raise LabError(f"arch is one of {known}", f"arch は {known} のいずれかです。")
    if len(sites) > len(fresh.LETTERS):
        raise LabError(
            f"{len(fresh.LETTERS)} sites at most: each has a drive",
            f"サイトは {len(fresh.LETTERS)} 個までです。",
        )


def _described(offered: Sequence[Package], version: str) -> tuple[Patch, Patch | None]:
    def told(package: Package) -> Patch:
        digest = hashlib.sha256(write(package)).hexdigest()
        return Patch("JobCenter MG/SV", package.version[1:], file_name(package), digest)

    server = [one for one in offered if one.product == "mgsv"]
    patch = next(one for one in server if one.act == "patch")
    upgrade = next((one for one in server if one.act == "install"), None) if upgraded(version) else None
    return told(patch), told(upgrade) if upgrade else None


def _node(layout: Layout, name: str, port: int, patch: Patch) -> Node:
    disk = layout.node(name) / "C"
    outside = disk / "JobCenter"
    return Node(
        name, "127.0.0.1", port, keys.fingerprint(layout, name), str(disk), str(disk), product.INSTALL, str(outside / "SV"),
        rf"{product.PACKAGES}\{patch.file}", str(outside / "packages" / patch.file),
    )  # fmt: skip


def first_cluster(lab: Lab) -> Cluster:
    """The cluster of the first day."""
    sites = [(site.name, site.group) for site in lab.sites]
    names = [node.name for node in lab.nodes]
    return fresh.cluster(lab.name, PLATFORMS[lab.platform], names, sites, Edition(lab.version, lab.arch))


def cluster_file(lab: Lab) -> str:
    """The cluster file for the console (contract: plan.md), as YAML."""
    written = f"Windows Server {lab.windows.replace('R2', ' R2')}"
    content: dict[str, Any] = {
        "name": lab.name, "platform": lab.platform, "os": "windows", "arch": lab.arch,
        "clusterware": PLATFORMS[lab.platform], "os_version": written, "version": lab.version, "local_site": lab.local_site,
        "clwin": lab.clwin,
        "nodes": [
            {
                "name": node.name, "role": "standby" if position else "active", "address": node.address, "port": node.port,
                "transport": "psrp", "user": keys.USER, "encoding": "cp932", "host_key": node.host_key, "credential": lab.name,
            }
            for position, node in enumerate(lab.nodes)
        ],
        "sites": [
            {"name": site.name, "database": fresh.database(position, site.name), "group": site.group}
            for position, site in enumerate(lab.sites)
        ],
        "paths": {"install": product.INSTALL, "clwin": product.CLWIN, "packages": product.PACKAGES, "saves": product.SAVES},
    }  # fmt: skip
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
