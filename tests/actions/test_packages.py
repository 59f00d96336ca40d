"""Packages: stored once a content, named by their digest on disk, held while a session needs them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.actions import packages, sessions
from app.domain.errors import Forbidden, Invalid, NotFound, Refused
from app.models import Package
from app.packagestore import PackageStore
from tests.support.world import WINDOW, WISH, World

BYTES = b"\x00patch\xff" * 1000
SHA256 = hashlib.sha256(BYTES).hexdigest()
NAME = "NECJCpt 16.3.2 & 日本語.rpm"


@pytest.fixture
def store(tmp_path: Path) -> PackageStore:
    """A store that takes a megabyte at most."""
    return PackageStore(tmp_path / "packages", limit=1_000_000, floor=0)


async def added(
    world: World, store: PackageStore, by: str | None = "sato", data: bytes = BYTES, **more: str
) -> tuple[Package, bool]:
    """The bytes handed in and stored."""
    with store.receive() as incoming:
        incoming.write(data)
        incoming.finish()
        return await world.do(by, packages.add_package, store, incoming, more.pop("name", NAME), **more)


def kept(store: PackageStore) -> list[str]:
    """What lies in the folder."""
    return sorted(path.name for path in store.folder.iterdir())


async def test_a_package_is_stored_under_its_digest_with_who_and_when(
    world: World, store: PackageStore
) -> None:
    row, new = await added(world, store, note=" 月例 ", expected=f"SHA256:{SHA256.upper()} ")
    assert new
    told = (row.name, row.sha256, row.size, row.note, row.added_by, row.added_at)
    assert told == (NAME, SHA256, len(BYTES), "月例", world.people["sato"].id, world.now)
    assert kept(store) == [SHA256]
    assert store.path(SHA256).read_bytes() == BYTES
    assert (await world.events())[-1].action == "package.added"
    await world.require_sound()


async def test_the_same_bytes_again_are_the_package_that_is_there(world: World, store: PackageStore) -> None:
    (first, _), (again, new) = await added(world, store), await added(world, store, by=None, name="other.rpm")
    assert (again.id, again.name, new) == (first.id, NAME, False)
    assert kept(store) == [SHA256]
    store.path(SHA256).unlink()  # a folder that was lost is filled again by the same bytes
    await added(world, store)
    assert kept(store) == [SHA256]
    assert [event.action for event in await world.events()].count("package.added") == 1


REFUSED: tuple[tuple[dict[str, str], str], ...] = (
    ({"expected": "ab" * 32}, "package_differs"),
    ({"expected": "abc"}, "package_sha256"),
    ({"name": "a/b"}, "file_name.separator"),
    ({"note": "x" * 2001}, "package_note"),
    ({"note": "\0"}, "package_note"),
)


async def test_what_is_refused_leaves_nothing_behind(world: World, store: PackageStore) -> None:
    for more, code in REFUSED:
        with pytest.raises(Invalid, match=code):
            await added(world, store, **more)
        assert kept(store) == []
    assert await world.count(Package) == 0


async def test_a_package_has_to_fit_the_limit_and_the_disk(tmp_path: Path, store: PackageStore) -> None:
    with pytest.raises(Invalid, match="package_too_large"):
        store.receive(1_000_001)
    with store.receive() as incoming, pytest.raises(Invalid, match="package_too_large"):
        incoming.write(bytes(1_000_001))
    with store.receive() as incoming, pytest.raises(Invalid, match="package_empty"):
        incoming.finish()
    with pytest.raises(Refused, match="package_no_room"):
        PackageStore(tmp_path / "full", limit=10, floor=2**62).receive()


async def test_approvers_and_auditors_neither_add_nor_remove(world: World, store: PackageStore) -> None:
    row, _ = await added(world, store, by="kanri")
    for name in ("takahashi", "tanaka"):
        with pytest.raises(Forbidden):
            await added(world, store, by=name, data=b"other")
        with pytest.raises(Forbidden):
            await world.do(name, packages.remove_package, row.id)


async def test_a_package_that_a_session_needs_stays_until_that_has_ended(
    world: World, store: PackageStore
) -> None:
    row, _ = await added(world, store)
    async with world.act("sato") as act:
        record = await world.cluster()
        wish = WISH.model_copy(update={"patch_sha256": None})
        chosen = await packages.choose_package(act, record, wish, row.id)
        session = await sessions.create_session(act, record.id, chosen, "", *WINDOW)
    assert (session.patch_file, session.patch_sha256) == (f"/var/tmp/{NAME}", SHA256)
    with pytest.raises(Refused, match="package_in_use"):
        await world.do("sato", packages.remove_package, row.id)
    await world.do("sato", sessions.abort_session, session.id, "取りやめ")
    await world.do("sato", packages.remove_package, row.id)
    assert await world.count(Package) == 0
    await world.do(None, packages.set_aside_leftovers, store)
    store.clear()
    assert kept(store) == []
    assert (await world.events())[-1].action == "package.removed"
    with pytest.raises(NotFound):
        await world.do("sato", packages.remove_package, row.id)


async def test_clearing_keeps_packages_and_uploads_under_way(world: World, store: PackageStore) -> None:
    await added(world, store)
    store.path("0" * 64).write_bytes(b"of no row")
    (store.folder / "notes.txt").write_text("a person's own")
    with store.receive() as incoming, store.receive() as stale:
        os.utime(stale.path, (0, 0))
        await world.do(None, packages.set_aside_leftovers, store)
        store.clear()
        assert kept(store) == sorted([SHA256, "notes.txt", incoming.path.name])


async def test_a_package_and_something_else_typed_exclude_each_other(
    world: World, store: PackageStore
) -> None:
    row, _ = await added(world, store)
    for typed in ({"patch_file": "/var/tmp/other.rpm"}, {"patch_sha256": "cd" * 32}):
        wish = WISH.model_copy(update={"patch_sha256": None, **typed})
        with pytest.raises(Invalid, match="package_and_path"):
            async with world.act("sato") as act:
                await packages.choose_package(act, await world.cluster(), wish, row.id)


async def test_the_database_refuses_what_cannot_be(world: World, store: PackageStore) -> None:
    await added(world, store)
    for values in ({"size": 0}, {"sha256": "ab"}, {"sha256": SHA256}):
        row = {"name": "x", "sha256": "cd" * 32, "size": 1, "note": "", "added_at": 1, **values}
        with pytest.raises(IntegrityError):
            async with world.database.transaction() as db:
                await db.execute(sa.insert(Package).values(**row))
