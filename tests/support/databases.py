"""Fresh databases for tests, SQLite and PostgreSQL: migrated once in a run and copied for every test."""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.db import Database
from app.models.schema import migrate
from tests.support.postgres import PostgresServer


def sqlite_url(path: Path) -> str:
    """The URL that the product is given for a SQLite file."""
    return f"sqlite+aiosqlite:///{path}"


def sqlite_template(path: Path) -> Path:
    """A SQLite file with the tables and no rows."""
    _make_tables(sqlite_url(path))
    return path


def copied(template: Path, path: Path) -> str:
    """A copy of a SQLite template; its URL."""
    shutil.copyfile(template, path)
    return sqlite_url(path)


def postgres_template(server: PostgresServer) -> str:
    """A PostgreSQL database with the tables and no rows; its name."""
    name = server.create()
    _make_tables(server.url(name))
    return name


def _make_tables(url: str) -> None:
    async def migrated() -> None:
        database = Database(url)
        await migrate(database)
        await database.close()

    with ThreadPoolExecutor(1) as apart:  # a fixture may be asked for while a test's own loop is running
        apart.submit(lambda: asyncio.run(migrated())).result()
