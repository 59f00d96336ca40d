"""The way to a node, stage by stage, for the connection doctor: name, port, who answers, what answers. Signs in nowhere.

Each stage is one finding, whatever goes wrong in it; nothing is sent to who does not show what was accepted.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from cryptography import x509

from app.domain.doctor import Finding, failed, finding, unread
from app.domain.doctor_contact import certificate, clock, vouched
from app.nodes import certificates, ssh
from app.nodes.errors import SERVICES, NodeError
from app.nodes.target import OfferedKey, Target
from app.nodes.windows_errors import PlainHttpRefused

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
PAGE_LIMIT = 64 * 1024
_TITLE = re.compile(rb"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
_IDENTIFY = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:i="http://schemas.dmtf.org/wbem/wsman/identify/1/wsmanidentity.xsd"><s:Header/><s:Body><i:Identify/></s:Body>'
    "</s:Envelope>"
)
"""DSP0226, 11: what every WS-Management service answers to whoever asks."""


async def resolve(target: Target, timeout: float) -> Finding:
    """The name."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            rows = await loop.getaddrinfo(target.address, target.port, type=socket.SOCK_STREAM)
    except TimeoutError:
        return finding("name.unknown", address=target.address, detail=f"{timeout:g} s")
    except (OSError, UnicodeError) as error:  # UnicodeError: what no name can be
        return finding("name.unknown", address=target.address, detail=_detail(error))
    found = ", ".join(dict.fromkeys(str(row[4][0]) for row in rows))
    return finding("name.found", address=target.address, found=found)


async def knock(target: Target, timeout: float) -> Finding:
    """The port."""
    try:
        async with _connected(target, timeout):
            return finding("port.open", port=target.port)
    except TimeoutError:
        return finding("port.silent", port=target.port, seconds=timeout)
    except OSError as error:
        service = SERVICES[target.transport]
        return finding("port.refused", port=target.port, detail=_detail(error), service=service)


async def ssh_service(target: Target, timeout: float) -> Finding:
    """Whether it is an SSH server: it says which one (RFC 4253, 4.2), and may say other lines before."""
    said = b""
    try:
        async with _connected(target, timeout) as (reader, writer), asyncio.timeout(timeout):
            writer.write(
                b"SSH-2.0-Tejun\r\n"
            )  # either side may begin, and a web server says nothing before it is spoken to
            while len(said) < PAGE_LIMIT and (line := await reader.readline()):
                if line.startswith(b"SSH-"):
                    return finding("service.ssh", banner=_printable(line))
                said += line
    except TimeoutError:
        if not said:
            return finding("service.mute", seconds=timeout)
    except (OSError, ValueError) as error:  # ValueError: a line without an end
        if not said:
            return finding("service.not_ssh", banner=_detail(error))
    return finding("service.not_ssh", banner=_printable(said.partition(b"\n")[0]) or "-")


async def ssh_identity(target: Target, timeout: float) -> tuple[Finding, OfferedKey | None]:
    """The host key, and what it shows where that is not the accepted one."""
    try:
        offered = await ssh.shown_key(target, timeout)
    except NodeError as error:
        return failed("identity", error.message), None
    return _compared(target, offered)


def _compared(target: Target, offered: OfferedKey) -> tuple[Finding, OfferedKey | None]:
    if offered.public_key == target.host_key:
        return finding("identity.pinned", fingerprint=offered.fingerprint), None
    case = "identity.unknown" if target.host_key is None else "identity.changed"
    return finding(case, fingerprint=offered.fingerprint, algorithm=offered.algorithm), offered


async def windows_identity(
    target: Target, timeout: float, now: datetime
) -> tuple[Finding, OfferedKey | None]:
    """The certificate, or who vouches for the node in its place."""
    windows = target.credential.windows
    plain = certificates.is_plain(target.port, windows)
    if plain and windows.auth != "kerberos":
        return failed("identity", PlainHttpRefused(target.where, windows.auth).message), None
    try:
        if plain or windows.ca_file is not None:
            found, offered = _compared(target, await certificates.offered(target, timeout))
            if offered is not None or plain:
                return (found if offered else finding("identity.kerberos")), offered
        return await _certificate(target, timeout, now)
    except NodeError as error:
        return failed("identity", error.message), None


async def _certificate(target: Target, timeout: float, now: datetime) -> tuple[Finding, OfferedKey | None]:
    try:
        async with _secured(target, timeout) as (_, writer):
            der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
    except ssl.SSLCertVerificationError as error:
        return finding("identity.refused", detail=error.verify_message), None
    except OSError as error:  # SSLError and TimeoutError are OSErrors
        return finding("identity.no_tls", detail=_detail(error)), None
    offered = certificates.described(der)
    read = x509.load_der_x509_certificate(der)
    days = (read.not_valid_after_utc - now).total_seconds() / 86400
    if target.credential.windows.ca_file is not None:
        return vouched(days), None
    if offered.public_key != target.host_key:
        return _compared(target, offered)
    return certificate(days, _names(read), target.address, offered.fingerprint), None


