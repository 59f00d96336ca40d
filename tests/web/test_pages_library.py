"""The library's pages: every step has an address, a case greys out what does not apply, sessions lead there and back."""

from __future__ import annotations

import re
from html import unescape

import pytest

from app.domain.places import KNOWN
from app.procedures import SECTIONS, procedure
from app.procedures.contents import address, anchor, base_key, entries, parts
from app.procedures.errata import errata
from app.web.i18n import COOKIE
from app.web.library_words import PLACES, VERBS, WHERE, pieces
from tests.support.world import WISH
from tests.web.forms import words
from tests.web.site import Site

CARRIED = [number for number in SECTIONS if procedure(number)]
KANA = re.compile(r"[\u3040-\u30ff]")
PATCH = "operation=patch&source=R16.3&target=R16.3.2&system=linux"


def ids(page: str) -> list[str]:
    """Every id of a page, in order."""
    return [unescape(found) for found in re.findall(r'\bid="([^"]+)"', page)]


def states(page: str) -> dict[str, str]:
    """Each step of a section's page with the state that it is shown in."""
    return dict(re.findall(r'data-step tabindex="-1" data-key="([^"]+)" data-state="(\w+)"', page))


def test_the_contents_name_every_procedure_and_section_of_the_library() -> None:
    assert list(entries()) == list(SECTIONS)
    for number, files in SECTIONS.items():
        assert list(entries()[number].sections) == list(dict.fromkeys(name.rstrip("ab") for name in files))


def test_every_open_place_has_a_name_for_the_reader() -> None:
    assert sorted(KNOWN - PLACES.keys()) == []


def test_a_text_is_shown_with_its_open_places_apart() -> None:
    found = pieces("[[nqs]]/cluster/cjcpw -stop [[site]]")
    assert [(piece.text, piece.place is not None) for piece in found] == [
        ("nqs", True),
        ("/cluster/cjcpw -stop ", False),
        ("site", True),
    ]


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_every_step_has_an_address_in_the_page_of_its_section(site: Site, language: str) -> None:
    async with site.browser("tanaka") as tanaka:
        tanaka.cookies.set(COOKIE, language)
        for number in [name for carried in CARRIED for name in entries()[carried].sections]:
            answer = await tanaka.get(f"/library/{number}")
            assert answer.status_code == 200
            found = ids(answer.text)
            assert len(found) == len(set(found)), number
            assert set(addresses(number)) <= set(found), number
            assert "[[" not in words(answer.text), number
            assert language == "ja" or not KANA.search(without_guide(answer.text)), number


def addresses(number: str) -> list[str]:
    """Every step's anchor, and that of each number that a reader of the guide cites, also where one step became several."""
    found = []
    for part in parts(number):
        letter = f"{part.letter}-" if part.letter else ""
        found += [anchor(part, step) for step in part.steps]
        found += [f"step-{letter}{step.step}" for step in part.steps if step.step and not step.added]
    return found


def without_guide(page: str) -> str:
    """What a page says, without the guide's own lines and the [labels] of JobCenter's windows: Japanese for everybody."""
    rest = re.sub(r'<pre class="code guide".*?</pre>', "", page, flags=re.DOTALL)
    return re.sub(r"\[[^\]]*\]", "", words(rest))


async def test_all_of_a_procedure_stands_on_one_page_to_print(site: Site) -> None:
    async with site.browser("tanaka") as tanaka:
        page = (await tanaka.get("/library/3.3?whole=1")).text
    assert set(states(page)) == {
        base_key(part, step)
        for name in entries()["3.3"].sections
        for part in parts(name)
        for step in part.steps
    }
    assert len(ids(page)) == len(set(ids(page)))


async def test_a_case_says_which_procedure_applies_and_why_the_others_do_not(site: Site) -> None:
    async with site.browser("tanaka") as tanaka:
        page = (await tanaka.get(f"/library?{PATCH}")).text
        named = (await tanaka.get(f"/library/3.2.2?{PATCH}")).text
        taken = (await tanaka.get(f"/library/3.3.1?{PATCH}&local_site=unused")).text
    assert "手順 3.3 が当てはまります" in words(page)
    off = re.findall(r'data-procedure="([^"]+)" data-off', page)
    assert off == [number for number in SECTIONS if number != "3.3"]
    assert set(states(named).values()) == {"not_applicable"}
    assert "ローリングの手順を優先しました" in words(named)
    assert states(taken)["3.3.1-3"] == "pending"
    assert states(taken)["3.3.1-4"] == "not_applicable"
    assert "ローカルサイトを使わないクラスタです" in words(taken)


IMPOSSIBLE = {
    "source=R16&target=R16.3.1": "版「R16」を読めません",
    "source=R16.3": "版「」を読めません",
    "source=R16.3&target=R16.3.1&system=amiga": "次から選んでください",
    "source=R16.3&target=R16.3.1&operation=dance": "次から選んでください",
    "source=R16.3&target=R12.10": "適用後の版 R12.10 が、導入済みの R16.3 より新しくありません",
    "session=xyz": "セッションは番号で指定してください",
}


async def test_a_case_that_cannot_be_is_refused_beside_what_was_typed(site: Site) -> None:
    async with site.browser("tanaka") as tanaka:
        for query, said in IMPOSSIBLE.items():
            answer = await tanaka.get(f"/library?{query}")
            assert answer.status_code == 200
            assert said in words(answer.text)
            typed = dict(pair.split("=") for pair in query.split("&"))
            for name in ("source", "target"):
                assert f'name="{name}" value="{typed.get(name, "")}"' in answer.text


