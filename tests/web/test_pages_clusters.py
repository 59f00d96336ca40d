"""Clusters in pages: the form, the import, stale edits, host keys, the live state."""

from __future__ import annotations

import pytest

from app.actions import clusters
from app.models import ClusterRecord, HostKey
from app.procedures.clusterfile import load_cluster
from tests.support.world import CLUSTER
from tests.web.forms import form_in, send, words
from tests.web.site import HTMX, Site, csrf


async def test_a_cluster_is_added_in_the_form_with_a_row_added_on_the_way(site: Site) -> None:
    async with site.browser("sato") as sato:
        page = (await sato.get("/clusters/new")).text
        typed = {"name": "osaka", "version": "R16.3", "nodes[0].name": "a", "nodes[0].address": "192.0.2.1"}
        wider = await send(sato, page, "cluster-form", **typed, do="nodes")
        assert 'name="nodes[2].name"' in wider.text
        assert 'value="192.0.2.1"' in wider.text
        more = {
            "nodes[2].name": "b",
            "nodes[2].address": "192.0.2.2",
            "nodes[1].name": "",
            "paths": "nqs: /opt/nqs\n",
        }
        site_row = {"sites[0].name": "s", "sites[0].database": "/shared/s", "sites[0].group": "g"}
        answer = await send(sato, wider.text, "cluster-form", **more, **site_row)
        assert answer.status_code == 303, words(answer.text)
        exported = await sato.get(f"{answer.headers['location']}/export")
    cluster = load_cluster(exported.content)
    assert [(node.name, node.role) for node in cluster.nodes] == [("a", "active"), ("b", "standby")]
    assert cluster.paths == {"nqs": "/opt/nqs"}


async def test_a_wrong_field_of_a_cluster_is_marked_and_everything_typed_is_kept(site: Site) -> None:
    async with site.browser("sato") as sato:
        page = (await sato.get("/clusters/new")).text
        typed = {"name": "osaka", "version": "16.3", "nodes[0].name": "a", "nodes[0].address": "192.0.2.1"}
        answer = await send(sato, page, "cluster-form", **typed)
        assert answer.status_code == 422
        assert 'data-field="version"' in answer.text
        assert (
            'id="version" name="version" value="16.3" autocomplete="off" aria-invalid="true"' in answer.text
        )
        assert 'value="192.0.2.1"' in answer.text
        assert "form:" not in words(answer.text)
        assert await site.world.count(ClusterRecord) == 0


@pytest.mark.parametrize("as_file", [False, True], ids=["pasted", "file"])
async def test_a_faulty_file_is_refused_with_its_line_and_comes_back(site: Site, as_file: bool) -> None:
    text = CLUSTER.replace("clusterware: pacemaker", "clusterware: peacemaker")
    async with site.browser("sato") as sato:
        page = (await sato.get("/clusters/import")).text
        fields = form_in(page, "import-form").fields
        parts = {**fields, "document": "" if as_file else text}
        files = {"file": ("tokyo.yaml", text.encode())} if as_file else None
        answer = await sato.post("/clusters/import", data=parts, files=files)
        assert answer.status_code == 422
        said = words(answer.text)
        assert ("tokyo.yaml:6" if as_file else "cluster.yaml:6") in said
        assert "peacemaker" in said
        assert "serviceguard" in said
        right = await send(sato, answer.text, "import-form", document=CLUSTER)
        assert right.status_code == 303
        twice = await send(sato, answer.text, "import-form", document=CLUSTER)
        assert twice.status_code == 409
        assert "既に登録されています" in twice.text
        assert "name: tokyo-batch" in twice.text


async def test_an_edit_that_came_too_late_shows_both_contents_and_can_be_sent_again(site: Site) -> None:
    cluster_id = await site.world.add_cluster()
    async with site.browser("sato") as sato, site.browser("suzuki") as suzuki:
        page = (await sato.get(f"/clusters/{cluster_id}/edit")).text
        await send(suzuki, page, "cluster-form", **await token(suzuki), os_version="9.4")
        late = await send(sato, page, "cluster-form", os_version="9.5")
        assert late.status_code == 409, words(late.text)
        theirs, mine = (late.text.split(f'id="{name}">')[1].split("</pre>")[0] for name in ("theirs", "mine"))
        assert "9.4" in theirs
        assert "9.5" in mine
        again = await send(sato, late.text, "cluster-form")
        assert again.status_code == 303
    assert (await site.world.cluster()).cluster.os_version == "9.5"


async def token(browser: object) -> dict[str, str]:
    """The csrf field of another login, for a form that was fetched by somebody else."""
    return {"csrf": await csrf(browser)}  # type: ignore[arg-type]


async def test_a_changed_host_key_is_loud_and_only_an_administrator_accepts_it(site: Site) -> None:
    cluster_id = await site.world.add_cluster()
    new = await site.world.do(
        None, clusters.offer_host_key, "127.0.0.1", 2201, "ssh-ed25519 X", "SHA256:" + "X" * 43
    )
    async with site.browser("sato") as sato, site.browser("kanri") as kanri:
        page = (await sato.get(f"/clusters/{cluster_id}")).text
        assert "警告: node-a のホスト鍵が承認済みのものと異なります" in page
        assert f"accept-form-{new.id}" not in page
        path = f"/clusters/{cluster_id}/keys/{new.id}/accept"
        assert (await sato.post(path, data=await token(sato))).status_code == 403
        answer = await send(
            kanri, (await kanri.get(f"/clusters/{cluster_id}")).text, f"accept-form-{new.id}", htmx=True
        )
        assert "警告" not in answer.text
        assert "SHA256:" + "X" * 43 in answer.text
    async with site.world.database.reading() as db:
        assert (await db.get_one(HostKey, new.id)).state == "accepted"


async def test_a_console_that_reaches_no_nodes_says_so(site: Site) -> None:
    cluster_id = await site.world.add_cluster()
    async with site.browser("tanaka") as tanaka:
        assert "接続できないため" in (await tanaka.get(f"/clusters/{cluster_id}/live")).text


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
async def test_a_cluster_is_removed_unless_it_has_a_history(site: Site, htmx: bool) -> None:
    cluster_id = await site.world.add_cluster()
    async with site.browser("sato") as sato:
        page = (await sato.get(f"/clusters/{cluster_id}")).text
        await site.world.draft()
        refused = await send(sato, page, "remove-form", htmx=htmx)
        assert refused.status_code == 409
        other = await site.world.add_cluster("osaka", (2203, 2204), "CD")
        page = (await sato.get(f"/clusters/{other}")).text
        gone = await send(sato, page, "remove-form", htmx=htmx)
        assert gone.headers.get("hx-redirect" if htmx else "location") == "/clusters"
        assert (await sato.get(f"/clusters/{other}", headers=HTMX)).status_code == 404
