"""The bytes of the packages: one file a package in one folder, named by its SHA-256. Knows no tables; every call blocks.

A file gets its name only once it is whole and on disk: written under a temporary name, fsync, rename, fsync of the folder.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from app.domain.errors import Invalid, Refused

_INCOMING, _GONE = ".incoming-", ".gone-"
_STALE_SECONDS = 24 * 3600.0
_LOOK_BYTES = 64 * 1024 * 1024
_HEX = frozenset("0123456789abcdef")


class Incoming:
    """A file on its way into the store. `write` it, then `finish`; leaving the block throws away what was not kept.

    Raises Invalid beyond the store's limit and Refused where the disk has no more room: the part is thrown away.
    """

    def __init__(self, store: PackageStore) -> None:
        self._store = store
        self.path = store.folder / f"{_INCOMING}{secrets.token_hex(8)}"
        self._file = self.path.open("xb", buffering=0)
        self._digest = hashlib.sha256()
        self._looked = 0
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        """Lower-case hexadecimal, of what was written so far."""
        return self._digest.hexdigest()

    def write(self, data: bytes | bytearray) -> None:
        """The next bytes, in order."""
        self._store.require_size(self.size + len(data))
        if self.size + len(data) - self._looked >= _LOOK_BYTES:
            self._store.require_room(0)
            self._looked = self.size
        self._digest.update(data)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as no:
            if no.errno in (errno.ENOSPC, errno.EDQUOT):
                raise no_room() from no
            raise
        self.size += len(data)

    def finish(self) -> None:
        """Have everything on disk. Raises Invalid for an empty file."""
        if not self.size:
            raise Invalid(
                "package_empty",
                "ファイルが空です。中身のあるファイルを選んでください。",
                "The file is empty. Choose one with something in it.",
                "file",
            )
        os.fsync(self._file.fileno())
        self._file.close()


class PackageStore:
    """The folder. `limit`: bytes of one package at most; `floor`: bytes that must stay free on its disk."""

    def __init__(self, folder: Path, limit: int, floor: int) -> None:
        self.folder, self.limit, self.floor = folder, limit, floor

    def receive(self, expected: int = 0) -> Incoming:
        """Begin to take a file in; `expected` bytes, if they are known. Raises what `Incoming.write` raises."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.require_size(expected)
        self.require_room(expected)
        return Incoming(self)

    def require_size(self, size: int) -> None:
        """Refuse what is larger than a package may be."""
        if size > self.limit:
            most = f"{self.limit:,}"
            raise Invalid(
                "package_too_large",
                f"パッケージの上限（{most} バイト）を超えています。何も保存していません。"
                "ファイルを確認するか、管理者に TEJUN_PACKAGE_LIMIT_BYTES の変更を依頼してください。",
                f"The package is larger than the limit ({most} bytes); nothing was stored. "
                "Check the file, or have TEJUN_PACKAGE_LIMIT_BYTES raised.",
                "file",
            )

    def require_room(self, size: int) -> None:
        """Refuse where `size` bytes more would leave less than the floor."""
        if shutil.disk_usage(self.folder).free - size < self.floor:
            raise no_room()

    def keep(self, incoming: Incoming) -> None:
        """Give a finished file its name."""
        incoming.path.replace(self.path(incoming.sha256))
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def path(self, sha256: str) -> Path:
        """Where the package of that digest lies, if it is here."""
        return self.folder / sha256

    def has(self, sha256: str, size: int) -> bool:
        """Whether the package is here, by its name and size; `digest` looks closer."""
        try:
            return self.path(sha256).stat().st_size == size
        except OSError:
            return False

    def read(self, sha256: str, offset: int, count: int) -> bytes:
        """`count` bytes from `offset` on, fewer at the end. Raises OSError where it is not here."""
        with self.path(sha256).open("rb", buffering=0) as file:
            return os.pread(file.fileno(), count, offset)

    def digest(self, sha256: str) -> str:
        """The digest that the stored bytes have now. Raises OSError where they are not here."""
        with self.path(sha256).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def set_aside(self, known: Collection[str]) -> None:
        """Take the name from every file that is no known package: quick, `clear` then gives the room back."""
        for name in self._names():
            if len(name) == 64 and set(name) <= _HEX and name not in known:
                with suppress(FileNotFoundError):
                    self.path(name).rename(self.folder / f"{_GONE}{secrets.token_hex(8)}")

    def clear(self) -> None:
        """Remove what was set aside, and parts that nobody has written to for a day."""
        for name in self._names():
            with suppress(FileNotFoundError):
                age = time.time() - self.path(name).stat().st_mtime
                if name.startswith(_GONE) or (name.startswith(_INCOMING) and age > _STALE_SECONDS):
                    self.path(name).unlink()

    def _names(self) -> list[str]:
        return [path.name for path in self.folder.iterdir()] if self.folder.is_dir() else []


def no_room() -> Refused:
    """The refusal of a package that the console's disk has no room for."""
    return Refused(
        "package_no_room",
        "コンソール側のディスクの空きが足りないため、保存していません。"
        "不要なパッケージを削除するか、空きを増やしてからやり直してください。",
        "The console's disk has too little room; nothing was stored. Remove packages that are no longer needed, or make "
        "room, then try again.",
    )
