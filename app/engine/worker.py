"""The engine's life: lease, launch, sweep, stop. One on a database at a time.

Numbered, since the order matters: 1 take the lease, 2 hand the machine to the workflow, 3 launch DBOS (it takes up the
segments of the process before), 4 sweep, watch and deliver until stopped, 5 stop DBOS, 6 release the lease.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog
from dbos import DBOS, DBOSConfig

from app.actions import advance
from app.engine import segment
from app.engine.deliver import Deliveries
from app.engine.lease import Lease
from app.engine.machine import Machine
from app.engine.queue import APPLICATION, QUEUE, VERSION, JsonSerializer, SegmentQueue, segment_id, sync_url
from app.engine.watch import OutageWatch
from app.models.sessions import sessions_under_way

log = structlog.get_logger(__name__)
POLL_SECONDS = 0.1
SWEEP_SECONDS = 2.0
STOP_LOST_LEASE = 75


class Engine:
    """Start it once per process; `stop` leaves every segment to be taken up by the next engine."""

    def __init__(
        self, machine: Machine, queue: SegmentQueue, directory: Path, deliveries: Deliveries
    ) -> None:
        self._machine, self._queue, self._deliveries = machine, queue, deliveries
        self._lease = Lease(machine.database, directory)
        self._watch = OutageWatch(machine)
        self._loops: list[asyncio.Future[None]] = []

    async def start(self, *, spare: bool = False) -> None:
        """Raises Refused where another engine holds the lease; a `spare` waits and takes over when that one is gone."""
        await self._lease.take(wait=spare)
        segment.use(self._machine)
        config = DBOSConfig(
            name=APPLICATION,
            system_database_url=sync_url(self._machine.database.url),
            executor_id="embedded",
            application_version=VERSION,
            log_level="ERROR",
            serializer=JsonSerializer(),
            max_executor_threads=8,
        )
        DBOS(config=config)
        DBOS.launch()  # on this loop, so that segments run on it too: the links and the database belong to it
        await DBOS.register_queue_async(QUEUE, polling_interval_sec=POLL_SECONDS)
        loops = (self._sweep(), self._watch.run(), self._deliveries.run())
        self._loops = [asyncio.ensure_future(loop) for loop in loops]

    async def stop(self) -> None:
        """Stop taking up segments; what runs on the nodes runs on under its guard."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if not self._loops:
            await self._lease.release()  # it never got as far as launching
            return
        await segment.let_go()
        await asyncio.to_thread(DBOS.destroy)
        # DBOS made its own threads the loop's and has just ended them: the rest of the process still needs some
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        segment.use(None)
        await self._lease.release()

    async def _sweep(self) -> None:
        """Rows are the truth: a running session without a live segment gets one (crash, restore, copied database)."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            if not await self._lease.held():
                os._exit(
                    STOP_LOST_LEASE
                )  # another engine may have started: stop now, the supervisor restarts us
            await self._sweep_once()

    async def _sweep_once(self) -> None:
        async with self._machine.database.reading() as db:
            under_way = [(s.id, s.advance_no) for s in await sessions_under_way(db)]
        if not under_way:
            return
        live = await self._queue.live_segments()
        for session_id, advance_no in under_way:
            if segment_id(session_id, advance_no) in live:
                continue
            async with self._machine.act() as act:
                if await advance.sweep_session(act, session_id, advance_no):
                    log.warning("session swept", session=session_id)
