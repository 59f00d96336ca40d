"""The node behind its WinRM endpoint: runs PSRP pipelines and WinRS lines on a Computer (winrm's ScriptHost and Console)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from app.lab.powershell.host import Interpreter
from app.lab.powershell.world import Environment, Streams
from app.lab.windows.cmd.shell import Pipes
from app.lab.windows.computer import Computer
from app.lab.winrm.scripts import ConsoleCommand, Login, Statement

_HOME = r"C:\Users\Administrator"
Write = Callable[[bytes], None]


class _Collected:
    """The streams of a statement whose output is the next one's input."""

    def __init__(self, streams: Streams) -> None:
        self._streams, self.values = streams, list[object]()

    def output(self, value: object) -> None:
        """Kept."""
        self.values.append(value)

    def __getattr__(self, name: str) -> object:
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
            for number, one in enumerate(statements):
                collected = streams if one.ends else _Collected(streams)
                start = interpreter.run if one.is_script else interpreter.run_command
                start(one.text, one.parameters, feed, streams=collected, piped=number > 0)  # type: ignore[arg-type]
                feed = iter(()) if one.ends else iter(collected.values)  # type: ignore[attr-defined]

    def command(self, line: str, out: Write, err: Write, stop: threading.Event, login: Login) -> int:
        """A WinRS line."""
        return self.console(ConsoleCommand(line, iter(()), out, err, stop, login))

    def console(self, command: ConsoleCommand) -> int:
        """The same with what the shell was opened with."""
        computer = self._computer
        computer.sign_in(command.login.user)
        environment = Environment({**computer.machine.environment(), **command.environment})
        shell = computer.programs.shell(environment, command.folder or _HOME, command.stop.is_set)
        pipes = Pipes(b"".join(command.stdin), command.out, command.err)
        with computer.programs.inside(r"C:\Windows\System32\cmd.exe", f"/c {command.line}"):
            return shell.line(command.line, pipes)

    def _delay(self, streams: Streams) -> None:
        """The fault `slow`: everything starts late."""
        mark = self._computer.machine.folder / "faults" / "slow"
        if mark.exists():
            streams.wait(float(mark.read_text() or 0) / 1000)
