"""Copies packages to nodes: whatever is queued or was under way, several nodes side by side, resumed where the node is.

Rows are the truth: a delivery that was running when a process died is taken up by the next engine. Connections of its own, so
that a large file does not stand before a step's output. Holds no transaction while it copies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from app.actions import deliveries
from app.actions.deliveries import Carriage
from app.domain.lifecycle import DeliveryState
from app.engine.machine import Machine
from app.instants import passing
from app.models.packages import open_deliveries
from app.nodes import (
    AuthenticationRefused,
    ConnectionCut,
    Courier,
    CredentialMissing,
    HostKeyChanged,
    HostKeyUnknown,
    Links,
    NodeError,
    Parcel,
    Target,
    TimedOut,
    Unreachable,
)
from app.nodes.courier import BLOCK
from app.packagestore import PackageStore

log = structlog.get_logger(__name__)
AT_ONCE = 4
PIECE = 16 * BLOCK
TOLD_SECONDS = 1.0
POLL_SECONDS = 1.0
PAUSE_SECONDS = 1.0
FLOOR_BYTES = 64 * 1024 * 1024  # that stay free on the node
LATER = (Unreachable, ConnectionCut, TimedOut)
NOT_LET_IN = (HostKeyUnknown, HostKeyChanged, AuthenticationRefused, CredentialMissing)
THERE = {
    "other": "delivery_other_file",
    "no_folder": "delivery_no_folder",
    "read_only": "delivery_read_only",
}
Note = Callable[[Carriage, int], Awaitable[bool]]
NAMED = {"no": "delivery_not_named", "other": "delivery_other_file", "no_sha256": "delivery_no_sha256"}


@dataclass(frozen=True)
class Outcome:
    """How a delivery ended."""

    state: DeliveryState
    problem: str | None = None


class _Over(Exception):
    """Nothing more is to be copied: it failed for this reason, or (without one) was withdrawn."""

    def __init__(self, problem: str | None) -> None:
        super().__init__(problem or "withdrawn")
        self.problem = problem


class Deliveries:
    """One a process with an engine. `floor`: bytes that stay free on a node."""

    def __init__(self, machine: Machine, links: Links, store: PackageStore, floor: int = FLOOR_BYTES) -> None:
        self._machine, self._links, self._store, self._floor = machine, links, store, floor
        self._places = asyncio.Semaphore(AT_ONCE)
        self._under_way: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until cancelled; what is under way then stays so in its row."""
        bell = self._machine.database.bell
        try:
            while True:
                cursor = bell.cursor
                await self._take_up()
                await bell.wait(cursor, POLL_SECONDS)
                await asyncio.sleep(POLL_SECONDS / 10)
        finally:
            under_way = list(self._under_way.values())
            for each in under_way:
                each.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            await self._links.close()

    async def _take_up(self) -> None:
        for delivery_id, each in list(self._under_way.items()):
            if each.done():
                del self._under_way[delivery_id]
                await self._judge(delivery_id, each.exception())
        async with self._machine.database.reading() as db:
            waiting = await open_deliveries(db)
        for delivery_id in waiting:
            if delivery_id not in self._under_way:
                self._under_way[delivery_id] = asyncio.create_task(self._carry(delivery_id))

    async def _judge(self, delivery_id: int, fault: BaseException | None) -> None:
        """A defect ends the delivery with its name: people see it, and nothing runs in circles."""
        if fault is None:
            return
        log.error("delivery failed", delivery=delivery_id, exc_info=fault)
        await self._end(
            delivery_id, Outcome(DeliveryState.FAILED, f"internal_error {type(fault).__name__}"[:64])
        )

    async def _carry(self, delivery_id: int) -> None:
        """1 record that it begins, 2 copy, again and again while the node cannot be reached, 3 record how it ended."""
        async with self._places:
            async with self._machine.act() as act:
                work = await deliveries.begin_delivery(act, delivery_id)
            if work is None:
                return
            target = (await self._machine.targets_of(work.cluster_id)).get(work.node)
            if target is None:
                outcome: Outcome | None = Outcome(DeliveryState.FAILED, "delivery_no_node")
            else:
                outcome = await self._persist(work, target)
            if outcome is not None:
                await self._end(delivery_id, outcome)

    async def _end(self, delivery_id: int, outcome: Outcome) -> None:
        async with self._machine.act() as act:
            await deliveries.end_delivery(act, delivery_id, outcome.state, outcome.problem)
        log.info("delivery ended", delivery=delivery_id, state=outcome.state.value, problem=outcome.problem)

    async def _persist(self, work: Carriage, target: Target) -> Outcome | None:
        """How it ended; None where it was withdrawn. A silent node is asked again for a while, longer if it gets on."""
        clock = asyncio.get_running_loop().time
        patience = self._machine.limits.reach_seconds
        trip = Trip(work, self._links, self._store, self._floor, self._note)
        ends = clock() + patience
        while True:
            before = trip.done
            try:
                await trip.make(target)
                return Outcome(DeliveryState.DELIVERED)
            except _Over as over:
                return Outcome(DeliveryState.FAILED, over.problem) if over.problem else None
            except NodeError as error:
                if trip.done > before:
                    ends = clock() + patience
                if isinstance(error, NOT_LET_IN) or (isinstance(error, LATER) and clock() >= ends):
                    return Outcome(DeliveryState.UNREACHABLE, error.code)
                if not isinstance(error, LATER):
                    return Outcome(DeliveryState.FAILED, error.code)
                if not await self._note(work, trip.done, error.code):
                    return None
            await asyncio.sleep(PAUSE_SECONDS)

    async def _note(self, work: Carriage, done: int, problem: str | None = None) -> bool:
        """Write down how far it is; False where it was withdrawn."""
        async with self._machine.act() as act:
            return await deliveries.note_progress(act, work.id, done, problem)


