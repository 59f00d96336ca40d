"""The audit trail's page: readable in both languages, filtered, paged, and for auditors alone."""

from __future__ import annotations

import json
import re

import pytest

from app.actions.act import record
from app.web import history
from app.web.events import ACTIONS, view_of
from app.web.i18n import COOKIE
from tests.support.world import World
from tests.web.forms import words
from tests.web.site import Site


async def told(site: Site) -> World:
    """A world in which something has happened."""
    await site.world.add_cluster()
    await site.world.running()
    await site.world.human_after_engine()
    return site.world


async def test_events_are_read_in_the_readers_language_and_as_stored(site: Site) -> None:
    world = await told(site)
    events = await world.events()
    async with site.browser("tanaka") as tanaka:
        japanese = words((await tanaka.get("/history")).text)
        tanaka.cookies.set(COOKIE, "en")
        english = words((await tanaka.get("/history")).text)
    for event in events:
        assert ACTIONS[event.action].ja in japanese
        assert ACTIONS[event.action].en in english
        assert " ".join(event.payload.decode().split()) in japanese
        assert event.hash.hex() in english


async def test_an_unknown_action_and_parameter_are_shown_as_they_are(site: Site) -> None:
    async with site.world.act("kanri") as act:
        await record(act, "moon.landed", "moon:1", crater="Tycho", nothing=None)
    event = (await site.world.events())[-1]
    shown = view_of(event, "ja", "Asia/Tokyo")
    assert shown.action == "moon.landed"
    assert [tuple(fact) for fact in shown.facts] == [("crater", "Tycho")]
    assert json.loads(shown.raw)["params"]["crater"] == "Tycho"


FILTERS = [
    ("actor=sato", {"sato"}, None),
    ("action=host_key", None, {"host_key.offered", "host_key.accepted"}),
    ("action=session.started&session=1", {"sato"}, {"session.started"}),
    ("since=2026-11-23+22:05&action=session", {"sato"}, {"session.started"}),
    ("until=2026-11-23", set(), set()),
]


@pytest.mark.parametrize(("query", "actors", "actions"), FILTERS)
async def test_events_are_filtered(
    site: Site, query: str, actors: set[str] | None, actions: set[str] | None
) -> None:
    await told(site)
    async with site.browser("tanaka") as tanaka:
        page = (await tanaka.get(f"/history?{query}")).text
    rows = re.findall(r'data-action="([^"]+)">.*?data-label="ユーザ">([^<]+)<', page, re.DOTALL)
    if actions is not None:
        assert {action for action, _ in rows} == actions
    if actors is not None:
        assert {actor for _, actor in rows} == actors


async def test_pages_follow_one_another_without_gap_or_repetition(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PAGE", 7)
    await told(site)
    seen: list[int] = []
    async with site.browser("tanaka") as tanaka:
        path = "/history"
        while path:
            page = (await tanaka.get(path)).text
            seen += [int(seq) for seq in re.findall(r'data-seq="(\d+)"', page)]
            more = re.search(r'href="(/history\?[^"]+)" rel="next"', page)
            path = more[1].replace("&amp;", "&") if more else ""
    assert seen == [event.seq for event in reversed(await site.world.events())]


async def test_who_is_no_auditor_sees_ended_sessions_only(site: Site) -> None:
    await told(site)
    async with site.browser("sato") as sato:
        page = (await sato.get("/history?action=login")).text
    assert "login.signed_in" not in page
    assert "監査者が閲覧できます" in page


@pytest.mark.parametrize("query", ["session=x", "since=yesterday", "before=-1"])
async def test_a_filter_that_cannot_be_read_is_refused(site: Site, query: str) -> None:
    async with site.browser("tanaka") as tanaka:
        assert (await tanaka.get(f"/history?{query}")).status_code == 422
