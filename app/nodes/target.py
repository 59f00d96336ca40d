"""Where a node is and how to prove it is the one: values only, no connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CredentialKind = Literal[
    "key_file", "key_env", "agent", "password_file", "password_env", "certificate_file", "keytab_file"
]
SignIn = Literal["negotiate", "ntlm", "kerberos", "basic", "credssp"]


@dataclass(frozen=True)
class Windows:
    """How a credential is used on Windows nodes.

    `auth`: how a password signs in (credssp hands it to the node: only where somebody asked for it). `ca_file`: path of the
    certificates (PEM) that vouch for the nodes, instead of accepting each node's own. `plain_http`: no TLS, also on another
    port than 5985. `run_as`: who runs the commands: SYSTEM, a group managed service account (`DOMAIN\\name$`), or `self`: the
    user that signs in, whose password the node then keeps with the scheduled task.
    """

    auth: SignIn = "negotiate"
    ca_file: str | None = None
    plain_http: bool = False
    run_as: str = "SYSTEM"


@dataclass(frozen=True)
class Credential:
    """A secret by reference, read when connecting and never kept.

    `ref` is a path (key_file, password_file; certificate_file: a PEM file of a client certificate and its key; keytab_file:
    the user's Kerberos keys), the name of
    an environment variable holding the private key's text or the password (key_env, password_env), or the agent's socket
    (agent; empty: $SSH_AUTH_SOCK).
    """

    kind: CredentialKind
    ref: str
    windows: Windows = Windows()


@dataclass(frozen=True)
class OfferedKey:
    """A host key as a node shows it: OpenSSH public key line without comment, "SHA256:…" fingerprint, its algorithm.

    Of a Windows node: a line of certificates.py, and what there is to say about the certificate instead of the algorithm.
    """

    public_key: str
    fingerprint: str
    algorithm: str


@dataclass(frozen=True)
class Target:
    """One node to talk to. `host_key`: the accepted OpenSSH public key line (psrp: certificates.py), None if none was
    accepted yet.

    `spool`: absolute path of the guard's folder on the node; None: $TEJUN_SPOOL there, else ~/.tejun (psrp: Tejun\\spool in
    the folder of the programs' common data).
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
