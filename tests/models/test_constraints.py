"""Columns that belong together stay together: the database refuses what no action would ever write."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.actions import approvals
from app.domain.lifecycle import AttemptState, Awaiting
from app.models import Base
from tests.support.world import World

TABLES = Base.metadata.tables
ILLEGAL = [
    ("session", {"state": "resting"}),
    ("session", {"state": "completed"}),
    ("session", {"state": "paused"}),
    ("session", {"state": "aborted", "ended_at": 1}),
    ("session", {"ended_at": 1}),
    ("session", {"abort_reason": "x"}),
    ("session", {"pause_reason": "x"}),
    ("session", {"started_at": None}),
    ("session", {"approval_digest": None}),
    ("session", {"window_end": 1}),
    ("session", {"window_end": None}),
    ("session", {"cluster_id": 999}),
    ("step_run", {"state": "resting"}),
    ("step_run", {"awaiting": None}),
    ("step_run", {"awaiting": "somebody"}),
    ("step_run", {"state": "succeeded"}),
    ("step_run", {"state": "succeeded", "awaiting": None}),
    ("step_run", {"state": "failed", "awaiting": None}),
    ("step_run", {"ended_at": 1}),
    ("step_run", {"started_at": None}),
    ("step_run", {"seq": 1}),
    ("attempt", {"state": "resting"}),
    ("attempt", {"ended_at": None}),
    ("attempt", {"state": "running"}),
    ("attempt", {"state": "queued", "ended_at": None, "exit_status": None}),
    ("attempt", {"state": "unreachable", "exit_status": None}),
    ("attempt", {"state": "unknown"}),
    ("attempt", {"begun_at": None}),
    ("attempt", {"state": "unknown", "begun_at": None, "claimed_at": None, "exit_status": None}),
    ("approval", {"kind": "wish"}),
    ("approval", {"state": "maybe"}),
    ("approval", {"state": "granted"}),
    ("approval", {"state": "granted", "decided_at": 1}),
    ("approval", {"state": "granted", "decided_at": 1, "decided_by": 1}),  # by who asked
    ("approval", {"decided_at": 1}),
    ("approval", {"step_run_id": None}),
    ("approval", {"kind": "extend"}),
    ("host_key", {"state": "offered"}),
    ("host_key", {"state": "known"}),
    ("host_key", {"accepted_at": None}),
]
TWICE = [
    ("cluster", ["name"]),
    ("user_account", ["name"]),
    ("session", ["cluster_id"]),
    ("session_node", ["fingerprint"]),
    ("host_key", ["address", "port"]),
    ("approval", ["session_id", "kind"]),
    ("attempt", ["key"]),
]


async def furnish(world: World) -> None:
    """One running session with a failed attempt behind it, a step awaiting its executor, and a pending question."""
    await world.add_cluster()
    await world.running()
    run = await world.until(Awaiting.EXECUTE)
    number = await last(world, "attempt")
    await update(world, "attempt", number, {"state": AttemptState.FAILED.value, "exit_status": 1})
    await world.do("sato", approvals.skip_step, run.id, "不要")


async def last(world: World, table: str) -> int:
    """The newest row of a table; of step runs the one that waits for somebody."""
    query = sa.select(sa.func.max(TABLES[table].c.id))
    if table == "step_run":
        query = query.where(TABLES[table].c.state == "awaiting")
    async with world.database.reading() as db:
        return int(await db.scalar(query) or 0)


async def update(world: World, table: str, number: int, values: dict[str, object]) -> None:
    """Past every action."""
    async with world.database.engine.begin() as connection:
        rows = TABLES[table].update().where(TABLES[table].c.id == number)
        await connection.execute(rows.values(values))


async def test_no_column_says_what_another_denies(world: World) -> None:
    await furnish(world)
    let_through = []
    for table, values in ILLEGAL:
        try:
            await update(world, table, await last(world, table), values)
        except sa.exc.IntegrityError:
            continue
        let_through.append((table, values))
    assert let_through == []


async def test_what_must_be_there_once_is_not_there_twice(world: World) -> None:
    await furnish(world)
    let_through = []
    for table, columns in TWICE:
        copy = await copied(world, table, columns)
        try:
            async with world.database.engine.begin() as connection:
                await connection.execute(TABLES[table].insert().values(copy))
        except sa.exc.IntegrityError as refused:
            if "unique" in str(refused.orig).lower():
                continue
        let_through.append(table)
    assert let_through == []


async def copied(world: World, table: str, columns: list[str]) -> dict[str, object]:
    """The newest row without its number; texts other than `columns` are new, so that these alone collide."""
    async with world.database.reading() as db:
        row = (
            await db.execute(TABLES[table].select().where(TABLES[table].c.id == await last(world, table)))
        ).one()
    values = {name: value for name, value in row._mapping.items() if name != "id"}
    unique = {"name", "key", "node", "public_key", "fingerprint"} - set(columns)
    if table == "attempt":
        values["number"] = 99
    return {name: f"{value}-other" if name in unique else value for name, value in values.items()}


async def test_a_row_that_others_point_at_is_not_removed(world: World) -> None:
    await furnish(world)
    for table in ("cluster", "user_account", "session", "step_run"):
        with pytest.raises(sa.exc.IntegrityError):
            async with world.database.engine.begin() as connection:
                await connection.execute(TABLES[table].delete())


async def test_an_attempt_that_is_open_is_the_only_one(world: World) -> None:
    await furnish(world)
    copy = await copied(world, "attempt", [])
    opened = {
        **copy,
        "state": "queued",
        "exit_status": None,
        "ended_at": None,
        "begun_at": None,
        "claimed_at": None,
    }
    async with world.database.engine.begin() as connection:
        await connection.execute(TABLES["attempt"].insert().values({**opened, "key": "50", "number": 50}))
    with pytest.raises(sa.exc.IntegrityError, match=r"(?i)unique"):
        async with world.database.engine.begin() as connection:
            await connection.execute(TABLES["attempt"].insert().values({**opened, "key": "51", "number": 51}))
