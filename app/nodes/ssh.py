"""One SSH connection: host keys pinned, one credential, nothing from the console user's own ~/.ssh. Sends no command."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import asyncssh

from app.nodes.credentials import signing
from app.nodes.errors import (
    AuthenticationRefused,
    HostKeyChanged,
    HostKeyUnknown,
    TransportRefused,
    Unreachable,
)
from app.nodes.target import OfferedKey, Target

CIPHERS = [
    "aes128-gcm@openssh.com",  # with AES instructions twice as fast as OpenSSH's default
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
]
RSA = ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"]
HOST_KEY_ALGORITHMS = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    *RSA,
]


class Watcher(asyncssh.SSHClient):
    """Accepts the pinned host key alone, remembers what was offered, and knows when the connection is gone."""

    def __init__(self, pinned: asyncssh.SSHKey) -> None:
        self.pinned = pinned
        self.offered: OfferedKey | None = None
        self.gone = False

    def validate_host_public_key(  # asyncssh's signature
        self,
        host: str,  # noqa: ARG002
        addr: str,  # noqa: ARG002
        port: int,  # noqa: ARG002
        key: asyncssh.SSHKey,
    ) -> bool:
        """asyncssh asks this for every key, since no key is trusted beforehand."""
        self.offered = describe(key)
        return key.public_data == self.pinned.public_data

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """The connection ended, by whichever side."""
        self.gone = True


def describe(key: asyncssh.SSHKey) -> OfferedKey:
    """The public half of a host key as text."""
    line = " ".join(key.export_public_key("openssh").decode("ascii").split()[:2])
    return OfferedKey(
        public_key=line, fingerprint=key.get_fingerprint("sha256"), algorithm=key.get_algorithm()
    )


async def offered_key(address: str, port: int, *, timeout: float = 10.0) -> OfferedKey:
    """The host key that a node shows, without authenticating. Raises Unreachable."""
    return await _offered(f"{address}:{port}", address, port, timeout)


async def shown_key(target: Target, timeout: float) -> OfferedKey:
    """The host key that a node shows where it is asked for one of the accepted kind; of another kind where it has none of that.

    Nothing is sent but the key exchange. Raises Unreachable.
    """
    if target.host_key is not None:
        pinned = asyncssh.import_public_key(target.host_key)
        kinds = RSA if pinned.get_algorithm() == "ssh-rsa" else [pinned.get_algorithm()]
        with contextlib.suppress(Unreachable):
            return await _offered(target.where, target.address, target.port, timeout, kinds)
    return await _offered(target.where, target.address, target.port, timeout)


async def _offered(
    where: str, address: str, port: int, timeout: float, kinds: Sequence[str] = HOST_KEY_ALGORITHMS
) -> OfferedKey:
    try:
        async with asyncio.timeout(timeout):
            key = await asyncssh.get_server_host_key(address, port, config=None, server_host_key_algs=kinds)
    except (OSError, asyncssh.Error) as error:  # TimeoutError is an OSError
        raise Unreachable(where, _detail(error)) from error
    if key is None:
        raise Unreachable(where, "no host key")
    return describe(key)


async def connect(
    target: Target, *, keepalive_interval: float, keepalive_count: int, timeout: float
) -> tuple[asyncssh.SSHClientConnection, Watcher]:
    """An authenticated connection whose host key is the accepted one, byte for byte.

    Raises CredentialMissing, TransportRefused, HostKeyUnknown, HostKeyChanged, AuthenticationRefused, Unreachable;
    after each of them no command was sent.
    """
    if target.transport != "ssh":
        raise TransportRefused(target.where, target.transport)
    if target.host_key is None:
        raise HostKeyUnknown(target.where, await _offered(target.where, target.address, target.port, timeout))
    pinned = asyncssh.import_public_key(target.host_key)
    watcher = Watcher(pinned)
    try:
        async with signing(target.credential) as secret:
            connection = await asyncssh.connect(
                target.address,
                target.port,
                username=target.user,
                client_factory=lambda: watcher,
                config=None,
                known_hosts=([], [], []),
                server_host_key_algs=RSA if pinned.get_algorithm() == "ssh-rsa" else [pinned.get_algorithm()],
                x509_trusted_certs=None,
                client_host_keys=None,
                gss_host=None,
                encryption_algs=CIPHERS,
                compression_algs=["none"],
                keepalive_interval=keepalive_interval,
                keepalive_count_max=keepalive_count,
                connect_timeout=timeout,
                login_timeout=timeout,
                **secret,
            )
    except asyncssh.PermissionDenied as error:
        raise AuthenticationRefused(target.where, target.user, target.credential.kind) from error
    except (OSError, asyncssh.Error) as error:
        raise await _refusal(target, watcher, error, timeout) from error
    return connection, watcher


async def _refusal(target: Target, watcher: Watcher, error: Exception, timeout: float) -> Exception:
    """Why a connection did not come about. A key of another type than the pinned one ends the exchange before it is shown."""
    if isinstance(error, asyncssh.KeyExchangeFailed) and watcher.offered is None:
        watcher.offered = await _offered(target.where, target.address, target.port, timeout)
    if isinstance(error, asyncssh.HostKeyNotVerifiable | asyncssh.KeyExchangeFailed) and watcher.offered:
        pinned = str(target.host_key)
        if watcher.offered != describe(watcher.pinned):
            return HostKeyChanged(target.where, watcher.offered, pinned)
    return Unreachable(target.where, _detail(error))


def _detail(error: Exception) -> str:
    return str(error) or type(error).__name__
