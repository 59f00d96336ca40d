"""What is installed on a simulated node: JobCenter's processes by version, its command files, its packages.

Owns the facts of the stand-in (facts-and-errata 1.2, manual 3.1.3 step 5) and the writing of them into a node's folder;
starts nothing.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from app.lab import elf

_ALWAYS = ("nqsdaemon", "jnwcaster", "jnwengine", "sclaunchd", "comagent")
_SINCE = (((13, 1), "jcdbs"), ((15, 1), "jnwlauncher"), ((16, 1), "jcwebserver"))
_SCRIPTS = ("nqsstart", "nqsstop", "trfdelete", "cluster/cjcpw")
_TEMPLATES = Path(__file__).parent / "sh"
BASE_PACKAGE, PATCH_PACKAGE = "NECJCpkg", "NECJCpt"


def parts(version: str) -> tuple[int, ...]:
    """R16.3.1 -> (16, 3, 1). Raises ValueError for anything else."""
    if not re.fullmatch(r"R\d+\.\d+(\.\d+)?", version):
        raise ValueError(f"not a JobCenter version: {version!r} (R16.3, R12.7.1)")
    return tuple(int(part) for part in version[1:].split("."))


def daemons(version: str) -> tuple[str, ...]:
    """The resident processes of one site, cjcpw apart: jcdbs from R13.1, jnwlauncher from R15.1, jcwebserver from R16.1."""
    return _ALWAYS + tuple(name for since, name in _SINCE if parts(version)[:2] >= since)


def patched(version: str) -> str:
    """The version that the lab's patch leads to: R16.3 -> R16.3.1, R12.7.1 -> R12.7.2."""
    major, minor, *level = parts(version)
    return f"R{major}.{minor}.{(level[0] if level else 0) + 1}"


def patch_file(version: str) -> str:
    """File name of the patch for an installed `version`: R16.3 -> NECJCpt-16.3.1-1.x86_64.rpm."""
    return f"{PATCH_PACKAGE}-{patched(version)[1:]}-1.x86_64.rpm"


def binaries(version: str) -> dict[str, bytes]:
    """Program name -> bytes, as the base package has them."""
    return {name: elf.daemon(name, version) for name in daemons(version)}


def install(nqs: Path, version: str, settings: dict[str, str], library: Path) -> dict[str, bytes]:
    """Write the product under `nqs` (/usr/lib/nqs) and the shell library that its commands read; what was written.

    `settings` are the shell variables that the library starts with.
    """
    written: dict[str, bytes] = dict(binaries(version))
    written["cluster/bin/cjcpw"] = elf.daemon("cjcpw", version)
    for script in _SCRIPTS:
        text = (_TEMPLATES / f"{Path(script).name}.sh").read_text()
        written[script] = text.replace("@LIBRARY@", shlex.quote(str(library))).encode()
    for name, content in written.items():
        target = nqs / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o755)
    _write_library(library, version, settings)
    return written


def _write_library(library: Path, version: str, settings: dict[str, str]) -> None:
    """The shell library, variables first, and beside it the script that becomes a site."""
    values = {**settings, "DAEMONS": " ".join(daemons(version))}
    head = "".join(f"{key}={shlex.quote(value)}\n" for key, value in values.items())
    library.write_text(head + (_TEMPLATES / "library.sh").read_text())
    tree = (_TEMPLATES / "tree.sh").read_text()
    (library.parent / "tree.sh").write_text(tree.replace("@LIBRARY@", shlex.quote(str(library))))
