"""How programs are found and started on a node: by name, by path, or a file that the lab understands (batch file, installer).

Every start is a process of the node, child of the one that started it, whose image is in use meanwhile and which can be ended.
Owns the threads of what is launched to run by itself.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from app.lab.powershell.world import Environment, Native, NativeCall
from app.lab.windows import packages, paths, product
from app.lab.windows.cmd.shell import Pipes, Shell, argv
from app.lab.windows.machine import Machine
from app.lab.windows.processes import Process
from app.lab.windows.programs.console import complain
from app.lab.windows.refusals import Refusal

SYSTEM32 = rf"{product.WINDOWS}\System32"
_NO_PROGRAM = 193  # ERROR_BAD_EXE_FORMAT


class Programs:
    """The programs of one machine. `table`: by name in lower case, without .exe; the images of `places` are where they lie."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.table: dict[str, Native] = {}
        self.places: dict[str, str] = {}
        self._now = threading.local()

    def add(self, folder: str, programs: dict[str, Native]) -> None:
        """Programs that lie in a folder; where their image is not there they cannot be found."""
        for name, native in programs.items():
            self.table[name] = native
            self.places[name] = paths.join(folder, f"{name}.exe")

    def current(self) -> int:
        """The id of the process whose thread this is; 4 (System) outside any."""
        return int(getattr(self._now, "id", 4))

    def find(self, name: str, folder: str) -> Native | None:
        """A program as cmd.exe and PowerShell find it: a plain name in the folders of PATH, or a path; None for none."""
        plain = name.lower().removesuffix(".exe")
        if plain in self.table:
            place = self.places[plain]
            return (
                self._process(place, self.table[plain]) if self.machine.files.kind(place) == "file" else None
            )
        try:
            path = paths.full(name, folder)
        except Refusal:
            return None
        for ending in ("", ".exe", ".cmd", ".bat"):
            if self.machine.files.kind(path + ending) == "file":
                return self._of_file(path + ending)
        return None

    def _of_file(self, path: str) -> Native:
        lower = path.lower()
        for name, place in self.places.items():
            if place.lower() == lower:
                return self._process(path, self.table[name])
        if lower.endswith((".cmd", ".bat")):
            return self._process(
                rf"{SYSTEM32}\cmd.exe", lambda call: self._batch(path, call), f'/c "{path}" '
            )
        return self._process(path, lambda call: self._package(path, call))

    def shell(self, environment: Environment, folder: str, stop: Callable[[], bool]) -> Shell:
        """A cmd.exe on this machine."""
        return Shell(self.machine.files, self.find, environment, folder, stop)

    def _batch(self, path: str, call: NativeCall) -> int:
        shell = self.shell(call.environment, call.folder, call.stop)
        return shell.file(path, call.argv, Pipes(call.stdin, call.out, call.err))

    def _package(self, path: str, call: NativeCall) -> int:
        """An installer of the lab; any other file is no program."""
        package = packages.read(self.machine.files.read(path))
        if package is None:
            complain(call, "このバージョンの Windows では、このプログラムを実行できません。")
            return _NO_PROGRAM
        if [word.lower() for word in call.argv] != ["/s"]:
            complain(call, "without /s this opens a window, and nobody is there to answer it")
            return 1
        code = self.machine.jobcenter.run(package)
        if code == packages.REBOOT_INITIATED:
            self.machine.reboot()
        return code

    def _process(self, image: str, native: Native, before: str = "") -> Native:
        """A program that is a process of the node as long as it runs."""

        def run(call: NativeCall) -> int:
            process = self._begin(image, before + call.line)
            return self._carry(process, native, call)

        return run

    def _begin(self, image: str, line: str, parent: int | None = None) -> Process:
        killed = threading.Event()
        written = f'"{image}" {line}' if " " in image else f"{image} {line}"
        return self.machine.processes.start(
            image, written.rstrip(), parent=self.current() if parent is None else parent, kill=killed.set
        )

    def _carry(self, process: Process, native: Native, call: NativeCall) -> int:
        before, self._now.id = self.current(), process.id
        code = 1
        try:
            code = native(replace(call, stop=lambda: call.stop() or process.ended.is_set()))
        finally:
            self._now.id = before
            killed = process.ended.is_set()
            self.machine.processes.end(process, code)
        return 1 if killed else code

    @contextmanager
    def inside(self, image: str, line: str) -> Iterator[None]:
        """What this thread does meanwhile is done by a process of that image (a WinRM session's own).

        What it started and left running ends with it, as the job of a session does; tasks, services and what WMI made stay.
        """
        process, before = self._begin(image, line, parent=4), self.current()
        self._now.id = process.id
        try:
            yield
        finally:
            self.machine.files.let_go()
            self._now.id = before
            for number in list(self.machine.processes.below(process.id)):
                self.machine.processes.kill(number, tree=False)
            self.machine.processes.end(process)

    def split(self, line: str) -> tuple[str, str]:
        """A command line's program and the rest."""
        found = re.match(r'\s*(?:"([^"]+)"|(\S+))\s*(.*)', line, re.DOTALL)
        return (found[1] or found[2], found[3]) if found else ("", "")

    def launch(self, program: str, line: str, folder: str, parent: int | None = None) -> Process:
        """Start a program in a thread of its own: nobody waits for it and its output is lost. Raises Refusal 2."""
        native = self._launchable(program, folder)
        image, run = native
        process = self._begin(image, line, parent)
        environment = Environment(self.machine.environment())
        call = NativeCall(
            program,
            line,
            argv(line),
            b"",
            _lost,
            _lost,
            environment,
            folder or SYSTEM32,
            process.ended.is_set,
        )
        threading.Thread(
            target=self._carry, args=(process, run, call), name=f"process {process.id}", daemon=True
        ).start()
        return process

    def _launchable(self, program: str, folder: str) -> tuple[str, Native]:
        """Image and program, not yet a process. Raises Refusal 2."""
        plain = paths.name(program).lower().removesuffix(".exe")
        place = self.places.get(plain, "")
        named = program.lower().removesuffix(".exe") in (plain, place.lower().removesuffix(".exe"))
        if named and self.machine.files.kind(place) == "file":
            return place, self.table[plain]
        path = paths.full(program, folder or SYSTEM32)
        if self.machine.files.kind(path) != "file":
            raise Refusal(2, program)
        return path, (lambda call: self._package(path, call))


def _lost(_data: bytes) -> None:
    """Output of a process without a console."""
