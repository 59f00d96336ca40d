"""The commands that cmd.exe has in itself, as far as the product uses them: echo cd md rd del move copy set type exit goto call.

An option that is not known here fails with a message that says so. Wildcards are never taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.lab.windows import paths
from app.lab.windows.cmd.errors import Ended, said
from app.lab.windows.refusals import Refusal

if TYPE_CHECKING:
    from app.lab.windows.cmd.shell import Pipes, Shell

Builtin = Callable[["Shell", str, "Pipes"], str | None]


def split(text: str) -> tuple[str, str]:
    """A command's name and the raw rest. `echo.` and `cd\\` are told apart from programs' names."""
    bare = text.lstrip(" \t,;=")
    if bare.startswith('"'):
        word = re.match(r'(?:"[^"]*"?|[^\s"])+', bare)
        end = word.end() if word else len(bare)
        return bare[:end].replace('"', ""), bare[end:]
    found = re.match(
        r'(echo)(?=[.:(/ ]|$)|(cd|md|rd|set)(?=[\s\\./]|$)|(?:"[^"]*"?|[^\s"/])+(?:/(?:"[^"]*"?|[^\s"/])+)*',
        bare,
        re.IGNORECASE,
    )
    name = found[0] if found else bare
    return name, bare[len(name) :]


def compare(left: str, sign: str, right: str, case: bool) -> bool:
    """What `if` compares: == and the signs in letters; numbers as numbers where both are."""
    if sign == "==":
        return left == right if case else left.lower() == right.lower()
    numbers = all(re.fullmatch(r"-?\d+", one) for one in (left, right))
    one, other = (int(left), int(right)) if numbers else (left, right)
    return {
        "equ": one == other, "neq": one != other, "geq": one >= other, "gtr": one > other,  # type: ignore[operator]
        "leq": one <= other, "lss": one < other,  # type: ignore[operator]
    }[sign]  # fmt: skip


def _words(rest: str) -> tuple[list[str], list[str]]:
    """Options (lower case) and paths of a command that takes both."""
    words = re.findall(r'(?:"[^"]*"?|[^\s"])+', rest)
    options = [word.lower() for word in words if word.startswith("/")]
    return options, [word.replace('"', "") for word in words if not word.startswith("/")]


def arguments(text: str) -> list[str]:
    """What a batch file gets as %1 and so on: quotes stay, commas and the like part words as blanks do."""
    return re.findall(r'(?:"[^"]*"?|[^\s",;=])+', text)


def _fine(shell: Shell, status: int | None = None) -> None:
    """It worked. `status`: what ERRORLEVEL becomes; None for the commands that leave it."""
    shell.ended(shell.status if status is None else status)
    shell.failed = False


def _fails(shell: Shell, pipes: Pipes, what: object, subject: str = "") -> None:
    pipes.err(shell.encode(said(what, subject)))
    shell.ended(1)


def _guarded(run: Builtin, options: set[str], quiet: bool = False) -> Builtin:
    """A command with paths: unknown options and wildcards are refused, a Refusal becomes cmd's own message.

    `quiet`: it fails without setting ERRORLEVEL, as rd does.
    """

    def guarded(shell: Shell, rest: str, pipes: Pipes) -> str | None:
        given, words = _words(rest)
        strange = [one for one in given if one not in options] + [
            one for one in words if set(one) & set("*?")
        ]
        if strange:
            _fails(shell, pipes, "lab", strange[0])
            return None
        try:
            return run(shell, rest, pipes)
        except Refusal as refusal:
            if quiet:
                pipes.err(shell.encode(said(refusal.code)))
                shell.fails_quietly(refusal.code)
            else:
                _fails(shell, pipes, refusal.code)
            return None

    return guarded


def _echo(shell: Shell, rest: str, pipes: Pipes) -> str | None:
    word = rest.strip().lower()
    if word in ("on", "off"):
        shell.echo = word == "on"
    elif not rest.strip() and rest[:1] not in (".", ":", "("):
        pipes.out(shell.encode(f"ECHO は <{'ON' if shell.echo else 'OFF'}> です。\r\n"))
    else:
        pipes.out(shell.encode(rest[1:] + "\r\n"))
    _fine(shell)
    return None


def _cd(shell: Shell, rest: str, pipes: Pipes) -> str | None:
    options, words = _words(rest)
    if not words:
        pipes.out(shell.encode(shell.folder + "\r\n"))
    else:
        target = shell.path(words[0])
        if shell.files.kind(target) != "folder":
            raise Refusal(3, target)
        if target[:2].lower() == shell.folder[:2].lower() or "/d" in options:
            shell.folder = shell.files.drives.written(target)
    _fine(shell, 0)
    return None


def _md(shell: Shell, rest: str, pipes: Pipes) -> str | None:
    for word in _words(rest)[1]:
        if shell.files.kind(shell.path(word)):
            _fails(shell, pipes, "exists", word)
            return None
        shell.files.make_folder(shell.path(word))
    _fine(shell, 0)
    return None


def _rd(shell: Shell, rest: str, _pipes: Pipes) -> str | None:
    options, words = _words(rest)
    for word in words:
        if shell.files.kind(shell.path(word)) != "folder":
            raise Refusal(2, word)
        shell.files.delete_folder(shell.path(word), deep="/s" in options)
    _fine(shell)
    return None


def _del(shell: Shell, rest: str, _pipes: Pipes) -> str | None:
    options, words = _words(rest)
    for word in words:
        path = shell.path(word)
        if shell.files.kind(path) is None:
            raise Refusal(2, word)
        if "/f" in options:
            shell.files.set_attributes(path, 128)
        shell.files.delete(path)
    _fine(shell, 0)
    return None


def _two(shell: Shell, rest: str) -> tuple[str, str]:
    _options, words = _words(rest)
    if len(words) != 2:
        raise Refusal(123, rest)
    source, target = (shell.path(word) for word in words)
    if shell.files.kind(target) == "folder":
        target = paths.join(target, paths.name(source))
    return source, target


def _move(shell: Shell, rest: str, pipes: Pipes) -> str | None:
    source, target = _two(shell, rest)
    shell.files.move(source, target, overwrite=True)  # without a console cmd.exe asks nobody
    pipes.out(shell.encode("        1 個のファイルを移動しました。\r\n"))
    _fine(shell, 0)
    return None


def _ren(shell: Shell, rest: str, _pipes: Pipes) -> str | None:
    _options, words = _words(rest)
    if len(words) != 2 or "\\" in words[1]:
        raise Refusal(123, rest)
    source = shell.path(words[0])
    shell.files.move(source, paths.join(paths.parent(source), words[1]))  # never over another file
    _fine(shell, 0)
    return None


def _copy(shell: Shell, rest: str, pipes: Pipes) -> str | None:
    source, target = _two(shell, rest)
    shell.files.copy(source, target, overwrite=True)
    pipes.out(shell.encode("        1 個のファイルをコピーしました。\r\n"))
    _fine(shell, 0)
    return None


def _type(shell: Shell, rest: str, pipes: Pipes) -> str | None:
    for word in _words(rest)[1]:
        pipes.out(shell.files.read(shell.path(word)))
    _fine(shell, 0)
    return None


def _set(shell: Shell, rest: str, pipes: Pipes) -> str | None:
    text = rest.strip(" \t")
    if text.startswith("/"):
        _fails(shell, pipes, "lab", text)
        return None
    quoted = text.startswith('"')
    text = (text[1:].rpartition('"')[0] or text[1:]) if quoted else rest.lstrip(" \t")
    name, sign, value = text.partition("=")
    if not sign:
        found = [
            (key, one)
            for key, one in shell.environment.items()
            if key.lower().startswith(name.strip().lower())
        ]
        if not found:
            _fails(shell, pipes, "unset", name.strip())
            return None
        pipes.out(shell.encode("".join(f"{key}={one}\r\n" for key, one in sorted(found))))
    elif value:
        shell.environment[name] = value
    else:
        shell.environment.pop(name, None)
    _fine(shell, 0 if shell.in_cmd_file() else None)
    return None


def _exit(shell: Shell, rest: str, _pipes: Pipes) -> str | None:
    words = rest.split()
    inner = [word for word in words if word.lower() == "/b"]
    numbers = [word for word in words if re.fullmatch(r"-?\d+", word)]
    raise Ended(int(numbers[0]) if numbers else shell.status, everything=not inner)


def _goto(_shell: Shell, rest: str, _pipes: Pipes) -> str | None:
    return rest.strip().lstrip(":")


def _call(shell: Shell, rest: str, pipes: Pipes) -> str | None:
    name, more = split(rest.strip())
    if name.startswith(":") or not name.strip('"').lower().endswith((".cmd", ".bat")):
        _fails(shell, pipes, "lab", f"call {name}")
        return None
    shell.file(shell.path(name.strip('"')), arguments(more), pipes)
    shell.ended(shell.status)
    return None


def _ver(shell: Shell, _rest: str, pipes: Pipes) -> str | None:
    pipes.out(shell.encode("\r\nMicrosoft Windows [Version 10.0]\r\n"))
    _fine(shell, 0)
    return None


TABLE: dict[str, Builtin] = {
    "echo": _echo, "cd": _guarded(_cd, {"/d"}), "chdir": _guarded(_cd, {"/d"}), "md": _guarded(_md, set()),
    "mkdir": _guarded(_md, set()), "rd": _guarded(_rd, {"/s", "/q"}, quiet=True), "del": _guarded(_del, {"/f", "/q"}),
    "move": _guarded(_move, {"/y"}), "copy": _guarded(_copy, {"/y", "/b"}), "type": _guarded(_type, set()),
    "ren": _guarded(_ren, set()), "rename": _guarded(_ren, set()), "set": _set,
    "exit": _exit, "goto": _goto, "call": _guarded(_call, set()), "ver": _ver,
    "rem": lambda shell, _rest, _pipes: _fine(shell),
}  # fmt: skip
NOT_HERE = frozenset({
    "assoc", "break", "color", "date", "dir", "dpath", "endlocal", "erase", "for", "ftype", "mklink", "path", "pause", "popd",
    "prompt", "pushd", "setlocal", "shift", "start", "time", "title", "verify", "vol", "attrib", "choice", "comp", "fc", "find",
    "findstr", "icacls", "msiexec", "more", "powercfg", "robocopy", "sc", "sort", "systeminfo", "tasklist", "timeout", "tree",
    "wevtutil", "where", "whoami", "wmic", "xcopy",
})  # fmt: skip
"""What a real machine has and the lab has not: the lab says so, instead of what a machine without it would say."""
