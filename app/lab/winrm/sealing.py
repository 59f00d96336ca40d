"""Message encryption of WinRM over HTTP: bodies sealed with the connection's own security context. Knows no authentication.

Form: [MS-WSMV] 2.2.9.1. Parts are separated by the boundary that clients expect literally.
"""

from __future__ import annotations

import re
import ssl
import struct
from dataclasses import dataclass

import spnego

_BOUNDARY = b"--Encrypted Boundary"
_OCTETS = b"\tContent-Type: application/octet-stream\r\n"
_LENGTH = re.compile(rb"Length=(\d+)")
_CREDSSP_BLOCK = 16 * 1024
_PROTOCOLS = {
    "credssp": "application/HTTP-CredSSP-session-encrypted",
    "kerberos": "application/HTTP-Kerberos-session-encrypted",
}
_SPNEGO = "application/HTTP-SPNEGO-session-encrypted"


class Unreadable(Exception):
    """The body was not sealed with this context: the HTTP answer is 400, with nothing in it."""


@dataclass(frozen=True)
class Seal:
    """One connection's context. `scheme` as in Login."""

    context: spnego.ContextProxy
    scheme: str

    def open(self, body: bytes) -> bytes:
        """The message in a sealed body. Raises Unreadable."""
        parts = re.split(rb"--\s*Encrypted Boundary(?:--)?\r\n", body)
        pieces = [part for part in parts if part]
        if not pieces or len(pieces) % 2:
            raise Unreadable
        try:
            return b"".join(self._open(*pieces[at : at + 2]) for at in range(0, len(pieces), 2))
        except (spnego.exceptions.SpnegoError, ssl.SSLError, struct.error, ValueError) as error:
            raise Unreadable from error

    def _open(self, header: bytes, payload: bytes) -> bytes:
        told = _LENGTH.search(header)
        data = payload.removeprefix(_OCTETS)
        if told is None or len(data) < struct.calcsize("<i"):
            raise Unreadable
        (size,) = struct.unpack("<i", data[:4])
        message = self.context.unwrap_winrm(data[4 : 4 + size], data[4 + size :])
        if len(message) != int(told[1]):
            raise Unreadable
        return message

    def close(self, message: bytes) -> tuple[str, bytes]:
        """Content type and sealed body of a message."""
        protocol = _PROTOCOLS.get(self.scheme, _SPNEGO)
        size = _CREDSSP_BLOCK if self.scheme == "credssp" else max(1, len(message))
        blocks = [message[at : at + size] for at in range(0, len(message), size)]
        kind = "multipart/x-multi-encrypted" if len(blocks) > 1 else "multipart/encrypted"
        body = b"".join(self._close(block, protocol) for block in blocks) + _BOUNDARY + b"--\r\n"
        return f'{kind};protocol="{protocol}";boundary="Encrypted Boundary"', body

    def _close(self, block: bytes, protocol: str) -> bytes:
        sealed = self.context.wrap_winrm(block)
        length = len(block) + sealed.padding_length
        head = (
            f"\r\n\tContent-Type: {protocol}\r\n"
            f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={length}\r\n"
        )
        signature = struct.pack("<i", len(sealed.header)) + sealed.header
        return _BOUNDARY + head.encode() + _BOUNDARY + b"\r\n" + _OCTETS + signature + sealed.data
