"""One connection per node, shared: opened on demand, at most four channels in flight, one of them free for short calls.

OpenSSH's MaxSessions is 10 and channels that are closing still count, so a refused channel is tried again for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncssh
from asyncssh.constants import OPEN_REQUEST_SESSION_FAILED

from app.nodes.channel import WINDOW, Channel
from app.nodes.errors import ConnectionCut, GuardBroken
from app.nodes.ssh import Watcher, connect
from app.nodes.target import Target

IN_FLIGHT = 4
RETRIES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)


class Line:
    """The shared connection to one target."""

    def __init__(
        self, target: Target, keepalive_interval: float, keepalive_count: int, timeout: float
    ) -> None:
        self.target = target
        self._settings = (keepalive_interval, keepalive_count, timeout)
        self._connection: asyncssh.SSHClientConnection | None = None
        self._watcher: Watcher | None = None
        self._connecting = asyncio.Lock()
        self._all = asyncio.Semaphore(IN_FLIGHT)
        self._long = asyncio.Semaphore(IN_FLIGHT - 1)

    async def _live(self) -> asyncssh.SSHClientConnection:
        async with self._connecting:
            if self._connection is None or self._watcher is None or self._watcher.gone:
                interval, count, timeout = self._settings
                self._connection, self._watcher = await connect(
                    self.target, keepalive_interval=interval, keepalive_count=count, timeout=timeout
                )
            return self._connection

    async def close(self) -> None:
        """End the connection; calls in flight are cut."""
        if self._connection is not None:
            self._connection.abort()
            await self._connection.wait_closed()

    @asynccontextmanager
    async def call(
        self, command: str, mark: str, stdin: bytes, *, long: bool = False
    ) -> AsyncIterator[Channel]:
        """A channel on which `command` was asked to run. Leaving the block closes it.

        Raises what `ssh.connect` raises (nothing was sent), ConnectionCut, GuardBroken (the node opens no channel).
        """
        if long:
            await self._long.acquire()
        try:
            async with self._all:
                channel = await self._open(command, mark)
                try:
                    channel.send(stdin)
                    yield channel
                finally:
                    channel.chan.close()
        finally:
            if long:
                self._long.release()

    @asynccontextmanager
    async def files(self) -> AsyncIterator[asyncssh.SFTPClient | None]:
        """An SFTP session; None where the node offers none. Raises what `ssh.connect` raises, and ConnectionCut."""
        async with self._long, self._all:
            client = await self._sftp()
            try:
                yield client
            finally:
                if client is not None:
                    client.exit()

    async def _sftp(self) -> asyncssh.SFTPClient | None:
        connection = await self._live()
        try:
            return await connection.start_sftp_client()
        except asyncssh.ChannelOpenError as error:
            if error.code == OPEN_REQUEST_SESSION_FAILED and not self._gone:
                return None  # the subsystem was refused
            raise ConnectionCut(self.target.where, str(error)) from error
        except asyncssh.SFTPError as error:
            if not self._gone:
                return None  # its program is not there, or says what no SFTP says
            raise ConnectionCut(self.target.where, str(error)) from error
        except (OSError, asyncssh.Error) as error:
            raise ConnectionCut(self.target.where, str(error) or type(error).__name__) from error

    @property
    def _gone(self) -> bool:
        return self._watcher is None or self._watcher.gone

    async def _open(self, command: str, mark: str) -> Channel:
        refusal = "no channel"
        for pause in RETRIES:
            connection = await self._live()
            asked: list[Channel] = []

            def factory(asked: list[Channel] = asked) -> Channel:
                asked.append(Channel(mark))
                return asked[0]

            try:
                await connection.create_session(factory, command, encoding=None, window=WINDOW)
                return asked[0]
            except (OSError, asyncssh.Error) as error:
                refusal = str(error) or type(error).__name__
                if asked:  # the channel was open, so the command may have been sent
                    raise ConnectionCut(self.target.where, refusal) from error
            await asyncio.sleep(pause)
        raise GuardBroken(self.target.where, refusal)
