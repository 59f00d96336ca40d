"""The process that is a Windows node: serves WinRM, and carries out what the keeper asks over a pipe.

The pipe is stdin and stdout, a JSON object a line, as node.py has it. Its end is the node's end; exit code REBOOT asks for a
restart. Threads and blocking code alone. Owns no cluster logic.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.lab import namespaces
from app.lab.model import Lab, LabError, Layout, load
from app.lab.windows import acts, product
from app.lab.windows.cluster.errors import ClusterError
from app.lab.windows.cluster.requests import Port
from app.lab.windows.computer import Computer
from app.lab.windows.keys import account, certificate
from app.lab.windows.machine import described
from app.lab.windows.power import REBOOT
from app.lab.windows.registry import MACHINE_ENVIRONMENT, USER_ENVIRONMENT
from app.lab.windows.scripts import Scripts
from app.lab.windows.sockets import NODES
from app.lab.winrm import Accounts, Endpoint
from app.lab.wire_format import exchange


def port(node: str) -> Port:
    """How this node asks the cluster: over the keeper's socket, in the keeper's working folder, which is ours."""

    def ask(verb: str, /, **values: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(NODES)
            told = exchange(connection, {"node": node, "verb": verb, "values": values})
        if "refused" in told:
            raise ClusterError(told["refused"], told["detail"])
        return told

    return ask


class Agent:
    """Answers the keeper's requests, each in a thread of its own."""

    def __init__(self, lab: Lab, computer: Computer, endpoint: Endpoint, accounts: Accounts) -> None:
        self._lab, self._computer, self._endpoint, self._accounts = lab, computer, endpoint, accounts
        self._machine = computer.machine
        self._table: dict[str, Callable[..., dict[str, Any]]] = {
            "services": self._services, "online": self._online, "offline": self._offline, "alive": self._alive,
            "types": self._types, "service": self._service, "cluster-gone": self._cluster_gone, "look": self._look,
            "act": self._act, "fault": self._fault,
        }  # fmt: skip

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request's answer."""
        values = {key: value for key, value in request.items() if key not in ("id", "do")}
        try:
            return self._table[request["do"]](**values)
        except LabError as error:
            return {"error": str(error), "ja": error.ja}

    def _services(self) -> dict[str, Any]:
        self._machine.start_services()
        return {}

    def _online(self, resource: dict[str, Any]) -> dict[str, Any]:
        return {"refused": self._machine.online(resource)}

    def _offline(self, resource: dict[str, Any]) -> dict[str, Any]:
        return {"refused": self._machine.offline(resource)}

    def _alive(self, resource: dict[str, Any]) -> dict[str, Any]:
        return {"alive": self._machine.alive(resource)}

    def _types(self, types: list[str]) -> dict[str, Any]:
        self._machine.types_changed(types)
        return {}

    def _service(self, start: bool) -> dict[str, Any]:
        self._machine.service(start)
        return {}

    def _cluster_gone(self) -> dict[str, Any]:
        self._machine.cluster_gone()
        return {}

    def _look(self) -> dict[str, Any]:
        return acts.look(self._machine)

    def _act(self, act: str, values: dict[str, str]) -> dict[str, Any]:
        return {"said": acts.do(self._computer, act, values)}

    def _fault(self, kind: str, values: dict[str, str]) -> dict[str, Any]:
        faults, folder = self._endpoint.faults, Layout(Path(self._lab.directory))
        table: dict[str, Callable[[], object]] = {
            "reset": faults.cut,
            "stale-400": lambda: faults.answer_stale(int(values["count"])),
            "lost-reply": lambda: faults.lose_replies(int(values["count"]), values["verb"]),
            "quota": lambda: faults.refuse_by_quota(int(values["count"])),
            "wrong-password": lambda: self._accounts.set("Administrator", os.urandom(9).hex()),
            "expired-certificate": lambda: self._endpoint.use_certificate(
                certificate(folder, self._machine.name, expired=True)
            ),
            "clock-skew": lambda: setattr(faults, "clock", float(values["seconds"])),
            "not-winrm": lambda: setattr(faults, "impostor", "proxy"),
            "dll-in-use": lambda: acts.hold(self._machine, values["file"] or _dll(self._computer)),
            "reboot": self._machine.reboot,
            "nqs-site": lambda: self._machine.registry.set(
                MACHINE_ENVIRONMENT, "NQS_SITE", values["site"] or self._lab.sites[0].name
            ),
            "clear": self._clear,
        }
        table[kind]()
        return {}

    def _clear(self) -> None:
        folder = Layout(Path(self._lab.directory))
        self._endpoint.faults.heal()
        self._accounts.set(*account(folder))
        for place in (MACHINE_ENVIRONMENT, USER_ENVIRONMENT):
            self._machine.registry.unset(place, "NQS_SITE")
        self._endpoint.use_certificate(certificate(folder, self._machine.name))
        acts.let_go(self._machine)


def _dll(computer: Computer) -> str:
    """The DLL that every version has, where it is installed."""
    edition = computer.machine.jobcenter.edition()
    return rf"{edition.system if edition else product.WINDOWS}\necjsock.dll"


def _say(lock: threading.Lock, message: dict[str, Any]) -> None:
    with lock:
        os.write(1, json.dumps(message).encode() + b"\n")


def main(directory: Path, name: str) -> int:
    """Be the node `name` of the lab in `directory` until the keeper's end of the pipe closes, or a restart; the exit code."""
    lab = load(directory)
    if lab is None:
        return 1
    namespaces.die_with_parent()
    layout, said = Layout(directory), threading.Lock()
    folder, user = layout.node(name), account(layout)
    computer = Computer(folder, layout.shared, described(folder), port(name), dict([user]))
    computer.machine.boot()
    accounts = Accounts(dict([user]))
    endpoint = Endpoint(
        name.upper(), Scripts(computer), accounts, certificate=certificate(layout, name), http_port=None
    ).start()
    agent = Agent(lab, computer, endpoint, accounts)
    _say(said, {"port": endpoint.https_port})

    def reply(request: dict[str, Any]) -> None:
        _say(said, {"id": request["id"], **agent.answer(request)})

    def listen() -> None:
        for line in sys.stdin.buffer:
            threading.Thread(target=reply, args=(json.loads(line),), daemon=True).start()
        os._exit(0)  # the keeper is gone: a power failure waits for no thread

    threading.Thread(target=listen, daemon=True).start()
    computer.machine.rebooting.wait()
    os._exit(REBOOT)
