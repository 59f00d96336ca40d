"""A courier to a Windows node: every call is one pipeline of deliver.ps1, values as parameters, bytes in base64."""

from __future__ import annotations

import asyncio
import base64
import binascii
from importlib.resources import files

from app.nodes import guard
from app.nodes.courier import Found, Named, Parcel, PartRefused, WriteRefused
from app.nodes.courier_ssh import ANSWER_SECONDS, NAMED, SLOWEST, THERE
from app.nodes.errors import GuardBroken, TimedOut
from app.nodes.windows_node import WindowsNode

DELIVER = files("app.nodes").joinpath("windows").joinpath("deliver.ps1").read_text("ascii")
MOST = 256 * 1024
"""Bytes in one pipeline: as text in a message of PSRP they are twice as many characters, which some nodes keep in memory."""


class PsrpCourier:
    """See app.nodes.courier.Courier."""

    def __init__(self, node: WindowsNode, caller: guard.Caller, parcel: Parcel) -> None:
        self._node, self._caller, self._parcel = node, caller, parcel
        self._where = node.target.where

    async def look(self) -> Found:
        """See Courier."""
        told = await self._ask("look")
        there, free = THERE.get(told.get("there", "")), told.get("free", "")
        if there is None:
            raise self._broken(told)
        part = told.get("part", "0")
        return Found(there, int(part) if part.isdecimal() else 0, int(free) if free.isdecimal() else None)

    async def open(self) -> int:
        """See Courier."""
        part = (await self._ask("open")).get("part", "")
        if not part.isdecimal():
            raise PartRefused(self._where, self._parcel.path)
        return int(part)

    async def write(self, offset: int, data: bytes) -> None:
        """See Courier."""
        for start in range(0, len(data), MOST):
            piece = base64.b64encode(data[start : start + MOST]).decode()
            told = await self._ask("write", Offset=str(offset + start), Data=piece)
            if "failed" in told:
                raise WriteRefused(self._where, _words(told["failed"]))

    async def publish(self) -> Named:
        """See Courier."""
        told = await self._ask("publish")
        if told.get("named", "") not in NAMED:
            raise self._broken(told)
        return NAMED[told["named"]]

    async def drop(self) -> None:
        """See Courier."""
        await self._ask("drop")

    async def _ask(self, verb: str, **more: str) -> dict[str, str]:
        """deliver.ps1's answer. Raises GuardBroken for what is none, and TimedOut."""
        parcel, mark = self._parcel, self._caller.nonce()
        parameters = {
            "Verb": verb, "Nonce": mark, "Path": parcel.path, "Sha256": parcel.sha256, "Short": parcel.short,
            "Size": str(parcel.size), **more,
        }  # fmt: skip
        seconds = ANSWER_SECONDS + (parcel.size / SLOWEST if verb in ("look", "publish") else 0)
        try:
            async with asyncio.timeout(seconds):
                lines, errors = await self._node.script(DELIVER, parameters)
        except TimeoutError:
            raise TimedOut(self._where, seconds) from None
        head = f"tejun {mark} "
        ours = (line.removeprefix(head).partition(" ") for line in lines if line.startswith(head))
        told = {word: value for word, _, value in ours}
        if told.get("end") != ".":
            raise GuardBroken(self._where, " ".join(errors)[:300] or "deliver.ps1")
        return told

    def _broken(self, told: dict[str, str]) -> GuardBroken:
        return GuardBroken(self._where, _words(told.get("failed", "")) or f"deliver.ps1: {told}")


def _words(said: str) -> str:
    try:
        return base64.b64decode(said, validate=True).decode("utf-8", "replace")[:300]
    except binascii.Error:
        return said[:300]
