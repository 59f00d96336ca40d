"""The migrations make exactly the tables of the models, on both kinds of database, forwards and backwards."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.db import Database
from app.models import Base
from app.models.schema import MIGRATIONS, migrate, require_current


def config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration as the product makes it."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["connection"] = connection
    return made


def differences(connection: sa.Connection) -> list[Any]:
    """What Alembic would still change."""
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


async def test_the_migrations_make_the_tables_of_the_models(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    await migrate(database)
    await migrate(database)
    await require_current(database)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


async def test_the_way_back_leaves_nothing(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    await migrate(database)
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config(sync), "base"))
        left = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
    assert left in ([], ["alembic_version"])
    await database.close()


def test_the_revisions_are_one_line() -> None:
    assert len(ScriptDirectory.from_config(config()).get_heads()) == 1
