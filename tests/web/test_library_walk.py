"""A reader who knows the manual walks from any of its 218 numbered steps to ours and back: by its reference, and from a plan."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

import httpx2
import pytest

from app.actions import clusters, sessions
from app.actions.plans import Wish
from app.domain.manual import ALL_STEPS, PROCEDURES, STEPS
from app.domain.versions import Version
from app.procedures.cases import made_up
from tests.support.world import WINDOW, WISH
from tests.web.site import Site


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is asked here depends on no database."""
    return sqlite_url


REFERENCES = [(name, number) for name, count in STEPS.items() for number in range(1, count + 1)]
"""Every numbered step: its section, with the letter of the variant, and its number."""


class Way(NamedTuple):
    """A case that takes a procedure of the guide (the variant of 1.1.2 by its version)."""

    platform: str
    arch: str
    source: str
    operation: str
    to: str
    method: str = "auto"


WAYS = {
    "1.1.1": Way("wsfc", "x64", "R12.10", "upgrade", "R16.3"),
    "1.1.2a": Way("wsfc", "x64", "R12.4", "upgrade", "R12.7"),
    "1.1.2b": Way("wsfc", "x64", "R12.5", "upgrade", "R12.7"),
    "1.1.3": Way("wsfc", "ipf32", "R12.6", "upgrade", "R13.2"),
    "1.1.4": Way("wsfc", "ipf", "R12.6", "upgrade", "R13.2"),
    "1.2.2": Way("wsfc", "x64", "R12.5", "patch", "R12.5.1"),
    "1.3": Way("wsfc", "x64", "R13.1", "upgrade", "R16.3"),
    "2.1": Way("windows", "x64", "R12.6", "upgrade", "R16.3"),
    "2.2": Way("windows", "x64", "R12.6", "patch", "R12.6.1"),
    "2.3": Way("windows", "x64", "R16.3", "patch", "R16.3.1"),
    "3.1": Way("unix", "x64", "R12.10", "upgrade", "R16.3"),
    "3.2": Way("unix", "x64", "R16.3", "patch", "R16.3.1", "standard"),
    "3.3": Way("unix", "x64", "R16.3", "patch", "R16.3.1"),
}
SYSTEMS = {"wsfc": ("windows", "wsfc"), "windows": ("windows", "clusterpro"), "unix": ("linux", "pacemaker")}


def plain(name: str) -> str:
    """The section without the letter of its variant."""
    return name.rstrip("ab")


def steps_of(page: str, kind: str) -> dict[str, str]:
    """The markup of every step of a page, by its id."""
    blocks = re.split(rf'<li class="step {kind}" id="', page)[1:]
    return {unescape(block.split('"', 1)[0]): block for block in blocks}


def links(markup: str) -> list[str]:
    """Where the links of some markup lead."""
    return [unescape(found) for found in re.findall(r'<a[^>]*\bhref="([^"]+)"', markup)]


async def pages(browser: httpx2.AsyncClient, paths: list[str]) -> dict[str, str]:
    """Pages by their paths, each asked for once."""
    found = {}
    for path in dict.fromkeys(paths):
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        found[path] = answer.text
    return found


async def test_every_step_of_the_manual_is_found_by_its_reference_and_says_it(site: Site) -> None:
    assert len(REFERENCES) == ALL_STEPS == 218
    async with site.browser("tanaka") as tanaka:
        there = {}
        for name, number in REFERENCES:
            answer = await tanaka.get("/library/find", params={"q": f"{name}-{number}"})
            assert answer.status_code == 303
            there[name, number] = str(answer.headers["location"]).split("#")
        found = await pages(tanaka, [page for page, _ in there.values()])
    steps = {path: steps_of(page, "library-step") for path, page in found.items()}
    for (name, number), (path, place) in there.items():
        step = steps[path][place]
        assert f'data-key="{name}-{number}"' in step
        said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", step))
        variant = "" if name == plain(name) else r" \([^)]+\)"
        assert re.search(rf"ガイド {re.escape(plain(name))}{variant} 手順 ?{number}\b", said), (name, number)


async def test_the_contents_lead_down_to_every_step_and_up_again(site: Site) -> None:
    async with site.browser("tanaka") as tanaka:
        top = (await tanaka.get("/library")).text
        found = await pages(
            tanaka, [f"/library/{number}" for number in PROCEDURES] + [f"/library/{plain(n)}" for n in STEPS]
        )
    for number, names in PROCEDURES.items():
        down, up = links(found[f"/library/{number}"]), {f"/library/{number}", "/library"}
        assert f"/library/{number}" in links(top)
        for name in names:
            path, letter = f"/library/{plain(name)}", f"{name[-1]}-" if name != plain(name) else ""
            assert {f"{path}#step-{letter}{step}" for step in range(1, STEPS[name] + 1)} <= set(down)
            assert up <= set(links(found[path]))


async def drafts(site: Site) -> Iterator[tuple[str, int]]:
    """A session of each way, in a cluster of its own: the way and the session's number."""
    made = []
    for place, (name, way) in enumerate(WAYS.items()):
        system, manager = SYSTEMS[way.platform]
        described = made_up(way.platform, system, manager, way.arch, Version.parse(way.source))
        nodes = tuple(
            node.model_copy(update={"port": 3000 + 10 * place + number})
            for number, node in enumerate(described.nodes)
        )
        described = described.model_copy(update={"name": f"guide-{name}", "nodes": nodes})
        row = await site.world.do("sato", clusters.add_cluster, described)
        wish = Wish.of(way.operation, way.to, way.method, "", WISH.patch_sha256 or "")
        session = await site.world.do("sato", sessions.create_session, row.id, wish, name, *WINDOW)
        made.append((name, session.id))
    return iter(made)


async def test_every_step_of_the_manual_leads_from_a_plan_to_the_library_and_back(site: Site) -> None:
    walked = set()
    async with site.browser("sato") as sato:
        for _, session in await drafts(site):
            plan = f"/sessions/{session}/plan"
            steps = steps_of((await pages(sato, [plan]))[plan], "plan-step")
            ways = {
                key: next(link for link in links(step) if link.startswith("/library/") and "#step-" in link)
                for key, step in steps.items()
            }
            found = await pages(sato, [link.split("#")[0] for link in ways.values()])
            shown = {path: steps_of(page, "library-step") for path, page in found.items()}
            for key, link in ways.items():
                path, place = link.split("#")
                assert f"{plan}#{key}" in links(shown[path][place]), key
                walked.add(re.split("[@/]", key.removeprefix("key-"))[0])
    assert {f"{name}-{number}" for name, number in REFERENCES} <= walked
