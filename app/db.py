"""The database handle: engine, the transaction (the only commit), and the bell that rings after it. Knows no tables.

SQLite (one process, the default) and PostgreSQL (any number) run the same code. On SQLite a writing transaction begins
IMMEDIATE: a deferred one either loses updates or fails with "database is locked" once two people write at once.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from app.instants import passing

__all__ = ["AsyncSession", "Bell", "Database", "after_commit", "announce_head", "note_bell"]

CHANNEL = "tejun_bell"
_BELLS, _AFTER, _DATABASE = "tejun.bells", "tejun.after", "tejun.database"


class Bell:
    """Wakes whoever waits for a topic ("session:12"). Holds no data: a listener reads the rows again.

    One append-only list of rung topics with a cursor per listener: a slow listener misses nothing and costs no queue.
    """

    def __init__(self, keep: int = 4096) -> None:
        self._rung: list[str] = []
        self._first = 0
        self._keep = keep
        self._event = asyncio.Event()

    def ring(self, topics: list[str]) -> None:
        """Tell every listener; must be called on the event loop, after the commit."""
        if not topics:
            return
        self._rung.extend(topics)
        if len(self._rung) > self._keep:
            drop = len(self._rung) - self._keep
            del self._rung[:drop]
            self._first += drop
        rung, self._event = self._event, asyncio.Event()
        rung.set()

    def forget(self) -> None:
        """Something may have been rung that was not heard: every listener is told to look at everything again."""
        self._first = self.cursor + 1
        self._rung.clear()
        rung, self._event = self._event, asyncio.Event()
        rung.set()

    @property
    def cursor(self) -> int:
        """The position behind the last topic rung: where a new listener begins."""
        return self._first + len(self._rung)

    def since(self, cursor: int) -> tuple[list[str] | None, int]:
        """Topics rung since `cursor` without repetitions, and the new cursor; None for the topics where some were dropped."""
        if cursor < self._first:
            return None, self.cursor
        return list(dict.fromkeys(self._rung[cursor - self._first :])), self.cursor

    async def wait(self, cursor: int, timeout: float) -> bool:
        """Wait until something was rung after `cursor`, `timeout` seconds at most. True if something was."""
        while self.cursor <= cursor:
            try:
                await asyncio.wait_for(self._event.wait(), timeout)
            except TimeoutError:
                return False
        return True


def note_bell(db: AsyncSession, *topics: str) -> None:
    """Note topics to be rung once this transaction has committed (and never if it rolls back)."""
    db.info.setdefault(_BELLS, []).extend(topics)


def after_commit(db: AsyncSession, call: Callable[[], None]) -> None:
    """Note a call to be made once this transaction has committed."""
    db.info.setdefault(_AFTER, []).append(call)


def announce_head(db: AsyncSession, seq: int, digest: bytes) -> None:
    """Have the audit chain's new head told to whoever keeps it outside the database, once this has committed."""
    database = db.info[_DATABASE]
    after_commit(db, lambda: database.keep_head(seq, digest))


def _keep_nothing(_seq: int, _digest: bytes) -> None:
    return


class Database:
    """One engine and the ways to use it: `transaction()` writes and commits, `reading()` never does.

    `keep_head` is called after every commit that appended audit events, with the chain's new head.
    """

    def __init__(self, url: str, keep_head: Callable[[int, bytes], None] = _keep_nothing) -> None:
        self.url = url
        self.keep_head = keep_head
        self.origin = secrets.token_hex(8)  # tells our own notifications from those of other processes
        self.bell = Bell()
        self.engine: AsyncEngine = _engine(url)
        self._writing = self.engine.execution_options(tejun_writing=True)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the one-process database."""
        return self.engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """The only place that commits. Rolls back when the body raises; rings the noted bells after the commit."""
        async with AsyncSession(self._writing, expire_on_commit=False) as db:
            db.info[_DATABASE] = self
            yield db
            topics = list(dict.fromkeys(db.info.get(_BELLS, [])))
            if topics and not self.is_sqlite:
                payload = json.dumps({"from": self.origin, "topics": topics})
                await db.execute(sa.text("select pg_notify(:c, :p)"), {"c": CHANNEL, "p": payload})
            await db.commit()
            passing("before_bell")
            for call in db.info.pop(_AFTER, []):
                call()
            self.bell.ring(topics)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for reads; whatever it did is rolled back."""
        async with AsyncSession(self.engine, expire_on_commit=False) as db:
            yield db

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _engine(url: str) -> AsyncEngine:
    if url.startswith("sqlite"):
        engine = create_async_engine(url, connect_args={"timeout": 30})
        event.listen(engine.sync_engine, "connect", _sqlite_connect)
        event.listen(engine.sync_engine, "begin", _sqlite_begin)
        return engine
    options = "-c idle_in_transaction_session_timeout=30000"
    return create_async_engine(url, pool_size=10, max_overflow=20, connect_args={"options": options})


def _sqlite_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the "begin" event below says how a transaction begins, not the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: sa.Connection) -> None:
    writing = connection.get_execution_options().get("tejun_writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
