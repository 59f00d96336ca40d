"""Packages in pages: uploaded without JavaScript, to the disk; a refusal stores nothing and gives back what was typed."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from app.models import Package
from app.packagestore import PackageStore
from tests.support.world import World
from tests.web.forms import form_in, has_form, send, words
from tests.web.site import PAGE, Site, csrf

MIB = 1024 * 1024
BYTES = b"\r\n--not-the-boundary\r\n" + bytes(range(256)) * 300
SHA256 = hashlib.sha256(BYTES).hexdigest()
NAME = "修正 パッチ & (1) 100%.rpm"
BOUNDARY = "----tejun"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: what is stored is tests/actions' to look at, on both databases."""
    return sqlite_url


@pytest.fixture
def store(site: Site, tmp_path: Path) -> PackageStore:
    """The store of the site, for half a gibibyte at most a package."""
    site.services.packages = PackageStore(tmp_path / "packages", limit=512 * MIB, floor=0)
    return site.services.packages


def kept(store: PackageStore) -> list[str]:
    """What lies in the folder."""
    return sorted(path.name for path in store.folder.iterdir()) if store.folder.exists() else []


async def upload(
    browser: httpx2.AsyncClient, data: bytes = BYTES, called: str = NAME, **typed: str
) -> httpx2.Response:
    """Fill in the form of the page and send it with a file."""
    form = form_in((await browser.get("/packages")).text, "package-form")
    return await browser.post(form.action, data={**form.fields, **typed}, files={"file": (called, data)})


async def body(fields: dict[str, str], file: AsyncIterator[bytes], name: str = NAME) -> AsyncIterator[bytes]:
    """A multipart body as a browser sends it: fields first, the file last."""
    for field, value in fields.items():
        head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        yield head.encode()
    yield f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    async for chunk in file:
        yield chunk
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


HEADERS = {**PAGE, "content-type": f"multipart/form-data; boundary={BOUNDARY}"}


async def test_a_package_is_uploaded_listed_recognised_and_removed(site: Site, store: PackageStore) -> None:
    async with site.browser("sato") as sato, site.browser("kanri") as kanri:
        answer = await upload(sato, sha256=SHA256.upper(), note="月例パッチ")
        assert answer.status_code == 303, words(answer.text)
        page = (await sato.get(answer.headers["location"])).text
        assert kept(store) == [SHA256]
        assert store.path(SHA256).read_bytes() == BYTES
        for text in (NAME, SHA256, "月例パッチ", "保存", "Sato"):
            assert text in words(page), text
        again = await upload(kanri, called="別名.rpm")
        assert "既に保存されています" in words((await kanri.get(again.headers["location"])).text)
        kanri.cookies.set("tejun_language", "en")
        assert "stored already" in words((await kanri.get(again.headers["location"])).text)
        page = (await kanri.get("/packages")).text
        assert (await send(kanri, page, "remove-1")).status_code == 303
        assert "保存されているパッケージはありません" in words((await sato.get("/packages")).text)
    assert kept(store) == []
    assert [action for action in await site.actions() if action.startswith("package.")] == [
        "package.added",
        "package.removed",
    ]


REFUSED = (
    ({"sha256": "ab" * 32}, NAME, "package_differs", "SHA-256"),
    ({"sha256": "xyz"}, NAME, "package_sha256", "16 進 64 桁"),
    ({}, "nul.rpm", "file_name.reserved", "予約名"),
    ({"name": "a\x01.rpm"}, NAME, "file_name.character", "制御文字"),
    ({"name": "../a.rpm"}, NAME, "file_name.separator", "ファイル名だけ"),
    ({"name": "a."}, NAME, "file_name.dot", "末尾"),
    ({"note": "x" * 2001}, NAME, "package_note", "2000 文字"),
    ({"note": "a\0b"}, NAME, "nul_character", "NUL"),
)


async def test_a_refused_upload_stores_nothing_and_gives_back_what_was_typed(
    site: Site, store: PackageStore
) -> None:
    async with site.browser("sato") as sato:
        for typed, name, code, told in REFUSED:
            answer = await upload(sato, called=name, **{"note": "メモ <b>", **typed})
            assert (answer.status_code, f'data-code="{code}"' in answer.text) == (422, True), (
                code,
                answer.text,
            )
            assert told in words(answer.text)
            fields = form_in(answer.text, "package-form").fields
            assert {field: fields[field] for field in typed} == typed, code
        for data, name in ((b"", NAME), (b"", "")):
            assert (await upload(sato, data, name)).status_code == 422
    assert kept(store) == []
    assert await site.world.count(Package) == 0
    assert "request.refused" in await site.actions()


async def test_who_may_not_store_is_refused_and_sees_no_form(site: Site, store: PackageStore) -> None:
    async with (
        site.browser("takahashi") as approver,
        site.browser() as stranger,
        site.browser("sato") as sato,
    ):
        assert not has_form((await approver.get("/packages")).text, "package-form")
        files = {"file": (NAME, BYTES)}
        assert (
            await approver.post("/packages/add", data={"csrf": await csrf(approver)}, files=files)
        ).status_code == 403
        assert (await stranger.post("/packages/add", files=files)).status_code == 401
        for forged in ({}, {"csrf": await csrf(approver)}):
            assert (await sato.post("/packages/add", data=forged, files=files)).status_code == 403
        for broken in ({"content": b"x=1"}, {"content": b"x", "headers": HEADERS}, {"data": {"x": "1"}}):
            assert (await sato.post("/packages/add", **broken)).status_code in (403, 422)
    assert kept(store) == []


