"""A whole node: machine, programs, tasks, and the World in which its PowerShell scripts run. Puts parts together; owns none.

What there is depends on the Windows: PowerShell 2.0 and cluster.exe up to 2008 R2, the ScheduledTasks module from 2012 on.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path

from app.lab.powershell import pure, runspaces
from app.lab.powershell.objects import NetType
from app.lab.powershell.world import Cmdlet, Environment, NativeCall, World
from app.lab.windows import product
from app.lab.windows.cluster.requests import Port
from app.lab.windows.cmdlets import cluster, files, scheduled, system
from app.lab.windows.machine import Description, Machine
from app.lab.windows.net import files as net_files
from app.lab.windows.net import system as net_system
from app.lab.windows.processes import SYSTEM_PROCESS, Process
from app.lab.windows.programs import cluster_exe, clusterpro, jobcenter, shells, windows
from app.lab.windows.programs.start import SYSTEM32, Programs
from app.lab.windows.scheduled import SYSTEM, Scheduler

CLUSTERPRO = r"C:\Program Files\CLUSTERPRO\bin"
POWERSHELL = rf"{SYSTEM32}\WindowsPowerShell\v1.0"
OLD = ("2003", "2008", "2008R2")
_SYSTEM = "NT AUTHORITY\\SYSTEM"


class Computer:
    """One node at work. `passwords`: account -> its password, for tasks that run as somebody."""

    def __init__(
        self, folder: Path, san: Path, description: Description, port: Port, passwords: Mapping[str, str]
    ) -> None:
        self.machine = Machine(folder, san, description, port)
        self.programs = Programs(self.machine)
        self._passwords = {name.lower(): word for name, word in passwords.items()}
        self.tasks = Scheduler(folder / "tasks.json", self._scheduled_task, self._may)
        self._user = ContextVar("user", default=_SYSTEM)  # of whoever runs the script, and what that starts
        self._add_programs()
        self._base = pure.furnish(World(cmdlets=self._all_cmdlets(), types=self._all_types()))

    def _scheduled_task(self, execute: str, arguments: str, folder: str) -> Process:
        """A task's action: a child of the system, whoever asked for it, so that it outlives that session."""
        return self.programs.launch(execute, arguments, folder, parent=SYSTEM_PROCESS)

    def _may(self, user: str, password: str | None) -> bool:
        """Whether a task may run as that account: SYSTEM, or an administrator with the right password."""
        name = user.lower().rpartition("\\")[2]
        if user.lower() in SYSTEM or name == "system":
            return True
        return (
            password is not None
            and self._passwords.get(name) == password
            and name in self.machine.administrators
        )

    def _add_programs(self) -> None:
        machine, starter = self.machine, self.programs
        starter.add(SYSTEM32, windows.programs(machine))
        starter.add(SYSTEM32, shells.programs(machine, starter, self.tasks))
        starter.add(POWERSHELL, shells.powershell(machine, self.script))
        starter.add(rf"{product.INSTALL}\bin", jobcenter.programs(machine))
        if machine.description.kind == "clusterpro":
            starter.add(CLUSTERPRO, clusterpro.programs(machine, self._reach))
        else:
            starter.add(SYSTEM32, cluster_exe.programs(machine))

    def _reach(self, verb: str, node: str) -> None:
        """The cluster service of this node or of another."""
        if node.lower() == self.machine.name.lower():
            self.machine.service(verb == "start")
        else:
            self.machine.cluster("service", node=node, start=verb == "start")

    def _all_cmdlets(self) -> dict[str, Cmdlet]:
        machine, windows_version = self.machine, self.machine.description.windows
        modules: dict[str, list[Cmdlet]] = {}
        if machine.description.kind == "wsfc" and windows_version not in ("2003", "2008"):
            modules["FailoverClusters"] = cluster.cmdlets(machine)
        if windows_version not in OLD:
            modules["ScheduledTasks"] = scheduled.cmdlets(machine, self.tasks)
        world = World().add(*files.cmdlets(machine), *system.cmdlets(machine, self.programs, modules))
        for found in modules.values():
            world.add(*found)
        return world.cmdlets

    def _all_types(self) -> dict[str, NetType]:
        world = World().add(*net_files.types(self.machine), *net_system.types(self.machine, self._user.get))
        return world.add(*cluster.TYPES.values()).types

    def world(self, environment: Environment, folder: str = SYSTEM32) -> World:
        """What one script sees: the language's own cmdlets and types, and this node's over them."""
        return replace(
            self._base,
            environment=environment,
            folder=folder,
            locate=lambda name: self.programs.find(name, folder),
            version="2.0" if self.machine.description.windows in OLD else "5.1",
            language="ConstrainedLanguage" if self.machine.fault("constrained-language") else "FullLanguage",
            per_script=[lambda session: net_system.environment(self.machine, session.environment)],
        )

    def sign_in(self, user: str) -> None:
        """Who the scripts of this thread run as, from now on."""
        self._user.set(rf"{self.machine.name}\{user}" if user else _SYSTEM)

    def script(self, text: str, arguments: list[str], call: NativeCall) -> int:
        """powershell.exe runs a text; its exit code."""
        world = self.world(call.environment, call.folder)
        return runspaces.run_file(world, text, arguments, out=call.out, err=call.err, stop=call.stop)
