"""The shells of one node: who has them, how many there may be, when they fall asleep and when they end. Runs nothing.

Nothing ticks: what time has done to a shell is found out whenever somebody asks, so that idle shells cost no thread.
"""

from __future__ import annotations

import threading
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from app.lab.winrm import soap
from app.lab.winrm.psrp import RunspaceShell
from app.lab.winrm.scripts import Login, ScriptHost
from app.lab.winrm.shells import CONNECTED, DISCONNECTED, Machine, Shell, decoded, opening
from app.lab.winrm.winrs import CmdShell

CMD = f"{soap.SHELL}/cmd"
_POWERSHELL = soap.NAMESPACES["pwsh"] + "/"


@dataclass(frozen=True)
class Quotas:
    """What a client may have at most, as winrm/config says it; times in seconds. MaxMemoryPerShellMB and MaxProcessesPerShell are
    only told: scripts of the lab have no memory of their own that could be measured."""

    max_shells_per_user: int = 30
    max_concurrent_commands_per_shell: int = 1000
    max_memory_per_shell_mb: int = 1024
    max_processes_per_shell: int = 25
    max_concurrent_operations_per_user: int = 1500
    max_envelope_kb: int = 500
    idle_timeout: float = 7200.0


@dataclass(frozen=True)
class Patience:
    """How long the endpoint waits, in seconds: `connection` with a TCP connection that says nothing (HTTP.sys closes it after two
    minutes), `shell` with a shell that nobody receives from before it counts as disconnected (about one minute)."""

    connection: float = 120.0
    shell: float = 60.0


class Registry:
    """Shells by id. `quotas` and `patience` may be replaced while it runs."""

    def __init__(self, machine: Machine, scripts: ScriptHost, quotas: Quotas, patience: Patience) -> None:
        self.machine, self.quotas, self.patience = machine, quotas, patience
        self._scripts = scripts
        self._lock = threading.Lock()
        self._shells: dict[str, Shell] = {}

    def create(self, request: soap.Request, login: Login) -> Shell:
        """Open the shell that a Create asks for. Raises Fault."""
        asked = request.part("rsp:Shell")
        shell_id = (asked.get("ShellId") or str(uuid.uuid4())).upper()
        self.age()
        with self._lock:
            own = [shell for shell in self._shells.values() if shell.opening.login.user == login.user]
            if len(own) >= self.quotas.max_shells_per_user:
                raise soap.too_many_shells(self.quotas.max_shells_per_user)
            if shell_id in self._shells:
                raise soap.invalid(f"There is a shell {shell_id} already.")
            shell = self._shells[shell_id] = self._open(request, asked, login, shell_id)
        return shell

    def _open(self, request: soap.Request, asked: ET.Element, login: Login, shell_id: str) -> Shell:
        given = opening(request, login, shell_id, self.quotas.idle_timeout)
        if request.resource == CMD:
            return CmdShell(given, self._scripts, self.machine.page)
        if request.resource.startswith(_POWERSHELL):
            greeting = decoded(asked.findtext("pwsh:creationXml", "", soap.NAMESPACES))
            return RunspaceShell(given, self._scripts, self.machine, greeting)
        raise soap.unsupported(f"the resource {request.resource}")

    def shell(self, request: soap.Request, login: Login, connected: bool) -> Shell:
        """The shell that a request selects; `connected` if it has to be. Raises Fault."""
        self.age()
        shell = self._shells.get(request.selectors.get("ShellId", "").upper())
        if shell is None:
            raise soap.lost()
        if shell.opening.login.user != login.user:
            raise soap.denied()
        if connected and shell.state == DISCONNECTED:
            raise soap.disconnected()
        return shell

    def check_room_for_command(self, shell: Shell) -> None:
        """Raises Fault when the shell keeps as many commands as it may."""
        if len(shell.commands) >= self.quotas.max_concurrent_commands_per_shell:
            raise soap.too_many_commands()

    def silent(self, shell: Shell) -> bool:
        """Whether nobody seems to be there any more, so that another client may connect."""
        return shell.state == DISCONNECTED or shell.silence >= self.patience.shell

    def delete(self, shell: Shell) -> None:
        """End a shell and all in it."""
        with self._lock:
            self._shells.pop(shell.id, None)
        shell.end()

    def kill_all(self) -> None:
        """End every shell, as a restart does."""
        with self._lock:
            shells, self._shells = list(self._shells.values()), {}
        for shell in shells:
            shell.end()

    def wake(self) -> None:
        """Let every Receive that waits look whether its connection is still there."""
        for shell in self:
            shell.wake()

    def __iter__(self) -> Iterator[Shell]:
        with self._lock:
            return iter(list(self._shells.values()))

    def age(self) -> None:
        """End shells that were idle for too long; those that nobody receives from count as disconnected."""
        for shell in self:
            if shell.silence >= shell.opening.idle_timeout:
                self.delete(shell)
            elif shell.state == CONNECTED and self.silent(shell):
                shell.state = DISCONNECTED
