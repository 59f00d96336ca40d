"""Setting a lab up for the first time: keys, nodes' files, packages, site databases, the cluster file. Starts nothing."""

from __future__ import annotations

import base64
import hashlib
import os
import random
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.lab import handoffs, packages, product
from app.lab.model import Lab, LabError, Layout, Node, Patch, Site, save, write_whole

_PORTS = range(21000, 29999)  # below the range from which systems take ports for outgoing connections
_MACHINE_PATHS = {"ns": ("/usr/lib/nqs", "/var/tmp/patches"), "plain": ("usr/lib/nqs", "patches")}
_PLAN_PATHS = {
    "ns": ("/usr/lib/nqs", "/usr/spool/nqs", "/var/tmp/patches"),
    "plain": ("~/usr/lib/nqs", "~/usr/spool/nqs", "~/patches"),
}


def build(
    directory: Path, mode: tuple[str, str], name: str, version: str, local_site: str,
    sites: Sequence[Site], nodes: Sequence[str], ports: Sequence[int] | None,
) -> Lab:  # fmt: skip
    """Write everything below `directory`; what was set up. `mode`: (ns | plain, why). Raises LabError for a wrong argument."""
    check(version, local_site, nodes, ports)
    layout = Layout(directory)
    if not layout.client_key.exists():
        _key(layout.client_key)
    patch, upgrade, files = _packages(version)
    chosen = list(ports) if ports else free_ports(len(nodes))
    built = tuple(
        _node(layout, node, port, mode[0], version, patch, files)
        for node, port in zip(nodes, chosen, strict=True)
    )
    lab = Lab(str(layout.directory), name, *mode, version, local_site, built, tuple(sites), patch, upgrade)
    for site in sites:
        _database(layout.shared / site.name, version)
    write_whole(lab.cluster_file, cluster_file(lab))
    if upgrade:
        write_whole(lab.overlay_file, handoffs.overlay_file(lab, upgrade))
    save(lab)
    return lab


def _packages(version: str) -> tuple[Patch, Patch | None, dict[str, bytes]]:
    """The patch for that version, the upgrade where there is a newer one, and the files that lie on every node."""
    target = product.upgraded(version)
    files = {product.patch_file(version): packages.patch(version)}
    if target:
        files[product.upgrade_file(target)] = packages.base(target)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    file = product.patch_file(version)
    patch = Patch(product.PATCH_PACKAGE, product.patched(version)[1:], file, sums[file])
    if target is None:
        return patch, None, files
    file = product.upgrade_file(target)
    return patch, Patch(product.BASE_PACKAGE, target[1:], file, sums[file]), files


def check(version: str, local_site: str, nodes: Sequence[str], ports: Sequence[int] | None) -> None:
    """What every lab needs. Raises LabError."""
    try:
        product.parts(version)
    except ValueError as error:
        raise LabError(
            str(error), f"バージョン {version} は R16.3 や R12.7.1 の形で指定してください。"
        ) from error
    if local_site not in ("used", "unused"):
        raise LabError("local_site is used or unused", "local_site は used か unused です。")
    if len(nodes) < 2 or len(set(nodes)) != len(nodes) or (ports and len(ports) != len(nodes)):
        raise LabError(
            "a lab has two nodes or more, of different names, and a port for each if ports are given",
            "ノードは 2 台以上、名前は重複不可です。ポートを指定する場合はノードと同じ数にしてください。",
        )


def _key(file: Path) -> str:
    """Make an ed25519 key pair, `file` and `file`.pub; its fingerprint as OpenSSH prints it."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, private.decode(), 0o600)
    write_whole(file.with_suffix(".pub"), public.decode() + "\n")
    return _fingerprint(file)


def _fingerprint(file: Path) -> str:
    blob = base64.b64decode(file.with_suffix(".pub").read_text().split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody has at this moment."""
    found: list[int] = []
    for port in random.sample(_PORTS, 200):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise LabError("no free port between 21000 and 29998", "21000～29998 に空きポートがありません。")


