"""What the engine calls: reads, guarded runs, cancelling and clearing away, over one shared connection per node.

Guarantees: a key's command starts at most once, whatever dies; bytes reach the sink in order, each offset once per call;
what cannot be told is Unknown or ConnectionCut, never an exit status. Knows no tables, retries no command.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Literal, Self

from app.domain.procedure import CommandText, Shell
from app.domain.shell import sh
from app.domain.transports import SPOKEN
from app.instants import passing
from app.nodes import guard
from app.nodes.courier import Courier, Parcel
from app.nodes.courier_psrp import PsrpCourier
from app.nodes.courier_ssh import SshCourier
from app.nodes.errors import (
    ConnectionCut,
    GuardBroken,
    ReadTooLarge,
    ShellRefused,
    TimedOut,
    TransportRefused,
)
from app.nodes.follow import Follower, OnClaim, answer, failure
from app.nodes.pool import Line
from app.nodes.results import READ_LIMIT, Ended, Output, Sink, State, Unknown, ended
from app.nodes.target import Target
from app.nodes.windows_node import WindowsNode, windows_body

FLOOR_KIB = 64 * 1024
CAP_BYTES = 1024 * 1024 * 1024
NOTHING = guard.Body(b"")


async def _nothing() -> None:
    return None


class Links:
    """The console's connections. A dead peer is noticed after about `keepalive_interval * (keepalive_count + 1)` seconds."""

    def __init__(
        self, *, keepalive_interval: float = 3.0, keepalive_count: int = 2, connect_timeout: float = 10.0
    ) -> None:
        self._settings = (keepalive_interval, keepalive_count, connect_timeout)
        self._lines: dict[Target, Line] = {}
        self._nodes: dict[Target, WindowsNode] = {}
        self._caller = guard.Caller()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection. Commands go on on their nodes; calls in flight raise ConnectionCut."""
        lines, self._lines = list(self._lines.values()), {}
        for line in lines:
            await line.close()
        nodes, self._nodes = list(self._nodes.values()), {}
        await asyncio.gather(*(node.close() for node in nodes))

    def _line(self, target: Target) -> Line:
        return self._lines.setdefault(target, Line(target, *self._settings))

    def _node(self, target: Target) -> WindowsNode:
        if target not in self._nodes:
            self._nodes[target] = WindowsNode(target, self._caller, self._settings[2])
        return self._nodes[target]

    async def reach(self, target: Target, shell: Shell, *, timeout: float = 20.0) -> None:
        """Connect and ask the shell for nothing: whether a command for `shell` could be sent now. Raises what `read` raises."""
        _require_spoken(target, shell)
        if target.transport == "psrp":
            await self._node(target).reach(timeout)
        else:
            await self.read(target, sh(":"), timeout=timeout)

    async def read(self, target: Target, command: CommandText, *, timeout: float) -> Output:
        """Run a read-only probe under its shell; stdin is empty. At most 4 MiB of output, `timeout` seconds, connecting included.

        Raises ShellRefused for a text of another shell, ConnectionCut, TimedOut, ReadTooLarge, and what `ssh.connect` raises.
        """
        _require_spoken(target, command.shell)
        if target.transport == "psrp":
            return await self._node(target).read(command, timeout)
        mark = self._caller.nonce()
        stdin = command.text.encode() + mark.encode()
        got: dict[str, bytearray] = {"out": bytearray(), "err": bytearray()}
        begun = 0
        try:
            async with asyncio.timeout(timeout):
                async with self._line(target).call(guard.read_line(mark), mark, stdin) as channel:
                    while (event := await channel.take()) is not None:
                        if isinstance(event, tuple):
                            got[event[0]] += event[1]
                        else:
                            begun += 1
                        if len(got["out"]) + len(got["err"]) > READ_LIMIT:
                            raise ReadTooLarge(target.where, READ_LIMIT)
        except TimeoutError:
            raise TimedOut(target.where, timeout) from None
        if channel.exit_status is None:
            raise ConnectionCut(target.where, "no exit status")
        if begun < 2:
            raise GuardBroken(target.where, channel.marks.noise.decode("utf-8", "replace").strip() or "no sh")
        return Output(bytes(got["out"]), bytes(got["err"]), channel.exit_status)

    async def run(
        self,
        target: Target,
        key: str,
        payload: CommandText,
        *,
        offsets: tuple[int, int],
        sink: Sink,
        attach_only: bool,
        floor_kib: int = FLOOR_KIB,
        cap_bytes: int = CAP_BYTES,
        on_claim: OnClaim = _nothing,
    ) -> Ended | Unknown:
        """Start `payload` unless `key` was ever claimed, and follow it to its end.

        1. install the guard if the node has not got this one; 2. send payload and digest; 3. on the claim, `on_claim()`;
        4. hand the bytes from `offsets` (out, err) on to `sink`; the next are not taken before it returns; 5. compare sizes.
        `attach_only` never starts: without a record Unknown("spool_gone"). `cap_bytes` bounds each stream, `floor_kib` is
        the free space below which nothing starts (0: do not look); both are below 2**31, and two full outputs never take
        more than half of what is free. Call again with the stored offsets after ConnectionCut.
        Raises ConnectionCut, Superseded, NoSpace, GuardBroken, and (then nothing was sent) ShellRefused and what
        `ssh.connect` raises.
        """
        _require_spoken(target, payload.shell)
        if not 0 < cap_bytes < 2**31 or not 0 <= floor_kib < 2**31:
            raise ValueError("cap_bytes and floor_kib must fit 31 bits: old shells count in 32")
        body = NOTHING if attach_only else _body(target, payload)
        follower = Follower(target.where, offsets, sink, on_claim)
        verb: str = "attach"
        start: tuple[str | int, ...] = offsets
        if not attach_only:
            verb, start = "run", (guard.sha256(body.data), *offsets, floor_kib, cap_bytes)
        words = await self._follow(target, follower, body, verb, key, *start)
        while words[:1] == ["taken"] and follower.may_take_back(self._caller, words):
            words = await self._follow(target, follower, NOTHING, "attach", key, *follower.position.values())
        return follower.judge(words)

    @asynccontextmanager
    async def courier(self, target: Target, parcel: Parcel) -> AsyncIterator[Courier]:
        """Somebody who carries the parcel to the node. Raises TransportRefused and what `ssh.connect` raises."""
        if target.transport not in SPOKEN:
            raise TransportRefused(target.where, target.transport)
        if target.transport == "psrp":
            yield PsrpCourier(self._node(target), self._caller, parcel)
            return
        line = self._line(target)
        async with line.files() as files:
            yield SshCourier(line, self._caller, parcel, files)

    async def _follow(
        self, target: Target, follower: Follower, body: guard.Body, verb: str, key: str, *arguments: str | int
    ) -> list[str]:
        words = await self._call(target, follower, body, verb, key, *arguments)
        if words[:2] == ["error", "no_guard"]:
            await self._install(target)
            words = await self._call(target, follower, body, verb, key, *arguments)
        return words

    async def _call(
        self, target: Target, follower: Follower, body: guard.Body, verb: str, key: str, *arguments: str | int
    ) -> list[str]:
        mark = self._caller.nonce()
        if verb == "run":
            passing("before_claim")
        following = verb in ("run", "attach")
        follower.begin(mark)
        if target.transport == "psrp":
            return await self._node(target).call(follower, body, verb, mark, key, *arguments)
        command = guard.line(target.spool, verb, mark, key, *arguments)
        async with self._line(target).call(command, mark, body.data, long=following) as channel:
            return await follower.follow(channel)

    async def _install(self, target: Target) -> None:
        mark = self._caller.nonce()
        async with self._line(target).call(guard.install_line(target.spool), mark, guard.SCRIPT) as channel:
            while await channel.take() is not None:
                pass
        if channel.exit_status is None:
            raise ConnectionCut(target.where, "while the guard was being installed")
        if channel.exit_status != 0:
            noise = channel.marks.noise.decode("utf-8", "replace").strip()
            raise GuardBroken(target.where, f"not installed: {noise}")

    async def _ask(self, target: Target, verb: str, key: str, *arguments: str | int) -> list[str]:
        """The guard's answer to a short call. Raises ConnectionCut if there is none."""
        follower = Follower(target.where, (0, 0), _refuse_bytes, _nothing)
        words = await self._follow(target, follower, NOTHING, verb, key, *arguments)
        if not words:
            raise ConnectionCut(target.where, "no answer")
        return words

    async def state(self, target: Target, key: str) -> State:
        """What the node knows of `key`, without following it."""
        words = await self._ask(target, "state", key)
        if words[0] == "done":
            return ended(words)
        result = answer(target.where, words)
        if isinstance(result, Unknown):
            return result
        return "absent" if result == "absent" else "running"

    async def cancel(
        self, target: Target, key: str, *, grace: int = 10
    ) -> Literal["dead", "alive", "absent"]:
        """TERM to the command's process tree, KILL after `grace` seconds (Windows: at once), then look whether it is dead.

        "dead": no process of it is left (or it had ended before; what it left running on purpose runs on). "alive": some
        survived KILL for 5 s. "absent": it never started, and never will: the key is spent.
        """
        words = await self._ask(target, "cancel", key, grace)
        match words:
            case ["dead"]:
                return "dead"
            case ["alive"]:
                return "alive"
            case ["absent"]:
                return "absent"
        raise failure(target.where, words)

    async def digest(self, target: Target, key: str) -> tuple[str, str, tuple[int, int]]:
        """SHA-256 of out and err as recorded, and their sizes. Raises GuardBroken("error not_done") before the end."""
        words = await self._ask(target, "digest", key)
        if words[0] != "digest":
            raise failure(target.where, words)
        return words[1], words[2], (int(words[3]), int(words[4]))

    async def remove(self, target: Target, key: str, out_sha256: str, err_sha256: str) -> None:
        """Clear an ended run away, if these are the digests of what it wrote: only what is stored may go. The key stays spent.

        Does nothing more if it was removed before. Raises GuardBroken("error other_digest" | "error not_done").
        """
        words = await self._ask(target, "remove", key, out_sha256, err_sha256)
        if words not in (["removed"], ["unknown", "removed"]):
            raise failure(target.where, words)


def _require_spoken(target: Target, shell: Shell) -> None:
    """Refuse before anything is connected or sent: a text for one shell must never be read by another."""
    if target.transport not in SPOKEN:
        raise TransportRefused(target.where, target.transport)
    if shell not in SPOKEN[target.transport]:
        raise ShellRefused(target.where, shell, target.transport)


def _body(target: Target, payload: CommandText) -> guard.Body:
    if target.transport == "psrp":
        return windows_body(target, payload)
    return guard.Body(payload.text.encode(), payload.shell)


async def _refuse_bytes(stream: str, offset: int, data: bytes) -> None:
    """Short calls answer in words; anything else that reaches stderr is a complaint of a tool on the node."""
