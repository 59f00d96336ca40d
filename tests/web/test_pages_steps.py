"""What people do to a step through its forms: skip, settle, retry, verify, cancel, attach, and signing at another's screen."""

from __future__ import annotations

import hashlib

import pytest

from app.actions import steps
from app.actions.outputs import evidence_bytes
from app.domain.lifecycle import AttemptState, Awaiting
from app.models.steps import evidence_of
from tests.support.world import PASSWORD
from tests.web.forms import form_in, has_form, send, standing, words
from tests.web.site import HTMX, Site, csrf


async def begun(site: Site) -> str:
    """A running session; its address."""
    await site.world.add_cluster()
    await site.world.running()
    return f"/sessions/{site.world.session_id}"


async def test_a_second_tick_is_refused_and_the_page_says_where_the_step_stands(site: Site) -> None:
    place = await begun(site)
    await site.world.until(Awaiting.TICK)
    async with site.browser("sato") as sato:
        page = (await sato.get(place)).text
        assert (await send(sato, page, "tick-form", note="一度目")).status_code == 303
        again = await send(sato, page, "tick-form", htmx=True, note="二度目")
        assert again.status_code == 409
        assert "既に先へ進んでいます" in again.text
        assert again.headers["hx-retarget"] == "#refusals"
        plain = await send(sato, page, "tick-form", note="二度目")
        assert "二度目" in plain.text
        assert standing((await sato.get(place)).text)[1] == "checker"
        assert "一度目" in (await sato.get(place)).text


async def test_the_performer_cannot_confirm_and_is_not_offered_to(site: Site) -> None:
    place = await begun(site)
    run = await site.world.until(Awaiting.CHECKER)
    async with site.browser("sato") as sato:
        page = (await sato.get(place)).text
        assert not has_form(page, "confirm-form")
        answer = await sato.post(f"/steps/{run.id}/confirm", data={"csrf": await csrf(sato)})
        assert answer.status_code == 403
        assert "実施者本人は確認者になれません" in answer.text


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
async def test_another_person_signs_at_the_performers_screen(site: Site, htmx: bool) -> None:
    place = await begun(site)
    run = await site.world.until(Awaiting.CHECKER)
    async with site.browser("sato") as sato:
        page = (await sato.get(place)).text
        wrong = await send(
            sato, page, "confirm-at-screen-form", htmx=htmx, checker="suzuki", password="wrong", note="見た"
        )
        assert wrong.status_code == 403
        assert "wrong" not in wrong.text
        assert (await site.world.step_run(run.id)).checker_id is None
        assert (await site.actions())[-2:] == ["login.refused", "request.refused"]
        right = await send(
            sato, page, "confirm-at-screen-form", htmx=htmx, checker="suzuki", password=PASSWORD
        )
        assert right.status_code == (200 if htmx else 303)
    stored = await site.world.step_run(run.id)
    assert stored.checker_id == site.world.people["suzuki"].id
    assert (await site.world.session()).driver_id == site.world.people["sato"].id


async def test_a_skip_is_asked_for_denied_asked_again_and_granted(site: Site) -> None:
    place = await begun(site)
    run = await site.world.until(Awaiting.TICK)
    async with site.browser("sato") as sato, site.browser("takahashi") as boss:
        for decision in ("deny", "grant"):
            await send(sato, (await sato.get(place)).text, "skip-form", reason="対象の端末がありません")
            page = (await boss.get("/approvals")).text
            assert "対象の端末がありません" in page
            form = form_in(page, page.split('id="decide-form-')[1].split('"')[0].join(("decide-form-", "")))
            action = form.action.replace("/grant", f"/{decision}")
            empty = await boss.post(action, data={**form.fields, "comment": ""}, headers=HTMX)
            assert empty.status_code == (422 if decision == "deny" else 200)
            await boss.post(action, data={**form.fields, "comment": "了解"})
        assert "判断待ちの依頼はありません" in (await boss.get("/approvals")).text
    assert (await site.world.step_run(run.id)).state == "skipped"


async def test_whoever_asked_is_told_that_somebody_else_decides(site: Site) -> None:
    place = await begun(site)
    await site.world.until(Awaiting.TICK)
    async with site.browser("kimura") as kimura:
        await send(kimura, (await kimura.get(place)).text, "skip-form", reason="不要")
        page = (await kimura.get(place)).text
        assert "自分が出した依頼です" in page
        assert "decide-form" not in page


