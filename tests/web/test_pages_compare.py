"""Plans on pages of their own: why this one and no other, what was left out, and the difference between two plans."""

from __future__ import annotations

import re

import pytest

from app.actions import sessions
from app.actions.plans import Wish
from tests.support.world import WINDOW, WISH
from tests.web.forms import form_in, words
from tests.web.site import Site


def changes(page: str) -> dict[str, str]:
    """Each step that differs with what happened to it."""
    return dict(re.findall(r'<li class="change" data-key="([^"]+)" data-what="(\w+)"', page))


async def test_the_plan_of_a_session_says_why_not_another_procedure(site: Site) -> None:
    await site.world.add_cluster()
    session_id = await site.world.draft()
    async with site.browser("tanaka") as tanaka:
        page = words((await tanaka.get(f"/sessions/{session_id}/plan")).text)
    assert "ほかの手順ではない理由" in page
    assert "これはバージョンアップだけの手順です" in page


async def test_what_does_not_apply_is_collected_with_its_reason(site: Site) -> None:
    world = site.world
    await world.add_cluster()
    session_id = await world.draft()
    async with world.database.reading() as db:
        session = await db.get_one(sessions.MaintenanceSession, session_id)
        left_out = [step for step in session.plan.steps if not step.applies]
    async with site.browser("tanaka") as tanaka:
        page = (await tanaka.get(f"/sessions/{session_id}/plan")).text
    collected = re.search(r'<details class="more excluded">(.*?)</details>', page, re.DOTALL)
    assert bool(collected) == bool(left_out)
    for step in left_out:
        assert collected is not None
        assert f"#key-{step.key}" in collected[1]
        assert step.reason is not None
        assert step.reason.ja in collected[1]


async def test_two_targets_are_compared_step_by_step(site: Site) -> None:
    cluster = await site.world.add_cluster()
    asked = {"cluster": cluster, "a_target": "R16.3.1", "b_target": "R16.3.2"}
    async with site.browser("tanaka") as tanaka:
        page = (await tanaka.get("/plans/compare", params=asked)).text
    found = changes(page)
    assert set(found.values()) == {"changed"}
    assert any(key.startswith("3.3.1-3@") for key in found)
    assert re.search(
        r'<span class="minus">-[^<]*16\.3\.1[^<]*</span><span class="plus">\+[^<]*16\.3\.2', page
    )


async def test_two_methods_have_no_step_in_common_and_say_so(site: Site) -> None:
    cluster = await site.world.add_cluster()
    asked = {"cluster": cluster, "a_target": "R16.3.2", "b_target": "R16.3.2", "b_method": "standard"}
    async with site.browser("tanaka") as tanaka:
        page = (await tanaka.get("/plans/compare", params=asked)).text
    assert set(changes(page).values()) == {"added", "removed"}
    assert "3.2" in words(page)


async def test_the_plans_of_two_sessions_are_compared(site: Site) -> None:
    world = site.world
    cluster = await world.add_cluster()
    first = await world.draft()
    other = Wish.of("patch", "R16.3.9", "auto", "", WISH.patch_sha256 or "")
    second = (await world.do("sato", sessions.create_session, cluster, other, "later", *WINDOW)).id
    async with site.browser("tanaka") as tanaka:
        differing = await tanaka.get(
            "/plans/compare", params={"cluster": cluster, "a_session": first, "b_session": second}
        )
        same = await tanaka.get(
            "/plans/compare", params={"cluster": cluster, "a_session": first, "b_session": first}
        )
    assert changes(differing.text)
    assert not changes(same.text)
    assert "1 バイトも違いません" in words(same.text)


async def test_a_sessions_plan_is_compared_with_one_made_after_the_cluster_has_changed(site: Site) -> None:
    world = site.world
    cluster = await world.add_cluster()
    session_id = await world.draft()
    async with site.browser("sato") as sato:
        link = re.search(
            r'href="(/plans/compare[^"]+)"', (await sato.get(f"/sessions/{session_id}/plan")).text
        )
        assert link is not None
        page = (await sato.get(link[1].replace("&amp;", "&"))).text
    assert f"cluster={cluster}" in link[1]
    # the digest of the patch is the session's own and is not carried over
    assert all(what == "changed" for what in changes(page).values())