class Trip:
    """One delivery's copying, however often it is cut. `done`: bytes that the node is known to have."""

    def __init__(self, work: Carriage, links: Links, store: PackageStore, floor: int, note: Note) -> None:
        self._work, self._links, self._store, self._floor, self._tell = work, links, store, floor, note
        self.done = 0

    async def make(self, target: Target) -> None:
        """Returns once the file is on the node under its name, its digest computed there. Raises _Over and NodeErrors."""
        work = self._work
        async with self._links.courier(target, Parcel(work.path, work.sha256, work.size)) as courier:
            if await self._is_there(courier):
                return
            resumed = await self._send(courier)
            named = await courier.publish()
            if (
                named == "differs" and resumed
            ):  # what lay there before was not the beginning of it: once more, from the first byte
                await courier.drop()
                await self._send(courier)
                named = await courier.publish()
            if named == "differs":
                await courier.drop()
                raise _Over(await self._whose_fault())
            if named != "yes":
                raise _Over(NAMED[named])

    async def _is_there(self, courier: Courier) -> bool:
        """Whether the very file is there. Raises _Over where it cannot be put there."""
        found = await courier.look()
        if found.there == "same":
            await courier.drop()
            return True
        if found.there != "absent":
            raise _Over(THERE[found.there])
        if found.free is not None and found.free < self._work.size - found.part + self._floor:
            raise _Over("delivery_no_space")
        return False

    async def _send(self, courier: Courier) -> bool:
        """Every byte that the node lacks; whether some were there before."""
        work, clock = self._work, asyncio.get_running_loop().time
        there = await courier.open()
        if there > work.size:
            await courier.drop()
            there = await courier.open()
        offset = self.done = there - there % BLOCK
        told = clock() - TOLD_SECONDS
        while offset < work.size:
            if clock() - told >= TOLD_SECONDS:
                await self._note()
                told = clock()
            data = await self._piece(offset)
            await courier.write(offset, data)
            offset += len(data)
            self.done = offset
            passing("delivering")
        await self._note()
        return there > 0

    async def _note(self) -> None:
        if not await self._tell(self._work, self.done):
            raise _Over(None)

    async def _piece(self, offset: int) -> bytes:
        try:
            data = await asyncio.to_thread(self._store.read, self._work.sha256, offset, PIECE)
        except OSError:
            data = b""
        if len(data) < min(PIECE, self._work.size - offset):
            raise _Over("delivery_package_gone")
        return data

    async def _whose_fault(self) -> str:
        """The node computed another digest: whether the console's own copy is damaged, or what arrived there."""
        try:
            own = await asyncio.to_thread(self._store.digest, self._work.sha256)
        except OSError:
            return "delivery_package_gone"
        return "delivery_differs" if own == self._work.sha256 else "delivery_damaged"
