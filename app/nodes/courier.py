"""How a file gets to a node: what is asked of whoever carries it, whatever the transport. Knows no tables and decides nothing.

A file is written beside its place under a temporary name, at offsets, and gets its name only once the node itself has
computed the right digest. Writing the same bytes at the same offset again is harmless: so a cut needs no memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from app.nodes.errors import NodeError

BLOCK = 64 * 1024
"""Offsets are multiples of it."""

There = Literal["absent", "same", "other", "no_folder", "read_only"]
Named = Literal["yes", "no", "other", "differs", "no_sha256"]


@dataclass(frozen=True)
class Parcel:
    """What is to lie at `path` (absolute, or ~/…) on the node: its SHA-256 in lower-case hexadecimal, its size in bytes."""

    path: str
    sha256: str
    size: int

    @property
    def short(self) -> str:
        """What its part is called by: the same package to the same folder goes on where any earlier delivery stopped."""
        return self.sha256[:32]


@dataclass(frozen=True)
class Found:
    """What a node has: `there` of the file, `part` bytes of it under the temporary name, `free` bytes (None: not told)."""

    there: There
    part: int = 0
    free: int | None = None


class Courier(Protocol):
    """Carries one parcel to one node. Every call raises ConnectionCut and what connecting raises, and can be made again."""

    async def look(self) -> Found:
        """Changes nothing. Hashes the file where its size fits."""

    async def open(self) -> int:
        """See that the part is there and ours; its size in bytes. Raises PartRefused."""

    async def write(self, offset: int, data: bytes) -> None:
        """Write into the part; `offset` is a multiple of BLOCK. Raises WriteRefused."""

    async def publish(self) -> Named:
        """Give the part the file's name, if its digest is right and no other file has the name."""

    async def drop(self) -> None:
        """Remove the part."""


class PartRefused(NodeError):
    """The part cannot be made, or what lies in its place is not this user's own plain file. Nothing was written."""

    code = "part_refused"

    def __init__(self, where: str, path: str) -> None:
        super().__init__(
            f"{where} の {path} の隣に、配布途中のファイル（.tejun-….part）を作れないか、"
            "別のユーザーのファイルやリンクがあります。フォルダーの権限を確認し、そのファイルを取り除いてください。",
            f"Beside {path} on {where} the file of a delivery under way (.tejun-….part) cannot be made, or another user's file "
            "or a link is in its place. Check the folder's permissions and remove that file.",
        )


class WriteRefused(NodeError):
    """The node did not take the bytes (disk full, quota, permissions); `detail` is what it said."""

    code = "write_refused"

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(
            f"{where} がファイルの書き込みを拒否しました（{detail}）。空き容量、クォータ、権限を確認してください。",
            f"{where} refused to write the file ({detail}). Check its free space, quotas and permissions.",
        )
