"""Two Windows nodes in this process, with their cluster: everything of the lab but sockets and processes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.lab.product import NEWEST, patched
from app.lab.windows import fresh
from app.lab.windows.cluster.manager import Manager
from app.lab.windows.cluster.requests import Port, port
from app.lab.windows.cluster.state import Cluster
from app.lab.windows.computer import Computer
from app.lab.windows.machine import Description
from app.lab.windows.product import Edition

NODES = ("node-a", "node-b")


class Pair:
    """A lab in a folder. `computers`: node -> Computer; all are up and the cluster has settled."""

    def __init__(
        self, folder: Path, kind: str = "wsfc", version: str = "R16.3", windows: str = "2019", arch: str = "x64",
        local_site: str = "used", sites: Sequence[tuple[str, str]] = (("site1", "g_jc"),), clwin: bool = False,
    ) -> None:  # fmt: skip
        self.folder, self.edition = folder, Edition(version, arch)
        san, letters = folder / "san", fresh.shared(len(sites), kind)
        fresh.san(san, kind, [site for site, _group in sites], self.edition)
        made: Cluster = fresh.cluster("tokyo-batch", kind, NODES, sites, self.edition)  # type: ignore[arg-type]
        self.computers: dict[str, Computer] = {}
        self.manager = Manager(folder / "cluster.json", made, {})
        self.packages = fresh.offered(version, arch, NEWEST, patched(version))
        for name in NODES:
            description = Description(name, kind, windows, arch, letters)
            fresh.node(folder / name, san, description, version, local_site, clwin, self.packages)
            self.start(name, san, description)
        for computer in self.computers.values():
            computer.machine.start_services()

    def start(self, name: str, san: Path, description: Description) -> None:
        """Power on."""
        ask: Port = port(self.manager, name)
        self.computers[name] = Computer(
            self.folder / name, san, description, ask, {"Administrator": "secret"}
        )
        self.manager.agents = {one: computer.machine for one, computer in self.computers.items()}
        self.computers[name].machine.boot()

    def told(self) -> dict[str, Any]:
        """The cluster now."""
        return self.manager.see()
