"""The SSH server of one node: keys in, real /bin/sh out. Owns sessions; knows nothing of clusters.

Behaves as OpenSSH does where a client can tell: a session ends when the command has ended AND nobody holds its pipes; when
the connection dies the command lives on with its stdin at end of file and its output pipes closed; ten sessions a connection.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from asyncio.subprocess import DEVNULL
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import asyncssh

from app.lab import terminal

MAX_SESSIONS = 10
_BLOCK = 256 * 1024
_ACCEPTED = ("LANG", "LC_")  # AcceptEnv of the distributions
_Process = asyncssh.SSHServerProcess[bytes]
# A full disk: nothing can be written to a file any more (the write fails instead of killing the writer)
_FULL_DISK = """trap '' XFSZ; ulimit -f 0; exec /bin/sh -c "$1" """


class Sessions:
    """How commands run on this node. `base` is the environment of a login; `faults` holds the active faults, a file each."""

    def __init__(self, base: Mapping[str, str], home: Path, faults: Path) -> None:
        self._base, self._home, self._faults = dict(base), home, faults

    def environment(self, sent: Mapping[str, str]) -> dict[str, str]:
        """The login's variables, those of ~/.ssh/environment, and what the client may send."""
        own: dict[str, str] = {}
        file = self._home / ".ssh" / "environment"
        if file.exists():
            lines = (line.partition("=") for line in file.read_text().splitlines())
            own = {
                name.strip(): value
                for name, sign, value in lines
                if sign and not name.lstrip().startswith("#")
            }
        accepted = {name: value for name, value in sent.items() if name.startswith(_ACCEPTED)}
        return {**self._base, **own, **accepted}

    def fault(self, kind: str) -> str | None:
        """The parameter of an active fault ("" if it has none), None when it is not active."""
        file = self._faults / kind
        return file.read_text() if file.exists() else None

    async def serve(self, process: _Process) -> None:
        """One session from the first byte to the exit status; a connection that dies ends the serving, not the command."""
        slow = self.fault("slow")
        if slow is not None:
            await asyncio.sleep(float(slow) / 1000)
        environment = self.environment({str(k): str(v) for k, v in (process.env or {}).items()})
        try:
            if process.term_type:
                await terminal.serve(process, self._shell(process.command, True), environment, self._home)
            else:
                await self._piped(process, environment)
        except (OSError, asyncssh.Error):  # the peer is gone
            process.close()

    def _shell(self, command: str | None, interactive: bool) -> list[str]:
        if command is None:
            return ["/bin/sh", "-i"] if interactive else ["/bin/sh"]
        if self.fault("full-disk") is not None:
            return ["/bin/sh", "-c", _FULL_DISK, "sh", command]
        return ["/bin/sh", "-c", command]

    async def _piped(self, process: _Process, environment: dict[str, str]) -> None:
        pipes = [os.pipe() for _ in range(3)]
        (child_in, feed), (out, child_out), (err, child_err) = pipes
        try:
            child = await asyncio.create_subprocess_exec(
                *self._shell(process.command, False),
                stdin=child_in, stdout=child_out, stderr=child_err,
                env=environment, cwd=self._home, start_new_session=True,
            )  # fmt: skip
        finally:
            for end in (child_in, child_out, child_err):
                os.close(end)
        feeding = asyncio.create_task(_feed(process, feed))
        pumps = asyncio.gather(_pump(out, process.stdout), _pump(err, process.stderr))
        gone = asyncio.create_task(process.channel.wait_closed())
        ends: set[asyncio.Future[Any]] = {pumps, gone}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            pumps.cancel()
            await asyncio.gather(pumps, return_exceptions=True)
        else:
            await pumps
        status = await child.wait()
        for helper in (feeding, gone):
            helper.cancel()
        finish(process, status)


def finish(process: _Process, status: int) -> None:
    """Tell the client how the command ended: its status, or the signal that killed it."""
    if status >= 0:
        process.exit(status)
    else:
        process.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))


