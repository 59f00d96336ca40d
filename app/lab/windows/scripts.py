"""The node behind its WinRM endpoint: runs PSRP pipelines and WinRS lines on a Computer (winrm's ScriptHost)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from app.lab.powershell.runspaces import Interpreter
from app.lab.powershell.world import Environment, Streams
from app.lab.windows.cmd.shell import Pipes
from app.lab.windows.computer import Computer
from app.lab.winrm.scripts import Login, Statement

_HOME = r"C:\Users\Administrator"
Write = Callable[[bytes], None]


class _Collected:
    """The streams of a statement whose output is the next one's input."""

    def __init__(self, streams: Streams) -> None:
        self._streams, self.values = streams, list[object]()

    def output(self, value: object) -> None:
        """Kept."""
        self.values.append(value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._streams, name)


class Scripts:
    """One node's ScriptHost."""

    def __init__(self, computer: Computer) -> None:
        self._computer = computer

    def run(
        self, statements: Sequence[Statement], feed: Iterator[object], streams: Streams, login: Login
    ) -> None:
        """A PSRP pipeline, in a runspace of its own. Raises Terminating."""
        self._delay(streams)
        self._computer.sign_in(login.user)
        image = r"C:\Windows\System32\wsmprovhost.exe"
        with self._computer.programs.inside(image, "-Embedding"):
            world = self._computer.world(Environment(self._computer.machine.environment()), _HOME)
            interpreter = Interpreter(world)
            for number, one in enumerate(map(_expression, statements)):
                collected = _Collected(streams)
                into = streams if one.ends else cast("Streams", collected)
                start = interpreter.run if one.is_script else interpreter.run_command
                start(one.text, one.parameters, feed, streams=into, piped=number > 0)
                feed = iter(()) if one.ends else iter(collected.values)

    def command(self, line: str, out: Write, err: Write, stop: threading.Event, login: Login) -> int:
        """A WinRS line. Without stdin: a shell that waits for its end would wait for most clients for ever."""
        computer = self._computer
        computer.sign_in(login.user)
        environment = Environment(computer.machine.environment())
        shell = computer.programs.shell(environment, _HOME, stop.is_set)
        with computer.programs.inside(r"C:\Windows\System32\cmd.exe", f"/c {line}"):
            return shell.line(line, Pipes(b"", out, err))

    def _delay(self, streams: Streams) -> None:
        """The fault `slow`: everything starts late."""
        mark = self._computer.machine.folder / "faults" / "slow"
        if mark.exists():
            streams.wait(float(mark.read_text() or 0) / 1000)


def _expression(statement: Statement) -> Statement:
    """Invoke-Expression -Command TEXT, which some clients send in place of a script, is that script."""
    given = {(name or "command").lower(): value for name, value in statement.parameters}
    if statement.is_script or statement.text.lower() != "invoke-expression" or set(given) != {"command"}:
        return statement
    return Statement(str(given["command"]), True, (), statement.ends)
