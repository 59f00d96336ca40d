"""One following of one attempt: hands bytes on at their offsets and reads the end. Opens no connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from app.instants import passing
from app.nodes.channel import Channel
from app.nodes.errors import ConnectionCut, GuardBroken, NodeError, NoSpace, Superseded
from app.nodes.guard import Caller, order
from app.nodes.results import REASONS, Ended, Sink, Stream, Unknown, ended

RUNNING_AFTER = 0.2  # seconds after the claim at which a silent command counts as running

LATE = 5.0  # seconds within which a call of a dead console may still reach the guard
TAKE_BACKS = 2

OnClaim = Callable[[], Awaitable[None]]


class Follower:
    """Where the caller stands in both streams; `position` moves only after the sink has returned."""

    def __init__(self, where: str, offsets: tuple[int, int], sink: Sink, on_claim: OnClaim) -> None:
        self.where, self.sink, self.on_claim = where, sink, on_claim
        self.position: dict[Stream, int] = {"out": offsets[0], "err": offsets[1]}
        self._claimed = False
        self._mark = ""
        self._began = 0.0
        self._taken_back = 0
        self._running: asyncio.TimerHandle | None = None

    def begin(self, mark: str) -> None:
        """A call with this nonce goes out now."""
        self._mark, self._began = mark, monotonic()

    def may_take_back(self, caller: Caller, words: list[str]) -> bool:
        """Whether `taken BY` came of a call that was older than ours, or may have been: it was under way when its link died.

        A late call of another console can only come soon after ours; after that, or a second time, somebody else is at work.
        """
        by = words[1] if words[1:] else ""
        if caller.minted(by):
            return order(by) < order(self._mark)
        self._taken_back += 1
        return self._taken_back <= TAKE_BACKS and monotonic() - self._began < LATE

    async def follow(self, channel: Channel) -> list[str]:
        """Hand on everything up to the end of the channel; the guard's last words, [] if there were none."""
        last: list[str] = []
        try:
            while (event := await channel.take()) is not None:
                if isinstance(event, tuple):
                    await self.hand_on(*event)
                elif event[0] == "claim":
                    await self.claim()
                elif event[0] != "begin":
                    last = event
        finally:
            self.rest()
        if not last and not self._claimed and channel.exit_status:
            noise = channel.marks.noise.decode("utf-8", "replace").strip()
            raise GuardBroken(self.where, f"exit {channel.exit_status}: {noise}")
        return last

    async def hand_on(self, stream: Stream, data: bytes) -> None:
        """The next bytes of a stream."""
        await self.sink(stream, self.position[stream], data)
        self.position[stream] += len(data)
        self._pass_running()

    async def claim(self) -> None:
        """The guard says that the command is claimed; said again it is no news."""
        if self._claimed:
            return
        passing("after_claim")
        self._running = asyncio.get_running_loop().call_later(RUNNING_AFTER, self._pass_running)
        await self.on_claim()
        self._claimed = True

    def rest(self) -> None:
        """No more will come of this call."""
        if self._running:
            self._running.cancel()

    def _pass_running(self) -> None:
        if self._running:
            self._running.cancel()
            self._running = None
            passing("command_running")

    def judge(self, words: list[str]) -> Ended | Unknown:
        """The guard's last words as a result. Raises ConnectionCut, Superseded, NoSpace, GuardBroken."""
        if words and words[0] == "done":
            return self._exact(ended(words))
        result = answer(self.where, words)
        if isinstance(result, Unknown):
            return result
        if result == "absent":
            return Unknown("spool_gone")
        raise GuardBroken(self.where, result)

    def _exact(self, end: Ended) -> Ended | Unknown:
        sizes = (end.out_size, end.err_size)
        have = (self.position["out"], self.position["err"])
        if have == sizes:
            return end
        if have[0] > sizes[0] or have[1] > sizes[1]:
            return Unknown("output_short")
        raise ConnectionCut(self.where, f"{have} of {sizes} bytes")


def answer(where: str, words: list[str]) -> Unknown | str:
    """`unknown REASON` as Unknown, `absent` and `running` as they are. Raises the errors that the other words stand for."""
    if not words:
        raise ConnectionCut(where, "no answer")
    if words[0] in ("absent", "running"):
        return words[0]
    if words[0] == "unknown" and words[1:] and words[1] in REASONS:
        return Unknown(words[1])
    raise failure(where, words)


def failure(where: str, words: list[str]) -> NodeError:
    """The error that the guard's words stand for."""
    if words[0] == "taken":
        return Superseded(where)
    if words[:2] == ["error", "nospace"]:
        return NoSpace(where, int(words[2]) if words[2:] and words[2].isdigit() else None)
    return GuardBroken(where, " ".join(words))
