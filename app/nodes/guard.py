"""The guard's texts: its script, the command lines that start it, and the marks it answers with. Pure, sends nothing.

Every line runs under whatever login shell the node's user has (csh too), so it is `exec sh -c '...'` with plain arguments.
What a login shell prints before the guard starts is told apart by the marks: they carry a nonce that only this call knows.
"""

from __future__ import annotations

import hashlib
import secrets
import shlex
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import count
from typing import NamedTuple

from app.domain.procedure import Shell
from app.nodes.results import Stream

SCRIPT: bytes = files("app.nodes").joinpath("guard.sh").read_bytes()
FILE_NAME = f"guard-{hashlib.sha256(SCRIPT).hexdigest()[:16]}.sh"

_FOLDER = "B=${1:-${TEJUN_SPOOL:-$HOME/.tejun}}; g=$B/" + FILE_NAME + "; "
_LOADER = (
    _FOLDER + '[ -f "$g" ] && exec sh "$g" "$@"; printf "\\036tejun %s error no_guard\\n" "$3" >&2; exit 70'
)
# an upload that is cut is a normal end of file for cat: only a file of the full size gets the name
_INSTALLER = (
    _FOLDER
    + 'umask 077; mkdir -p "$B" && cat >"$g.$$" && [ $(wc -c <"$g.$$") -eq "$2" ] && mv -f "$g.$$" "$g" && exit 0; '
    'rm -f "$g.$$"; exit 70'
)
# the probe comes on stdin: `ps | grep` in it must not meet its own text, and a truncated one must not run
_READER = (
    'p=$(cat); for o in 1 2; do printf "\\036tejun %s begin\\n" "$1" >&$o; done; '
    'case $p in *"$1") p=${p%"$1"}; set --; eval "$p";; *) exit 70;; esac'
)
# a script that takes arguments, on stdin in the same way
_SCRIPTED = (
    'm=$1; shift; p=$(cat); for o in 1 2; do printf "\\036tejun %s begin\\n" "$m" >&$o; done; '
    'case $p in *"$m") eval "${p%"$m"}";; *) exit 70;; esac'
)
# at a place of its own: what a dead connection brings late writes the same bytes there once more
_WRITER = (
    'for o in 1 2; do printf "\\036tejun %s begin\\n" "$1" >&$o; done; '
    'exec dd of="$2" bs="$3" seek="$4" conv=notrunc'
)

Event = tuple[Stream, bytes] | list[str]


class Body(NamedTuple):
    """What is handed to the guard to be run: its bytes, for which shell. `code_page`: of Windows, "" where any will do."""

    data: bytes
    shell: Shell = "sh"
    code_page: str = ""


class Caller:
    """Mints the nonces of one set of links: CALLER-ORDER-RANDOM, so that the node can tell an older call from a newer one."""

    def __init__(self) -> None:
        self._name = secrets.token_hex(6)
        self._order = count(1)

    def nonce(self) -> str:
        """What tells this call's marks from everything a node could print by itself."""
        return f"{self._name}-{next(self._order)}-{secrets.token_hex(8)}"

    def minted(self, nonce: str) -> bool:
        """Whether this caller asked in that call."""
        return nonce.startswith(f"{self._name}-")


def order(nonce: str) -> int:
    """The place of a call among its caller's."""
    return int(nonce.split("-")[1])


def line(spool: str | None, verb: str, mark: str, key: str, *arguments: str | int) -> str:
    """Command line that calls the installed guard, or answers `error no_guard`."""
    return _sh(_LOADER, spool or "", verb, mark, key, *arguments)


def install_line(spool: str | None) -> str:
    """Command line that installs `SCRIPT` from stdin, whole or not at all; exit 0 if it is there afterwards."""
    return _sh(_INSTALLER, spool or "", len(SCRIPT))


def read_line(mark: str) -> str:
    """Command line that runs the read-only probe `text + mark` from stdin, its output behind a begin mark."""
    return _sh(_READER, mark)


def script_line(mark: str, *arguments: str | int) -> str:
    """Command line that runs the script `text + mark` from stdin with arguments, its output behind a begin mark."""
    return _sh(_SCRIPTED, mark, *arguments)


def write_line(mark: str, path: str, block: int, number: int) -> str:
    """Command line that writes stdin into the existing file `path` (absolute) from block `number` on, each `block` bytes."""
    return _sh(_WRITER, mark, path, block, number)


def sha256(payload: bytes) -> str:
    """Lower-case hexadecimal digest, as the guard writes it."""
    return hashlib.sha256(payload).hexdigest()


def _sh(script: str, *arguments: str | int) -> str:
    return " ".join(
        ["exec", "sh", "-c", shlex.quote(script), "tejun", *(shlex.quote(str(a)) for a in arguments)]
    )


@dataclass
class Marks:
    """Takes the two channels of one call apart into bytes of the command and words of the guard.

    Bytes before a channel's first mark are the login shell's and dropped (`noise` keeps the first of them for a message).
    """

    mark: str
    noise: bytes = b""
    _begun: set[Stream] = field(default_factory=set)
    _held: dict[Stream, bytes] = field(default_factory=lambda: {"out": b"", "err": b""})

    def feed(self, stream: Stream, data: bytes) -> list[Event]:
        """Events in order: (stream, bytes) or the words of one mark. Holds back only what may be the start of a mark."""
        if stream == "out" and "out" in self._begun:
            return [("out", data)]
        prefix = b"\x1etejun " + self.mark.encode() + b" "
        rest, events = self._held[stream] + data, list[Event]()
        while rest:
            at = _find(rest, prefix)
            events += self._bytes(stream, rest[:at])
            rest = rest[at:]
            if not rest.startswith(prefix) or b"\n" not in rest:
                break
            words, rest = rest[len(prefix) :].split(b"\n", 1)
            self._begun.add(stream)
            events.append(words.decode("ascii", "replace").split())
            if stream == "out":
                events += self._bytes(stream, rest)
                rest = b""
        self._held[stream] = rest
        return events

    def flush(self, stream: Stream) -> list[Event]:
        """At the end of the channel: what was held back was no mark."""
        rest, self._held[stream] = self._held[stream], b""
        return self._bytes(stream, rest)

    def _bytes(self, stream: Stream, data: bytes) -> list[Event]:
        if not data:
            return []
        if stream in self._begun:
            return [(stream, data)]
        self.noise = (self.noise + data)[:500]
        return []


def _find(data: bytes, prefix: bytes) -> int:
    """Where `prefix` starts in `data`, or where its beginning hangs over the end, or the length."""
    at = data.find(prefix)
    if at >= 0:
        return at
    last = data.rfind(b"\x1e", max(0, len(data) - len(prefix) + 1))
    while last >= 0 and not prefix.startswith(data[last:]):
        last = data.rfind(b"\x1e", max(0, len(data) - len(prefix) + 1), last)
    return last if last >= 0 else len(data)
