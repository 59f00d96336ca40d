"""The WinRM endpoint of a simulated node: its listeners, a thread a connection. What is said is exchange.py's and service.py's.

with Endpoint("NODE1", scripts, Accounts({"Administrator": "…"}), certificate=authority.node("node1")) as endpoint:
    endpoint.http_port, endpoint.https_port, endpoint.faults.cut()
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import sys
import threading
from dataclasses import dataclass, field
from typing import Self

from app.lab.winrm.accounts import Accounts
from app.lab.winrm.authentication import ALL, Doorkeeper, Keytab
from app.lab.winrm.certificates import Authority, Certificate
from app.lab.winrm.connections import Connections, reset_on_close
from app.lab.winrm.exchange import Exchange
from app.lab.winrm.faults import Faults
from app.lab.winrm.registry import Patience, Quotas, Registry
from app.lab.winrm.scripts import ScriptHost
from app.lab.winrm.service import Service
from app.lab.winrm.shells import Machine

_BACKLOG = 512
_HANDSHAKE = 30.0
_PAUSE = 0.05  # before the next attempt when the process has no file descriptor left


@dataclass(frozen=True)
class Configuration:
    """How a node's WinRM is set up. `page` is the machine's code page, `windows` and `powershell` what it says of its versions,
    `clients` the authority of client certificates."""

    quotas: Quotas = field(default_factory=Quotas)
    patience: Patience = field(default_factory=Patience)
    page: str = "cp932"
    windows: str = "10.0.17763"
    powershell: str = "5.1.17763.1"
    schemes: frozenset[str] = ALL
    keytab: Keytab | None = None
    clients: Authority | None = None


class Endpoint:
    """A node's WinRM service on loopback. Ports of 0 are chosen; None leaves a listener out; HTTPS needs a certificate.

    `faults` is what can be done to it, `registry` its shells, `doorkeeper` its logins (`doorkeeper.missing` says why a scheme
    is not offered).
    """

    def __init__(
        self,
        name: str,
        scripts: ScriptHost,
        accounts: Accounts,
        configuration: Configuration | None = None,
        *,
        certificate: Certificate | None = None,
        http_port: int | None = 0,
        https_port: int | None = 0,
        address: str = "127.0.0.1",
    ) -> None:
        set_up = self._configuration = configuration or Configuration()
        machine = Machine(name, set_up.page, set_up.windows, set_up.powershell)
        self.registry = Registry(machine, scripts, set_up.quotas, set_up.patience)
        self.service = Service(self.registry)
        self.doorkeeper = Doorkeeper(name, accounts, set_up.schemes, set_up.keytab)
        self.connections = Connections()
        self.faults = Faults(self.service, self.connections)
        self._tls: ssl.SSLContext | None = None
        self._listeners: dict[bool, Listener] = {}
        with contextlib.ExitStack() as opened:
            for tls, port in ((False, http_port), (True, https_port if certificate else None)):
                if port is not None:
                    self._listeners[tls] = opened.enter_context(Listener(self, (address, port), tls))
            if certificate is not None:
                self.use_certificate(certificate)
            self._opened = opened.pop_all()

    @property
    def http_port(self) -> int:
        """The port of WinRM over HTTP. Raises KeyError without that listener."""
        return int(self._listeners[False].server_address[1])

    @property
    def https_port(self) -> int:
        """The port of WinRM over HTTPS. Raises KeyError without that listener."""
        return int(self._listeners[True].server_address[1])

    @property
    def tls(self) -> ssl.SSLContext | None:
        """What new HTTPS connections are shown."""
        return self._tls

    def use_certificate(self, certificate: Certificate) -> None:
        """Show new HTTPS connections this certificate."""
        self._tls = certificate.server_context(self._configuration.clients)

    def start(self) -> Self:
        """Answer from now on, in threads of its own."""
        for listener in self._listeners.values():
            serve = threading.Thread(target=listener.serve, daemon=True)
            serve.start()
            self._opened.callback(serve.join)
            self._opened.callback(listener.end)
        return self

    def close(self) -> None:
        """End all shells and connections and let go of the ports."""
        self.registry.kill_all()
        self._opened.close()
        self.faults.heal()
        self.faults.cut()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


class Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """One port of an endpoint."""

    allow_reuse_address, daemon_threads, request_queue_size = True, True, _BACKLOG

    def __init__(self, endpoint: Endpoint, address: tuple[str, int], tls: bool) -> None:
        super().__init__(address, Exchange)
        self.endpoint, self.tls = endpoint, tls
        self._ended = threading.Event()

    def serve(self) -> None:
        """Take connections until `end`; nothing wakes up in between, however many nodes there are."""
        while not self._ended.is_set():
            try:
                connection, address = self.socket.accept()
            except OSError:
                self._ended.wait(_PAUSE)
            else:
                self.process_request(connection, address)

    def end(self) -> None:
        """Take no more connections."""
        self._ended.set()
        self.socket.shutdown(socket.SHUT_RDWR)

    def finish_request(self, request: socket.socket, client_address: tuple[str, int]) -> None:  # type: ignore[override]
        """One connection from its first byte to its last, in its own thread."""
        with contextlib.closing(self._secured(request)) as connection:
            self.endpoint.connections.add(connection)
            try:
                self.endpoint.faults.wait_for_light()
                if self.endpoint.faults.is_down():
                    reset_on_close(connection)
                    return
                if isinstance(connection, ssl.SSLSocket):
                    connection.settimeout(_HANDSHAKE)
                    connection.do_handshake()
                Exchange(connection, client_address, self)
            finally:
                self.endpoint.connections.remove(connection)

    def _secured(self, request: socket.socket) -> socket.socket:
        if not self.tls or self.endpoint.tls is None:
            return request
        return self.endpoint.tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """`finish_request` has closed it already, with FIN or RST as it should be."""
        assert isinstance(request, socket.socket)
        self.close_request(request)

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: tuple[str, int]
    ) -> None:
        """A client that went away or refused our certificate is no error of ours; anything else is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)
