"""The live state of a cluster, read from simulated nodes over real SSH: what is up, what is silent, which keys are new."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator

import pytest

from app.actions import clusters
from app.models.clusters import offered_keys
from app.nodes import Credential, Links, offered_key
from app.procedures.clusterfile import load_cluster
from app.targets import Targets
from app.web.resting import survey
from tests.support.lab import Cluster, shared_lab
from tests.web.forms import words
from tests.web.site import Site

__all__ = ["shared_lab"]


@pytest.fixture
async def live_site(site: Site, shared_lab: Cluster) -> AsyncIterator[Site]:
    """A site that reaches the simulated nodes; no host key is accepted yet."""
    key = Credential("key_file", str(shared_lab.lab.client_key))
    async with Links() as links:
        site.services.links = links
        site.services.targets_of = Targets(site.world.database, {"default": key}).of_cluster
        yield site


async def added(site: Site, lab: Cluster, **changes: str) -> int:
    """The lab's cluster, its file changed by replacing texts."""
    text = lab.lab.cluster_file.read_text()
    for old, new in changes.items():
        text = text.replace(old.strip("_"), new)
    row = await site.world.do("sato", clusters.add_cluster, load_cluster(text.encode()))
    site.world.cluster_id = row.id
    return row.id


async def accept(site: Site, lab: Cluster, *names: str) -> None:
    """Offer and accept the keys of these nodes."""
    for name in names:
        node = lab.lab.node(name)
        key = await offered_key(node.address, node.port)
        row = await site.world.do(
            None, clusters.offer_host_key, node.address, node.port, key.public_key, key.fingerprint
        )
        await site.world.do("kanri", clusters.accept_host_key, row.id)


def state_of(page: str, node: str) -> str:
    """What the page shows a node to be."""
    found = re.search(rf'data-node="{node}" data-state="(\w+)"', page)
    assert found is not None
    return found[1]


async def test_versions_sites_and_the_groups_owner_are_read_from_the_nodes(
    live_site: Site,
    shared_lab: Cluster,
) -> None:
    cluster_id = await added(live_site, shared_lab)
    await accept(live_site, shared_lab, "node-a", "node-b")
    async with live_site.browser("tanaka") as tanaka:
        page = (await tanaka.get(f"/clusters/{cluster_id}/live")).text
    assert (state_of(page, "node-a"), state_of(page, "node-b")) == ("online", "online")
    assert page.count('class="version">R16.3<') == 2
    assert 'data-group="g_jc" data-owner="node-a"' in page
    sites = re.findall(r'data-site="([^"]+)"><span class="badge [\w-]+" data-state="(\w+)"', page)
    assert sites == [("site1", "up"), ("local", "up"), ("site1", "down"), ("local", "up")]


async def test_a_key_seen_for_the_first_time_is_recorded_once_and_nothing_is_asked(
    live_site: Site,
    shared_lab: Cluster,
) -> None:
    cluster_id = await added(live_site, shared_lab)
    await accept(live_site, shared_lab, "node-a")
    node = shared_lab.lab.node("node-b")
    async with live_site.browser("tanaka") as tanaka:
        for _ in range(2):
            page = (await tanaka.get(f"/clusters/{cluster_id}/live")).text
            assert state_of(page, "node-b") == "unreachable"
            assert 'data-code="host_key_unknown"' in page
        async with live_site.world.database.reading() as db:
            offered = await offered_keys(db, node.address, node.port)
        assert len(offered) == 1
        assert offered[0].fingerprint in (await tanaka.get(f"/clusters/{cluster_id}/keys")).text
    assert (await live_site.actions()).count("host_key.offered") == 2


async def test_a_node_that_does_not_answer_is_shown_and_told_in_the_survey_of_an_abort(
    live_site: Site,
    shared_lab: Cluster,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    old = f"port: {shared_lab.lab.node('node-b').port}"
    cluster_id = await added(live_site, shared_lab, **{old: f"port: {port}"})
    await accept(live_site, shared_lab, "node-a")
    async with live_site.browser("tanaka") as tanaka:
        page = (await tanaka.get(f"/clusters/{cluster_id}/live")).text
    assert (state_of(page, "node-a"), state_of(page, "node-b")) == ("online", "unreachable")
    assert "接続できませんでした" in words(page)
    told = await survey(live_site.services, cluster_id, (await live_site.world.cluster()).cluster)
    assert [(node["node"], node["code"], node["version"]) for node in told["nodes"]] == [
        ("node-a", None, "R16.3"),
        ("node-b", "unreachable", None),
    ]
    assert told["groups"] == [{"group": "g_jc", "owner": "node-a", "words": ["managed"]}]
