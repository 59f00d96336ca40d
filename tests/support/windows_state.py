"""What a lab of Windows nodes is made of at one moment, read from its own files: disks, registries, the cluster's memory.

Only looks; asks no node. Files that the console leaves on nodes are told apart: they are none of JobCenter's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.lab.model import Lab, Layout
from app.lab.windows.product import SERVER_KEY, Edition
from app.lab.windows.registry import ROOTS, Registry

SPOOL = "C/ProgramData/Tejun/spool/"


@dataclass(frozen=True)
class State:
    """`files`: "node:C/…" or "S:jc/…" -> content; `values`: "node:HKLM\\…!name" -> text; `spools`: what lies in the guards'
    folders but their graves; `cluster`: its memory."""

    files: dict[str, bytes]
    values: dict[str, str]
    spools: tuple[str, ...]
    cluster: dict[str, Any]

    @classmethod
    def of(cls, lab: Lab) -> State:
        """The lab now."""
        layout = Layout(Path(lab.directory))
        files = {
            f"{drive.name}:{path}": data for drive in layout.shared.iterdir() for path, data in _below(drive)
        }
        values: dict[str, str] = {}
        for node in lab.nodes:
            folder = layout.node(node.name)
            files |= {f"{node.name}:C/{path}": data for path, data in _below(folder / "C")}
            values |= {f"{node.name}:{name}": text for name, text in _values(folder / "registry.json")}
        ours = tuple(name for name in files if SPOOL in name and "/ended/" not in name)
        theirs = {name: data for name, data in files.items() if SPOOL not in name}
        return cls(theirs, values, ours, json.loads(layout.cluster_state.read_text()))

    def gone(self, after: State) -> set[str]:
        """Files and values that are no longer there, "node:" left off where they are gone from every node."""
        return {name.partition(":")[2] for name in self.files.keys() - after.files.keys()} | {
            name.partition(":")[2] for name in self.values.keys() - after.values.keys()
        }

    def versions(self, lab: Lab, version: str) -> list[str | None]:
        """What each node's registry says of MG/SV."""
        key = rf"{Edition(version, lab.arch).software}\{SERVER_KEY}!Version"
        return [self.values.get(f"{node.name}:{key}") for node in lab.nodes]


def _below(folder: Path) -> list[tuple[str, bytes]]:
    return [
        (path.relative_to(folder).as_posix(), path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    ]


def _values(file: Path) -> list[tuple[str, str]]:
    registry = Registry(file)
    roots = [(root, registry.find(root)) for root in ROOTS]
    return [
        (f"{path}!{name}", text)
        for root, key in roots
        if key is not None
        for path, one in key.walk(root)
        for name, _kind, text in one.values.values()
    ]