def _names(read: x509.Certificate) -> list[str]:
    try:
        shown = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return [str(each.value) for each in read.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    dns = shown.get_values_for_type(x509.DNSName)
    return [*dns, *(str(each) for each in shown.get_values_for_type(x509.IPAddress))]


async def winrm_service(target: Target, timeout: float, clock_of: Callable[[], int]) -> list[Finding]:
    """Whether it is WinRM, and what its clock says: HTTP.sys dates its answers, also to who has not signed in. `clock_of`: UTC
    microseconds."""
    try:
        asked = clock_of()
        async with _spoken_to(target, timeout) as (reader, writer), asyncio.timeout(timeout):
            writer.write(_request(target))
            status, headers = await _head(reader)
            answered = clock_of()
            body = await reader.read(PAGE_LIMIT)
    except TimeoutError:
        return [finding("service.mute", seconds=timeout)]
    except (OSError, ValueError) as error:
        return [finding("service.no_http", detail=_detail(error))]
    kind = headers.get("content-type", "").partition(";")[0]
    is_soap = status == 200 and b"IdentifyResponse" in body
    if not is_soap and not (status == 401 and "www-authenticate" in headers and "html" not in kind):
        found = _TITLE.search(body)
        title = f"「{_printable(found[1])}」" if found else ""
        return [finding("service.page", status=status, kind=kind, title=title)]
    return [finding("service.winrm"), _skew(headers.get("date", ""), (asked + answered) / 2_000_000)]


def _skew(date: str, at: float) -> Finding:
    try:
        ahead = parsedate_to_datetime(date).timestamp() - at
    except (TypeError, ValueError):
        return unread("clock")
    return clock(ahead if abs(ahead) > 1 else 0.0, kerberos=True)  # it is in whole seconds


def _request(target: Target) -> bytes:
    body = _IDENTIFY.encode()
    head = (
        "POST /wsman-anon/identify HTTP/1.1", f"Host: {target.address}:{target.port}", "User-Agent: Tejun",
        "Content-Type: application/soap+xml;charset=UTF-8", "WSMANIDENTIFY: unauthenticated",
        f"Content-Length: {len(body)}", "Connection: close",
    )  # fmt: skip
    return "\r\n".join(head).encode("ascii", "replace") + b"\r\n\r\n" + body


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Status and headers, by lower-case names. Raises ValueError for what is no HTTP."""
    first = (await reader.readline()).split()
    if len(first) < 2 or not first[0].startswith(b"HTTP/") or not first[1].isdigit():
        raise ValueError(_printable(b" ".join(first)) or "no answer")
    headers: dict[str, str] = {}
    while (line := await reader.readline()).strip() and len(headers) < 100:
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(first[1]), headers


@asynccontextmanager
async def _connected(
    target: Target, timeout: float, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Streams]:
    """A connection of its own. Raises TimeoutError, OSError."""
    async with asyncio.timeout(timeout):
        reader, writer = await asyncio.open_connection(target.address, target.port, limit=PAGE_LIMIT, ssl=tls)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _secured(target: Target, timeout: float) -> contextlib.AbstractAsyncContextManager[Streams]:
    """The same over TLS: by the CA file, else whatever is shown."""
    if ca_file := target.credential.windows.ca_file:
        context = ssl.create_default_context(cafile=ca_file)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # it is compared with the accepted one before anything is sent
    return _connected(target, timeout, context)


@asynccontextmanager
async def _spoken_to(target: Target, timeout: float) -> AsyncIterator[Streams]:
    """A connection that may be spoken on: the accepted certificate was shown. Raises ValueError where it was not."""
    if certificates.is_plain(target.port, target.credential.windows):
        async with _connected(target, timeout) as streams:
            yield streams
        return
    async with _secured(target, timeout) as streams:
        der = streams[1].get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
        pinned = target.credential.windows.ca_file is None
        if pinned and certificates.described(der).public_key != target.host_key:
            raise ValueError("its certificate has just changed")
        yield streams


def _printable(data: bytes) -> str:
    return "".join(each if each.isprintable() else " " for each in data.decode("utf-8", "replace")).strip()[
        :200
    ]


def _detail(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError | socket.gaierror) and error.errno:
        return os.strerror(error.errno)
    if isinstance(error, socket.gaierror) and error.strerror:
        return error.strerror
    return (str(error) or type(error).__name__)[:200]


def utc(microseconds: int) -> datetime:
    """An instant as a datetime."""
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
