"""Runs texts: for PSRP as a runspace does (Interpreter), and as powershell.exe -File with its bytes on standard output."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from app.lab.powershell import console, errors, formatting
from app.lab.powershell.binding import Word
from app.lab.powershell.evaluate_statements import Statements
from app.lab.powershell.objects import ErrorRecord, NetError, Terminating
from app.lab.powershell.parse import ParserError, parse
from app.lab.powershell.state import Leave, Thrown, Ways
from app.lab.powershell.values import text as text_of
from app.lab.powershell.world import Streams, World

Arguments = Sequence[tuple[str | None, object]]
"""Parameters by name, or (None, value) by position; a switch is (name, True)."""


class Interpreter:
    """One runspace: variables, functions and the process's environment stay from one run to the next.

    `remote` is how the errors of native programs reach the client: as error records (PSRP), else as bytes of the process."""

    def __init__(self, world: World, *, remote: bool = True) -> None:
        own = replace(world, types=dict(world.types), _changed=True)
        self._state = Statements(own, console.Nowhere(), Ways(remote=remote))
        own.add(*(make(self._state) for make in console.PER_SCRIPT))
        own.add(*(make(self._state) for make in world.per_script))

    def run(
        self,
        text: str,
        arguments: Arguments = (),
        feed: Iterable[object] = (),
        *,
        streams: Streams,
        piped: bool = False,
    ) -> int:
        """Run a script. Returns what it exits with, 0 where it just ends. Raises Terminating.

        Objects go to `streams` as they come; `feed` is what the client pipes in (`piped`: anything does)."""
        return self._ended(lambda: self._script(text, arguments, feed, piped=piped), streams)

    def run_command(
        self,
        name: str,
        arguments: Arguments = (),
        feed: Iterable[object] = (),
        *,
        streams: Streams,
        piped: bool = False,
    ) -> int:
        """Run one command by its name, as a pipeline that a client puts together without a script. Otherwise as `run`."""
        words = _words(arguments)
        return self._ended(lambda: self._state.command(name, words, iter(feed), piped=piped), streams)

    def _script(
        self, text: str, arguments: Arguments, feed: Iterable[object], *, piped: bool
    ) -> Iterator[object]:
        return self._state.script(parse(text), _words(arguments), iter(feed), piped=piped)

    def _ended(self, start: Callable[[], Iterator[object]], streams: Streams) -> int:
        self._state.streams = streams
        try:
            for value in start():
                streams.output(value)
        except Leave as leave:
            self._state.okay = True  # what it ends with has been said
            return leave.code
        except Thrown as error:
            raise Terminating(error.record) from error
        except NetError as error:
            place = error.place if isinstance(error, ParserError) else None
            raise Terminating(errors.record_of(error, place)) from error
        return 0

    @property
    def okay(self) -> bool:
        """$?: whether the last command went well."""
        return self._state.okay

    def printed(self, values: Sequence[object]) -> list[str]:
        """The lines of a script's output as text. Raises LabDoesNotKnow for what has no known view."""
        lines: list[str] = []
        for _, group in groupby(values, formatting.kind_of):
            lines += formatting.printed(self._state, list(group))
        return lines


def _words(arguments: Arguments) -> list[Word]:
    found = []
    for name, value in arguments:
        is_switch = name is not None and value is None
        found.append(
            Word(text_of(value) if name is None else f"-{name}", name, value, has_value=not is_switch)
        )
    return found


class FileStreams:
    """The streams of powershell.exe whose output is sent to files: text in the code page, lines end in CR LF."""

    def __init__(
        self,
        out: Callable[[bytes], object],
        err: Callable[[bytes], object],
        world: World,
        name: str,
        stop: Callable[[], bool],
    ) -> None:
        self._out, self._err, self._world, self._name, self._stop = out, err, world, name, stop
        self._waiting: list[object] = []
        self.printer: Callable[[Sequence[object]], list[str]] = lambda values: [
            text_of(each) for each in values
        ]

    def _write(self, to: Callable[[bytes], object], lines: Iterable[str]) -> None:
        data = "".join(f"{line}\r\n" for line in lines).encode(self._world.codepage, "replace")
        if data:
            to(data)

    def output(self, value: object) -> None:
        """Print it; objects of one kind wait for each other, since they become one table."""
        if self._waiting and formatting.kind_of(self._waiting[0]) != formatting.kind_of(value):
            self.flush()
        self._waiting.append(value)
        if isinstance(value, str | int | float | formatting.Formatted):
            self.flush()

    def flush(self) -> None:
        """Print what waits."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._write(self._out, self.printer(waiting))

    def error(self, record: object) -> None:
        """Print an error to standard error."""
        self.flush()
        assert isinstance(record, ErrorRecord)
        self._write(self._err, formatting.error_lines(record, self._name))

    def native_error(self, line: str) -> None:
        """A line that a native program, or [Console]::Error, has written to the process's own standard error."""
        self._write(self._err, [line])

    def native_output(self, line: str) -> None:
        """A line of [Console]::WriteLine."""
        self.flush()
        self._write(self._out, [line])

    def warning(self, text: str) -> None:
        """The console's host writes it among the output."""
        self.native_output(f"WARNING: {text}")

    def verbose(self, text: str) -> None:
        """The console's host writes it among the output."""
        self.native_output(f"VERBOSE: {text}")

    def information(self, text: str) -> None:
        """Write-Host."""
        self.native_output(text)

    def progress(self, text: str, percent: int) -> None:
        """Nothing shows it where the output is a file."""

    def stopping(self) -> bool:
        """Whether the process is being ended."""
        return self._stop() or self._world.stop.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait, at most until the machine stops."""
        return self._world.stop.wait(seconds) or self._stop()


def run_file(
    world: World,
    text: str,
    arguments: Sequence[str] = (),
    *,
    out: Callable[[bytes], object],
    err: Callable[[bytes], object],
    name: str = "payload.ps1",
    stop: Callable[[], bool] = lambda: False,
    command: bool = False,
) -> int:
    """powershell.exe -NonInteractive -File `name` `arguments`, its output sent to files: the exit code.

    An error that nothing caught is written to `err`, and the code is 1; `exit n` gives n; else 0, whatever native programs
    ended with. `text` is the script as decoded; arguments are words of the command line, -Name and values. `command`: as with
    -Command and -EncodedCommand, where the code is also 1 if the last command failed ($?)."""
    streams = FileStreams(out, err, world, name, stop)
    interpreter = Interpreter(world, remote=False)
    streams.printer = interpreter.printed
    try:
        code = interpreter.run(text, _of_words(arguments), streams=streams)
        streams.flush()
    except (Terminating, NetError) as error:
        record = error.record if isinstance(error, Terminating) else errors.record_of(error, None)
        streams.error(record)
        return 1
    return 1 if command and code == 0 and not interpreter.okay else code


def _of_words(words: Sequence[str]) -> list[tuple[str | None, object]]:
    """Words of a command line: -Name stands alone, and takes the next word unless it is a switch; -Name:value is one."""
    found: list[tuple[str | None, object]] = []
    for word in words:
        match = re.fullmatch(r"-([A-Za-z_]\w*)(?::(.*))?", word, re.DOTALL)
        if match is None:
            found.append((None, word))
        else:
            value = match[2]
            found.append((match[1], value and {"$true": True, "$false": False}.get(value.lower(), value)))
    return found
