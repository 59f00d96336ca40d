"""A runspace pool behind a WSMan shell: PSRP messages in, each answer to the Receive that waits for it.

psrpcore keeps one buffer for all that goes out; here every message finds the queue of its pipeline, or the pool's own.
"""

from __future__ import annotations

import struct
import threading
import uuid
import xml.etree.ElementTree as ET
from typing import Any

from psrpcore import (
    CreatePipelineEvent,
    EndOfPipelineInputEvent,
    GetAvailableRunspacesEvent,
    GetCommandMetadataEvent,
    PipelineInputEvent,
    PSRPCoreError,
    PSRPEvent,
    PSRPPayload,
    ResetRunspaceStateEvent,
    ServerPipeline,
    ServerRunspacePool,
    SetMaxRunspacesEvent,
    SetMinRunspacesEvent,
    StreamType,
)
from psrpcore.types import PSVersion, RunspacePoolState, SessionCapability

from app.lab.winrm import soap
from app.lab.winrm.flow import BLOCK
from app.lab.winrm.pipelines import Pipeline
from app.lab.winrm.scripts import ScriptHost
from app.lab.winrm.shells import CONNECTED, Command, Input, Line, Machine, Opening, Shell, decoded

_UNREADABLE = (PSRPCoreError, ET.ParseError, ValueError, KeyError, AttributeError, struct.error)
_HEADER, _END_FRAGMENT = 21, 2  # [MS-PSRP] 2.2.4: object id, fragment id, flags, length


class RunspaceShell(Shell):
    """A pool and its pipelines on a machine."""

    input_streams, output_streams = "stdin pr", "stdout"

    def __init__(self, opening: Opening, scripts: ScriptHost, machine: Machine, greeting: bytes) -> None:
        super().__init__(opening)
        self.scripts, self.machine = scripts, machine
        self._pool = _pool(machine.powershell)
        self._free = threading.Condition(self.lock)
        self._running = 0
        self._receive(greeting)
        if self._pool.state != RunspacePoolState.Opened:
            raise soap.invalid("creationXml does not open a runspace pool.")

    def start(self, command_id: str, line: Line) -> Command:
        """Create a pipeline from the message in the command's arguments."""
        with self.lock:
            pipeline = Pipeline(command_id, self, ServerPipeline(self._pool, _identifier(command_id)))
            self.commands[command_id] = pipeline
            try:
                self._receive(decoded("".join(line.arguments)))
            except soap.Fault:
                del self.commands[command_id]
                raise
        return pipeline

    def feed(self, given: Input) -> None:
        """PSRP messages; they say themselves which pipeline they are for."""
        if given.stream not in self.input_streams.split():
            raise soap.unsupported(f"the input stream {given.stream}")
        self._receive(given.data, StreamType.prompt_response if given.stream == "pr" else StreamType.default)

    def attach(self, greeting: bytes) -> bytes:
        """A new client greets. The answer is our capability and the pool's limits; the rest waits for its Receive, which comes
        at once and would else wait for its whole timeout."""
        with self.lock:
            # not pool.connect(): that would number outgoing messages from 1 again, while earlier ones are still kept here
            self._pool.state = RunspacePoolState.Connecting
            self._pool.prepare_message(self._pool.our_capability)
            self._receive(greeting, keep=True)
            answer = b""
            while (payload := self._pool.data_to_send(BLOCK)) is not None:
                answer += payload.data
            cut = _end_of_message(answer, _end_of_message(answer, 0))
            self.flow.put("stdout", answer[cut:])
            self.state = CONNECTED
        return answer[:cut]

    def end(self) -> None:
        """Pipelines that wait for a runspace end too."""
        super().end()
        self.wake_waiting()

    def take_runspace(self, stop: threading.Event) -> bool:
        """Wait until fewer than MaxRunspaces pipelines run; False if this one is stopped before."""
        with self._free:
            self._free.wait_for(lambda: stop.is_set() or self._running < max(1, self._pool.max_runspaces))
            self._running += not stop.is_set()
            return not stop.is_set()

    def give_runspace_back(self) -> None:
        """A pipeline has ended."""
        with self._free:
            self._running -= 1
            self._free.notify_all()

    def wake_waiting(self) -> None:
        """Let pipelines that wait for a runspace look whether they are stopped."""
        with self._free:
            self._free.notify_all()

    def send(self) -> None:
        """Move what psrpcore has to say into the queues of those it is for. The lock is held."""
        while (payload := self._pool.data_to_send(BLOCK)) is not None:
            command = self.commands.get(str(payload.pipeline_id).upper()) if payload.pipeline_id else None
            if command is not None:
                command.flow.put("stdout", payload.data)
            elif payload.pipeline_id is None:
                self.flow.put("stdout", payload.data)

    def _receive(self, data: bytes, stream: StreamType = StreamType.default, keep: bool = False) -> None:
        with self.lock:
            try:
                self._pool.receive_data(PSRPPayload(data, stream, None))
                while (event := self._pool.next_event()) is not None:
                    self._carry_out(event)
            except _UNREADABLE as error:
                raise soap.invalid(f"PSRP: {error}") from error
            if not keep:
                self.send()

    def _carry_out(self, event: PSRPEvent[Any, Any]) -> None:
        pipeline = self.commands.get(str(event.pipeline_id).upper())
        if isinstance(pipeline, Pipeline):
            self._for_pipeline(event, pipeline)
        elif isinstance(event, SetMaxRunspacesEvent | SetMinRunspacesEvent):
            self._pool.runspace_availability_response(event.ci, True)
            self._free.notify_all()
        elif isinstance(event, ResetRunspaceStateEvent):
            self._pool.runspace_availability_response(event.ci, True)
        elif isinstance(event, GetAvailableRunspacesEvent):
            free = max(0, self._pool.max_runspaces - self._running)
            self._pool.runspace_availability_response(event.ci, free)

    def _for_pipeline(self, event: PSRPEvent[Any, Any], pipeline: Pipeline) -> None:
        if isinstance(event, CreatePipelineEvent):
            pipeline.begin(event.pipeline)
        elif isinstance(event, PipelineInputEvent):
            pipeline.receive(event.data)
        elif isinstance(event, EndOfPipelineInputEvent):
            pipeline.end_input()
        elif isinstance(event, GetCommandMetadataEvent):
            pipeline.refuse("The lab does not know: Get-Command over PSRP (GetCommandMetadata)")


def _pool(powershell: str) -> ServerRunspacePool:
    """A pool that says which PowerShell it is ([MS-PSRP] 2.2.2.1, 2.2.2.13): 2.0 speaks 2.1 of the protocol, 3.0 2.2, 5.0 2.3."""
    major = int(powershell.partition(".")[0])
    protocol = "2.1" if major < 3 else "2.2" if major < 5 else "2.3"
    table = {"PSVersion": PSVersion(powershell), "PSRemotingProtocolVersion": PSVersion(protocol)}
    pool = ServerRunspacePool(application_private_data={"PSVersionTable": table})
    pool.our_capability = SessionCapability(
        PSVersion=PSVersion("2.0"),
        protocolversion=PSVersion(protocol),
        SerializationVersion=PSVersion("1.1.0.1"),
    )
    return pool


def _identifier(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise soap.invalid(f"CommandId: {error}") from error


def _end_of_message(data: bytes, start: int) -> int:
    """Where the message that starts at `start` ends: behind the fragment that says so."""
    while start + _HEADER <= len(data):
        flags, size = data[start + 16], int.from_bytes(data[start + 17 : start + _HEADER], "big")
        start += _HEADER + size
        if flags & _END_FRAGMENT:
            break
    return start
