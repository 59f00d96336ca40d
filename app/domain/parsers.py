"""Parsers: raw output of a probe to facts, pure. Each refuses (None) what is cut short, foreign, or reported as failed.

Input: stdout as bytes and the exit status of the probe's command. The first line is the header that the command itself
printed (`#tejun probe parameters…`). Facts are short tokens without blanks. Localised text is never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from app.domain import jobcenter
from app.domain.answers import unix_lines
from app.domain.errors import Invalid
from app.domain.versions import Version

Facts = frozenset[str]
Parser = Callable[[bytes, int], Facts | None]

_SHELLS = {"sh", "bash", "dash", "ksh", "ksh93", "mksh", "zsh", "ash"}
_ROW = re.compile(rb"\s*(\d+)\s+(\d+)\s+(\S.*)")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_VERIFIED = re.compile(r"(missing|[.A-Z0-9?]{8,9})\s+(?:([cdglr])\s+)?(/.*)")
_FITTING = {
    "x64": {"x86_64", "i386", "i486", "i586", "i686", "noarch"},
    "x86": {"i386", "i486", "i586", "i686", "noarch"},
    "ipf": {"ia64", "noarch"},
    "ipf32": {"ia64", "noarch"},
}


def body(stdout: bytes, exit_status: int, probe: str) -> tuple[list[str], list[str]] | None:
    """Parameters of the header and the lines after it; None when the command failed or the header is not that probe's."""
    if exit_status != 0 or not stdout.endswith(b"\n"):
        return None
    first, *lines = stdout.decode("utf-8", "replace").rstrip("\n").split("\n")
    words = first.split()
    return (words[2:], lines) if words[:2] == ["#tejun", probe] else None


def processes(stdout: bytes, exit_status: int) -> Facts | None:
    """Names of the JobCenter processes of one site, of the `local` one, or of `any`, from pid, ppid and args of all processes.

    A cluster site is its resident `cjcpw … SITE` and everything below it in the process tree; local is what is below no
    cjcpw (facts 1.2, erratum C6). jcwebserver counts wherever it runs on the node (D10). Lines are never searched for
    names: the command that asks would find itself.
    """
    read = body(stdout, exit_status, "processes")
    table = _table(stdout) if read else None
    if not read or not table or len(read[0]) != 1:
        return None
    names = {pid: _name(args) for pid, (_, args) in table.items()}
    known = {pid: name for pid, name in names.items() if name in jobcenter.ALL}
    site = read[0][0]
    if site == "any":
        return frozenset(known.values())
    keepers = {pid for pid, name in known.items() if name == jobcenter.KEEPER and _resident(table[pid][1])}
    if site != "local":
        roots = {pid for pid in keepers if site in table[pid][1][1:]}
        chosen = {
            name
            for pid, name in known.items()
            if pid in roots or (roots & set(_above(pid, table)) and name != jobcenter.KEEPER)
        }
    else:
        chosen = {
            name
            for pid, name in known.items()
            if name != jobcenter.KEEPER and not keepers & set(_above(pid, table))
        }
    return frozenset(chosen | {name for name in known.values() if name == jobcenter.WEBSERVER})


def _table(stdout: bytes) -> dict[int, tuple[int, list[str]]] | None:
    """pid -> (ppid, argument words); None when a row has another form."""
    table = {}
    for line in stdout.split(b"\n")[1:-1]:
        row = _ROW.fullmatch(line)
        if not row:
            return None
        table[int(row[1])] = int(row[2]), row[3].decode("utf-8", "replace").split()
    return table


def _name(args: list[str]) -> str:
    """The program's name: of the script where a shell runs one, else of argv[0]."""
    name = PurePosixPath(args[0].lstrip("-")).name
    if name in _SHELLS and len(args) > 1 and not args[1].startswith("-"):
        return PurePosixPath(args[1]).name
    return name


def _resident(args: list[str]) -> bool:
    return not any(word in ("-stop", "-status") for word in args)


def _above(pid: int, table: dict[int, tuple[int, list[str]]]) -> Iterator[int]:
    """The ancestors of a process, nearest first."""
    seen = {pid}
    while pid in table and table[pid][0] not in seen:
        pid = table[pid][0]
        seen.add(pid)
        yield pid


def words(stdout: bytes, exit_status: int) -> Facts | None:
    """Facts that the command states itself, one a line, closed by `#end`: for probes whose answer is yes or no."""
    stdout = unix_lines(stdout)
    if exit_status != 0 or not stdout.startswith(b"#tejun ") or not stdout.endswith(b"\n#end\n"):
        return None
    return frozenset(line.strip() for line in stdout.decode("utf-8", "replace").split("\n")[1:-2])


