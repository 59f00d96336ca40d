"""What a Windows lab has on its first day: the nodes' disks and registries, the shared disks, the cluster. Starts nothing.

Writes only below the lab's folder. What an installer brings is what it brings here, too: `Jobcenter.run`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.lab.product import upgraded
from app.lab.windows import paths, product
from app.lab.windows.cluster.state import (
    ADDRESS,
    BUILT_IN,
    DISK,
    NETWORK_NAME,
    OLD_TYPE,
    SCRIPT,
    Cluster,
    Group,
    Kind,
    Member,
    Resource,
)
from app.lab.windows.computer import CLUSTERPRO, POWERSHELL
from app.lab.windows.files import image
from app.lab.windows.machine import Description, Machine, describe
from app.lab.windows.packages import Package, file_name, write
from app.lab.windows.product import Edition
from app.lab.windows.programs.start import SYSTEM32
from app.lab.windows.registry import MACHINE_ENVIRONMENT

WITNESS = "Q"
LETTERS = "STUVWXYZ"
_PROGRAMS = ("reg", "regsvr32", "net", "taskkill", "shutdown", "cmd", "schtasks", "ping")
_CLUSTERPRO = ("clpstat", "clpgrp", "clprsc", "clpcl", "clpmonctrl")


def database(position: int, site: str) -> str:
    """Where the database of the site in that position lies: each group has a disk of its own."""
    return rf"{LETTERS[position]}:\jc\{site}"


def shared(sites: int, kind: str) -> tuple[str, ...]:
    """The letters of the shared drives."""
    return (*LETTERS[:sites], *((WITNESS,) if kind == "wsfc" else ()))


def offered(version: str, arch: str, newest: str, patched: str) -> list[Package]:
    """The packages that lie on every node: patch, upgrade, uninstallers, and CL/Win's."""
    found = [Package("mgsv", "patch", patched, arch)]
    if upgraded(version):
        found += [Package("mgsv", "install", newest, arch), Package("clwin", "install", newest, arch)]
    return [*found, Package("mgsv", "uninstall", "", arch), Package("clwin", "uninstall", "", arch)]


def _nothing(verb: str, /, **_values: Any) -> dict[str, Any]:
    """No cluster: nothing is started here."""
    raise OSError(verb)


def node(
    folder: Path,
    san: Path,
    description: Description,
    version: str,
    local_site: str,
    clwin: bool,
    packages: Sequence[Package],
) -> None:
    """Everything on one node's own disk."""
    for needed in ("C", "faults"):
        (folder / needed).mkdir(parents=True, exist_ok=True)
    machine = Machine(folder, san, description, _nothing)
    for path in (*_folders(description.kind), product.PACKAGES, product.SAVES):
        machine.files.make_folder(path)
    for place, names in _images(description).items():
        for name in names:
            machine.files.write(rf"{place}\{name}.exe", image(f"{name}.exe", "10.0.0.0"))
    _registry(machine)
    for package in packages:
        machine.files.write(paths.join(product.PACKAGES, file_name(package)), write(package))
    if clwin:
        machine.jobcenter.run(Package("clwin", "install", version, description.arch))
    machine.jobcenter.run(Package("mgsv", "install", version, description.arch))
    machine.jobcenter.register("auto" if local_site == "used" else "manual")
    describe(folder, description)


def _folders(kind: str) -> list[str]:
    found = [
        SYSTEM32,
        POWERSHELL,
        rf"{product.WINDOWS}\SysWOW64",
        r"C:\ProgramData",
        r"C:\Users\Administrator\AppData\Local\Temp",
    ]
    return [*found, rf"{product.WINDOWS}\Cluster"] if kind == "wsfc" else [*found, CLUSTERPRO]


