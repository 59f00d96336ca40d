"""Overlays in pages, the literal order in a draft, and the override of a check: forms without JavaScript, both languages."""

from __future__ import annotations

import pytest

from app.actions import overlays, reordering, sessions
from app.domain.lifecycle import Awaiting
from app.models import OverlayVersion
from tests.web.forms import form_in, has_form, send, words
from tests.web.site import HTMX, Site, csrf

TEXT = """\
schema: 1
name: 自社
clusters: all
steps: {"3.3.1-3": {minutes: 25, note: {ja: 電話する, en: Call them}}}
extra:
  - {after: "3.3.1-3", kind: manual, title: {ja: 監視に知らせる, en: Tell the desk}, instructions: {ja: 電話, en: Call}}
"""


@pytest.mark.parametrize("as_file", [False, True], ids=["pasted", "file"])
async def test_an_overlay_is_imported_shown_exported_and_retired(site: Site, as_file: bool) -> None:
    async with site.browser("sato") as sato:
        fields = form_in((await sato.get("/overlays/import")).text, "import-form").fields
        files = {"file": ("自社.yaml", TEXT.encode())} if as_file else None
        answer = await sato.post(
            "/overlays/import", data={**fields, "document": "" if as_file else TEXT}, files=files
        )
        assert answer.status_code == 303, words(answer.text)
        place = answer.headers["location"]
        page = (await sato.get(place)).text
        assert "監視に知らせる" in page
        assert "すべてのクラスタ" in words(page)
        exported = await sato.get(f"{place}/versions/1/export")
        assert exported.text.replace("\r\n", "\n") == TEXT
        assert (await sato.get(f"{place}/versions/2/export")).status_code == 404
        assert "自社" in (await sato.get("/overlays")).text
        again = (await sato.get(f"/overlays/import?of={place.rpartition('/')[2]}")).text
        assert "監視に知らせる" in form_in(again, "import-form").fields["document"]
        assert (await send(sato, page, "retire-form")).status_code == 303
        assert "廃止済み" in words((await sato.get(place)).text)
        sato.cookies.set("tejun_language", "en")
        assert "Retired" in words((await sato.get(place)).text)
    assert [action for action in await site.actions() if action.startswith("overlay.")] == [
        "overlay.imported",
        "overlay.retired",
    ]


async def test_a_faulty_overlay_comes_back_with_its_line_and_everything_typed(site: Site) -> None:
    faulty = TEXT.replace("minutes", "minute")
    async with site.browser("sato") as sato:
        page = (await sato.get("/overlays/import")).text
        answer = await sato.post(
            "/overlays/import", data={**form_in(page, "import-form").fields, "document": faulty}
        )
        assert answer.status_code == 422
        assert "overlay.yaml:4" in words(answer.text)
        assert form_in(answer.text, "import-form").fields["document"].strip() == faulty.strip()
        assert await site.world.count(OverlayVersion) == 0


async def test_who_may_not_edit_clusters_looks_but_does_not_import(site: Site) -> None:
    version = await site.world.do("sato", overlays.import_overlay, TEXT.encode(), "o.yaml")
    async with site.browser("takahashi") as boss:
        page = (await boss.get(f"/overlays/{version.overlay_id}")).text
        assert not has_form(page, "retire-form")
        assert (await boss.get("/overlays/import")).status_code == 403
        token = await csrf(boss)
        for path in ("/overlays/import", f"/overlays/{version.overlay_id}/retire"):
            assert (await boss.post(path, data={"csrf": token})).status_code == 403


async def test_the_plan_and_the_approver_see_the_overlay_and_the_literal_order(site: Site) -> None:
    world = site.world
    await world.add_cluster()
    version = await world.do("sato", overlays.import_overlay, TEXT.encode(), "o.yaml")
    await world.draft()
    place = f"/sessions/{world.session_id}"
    async with (
        site.browser("sato") as sato,
        site.browser("kanri") as admin,
        site.browser("takahashi") as boss,
    ):
        page = (await sato.get(place)).text
        assert not has_form(page, "reorder-form")
        for told in ("予定 25 分", "自組織で追加したステップ", "電話する", "監視に知らせる", version.sha256):
            assert told in words(page)
        page = (await admin.get(place)).text
        assert (await send(admin, page, "reorder-form", erratum="B13", reason="指示")).status_code == 422
        assert (
            await send(admin, page, "reorder-form", erratum="B8", reason="ベンダーの指示")
        ).status_code == 303
        await world.do("sato", sessions.submit_session, world.session_id)
        page = words((await boss.get(place)).text)
        for told in ("正誤 B8", "ベンダーの指示", "Kanri", "自社 第 1 版", version.sha256):
            assert told in page
    assert "session.reordered" in await site.actions()


