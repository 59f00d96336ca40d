"""The host key that a node shows before anybody has signed in, whichever way it is reached."""

from __future__ import annotations

from typing import Literal

from app.nodes import certificates, ssh
from app.nodes.target import Credential, OfferedKey, Target


async def offered_key(
    address: str,
    port: int,
    *,
    transport: Literal["ssh", "psrp"] = "ssh",
    credential: Credential | None = None,
    timeout: float = 10.0,
) -> OfferedKey:
    """The host key of a node, without authenticating: over psrp its certificate, or the line of who vouches for it where the
    credential names a CA file or plain HTTP. Raises Unreachable, CredentialMissing (the CA file)."""
    if transport == "ssh":
        return await ssh.offered_key(address, port, timeout=timeout)
    nobody = Credential("password_env", "")
    target = Target(address, address, port, "", None, credential or nobody, transport="psrp")
    return await certificates.offered(target, timeout)
