"""The lab's description and condition as frozen data, and where everything lies on disk. Owns no process and no socket.

`lab.json` is the description: written by the first `up`, read by everything else. The folder is the lab: copy nothing out.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

SCHEMA = 1


class LabError(Exception):
    """The lab cannot do this; the message says why and what to do. `ja` is the same for a Japanese reader."""

    def __init__(self, en: str, ja: str) -> None:
        super().__init__(en)
        self.ja = ja


@dataclass(frozen=True)
class Site:
    """One cluster site: its name (`site1`) and the resource group that carries it (`g_jc`)."""

    name: str
    group: str


@dataclass(frozen=True)
class Node:
    """One simulated node. `address`:`port` is where SSH answers; `host_key` is "SHA256:…" of its ed25519 key.

    `disk` is the folder with its files ("" in front of absolute paths in ns mode); `home` is root's $HOME; `nqs` and
    `patch` are paths as the node itself sees them; `nqs_outside` and `patch_outside` as the rest of the machine does.
    """

    name: str
    address: str
    port: int
    host_key: str
    disk: str
    home: str
    nqs: str
    nqs_outside: str
    patch: str
    patch_outside: str


@dataclass(frozen=True)
class Patch:
    """A package that lies on every node: rpm name, version ("16.3.1"), file name and its SHA-256 in hex."""

    name: str
    version: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Lab:
    """A simulated cluster as it was set up. `mode` is ns or plain; `mode_reason` says why it is not the other.

    `platform`: unix, wsfc or windows (CLUSTERPRO X on Windows), in which case `mode` is simulated, `windows` the nodes' Windows
    Server ("2019"), and `clwin` whether CL/Win is installed; `page` is the port of the lab's page, 0 where it has none.
    """

    directory: str
    name: str
    mode: str
    mode_reason: str
    version: str
    local_site: str
    nodes: tuple[Node, ...]
    sites: tuple[Site, ...]
    patch: Patch
    upgrade: Patch | None = None
    platform: str = "unix"
    arch: str = "x64"
    windows: str = ""
    clwin: bool = False
    page: int = 0

    @property
    def cluster_file(self) -> Path:
        """The cluster file that the console imports."""
        return Path(self.directory) / "cluster.yaml"

    @property
    def overlay_file(self) -> Path:
        """The overlay file with the lab's own commands for what the manual hands off."""
        return Path(self.directory) / "overlay.yaml"

    @property
    def client_key(self) -> Path:
        """The private key (ed25519, OpenSSH form, mode 0600) that opens every node."""
        return Path(self.directory) / "client_key"

    @property
    def password_file(self) -> Path:
        """The password of Administrator on every Windows node, and nothing else in it (mode 0600)."""
        return Path(self.directory) / "password"

    def node(self, name: str) -> Node:
        """The node of that name. Raises LabError where there is none."""
        for node in self.nodes:
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.nodes)
        raise LabError(
            f"no node {name!r} here; there are {known}", f"ノード {name} はありません（あるのは {known}）。"
        )


@dataclass(frozen=True)
class Resource:
    """One cluster resource: role as crm_mon says it, the node it is on, and whether the cluster manages it."""

    id: str
    role: str
    node: str | None
    managed: bool
    failed: bool


@dataclass(frozen=True)
class NodeStatus:
    """A node at this moment. `state`: up | booting | crashed | off; `sites`: the sites whose processes live on it."""

    name: str
    port: int
    state: str
    standby: bool
    sites: tuple[str, ...]
    packages: tuple[str, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True)
class LabStatus:
    """The lab at this moment. `pid` is the keeper's, None when the lab is down."""

    lab: Lab | None
    running: bool
    pid: int | None
    nodes: tuple[NodeStatus, ...]
    resources: tuple[Resource, ...]


class Layout:
    """Where the lab's files are. Relative names only: the keeper's working folder is `directory` (socket paths are short)."""

    SOCKET = "control.sock"

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.description = self.directory / "lab.json"
        self.cluster_state = self.directory / "cluster.json"
        self.lock = self.directory / "keeper.lock"
        self.up_lock = self.directory / "up.lock"
        self.output = self.directory / "lab.out"
        self.shared = self.directory / "shared"
        self.client_key = self.directory / "client_key"
        self.socket = self.directory / self.SOCKET

    def node(self, name: str) -> Path:
        """The folder of one node: disk/ (its files), bin/ (stand-in commands), run/ (gone at boot), faults/."""
        return self.directory / "nodes" / name


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
    Path(name).chmod(mode)
    Path(name).replace(path)


def save(lab: Lab) -> None:
    """Write lab.json."""
    write_whole(
        Layout(Path(lab.directory)).description, json.dumps({"schema": SCHEMA, **asdict(lab)}, indent=1)
    )


def load(directory: Path) -> Lab | None:
    """The lab in this folder, None where none was ever set up. Raises LabError for one of another schema."""
    try:
        data = json.loads(Layout(directory).description.read_text())
    except FileNotFoundError:
        return None
    if data.pop("schema") != SCHEMA:
        raise LabError(
            f"{directory} holds a lab of another version: remove the folder and start anew",
            f"{directory} のラボは別の版のものです。フォルダーを削除して作り直してください。",
        )
    data["nodes"] = tuple(Node(**node) for node in data["nodes"])
    data["sites"] = tuple(Site(**site) for site in data["sites"])
    data["patch"] = Patch(**data["patch"])
    data["upgrade"] = Patch(**data["upgrade"]) if data.get("upgrade") else None
    return Lab(**data)
