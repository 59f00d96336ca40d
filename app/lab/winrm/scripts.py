"""What stands behind the WinRM endpoint: who runs scripts and command lines, and how it speaks. Protocols and data only.

The endpoint knows no PowerShell. It hands pipelines and command lines on, with the person's login, and carries back what is said.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from app.lab.powershell.objects import ErrorRecord, Terminating
from app.lab.powershell.world import Streams

__all__ = [
    "Console",
    "ConsoleCommand",
    "ErrorRecord",
    "Login",
    "ScriptHost",
    "Statement",
    "Streams",
    "Terminating",
]

Write = Callable[[bytes], None]


@dataclass(frozen=True)
class Login:
    """Who is logged on and how. `user` is the account as it is configured ("Administrator"); `scheme` basic, ntlm, negotiate,
    kerberos, credssp or certificate; `delegated` whether the password came along (CredSSP), so that a second hop is possible."""

    user: str
    scheme: str
    address: str = ""
    delegated: bool = False


@dataclass(frozen=True)
class Statement:
    """One command of a pipeline: a script's text or a command's name; parameters in order, None as name for a plain argument.
    `ends` is false where its output is the next one's input."""

    text: str
    is_script: bool
    parameters: tuple[tuple[str | None, object], ...] = ()
    ends: bool = True


class ScriptHost(Protocol):
    """Runs what clients send. Called from a thread of its own for each pipeline and each command line."""

    def run(
        self, statements: Sequence[Statement], feed: Iterator[object], streams: Streams, login: Login
    ) -> None:
        """Run a PSRP pipeline to its end; `feed` yields the objects that the client sends. Raises Terminating."""

    def command(self, line: str, out: Write, err: Write, stop: threading.Event, login: Login) -> int:
        """Run a line in a WinRS cmd shell, output in the machine's code page; the exit code (32 bits, either sign)."""


@dataclass(frozen=True)
class ConsoleCommand:
    """A line with all that a WinRS shell can give it: what the client sends to stdin, block by block until its end, variables
    that the shell was opened with and its folder ("" for the account's own)."""

    line: str
    stdin: Iterator[bytes]
    out: Write
    err: Write
    stop: threading.Event
    login: Login
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""


@runtime_checkable
class Console(Protocol):
    """A ScriptHost that also takes stdin, variables and a folder. To one that does not, the endpoint refuses to pass them."""

    def console(self, command: ConsoleCommand) -> int:
        """As ScriptHost.command, and used in its place."""
