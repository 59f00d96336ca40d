"""One connection's requests: HTTP in, login, seal, faults, HTTP out. Owns no state that outlives the connection."""

from __future__ import annotations

import ssl
import time
from http.server import BaseHTTPRequestHandler
from importlib.resources import files
from typing import TYPE_CHECKING

from app.lab.winrm import config, connections, soap
from app.lab.winrm.authentication import Guest
from app.lab.winrm.certificates import common_name
from app.lab.winrm.flow import Gone
from app.lab.winrm.scripts import Login
from app.lab.winrm.sealing import Unreadable
from app.lab.winrm.service import Answer, Caller

if TYPE_CHECKING:
    from app.lab.winrm.endpoint import Listener

_SOAP = "application/soap+xml;charset=UTF-8"
_PATHS = ("/wsman", "/wsman-anon/identify")
_LARGEST = 2 * 1024 * 1024
_PAGES = {"proxy": (200, "proxy.html"), "not_found": (404, "not_found.html")}


class Exchange(BaseHTTPRequestHandler):
    """Answers as Windows' HTTP service does where a client can tell."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Microsoft-HTTPAPI/2.0", ""
    disable_nagle_algorithm = True
    server: Listener

    def setup(self) -> None:
        """The connection's own: how long it may be silent, who it is."""
        self._endpoint = self.server.endpoint
        self._faults = self._endpoint.faults
        self._guest = Guest(self._endpoint.doorkeeper, str(self.client_address[0]), self.server.tls)
        super().setup()
        self.connection.settimeout(self._endpoint.registry.patience.connection)

    def log_message(self, *_: object) -> None:
        """Nothing is written down: headers hold passwords."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header by the node's own clock."""
        return super().date_time_string((timestamp or time.time()) + self._faults.clock)

    def do_GET(self) -> None:
        """WinRM knows POST alone."""
        if not self._is_somebody_else():
            self._say(405, headers=(("Allow", "POST"),))

    def do_POST(self) -> None:
        """One message."""
        body = self._body()
        if body is None:
            return
        self._faults.wait_for_light()
        time.sleep(self._faults.delay)
        if self._is_somebody_else():
            return
        if self.path not in _PATHS:
            self._say(404)
        elif self._faults.take_stale():
            self._guest.forget()
            self._say(400)
        elif self._asks_who_we_are():
            self._say(200, soap.identity(config.UNTOLD_VERSION), _SOAP)
        else:
            self._message(body)

    def _body(self) -> bytes | None:
        """What was sent; None if it was refused or the client has left."""
        length = self.headers.get("Content-Length")
        if length is None or not length.isdigit():
            self.close_connection = True
            self._say(411)
            return None
        if int(length) > _LARGEST:
            self.close_connection = True
            self._say(413)
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self._leave()
            return None
        return body

    def _is_somebody_else(self) -> bool:
        if self._faults.impostor is None:
            return False
        status, page = _PAGES[self._faults.impostor]
        content = files("app.lab.winrm").joinpath("pages", page).read_bytes()
        self._say(status, content, "text/html; charset=utf-8")
        return True

    def _asks_who_we_are(self) -> bool:
        return self.headers.get("WSMANIDENTIFY", "").lower() == "unauthenticated"

    def _message(self, body: bytes) -> None:
        verdict = self._guest.judge(self.headers.get("Authorization", ""), self._common_name())
        challenges = tuple(("WWW-Authenticate", challenge) for challenge in verdict.challenges)
        if verdict.login is None:
            self._say(401, headers=challenges)
        elif not body:
            self._say(200, headers=challenges)
        else:
            self._opened(body, verdict.login, challenges)

    def _opened(self, body: bytes, login: Login, challenges: tuple[tuple[str, str], ...]) -> None:
        sealed = self.headers.get("Content-Type", "").startswith("multipart/")
        if not sealed and not self.server.tls:
            self._say(500, headers=challenges)  # AllowUnencrypted is false
            return
        try:
            message = self._unsealed(body) if sealed else body
        except Unreadable:
            self._guest.forget()
            self._say(400)
            return
        try:
            answer = self._endpoint.service.answer(message, Caller(login, self._gone))
        except Gone:
            self._leave()
            return
        self._deliver(answer, sealed, challenges)

    def _unsealed(self, body: bytes) -> bytes:
        if self._guest.seal is None:
            raise Unreadable
        return self._guest.seal.open(body)

    def _deliver(self, answer: Answer, sealed: bool, challenges: tuple[tuple[str, str], ...]) -> None:
        self._faults.wait_for_light()
        if self._faults.take_lost(answer.verb) or self._gone():
            answer.undo()
            connections.reset_on_close(self.connection)
            self._leave()
            return
        kind, content = _SOAP, answer.body
        if sealed and self._guest.seal is not None:
            kind, content = self._guest.seal.close(content)
        try:
            self._say(answer.status, content, kind, challenges)
        except OSError:
            answer.undo()
            self._leave()

    def _say(
        self, status: int, content: bytes = b"", kind: str = "", headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _gone(self) -> bool:
        return connections.gone(self.connection)

    def _leave(self) -> None:
        self.close_connection = True

    def _common_name(self) -> str | None:
        if not isinstance(self.connection, ssl.SSLSocket):
            return None
        shown = self.connection.getpeercert(binary_form=True)
        return common_name(shown) if shown else None
