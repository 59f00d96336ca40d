"""One Windows node as `Links` sees it: the verbs of the guard as pipelines of guard.ps1, probes as pipelines of read.ps1.

The texts are static; values travel as parameters alone. At most four threads per node, one of them free for short calls.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

from app.domain.procedure import CommandText
from app.nodes import certificates
from app.nodes.credentials import password
from app.nodes.errors import (
    ConnectionCut,
    GuardBroken,
    HostKeyChanged,
    HostKeyUnknown,
    NodeError,
    ReadTooLarge,
    ShellRefused,
    TimedOut,
    Unreachable,
)
from app.nodes.guard import Body, Caller
from app.nodes.lanes import Call, Lane
from app.nodes.results import READ_LIMIT, Output, Stream
from app.nodes.target import Target
from app.nodes.windows_errors import TextRefused

if TYPE_CHECKING:
    from app.nodes.follow import Follower

_TEXTS = files("app.nodes").joinpath("windows")
GUARD = _TEXTS.joinpath("guard.ps1").read_text("ascii")
READER = _TEXTS.joinpath("read.ps1").read_text("ascii")
RUNNER = base64.b64encode(_TEXTS.joinpath("run.cmd").read_bytes().replace(b"\n", b"\r\n")).decode()

NAMES: Mapping[str, tuple[str, ...]] = {
    "run": ("Sha256", "Out", "Err", "FloorKib", "Cap"),
    "attach": ("Out", "Err"),
    "remove": ("OutSha256", "ErrSha256"),
}
"""How guard.ps1 names what the verbs of guard.sh take in this order."""
IN_FLIGHT = 4
HOLD_MILLISECONDS = 20_000
"""A pipeline that follows a silent command ends after that, and the next one goes on."""
MOST_BYTES = 1024 * 1024
"""Output that one pipeline brings: no more waits here for the database."""
PROBE_LIMIT = 12_000
"""Characters of a probe: as UTF-16 in base64 they are a command line of Windows, which takes 32,767."""
CLOSE_SECONDS = 10.0


def windows_body(target: Target, payload: CommandText) -> Body:
    """A command as the file that its shell reads: UTF-8 with its mark for PowerShell, the code page for cmd.exe.

    Raises TextRefused for what code page 932 cannot say; a command in ASCII is the same in all of them.
    """
    if payload.shell == "powershell":
        return Body(b"\xef\xbb\xbf" + payload.text.encode(), payload.shell)
    lines = "\r\n".join(payload.text.splitlines()) + "\r\n"
    try:
        return Body(lines.encode("cp932"), payload.shell, "" if lines.isascii() else "932")
    except UnicodeEncodeError as error:
        raise TextRefused(target.where, lines[error.start : error.end][:20]) from None


class WindowsNode:
    """The threads of one node. `caller` mints the nonces; `timeout`: seconds to connect."""

    def __init__(self, target: Target, caller: Caller, timeout: float) -> None:
        self.target = target
        self._caller, self._timeout = caller, timeout
        self._idle: list[Lane] = []
        self._threads: set[Lane] = set()
        self._retired: set[Lane] = set()
        self._calls: set[Call] = set()
        self._interrupts: set[asyncio.Future[None]] = set()
        self._all = asyncio.Semaphore(IN_FLIGHT)
        self._long = asyncio.Semaphore(IN_FLIGHT - 1)

    async def close(self) -> None:
        """End every session and thread; calls in flight raise ConnectionCut, commands go on on the node."""
        for call in list(self._calls):
            call.stop.set()
        lanes, self._threads, self._idle = list(self._threads), set(), []
        for lane in lanes:
            lane.retire()
        busy = [asyncio.to_thread(lane.interrupt) for lane in lanes if lane.thread.is_alive()]
        await asyncio.gather(*busy, *self._interrupts)
        lanes += self._retired
        await asyncio.gather(*(asyncio.to_thread(lane.thread.join, CLOSE_SECONDS) for lane in lanes))

    async def reach(self, timeout: float) -> None:
        """Have the guard answer to a question about nothing. Raises what `read` raises, and GuardBroken."""
        mark = self._caller.nonce()
        try:
            async with asyncio.timeout(timeout):
                words = await self._short(self._named("state", mark, "reach"), mark)
        except TimeoutError:
            raise TimedOut(self.target.where, timeout) from None
        except ConnectionCut as cut:  # what was sent is a question
            raise Unreachable(self.target.where, str(cut), "psrp") from cut
        if words != ["absent"]:
            raise GuardBroken(self.target.where, " ".join(words))

    async def read(self, command: CommandText, timeout: float) -> Output:
        """A probe in a PowerShell of its own: its lines in UTF-8, its exit status. `Links.read` says what it raises."""
        if command.shell != "powershell":
            raise ShellRefused(self.target.where, command.shell, "psrp read")
        if len(command.text) > PROBE_LIMIT:
            raise TextRefused(self.target.where, f"{len(command.text)} > {PROBE_LIMIT}")
        mark = self._caller.nonce()
        text = base64.b64encode(command.text.encode("utf-16-le")).decode()
        try:
            async with asyncio.timeout(timeout):
                return await self._read({"Nonce": mark, "Text": text}, f"tejun {mark} exit ")
        except TimeoutError:
            raise TimedOut(self.target.where, timeout) from None

    async def _read(self, parameters: Mapping[str, str], end: str) -> Output:
        out, size, status = list[str](), 0, None
        async with self._call(READER, parameters) as call:
            async for line in call.lines():
                if line.startswith(end):
                    status = line.removeprefix(end)
                else:
                    out.append(line)
                    size += len(line.encode()) + 1
                if size > READ_LIMIT:
                    raise ReadTooLarge(self.target.where, READ_LIMIT)
        said = "".join(f"{line}\n" for line in call.errors)
        if status is None or not status.lstrip("-").isdigit():
            raise GuardBroken(self.target.where, said.strip()[:300] or "no exit status")
        return Output("".join(f"{line}\n" for line in out).encode(), said.encode(), int(status))

    async def script(self, text: str, parameters: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """A static script to its end: its lines, and what it said on the error stream. Raises what `read` raises but TimedOut."""
        async with self._call(text, parameters, long=True) as call:
            lines = [line async for line in call.lines()]
        return lines, call.errors

    async def call(
        self, follower: Follower, body: Body, verb: str, mark: str, key: str, *arguments: str | int
    ) -> list[str]:
        """One call of the guard: hands what it brings on to `follower`; its last words, [] if there were none."""
        parameters = self._named(verb, mark, key, *arguments)
        if verb == "run":
            parameters |= self._to_run(body)
        if verb not in ("run", "attach"):
            return await self._short(parameters, mark)
        words = await self._follow(follower, parameters, mark)
        while words == ["running"]:
            at = follower.position
            parameters = self._named("attach", mark, key, at["out"], at["err"]) | {"Verb": "poll"}
            words = await self._follow(follower, parameters | self._bounds(), mark)
        return words

    def _named(self, verb: str, mark: str, key: str, *arguments: str | int) -> dict[str, str]:
        given = dict(zip(NAMES.get(verb, ()), map(str, arguments), strict=False))
        return {"Spool": self.target.spool or "", "Verb": verb, "Nonce": mark, "Key": key, **given}

    def _bounds(self) -> dict[str, str]:
        return {"Hold": str(HOLD_MILLISECONDS), "Most": str(MOST_BYTES)}

    def _to_run(self, body: Body) -> dict[str, str]:
        credential = self.target.credential
        run_as, secret = credential.windows.run_as, ""
        if run_as == "self":
            run_as, secret = self.target.user, password(credential)
        payload = base64.b64encode(body.data).decode()
        told = {"Shell": body.shell, "Payload": payload, "Runner": RUNNER, "CodePage": body.code_page}
        return {**told, "RunAs": run_as, "Password": secret}

    async def _short(self, parameters: Mapping[str, str], mark: str) -> list[str]:
        last: list[str] = []
        async with self._call(GUARD, parameters) as call:
            async for line in call.lines():
                last = _words(line, mark) or last
        return self._judged(last, call)

    async def _follow(self, follower: Follower, parameters: dict[str, str], mark: str) -> list[str]:
        last: list[str] = []
        try:
            async with self._call(GUARD, parameters | self._bounds(), long=True) as call:
                async for line in call.lines():
                    words = _words(line, mark)
                    if words[:1] == ["claim"]:
                        await follower.claim()
                    elif words[:1] in (["out"], ["err"]):
                        await self._hand_on(follower, words)
                    elif words:
                        last = words
        finally:
            follower.rest()
        return self._judged(last, call)

    async def _hand_on(self, follower: Follower, words: list[str]) -> None:
        stream: Stream = "out" if words[0] == "out" else "err"
        offset, data = words[1:]
        if int(offset) != follower.position[stream]:
            raise ConnectionCut(self.target.where, f"{stream} at {offset}, not {follower.position}")
        try:
            await follower.hand_on(stream, base64.b64decode(data, validate=True))
        except binascii.Error:
            raise ConnectionCut(self.target.where, f"{stream} at {offset} is damaged") from None

    def _judged(self, words: list[str], call: Call) -> list[str]:
        """Words that only this guard knows, as errors."""
        if not words and call.errors:
            raise GuardBroken(self.target.where, " ".join(call.errors)[:300])
        if words[:2] == ["error", "script"]:
            told = base64.b64decode(words[2]).decode("utf-8", "replace") if words[2:] else ""
            raise GuardBroken(self.target.where, told)
        if words[:2] == ["error", "code_page"]:
            raise TextRefused(self.target.where, f"OEMCP {' '.join(words[2:])}")
        return words

    @asynccontextmanager
    async def _call(
        self, script: str, parameters: Mapping[str, str], *, long: bool = False
    ) -> AsyncIterator[Call]:
        """A pipeline on a lane of its own. Leaving the block before its end ends it."""
        async with self._long if long else contextlib.nullcontext(), self._all:
            await self._require_known()
            call = Call(script, parameters)
            lane = self._offer(call)
            self._calls.add(call)
            try:
                yield call
            except _pin_broken() as broken:
                raise await self._changed() from broken
            finally:
                self._calls.discard(call)
                self._give_back(lane, call)

    def _offer(self, call: Call) -> Lane:
        while self._idle:
            lane = self._idle.pop()
            if lane.offer(call):
                return lane
            self._threads.discard(lane)
        lane = Lane(self.target, self._timeout, clean=not self._threads)
        self._threads.add(lane)
        lane.offer(call)
        return lane

    def _give_back(self, lane: Lane, call: Call) -> None:
        if call.ended and lane in self._threads:
            self._idle.append(lane)
            return
        call.stop.set()
        lane.retire()
        self._threads.discard(lane)
        self._retired = {each for each in self._retired if each.thread.is_alive()} | {lane}
        ending = asyncio.ensure_future(asyncio.to_thread(lane.interrupt))
        self._interrupts.add(ending)
        ending.add_done_callback(self._interrupts.discard)

    async def _require_known(self) -> None:
        """The accepted line is of the kind that this node is asked by. Raises HostKeyUnknown, HostKeyChanged, Unreachable."""
        line, target = self.target.host_key, self.target
        if line is None:
            raise HostKeyUnknown(target.where, await certificates.offered(target, self._timeout))
        plain = certificates.is_plain(target.port, target.credential.windows)
        if plain or certificates.pinned_sha256(line) is None:
            offered = await certificates.offered(target, self._timeout)
            if offered.public_key != line:
                raise HostKeyChanged(target.where, offered, line)

    async def _changed(self) -> NodeError:
        offered = await certificates.offered_certificate(
            self.target.where, self.target.address, self.target.port, self._timeout
        )
        if offered.public_key == self.target.host_key:
            return Unreachable(self.target.where, "its certificate has just changed back", "psrp")
        return HostKeyChanged(self.target.where, offered, self.target.host_key or "")


def _pin_broken() -> type[Exception]:
    from app.nodes.psrp_faults import PinBroken

    return PinBroken


def _words(line: str, mark: str) -> list[str]:
    """The words of one answer of this call, [] for anything else."""
    words = line.split()
    return words[2:] if words[:2] == ["tejun", mark] else []
