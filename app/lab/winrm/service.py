"""What the WinRM service does with one message: find the shell, carry the action out, answer. Knows no HTTP, no password."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass

from app.lab.winrm import config, soap
from app.lab.winrm.flow import Batch, Flow
from app.lab.winrm.registry import Registry
from app.lab.winrm.scripts import Login
from app.lab.winrm.shells import CTRL_C, DISCONNECTED, TERMINATE, Input, Line, Shell, decoded, encoded
from app.lab.winrm.soap import NAMESPACES, SHELL, Fault, Request, node

_TRANSFER, _ENUMERATION = NAMESPACES["x"], NAMESPACES["n"]
_OVERHEAD = 4096  # what an envelope needs beside its payload
_SIGNALS = {"ctrl_c": CTRL_C, "crtl_c": CTRL_C, "ctrl_break": CTRL_C, "terminate": TERMINATE}


@dataclass(frozen=True)
class Caller:
    """Who asks: the login, and whether the connection is still there."""

    login: Login
    gone: Callable[[], bool]


@dataclass(frozen=True)
class Answer:
    """What goes back: HTTP status, body, the verb that was asked for. `undo` is called when it could not be delivered."""

    status: int
    body: bytes
    verb: str = ""
    undo: Callable[[], None] = lambda: None


_Elements = list[ET.Element]


class Service:
    """Carries messages out. `quota_faults`: how many of the next Create and Command requests are refused."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.quota_faults = 0
        shells = {
            "Command": self._command,
            "Send": self._send,
            "Signal": self._signal,
            "Disconnect": self._disconnect,
            "Reconnect": self._reconnect,
            "Connect": self._connect,
        }
        self._on_shell: dict[str, Callable[[Request, Shell], _Elements]] = {
            f"{SHELL}/{verb}": do for verb, do in shells.items()
        }
        self._on_shell[f"{_TRANSFER}/Delete"] = self._delete

    def answer(self, raw: bytes, caller: Caller) -> Answer:
        """One message's answer. Raises Gone when the client left while it waited."""
        message_id = verb = ""
        try:
            request = soap.read(raw)
            message_id, verb = request.message_id, request.verb
            if request.identify:
                return Answer(200, soap.identity(config.version(self.registry.machine.windows)), "Identify")
            body, undo = self._carry_out(request, caller)
        except Fault as fault:
            return Answer(500, soap.fault(fault, message_id, self.registry.machine.name), verb)
        return Answer(200, soap.reply(f"{request.action}Response", message_id, *body), verb, undo)

    def _carry_out(self, request: Request, caller: Caller) -> tuple[_Elements, Callable[[], None]]:
        if request.action == f"{SHELL}/Receive":
            return self._receive(request, caller)
        if request.action == f"{_TRANSFER}/Create":
            return self._create(request, caller.login), lambda: None
        if request.action == f"{_TRANSFER}/Get":
            return [self._get(request, caller.login)], lambda: None
        if request.action == f"{_ENUMERATION}/Enumerate":
            return [self._enumerate(request, caller.login)], lambda: None
        do = self._on_shell.get(request.action)
        if do is None:
            raise soap.unsupported(f"the action {request.action}")
        awake = request.verb in {"Command", "Send", "Signal", "Disconnect"}
        shell = self.registry.shell(request, caller.login, awake)
        answer = do(request, shell)
        shell.heard = time.monotonic()
        return answer, lambda: None

    def _refuse_by_quota(self, fault: Fault) -> None:
        if self.quota_faults > 0:
            self.quota_faults -= 1
            raise fault

    def _create(self, request: Request, login: Login) -> _Elements:
        self._refuse_by_quota(soap.too_many_shells(self.registry.quotas.max_shells_per_user))
        shell = self.registry.create(request, login)
        selector = node("w:Selector", shell.id, Name="ShellId")
        reference = node(
            "a:ReferenceParameters",
            node("w:ResourceURI", request.resource),
            node("w:SelectorSet", selector),
        )
        address = node("a:Address", f"http://{self.registry.machine.name}/wsman")
        return [node("x:ResourceCreated", address, reference), shell.described()]

    def _get(self, request: Request, login: Login) -> ET.Element:
        if request.resource.startswith(config.RESOURCE):
            return config.answer(request, self.registry.quotas)
        shell = self.registry.shell(request, login, connected=False)
        shell.heard = time.monotonic()
        return shell.described()

    def _enumerate(self, request: Request, login: Login) -> ET.Element:
        self.registry.age()
        if request.resource == SHELL:
            own = [shell for shell in self.registry if shell.opening.login.user == login.user]
            items = [shell.described() for shell in own]
        elif request.resource == f"{SHELL}/Command":
            wanted = request.part(".//w:Selector[@Name='ShellId']").text or ""
            items = [
                _command(shell, each)
                for shell in self.registry
                if shell.id == wanted.upper() and shell.opening.login.user == login.user
                for each in list(shell.commands)
            ]
        else:
            raise soap.unsupported(f"the enumeration of {request.resource}")
        return node(
            "n:EnumerateResponse",
            node("n:EnumerationContext"),
            node("w:Items", *items),
            node("w:EndOfSequence"),
        )

    def _command(self, request: Request, shell: Shell) -> _Elements:
        self._refuse_by_quota(soap.too_many_shells(self.registry.quotas.max_shells_per_user))
        self.registry.check_room_for_command(shell)
        asked = request.part("rsp:CommandLine")
        command_id = (asked.get("CommandId") or config.new_id()).upper()
        if command_id in shell.commands:
            raise soap.invalid(f"There is a command {command_id} already.")
        line = asked.findtext("rsp:Command", "", NAMESPACES) or ""
        arguments = tuple(each.text or "" for each in asked.findall("rsp:Arguments", NAMESPACES))
        shell.start(command_id, Line(line, arguments))
        return [node("rsp:CommandResponse", node("rsp:CommandId", command_id))]

    def _receive(self, request: Request, caller: Caller) -> tuple[_Elements, Callable[[], None]]:
        shell = self.registry.shell(request, caller.login, connected=True)
        command_id = request.part("rsp:Receive/rsp:DesiredStream").get("CommandId") or ""
        flow: Flow = shell.flow_of(command_id)
        most = max(1, (request.envelope - _OVERHEAD) * 3 // 4)
        with shell.listened_to():
            batch = flow.take(request.timeout, most, caller.gone)
        return [_received(batch, command_id)], lambda: flow.put_back(batch)

    def _send(self, request: Request, shell: Shell) -> _Elements:
        for stream in request.part("rsp:Send").findall("rsp:Stream", NAMESPACES):
            named = stream.get("CommandId") or "", stream.get("Name") or ""
            shell.feed(Input(*named, decoded(stream.text), (stream.get("End") or "").lower() == "true"))
        return [node("rsp:SendResponse")]

    def _signal(self, request: Request, shell: Shell) -> _Elements:
        asked = request.part("rsp:Signal")
        code = request.part("rsp:Signal/rsp:Code").text or ""
        signal = _SIGNALS.get(code.rpartition("/")[2].lower())
        if signal is None:
            raise soap.unsupported(f"the signal {code}")
        command = shell.command(asked.get("CommandId") or "")
        if signal == TERMINATE:
            shell.forget(command.id)
        else:
            command.halt()
        return [node("rsp:SignalResponse")]

    def _delete(self, _request: Request, shell: Shell) -> _Elements:
        self.registry.delete(shell)
        return []

    def _disconnect(self, _request: Request, shell: Shell) -> _Elements:
        shell.state = DISCONNECTED
        return [node("rsp:DisconnectResponse")]

    def _reconnect(self, _request: Request, shell: Shell) -> _Elements:
        shell.state = "Connected"
        return [node("rsp:ReconnectResponse")]

    def _connect(self, request: Request, shell: Shell) -> _Elements:
        asked = request.part("rsp:Connect")
        if command_id := asked.get("CommandId"):
            shell.command(command_id)
            return [node("rsp:ConnectResponse")]
        if not self.registry.silent(shell):
            raise soap.still_connected()
        greeting = asked.findtext("pwsh:connectXml", "", NAMESPACES)
        answer = node("pwsh:connectResponseXml", encoded(shell.attach(decoded(greeting))))
        return [node("rsp:ConnectResponse", answer)]


def _command(shell: Shell, command_id: str) -> ET.Element:
    parts = {"ShellId": shell.id, "CommandId": command_id, "State": "Running"}
    return node("rsp:Command", *(node(f"rsp:{name}", text) for name, text in parts.items()))


def _received(batch: Batch, command_id: str) -> ET.Element:
    named = {"CommandId": command_id} if command_id else {}
    streams = [node("rsp:Stream", encoded(data), Name=name, **named) for name, data in batch.chunks]
    state = node(
        "rsp:CommandState", State=f"{SHELL}/CommandState/{'Done' if batch.done else 'Running'}", **named
    )
    if batch.exit_code is not None:
        state.append(node("rsp:ExitCode", str(batch.exit_code)))
    return node("rsp:ReceiveResponse", *streams, state)
