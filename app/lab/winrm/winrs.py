"""WinRS: command lines in a cmd shell, each in a thread of its own. Knows code pages; runs nothing itself."""

from __future__ import annotations

import codecs
import queue
import threading
from collections.abc import Callable, Iterator

from app.lab.winrm import soap
from app.lab.winrm.flow import Flow
from app.lab.winrm.scripts import Console, ConsoleCommand, ScriptHost
from app.lab.winrm.shells import Command, Input, Line, Opening, Shell

_Waiting = queue.SimpleQueue[bytes | None]


class CmdShell(Shell):
    """A cmd shell. `machine_page` is the code page in which the ScriptHost writes ("cp932").

    What it writes is converted to the code page that the client asked for with WINRS_CODEPAGE, as cmd's own messages would be; on
    a real machine the bytes of a program that does not care for the console's code page pass unchanged.
    """

    def __init__(self, opening: Opening, scripts: ScriptHost, machine_page: str) -> None:
        super().__init__(opening)
        self._scripts, self._machine_page = scripts, machine_page
        self._page = _codec(opening.codepage) if opening.codepage else machine_page
        self._inputs: dict[str, _Waiting] = {}
        if (opening.environment or opening.folder) and not isinstance(scripts, Console):
            raise soap.unsupported("variables or a folder of a cmd shell")

    def start(self, command_id: str, line: Line) -> Command:
        """Start a line. What follows the command are arguments as they stand: the client has quoted them."""
        command = Command(command_id)
        self.commands[command_id] = command
        waiting: _Waiting = queue.SimpleQueue()
        self._inputs[command_id] = waiting
        text = " ".join([line.text, *line.arguments])
        threading.Thread(target=self._run, args=(command, text, waiting), daemon=True).start()
        return command

    def feed(self, given: Input) -> None:
        """Bytes for stdin, refused if whoever runs the line cannot take any."""
        waiting = self._inputs.get(self.command(given.command_id).id)
        if given.stream != "stdin" or waiting is None or not isinstance(self._scripts, Console):
            raise soap.unsupported(f"the input stream {given.stream} of a cmd command")
        if given.data:
            waiting.put(given.data)
        if given.end:
            waiting.put(None)

    def attach(self, greeting: bytes) -> bytes:
        """Windows lets clients connect to pools alone."""
        raise soap.unsupported(f"Connect to a cmd shell ({len(greeting)} bytes)")

    def forget(self, command_id: str) -> None:
        """Its stdin ends too."""
        super().forget(command_id)
        waiting = self._inputs.pop(command_id.upper(), None)
        if waiting is not None:
            waiting.put(None)

    def _run(self, command: Command, line: str, waiting: _Waiting) -> None:
        out, err = (self._writer(command, name) for name in ("stdout", "stderr"))
        exit_code = 1  # a defect of whoever runs it: the client must not wait for ever, the traceback is on the lab's stderr
        try:
            exit_code = self._ended(command, line, waiting, out, err)
        finally:
            command.flow.end(exit_code)

    def _ended(self, command: Command, line: str, waiting: _Waiting, out: Writer, err: Writer) -> int:
        login = self.opening.login
        if not isinstance(self._scripts, Console):
            exit_code = self._scripts.command(line, out.write, err.write, command.stop, login)
        else:
            given = ConsoleCommand(
                line,
                _blocks(waiting),
                out.write,
                err.write,
                command.stop,
                login,
                self.opening.environment,
                self.opening.folder,
            )
            exit_code = self._scripts.console(given)
        out.end()
        err.end()
        return exit_code

    def _writer(self, command: Command, stream: str) -> Writer:
        convert = _converter(self._machine_page, self._page)
        return Writer(command.flow, stream, convert, command.stop)


class Writer:
    """Carries what a command writes into its flow, in the client's code page; waits while the client does not fetch."""

    def __init__(
        self, flow: Flow, stream: str, convert: Callable[[bytes, bool], bytes], stop: threading.Event
    ) -> None:
        self._flow, self._stream, self._convert, self._stop = flow, stream, convert, stop

    def write(self, data: bytes) -> None:
        """Any number of bytes; a character may be cut in the middle."""
        self._flow.put(self._stream, self._convert(data, False))
        self._flow.wait_for_room(self._stop)

    def end(self) -> None:
        """What was half a character at the end."""
        self._flow.put(self._stream, self._convert(b"", True))


def _converter(source: str, target: str) -> Callable[[bytes, bool], bytes]:
    if source == target:
        return lambda data, _final: data
    decoder = codecs.getincrementaldecoder(source)("replace")
    return lambda data, final: decoder.decode(data, final).encode(target, "replace")


def _codec(page: str) -> str:
    name = "utf-8" if page == "65001" else f"cp{page}"
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise soap.unsupported(f"the code page {page}") from None


def _blocks(waiting: _Waiting) -> Iterator[bytes]:
    while (block := waiting.get()) is not None:
        yield block