def _node(
    layout: Layout, name: str, port: int, mode: str, version: str, patch: Patch, files: dict[str, bytes]
) -> Node:
    folder = layout.node(name)
    disk = folder / "disk"
    home = disk if mode == "plain" else disk / "root"
    for needed in (
        folder / "faults",
        folder / "bin",
        folder / "run",
        home,
        disk / "opt",
        disk / "usr/spool/nqs",
    ):
        needed.mkdir(parents=True, exist_ok=True)
    key = folder / "host_key"
    host_key = _fingerprint(key) if key.exists() else _key(key)
    nqs, patches = (Path(path) if mode == "ns" else disk / path for path in _MACHINE_PATHS[mode])
    nqs_outside, patches_outside = (
        disk / path.relative_to("/") if mode == "ns" else path for path in (nqs, patches)
    )
    spool = Path("/usr/spool/nqs") if mode == "ns" else disk / "usr/spool/nqs"
    settings = {
        "NQS": str(nqs), "SPOOL": str(spool), "SHARED": str(layout.shared), "RUN": str(folder / "run"), "LAB": str(folder),
    }  # fmt: skip
    written = product.install(nqs_outside, version, settings, folder / "library.sh")
    _data(disk / "usr/spool/nqs", version)
    digests = {f"/usr/lib/nqs/{file}": hashlib.sha256(data).hexdigest() for file, data in written.items()}
    base = packages.Installed(product.BASE_PACKAGE, version[1:], "1", "x86_64", digests)
    packages.Database(folder).register(base)
    patches_outside.mkdir(parents=True, exist_ok=True)
    for file, data in files.items():
        (patches_outside / file).write_bytes(data)
    paths = (str(nqs), str(nqs_outside), str(patches / patch.file), str(patches_outside / patch.file))
    return Node(name, "127.0.0.1", port, host_key, str(disk), str(home), *paths)


def _database(folder: Path, version: str) -> None:
    """A site database; `transfile` lies where the manual has it and where it probably means it (erratum C7)."""
    _data(folder / "nqs", version, "private/root/transfile")
    _write(folder / "private/root/transfile", "transfile\n")


def _data(top: Path, version: str, *more: str) -> None:
    """A spool or database in the format of that version, with something in it to lose: queued requests, tracking files."""
    _write(top / "format", product.data_format(version) + "\n")
    for name in ("control/0000001.req", "data/0000001.dat", "tracking/0000001.trk"):
        _write(top / "private/root" / name, f"{name}\n")
    for name in more:
        _write(top / name, f"{name}\n")


def _write(file: Path, text: str) -> None:
    """A file that is not there yet."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.write_text(text)


def cluster_file(lab: Lab) -> str:
    """The cluster file for the console (contract: plan.md), as YAML."""
    nqs, spool, patches = _PLAN_PATHS[lab.mode]
    shared = Layout(Path(lab.directory)).shared
    content: dict[str, Any] = {
        "name": lab.name,
        "platform": "unix",
        "os": "linux",
        "arch": "x64",
        "clusterware": "pacemaker",
        "clusterware_version": "0.11",
        "version": lab.version,
        "local_site": lab.local_site,
        "nodes": [
            {
                "name": node.name, "role": "standby" if position else "active", "address": node.address, "port": node.port,
                "transport": "ssh", "user": "root", "host_key": node.host_key,
            }
            for position, node in enumerate(lab.nodes)
        ],
        "sites": [{"name": site.name, "database": str(shared / site.name), "group": site.group} for site in lab.sites],
        "paths": {"nqs": nqs, "spool": spool, "patches": patches},
    }  # fmt: skip
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def remove(layout: Layout, lab: Lab) -> None:
    """Delete the nodes' files, the databases and the cluster's memory; keys, ports and the description stay."""
    for node in lab.nodes:
        folder = layout.node(node.name)
        for part in ("disk", "work", "run", "san", "unplugged", "faults", "C"):
            _delete(folder / part)
        for file in ("packages.json", "registry.json", "tasks.json", "access.json", "machine.json"):
            (folder / file).unlink(missing_ok=True)
    unix = lab.platform == "unix"
    for part in [one.name for one in (lab.sites if unix else layout.shared.iterdir())]:
        _delete(layout.shared / part)
    layout.cluster_state.unlink(missing_ok=True)


def _delete(folder: Path) -> None:
    """Remove a folder of the lab's own. An overlay's work folder has no permissions: they are given back first."""
    if not folder.exists():
        return
    for parent, folders, _ in os.walk(folder):
        for name in folders:
            if not Path(parent, name).is_symlink():
                Path(parent, name).chmod(0o700)
    shutil.rmtree(folder)
