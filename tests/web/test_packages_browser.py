"""The upload in a real browser: a chosen file stays chosen after a refusal, and one that is too large is not sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.actions import deliveries, sessions
from app.domain.lifecycle import DeliveryState
from app.models import Package
from app.packagestore import PackageStore
from tests.support.browser import axe_violations
from tests.support.world import WINDOW, WISH, World
from tests.web.site import Site
from tests.web.test_foundation_browser import opened

if TYPE_CHECKING:
    from playwright.async_api import Page


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone."""
    return sqlite_url


async def test_a_file_stays_chosen_after_a_refusal_and_is_stored_once_it_fits(
    site: Site, page: Page, tmp_path: Path
) -> None:
    site.services.packages = PackageStore(tmp_path / "packages", limit=3_000_000, floor=0)
    small, large = tmp_path / "修正 & 1.rpm", tmp_path / "large.rpm"
    small.write_bytes(bytes(2_000_000))
    large.write_bytes(bytes(3_000_001))
    async with opened(site, page, "/packages"):
        posts: list[str] = []
        page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
        await page.set_input_files("#f-file", large)
        await page.click("#package-form button.primary")
        await page.wait_for_selector("text=送信していません")
        assert posts == []
        await page.set_input_files("#f-file", small)
        await page.fill("#f-sha256", "ab" * 32)
        await page.click("#package-form button.primary")
        await page.wait_for_selector("#package-refusal[data-code=package_differs]")
        assert await page.input_value("#f-sha256") == "ab" * 32
        assert await page.evaluate("document.querySelector('#f-file').files[0].name") == small.name
        assert await page.evaluate("document.activeElement.id") == "package-refusal"
        await page.fill("#f-sha256", "")
        await page.click("#package-form button.primary")
        await page.wait_for_url("**/packages?added=1")
        assert await page.inner_text("#package-1 .file-name") == small.name
    assert await site.world.count(Package) == 1


LOOKS = (("ja", "light", 1280), ("en", "dark", 390))


async def half_delivered(world: World) -> str:
    """The page of an approved session: one delivery waits to go on, another has failed."""
    await world.add_cluster()
    async with world.database.transaction() as db:
        for name, sha256, note in (
            ("修正 & " + "長" * 40 + ".rpm", "ab" * 32, "月例"),
            ("unused.rpm", "cd" * 32, ""),
        ):
            db.add(Package(name=name, sha256=sha256, size=2048, note=note, added_at=1))
    wish = WISH.model_copy(update={"patch_file": "/var/tmp/修正.rpm", "patch_sha256": "ab" * 32})
    row = await world.do("sato", sessions.create_session, world.cluster_id, wish, "", *WINDOW)
    world.session_id = row.id
    await world.do("sato", sessions.submit_session, row.id)
    await world.approve()
    first, second = await world.do("sato", deliveries.deliver_session, row.id)
    await world.do(None, deliveries.begin_delivery, first.id)
    await world.do(None, deliveries.note_progress, first.id, 1024, "connection_cut")
    await world.do(None, deliveries.end_delivery, second.id, DeliveryState.FAILED, "delivery_other_file")
    return f"/sessions/{row.id}"


async def test_axe_finds_nothing_on_packages_and_deliveries(
    world: World, site: Site, page: Page, tmp_path: Path
) -> None:
    site.services.packages = PackageStore(tmp_path / "packages", limit=3_000_000, floor=0)
    paths = ("/packages", await half_delivered(world), "/sessions/new?cluster_id=1")
    wrong = []
    async with opened(site, page, "/packages", "sato"):
        base = page.url.removesuffix("/packages")
        for language, scheme, width in LOOKS:
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await page.set_viewport_size({"width": width, "height": 900})
            await page.context.add_cookies([{"name": "tejun_language", "value": language, "url": base}])
            for path in paths:
                await page.goto(base + path)
                over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
                wrong += [(language, path, each) for each in await axe_violations(page)]
                wrong += [(language, path, f"{over} px too wide")] if over > 0 else []
    assert wrong == []
