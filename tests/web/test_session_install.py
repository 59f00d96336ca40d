"""Installing anew or over the old version: asked where procedure 1.1.4 may apply, kept with the plan, shown, recorded."""

from __future__ import annotations

import pytest

from app.actions import clusters
from app.actions.plans import wish_of
from app.procedures.clusterfile import load_cluster
from tests.web.forms import send
from tests.web.site import Site

ITANIUM = """
name: itanium
platform: wsfc
os: windows
arch: ipf
clusterware: wsfc
os_version: Windows Server 2008 R2
version: R12.8
local_site: used
nodes:
  - {name: node-a, role: active,  address: 127.0.0.1, port: 5986, transport: psrp, user: Administrator}
  - {name: node-b, role: standby, address: 127.0.0.2, port: 5986, transport: psrp, user: Administrator}
sites:
  - {name: site1, database: 'S:\\jc\\site1', group: g_jc}
"""


@pytest.mark.parametrize("chosen", ["fresh", "overwrite"])
async def test_how_it_is_installed_stays_with_the_draft(site: Site, chosen: str) -> None:
    world = site.world
    row = await world.do("sato", clusters.add_cluster, load_cluster(ITANIUM.encode()))
    typed = {"operation": "upgrade", "target": "R16.3", "install": chosen}
    async with site.browser("sato") as sato:
        form = (await sato.get(f"/sessions/new?cluster_id={row.id}")).text
        answer = await send(sato, form, "session-form", htmx=False, **typed)
        place = answer.headers["location"]
        assert ("インストール方法" in (await sato.get(place)).text) == (chosen == "fresh")
        again = await send(sato, (await sato.get(f"{place}/edit")).text, "session-form", htmx=False)
        assert again.status_code == 303
    world.session_id = int(place.rpartition("/")[2])
    session = await world.session()
    assert (session.plan.procedure, wish_of(session).install) == ("1.1.4", chosen)
    assert ('"install"' in (await world.events())[-1].payload.decode()) == (chosen == "fresh")


async def test_it_is_not_asked_where_no_procedure_asks(site: Site) -> None:
    await site.world.add_cluster()
    async with site.browser("sato") as sato:
        assert 'name="install"' not in (await sato.get("/sessions/new")).text
