"""Deliveries as rows: asked for from the approval on, of the approved file alone, one a node, ended once, withdrawn."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.actions import clusters, deliveries, sessions
from app.actions.plans import Wish
from app.domain.errors import Forbidden, NotFound, Refused
from app.domain.lifecycle import DeliveryState
from app.models import Delivery, Package
from app.models.packages import deliveries_of, open_deliveries
from tests.support.world import WINDOW, World

SHA256 = "ab" * 32
WISH = Wish(operation="patch", target="R16.3.2", patch_file="/var/tmp/p & 1.rpm", patch_sha256=SHA256)


async def approved(world: World, *, stored: bool = True) -> int:
    """An approved session whose file is in the store."""
    if stored:
        async with world.database.transaction() as db:
            db.add(Package(name="p & 1.rpm", sha256=SHA256, size=1000, note="", added_at=world.now))
    row = await world.do("sato", sessions.create_session, world.cluster_id, WISH, "", *WINDOW)
    world.session_id = row.id
    await world.do("sato", sessions.submit_session, row.id)
    await world.approve()
    return row.id


async def rows(world: World) -> list[Delivery]:
    """The session's deliveries."""
    async with world.database.reading() as db:
        return await deliveries_of(db, world.session_id)


async def told(world: World) -> list[str]:
    """What the chain says of deliveries."""
    return [event.action for event in await world.events() if event.action.startswith("delivery.")]


async def test_a_delivery_goes_from_asked_to_delivered_on_every_node_before_the_window(world: World) -> None:
    session_id = await approved(world)
    asked = await world.do("sato", deliveries.deliver_session, session_id)
    assert [(row.node, row.path, row.size, row.state) for row in asked] == [
        ("node-a", "/var/tmp/p & 1.rpm", 1000, "queued"),
        ("node-b", "/var/tmp/p & 1.rpm", 1000, "queued"),
    ]
    work = await world.do(None, deliveries.begin_delivery, asked[0].id)
    assert work is not None
    assert (work.node, work.sha256) == ("node-a", SHA256)
    assert (
        await world.do(None, deliveries.begin_delivery, asked[0].id) == work
    )  # a new engine goes on with it
    assert await world.do(None, deliveries.note_progress, asked[0].id, 400)
    assert await world.do(None, deliveries.note_progress, asked[0].id, 400, "connection_cut")
    await world.do(None, deliveries.end_delivery, asked[0].id, DeliveryState.DELIVERED)
    await world.do(None, deliveries.end_delivery, asked[0].id, DeliveryState.FAILED, "late")
    assert not await world.do(None, deliveries.note_progress, asked[0].id, 500)
    first, second = await rows(world)
    assert (first.state, first.done, first.problem) == ("delivered", 1000, None)
    async with world.database.reading() as db:
        assert await open_deliveries(db) == [second.id]
    assert await told(world) == ["delivery.queued"] * 2 + ["delivery.started", "delivery.ended"]
    await world.require_sound()


async def test_asking_again_queues_what_is_over_and_leaves_what_is_under_way(world: World) -> None:
    session_id = await approved(world)
    first, second = await world.do("sato", deliveries.deliver_session, session_id)
    for row in (first, second):
        await world.do(None, deliveries.begin_delivery, row.id)
        await world.do(None, deliveries.note_progress, row.id, 128)
    await world.do(None, deliveries.end_delivery, first.id, DeliveryState.UNREACHABLE, "unreachable")
    await world.do("suzuki", deliveries.deliver_session, session_id)
    again, untouched = await rows(world)
    assert (again.state, again.done, again.problem, again.asked_by) == (
        "queued",
        128,
        None,
        world.people["suzuki"].id,
    )
    assert untouched.state == "running"
    await world.require_sound()


async def test_nothing_is_delivered_before_the_approval_or_after_the_end(world: World) -> None:
    session_id = await approved(world)
    await world.do("sato", sessions.revise_session, session_id)
    with pytest.raises(Refused, match="delivery_wrong_state"):
        await world.do("sato", deliveries.deliver_session, session_id)
    await world.do("sato", sessions.abort_session, session_id, "取りやめ")
    with pytest.raises(Refused, match="delivery_wrong_state"):
        await world.do("sato", deliveries.deliver_session, session_id)
    with pytest.raises(NotFound):
        await world.do("sato", deliveries.deliver_session, 999)


async def test_only_what_is_still_what_was_approved_is_delivered(world: World) -> None:
    session_id = await approved(world)
    [row, _] = await world.do("sato", deliveries.deliver_session, session_id)
    cluster = await world.cluster()
    changed = cluster.cluster.model_copy(update={"os_version": "RHEL 9"})
    await world.do("sato", clusters.edit_cluster, cluster.id, cluster.version, changed)
    with pytest.raises(Refused, match="approval_drifted"):
        await world.do("sato", deliveries.deliver_session, session_id)
    assert await world.do(None, deliveries.begin_delivery, row.id) is None
    [row, _] = await rows(world)
    assert (row.state, row.problem, row.begun_at) == ("failed", "delivery_drifted", None)


async def test_a_file_that_is_not_in_the_store_cannot_be_delivered(world: World) -> None:
    session_id = await approved(world, stored=False)
    with pytest.raises(Refused, match="delivery_no_package"):
        await world.do("sato", deliveries.deliver_session, session_id)


async def test_only_operators_deliver(world: World) -> None:
    session_id = await approved(world)
    for name in ("takahashi", "tanaka", "kanri"):
        with pytest.raises(Forbidden):
            await world.do(name, deliveries.deliver_session, session_id)
    await world.do(None, deliveries.deliver_session, session_id)  # the command line


async def test_a_session_that_goes_back_or_ends_takes_its_deliveries_with_it(world: World) -> None:
    session_id = await approved(world)
    first, _ = await world.do("sato", deliveries.deliver_session, session_id)
    await world.do(None, deliveries.begin_delivery, first.id)
    await world.do("sato", sessions.revise_session, session_id)
    assert [(row.state, row.problem) for row in await rows(world)] == [("failed", "delivery_withdrawn")] * 2
    assert not await world.do(None, deliveries.note_progress, first.id, 1)
    await world.do("sato", sessions.submit_session, session_id)
    await world.approve()
    await world.do("sato", deliveries.deliver_session, session_id)
    await world.do("sato", sessions.abort_session, session_id, "取りやめ")
    assert {row.state for row in await rows(world)} == {"failed"}
    await world.require_sound()


async def test_the_database_ties_a_deliverys_columns_to_its_state(world: World) -> None:
    session_id = await approved(world)
    [row, _] = await world.do("sato", deliveries.deliver_session, session_id)
    wrong: tuple[dict[str, object], ...] = (
        {"state": "lost"},
        {"state": "running"},
        {"ended_at": 1},
        {"state": "failed", "ended_at": 1},
        {"problem": "x"},
        {"done": 1001},
        {"state": "delivered", "begun_at": 1, "ended_at": 1, "done": 999},
        {"node": "node-b"},
    )
    for values in wrong:
        with pytest.raises(IntegrityError):
            async with world.database.transaction() as db:
                await db.execute(sa.update(Delivery).where(Delivery.id == row.id).values(**values))