async def _pump(source: int, target: asyncssh.SSHWriter[bytes]) -> None:
    """Everything that the command writes, to the last byte: end of file is the only end."""
    reader = asyncio.StreamReader(limit=_BLOCK)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(source, "rb", 0)
    )
    try:
        while block := await reader.read(_BLOCK):
            target.write(block)
            await target.drain()
    finally:
        transport.close()


async def _feed(process: _Process, target: int) -> None:
    """What the client sends, until its end of file or the connection's."""
    loop = asyncio.get_running_loop()
    pipe = os.fdopen(target, "wb", 0)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, pipe)
    writer = asyncio.StreamWriter(transport, protocol, None, loop)
    try:
        while block := await process.stdin.read(_BLOCK):
            writer.write(block)
            await writer.drain()
    except (OSError, asyncssh.Error):  # the command does not read, or the client is gone
        pass
    finally:
        transport.close()


class Files(asyncssh.SFTPServer):
    """The SFTP subsystem: the node's own files, which a full disk takes no more of."""

    def __init__(
        self, channel: asyncssh.SSHServerChannel[bytes], sessions: Sessions, left: Callable[[], None]
    ) -> None:
        super().__init__(channel)
        self._sessions, self._left = sessions, left

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Refused without a reason while the disk is full, as OpenSSH's does it in version 3 of the protocol."""
        if self._sessions.fault("full-disk") is not None:
            raise asyncssh.SFTPFailure("Failure")
        return super().write(file_obj, offset, data)  # type: ignore[return-value]  # a number: not the awaiting kind

    def exit(self) -> None:
        """The session is over."""
        super().exit()
        self._left()


class Door(asyncssh.SSHServer):
    """Lets root in with the lab's key, nobody else; counts sessions as MaxSessions does."""

    def __init__(self, key: asyncssh.SSHKey, sessions: Sessions) -> None:
        self._key, self._sessions, self._open = key, sessions, 0

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002  asyncssh names the arguments
        """Everybody has to prove who they are."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Keys only."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """root, with the key that `up` made."""
        return username == "root" and key.public_data == self._key.public_data

    def session_requested(self) -> bool | asyncssh.SSHServerProcess[bytes]:
        """One session more, up to ten at once on a connection; beyond that it is refused."""
        if self._open >= MAX_SESSIONS:
            return False
        self._open += 1

        async def counted(process: _Process) -> None:
            try:
                await self._sessions.serve(process)
            finally:
                self._left()

        def files(channel: Any) -> Files:
            return Files(channel, self._sessions, self._left)

        return asyncssh.SSHServerProcess(counted, files, 3, False)

    def _left(self) -> None:
        self._open -= 1


async def listen(host_key: Path, client_key: Path, sessions: Sessions) -> int:
    """Serve on a free port of the loopback, for ever; the port."""
    key = asyncssh.read_public_key(client_key)
    door: Callable[[], Door] = lambda: Door(key, sessions)  # noqa: E731
    server = await asyncssh.create_server(
        door,
        "127.0.0.1",
        0,
        server_host_keys=[str(host_key)],
        encoding=None,
        line_editor=False,
        login_timeout=30,
    )
    return server.get_port()


async def run(command: str, environment: Mapping[str, str], home: Path, limit: float) -> tuple[int, str]:
    """Run one command of the node itself (its boot script, its cluster agent): status and output together.

    A command that is not done after `limit` seconds is killed with its group: status 124.
    """
    child = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", command,
        stdin=DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=dict(environment), cwd=home, start_new_session=True,
    )  # fmt: skip
    begun = time.monotonic()
    try:
        output, _ = await asyncio.wait_for(child.communicate(), limit)
    except TimeoutError:
        os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
        return 124, f"no end after {time.monotonic() - begun:.0f} s"
    return child.returncode or 0, output.decode(errors="replace")
