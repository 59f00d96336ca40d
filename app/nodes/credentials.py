"""Secrets by reference: reads them at the moment of connecting and hands them to the driver. Keeps, shows and logs none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import asyncssh
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from app.nodes.errors import CredentialMissing
from app.nodes.target import Credential

KEYTAB = b"\x05\x02"  # how one begins: version 2 of the file's format
ENCODINGS = ("utf-8", "euc-jp", "cp932", "utf-16-le")  # those in which nodes write


@contextlib.asynccontextmanager
async def signing(credential: Credential) -> AsyncIterator[dict[str, Any]]:
    """Arguments of `asyncssh.connect` that hold while the block lasts: an agent's keys sign only while it is connected.

    The agent's keys are handed over one by one, since asyncssh asks an agent only together with the user's own key files.
    """
    if credential.kind != "agent":
        yield authentication(credential)
        return
    async with asyncssh.SSHAgentClient(_socket(credential)) as agent:
        try:
            keys = list(await agent.get_keys())
        except (OSError, ValueError) as error:
            raise _missing(credential, str(error) or type(error).__name__) from None
        if not keys:
            raise _missing(credential, "the agent holds no key")
        yield {"client_keys": keys, "agent_path": None, "password": None}


def authentication(credential: Credential) -> dict[str, Any]:
    """Arguments of `asyncssh.connect` for this credential and no other (no keys or agent of the console's own user).

    Raises CredentialMissing if the file, variable or socket is not there, empty, or a key that needs a passphrase.
    """
    only: dict[str, Any] = {"client_keys": None, "agent_path": None, "password": None}
    if credential.kind in ("certificate_file", "keytab_file"):
        raise _missing(credential, "that kind of credential is for Windows nodes")
    secret = _read(credential)
    if credential.kind in ("password_file", "password_env"):
        return only | {"password": secret.rstrip("\r\n")}
    try:
        return only | {"client_keys": [asyncssh.import_private_key(secret)]}
    except asyncssh.KeyEncryptionError:
        raise _missing(credential, "the key needs a passphrase") from None
    except asyncssh.KeyImportError:
        raise _missing(credential, "not a private key") from None


def password(credential: Credential) -> str:
    """The password behind the reference. Raises CredentialMissing; also where it refers to no password at all."""
    if credential.kind not in ("password_file", "password_env"):
        raise _missing(credential, "a Windows node takes a password or a certificate")
    return _read(credential).rstrip("\r\n")


def certificate(credential: Credential) -> str:
    """The path of a PEM file with a client certificate and its key without passphrase. Raises CredentialMissing."""
    text = _read(credential).encode()
    try:
        load_pem_x509_certificate(text)
        load_pem_private_key(text, None)
    except TypeError:
        raise _missing(credential, "the key needs a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise _missing(credential, "not a certificate and its key in one PEM file") from None
    return credential.ref


def keytab(credential: Credential) -> str:
    """The path of a keytab, a file in MIT's format. Raises CredentialMissing."""
    try:
        with Path(credential.ref).open("rb") as file:
            begins = file.read(len(KEYTAB))
    except OSError as error:
        raise _missing(credential, error.strerror or type(error).__name__) from None
    if begins != KEYTAB:
        raise _missing(credential, "not a keytab")
    return credential.ref


def known_secrets(credentials: Iterable[Credential]) -> tuple[bytes, ...]:
    """The passwords behind these references, in every encoding in which a node may print one; what cannot be read is left out.

    Keys are not among them: no command is ever given one.
    """
    found: set[bytes] = set()
    for credential in credentials:
        if credential.kind not in ("password_file", "password_env"):
            continue
        try:
            secret = _read(credential).rstrip("\r\n")
        except CredentialMissing:
            continue
        for encoding in ENCODINGS:
            with contextlib.suppress(UnicodeEncodeError):
                found.add(secret.encode(encoding))
    return tuple(found)


def _read(credential: Credential) -> str:
    if credential.kind in ("key_env", "password_env"):
        secret = os.environ.get(credential.ref, "")
    else:
        try:
            secret = Path(credential.ref).read_text("utf-8")
        except OSError as error:
            raise _missing(credential, error.strerror or type(error).__name__) from None
        except UnicodeDecodeError:
            raise _missing(credential, "not UTF-8 text") from None
    if not secret.strip():
        raise _missing(credential, "empty or not set")
    return secret


def _socket(credential: Credential) -> str:
    path = credential.ref or os.environ.get("SSH_AUTH_SOCK", "")
    if not path or not Path(path).is_socket():
        raise _missing(credential, "no agent socket")
    return path


def _missing(credential: Credential, detail: str) -> CredentialMissing:
    return CredentialMissing(credential.kind, credential.ref, detail)
