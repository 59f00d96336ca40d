"""A key's folder as guard.ps1 makes it, and its run.cmd started as the scheduled task does. Owns no expectation."""

from __future__ import annotations

import base64
import hashlib
import itertools
from pathlib import Path

from app.nodes.windows_node import RUNNER
from tests.wine.machines import Machine

SPOOL = r"C:\ProgramData\Tejun\spool"
FIRST, SECOND = "1f2e3d4c5b6a-7-0123456789abcdef", "ffeeddccbbaa-1-fedcba9876543210"
"""Nonces of two callers."""
_NUMBERS = itertools.count(1)


class Key:
    """One key with a payload (None: somebody has deleted it) and its promises to start. `folder`: here, to read."""

    def __init__(
        self, machine: Machine, payload: bytes | None, shell: str = "cmd", nonces: tuple[str, ...] = (FIRST,)
    ) -> None:
        self.machine, self.shell, self.name = machine, shell, f"session-step-1_{next(_NUMBERS)}"
        base = machine.drive / "ProgramData/Tejun/spool"
        self.ended, self.folder = base / "ended", base / self.name
        self.folder.mkdir(parents=True)
        self.ended.mkdir(exist_ok=True)
        if payload is not None:
            (self.folder / ("payload.cmd" if shell == "cmd" else "payload.ps1")).write_bytes(payload)
        (self.folder / "run.cmd").write_bytes(base64.b64decode(RUNNER))
        for name in ("out", "err"):
            (self.folder / name).touch()
        for nonce in nonces:
            self.promise(nonce, payload or b"")

    def promise(self, nonce: str, payload: bytes = b"") -> None:
        """A claim that has not been made yet."""
        line = (
            f"{hashlib.sha256(payload).hexdigest()} 1073741824 {self.shell} 638800000000000000 {nonce} .\r\n"
        )
        (self.folder / f"claim.{nonce}").write_bytes(line.encode())

    def start(self, nonce: str = FIRST) -> int:
        """Run run.cmd to its end; its own exit status."""
        return self.machine.start(rf"{SPOOL}\{self.name}\run.cmd", nonce, self.name, self.shell)

    def read(self, name: str) -> bytes:
        """A file of the folder."""
        return (self.folder / name).read_bytes()

    def names(self) -> set[str]:
        """What lies in the folder."""
        return {path.name for path in self.folder.iterdir()}

    @property
    def windows(self) -> str:
        """The folder as the node names it."""
        return rf"{SPOOL}\{self.name}"


def copied(folder: Path) -> dict[str, bytes]:
    """All files below."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
