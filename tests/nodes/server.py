"""A small SSH node for these tests: asyncssh in front of real login shells and real processes, and a TCP proxy to hurt it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh


class _Auth(asyncssh.SSHServer):
    def __init__(self, node: Node) -> None:
        self.node = node

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.node.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return password == self.node.password

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return key.public_data == self.node.user_key.public_data


@dataclass
class Node:
    """`home` is the user's home on the node; `env` is added to what a login shell sees there."""

    home: Path
    shell: str = "/bin/sh"
    password: str = "open sesame"
    env: dict[str, str] = field(default_factory=dict)
    host_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    user_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    children: list[asyncio.subprocess.Process] = field(default_factory=list)
    port: int = 0
    sftp: bool = False

    async def start(self) -> None:
        """Listen on a free port of the loopback, or on the one it had before."""
        self.acceptor = await asyncssh.create_server(
            lambda: _Auth(self),
            "127.0.0.1",
            self.port,
            server_host_keys=[self.host_key],
            process_factory=self._process,
            encoding=None,
            config=None,
            sftp_factory=self.sftp or None,
        )
        self.port = self.acceptor.get_port()

    async def stop(self) -> None:
        """Stop listening, drop everybody, and end the login shells (not what detached itself from them)."""
        self.acceptor.close()
        for connection in self.connections:
            connection.abort()
        await self.acceptor.wait_closed()
        for child in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            # a process that outlives its shell may hold the pipes: let go of them, whoever still writes
            child._transport.close()  # type: ignore[attr-defined]
            await child.wait()
        self.children.clear()
        await asyncio.sleep(0)

    async def _process(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        self.commands.append(process.command or "")
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], **self.env}
        child = await asyncio.create_subprocess_exec(
            self.shell,
            "-c",
            process.command or "exit 0",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.home,
            env=environment,
            start_new_session=True,
        )
        self.children.append(child)
        feed = asyncio.create_task(_feed(process, child))
        pumps = (_pump(child.stdout, process.stdout), _pump(child.stderr, process.stderr))
        await asyncio.gather(*pumps)
        status = await child.wait()
        feed.cancel()
        with contextlib.suppress(OSError):
            process.exit(status) if status >= 0 else process.exit_with_signal("KILL")


async def _feed(process: asyncssh.SSHServerProcess[bytes], child: asyncio.subprocess.Process) -> None:
    assert child.stdin
    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await process.stdin.read(65536):
            child.stdin.write(data)
            await child.stdin.drain()
    child.stdin.close()


async def _pump(source: asyncio.StreamReader | None, target: asyncssh.SSHWriter[bytes]) -> None:
    assert source
    while data := await source.read(65536):
        try:
            target.write(data)
            await target.drain()
        except (OSError, asyncssh.Error):
            source._transport.close()  # type: ignore[attr-defined]  # the client is gone: as sshd tells it
            return


@dataclass
class Proxy:
    """Between console and node: `reset()` tears every connection, while `hole` is set nothing passes either way."""

    target: int
    port: int = 0
    passed: int = 0
    tear_after: int | None = None
    hole: bool = False
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self.server.close()
        self.reset()

    def reset(self) -> None:
        writers, self._writers = self._writers, []
        for writer in writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            node_reader, node_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers += [writer, node_writer]
        await asyncio.gather(self._copy(reader, node_writer), self._copy(node_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                while self.hole:
                    await asyncio.sleep(0.05)
                writer.write(data)
                await writer.drain()
                self.passed += len(data)
                if self.tear_after is not None and self.passed >= self.tear_after:
                    self.passed = 0
                    self.reset()
        with contextlib.suppress(OSError):
            writer.transport.abort()
