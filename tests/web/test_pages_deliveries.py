"""Deliveries on a session's page: offered to operators from the approval on, and shown as far as they are."""

from __future__ import annotations

import pytest

from app.actions import deliveries, sessions
from app.actions.plans import Wish
from app.domain.lifecycle import DeliveryState
from app.models import Package
from tests.support.world import WINDOW, World
from tests.web.forms import has_form, send, words
from tests.web.site import Site, csrf

WISH = Wish(operation="patch", target="R16.3.2", patch_file="/var/tmp/p & 1.rpm", patch_sha256="ab" * 32)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: the rows are tests/actions' to look at, on both databases."""
    return sqlite_url


@pytest.fixture
async def place(world: World) -> str:
    """The page of a session that waits for its approval, its file in the store."""
    await world.add_cluster()
    async with world.database.transaction() as db:
        db.add(Package(name="p & 1.rpm", sha256="ab" * 32, size=2048, note="", added_at=world.now))
    row = await world.do("sato", sessions.create_session, world.cluster_id, WISH, "", *WINDOW)
    world.session_id = row.id
    await world.do("sato", sessions.submit_session, row.id)
    return f"/sessions/{row.id}"


async def test_a_delivery_is_offered_to_operators_from_the_approval_on(
    world: World, site: Site, place: str
) -> None:
    async with site.browser("sato") as sato, site.browser("tanaka") as auditor:
        assert not has_form((await sato.get(place)).text, "deliver-form")
        early = await sato.post(f"{place}/deliver", data={"csrf": await csrf(sato)})
        assert early.status_code == 409
        await world.approve()
        page = (await sato.get(place)).text
        assert not has_form((await auditor.get(place)).text, "deliver-form")
        answer = await send(sato, page, "deliver-form", htmx=True)
        assert answer.text.count('data-state="queued"') == 2
        assert not has_form(answer.text, "deliver-form")  # both are under way
        again = await sato.post(f"{place}/deliver", data={"csrf": await csrf(sato)})
        assert again.headers["location"] == f"{place}#deliveries"


async def test_everybody_sees_how_far_it_is_and_what_to_do(world: World, site: Site, place: str) -> None:
    await world.approve()
    first, second = await world.do("sato", deliveries.deliver_session, world.session_id)
    await world.do(None, deliveries.begin_delivery, first.id)
    await world.do(None, deliveries.note_progress, first.id, 1024, "connection_cut")
    await world.do(None, deliveries.begin_delivery, second.id)
    await world.do(None, deliveries.end_delivery, second.id, DeliveryState.FAILED, "delivery_other_file")
    async with site.browser("tanaka") as auditor:
        shown = (await auditor.get(f"{place}/deliveries")).text
        assert f'data-bell="session:{world.session_id} deliveries:{world.session_id}"' in shown
        for text in (
            "配布中",
            "再開待ち",
            "1.0 KiB / 2.0 KiB",
            "上書きしていません",
            "Sato",
            "/var/tmp/p & 1.rpm",
        ):
            assert text in words(shown), text
        auditor.cookies.set("tejun_language", "en")
        assert "It was not overwritten" in words((await auditor.get(f"{place}/deliveries")).text)
        history = (await auditor.get(f"/history?session={world.session_id}&action=delivery")).text
        assert "delivery to the node started" in words(history)
