"""Who a Windows node is: the line that stands for it where an OpenSSH public key stands for a UNIX node. Sends nothing but TLS.

    x509-sha256 BASE64           the SHA-256 of its certificate (DER): that one, byte for byte, whoever issued it and until when
    x509-ca BASE64 ADDRESS       whoever the certificates of a CA file (its SHA-256) vouch for as ADDRESS
    kerberos ADDRESS             whoever the realm vouches for as ADDRESS: plain HTTP, where there is no certificate

Like a host key, a line is offered, compared, accepted by an administrator, and part of what an approval covers.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from pathlib import Path

from cryptography import x509

from app.nodes.errors import CredentialMissing, Unreachable
from app.nodes.target import Credential, OfferedKey, Target, Windows

PLAIN_PORT = 5985


def is_plain(port: int, windows: Windows) -> bool:
    """Whether the node is asked without TLS."""
    return windows.plain_http or port == PLAIN_PORT


def pinned_sha256(line: str) -> str | None:
    """The digest of the pinned certificate in hexadecimal, None for a line of another kind. Raises ValueError for nonsense."""
    kind, _, rest = line.partition(" ")
    return base64.b64decode(rest, validate=True).hex() if kind == "x509-sha256" else None


async def offered(target: Target, timeout: float) -> OfferedKey:
    """What the node shows, or who would vouch for it, without signing in. Raises Unreachable, CredentialMissing."""
    windows = target.credential.windows
    if is_plain(target.port, windows):
        return _line(f"kerberos {target.address}", "Kerberos")
    if windows.ca_file is not None:
        return vouched(target.address, target.credential)
    return await offered_certificate(target.where, target.address, target.port, timeout)


def vouched(address: str, credential: Credential) -> OfferedKey:
    """The line of a node that a CA file vouches for. Raises CredentialMissing if the file cannot be read."""
    path = credential.windows.ca_file or ""
    try:
        digest = hashlib.sha256(Path(path).read_bytes()).digest()
    except OSError as error:
        raise CredentialMissing("ca_file", path, error.strerror or type(error).__name__) from None
    return _line(f"x509-ca {base64.b64encode(digest).decode()} {address}", f"CA {path}")


async def offered_certificate(where: str, address: str, port: int, timeout: float) -> OfferedKey:
    """The certificate that a TLS endpoint shows. Raises Unreachable."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is shown to a person, and nothing is sent
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(address, port, ssl=context)
    except OSError as error:  # TimeoutError and SSLError are OSErrors
        raise Unreachable(where, str(error) or type(error).__name__, "psrp") from error
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    if not der:
        raise Unreachable(where, "no certificate", "psrp")
    return described(der)


def described(der: bytes) -> OfferedKey:
    """A certificate as text."""
    digest = hashlib.sha256(der).digest()
    try:
        read = x509.load_der_x509_certificate(der)
        told = f"x509 {read.subject.rfc4514_string()}, {read.not_valid_after_utc:%Y-%m-%d}"
    except ValueError:
        told = "x509"
    return OfferedKey(f"x509-sha256 {base64.b64encode(digest).decode()}", _fingerprint(digest), told)


def _line(text: str, told: str) -> OfferedKey:
    return OfferedKey(text, _fingerprint(hashlib.sha256(text.encode()).digest()), told)


def _fingerprint(digest: bytes) -> str:
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
