"""Hears what other processes committed, and rings our bell for it: LISTEN on PostgreSQL, `PRAGMA data_version` on SQLite.

Carries no data: whoever hears the bell reads the rows. Must not write.
"""

from __future__ import annotations

import asyncio
import json

import psycopg
import sqlalchemy as sa
import structlog

from app.db import CHANNEL, Database
from app.models.audit import chain, chain_head

log = structlog.get_logger(__name__)
POLL_SECONDS = 0.5


class Wake:
    """One loop a process. `own(seq)` tells it which audit events this process wrote itself."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._own: set[int] = set()
        self._seen = 0

    def own(self, seq: int) -> None:
        """Note an event of this process: its bells have been rung already."""
        if self._database.is_sqlite:
            self._own.add(seq)

    async def run(self) -> None:
        """Until cancelled; a lost connection is opened again."""
        if self._database.is_sqlite:
            await self._poll()
        while True:
            try:
                await self._listen()
            except psycopg.OperationalError as lost:
                log.warning("notifications lost, listening again", error=str(lost))
            await asyncio.sleep(1.0)

    async def _poll(self) -> None:
        async with self._database.reading() as db:
            self._seen = (await chain_head(db))[0]
        async with self._database.engine.connect() as connection:
            version = None
            while True:
                now = await connection.scalar(sa.text("PRAGMA data_version"))
                await connection.rollback()  # an open transaction would see the same version for ever
                if now != version:
                    while await self._ring_events():
                        pass
                version = now
                await asyncio.sleep(POLL_SECONDS)

    async def _ring_events(self) -> int:
        async with self._database.reading() as db:
            events = await chain(db, after=self._seen)
        for event in events:
            topics = [event.subject, "audit"] + ([f"session:{event.session_id}"] if event.session_id else [])
            if event.seq not in self._own:
                self._database.bell.ring(topics)
            self._seen = event.seq
        self._own = {seq for seq in self._own if seq > self._seen}
        return len(events)

    async def _listen(self) -> None:
        url = sa.make_url(self._database.url).set(drivername="postgresql")
        conninfo = url.render_as_string(hide_password=False)
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self._database.bell.forget()  # what was rung before this moment was not heard
            async for notice in connection.notifies():
                told = json.loads(notice.payload)
                if told["from"] != self._database.origin:
                    self._database.bell.ring(told["topics"])
