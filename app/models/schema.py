"""Brings a database to the newest revision, or says that it is behind. The revisions are in migrations/."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.db import Database
from app.domain.errors import Refused

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


async def migrate(database: Database) -> None:
    """Run the revisions that are missing. Safe to repeat."""
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), "head"))


async def require_current(database: Database) -> None:
    """Refuse to work on a database whose revision is not the newest."""
    head = ScriptDirectory.from_config(_config()).get_current_head()

    def current(sync: sa.Connection) -> str | None:
        return MigrationContext.configure(sync).get_current_revision()

    async with database.engine.connect() as connection:
        if await connection.run_sync(current) == head:
            return
    raise Refused(
        "database_behind",
        "データベースが古い形式です。`tejun migrate` を実行してから起動してください。",
        "The database is not up to date. Run `tejun migrate` first.",
    )
