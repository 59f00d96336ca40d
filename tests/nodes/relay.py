"""Somebody between console and node, for the tests of what is said without TLS: relays the sign-in, answers for the node."""

from __future__ import annotations

import http.client
from http.server import BaseHTTPRequestHandler

FORGED = b"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value>
</s:Code><s:Reason><s:Text xml:lang="">forged</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"""


class Relay(BaseHTTPRequestHandler):
    """Hands the sign-in on to the real node, and answers every message itself."""

    protocol_version = "HTTP/1.1"
    node: int

    def setup(self) -> None:
        super().setup()
        self.upstream = http.client.HTTPConnection("127.0.0.1", self.node)

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body:
            self.send_response(500)
            self.send_header("Content-Type", "application/soap+xml;charset=UTF-8")
            self.send_header("Content-Length", str(len(FORGED)))
            self.end_headers()
            self.wfile.write(FORGED)
            return
        self.upstream.request("POST", self.path, body, dict(self.headers))
        answer = self.upstream.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def finish(self) -> None:
        self.upstream.close()
        super().finish()