async def test_an_upload_that_is_cut_short_stores_nothing(site: Site, store: PackageStore) -> None:
    async def half() -> AsyncIterator[bytes]:
        parts = [part async for part in body({"csrf": await csrf(sato)}, pieces(4))]
        for part in parts[:-1]:
            yield part

    async with site.browser("sato") as sato:
        answer = await sato.post("/packages/add", content=half(), headers=HEADERS)
        assert 'data-code="upload_cut"' in answer.text
    assert kept(store) == []


async def pieces(count: int) -> AsyncIterator[bytes]:
    """So many times 64 KiB."""
    block = bytes(65_536)
    for _ in range(count):
        yield block


async def test_a_large_file_with_a_wrong_digest_is_refused_without_being_held_in_memory(
    site: Site, store: PackageStore
) -> None:
    async with site.browser("sato") as sato:
        fields = {"csrf": await csrf(sato), "sha256": "ab" * 32}
        tracemalloc.start()
        try:
            answer = await sato.post("/packages/add", content=body(fields, pieces(1024)), headers=HEADERS)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        expected = hashlib.sha256(bytes(64 * MIB)).hexdigest()
        assert expected in words(answer.text)
        assert 'data-code="package_differs"' in answer.text
        assert peak < 16 * MIB, f"{peak / MIB:.0f} MiB for a file of 64"
    assert kept(store) == []


async def test_a_package_beyond_the_limit_or_the_disk_is_refused(site: Site, tmp_path: Path) -> None:
    for limit, floor, code in ((len(BYTES) - 1, 0, "package_too_large"), (MIB, 2**62, "package_no_room")):
        store = site.services.packages = PackageStore(tmp_path / code, limit, floor)
        async with site.browser("sato") as sato:
            assert f'data-code="{code}"' in (await upload(sato)).text
        assert kept(store) == []


async def test_a_package_that_a_session_names_says_so_and_cannot_be_removed(
    world: World, site: Site, store: PackageStore
) -> None:
    await world.add_cluster()
    async with site.browser("sato") as sato:
        await upload(sato)
        page = (await sato.get("/sessions/new?cluster_id=1")).text
        answer = await send(sato, page, "session-form", target="R16.3.2", package="1")
        assert answer.status_code == 303, words(answer.text)
        page = (await sato.get("/packages")).text
        assert f"No. {answer.headers['location'].rpartition('/')[2]}" in words(page)
        assert not has_form(page, "remove-1")
        refused = await sato.post("/packages/1/remove", data={"csrf": await csrf(sato)})
        assert refused.status_code == 409
    assert kept(store) == [SHA256]


async def test_a_draft_with_a_stored_package_names_its_path_and_digest_in_every_step_that_uses_it(
    world: World, site: Site, store: PackageStore
) -> None:
    await world.add_cluster()
    async with site.browser("sato") as sato:
        await upload(sato)
        page = (await sato.get("/sessions/new?cluster_id=1")).text
        form = {**form_in(page, "session-form").fields, "target": "R16.3.2", "package": "1"}
        preview = (await sato.post("/sessions/preview", data=form)).text
        assert SHA256 in preview
        assert form_in(preview, "session-form").fields["package"] == "1"
        made = (await send(sato, page, "session-form", target="R16.3.2", package="1")).headers["location"]
        world.session_id = int(made.rpartition("/")[2])
        session = await world.session()
        assert (session.patch_file, session.patch_sha256) == (f"/var/tmp/{NAME}", SHA256)
        [install, *_] = [
            step for step in session.plan.steps if any("rpm -ivh" in c.text for c in step.commands)
        ]
        assert f"f='/var/tmp/{NAME}'" in install.commands[0].text
        assert SHA256 in install.commands[0].text
        [check, *_] = [c for step in session.plan.steps for c in step.checks if c.probe == "patch_file"]
        assert f"f='/var/tmp/{NAME}'" in check.commands[0].text
        assert f"sha256:{SHA256}" in check.present


async def test_the_form_of_a_draft_shows_the_package_that_was_chosen_and_takes_another_or_none(
    world: World, site: Site, store: PackageStore
) -> None:
    await world.add_cluster()
    async with site.browser("sato") as sato:
        await upload(sato)
        page = (await sato.get("/sessions/new?cluster_id=1")).text
        made = (await send(sato, page, "session-form", target="R16.3.2", package="1")).headers["location"]
        world.session_id = int(made.rpartition("/")[2])
        edit = (await sato.get(f"{made}/edit")).text
        fields = form_in(edit, "session-form").fields
        assert (fields["package"], fields["patch_file"], fields["patch_sha256"]) == ("1", "", "")
        clash = await send(sato, edit, "session-form", patch_file="/tmp/other.rpm")
        assert (clash.status_code, form_in(clash.text, "session-form").fields["package"]) == (422, "1")
        typed = {"package": "", "patch_file": "/tmp/by hand.rpm", "patch_sha256": "ab" * 32}
        assert (await send(sato, edit, "session-form", **typed)).status_code == 303
        assert (await world.session()).patch_file == "/tmp/by hand.rpm"
        for gone in ("77", "x"):
            assert (await send(sato, edit, "session-form", package=gone)).status_code == 422
