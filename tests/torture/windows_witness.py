"""What happened on Windows nodes, told by the nodes: every payload that began, the claims, and the spools as they lie there."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path

from app.lab import Lab
from app.lab.model import Layout

_PAYLOAD = re.compile(r"\\spool\\([0-9A-Za-z_-]+)\\payload\.(?:ps1|cmd)")


class WindowsWitness:
    """Reads the nodes' own files; the nodes note each process that they start."""

    def __init__(self, lab: Lab) -> None:
        self._folders = {node.name: Layout(Path(lab.directory)).node(node.name) for node in lab.nodes}

    def install(self) -> None:
        """Have the nodes note the processes that they start."""
        for folder in self._folders.values():
            (folder / "audit").touch()

    def begun(self) -> Counter[str]:
        """How often the payload of each key was begun, by key."""
        found: Counter[str] = Counter()
        for folder in self._folders.values():
            found.update(_PAYLOAD.findall((folder / "audit").read_text("utf-8")))
        return found

    def claims(self, node: str, key: str) -> int:
        """How many claims of the key there are, promises that lost left out."""
        return int((self._spool(node, key) / "claim").exists())

    def spool(self, node: str, key: str) -> tuple[str, str]:
        """SHA-256 of out and err as they lie in the node's spool, up to the sizes that count."""
        folder = self._spool(node, key)
        sizes = (folder / "sizes").read_text().split()[:2]
        out, err = (
            hashlib.sha256((folder / name).read_bytes()[: int(size)]).hexdigest()
            for name, size in zip(("out", "err"), sizes, strict=True)
        )
        return out, err

    def _spool(self, node: str, key: str) -> Path:
        return self._folders[node] / "C" / "ProgramData" / "Tejun" / "spool" / key
