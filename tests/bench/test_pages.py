"""What the pages of a long plan cost: processor time of one answer, on the database that most people have."""

from __future__ import annotations

import time
from pathlib import Path

import httpx2
import pytest

from app.actions.clusters import edit_cluster
from app.actions.sessions import start_session
from app.domain.schedule import to_utc
from app.procedures.clusterfile import load_cluster
from tests.bench.figures import show
from tests.support.databases import sqlite_template, sqlite_url
from tests.support.world import CLUSTER, World
from tests.web.site import Site

pytestmark = [pytest.mark.bench, pytest.mark.timeout(120)]
ROUNDS = 10


async def test_the_pages_of_a_plan_of_three_hundred_steps(tmp_path: Path) -> None:
    """46 sites; the whole plan, then the session's page and its parts while it runs."""
    site = Site(World(sqlite_url(sqlite_template(tmp_path / "tejun.sqlite3"))))
    world = site.world
    await world.add_people()
    sites = "".join(f"\n  - {{name: s{n}, database: /shared/s{n}, group: g{n}}}" for n in range(46))
    text = CLUSTER.replace("\n  - {name: site1, database: /shared/site1, group: g_jc}", sites)
    await world.add_cluster()
    await world.do("sato", edit_cluster, world.cluster_id, 1, load_cluster(text.encode()))
    place = f"/sessions/{await world.submitted()}"
    assert len((await world.session()).plan.steps) >= 300
    async with site.browser("sato") as sato:
        show("the whole plan, before approval", await spent(sato, place))
        await world.approve()
        world.now = to_utc("2026-11-23 22:10", "Asia/Tokyo", "now")
        await world.do("sato", start_session, world.session_id)
        await world.engine()
        for name, part in (
            ("session", ""),
            ("head", "/head"),
            ("step", "/current"),
            ("checklist", "/checklist"),
        ):
            show(f"{name}, running", await spent(sato, place + part))
    await world.database.close()


async def spent(browser: httpx2.AsyncClient, path: str) -> list[float]:
    """Processor time of each answer, in seconds."""
    found = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        assert (await browser.get(path)).status_code == 200
        found.append(time.process_time() - begun)
    return found
