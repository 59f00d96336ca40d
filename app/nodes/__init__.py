"""The only code that touches nodes: the guard, SSH, PowerShell remoting, the spool client. Knows no tables and decides nothing
about sessions.

Start reading at `links.py` (what the engine calls), `guard.sh` and `windows/guard.ps1` (what runs on the node).
"""

from app.nodes.credentials import known_secrets
from app.nodes.errors import (
    ConnectionCut,
    GuardBroken,
    HostKeyChanged,
    HostKeyUnknown,
    NodeError,
    NoSpace,
    Superseded,
    Unreachable,
)
from app.nodes.links import Links
from app.nodes.offered import offered_key
from app.nodes.results import Ended, Output, Unknown
from app.nodes.target import Credential, OfferedKey, Target, Windows
from app.nodes.windows_errors import TextRefused

__all__ = [
    "ConnectionCut",
    "Credential",
    "Ended",
    "GuardBroken",
    "HostKeyChanged",
    "HostKeyUnknown",
    "Links",
    "NoSpace",
    "NodeError",
    "OfferedKey",
    "Output",
    "Superseded",
    "Target",
    "TextRefused",
    "Unknown",
    "Unreachable",
    "Windows",
    "known_secrets",
    "offered_key",
]
