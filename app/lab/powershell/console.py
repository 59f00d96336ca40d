"""What belongs to the process that runs a script: [Console], [Environment], [Threading.Thread]; and streams that lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable

from app.lab.powershell.objects import LabDoesNotKnow, Method, NetType, Property
from app.lab.powershell.state import State


class Nowhere:
    """The streams of a runspace in which nothing runs."""

    def output(self, value: object) -> None:
        """Nothing takes it."""

    def error(self, record: object) -> None:
        """Nothing takes it."""

    def warning(self, text: str) -> None:
        """Nothing takes it."""

    def verbose(self, text: str) -> None:
        """Nothing takes it."""

    def information(self, text: str) -> None:
        """Nothing takes it."""

    def progress(self, text: str, percent: int) -> None:
        """Nothing takes it."""

    def stopping(self) -> bool:
        """Nobody asks."""
        return False

    def wait(self, seconds: float) -> bool:  # noqa: ARG002 - the protocol
        """Nobody waits."""
        return False


class Writer:
    """[Console]::Out and ::Error. In a remote session there is no console: what is written to it is lost."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.write = write


def _writer(state: State, name: str) -> Writer:
    def write(line: str) -> None:
        to = getattr(state.streams, name, None)
        if to is not None:
            to(line)

    return Writer(write)


def console(state: State) -> NetType:
    """[Console] of a script."""
    out, error = _writer(state, "native_output"), _writer(state, "native_error")
    return NetType(
        "System.Console",
        statics={
            "Out": Property(lambda: out),
            "Error": Property(lambda: error),
            "WriteLine": Method(lambda text="": out.write(text), "", "string", void=True),
        },
    )


def text_writer(_state: State) -> NetType:
    """What [Console]::Out is."""
    write = Method(lambda it, text="": it.write(text), "", "string", void=True)
    return NetType(
        "System.IO.TextWriter",
        holds=(Writer,),
        members={"WriteLine": write, "Flush": Method(lambda _it: None, "", void=True)},
    )


def environment(state: State) -> NetType:
    """[Environment] as far as it is the process's own; a machine declares its own with the other scopes."""

    def get(name: str, scope: str = "Process") -> object:
        if scope.lower() != "process":
            raise LabDoesNotKnow(f"[Environment]::GetEnvironmentVariable for {scope}")
        return state.environment.get(name)

    return NetType(
        "System.Environment",
        statics={
            "GetEnvironmentVariable": Method(get, "string", "string, string"),
            "ExpandEnvironmentVariables": Method(lambda text: expanded(state, text), "string"),
            "NewLine": Property(lambda: "\r\n"),
            "MachineName": Property(lambda: state.environment.get("COMPUTERNAME", "")),
        },
    )


def expanded(state: State, text: str) -> str:
    """%name% of the variables that there are; others stay as they are written."""
    return re.sub(r"%([^%]+)%", lambda match: state.environment.get(match[1], match[0]), text)


def thread(state: State) -> NetType:
    """[Threading.Thread]::Sleep."""

    def sleep(milliseconds: int) -> None:
        state.streams.wait(milliseconds / 1000)

    return NetType("System.Threading.Thread", statics={"Sleep": Method(sleep, "int", void=True)})


PER_SCRIPT: tuple[Callable[[State], NetType], ...] = (console, text_writer, environment, thread)
"""The types of the process, which a world's own of the same name replace."""
