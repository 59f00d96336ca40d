"""A courier to an SSH node: bytes by SFTP, or by `dd` on a shell channel where there is no SFTP; all else by deliver.sh."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

import asyncssh

from app.nodes import guard
from app.nodes.courier import BLOCK, Found, Named, Parcel, PartRefused, There, WriteRefused
from app.nodes.errors import ConnectionCut, GuardBroken, TimedOut
from app.nodes.pool import Line
from app.nodes.results import Output

SCRIPT: bytes = files("app.nodes").joinpath("deliver.sh").read_bytes()
ANSWER_SECONDS = 30.0
SLOWEST = 10 * 1024 * 1024  # bytes that a node hashes in a second, at least
THERE: dict[str, There] = {
    "absent": "absent", "same": "same", "other": "other", "no_folder": "no_folder", "read_only": "read_only",
}  # fmt: skip
NAMED: dict[str, Named] = {
    "yes": "yes", "no": "no", "other": "other", "differs": "differs", "no_sha256": "no_sha256",
}  # fmt: skip


class SshCourier:
    """See app.nodes.courier.Courier. `files` is None where the node offers no SFTP."""

    def __init__(
        self, line: Line, caller: guard.Caller, parcel: Parcel, files: asyncssh.SFTPClient | None
    ) -> None:
        self._line, self._caller, self._parcel, self._files = line, caller, parcel, files
        self._where = line.target.where
        self._place = ""
        self._part: asyncssh.SFTPClientFile | None = None

    async def look(self) -> Found:
        """See Courier."""
        told = await self._ask("look")
        there, free = THERE.get(told.get("there", "")), told.get("free", "")
        if there is None:
            raise self._broken(told)
        return Found(
            there, _number(told.get("part", "0")), _number(free) * 1024 if free.isdecimal() else None
        )

    async def open(self) -> int:
        """See Courier."""
        told = await self._ask("open")
        if not told.get("part", "").isdecimal() or not told.get("place"):
            raise PartRefused(self._where, self._parcel.path)
        self._place = told["place"]
        if self._files is not None:
            async with self._sftp():
                self._part = await self._files.open(self._place, "r+b")
        return _number(told["part"])

    async def write(self, offset: int, data: bytes) -> None:
        """See Courier."""
        if self._part is not None:
            async with self._sftp():
                await self._part.write(data, offset)
            return
        mark = self._caller.nonce()
        line = guard.write_line(mark, self._place, BLOCK, offset // BLOCK)
        output = await self._answer(line, mark, data, ANSWER_SECONDS)
        if output.exit_status != 0:
            raise WriteRefused(self._where, output.stderr.decode("utf-8", "replace").strip()[-200:] or "dd")

    async def publish(self) -> Named:
        """See Courier."""
        if self._part is not None:
            async with self._sftp():
                await self._part.close()
            self._part = None
        told = await self._ask("publish")
        if told.get("named", "") not in NAMED:
            raise self._broken(told)
        return NAMED[told["named"]]

    async def drop(self) -> None:
        """See Courier."""
        await self._ask("drop")

    @asynccontextmanager
    async def _sftp(self) -> AsyncIterator[None]:
        """What goes wrong within is told as what the driver knows."""
        try:
            yield
        except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.SFTPEOFError) as error:
            raise ConnectionCut(self._where, str(error) or "SFTP") from error
        except asyncssh.SFTPError as error:
            raise WriteRefused(self._where, f"SFTP: {error.reason}") from error
        except (OSError, asyncssh.Error) as error:
            raise ConnectionCut(self._where, str(error) or type(error).__name__) from error

    async def _ask(self, verb: str) -> dict[str, str]:
        """deliver.sh's answer. Raises GuardBroken for what is none."""
        parcel, mark = self._parcel, self._caller.nonce()
        line = guard.script_line(mark, verb, parcel.path, parcel.sha256, parcel.size, parcel.short)
        seconds = ANSWER_SECONDS + (parcel.size / SLOWEST if verb in ("look", "publish") else 0)
        output = await self._answer(line, mark, SCRIPT + mark.encode(), seconds)
        lines = output.stdout.decode("utf-8", "replace").splitlines()
        told = {word: value for word, _, value in (line.partition(" ") for line in lines)}
        if output.exit_status != 0 or told.get("end") != ".":
            raise GuardBroken(
                self._where, output.stderr.decode("utf-8", "replace").strip()[-200:] or "deliver.sh"
            )
        return told

    async def _answer(self, line: str, mark: str, stdin: bytes, seconds: float) -> Output:
        """One call on a channel of its own. Raises ConnectionCut, TimedOut, GuardBroken."""
        got: dict[str, bytearray] = {"out": bytearray(), "err": bytearray()}
        begun = False
        try:
            async with asyncio.timeout(seconds), self._line.call(line, mark, stdin) as channel:
                while (event := await channel.take()) is not None:
                    begun = begun or not isinstance(event, tuple)
                    if isinstance(event, tuple):
                        got[event[0]] += event[1][:65_536]
        except TimeoutError:
            raise TimedOut(self._where, seconds) from None
        if channel.exit_status is None:
            raise ConnectionCut(self._where, "no exit status")
        if not begun:
            raise GuardBroken(self._where, channel.marks.noise.decode("utf-8", "replace").strip() or "no sh")
        return Output(bytes(got["out"]), bytes(got["err"]), channel.exit_status)

    def _broken(self, told: dict[str, str]) -> GuardBroken:
        return GuardBroken(self._where, f"deliver.sh: {told}")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0