async def test_a_step_of_a_session_leads_to_the_library_and_back(site: Site) -> None:
    world = site.world
    await world.add_cluster()
    session_id = await world.running()
    async with site.browser("sato") as sato:
        session = (await sato.get(f"/sessions/{session_id}")).text
        step = re.search(r'href="(/steps/\d+)"', session)
        assert step is not None
        page = (await sato.get(step[1])).text
        there = re.search(r'href="(/library/[^"#]+\?session=\d+)#([^"]+)"', page)
        assert there is not None
        library = (await sato.get(there[1])).text
    assert there[2] in ids(library)
    assert f'href="{step[1]}"' in library


async def test_the_steps_of_a_draft_are_linked_from_the_library_to_the_plan_page(site: Site) -> None:
    world = site.world
    await world.add_cluster()
    session_id = await world.draft()
    async with site.browser("sato") as sato:
        library = (await sato.get(f"/library/3.3.1?session={session_id}")).text
        plan = (await sato.get(f"/sessions/{session_id}/plan")).text
    back = [unescape(key) for key in re.findall(rf'href="/sessions/{session_id}/plan#(key-[^"]+)"', library)]
    assert back
    assert set(back) <= set(ids(plan))


async def test_every_step_of_a_plan_has_a_place_in_the_library(site: Site) -> None:
    await site.world.add_cluster()
    session_id = await site.world.draft()
    async with site.browser("sato") as sato:
        plan = (await sato.get(f"/sessions/{session_id}/plan")).text
        found = {name: ids((await sato.get(f"/library/{name}")).text) for name in entries()["3.3"].sections}
    keys = [key.removeprefix("key-") for key in ids(plan) if key.startswith("key-")]
    assert len(keys) > 30
    for key in keys:
        page, _, step = (address(key) or "").partition("#")
        assert step in found[page]


async def test_a_citation_of_the_guide_leads_to_the_step(site: Site) -> None:
    cited = {
        "3.3.1-3": "/library/3.3.1#step-3",
        "3.3.1 手順3": "/library/3.3.1#step-3",
        "section 3.3.1, step 3": "/library/3.3.1#step-3",
        "3.3.2": "/library/3.3.2",
        "3.3": "/library/3.3",
    }
    async with site.browser("tanaka") as tanaka:
        for text, place in cited.items():
            answer = await tanaka.get("/library/find", params={"q": text})
            assert (answer.status_code, answer.headers["location"]) == (303, place)
        for text in ("", "step three", "4.1"):
            answer = await tanaka.get("/library/find", params={"q": text})
            assert answer.status_code == 404
            assert "3.1.3" in words(answer.text)


async def test_a_section_that_the_guide_does_not_have_is_not_found(site: Site) -> None:
    async with site.browser("tanaka") as tanaka:
        assert (await tanaka.get("/library/9.9.9")).status_code == 404
        assert (await tanaka.get("/library/1.2.1")).headers["location"] == "/library#chapter-1"


async def test_every_erratum_is_listed_with_links_that_lead_to_a_step_that_carries_it(site: Site) -> None:
    async with site.browser("tanaka") as tanaka:
        page = (await tanaka.get("/library/errata")).text
        articles = dict(re.findall(r'<article[^>]*\bid="([A-E]\d+)">(.*?)</article>', page, re.DOTALL))
        assert list(articles) == list(errata())
        links = re.findall(r'href="/library/([0-9.]+)#([^"]+)"', articles["C13"])
        assert links
        for number, step in links:
            section = (await tanaka.get(f"/library/{number}")).text
            there = section.split(f'id="{unescape(step)}"')[1].split("</li>\n<li")[0]
            assert "/library/errata#C13" in there
    for number, found in errata().items():
        assert found.says.ja in unescape(articles[number])


async def test_errata_are_filtered_by_severity_and_section(site: Site) -> None:
    async with site.browser("tanaka") as tanaka:
        page = (await tanaka.get("/library/errata", params={"severity": "high", "place": "3.1.3"})).text
    shown = re.findall(r'<article[^>]*\bid="([A-E]\d+)">', page)
    expected = [n for n, each in errata().items() if each.severity == "high" and each.found_in("3.1.3")]
    assert shown == expected
    assert "E5" in shown
    assert "A3" not in shown


async def test_the_library_asks_a_stranger_to_sign_in(site: Site) -> None:
    async with site.browser() as stranger:
        for page in ("/library", "/library/3.3.1", "/library/errata", "/library/find?q=3.1"):
            assert (await stranger.get(page)).headers["location"].startswith("/sign-in")


def test_every_where_and_verb_of_the_library_has_a_word() -> None:
    for number in CARRIED:
        for part in [part for name in entries()[number].sections for part in parts(name)]:
            for step in part.steps:
                assert step.where in ("phase", *WHERE)
                assert step.verb is None or step.verb in VERBS


async def test_the_target_of_the_session_is_the_one_the_library_is_shown_for(site: Site) -> None:
    await site.world.add_cluster()
    session_id = await site.world.draft()
    async with site.browser("sato") as sato:
        page = (await sato.get(f"/library?session={session_id}")).text
    assert WISH.target in words(page)