async def test_the_preview_of_an_edit_has_the_literal_order_and_says_when_it_would_be_lost(
    site: Site,
) -> None:
    world = site.world
    await world.add_cluster()
    await world.draft()
    await world.do("kanri", reordering.reorder_session, world.session_id, "B8", "ベンダーの指示")
    stored = (await world.session()).plan.digest
    async with site.browser("sato") as sato:
        page = (await sato.get(f"/sessions/{world.session_id}/edit")).text
        form = form_in(page, "session-form")
        for htmx in (False, True):
            answer = await sato.post("/sessions/preview", data={**form.fields}, headers=HTMX if htmx else {})
            assert stored in answer.text
            assert "正誤 B8 はマニュアルの記載順のままです" in words(answer.text)
            assert "ベンダーの指示" in words(answer.text)
            if not htmx:
                assert form_in(answer.text, "session-form").action == f"/sessions/{world.session_id}/edit"
        kept = (await sato.post("/sessions/preview", data={**form.fields, "session_id": "0"})).text
        assert stored not in kept
        await world.do("kanri", reordering.reorder_session, world.session_id, "", "戻す")
        standard = {**form.fields, "method": "standard"}
        await sato.post(form.action, data=standard)
        await world.do("kanri", reordering.reorder_session, world.session_id, "B9", "指示書 12")
        answer = await sato.post("/sessions/preview", data=form.fields)
        assert "正誤 B9 の記載順の指定は外れます" in words(answer.text)
        assert "指示書 12" in words(answer.text)


async def test_plans_with_and_without_an_overlay_are_compared(site: Site) -> None:
    cluster = await site.world.add_cluster()
    version = await site.world.do("sato", overlays.import_overlay, TEXT.encode(), "o.yaml")
    asked: dict[str, str] = {"cluster": str(cluster), "a_target": "R16.3.2", "b_target": "R16.3.2"}
    async with site.browser("tanaka") as tanaka:
        page = (await tanaka.get("/plans/compare", params={**asked, "a_overlay": "none"})).text
        assert "監視に知らせる" in words(page)
        assert "所要時間の見込み（分） +25" in words(page)
        same = {**asked, "a_overlay": str(version.id)}
        digests = (await tanaka.get("/plans/compare", params=same)).text
        assert "監視に知らせる" not in words(digests)


async def disagreeing(site: Site) -> int:
    """A running session whose current step's check could not be read; that step's run."""
    world = site.world
    await world.add_cluster()
    await world.running()
    await world.until(Awaiting.TICK)
    await world.human()
    await world.human()
    work = await world.work()
    await world.judge(work, "unknown")
    return work.step_run_id


async def test_an_override_without_evidence_is_not_offered_and_refused(site: Site) -> None:
    run_id = await disagreeing(site)
    async with site.browser("suzuki") as suzuki:
        page = (await suzuki.get(f"/sessions/{site.world.session_id}")).text
        assert not has_form(page, "override-form")
        assert "証跡として添付してください" in words(page)
        typed = {"csrf": await csrf(suzuki), "reason": "見た"}
        refused = await suzuki.post(f"/steps/{run_id}/override", data=typed)
        assert refused.status_code == 409
        assert "証跡がありません" in refused.text


async def test_a_check_is_overridden_in_a_form_once_there_is_evidence(site: Site) -> None:
    run_id = await disagreeing(site)
    place = f"/sessions/{site.world.session_id}"
    async with site.browser("sato") as sato, site.browser("suzuki") as suzuki:
        await send(sato, (await sato.get(place)).text, "attach-form", text="画面の内容")
        assert not has_form((await sato.get(place)).text, "override-form")
        page = (await suzuki.get(place)).text
        assert (await send(suzuki, page, "override-form", reason="画面で確かめた")).status_code == 303
        step = words((await suzuki.get(f"/steps/{run_id}")).text)
        assert "完了（確認の不一致を承知）" in step
        assert "画面で確かめた" in step
        suzuki.cookies.set("tejun_language", "en")
        assert "done, check overridden" in words((await suzuki.get(place)).text)
    assert "step.overridden" in await site.actions()
