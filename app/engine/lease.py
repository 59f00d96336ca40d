"""One engine at a time. A second engine on the same database would run live segments a second time.

SQLite: a lock on a file beside the database, held by the process, gone with it however it dies. PostgreSQL: a session
advisory lock, gone with its connection; while it lasts no other worker launches.
"""

from __future__ import annotations

import asyncio
import fcntl
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import Database
from app.domain.errors import Refused

_ADVISORY = 7_305_642
SPARE_SECONDS = 0.5
ANSWER_SECONDS = 10.0  # a database that does not answer for so long may have given the lease to another


class Lease:
    """Taken before DBOS is launched, released when the engine stops. Refused where another engine holds it."""

    def __init__(self, database: Database, directory: Path) -> None:
        self._database = database
        self._path = directory / "engine.lock"
        self._file: IO[str] | None = None
        self._connection: AsyncConnection | None = None

    async def take(self, *, wait: bool = False) -> None:
        """Take the lease. Where another engine holds it: raise Refused at once, or `wait` until that one is gone."""
        while not (self._take_file() if self._database.is_sqlite else await self._take_advisory()):
            await self.release()
            if wait:
                await asyncio.sleep(SPARE_SECONDS)
                continue
            raise Refused(
                "engine_already_running",
                "このデータベースでは別の Tejun が既に動いています。先にそちらを停止してください。",
                "Another Tejun is already running on this database. Stop that one first.",
            )

    async def held(self) -> bool:
        """Whether the lease still holds: a lost connection to PostgreSQL has lost it."""
        if self._connection is None:
            return self._file is not None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return bool(await self._connection.scalar(sa.text("select true")))
        except (sa.exc.DBAPIError, TimeoutError):
            return False

    async def release(self) -> None:
        """Let go of the lease."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    def _take_file(self) -> bool:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    async def _take_advisory(self) -> bool:
        connection = await self._database.engine.connect()
        self._connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        return bool(
            await self._connection.scalar(sa.text("select pg_try_advisory_lock(:k)"), {"k": _ADVISORY})
        )