def _images(description: Description) -> dict[str, tuple[str, ...]]:
    """Folder -> its programs. cluster.exe is there up to Windows Server 2008 R2."""
    if description.kind == "clusterpro":
        return {SYSTEM32: _PROGRAMS, POWERSHELL: ("powershell",), CLUSTERPRO: _CLUSTERPRO}
    old = ("cluster",) if description.windows in ("2003", "2008", "2008R2") else ()
    return {
        SYSTEM32: (*_PROGRAMS, *old),
        POWERSHELL: ("powershell",),
        rf"{product.WINDOWS}\Cluster": ("clussvc", "rhs"),
    }


def _registry(machine: Machine) -> None:
    pages = r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage"
    machine.registry.set(pages, "OEMCP", "932")
    machine.registry.set(pages, "ACP", "932")
    places = rf"{SYSTEM32};{product.WINDOWS};{POWERSHELL}"
    more = f";{CLUSTERPRO}" if machine.description.kind == "clusterpro" else ""
    machine.registry.set(MACHINE_ENVIRONMENT, "Path", places + more, "REG_EXPAND_SZ")


def san(folder: Path, kind: str, sites: Sequence[str], edition: Edition) -> None:
    """The shared disks: a database for each site, with its start script beside it."""
    if kind == "wsfc":
        (folder / WITNESS / "Cluster").mkdir(parents=True, exist_ok=True)
    for position, site in enumerate(sites):
        home = folder / LETTERS[position] / "jc"
        (home / site / "private").mkdir(parents=True, exist_ok=True)
        (home / site / "format").write_text(edition.data + "\r\n")
        (home / site / "private" / "0000001.req").write_text("0000001\r\n")
        (home / product.SCRIPT).write_bytes(f"' {product.SCRIPT} {edition.version}\r\n".encode())


def cluster(
    name: str, kind: Kind, nodes: Sequence[str], sites: Sequence[tuple[str, str]], edition: Edition
) -> Cluster:
    """The cluster as it is described, every service stopped. `sites`: name and group; each group is on the first node."""
    made = Cluster(name, kind, {one: Member(one) for one in nodes})
    made.types = [*BUILT_IN, *((OLD_TYPE,) if edition.old_type and kind == "wsfc" else ())]
    made.extensions = [product.RESOURCE_DLLS[1]] if OLD_TYPE in made.types else []
    if kind == "wsfc":
        made.groups["Cluster Group"] = Group("Cluster Group", nodes[0])
        made.witness = "Cluster Disk 0"
        _add(made, made.witness, DISK, "Cluster Group", {"Drive": WITNESS})
    for position, (site, group) in enumerate(sites):
        made.groups.setdefault(group, Group(group, nodes[0]))
        letter = LETTERS[position]
        disk, address, network = _names(kind, position, site)
        _add(made, disk, DISK, group, {"Drive": letter})
        _add(made, address, ADDRESS, group, {"Address": f"192.0.2.{position + 10}"})
        needs = [disk]
        if kind == "wsfc":
            _add(made, network, NETWORK_NAME, group, {"Name": site}, [address])
            needs.append(network)
        _add(made, _site_name(kind, site), _site_type(made), group, site_parameters(position, site), needs)
    return made


def _names(kind: str, position: int, site: str) -> tuple[str, str, str]:
    if kind == "clusterpro":
        return f"md{position + 1}", f"fip{position + 1}", ""
    return f"Cluster Disk {position + 1}", f"IP {site}", f"Name {site}"


def _site_name(kind: str, site: str) -> str:
    return f"script-{site}" if kind == "clusterpro" else f"JobCenter-{site}"


def _site_type(made: Cluster) -> str:
    return OLD_TYPE if OLD_TYPE in made.types else SCRIPT


def site_parameters(position: int, site: str) -> dict[str, str]:
    """The private properties of a site's resource."""
    place = database(position, site)
    return {"ScriptFilePath": rf"{paths.parent(place)}\{product.SCRIPT}", "SiteName": site, "DBPath": place}


def _add(
    made: Cluster, name: str, kind: str, group: str, parameters: dict[str, str], depends: Sequence[str] = ()
) -> None:
    made.resources[name] = Resource(name, kind, group, parameters, list(depends))
