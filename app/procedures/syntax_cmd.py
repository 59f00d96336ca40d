"""What is wrong with a text for cmd.exe. By rule: nobody has written its grammar down."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.procedures import complaints
from app.procedures.complaints import Complaint

_QUOTED = re.compile(r'"[^"]*"')
_PERCENT = re.compile(r"%%|%~\w+|%[0-9*]")
_PARTS = re.compile(r"&&|\|\||&|\||\(|\)")
_REDIRECTION = re.compile(r"[0-9]?>>?\s*(?:&[0-9]|\S+)|<\s*\S+")
_IF = re.compile(
    r"if\s+(?:/i\s+)?(?:not\s+)?(?:exist\s+\S+|errorlevel\s+\S+|defined\s+\S+|\S+\s*==\s*\S+|\S+\s+(?:equ|neq|lss|leq|gtr|geq)\s+\S+)\s+",
    re.IGNORECASE,
)
_FOR = re.compile(r"\bfor\s+(?!/f)(?:/\w+\s+)*%+\w\s+in\s*\([^)]*\)\s+do\s+", re.IGNORECASE)
"""A loop over names. One over a command's output (/f) keeps its command, which is then looked at."""
_DO = re.compile(r"do\s+", re.IGNORECASE)
_DELETES = {"del", "erase", "rd", "rmdir"}
_DEEP = re.compile(
    r"(?:[A-Za-z]:|%(?:systemroot|windir|programfiles|programdata)%)\\[^\\/]+(?:\\[^\\/]+)+\\?", re.IGNORECASE
)


def cmd_problems(text: str) -> Iterator[Complaint]:
    """Each thing that is wrong, line by line."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.count('"') % 2:
            yield complaints.unbalanced(number, '"')
        elif _PERCENT.sub("", line).count("%") % 2:
            yield complaints.unbalanced(number, "%")
        else:
            yield from _line_problems(number, line)


def _line_problems(number: int, line: str) -> Iterator[Complaint]:
    line = _FOR.sub("", line)
    if line.count('"') % 2:  # a loop's own list took one quote of a pair with it
        yield complaints.unbalanced(number, '"')
        return
    kept = _QUOTED.findall(line)
    plain = _QUOTED.sub(
        '"', line
    )  # a mark for each quoted word, so that what stands in quotes splits nothing
    parts = _PARTS.split(plain)
    signs = [*_PARTS.findall(plain), ""]
    for part, sign in zip(parts, signs, strict=True):
        words = part.split('"')
        text = "".join(
            word + (kept.pop(0) if place < len(words) - 1 else "") for place, word in enumerate(words)
        )
        yield from _command_problems(number, text, sign)


def _command_problems(number: int, part: str, sign: str) -> Iterator[Complaint]:
    command = _REDIRECTION.sub("", part).strip().lstrip("@")
    while found := _IF.match(command) or _DO.match(command):
        command = command[found.end() :]
    words = re.findall(r'"[^"]*"|[^\s"]+', command)
    if not words or words[0].lower() == "else" or words[0].startswith(":"):
        return
    first, slash, switches = words[0].replace("^", "").strip('"').partition("/")
    words = [first, *([slash + switches] if slash else []), *words[1:]]  # `del/s/q` is del with its switches
    name = first.lower().rsplit("\\", 1)[-1].removesuffix(".exe")
    if name.startswith(("cd.", "cd\\")):
        name = "cd"
    if name in complaints.HANDS_ON["cmd"] - complaints.known_commands("cmd"):
        yield complaints.hands_on(number, command)
    elif name not in complaints.known_commands("cmd"):
        yield complaints.unknown(number, "cmd", words[0])
    elif name in ("cd", "chdir") and not (sign in ("&&", "||") and "/d" in [word.lower() for word in words]):
        yield complaints.bare_cd(number, command)
    elif name in _DELETES:
        yield from _deletion_problems(number, command, words[1:])


def _deletion_problems(number: int, command: str, words: list[str]) -> Iterator[Complaint]:
    switches = "".join(word.lower() for word in words if word.startswith("/"))
    targets = [word.strip('"') for word in words if not word.startswith("/")]
    if not targets or any(re.search(r"[*?]", target) for target in targets):
        yield complaints.wildcard(number, command)
    elif "/s" in switches and not all(_DEEP.fullmatch(target) and ".." not in target for target in targets):
        yield complaints.recursive(number, command)
    elif any(not re.match(r"[A-Za-z]:\\|%\w+%\\|\\\\", target) for target in targets):
        yield complaints.bare_cd(number, command)
