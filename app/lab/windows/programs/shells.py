"""cmd.exe, powershell.exe, schtasks.exe and ping.exe: programs that run others, and the one that is a pause."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable

from app.lab.powershell.world import Native, NativeCall
from app.lab.windows import paths
from app.lab.windows.cmd.shell import Pipes
from app.lab.windows.machine import Machine
from app.lab.windows.programs.console import Usage, complain, program, say, unquoted
from app.lab.windows.programs.start import Programs
from app.lab.windows.refusals import Refusal
from app.lab.windows.scheduled import ScheduledTask, Scheduler

RunText = Callable[[str, list[str], NativeCall], int]
"""Run a script's text with its arguments as powershell.exe -File does; the exit code."""


def programs(machine: Machine, starter: Programs, tasks: Scheduler) -> dict[str, Native]:
    """The programs of System32 by name."""
    return {
        "cmd": lambda call: _cmd(machine, starter, call),
        "schtasks": program(lambda call: _schtasks(machine, starter, tasks, call), refused=1),
        "ping": program(_ping),
    }


def powershell(machine: Machine, run: RunText) -> dict[str, Native]:
    """powershell.exe, which lies in a folder of its own."""
    return {"powershell": lambda call: _powershell(machine, run, call)}


def _cmd(machine: Machine, starter: Programs, call: NativeCall) -> int:
    found = re.fullmatch(r"\s*(?:/[dq]\s+)*/c\s+(.*)", call.line, re.IGNORECASE | re.DOTALL)
    if not found:
        complain(call, "the lab knows cmd.exe with /d and /c alone")
        return 1
    shell = starter.shell(call.environment, call.folder, call.stop)
    return shell.line(_unwrapped(machine, found[1], call.folder), Pipes(call.stdin, call.out, call.err))


def _unwrapped(machine: Machine, line: str, folder: str) -> str:
    """cmd's rule for quotes after /c: one pair around a file's name stays, else the first and the last quote go."""
    text = line.strip()
    if not text.startswith('"'):
        return text
    inner = text[1:-1] if text.endswith('"') else ""
    if text.count('"') == 2 and not set(inner) & set("&<>()@^|") and inner:
        try:
            if " " not in inner or machine.files.kind(paths.full(inner, folder)) == "file":
                return text
        except Refusal:
            return text
    head, _, tail = text[1:].rpartition('"')
    return head + tail


_SWITCHES = {"-nologo", "-noprofile", "-noninteractive", "-sta"}
_VALUES = {"-executionpolicy", "-inputformat", "-outputformat", "-windowstyle"}


def _powershell(machine: Machine, run: RunText, call: NativeCall) -> int:
    words = list(call.argv)
    while words and words[0].lower() in _SWITCHES | _VALUES:
        del words[: 1 if words[0].lower() in _SWITCHES else 2]
    if len(words) >= 2 and words[0].lower() == "-file":
        path = paths.full(words[1], call.folder)
        if machine.files.kind(path) != "file":
            complain(call, f"-File パラメーターの引数 '{words[1]}' が存在しません。")
            return -196608
        content = machine.files.read(path)
        encoding = "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "cp932"
        return run(content.decode(encoding, "replace"), words[2:], call)
    if len(words) == 2 and words[0].lower() in ("-encodedcommand", "-enc", "-e", "-ec"):
        return run(base64.b64decode(words[1]).decode("utf-16-le"), [], call)
    if len(words) >= 2 and words[0].lower() in ("-command", "-c"):
        return run(" ".join(words[1:]), [], call)
    complain(call, f"the lab does not know: powershell {call.line}")
    return 1


def _schtasks(machine: Machine, starter: Programs, tasks: Scheduler, call: NativeCall) -> int:
    words = iter(call.argv)
    given: dict[str, str] = {}
    for word in words:
        letter = word.lower().removeprefix("/")
        if word[:1] != "/" or letter not in (
            "create",
            "run",
            "end",
            "delete",
            "query",
            "tn",
            "tr",
            "sc",
            "st",
            "rl",
            "ru",
            "rp",
            "f",
        ):
            raise Usage(word)
        given[letter] = "" if letter in ("create", "run", "end", "delete", "query", "f") else next(words, "")
    path = "\\" + given.get("tn", "").lstrip("\\")
    if "create" in given:
        execute, arguments = starter.split(unquoted(given["tr"]))
        task = ScheduledTask(path, execute, arguments, given.get("ru", "SYSTEM"))
        tasks.register(task, given.get("rp"), replace="f" in given)
    elif "run" in given:
        tasks.start(path)
    elif "end" in given:
        tasks.stop(path, lambda number: machine.processes.kill(number, True))
    elif "delete" in given and "f" in given:
        tasks.unregister(path)
    elif "query" in given:
        say(call, f"{tasks.find(path).path}  {tasks.state(path)}")
        return 0
    else:
        raise Usage(call.line)
    say(call, "SUCCESS")
    return 0


def _ping(call: NativeCall) -> int:
    """`ping -n N 127.0.0.1`: the usual pause of N - 1 seconds in a batch file."""
    found = re.fullmatch(r"\s*-n\s+(\d+)\s+(127\.0\.0\.1|localhost)\s*", call.line)
    if not found:
        raise Usage(call.line)
    end = time.monotonic() + max(0, int(found[1]) - 1)
    for number in range(int(found[1])):
        while number and time.monotonic() < end - (int(found[1]) - 1 - number):
            if call.stop():
                return 1
            time.sleep(0.02)
        say(call, "127.0.0.1 からの応答: バイト数 =32 時間 <1ms TTL=128")
    return 0
