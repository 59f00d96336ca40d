"""Where a node is and how to prove it is the one: values only, no connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CredentialKind = Literal["key_file", "key_env", "agent", "password_file", "password_env"]


@dataclass(frozen=True)
class Credential:
    """A secret by reference, read when connecting and never kept.

    `ref` is a path (key_file, password_file), the name of an environment variable holding the private key's text or the
    password (key_env, password_env), or the agent's socket (agent; empty: $SSH_AUTH_SOCK).
    """

    kind: CredentialKind
    ref: str


@dataclass(frozen=True)
class OfferedKey:
    """A host key as a node shows it: OpenSSH public key line without comment, "SHA256:…" fingerprint, its algorithm."""

    public_key: str
    fingerprint: str
    algorithm: str


@dataclass(frozen=True)
class Target:
    """One node to talk to. `host_key`: the accepted OpenSSH public key line, None if none was accepted yet.

    `spool`: absolute path of the guard's folder on the node; None: $TEJUN_SPOOL there, else ~/.tejun.
    """

    name: str
    address: str
    port: int
    user: str
    host_key: str | None
    credential: Credential
    spool: str | None = None
    transport: Literal["ssh", "psrp"] = "ssh"

    @property
    def where(self) -> str:
        """How messages name the node."""
        return f"{self.name} ({self.address}:{self.port})"
