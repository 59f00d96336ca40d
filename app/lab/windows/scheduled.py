"""A node's scheduled tasks: what is registered, on disk; what runs, in the node's process. On demand only: there is no trigger.

A running task is a process of the node that belongs to no WinRM session; a restart ends it, and nothing starts it again.
Owns tasks.json of a node.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from app.lab.model import write_whole
from app.lab.windows.processes import Process
from app.lab.windows.refusals import Refusal

ACCESS_DENIED, NOT_FOUND = 5, 2
SYSTEM = ("system", "nt authority\\system", "s-1-5-18")


@dataclass(frozen=True)
class ScheduledTask:
    """One registration. `path` is "\\Folder\\Name"; `user` whom it runs as; `execute` and `arguments` its one action."""

    path: str
    execute: str
    arguments: str
    user: str
    folder: str = ""


class Scheduler:
    """The task scheduler of a node. `launch(execute, arguments, folder) -> Process`; `may(user, password)`: may it log on."""

    def __init__(
        self, file: Path, launch: Callable[[str, str, str], Process], may: Callable[[str, str | None], bool]
    ) -> None:
        self._file, self._launch, self._may = file, launch, may
        self._lock = threading.Lock()
        told = json.loads(file.read_text()) if file.exists() else []
        self._tasks = {one["path"].lower(): ScheduledTask(**one) for one in told}
        self._running: dict[str, Process] = {}

    def register(self, task: ScheduledTask, password: str | None, replace: bool = False) -> None:
        """Register. Raises Refusal 183 where there is one of that path, 5 where the account may not be used so."""
        with self._lock:
            if task.path.lower() in self._tasks and not replace:
                raise Refusal(183, task.path)
            if not self._may(task.user, password):
                raise Refusal(
                    ACCESS_DENIED, task.user, f"The user name or password is incorrect: {task.user}"
                )
            self._tasks[task.path.lower()] = task
            self._save()

    def find(self, path: str) -> ScheduledTask:
        """The registration of that path. Raises Refusal 2."""
        found = self._tasks.get(path.lower())
        if found is None:
            raise Refusal(NOT_FOUND, path, f"The system cannot find the file specified: {path}")
        return found

    def start(self, path: str) -> None:
        """Run it on demand; while it runs another start is ignored (IgnoreNew). Raises Refusal 2."""
        task = self.find(path)
        with self._lock:
            if self.state(path) != "Running":
                self._running[path.lower()] = self._launch(task.execute, task.arguments, task.folder)

    def stop(self, path: str, kill: Callable[[int], object]) -> None:
        """End what it runs, if it does."""
        self.find(path)
        process = self._running.get(path.lower())
        if process and not process.ended.is_set():
            kill(process.id)

    def state(self, path: str) -> str:
        """Ready or Running."""
        process = self._running.get(path.lower())
        return "Running" if process and not process.ended.is_set() else "Ready"

    def result(self, path: str) -> int:
        """What it ended with last; 267011 (it has not run yet), 267009 (it runs)."""
        process = self._running.get(path.lower())
        if process is None:
            return 267011
        return process.code if process.ended.is_set() and process.code is not None else 267009

    def unregister(self, path: str) -> None:
        """Take the registration away; what runs goes on. Raises Refusal 2."""
        self.find(path)
        with self._lock:
            del self._tasks[path.lower()]
            self._save()

    def all(self) -> list[ScheduledTask]:
        """All registrations."""
        return list(self._tasks.values())

    def _save(self) -> None:
        write_whole(
            self._file, json.dumps([asdict(task) for task in self._tasks.values()], ensure_ascii=False)
        )
