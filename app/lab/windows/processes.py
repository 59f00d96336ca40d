"""The processes of a node: an identity, a command line, loaded modules, who started it. None of them is one of this machine's.

Owns the table; it is gone at boot. What a process has loaded stays in use until it ends.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from app.lab.windows import paths
from app.lab.windows.files import Files, Open

_IDLE, SYSTEM_PROCESS = 0, 4


@dataclass
class Process:
    """One process. `ended` is set once it is gone; `kill` is called when somebody ends it (a thread that has to stop)."""

    id: int
    image: str
    line: str
    parent: int
    started: datetime
    site: str = ""
    modules: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    loaded: list[Open] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    code: int | None = None
    kill: Callable[[], None] = lambda: None

    @property
    def name(self) -> str:
        """The image's name without .exe, as .NET has it."""
        return self.image.rpartition("\\")[2].removesuffix(".exe")


class Processes:
    """The table of one node. `audit`: where that file is, a line of each process that starts is added to it, as Windows does
    where the auditing of process creation is switched on."""

    def __init__(self, files: Files, now: Callable[[], datetime], audit: Path) -> None:
        self._files, self._now, self._audit = files, now, audit
        self._table: dict[int, Process] = {}
        self._ids, self._lock = itertools.count(212, 4), threading.RLock()
        for number, image in ((_IDLE, "Idle"), (SYSTEM_PROCESS, "System")):
            self._table[number] = Process(number, image, "", _IDLE, now())

    def start(
        self,
        image: str,
        line: str = "",
        *,
        parent: int = SYSTEM_PROCESS,
        site: str = "",
        modules: tuple[str, ...] = (),
        ports: tuple[int, ...] = (),
        kill: Callable[[], None] = lambda: None,
    ) -> Process:
        """A new process; `modules` are paths, those that are there are loaded with it."""
        with self._lock:
            process = Process(
                next(self._ids), image, line or image, parent, self._now(), site, ports=list(ports), kill=kill
            )
            for path in (image, *modules):
                self.load(process, path)
            self._table[process.id] = process
            self._note(process)
        return process

    def _note(self, process: Process) -> None:
        if self._audit.exists():
            with self._audit.open("a", encoding="utf-8") as file:
                file.write(f"{process.line}\n")

    def load(self, process: Process, path: str) -> None:
        """The process loads a DLL, if the file is there."""
        if self._files.kind(path) == "file":
            process.loaded.append(self._files.load(path))
            process.modules.append(paths.name(path))

    def end(self, process: Process, code: int = 0) -> None:
        """It has ended: its files are free."""
        with self._lock:
            if self._table.pop(process.id, None) is None:
                return
            process.code = code
            for handle in process.loaded:
                self._files.close(handle)
        process.ended.set()

    def kill(self, number: int, tree: bool) -> list[int]:
        """End a process, with all that descend from it if `tree`; the ids that ended, empty where there is none of that id."""
        with self._lock:
            if number not in self._table or number in (_IDLE, SYSTEM_PROCESS):
                return []
            chosen = [number, *(self.below(number) if tree else ())]
            processes = [self._table[one] for one in chosen if one in self._table]
        for process in processes:
            process.kill()
            self.end(process, 1)
        return [process.id for process in processes]

    def below(self, number: int) -> Iterator[int]:
        """Ids of what descends from a process."""
        for one in self.all():
            if one.parent == number and one.id != number:
                yield one.id
                yield from self.below(one.id)

    def find(self, number: int) -> Process | None:
        """The process of that id."""
        return self._table.get(number)

    def all(self) -> list[Process]:
        """All of them, by id."""
        with self._lock:
            return [self._table[number] for number in sorted(self._table)]

    def listening(self) -> list[int]:
        """The TCP ports on which something listens."""
        return sorted({port for process in self.all() for port in process.ports})

    def of_site(self, site: str) -> list[Process]:
        """A site's processes."""
        return [one for one in self.all() if one.site == site]

    def sites(self) -> dict[str, list[str]]:
        """Site -> names of its processes."""
        found: dict[str, list[str]] = {}
        for one in self.all():
            if one.site:
                found.setdefault(one.site, []).append(one.name)
        return found
