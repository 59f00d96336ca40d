"""The stand-in commands of a node, written into its bin folder, which comes first in every session's PATH. Runs nothing."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[2]
_PYTHON = """#!/bin/sh
exec {python} -I -S -B -c {code} {fixed} "$@"
"""
_CODE = "import sys; sys.path.insert(0, {path!r}); from app.lab.tools.{module} import main; sys.exit(main())"
_DF = """#!/bin/sh
# the machine's df; while the fault full-disk is in force, a df that has no space left
[ -e {faults}/full-disk ] || exec {df} "$@"
{df} "$@" | awk 'NR > 1 {{ $3 = $2; $4 = 0; $5 = "100%" }} {{ print }}'
"""
_NAMES = {
    "hostname": "echo {name}",
    "uname": 'if [ "$*" = -n ]; then echo {name}; else exec {real} "$@"; fi',
    "id": 'case "$*" in -u) echo 0 ;; -un) echo root ;; *) exec {real} "$@" ;; esac',
    "pgrep": 'echo "pgrep: not in this lab: it would see the processes of other nodes; use ps" >&2; exit 3',
    "pkill": 'echo "pkill: not in this lab: it would reach the processes of other nodes" >&2; exit 3',
    "killall": 'echo "killall: not in this lab: it would reach the processes of other nodes" >&2; exit 3',
}


def _real(command: str) -> str:
    for folder in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"):
        if Path(folder, command).exists():
            return f"{folder}/{command}"
    return f"/usr/bin/{command}"


def _script(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o755)


def _python(file: Path, module: str, *fixed: str) -> None:
    code = _CODE.format(path=str(_REPOSITORY), module=module)
    _script(
        file,
        _PYTHON.format(python=shlex.quote(sys.executable), code=shlex.quote(code), fixed=shlex.join(fixed)),
    )


def write(directory: Path, folder: Path, name: str, mode: str, root: str) -> None:
    """Write the commands of node `name` (its folder is `folder`) afresh: the interpreter may have moved since."""
    bin_ = folder / "bin"
    bin_.mkdir(parents=True, exist_ok=True)
    _python(bin_ / "rpm", "rpm", str(folder), root)
    for command in ("pcs", "crm_mon"):
        _python(bin_ / command, "cluster", str(directory), name, command)
    _script(bin_ / "df", _DF.format(faults=shlex.quote(str(folder / "faults")), df=_real("df")))
    if mode == "plain":
        _python(bin_ / "ps", "ps", str(folder), _real("ps"))
        for command, body in _NAMES.items():
            _script(
                bin_ / command,
                "#!/bin/sh\n" + body.format(name=shlex.quote(name), real=_real(command)) + "\n",
            )
