"""The way from an empty form to a completed session, clicked without JavaScript and with htmx, in both languages."""

from __future__ import annotations

import re

import httpx2
import pytest

from app.domain.schedule import to_utc
from app.web.i18n import COOKIE
from tests.support.world import WINDOW, WISH
from tests.web.forms import form_in, has_form, send, standing, words
from tests.web.site import HTMX, Site

KANA = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


async def create(browser: httpx2.AsyncClient, **typed: str) -> str:
    """A draft made in the form; its address."""
    page = (await browser.get("/sessions/new")).text
    known = {"target": WISH.target, "patch_sha256": WISH.patch_sha256 or "", "title": "Monthly patch"}
    window = {"window_start": WINDOW[0], "window_end": WINDOW[1]}
    answer = await send(browser, page, "session-form", **{**known, **window, **typed})
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["location"])


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
async def test_a_session_is_clicked_from_the_form_to_its_end(site: Site, htmx: bool) -> None:
    world = site.world
    await world.add_cluster()
    async with (
        site.browser("sato") as sato,
        site.browser("suzuki") as suzuki,
        site.browser("takahashi") as boss,
    ):
        place = await create(sato)
        world.session_id = int(place.rsplit("/", 1)[1])
        await send(sato, (await sato.get(place)).text, "submit-form", htmx=htmx)
        await send(boss, (await boss.get(place)).text, "approve-form", htmx=htmx, comment="ok")
        world.now = to_utc("2026-11-23 22:10", "Asia/Tokyo", "now")
        answer = await send(sato, (await sato.get(place)).text, "start-form", htmx=htmx)
        assert answer.status_code == (200 if htmx else 303)
        while await world.engine() != "completed":
            page = (await sato.get(place)).text
            verb = {"execute": "execute-form", "tick": "tick-form"}.get(standing(page)[1])
            note = {} if verb == "execute-form" else {"note": "done"}
            by, page = (sato, page) if verb else (suzuki, (await suzuki.get(place)).text)
            answer = await send(by, page, verb or "confirm-form", htmx=htmx, **note)
            assert answer.status_code == (200 if htmx else 303), words(answer.text)
            assert not htmx or 'id="current"' in answer.text
        page = (await sato.get(place)).text
    assert 'id="completed"' in page
    assert "完了" in words(page)


async def test_every_page_is_wholly_english_for_an_english_reader(site: Site) -> None:
    world = site.world
    await world.add_cluster()
    async with site.browser("kimura") as browser, site.browser("tanaka") as auditor:
        for each in (browser, auditor):
            each.cookies.set(COOKIE, "en")
        place = await create(browser)
        world.session_id = int(place.rsplit("/", 1)[1])
        pages = [
            "/sessions",
            "/clusters",
            "/clusters/new",
            "/clusters/import",
            "/approvals",
            "/sessions/new",
            place,
        ]
        pages += [f"/clusters/{world.cluster_id}{end}" for end in ("", "/edit", "/live", "/keys")]
        for page in pages:
            answer = await browser.get(page)
            assert answer.status_code == 200
            assert not KANA.search(words(answer.text)), (page, KANA.findall(words(answer.text)))
        await send(browser, (await browser.get(place)).text, "submit-form")
        await world.approve()
        world.now = to_utc("2026-11-23 22:10", "Asia/Tokyo", "now")
        await send(browser, (await browser.get(place)).text, "start-form")
        await world.engine()
        run = await world.current()
        for page in (place, f"/steps/{run.id}", f"/steps/{run.id}/more"):
            text = words((await browser.get(page)).text)
            assert not KANA.search(text), (page, KANA.findall(text))
        text = words((await auditor.get("/history")).text).replace("よし", "").replace("月例パッチ", "")
        assert not KANA.search(text), KANA.findall(text)


async def test_the_preview_says_which_procedure_and_why_and_stores_nothing(site: Site) -> None:
    await site.world.add_cluster()
    async with site.browser("sato") as browser:
        form = form_in((await browser.get("/sessions/new")).text, "session-form")
        typed = {**form.fields, "target": "R16.3.1"}
        for headers in ({}, HTMX):
            answer = await browser.post("/sessions/preview", data=typed, headers=headers)
            assert answer.status_code == 200
            assert "この手順が選ばれた理由" in answer.text
            assert "3.3.1-3@node-b" in answer.text
            assert "SHA-256 が指定されていません" in answer.text
        assert 'value="R16.3.1"' in (await browser.post("/sessions/preview", data=typed)).text
        assert "該当するセッションはありません" in (await browser.get("/sessions")).text


async def test_a_wish_without_a_procedure_shows_the_nearest_ones_and_keeps_what_was_typed(site: Site) -> None:
    await site.world.add_cluster()
    async with site.browser("sato") as browser:
        form = form_in((await browser.get("/sessions/new")).text, "session-form")
        typed = {
            **form.fields,
            "operation": "upgrade",
            "method": "rolling",
            "target": "R17.1",
            "title": "夜間作業",
        }
        for path, headers in (
            ("/sessions/preview", HTMX),
            ("/sessions/preview", {}),
            ("/sessions/create", {}),
        ):
            answer = await browser.post(path, data=typed, headers=headers)
            assert answer.status_code == 409
            assert 'data-code="no_procedure"' in answer.text
            assert "近い手順" in answer.text
        assert 'value="夜間作業"' in answer.text
        assert 'value="rolling" selected' in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("target", "16.3"),
        ("window_end", "あした"),
        ("window_end", "2026-11-23 20:00"),
        ("patch_sha256", "zz"),
    ],
)
async def test_a_wrong_field_of_a_session_is_named_and_everything_typed_is_kept(
    site: Site, field: str, value: str
) -> None:
    await site.world.add_cluster()
    async with site.browser("sato") as browser:
        form = form_in((await browser.get("/sessions/new")).text, "session-form")
        typed = {
            **form.fields,
            "target": "R16.3.2",
            "window_start": WINDOW[0],
            "window_end": WINDOW[1],
            field: value,
        }
        answer = await browser.post("/sessions/create", data=typed)
        assert answer.status_code == 422
        assert f'value="{value}"' in answer.text
        assert f'value="{WINDOW[0]}"' in answer.text


async def test_a_draft_is_edited_and_a_returned_one_shows_why(site: Site) -> None:
    world = site.world
    await world.add_cluster()
    await world.submitted()
    place = f"/sessions/{world.session_id}"
    async with site.browser("sato") as sato, site.browser("takahashi") as boss:
        answer = await send(boss, (await boss.get(place)).text, "return-form", reason="時間帯が長すぎます")
        assert answer.status_code == 303
        page = (await sato.get(place)).text
        assert "時間帯が長すぎます" in page
        form = (await sato.get(f"{place}/edit")).text
        answer = await send(sato, form, "session-form", window_end="2026-11-24 02:00")
        assert answer.headers["location"] == place
        assert "2026-11-24 02:00" in (await sato.get(place)).text
        assert has_form((await sato.get(place)).text, "submit-form")
