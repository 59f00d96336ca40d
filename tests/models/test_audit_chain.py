"""The chain against somebody who can write to the database: the database refuses first, the verification finds the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from app.domain.digest import link
from app.models import AuditEvent
from app.models.audit import events, verify_chain
from tests.support.world import World

GUARDED = ("audit_event", "plan")


@pytest.fixture
async def world(world: World) -> World:
    """A world with a plan in it, and some events."""
    await world.add_cluster()
    await world.submitted()
    return world


async def run(world: World, *statements: str, **values: object) -> None:
    """Statements in one transaction, past every action."""
    async with world.database.engine.begin() as connection:
        for statement in statements:
            await connection.execute(sa.text(statement), values)


async def unguard(world: World) -> None:
    """What somebody with all rights does first."""
    if world.database.is_sqlite:
        await run(world, "drop trigger audit_event_no_update", "drop trigger audit_event_no_delete")
    else:
        await run(world, "alter table audit_event disable trigger all")


async def faults(world: World, kept: Sequence[tuple[int, bytes]] | None = None) -> list[str]:
    """What the verification says, by the heads outside the database unless `kept` says otherwise."""
    async with world.database.reading() as db:
        return await verify_chain(db, list(world.heads if kept is None else kept))


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_event set actor = 'somebody'",
        "update audit_event set actor = actor where seq = 1",
        "delete from audit_event",
        "delete from audit_event where seq = (select max(seq) from audit_event)",
        "update plan set document = '{}'",
        "delete from plan",
    ],
)
async def test_the_database_itself_refuses_to_change_history(world: World, statement: str) -> None:
    before = await world.events()
    with pytest.raises(sa.exc.DBAPIError, match=r"append-only|immutable"):
        await run(world, statement)
    assert [e.payload for e in await world.events()] == [e.payload for e in before]


@pytest.mark.parametrize("table", GUARDED)
async def test_postgres_refuses_to_truncate_history(postgres_url: str, table: str) -> None:
    world = World(postgres_url)
    with pytest.raises(sa.exc.DBAPIError, match=r"append-only|immutable"):
        await run(world, f"truncate {table} cascade")
    await world.database.close()


async def test_an_event_before_the_first_is_refused(world: World) -> None:
    columns = "seq, at, actor, action, subject, payload, hash"
    with pytest.raises(sa.exc.IntegrityError):
        await run(world, f"insert into audit_event ({columns}) values (0, 1, 'a', 'b', 'c', '', '')")


async def test_an_untouched_chain_has_no_faults(world: World) -> None:
    assert await faults(world) == []
    assert await faults(world, []) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("update audit_event set actor = 'somebody' where seq = 5", ["changed:5"]),
        ("update audit_event set at = at + 1 where seq = 5", ["changed:5"]),
        ("update audit_event set session_id = 99 where seq = 5", ["changed:5"]),
        ("update audit_event set action = 'user.removed' where seq = 5", ["changed:5"]),
        ("update audit_event set subject = 'user:x' where seq = 5", ["changed:5"]),
        ("update audit_event set actor_id = 1 where seq = 5", ["changed:5"]),
        ("update audit_event set payload = :broken where seq = 5", ["changed:5"]),
        ("update audit_event set payload = :list where seq = 5", ["changed:5"]),
        ("update audit_event set hash = :broken where seq = 5", ["changed:5", "head_differs:5", "changed:6"]),
        ("delete from audit_event where seq = 5", ["missing:5"]),
        ("delete from audit_event where seq = 1", ["missing:1"]),
    ],
)
async def test_a_change_is_found_at_its_event(world: World, change: str, found: list[str]) -> None:
    await unguard(world)
    values = {
        name: value
        for name, value in {"broken": b"\xff" * 32, "list": b"[1]"}.items()
        if f":{name}" in change
    }
    await run(world, change, **values)
    assert await faults(world) == found


async def test_a_changed_payload_is_found_though_its_columns_agree(world: World) -> None:
    await unguard(world)
    row = (await world.events())[4]
    payload = row.payload.replace(b'"address":"192.0.2.7"', b'"address":"198.51.100.9"')
    assert payload != row.payload
    await run(world, "update audit_event set payload = :payload where seq = 5", payload=payload)
    assert await faults(world) == ["changed:5"]


async def test_swapped_events_are_found(world: World) -> None:
    await unguard(world)
    await run(
        world,
        "update audit_event set seq = 99999 where seq = 3",
        "update audit_event set seq = 3 where seq = 4",
        "update audit_event set seq = 4 where seq = 99999",
    )
    assert (await faults(world))[:2] == ["changed:3", "head_differs:3"]


async def test_a_truncated_tail_is_found_by_the_head_outside_alone(world: World) -> None:
    await unguard(world)
    last = len(await world.events())
    await run(world, "delete from audit_event where seq > :last", last=last - 2)
    assert await faults(world, []) == []
    assert await faults(world, world.heads[-1:]) == [f"head_lost:{last}"]


async def test_a_chain_written_anew_as_a_whole_is_found_by_the_heads_outside_alone(world: World) -> None:
    await unguard(world)
    before = bytes(32)
    for event in await world.events():
        payload = event.payload.replace(b"192.0.2.7", b"192.0.2.8")
        before = link(before, payload)
        values = {"payload": payload, "hash": before, "seq": event.seq}
        await run(world, "update audit_event set payload = :payload, hash = :hash where seq = :seq", **values)
    assert await faults(world, []) == []
    found = await faults(world)
    assert found
    assert {fault.partition(":")[0] for fault in found} == {"head_differs"}


async def test_the_chain_can_be_verified_with_sha256_alone(world: World) -> None:
    before = bytes(32)
    for event in await world.events():
        before = hashlib.sha256(before + event.payload).digest()
        assert event.hash == before


async def test_every_commit_tells_its_head_to_the_keeper(world: World) -> None:
    assert world.heads == [(event.seq, event.hash) for event in await world.events()]


async def test_events_are_found_by_actor_action_session_and_time(world: World) -> None:
    async with world.database.reading() as db:
        every = await events(db)
        assert [e.seq for e in every] == sorted((e.seq for e in every), reverse=True)
        assert {e.action for e in await events(db, action="session")} == {
            "session.created",
            "session.submitted",
        }
        assert {e.actor for e in await events(db, actor="kanri")} == {"kanri"}
        assert len(await events(db, session_id=world.session_id)) == 2
        assert await events(db, action="sess%") == []
        assert await events(db, since=world.now + 1) == []
        assert await events(db, until=world.now) == []
        assert [e.seq for e in await events(db, before=3)] == [2, 1]
        assert len(await events(db, limit=2)) == 2
    assert await world.count(AuditEvent) == len(every)
