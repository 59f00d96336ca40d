"""What happened on the nodes, told by the nodes: every changing command that really began, and the spools as they lie there."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

from app.lab import Lab

# nqsstart is not among them: the patch itself replaces that file, and with it anything put before it
CHANGING = {"pcs": ("node ", "resource "), "rpm": ("-i",), "nqsstop": ("",)}


class Witness:
    """Puts itself before the commands of the lab's nodes; what they are called with is noted before they do anything."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.journals = {node.name: Path(node.disk).parent / "journal" for node in lab.nodes}

    def install(self) -> None:
        """Once, while nothing runs."""
        for node in self.lab.nodes:
            journal = self.journals[node.name]
            journal.touch()
            folders = {"pcs": journal.parent / "bin", "rpm": journal.parent / "bin"}
            for name in CHANGING:
                script = folders.get(name, Path(node.nqs_outside)) / name
                real = script.rename(script.with_name(f"{name}.real"))
                script.write_text(
                    f'#!/bin/sh\necho "{name} $*" >> {journal}\nexec {self._inside(node, real)} "$@"\n'
                )
                script.chmod(0o755)

    @staticmethod
    def _inside(node: object, real: Path) -> str:
        outside, nqs = str(getattr(node, "nqs_outside")), str(getattr(node, "nqs"))  # noqa: B009
        return str(real).replace(outside, nqs) if str(real).startswith(outside) else str(real)

    def begun(self) -> Counter[str]:
        """Every changing command that began, with its arguments, by how often."""
        lines: Counter[str] = Counter()
        for node, journal in self.journals.items():
            for line in journal.read_text().splitlines():
                name, _, arguments = line.partition(" ")
                if arguments.startswith(CHANGING.get(name, ("\0",))):  # a format may end in a line feed
                    lines[f"{node}: {line.strip()}"] += 1
        return lines

    def spool(self, node: str, key: str) -> tuple[str, str] | None:
        """SHA-256 of out and err as they lie in the node's spool; None without a spool."""
        folder = Path(next(n.home for n in self.lab.nodes if n.name == node)) / ".tejun" / key
        if not (folder / "status").exists():
            return None
        out, err = (hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("out", "err"))
        return out, err

    def claimed(self, node: str, key: str) -> bool:
        """Whether the key is claimed on the node."""
        folder = Path(next(n.home for n in self.lab.nodes if n.name == node)) / ".tejun" / key
        return (folder / "claim").exists()
