"""The revisions make exactly the tables of the models, on both databases, once and again, and can be taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from app.db import Database
from app.domain.errors import Refused
from app.models import Base
from app.models.schema import _config, migrate, require_current


@pytest.fixture
async def empty(empty_database_url: str) -> AsyncIterator[Database]:
    """A database without tables."""
    database = Database(empty_database_url)
    yield database
    await database.close()


async def tables(database: Database) -> set[str]:
    """The names of all tables."""
    async with database.engine.connect() as connection:
        return set(await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()))


async def downgrade(database: Database) -> None:
    """Take every revision back."""
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(_config(sync), "base"))


async def test_an_empty_database_is_brought_to_the_newest_revision_and_again(empty: Database) -> None:
    with pytest.raises(Refused, match="database_behind"):
        await require_current(empty)
    for _ in range(2):
        await migrate(empty)
        await require_current(empty)
    assert await tables(empty) == set(Base.metadata.tables) | {"alembic_version"}


async def test_the_revisions_make_the_tables_of_the_models(empty: Database) -> None:
    await migrate(empty)

    def differences(sync: sa.Connection) -> list[object]:
        return list(
            compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), Base.metadata)
        )

    async with empty.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_revisions_make_the_constraints_of_the_models(
    empty: Database, empty_database_url: str
) -> None:
    await migrate(empty)

    def texts(sync: sa.Connection) -> dict[tuple[str, str | None], str]:
        inspector = sa.inspect(sync)
        return {
            (t, c["name"]): c["sqltext"]
            for t in Base.metadata.tables
            for c in inspector.get_check_constraints(t)
        }

    def indexes(sync: sa.Connection) -> dict[tuple[str, str | None], object]:
        inspector = sa.inspect(sync)
        found = ((table, index) for table in Base.metadata.tables for index in inspector.get_indexes(table))
        return {
            (t, i["name"]): {k: str(v) for k, v in i.get("dialect_options", {}).items()} for t, i in found
        }

    async with empty.engine.begin() as connection:
        migrated = await connection.run_sync(texts), await connection.run_sync(indexes)
    await downgrade(empty)
    async with empty.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        assert (await connection.run_sync(texts), await connection.run_sync(indexes)) == migrated
        assert migrated[0]


async def test_every_revision_can_be_taken_back_and_made_again(empty: Database) -> None:
    await migrate(empty)
    await downgrade(empty)
    assert await tables(empty) <= {"alembic_version"}
    await migrate(empty)
    await require_current(empty)


async def test_what_the_actions_rely_on_is_guarded_by_the_database(empty: Database) -> None:
    await migrate(empty)
    query = "select name from sqlite_master where type = 'trigger'"
    if not empty.is_sqlite:
        query = "select tgname from pg_trigger where not tgisinternal"
    async with empty.engine.connect() as connection:
        found = sorted(await connection.scalars(sa.text(query)))
    tables = ("audit_event", "overlay_version", "plan")
    verbs = ("delete", "update") if empty.is_sqlite else ("change",)
    assert found == [f"{table}_no_{verb}" for table in tables for verb in verbs]
