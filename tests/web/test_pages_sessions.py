"""A session's page: what the approver is shown, windows, pausing, aborting with its report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.actions import sessions
from app.actions.plans import Wish
from app.domain.lifecycle import Awaiting
from app.domain.schedule import to_utc
from app.procedures.clusterfile import load_cluster
from app.web import resting
from tests.support.world import CLUSTER, WINDOW
from tests.web.forms import form_in, has_form, send, words
from tests.web.site import HTMX, Site


async def test_an_approver_sees_every_command_and_approves_that_digest_alone(site: Site) -> None:
    world = site.world
    await world.add_cluster()
    place = f"/sessions/{await world.submitted()}"
    async with site.browser("takahashi") as boss:
        page = (await boss.get(place)).text
        plan = (await world.session()).plan
        shown = words(page)
        for step in plan.steps:
            assert step.key in page
            for line in [line for command in step.commands for line in command.text.split("\n")]:
                assert " ".join(line.split()) in shown
        form = form_in(page, "approve-form")
        assert form.fields["digest"] == await world.asked_digest()
        other = await boss.post(
            form.action, data={**form.fields, "digest": "sha256:" + "0" * 64}, headers=HTMX
        )
        assert other.status_code == 409
        assert (await boss.post(form.action, data=form.fields)).status_code == 303
        document = await boss.get(f"{place}/plan.json")
    assert document.content == (await world.session()).plan_record.document


async def test_the_submitter_is_not_offered_the_approval(site: Site) -> None:
    await site.world.add_cluster()
    await site.world.draft("kimura")
    await site.world.do("kimura", sessions.submit_session, site.world.session_id)
    async with site.browser("kimura") as kimura:
        page = (await kimura.get(f"/sessions/{site.world.session_id}")).text
        assert not has_form(page, "approve-form")
        assert "申請者本人は承認できません" in page


async def test_a_second_plan_is_compared_with_the_one_approved_before(site: Site) -> None:
    world = site.world
    await world.add_cluster()
    await world.approved()
    wish = Wish(operation="patch", target="R16.3.2", patch_sha256="cd" * 32)
    row = await world.do("sato", sessions.create_session, world.cluster_id, wish, "", *WINDOW)
    await world.do("sato", sessions.submit_session, row.id)
    async with site.browser("takahashi") as boss:
        page = (await boss.get(f"/sessions/{row.id}")).text
    assert 'id="changes"' in page
    assert "ステップに差異あり" in page
    assert "cd" * 32 in page.split('id="changes"')[1].split("</details>")[0]


async def test_a_closed_window_is_said_and_an_extension_is_asked_for_and_granted(site: Site) -> None:
    world = site.world
    await world.add_cluster()
    place = f"/sessions/{await world.running()}"
    world.now = to_utc("2026-11-24 05:30", "Asia/Tokyo", "now")
    await world.engine()
    async with site.browser("sato") as sato, site.browser("takahashi") as boss:
        page = (await sato.get(place)).text
        assert "作業時間帯が終わったため" in page
        assert (await send(sato, page, "resume-form", htmx=True)).status_code == 409
        answer = await send(
            sato, page, "extend-form", htmx=True, window_end="2026-11-23 32:00", reason="切り戻し確認"
        )
        assert answer.status_code == 200
        page = (await boss.get("/approvals")).text
        assert "2026-11-24 08:00 JST" in page
        form_id = "decide-form-" + page.split('id="decide-form-')[1].split('"')[0]
        assert (await send(boss, page, form_id, comment="")).status_code == 303
        assert (await send(sato, (await sato.get(place)).text, "resume-form")).status_code == 303
    assert (await world.session()).state == "running"


async def test_an_abort_needs_a_tick_and_a_reason_and_leaves_a_report(site: Site) -> None:
    world = site.world
    await world.add_cluster()
    place = f"/sessions/{await world.running()}"
    await world.until(Awaiting.TICK)
    async with site.browser("sato") as sato:
        page = (await sato.get(place)).text
        for typed in ({"reason": "中止します"}, {"sure": "yes", "reason": " "}):
            refused = await send(sato, page, "abort-form", htmx=True, **typed)
            assert refused.status_code == 422
        done = await send(sato, page, "abort-form", htmx=True, sure="yes", reason="中止します")
        assert 'id="resting-state"' in done.text
        assert "今後の進め方" in done.text
    assert (await world.session()).state == "aborted"


NODE: dict[str, Any] = {
    "role": "standby",
    "problem": None,
    "code": None,
    "state": "online",
    "version": "R16.3",
    "sites": [],
}
UP = [{"site": "site1", "state": "up", "missing": []}]
DOWN = [{"site": "site1", "state": "down", "missing": []}]
GROUP = {"group": "g_jc", "owner": "node-a", "words": ["managed"]}
REPORTS = [
    ([{**NODE, "node": "node-a", "sites": UP}, {**NODE, "node": "node-b"}], [GROUP], []),
    (
        [{**NODE, "node": "node-a", "sites": UP}, {**NODE, "node": "node-b", "version": "R16.3.1"}],
        [GROUP],
        ["混在", "異なります"],
    ),
    (
        [{**NODE, "node": "node-a", "sites": UP}, {**NODE, "node": "node-b", "state": "standby"}],
        [GROUP],
        ["一時停止"],
    ),
    ([{**NODE, "node": "node-a", "sites": UP}], [{**GROUP, "words": ["unmanaged"]}], ["監視の再開"]),
    (
        [{**NODE, "node": "node-a", "sites": DOWN}, {**NODE, "node": "node-b", "sites": DOWN}],
        [GROUP],
        ["業務が停止"],
    ),
    (
        [
            {**NODE, "node": "node-a", "sites": DOWN},
            {**NODE, "node": "node-b", "problem": {"ja": "x", "en": "x"}},
        ],
        [GROUP],
        ["読み取れませんでした", "確認できませんでした"],
    ),
]


@pytest.mark.parametrize(("nodes", "groups", "expected"), REPORTS)
def test_the_way_back_follows_from_what_was_seen(nodes: Any, groups: Any, expected: list[str]) -> None:
    cluster = load_cluster(CLUSTER.encode())
    texts = [text.ja for text in resting.advice({"nodes": nodes, "groups": groups}, cluster)]
    assert len(texts) == len(expected) + 1
    for text, part in zip(texts, expected, strict=False):
        assert part in text
    json.dumps(nodes)


async def test_sessions_are_found_by_state_and_text(site: Site) -> None:
    world = site.world
    await world.add_cluster()
    await world.draft()
    async with site.browser("tanaka") as tanaka:
        assert "月例パッチ" in (await tanaka.get("/sessions?state=draft&q=月例")).text
        assert "該当するセッションはありません" in (await tanaka.get("/sessions?state=running")).text
        assert (await tanaka.get("/sessions/999999")).status_code == 404