async def test_an_unknown_outcome_is_explained_and_settled_by_two_people(site: Site) -> None:
    place = await begun(site)
    run = await site.world.ended(AttemptState.UNKNOWN)
    async with site.browser("sato") as sato, site.browser("suzuki") as suzuki:
        page = (await sato.get(place)).text
        assert standing(page)[0] == "unknown"
        assert "推測していません" in page
        none = await send(sato, page, "settle-form", htmx=True, reason="プロセスは終わっていた")
        assert none.status_code == 422
        await send(sato, page, "settle-form", outcome="failed", reason="プロセスは終わっていた")
        approval = (await suzuki.get(place)).text.split('id="decide-form-')[1].split('"')[0]
        answer = await send(
            suzuki, (await suzuki.get(place)).text, f"decide-form-{approval}", comment="同じものを見た"
        )
        assert answer.headers["location"] == place
        page = (await sato.get(place)).text
    assert standing(page)[0] == "failed"
    assert has_form(page, "retry-form")
    assert (await site.world.step_run(run.id)).outcome == "settled_failed"


async def test_a_failed_step_says_why_and_is_retried(site: Site) -> None:
    place = await begun(site)
    run = await site.world.ended(AttemptState.FAILED)
    async with site.browser("sato") as sato:
        page = (await sato.get(place)).text
        assert 'id="explanation"' in page
        answer = await send(sato, page, "retry-form", htmx=True)
        assert standing(answer.text)[0] == "running"
        await site.world.work()
        page = (await sato.get(place)).text
        asked = await send(sato, page, "cancel-form", htmx=True)
        assert "取り消しを指示しました" in asked.text
        assert "試行 2" in (await sato.get(f"/steps/{run.id}")).text


async def test_an_unreadable_check_waits_for_a_person_who_has_it_read_again(site: Site) -> None:
    place = await begun(site)
    run = await site.world.until(Awaiting.EXECUTE)
    await site.world.do("sato", steps.execute_step, run.id)
    work = await site.world.work()
    assert work.attempt_id is not None
    await site.world.attempt_ends(work.attempt_id, AttemptState.SUCCEEDED)
    await site.world.judge(work, "unknown")
    async with site.browser("sato") as sato:
        page = (await sato.get(place)).text
        assert standing(page)[1] == "check"
        assert "判定していません" in page
        answer = await send(sato, page, "verify-form", htmx=True)
        assert standing(answer.text)[0] == "running"


async def test_ten_megabytes_of_pasted_evidence_are_kept_byte_for_byte(site: Site) -> None:
    place = await begun(site)
    run = await site.world.until(Awaiting.TICK)
    text = ("確認した行\n" * 700_000)[: 10 * 1024 * 1024 // 3]
    async with site.browser("sato") as sato:
        form = form_in((await sato.get(place)).text, "attach-form")
        parts = {
            key: (None, value) for key, value in {**form.fields, "text": text, "name": "確認.txt"}.items()
        }
        answer = await sato.post(form.action, files=parts)
        assert answer.status_code == 303, words(answer.text)
        async with site.world.database.reading() as db:
            row = (await evidence_of(db, run.id))[0]
            assert await evidence_bytes(db, row.id) == text.encode()
        assert row.sha256 == hashlib.sha256(text.encode()).hexdigest()
        assert "確認.txt" in (await sato.get(place)).text
        answer = await sato.get(f"/evidence/{row.id}")
        assert answer.content == text.encode()
        assert "attachment" in answer.headers["content-disposition"]


async def test_evidence_that_is_too_big_or_missing_is_refused_clearly(site: Site) -> None:
    await begun(site)
    run = await site.world.until(Awaiting.TICK)
    async with site.browser("sato") as sato:
        token = {"csrf": await csrf(sato)}
        empty = await sato.post(f"/steps/{run.id}/attach", data=token)
        assert empty.status_code == 422
        assert "ファイルを選ぶか" in empty.text
        big = {"file": ("big.bin", b"x" * (12 * 1024 * 1024 + 1))}
        answer = await sato.post(f"/steps/{run.id}/attach", data=token, files=big)
        assert answer.status_code == 413
        assert "12 MiB" in answer.text


async def test_a_viewer_of_a_step_sees_no_buttons(site: Site) -> None:
    place = await begun(site)
    run = await site.world.until(Awaiting.TICK)
    async with site.browser("tanaka") as tanaka:
        page = (await tanaka.get(place)).text
        assert not [
            name for name in ("tick", "skip", "pause", "abort", "attach") if has_form(page, f"{name}-form")
        ]
        assert (await tanaka.get(f"/steps/{run.id}/more")).status_code == 200
        assert (await tanaka.get("/steps/999999")).status_code == 404
        assert (await tanaka.get("/evidence/999999")).status_code == 404
