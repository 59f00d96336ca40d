"""A session with a terminal (`ssh -t`, an interactive login): a real pty around the shell. Owns the pty."""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import Mapping
from pathlib import Path

import asyncssh

_BLOCK = 65536


def _resize(fd: int, size: tuple[int, int, int, int]) -> None:
    columns, rows, width, height = size
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, width, height))


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


async def serve(
    process: asyncssh.SSHServerProcess[bytes], command: list[str], environment: Mapping[str, str], home: Path
) -> None:
    """Run `command` on a new terminal until it ends; the connection's end hangs the terminal up (SIGHUP)."""
    master, slave = os.openpty()
    _resize(slave, process.term_size)
    child = await asyncio.create_subprocess_exec(
        *command, stdin=slave, stdout=slave, stderr=slave, cwd=home, start_new_session=True,
        env={**environment, "TERM": process.term_type or "dumb"}, preexec_fn=_take_terminal,
    )  # fmt: skip
    os.close(slave)
    typing = asyncio.create_task(_type(process, master))
    try:
        while block := await _read(master):
            process.stdout.write(block)
            await process.stdout.drain()
    finally:
        typing.cancel()
        os.close(master)
    status = await child.wait()
    process.exit(status if status >= 0 else 128 - status)


async def _read(master: int) -> bytes:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(master, ready.set_result, None)
    try:
        await ready
        return os.read(master, _BLOCK)
    except OSError:  # the last process on the terminal is gone (EIO)
        return b""
    finally:
        loop.remove_reader(master)


async def _type(process: asyncssh.SSHServerProcess[bytes], master: int) -> None:
    while True:
        try:
            block = await process.stdin.read(_BLOCK)
        except asyncssh.TerminalSizeChanged as change:
            _resize(master, (change.width, change.height, change.pixwidth, change.pixheight))
            continue
        except (OSError, asyncssh.Error):
            return
        if not block:
            return
        os.write(master, block)
