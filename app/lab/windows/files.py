"""A node's files with Windows' rules: attributes, sharing of open files, images that processes have loaded, a disk that is full.

Contents are ordinary files on this machine. Owns who has what open; it is gone at boot.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from app.lab.windows import paths
from app.lab.windows.refusals import Refusal, Unknown

READ, WRITE, DELETE = 1, 2, 4
READ_ONLY, DIRECTORY, ARCHIVE, NORMAL, REPARSE = 1, 16, 32, 128, 1024
_SETTABLE = READ_ONLY | ARCHIVE | NORMAL
_IMAGE = b"TEJUN-LAB-IMAGE "
_SIZE = 64 << 30
_OPENING = {"CreateNew": 1, "Create": 2, "Open": 3, "OpenOrCreate": 4, "Truncate": 5, "Append": 6}
"""FileMode of .NET and its numbers."""


@dataclass
class Open:
    """A file that somebody has open: access and share as bits of READ, WRITE, DELETE. `thread`: whose."""

    path: str
    access: int
    share: int
    stream: BinaryIO | None = None
    image: bool = False
    thread: int = field(default_factory=threading.get_ident)


def image(name: str, version: str) -> bytes:
    """The content of a program or DLL of the lab: it states its name and version and does nothing."""
    return _IMAGE + json.dumps({"name": name, "version": version}).encode() + b"\n"


class Files:
    """The files of one node. Every path is absolute (`paths.full`). Raises Refusal."""

    def __init__(self, drives: paths.Drives, full_disk: Callable[[], bool] = lambda: False) -> None:
        self.drives, self._full_disk = drives, full_disk
        self._open: list[Open] = []
        self._lock = threading.RLock()

    def kind(self, path: str) -> str | None:
        """file | folder | None for what is not there."""
        try:
            place = self.drives.here(path)
        except Refusal:
            return None
        return "folder" if place.is_dir() else "file" if place.exists() else None

    def attributes(self, path: str) -> int:
        """The attributes as bits. Raises Refusal 2 where the file, 3 where its folder is not there."""
        place = self._existing(path)
        bits = REPARSE if place.is_symlink() else 0
        if place.is_dir():
            return bits | DIRECTORY
        return bits | ARCHIVE | (0 if place.stat().st_mode & 0o200 else READ_ONLY)

    def set_attributes(self, path: str, bits: int) -> None:
        """Of the attributes the lab knows ReadOnly, Archive and Normal."""
        if bits & ~_SETTABLE:
            raise Unknown(f"the attributes {bits & ~_SETTABLE:#x}")
        place = self._existing(path)
        place.chmod(0o444 if bits & READ_ONLY else 0o644)

    def entries(self, path: str) -> list[str]:
        """The names in a folder, sorted without regard to case."""
        return sorted((one.name for one in self._existing(path).iterdir()), key=str.lower)

    def read(self, path: str) -> bytes:
        """The whole content, sharing as ReadAllBytes does."""
        handle = self.open(path, "Open", READ, READ)
        try:
            assert handle.stream
            return handle.stream.read()
        finally:
            self.close(handle)

    def write(self, path: str, data: bytes, append: bool = False) -> None:
        """Write the whole file, or behind its end; others may read meanwhile."""
        handle = self.open(path, "Append" if append else "Create", WRITE, READ)
        try:
            self.put(handle, data)
        finally:
            self.close(handle)

    def put(self, handle: Open, data: bytes) -> None:
        """Write to an open file. Raises Refusal 112 on a full disk."""
        if self._full_disk() and data:
            raise Refusal(112, handle.path)
        assert handle.stream
        handle.stream.write(data)
        handle.stream.flush()

    def open(self, path: str, mode: str, access: int, share: int) -> Open:
        """As CreateFile: `mode` is a name of FileMode. Raises Refusal 2, 3, 5, 32, 183; Unknown for another mode."""
        if mode not in _OPENING:
            raise Unknown(f"the file mode {mode}")
        with self._lock:
            place = self._openable(path, mode, access)
            self._shared(path, access, share)
            exists = place.exists()
            flags = os.O_CLOEXEC | (os.O_RDWR if access & WRITE else os.O_RDONLY)
            if not exists:
                flags |= os.O_CREAT
            elif mode in ("Create", "Truncate"):
                flags |= os.O_TRUNC
            number = os.open(place, flags, 0o644)
            stream: BinaryIO = os.fdopen(number, "r+b" if access & WRITE else "rb", buffering=0)
            if mode == "Append":
                stream.seek(0, os.SEEK_END)
            handle = Open(path.lower(), access, share, stream)
            self._open.append(handle)
        return handle

    def close(self, handle: Open) -> None:
        """Close it; a second time does nothing."""
        with self._lock:
            if handle in self._open:
                self._open.remove(handle)
            if handle.stream:
                handle.stream.close()

    def let_go(self) -> None:
        """Close what this thread has left open: its process has ended."""
        with self._lock:
            mine = [one for one in self._open if one.thread == threading.get_ident() and not one.image]
        for handle in mine:
            self.close(handle)

    def load(self, path: str) -> Open:
        """A process maps the file as an image: until `close` it can neither be written nor deleted."""
        with self._lock:
            self._existing(path)
            handle = Open(path.lower(), READ, READ, None, image=True)
            self._open.append(handle)
        return handle

    def in_use(self, path: str) -> bool:
        """Whether anybody has the file, or one below this folder, open or loaded."""
        lower = path.lower()
        with self._lock:
            return any(one.path == lower or one.path.startswith(lower + "\\") for one in self._open)

    def make_folder(self, path: str) -> None:
        """A folder with all above it; one that is there stays. Raises Refusal 183 where a file is."""
        place = self.drives.here(path)
        if place.is_file():
            raise Refusal(183, path)
        if self._full_disk() and not place.is_dir():
            raise Refusal(112, path)
        place.mkdir(parents=True, exist_ok=True)

    def copy(self, source: str, target: str, overwrite: bool) -> None:
        """One file; attributes go with it. Raises Refusal 183 where the target is and `overwrite` is not given."""
        if self.kind(target) and not overwrite:
            raise Refusal(183, target)
        data = self.read(source)
        self.write(target, data)
        shutil.copystat(self.drives.here(source), self.drives.here(target))

    def move(self, source: str, target: str, overwrite: bool = False) -> None:
        """Rename, over what is there with `overwrite`. An image can be renamed, an open file not."""
        with self._lock:  # of two that rename to one name, one is first
            place, goal = self._existing(source), self.drives.here(target)
            if not goal.parent.is_dir():
                raise Refusal(3, target)
            if goal.exists() and goal != place and not overwrite:
                raise Refusal(183, target)
            self._shared(source, DELETE, READ | WRITE | DELETE, rename=True)
            if goal.exists() and goal != place:
                self._deletable(target)
            place.replace(goal)

    def delete(self, path: str) -> None:
        """One file; nothing where there is none. Raises Refusal 5 for a folder, a read-only file and a loaded image; 32."""
        place = self.drives.here(path)
        if not place.exists():
            if not place.parent.is_dir():
                raise Refusal(3, path)
            return
        if place.is_dir():
            raise Refusal(5, path)
        with self._lock:
            self._deletable(path)
            place.unlink()

    def delete_folder(self, path: str, deep: bool) -> None:
        """A folder, with what is in it if `deep`. What is in use stays, with the folders above it. Raises Refusal 145, 5, 32."""
        for entry in self.entries(path):
            if not deep:
                raise Refusal(145, path)
            below = paths.join(path, entry)
            if self.kind(below) == "folder" and not self.attributes(below) & REPARSE:
                self.delete_folder(below, deep)
            else:
                self.delete(below)
        self.drives.here(path).rmdir()

    def length(self, path: str) -> int:
        """Bytes of a file."""
        return self._existing(path).stat().st_size

    def written_at(self, path: str) -> datetime:
        """When it was last written."""
        return datetime.fromtimestamp(self._existing(path).stat().st_mtime, UTC)

    def version(self, path: str) -> str | None:
        """The version that an image of the lab states; None for every other file."""
        content = self._existing(path).read_bytes()
        if not content.startswith(_IMAGE):
            return None
        return str(json.loads(content[len(_IMAGE) :])["version"])

    def free(self, letter: str) -> int:
        """Free bytes of a drive."""
        if not self.drives.ready(letter):
            raise Refusal(3, f"{letter}:\\")
        return 0 if self._full_disk() else _SIZE // 2

    @staticmethod
    def size() -> int:
        """Bytes of every drive."""
        return _SIZE

    def _existing(self, path: str) -> Path:
        place = self.drives.here(path)
        if not place.exists() and not place.is_symlink():
            raise Refusal(2 if place.parent.is_dir() else 3, path)
        return place

    def _openable(self, path: str, mode: str, access: int) -> Path:
        place = self.drives.here(path)
        if place.is_dir():
            raise Refusal(5, path)
        if not place.exists():
            if mode in ("Open", "Truncate"):
                raise Refusal(2 if place.parent.is_dir() else 3, path)
            if not place.parent.is_dir():
                raise Refusal(3, path)
        elif mode == "CreateNew":
            raise Refusal(183, path)
        elif access & WRITE and not place.stat().st_mode & 0o200:
            raise Refusal(5, path)
        return place

    def _shared(self, path: str, access: int, share: int, rename: bool = False) -> None:
        """Whether what others have open lets this be opened, and what is asked lets them go on."""
        for one in self._open:
            same = one.path == path.lower() and not (rename and one.image)
            if same and (access & ~one.share or one.access & ~share):
                raise Refusal(32, path)

    def _deletable(self, path: str) -> None:
        lower = path.lower()
        if any(one.path == lower and one.image for one in self._open):
            raise Refusal(5, path)
        if not self.drives.here(path).stat().st_mode & 0o200:
            raise Refusal(5, path)
        self._shared(path, DELETE, READ | WRITE | DELETE)
