"""What a form or an address may hold that no database stores, and how output is read first."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.actions import steps
from app.domain.lifecycle import Awaiting
from app.models.steps import evidence_of
from tests.support.world import CLUSTER, PASSWORD
from tests.web.forms import send
from tests.web.site import Site, csrf


async def test_a_nul_character_in_a_field_is_refused_by_name_and_the_rest_comes_back(site: Site) -> None:
    await site.world.add_cluster()
    await site.world.running()
    await site.world.until(Awaiting.TICK)
    place = f"/sessions/{site.world.session_id}"
    async with site.browser("sato") as sato:
        page = (await sato.get(place)).text
        answer = await send(sato, page, "tick-form", note="確認\0済み")
        assert (answer.status_code, "note に使えない文字（NUL、0x00）" in answer.text) == (422, True)
        assert "確認" in answer.text
        assert (await send(sato, page, "tick-form", note="確認済み")).status_code == 303


@pytest.mark.parametrize("path", ["/history?actor=%00", "/clusters/%00", "/nowhere%00"])
async def test_an_address_with_a_nul_character_is_no_page(site: Site, path: str) -> None:
    async with site.browser("tanaka") as auditor:
        assert (await auditor.get(path)).status_code == 404
        assert (await auditor.post(path, data={"csrf": await csrf(auditor)})).status_code == 404


async def test_a_nul_character_in_a_name_at_the_sign_in_is_refused(site: Site) -> None:
    async with site.browser() as stranger:
        answer = await stranger.post("/sign-in", data={"name": "sa\0to", "password": PASSWORD})
        assert answer.status_code == 422


async def test_a_file_may_hold_nul_characters_and_its_name_may_not(site: Site) -> None:
    await site.world.add_cluster()
    await site.world.running()
    run = await site.world.until(Awaiting.TICK)
    async with site.browser("sato") as sato:
        form = {"csrf": await csrf(sato)}
        for name, status in (("core.bin", 303), ("co\0re.bin", 422)):
            answer = await sato.post(
                f"/steps/{run.id}/attach", data={**form, "name": name}, files={"file": ("a", b"\0\0")}
            )
            assert answer.status_code == status, answer.text


async def test_output_is_read_first_in_the_encoding_that_the_cluster_file_gives_the_node(site: Site) -> None:
    world = site.world
    await world.add_cluster()
    text = CLUSTER.replace("user: root", "user: root, encoding: cp932")
    assert text != CLUSTER
    from app.actions.clusters import edit_cluster
    from app.procedures.clusterfile import load_cluster

    await world.do("sato", edit_cluster, world.cluster_id, 1, load_cluster(text.encode()))
    await world.running()
    run = await world.until(Awaiting.EXECUTE)
    await world.do("sato", steps.execute_step, run.id)
    async with site.browser("sato") as sato:
        page = (await sato.get(f"/sessions/{world.session_id}")).text
    assert '<option value="cp932" selected>' in page
    assert '<option value="utf-8">' in page


async def test_a_page_does_not_load_the_bytes_of_evidence(site: Site) -> None:
    world = site.world
    await world.add_cluster()
    await world.running()
    run = await world.until(Awaiting.TICK)
    await world.do("sato", steps.attach_evidence, run.id, "a.bin", "", b"x" * 1000)
    async with world.database.reading() as db:
        [row] = await evidence_of(db, run.id)
        assert (row.name, row.size) == ("a.bin", 1000)
        with pytest.raises(sa.exc.InvalidRequestError):
            _ = row.data
