"""The connection doctor on a cluster's page and on the command line, over simulated nodes and real SSH."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from app.actions import clusters
from app.cli_nodes import node_app
from app.cli_stores import cluster_app
from app.nodes import Credential, Links
from app.procedures.clusterfile import load_cluster
from app.targets import Targets
from tests.support.lab import Cluster, shared_lab
from tests.web.forms import send, words
from tests.web.site import HTMX, Site, csrf
from tests.web.test_pages_live import accept, added

__all__ = ["shared_lab"]


@pytest.fixture
async def live_site(site: Site, shared_lab: Cluster) -> AsyncIterator[Site]:
    """A site that reaches the simulated nodes; no host key is accepted yet."""
    key = Credential("key_file", str(shared_lab.lab.client_key))
    async with Links() as links:
        site.services.links = links
        site.services.targets_of = Targets(site.world.database, {"default": key}).of_cluster
        yield site


def verdicts(page: str) -> dict[str, str]:
    """Each line of an examination and its verdict."""
    return dict(re.findall(r'data-line="(\w+)">.*?data-verdict="(\w+)"', page, re.DOTALL))


async def test_one_click_on_the_cluster_page_examines_a_node_without_javascript(
    live_site: Site, shared_lab: Cluster
) -> None:
    cluster_id = await added(live_site, shared_lab)
    await accept(live_site, shared_lab, "node-a", "node-b")
    async with live_site.browser("sato") as sato:
        before = await live_site.actions()
        page = (await sato.get(f"/clusters/{cluster_id}")).text
        answer = await send(sato, page, "check-form-node-a")
    assert answer.status_code == 200
    found = verdicts(answer.text)
    assert found["rights"] == found["identity"] == found["disk"] == found["spool"] == "pass"
    assert "fail" not in found.values()
    assert "<h1>接続診断" in answer.text
    assert "✓" in words(answer.text)
    assert "合格" in words(answer.text)
    assert await live_site.actions() == before


async def test_htmx_gets_the_lines_alone(live_site: Site, shared_lab: Cluster) -> None:
    cluster_id = await added(live_site, shared_lab)
    async with live_site.browser("kanri") as kanri:
        place = f"/clusters/{cluster_id}/nodes/node-b/check"
        assert "data-line" not in (await kanri.get(place)).text
        answer = await kanri.post(place, data={"csrf": await csrf(kanri)}, headers=HTMX)
        assert answer.text.lstrip().startswith('<section id="check"')
        assert verdicts(answer.text)["identity"] == "fail"
        assert verdicts(answer.text)["signin"] == "not_asked"
        # a key that nobody has seen before waits for a decision, as on the live reading
        assert (await live_site.actions()).count("host_key.offered") == 1
        await kanri.post(place, data={"csrf": await csrf(kanri)}, headers=HTMX)
        assert (await live_site.actions()).count("host_key.offered") == 1


async def test_a_node_that_cannot_be_reached_says_what_to_do(live_site: Site, shared_lab: Cluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    cluster_id = await added(
        live_site, shared_lab, **{f"port: {shared_lab.lab.node('node-b').port}": f"port: {port}"}
    )
    async with live_site.browser("sato") as sato:
        page = (await sato.get(f"/clusters/{cluster_id}/nodes/node-b/check")).text
        answer = await send(sato, page, "check-form")
    assert verdicts(answer.text)["port"] == "fail"
    assert "sshd" in words(answer.text)


async def test_only_operators_and_administrators_may_ask(live_site: Site, shared_lab: Cluster) -> None:
    cluster_id = await added(live_site, shared_lab)
    place = f"/clusters/{cluster_id}/nodes/node-a/check"
    for name in ("tanaka", "takahashi"):
        async with live_site.browser(name) as person:
            assert "check-form" not in (await person.get(f"/clusters/{cluster_id}")).text
            answer = await person.post(place, data={"csrf": await csrf(person)})
            assert answer.status_code == 403
    async with live_site.browser("sato") as sato:
        assert (await sato.get(place.replace("node-a", "node-x"))).status_code == 404
        assert (await sato.post(place)).status_code == 403  # without the csrf value of this login


async def test_a_console_that_reaches_no_nodes_says_so(site: Site, shared_lab: Cluster) -> None:
    row = await site.world.do(
        "sato", clusters.add_cluster, load_cluster(shared_lab.lab.cluster_file.read_bytes())
    )
    async with site.browser("sato") as sato:
        place = f"/clusters/{row.id}/nodes/node-a/check"
        answer = await sato.post(place, data={"csrf": await csrf(sato)})
    assert "接続できない" in words(answer.text)


@pytest.fixture
def tejun(tmp_path: Path, shared_lab: Cluster, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command line on a home folder of its own."""
    monkeypatch.setenv("TEJUN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TEJUN_CREDENTIALS", json.dumps({"default": f"key_file:{shared_lab.lab.client_key}"}))
    application = typer.Typer()
    application.add_typer(node_app, name="node")
    application.add_typer(cluster_app, name="cluster")
    return lambda *words: CliRunner().invoke(application, words)


def test_the_command_line_examines_all_nodes_and_its_exit_status_says_how_it_went(
    tejun: Callable[..., Result], shared_lab: Cluster
) -> None:
    file, name = str(shared_lab.lab.cluster_file), shared_lab.lab.name
    assert tejun("cluster", "import", file).exit_code == 0
    unknown = tejun("node", "check", name, "node-a", "--lang", "en")
    assert unknown.exit_code == 1
    assert "✕ failure  Host key or certificate: None has been accepted yet." in unknown.stdout
    assert "      → Compare the fingerprint" in unknown.stdout
    assert tejun("cluster", "import", file, "--accept-keys").exit_code == 0
    done = tejun("node", "check", name, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [node["node"] for node in told["nodes"]] == ["node-a", "node-b"]
    line = next(each for each in told["nodes"][0]["lines"] if each["line"] == "rights")
    assert line["verdict"] == "pass"
    assert set(line["found"]) == {"ja", "en"}
    assert line["advice"] is None
    stranger = tejun("node", "check", name, "node-x", "--lang", "ja")
    assert (stranger.exit_code, "node-a, node-b" in stranger.stderr) == (2, True)
    nobody = tejun("node", "check", "no-such-cluster", "--lang", "en")
    assert (nobody.exit_code, "There is no cluster" in nobody.stderr) == (2, True)
    assert tejun("node", "check").exit_code == 2
