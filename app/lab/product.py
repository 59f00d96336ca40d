"""What is installed on a simulated node: JobCenter's processes by version, its command files, its packages.

Owns the facts of the stand-in (facts-and-errata 1.2, manual 3.1.3 step 5) and the writing of them into a node's folder;
starts nothing. What an upgrade brings is the same as what the first day has: `files`.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from app.lab import elf

_ALWAYS = ("nqsdaemon", "jnwcaster", "jnwengine", "sclaunchd", "comagent")
_SINCE = (((13, 1), "jcdbs"), ((15, 1), "jnwlauncher"), ((16, 1), "jcwebserver"))
_SCRIPTS = ("nqsstart", "nqsstop", "trfdelete", "cluster/cjcpw", "tejun-lab-keep", "tejun-lab-convert")
NEWEST = "R16.3"  # what the lab's upgrade leads to
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


def data_format(version: str) -> str:
    """The format that spools and site databases have at that version: it changed at R13 (manual 3.1.2 step 3, 3.1.3 step 9)."""
    return "R13" if parts(version) >= (13, 0) else "R12"


def upgraded(version: str) -> str | None:
    """The version that the lab's upgrade leads to, None where there is nothing newer."""
    return NEWEST if parts(version)[:2] < parts(NEWEST)[:2] else None


def upgrade_file(target: str) -> str:
    """File name of the base package that leads to `target`: R16.3 -> NECJCpkg-16.3-1.x86_64.rpm."""
    return f"{BASE_PACKAGE}-{target[1:]}-1.x86_64.rpm"


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


def files(version: str) -> dict[str, bytes]:
    """Everything below /usr/lib/nqs at that version, the same on every node: programs, commands, settings as shipped."""
    written: dict[str, bytes] = dict(binaries(version))
    written["cluster/bin/cjcpw"] = elf.daemon("cjcpw", version)
    for script in _SCRIPTS:
        written[script] = (_TEMPLATES / f"{Path(script).name}.sh").read_bytes()
    facts = {"VERSION": version, "DAEMONS": " ".join(daemons(version)), "FORMAT": data_format(version)}
    written["version.sh"] = _assigned(facts).encode()
    for name in ("daemon", "jcwebserver") if "jcwebserver" in daemons(version) else ("daemon",):
        written[f"{name}.conf"] = f"# {name} settings as shipped with {version}\n".encode()
    return written


def install(nqs: Path, version: str, settings: dict[str, str], library: Path) -> dict[str, bytes]:
    """Write the product under `nqs` (/usr/lib/nqs) and the shell library that its commands read; what was written.

    `settings` are the shell variables that the library starts with.
    """
    written = files(version)
    for name, content in written.items():
        target = nqs / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o755)
    library.write_text(_assigned(settings) + (_TEMPLATES / "library.sh").read_text())
    (library.parent / "tree.sh").write_bytes((_TEMPLATES / "tree.sh").read_bytes())
    return written


def _assigned(values: dict[str, str]) -> str:
    return "".join(f"{key}={shlex.quote(value)}\n" for key, value in values.items())
