"""One PSRP pipeline while it runs: its thread, its input, its streams, its end. The pool it belongs to is psrp.py's."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from psrpcore import Command as Asked
from psrpcore import PowerShell, ServerPipeline
from psrpcore.types import ErrorRecord as Told
from psrpcore.types import NETException, PipelineResultTypes, PipelineState, PSInvocationState

from app.lab.powershell.objects import LabDoesNotKnow
from app.lab.winrm import values
from app.lab.winrm.scripts import ErrorRecord, Statement, Terminating
from app.lab.winrm.shells import Command

if TYPE_CHECKING:
    from app.lab.winrm.psrp import RunspaceShell

_END = object()
_REDIRECTIONS = ("merge_my", "merge_to", "merge_error", "merge_warning", "merge_verbose", "merge_debug")


class Pipeline(Command):
    """A pipeline as WSMan sees it (a command) and as a script sees it (Streams). Everything that it says reaches the client's
    Receive at once; after a stop nothing is said any more."""

    def __init__(self, command_id: str, shell: RunspaceShell, server: ServerPipeline) -> None:
        super().__init__(command_id)
        self._shell, self._server = shell, server
        self._input: queue.SimpleQueue[object] = queue.SimpleQueue()

    def begin(self, asked: PowerShell) -> None:
        """Run it in a thread of its own."""
        if asked.no_input:
            self.end_input()
        threading.Thread(target=self._run, args=(asked,), daemon=True).start()

    def receive(self, value: object) -> None:
        """One object of its input."""
        self._input.put(value)

    def end_input(self) -> None:
        """There is no more input."""
        self._input.put(_END)

    def halt(self) -> None:
        """A script that waits for input ends too."""
        super().halt()
        self.end_input()
        self._shell.wake_waiting()

    def refuse(self, message: str) -> None:
        """End it without having run anything: the lab does not know what it is asked."""
        self._finish(PSInvocationState.Failed, values.terminated(message, "LabDoesNotKnow"))

    def _run(self, asked: PowerShell) -> None:
        # A defect of whoever runs the script: the client hears of it, the traceback goes to the lab's stderr
        state = PSInvocationState.Failed
        error: Told | None = values.terminated("The lab's own interpreter has failed.", "LabDefect")
        try:
            if self._shell.take_runspace(self.stop):
                try:
                    self._start()
                    statements = [_statement(command) for command in asked.commands]
                    self._shell.scripts.run(statements, self._feed(), self, self._shell.opening.login)
                finally:
                    self._shell.give_runspace_back()
            state, error = PSInvocationState.Completed, None
        except Terminating as ended:
            error = values.error_record(ended.record)
        except LabDoesNotKnow as unknown:
            error = values.terminated(unknown.message, unknown.error_id)
        finally:
            self._finish(state, error)

    def _feed(self) -> Iterator[object]:
        while (value := self._input.get()) is not _END:
            yield values.incoming(value)

    def _start(self) -> None:
        with self._shell.lock:
            self._server.start()
            self._shell.send()

    def _finish(self, state: PSInvocationState, error: Told | None) -> None:
        with self._shell.lock:
            if self.stop.is_set():
                self._stopped()
            elif error is None:
                self._server.complete()
            else:
                told = PipelineState(PipelineState=int(state), ExceptionAsErrorRecord=error)
                self._server.prepare_message(told)
                self._server.state = state
            self._shell.send()
            self._server.close()
        self.flow.end()

    def _stopped(self) -> None:
        if self._server.state != PSInvocationState.Running:
            self._server.start()
        self._server.stop()

    def _say(self, write: Callable[[], None]) -> None:
        if self.stop.is_set():
            return
        with self._shell.lock:
            write()
            self._shell.send()
        self.flow.wait_for_room(self.stop)

    def output(self, value: object) -> None:
        """One object."""
        told = values.outgoing(value)
        self._say(lambda: self._server.write_output(told))

    def error(self, record: object) -> None:
        """One error that did not end the script."""
        assert isinstance(record, ErrorRecord)
        told = values.error_record(record)
        exception: NETException = told.Exception
        self._say(
            lambda: self._server.write_error(
                exception,
                told.CategoryInfo,
                told.TargetObject,
                told.FullyQualifiedErrorId,
                script_stack_trace=told.ScriptStackTrace,
            )
        )

    def warning(self, text: str) -> None:
        """One warning."""
        self._say(lambda: self._server.write_warning(text))

    def verbose(self, text: str) -> None:
        """One verbose message."""
        self._say(lambda: self._server.write_verbose(text))

    def information(self, text: str) -> None:
        """One line of Write-Host or Write-Information."""
        login, name = self._shell.opening.login, self._shell.machine.name
        self._say(lambda: self._server.write_information(text, "Write-Host", user=login.user, computer=name))

    def progress(self, text: str, percent: int) -> None:
        """How far an activity is."""
        self._say(lambda: self._server.write_progress(text, 0, text, percent_complete=percent))

    def stopping(self) -> bool:
        """Whether the client has asked for an end."""
        return self.stop.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait; True at once when an end is asked for."""
        return self.stop.wait(seconds)


def _statement(command: Asked) -> Statement:
    """A command as the ScriptHost gets it. Raises LabDoesNotKnow for streams merged by the client."""
    if any(getattr(command, name) != PipelineResultTypes.none for name in _REDIRECTIONS):
        raise LabDoesNotKnow("streams merged by the client (MergeError and others)")
    parameters = tuple((name, values.incoming(value)) for name, value in command.parameters)
    named = tuple((None if name is None else str.__str__(name), value) for name, value in parameters)
    return Statement(
        str.__str__(command.command_text), bool(command.is_script), named, command.end_of_statement
    )
