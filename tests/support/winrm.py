"""A small real ScriptHost for the tests of the lab's WinRM endpoint, and clients for it.

A script is a word and its argument ("lines 3 0.1"); a word that is not known ends the pipeline, as on a real machine.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import requests
import spnego
from pypsrp.wsman import WSMan
from requests.auth import AuthBase

from app.lab.powershell.objects import ErrorRecord, NetError, PSObject, Terminating
from app.lab.powershell.world import Streams
from app.lab.winrm import Authority, ConsoleCommand, Endpoint, Login, Statement

USER, PASSWORD = "Administrator", "correct horse battery"
TERMINATE = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate"


class PlainScripts:
    """Runs scripts and lines, takes no stdin. `logins`: those it was called with; `stopped`: a script saw its stop."""

    def __init__(self) -> None:
        self.logins: list[Login] = []
        self.stopped = threading.Event()

    def run(
        self, statements: Sequence[Statement], feed: Iterator[object], streams: Streams, login: Login
    ) -> None:
        """Run each statement in turn."""
        self.logins.append(login)
        for statement in statements:
            word, _, rest = statement.text.partition(" ")
            script = getattr(self, f"_{word}", None)
            if script is None:
                raise Terminating(record(f"The term '{word}' is not recognized.", "CommandNotFoundException"))
            script(rest, statement, feed, streams)

    def _echo(self, rest: str, _: Statement, __: Iterator[object], streams: Streams) -> None:
        streams.output(rest)

    def _lines(self, rest: str, _: Statement, __: Iterator[object], streams: Streams) -> None:
        count, pause = rest.split()
        for number in range(int(count)):
            streams.output(f"行 {number}")
            if streams.wait(float(pause)):
                self.stopped.set()
                return

    def _streams(self, rest: str, _: Statement, __: Iterator[object], streams: Streams) -> None:
        streams.warning(f"w{rest}")
        streams.verbose(f"v{rest}")
        streams.information(f"i{rest}")
        streams.progress(f"p{rest}", 40)
        streams.error(record(f"e{rest}", "NotThere", "ObjectNotFound"))

    def _throw(self, rest: str, _: Statement, __: Iterator[object], ___: Streams) -> None:
        raise Terminating(record(rest, "Thrown"))

    def _break(self, rest: str, _: Statement, __: Iterator[object], ___: Streams) -> None:
        raise RuntimeError(rest)

    def _feed(self, _: str, __: Statement, feed: Iterator[object], streams: Streams) -> None:
        for value in feed:
            streams.output(value)

    def _arguments(self, _: str, statement: Statement, __: Iterator[object], streams: Streams) -> None:
        for name, value in statement.parameters:
            streams.output(f"{name}={value!r}")

    def _thing(self, _: str, __: Statement, ___: Iterator[object], streams: Streams) -> None:
        inner = PSObject("Lab.Inner", {"Deep": PSObject("Lab.Deep", {"x": 1}, text="as text")})
        streams.output(PSObject("Lab.Thing", {"Name": "名前", "Size": 2**40, "Inner": inner}, text="a thing"))

    def command(self, line: str, out: Any, err: Any, stop: threading.Event, login: Login) -> int:
        """A few commands of cmd."""
        self.logins.append(login)
        word, _, rest = line.partition(" ")
        if word == "echo":
            out(f"{rest}\r\n".encode("cp932"))
        elif word == "big":
            out(b"x" * int(rest))
        elif word == "spin":
            stop.wait()
            self.stopped.set()
            return -1073741510
        elif word == "exit":
            return int(rest)
        else:
            err(f"'{word}' は、認識されていません。\r\n".encode("cp932"))
            return 9009
        return 0


class Scripts(PlainScripts):
    """The same, with stdin."""

    def console(self, command: ConsoleCommand) -> int:
        """`upper` reads stdin to its end, `environment` says what it was given."""
        if command.line == "upper":
            for block in command.stdin:
                command.out(block.upper())
            return 0
        if command.line == "environment":
            command.out(f"{dict(command.environment)} {command.folder}".encode())
            return 0
        return self.command(command.line, command.out, command.err, command.stop, command.login)


def record(message: str, error_id: str, category: str = "NotSpecified") -> ErrorRecord:
    """An error as a script makes it."""
    return ErrorRecord(NetError("System.Exception", message), error_id, category, "target", 3)


class Clients:
    """Makes pypsrp's WSMan objects for one endpoint; `ca` is the file that its HTTPS is trusted by."""

    def __init__(self, endpoint: Endpoint, authority: Authority, folder: Path) -> None:
        self.endpoint, self.ca = endpoint, folder / "ca.pem"
        authority.own.write(self.ca)

    def wsman(
        self, *, auth: str = "ntlm", tls: bool = False, server: str = "127.0.0.1", **options: Any
    ) -> WSMan:
        """A client; short timeouts, no pause between retries."""
        port = self.endpoint.https_port if tls else self.endpoint.http_port
        settings: dict[str, Any] = {
            "username": USER,
            "password": PASSWORD,
            "cert_validation": str(self.ca),
            "connection_timeout": 5,
            "read_timeout": 10,
            "operation_timeout": 5,
            "reconnection_backoff": 0.05,
            "no_proxy": True,
        }
        return WSMan(server, port=port, ssl=tls, auth=auth, **{**settings, **options})


class CredSSPAuth(AuthBase):
    """What pypsrp takes from requests-credssp, which is not installed, with pyspnego's own context."""

    def __init__(self, username: str, password: str) -> None:
        self._user, self._password = username, password
        self.contexts: dict[str, spnego.ContextProxy] = {}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Log on when the node asks for it."""
        request.register_hook("response", self._answer)
        return request

    def _answer(self, response: requests.Response, **options: Any) -> requests.Response:
        if response.status_code != 401 or "CredSSP" not in response.headers.get("WWW-Authenticate", ""):
            return response
        context = spnego.client(self._user, self._password, hostname="127.0.0.1", protocol="credssp")
        self.contexts["127.0.0.1"] = context
        token = context.step()
        while token:
            response.content  # noqa: B018 - read to its end, so that the connection can be used again
            response.raw.release_conn()
            request = response.request.copy()
            request.headers["Authorization"] = f"CredSSP {base64.b64encode(token).decode()}"
            response = response.connection.send(request, **options)
            back = response.headers.get("WWW-Authenticate", "").partition(" ")
            token = context.step(base64.b64decode(back[2])) if back[0] == "CredSSP" and back[2] else None
        return response
