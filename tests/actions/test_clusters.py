"""Clusters and host keys: stale pages, sessions under way, keys that are offered, accepted, replaced."""

from __future__ import annotations

import pytest

from app.actions import clusters, sessions
from app.domain.errors import Refused
from app.models import ClusterRecord, HostKey
from app.models.clusters import accepted_key, offered_keys
from app.procedures.clusterfile import load_cluster
from tests.actions.test_session_refusals import code_of
from tests.support.world import CLUSTER, World


async def test_an_edit_of_a_stale_page_is_refused(world: World) -> None:
    row = await world.cluster()
    changed = row.cluster.model_copy(update={"os_version": "9.4"})
    await world.do("sato", clusters.edit_cluster, row.id, row.version, changed)
    assert (
        await code_of(world.do("suzuki", clusters.edit_cluster, row.id, row.version, row.cluster))
        == "cluster_changed"
    )
    assert (await world.cluster()).cluster == changed
    assert (await world.cluster()).version == row.version + 1


@pytest.mark.parametrize("paused", [False, True])
async def test_a_cluster_in_a_session_is_not_edited(world: World, paused: bool) -> None:
    await world.running()
    if paused:
        await world.do("sato", sessions.pause_session, world.session_id, "昼")
    row = await world.cluster()
    assert (
        await code_of(world.do("suzuki", clusters.edit_cluster, row.id, row.version, row.cluster))
        == "cluster_in_session"
    )
    await world.do("sato", sessions.abort_session, world.session_id, "中止")
    await world.do("suzuki", clusters.edit_cluster, row.id, row.version, row.cluster)


async def test_a_name_is_taken_once(world: World) -> None:
    assert (
        await code_of(world.do("sato", clusters.add_cluster, load_cluster(CLUSTER.encode())))
        == "cluster_exists"
    )
    number = await world.add_cluster("osaka", (2301, 2302), "YZ")
    row = await world.cluster()
    assert await code_of(
        world.do("sato", clusters.edit_cluster, number, row.version, load_cluster(CLUSTER.encode()))
    ) == ("cluster_exists")


async def test_a_cluster_with_a_history_stays_and_one_without_goes(world: World) -> None:
    await world.draft()
    assert await code_of(world.do("sato", clusters.remove_cluster, world.cluster_id)) == "cluster_has_history"
    number = await world.add_cluster("osaka", (2301, 2302), "YZ")
    await world.do("sato", clusters.remove_cluster, number)
    assert await world.count(ClusterRecord) == 1
    assert await code_of(world.do("sato", clusters.remove_cluster, number)) == "no_such_cluster"


async def test_a_cluster_is_written_by_those_who_may(world: World) -> None:
    for name in ("takahashi", "tanaka"):
        assert (
            await code_of(world.do(name, clusters.add_cluster, load_cluster(CLUSTER.encode())))
            == "needs_edit_clusters"
        )
        assert (
            await code_of(world.do(name, clusters.remove_cluster, world.cluster_id)) == "needs_edit_clusters"
        )


async def test_a_host_key_is_accepted_by_an_administrator_alone(world: World) -> None:
    row = await world.do("sato", clusters.offer_host_key, "127.0.0.1", 2201, "ssh-ed25519 C", "SHA256:C")
    for name in ("sato", "takahashi"):
        assert await code_of(world.do(name, clusters.accept_host_key, row.id)) == "needs_administer"
    assert await code_of(world.do("kanri", clusters.accept_host_key, 999)) == "no_such_key"


async def test_an_accepted_key_takes_the_place_of_the_one_before(world: World) -> None:
    await world.accept_key(2201, "C")
    async with world.database.reading() as db:
        key = await accepted_key(db, "127.0.0.1", 2201)
        assert key is not None
        assert key.public_key == "ssh-ed25519 C"
        assert await offered_keys(db, "127.0.0.1", 2201) == []
    await world.accept_key(2201, "A")  # and back: the row of that key is offered and accepted anew
    assert await world.count(HostKey) == 3


async def test_a_key_that_is_offered_again_stays_what_it_was(world: World) -> None:
    before = len(await world.events())
    offer = clusters.offer_host_key
    again = await world.do(None, offer, "127.0.0.1", 2201, "ssh-ed25519 A", f"SHA256:{'A' * 43}")
    assert again.state == "accepted"
    await world.do("kanri", clusters.accept_host_key, again.id)
    assert len(await world.events()) == before


async def test_the_key_of_a_node_in_a_session_is_not_replaced(world: World) -> None:
    await world.running()
    with pytest.raises(Refused, match="host_key_in_session"):
        await world.accept_key(2201, "C")
    await world.do("sato", sessions.abort_session, world.session_id, "ノード交換")
    await world.accept_key(2201, "C")