def environment(stdout: bytes, exit_status: int) -> Facts | None:
    """Where NQS_SITE is set for later commands: `NQS_SITE:session`, `:login`, `:environment`, `:profile` (errata E3, E4)."""
    facts = words(stdout, exit_status)
    places = {"session", "login", "environment", "profile"}
    if facts is None or {fact.split(":")[1] for fact in facts if fact.count(":") == 1} != places:
        return None
    return frozenset(fact for fact in facts if fact.startswith("NQS_SITE:"))


def _packages(lines: list[str]) -> list[tuple[str, str]] | None:
    rows = [line.split() for line in lines if line.strip()]
    return [(row[0], row[1]) for row in rows] if all(len(row) == 2 for row in rows) else None


def package(stdout: bytes, exit_status: int) -> Facts | None:
    """`NAME=VERSION` for every NECJC package; `other-patch` for an NECJCpt of a version that the header does not name (C13)."""
    read = body(stdout, exit_status, "package")
    found = _packages(read[1]) if read else None
    if not read or found is None:
        return None
    facts = {f"{name}={version}" for name, version in found}
    if any(name == "NECJCpt" and version not in read[0] for name, version in found):
        facts.add("other-patch")
    return frozenset(facts)


def versions(stdout: bytes, exit_status: int) -> Facts | None:
    """`version:R16.3.1`: the highest base package, raised by the highest patch of its line. None without a base package."""
    read = body(stdout, exit_status, "versions")
    found = _packages(read[1]) if read else None
    try:
        base, patch = (
            [Version.parse("R" + version) for name, version in found or [] if (name == "NECJCpt") == wanted]
            for wanted in (False, True)
        )
    except Invalid:
        return None
    if not base:
        return None
    newest = max(base)
    return frozenset(
        {"version:" + max([newest, *(version for version in patch if version.line == newest.line)]).canonical}
    )


def patch_file(stdout: bytes, exit_status: int) -> Facts | None:
    """`missing`, or `sha256:…`, `name:…`, `version:…`, `arch:…` of a package file.

    `arch:fits` when the header's architecture can take it (C12)."""
    read = body(stdout, exit_status, "patch_file")
    if not read or len(read[0]) != 1:
        return None
    if read[1] == ["missing"]:
        return frozenset({"missing"})
    if len(read[1]) != 2 or len(label := read[1][1].split()) != 3:
        return None
    digest, (name, version, arch) = read[1][0].split(" ")[0], label
    if not _DIGEST.fullmatch(digest):
        return None
    fits = {"arch:fits"} if arch in _FITTING.get(read[0][0], set()) else set()
    return frozenset({f"sha256:{digest}", f"name:{name}", f"version:{version}", f"arch:{arch}"} | fits)


def files(stdout: bytes, exit_status: int) -> Facts | None:
    """`replaced` when every file of the patch stands on the node byte for byte; else `old:NAME`, `missing:NAME`.

    Rows are `NAME WANTED FOUND`, FOUND `-` where there is no such file; `#end` closes them. rpm may say "installed" while
    the copy failed (the manual's note on 3.3.1-3), so this looks at bytes.
    """
    read = body(stdout, exit_status, "files")
    if not read or read[1][-1:] != ["#end"] or len(read[1]) < 2:
        return None
    rows = [line.split(" ") for line in read[1][:-1]]
    if any(len(row) != 3 or not row[1] or not row[2] for row in rows):
        return None
    wrong = {
        ("missing:" if found == "-" else "old:") + name for name, wanted, found in rows if wanted != found
    }
    return frozenset(wrong or {"replaced"})


def intact(stdout: bytes, exit_status: int) -> Facts | None:
    """`intact` when `rpm -V` has nothing to say of any file's contents; else `changed:PATH`, `missing:PATH`.

    Settings (marked c) may differ, and so may owners, modes and times; a line of another form makes it unreadable.
    """
    read = body(stdout, exit_status, "intact")
    if not read or read[1][-1:] != ["#end"]:
        return None
    rows = [_VERIFIED.fullmatch(line) for line in read[1][:-1]]
    if not all(rows):
        return None
    wrong = {
        f"{'missing' if row[1] == 'missing' else 'changed'}:{row[3]}"
        for row in rows
        if row and row[2] != "c" and (row[1] == "missing" or row[1][2] in "5?")
    }
    return frozenset(wrong or {"intact"})


def disk(stdout: bytes, exit_status: int) -> Facts | None:
    """`enough` when every file system listed by `df -Pk` has the KiB that the header asks for, else `short`."""
    read = body(stdout, exit_status, "disk")
    if not read or len(read[0]) != 1 or len(read[1]) < 2:
        return None
    free = [re.search(r"\s\d+\s+-?\d+\s+(-?\d+)\s+\d+%\s", line) for line in read[1][1:]]
    if not all(free):
        return None
    return frozenset({"enough" if all(int(row[1]) >= int(read[0][0]) for row in free if row) else "short"})