REFUSED = (
    ({"a_target": "R16", "b_target": "R16.3.2"}, "版「R16」を読めません"),
    ({"a_target": "R16.3.2", "b_target": "R12.1"}, "より新しくありません"),
    ({"a_target": "R16.3.2", "b_session": "999"}, "セッション"),
    ({"a_target": "R16.3.2", "b_session": "x"}, "番号で指定してください"),
    ({"a_target": "R16.3.2", "b_target": "R16.3.2", "b_method": "fast"}, "次から選んでください"),
)


async def test_a_side_that_cannot_be_planned_is_refused_beside_what_was_typed(site: Site) -> None:
    cluster = await site.world.add_cluster()
    async with site.browser("tanaka") as tanaka:
        for asked, said in REFUSED:
            answer = await tanaka.get("/plans/compare", params={"cluster": cluster, **asked})
            assert answer.status_code == 200
            assert said in words(answer.text)
            assert f'value="{asked["a_target"]}"' in answer.text


async def test_a_session_of_another_cluster_is_not_compared(site: Site) -> None:
    world = site.world
    await world.add_cluster()
    session_id = await world.draft()
    other = await world.add_cluster("osaka-batch", (2301, 2302), "CD")
    async with site.browser("tanaka") as tanaka:
        page = await tanaka.get(
            "/plans/compare", params={"cluster": other, "a_session": session_id, "b_target": "R16.3.2"}
        )
    assert "別のクラスタのもの" in words(page.text)


async def test_without_a_choice_there_is_a_form_and_no_difference(site: Site) -> None:
    async with site.browser("tanaka") as tanaka:
        assert "クラスタがまだありません" in words((await tanaka.get("/plans/compare")).text)
        await site.world.add_cluster()
        page = (await tanaka.get("/plans/compare")).text
    assert 'name="b_target"' in page
    assert 'id="compared"' not in page


# what a person may have typed or followed an old link with: nothing of it is any choice
KEPT = {
    "a_operation": "upgrade",
    "a_target": "R16.3.2",
    "a_method": "standard",
    "a_overlay": "77",
    "b_session": "999",
    "b_operation": "repair",
    "b_target": "16.3",
    "b_method": "fast",
}


@pytest.mark.parametrize(("typed", "status"), [("999", 404), ("tokyo", 422), ("９", 422), ("1" * 300, 422)])
async def test_an_unknown_cluster_keeps_everything_that_was_typed(
    site: Site, typed: str, status: int
) -> None:
    await site.world.add_cluster()
    async with site.browser("tanaka") as tanaka:
        answer = await tanaka.get("/plans/compare", params={"cluster": typed, **KEPT})
    assert answer.status_code == status
    assert 'id="refused-cluster"' in answer.text
    assert form_in(answer.text, "compare-form").fields == {"cluster": typed, **KEPT}


WRONG = (
    ("a_target", {"a_target": "R" + "9" * 300, "b_target": "R16.3.2"}),
    ("b_operation", {"a_target": "R16.3.2", "b_target": "R16.3.2", "b_operation": "repair"}),
    ("b_method", {"a_target": "R16.3.2", "b_target": "R16.3.2", "b_method": "fast" * 30}),
    ("b_overlay", {"a_target": "R16.3.2", "b_target": "R16.3.2", "b_overlay": "77"}),
    ("b_session", {"a_target": "R16.3.2", "b_target": "", "b_session": "999"}),
)


async def test_what_cannot_be_read_stays_in_its_field_which_is_marked(site: Site) -> None:
    cluster = await site.world.add_cluster()
    for name, typed in WRONG:
        async with site.browser("tanaka") as tanaka:
            answer = await tanaka.get("/plans/compare", params={"cluster": cluster, **typed})
        assert answer.status_code == 200
        kept = form_in(answer.text, "compare-form").fields
        assert {key: kept[key] for key in typed} == typed
        assert re.findall(r'name="(\w+)"[^>]* aria-invalid="true"', answer.text) == [name]
