"""The upload in a real browser: a chosen file stays chosen after a refusal, and one that is too large is not sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.models import Package
from app.packagestore import PackageStore
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
