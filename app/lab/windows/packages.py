"""Installers and patches of the lab: a file that says what it does, with a digest of that. Writes and reads them; runs nothing.

None of them is NEC's, nor has their form: `setup.exe /s` does something on a simulated node alone.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

_MARK = b"TEJUN-LAB-SETUP 1\n"
SUCCESS, REBOOT_REQUIRED, REBOOT_INITIATED = 0, 3010, 1641
"""Exit codes of Windows Installer: done; done, restart when it suits; done, the restart has begun."""


@dataclass(frozen=True)
class Package:
    """One package. `product`: mgsv | clwin; `act`: install (new or over another version) | patch | uninstall.

    `version` is what it leads to ("R12.8.1"; of an uninstaller ""); `arch` what it is for; `code` what it ends with when all
    went well: 0, 3010 or 1641, which restarts the node at once.
    """

    product: str
    act: str
    version: str
    arch: str
    code: int = SUCCESS


def write(package: Package) -> bytes:
    """The file."""
    text = json.dumps(asdict(package), sort_keys=True).encode()
    return _MARK + hashlib.sha256(text).hexdigest().encode() + b"\n" + text + b"\n"


def read(content: bytes) -> Package | None:
    """What a file says, None for one that is no package of the lab or was changed."""
    if not content.startswith(_MARK):
        return None
    digest, _, text = content[len(_MARK) :].partition(b"\n")
    if hashlib.sha256(text.rstrip(b"\n")).hexdigest().encode() != digest:
        return None
    return Package(**json.loads(text))


def file_name(package: Package) -> str:
    """As it lies in the node's folder of packages: jc-mgsv-R12.8.1.exe, jc-mgsv-uninstall.exe."""
    return f"jc-{package.product}-{package.version or package.act}.exe"
