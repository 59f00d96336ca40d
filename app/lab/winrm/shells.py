"""A shell as WSMan has it: its identity, its commands, its life. What runs in it is winrs.py's and psrp.py's."""

from __future__ import annotations

import base64
import binascii
import threading
import time
import xml.etree.ElementTree as ET
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from app.lab.winrm import soap
from app.lab.winrm.flow import Flow
from app.lab.winrm.scripts import Login

CONNECTED, DISCONNECTED = "Connected", "Disconnected"
CTRL_C, TERMINATE = "ctrl_c", "terminate"


class Command:
    """One command or pipeline of a shell; it stays until the client says terminate, also when it has ended."""

    def __init__(self, command_id: str) -> None:
        self.id = command_id
        self.flow = Flow()
        self.stop = threading.Event()

    def halt(self) -> None:
        """Ask it to end, and wake whatever waits for room."""
        self.stop.set()
        self.flow.wake()


@dataclass(frozen=True)
class Machine:
    """What a node says of itself: its name, the code page that its programs write in, the versions of Windows and PowerShell."""

    name: str
    page: str = "cp932"
    windows: str = "10.0.17763"
    powershell: str = "5.1.17763.1"


@dataclass(frozen=True)
class Opening:
    """How a shell was opened: times in seconds, `codepage` as the client asked ("65001") or "" for the machine's."""

    id: str
    resource: str
    login: Login
    name: str = ""
    idle_timeout: float = 7200.0
    codepage: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = ""


@dataclass(frozen=True)
class Line:
    """A command as WSMan starts it: its text, and arguments as the client wrote them."""

    text: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Input:
    """What a Send brings: for which command ("" for the shell), on which stream, and whether that was all."""

    command_id: str
    stream: str
    data: bytes
    end: bool = False


class Shell(ABC):
    """What both kinds of shell share. `heard` is the last time a client asked for anything."""

    input_streams, output_streams = "stdin", "stdout stderr"

    def __init__(self, opening: Opening) -> None:
        self.opening = opening
        self.state = CONNECTED
        self.commands: dict[str, Command] = {}
        self.flow = Flow()
        self.created = self.heard = time.monotonic()
        self.lock = threading.RLock()
        self._listening = 0

    @property
    def id(self) -> str:
        """The ShellId in capitals."""
        return self.opening.id

    @property
    def silence(self) -> float:
        """Seconds since a client last asked for anything; none while a Receive waits."""
        return 0.0 if self._listening else time.monotonic() - self.heard

    @contextmanager
    def listened_to(self) -> Iterator[None]:
        """A Receive waits within this block."""
        with self.lock:
            self._listening += 1
        try:
            yield
        finally:
            with self.lock:
                self._listening -= 1
            self.heard = time.monotonic()

    @abstractmethod
    def start(self, command_id: str, line: Line) -> Command:
        """Start a command; raises Fault if it cannot be."""

    @abstractmethod
    def feed(self, given: Input) -> None:
        """Bytes for a command's (or the pool's) input; raises Fault if it takes none."""

    @abstractmethod
    def attach(self, greeting: bytes) -> bytes:
        """A new client takes the shell over; what it is answered. Raises Fault if that does not go."""

    def forget(self, command_id: str) -> None:
        """The client is done with a command: it is ended if it runs, and gone."""
        command = self.commands.pop(command_id.upper(), None)
        if command is not None:
            command.halt()
            command.flow.close()

    def command(self, command_id: str) -> Command:
        """A command by its id. Raises Fault."""
        try:
            return self.commands[command_id.upper()]
        except KeyError:
            raise soap.lost() from None

    def flow_of(self, command_id: str) -> Flow:
        """Where a command's output comes from; the shell's own for no id."""
        return self.command(command_id).flow if command_id else self.flow

    def end(self) -> None:
        """End everything in it; whoever waits hears that the shell is lost."""
        for command_id in list(self.commands):
            self.forget(command_id)
        self.flow.close()

    def wake(self) -> None:
        """Let every waiting Receive look whether its client is still there."""
        for flow in (self.flow, *(command.flow for command in list(self.commands.values()))):
            flow.wake()

    def described(self) -> ET.Element:
        """The rsp:Shell element that Create, Get and Enumerate answer with."""
        opening, now = self.opening, time.monotonic()
        parts = {
            "ShellId": self.id,
            "Name": opening.name,
            "ResourceUri": opening.resource,
            "Owner": opening.login.user,
            "ClientIP": opening.login.address,
            "IdleTimeOut": f"PT{opening.idle_timeout:.3f}S",
            "InputStreams": self.input_streams,
            "OutputStreams": self.output_streams,
            "ShellRunTime": f"P0DT0H0M{now - self.created:.0f}S",
            "ShellInactivity": f"P0DT0H0M{self.silence:.0f}S",
            "State": self.state,
        }
        return soap.node(
            "rsp:Shell", *(soap.node(f"rsp:{name}", text) for name, text in parts.items() if text)
        )


def opening(request: soap.Request, login: Login, shell_id: str, longest_idle: float) -> Opening:
    """How a Create asks for a shell. Raises Fault."""
    asked = request.part("rsp:Shell")

    def text(name: str) -> str:
        return (asked.findtext(f"rsp:{name}", "", soap.NAMESPACES) or "").strip()

    first = Opening(
        id=shell_id,
        resource=request.resource,
        login=login,
        name=text("Name"),
        idle_timeout=min(soap.seconds(text("IdleTimeOut"), longest_idle), longest_idle),
        codepage=request.options.get("WINRS_CODEPAGE", "").strip(),
    )
    variables = asked.findall("rsp:Environment/rsp:Variable", soap.NAMESPACES)
    named = {str(each.get("Name")): each.text or "" for each in variables}
    return replace(first, environment=named, folder=text("WorkingDirectory"))


def decoded(text: str | None) -> bytes:
    """Base64 of a message as bytes. Raises Fault."""
    try:
        return base64.b64decode(text or "", validate=False)
    except (binascii.Error, ValueError) as error:
        raise soap.invalid(str(error)) from error


def encoded(data: bytes) -> str:
    """Bytes as base64."""
    return base64.b64encode(data).decode("ascii")
