"""What the output viewer receives is what is stored: over restarts, in old codecs, and where a line has no end."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, Route, expect

from tests.test_output_viewer import HEAP, Viewed, line, plain

CODECS = {"utf-8": "utf-8", "euc-jp": "euc_jp", "cp932": "cp932"}
LONG = 100_000_000


@pytest.fixture
async def viewed(sqlite_url: str) -> AsyncIterator[Viewed]:
    """An attempt under way, without output."""
    viewed = await Viewed.made(sqlite_url)
    yield viewed
    await viewed.world.database.close()


async def test_over_a_restart_no_byte_is_missing_or_comes_twice(viewed: Viewed, page: Page) -> None:
    parts = ["".join(map(line, range(start, start + 200))).encode() for start in (1, 201, 401, 601)]
    await viewed.append(parts[0])
    async with viewed.served():
        await viewed.open(page)
        await viewed.append(parts[1] + b"unfinish")
        await viewed.rows(401)
    await expect(page.locator("[data-state][data-now=lost]")).to_be_visible()
    await viewed.append("ed 続き\n".encode() + parts[2][:-3])  # in the middle of a character
    async with viewed.served():
        await viewed.rows(600)
        await viewed.append(parts[2][-3:] + parts[3])
        rows = await viewed.rows(801)
        await viewed.end()
        await expect(page.locator("[data-state][data-now=ended]")).to_be_visible()
        address = f"http://127.0.0.1:{viewed.port}/attempts/{viewed.attempt_id}/output/raw"
        raw = await (await page.request.get(address)).body()
    assert rows == {number: plain(number - 1) for number in rows}
    require_exact(await page.evaluate("window.received"), raw)


def require_exact(received: list[tuple[int, str]], raw: bytes) -> None:
    """What came is, from where it began, what is stored: neither a gap nor a repetition."""
    begin = offset = received[0][0]
    digest = hashlib.sha256()
    for at, encoded in received:
        assert at == offset
        data = base64.b64decode(encoded)
        digest.update(data)
        offset += len(data)
    assert offset == len(raw)
    assert digest.digest() == hashlib.sha256(raw[begin:]).digest()


@pytest.mark.parametrize("codec", sorted(CODECS))
async def test_japanese_is_right_in_the_codec_that_is_chosen(viewed: Viewed, page: Page, codec: str) -> None:
    numbers = range(1, 20_001)
    texts = [f"{number:05d} 表示能力ソ十構 停止しました ｶﾅ" for number in numbers]
    data = ("\n".join(texts) + "\n").encode(CODECS[codec])
    assert len(data) > 2 * 256 * 1024, "chunks end inside of characters"
    await viewed.append(data[:-70_001])
    async with viewed.served():
        await viewed.open(page)
        await page.select_option("[data-codec]", codec)
        for number in (1, 9_000, 18_000):
            rows = await viewed.goto(number)
            assert rows == {shown: texts[shown - 1] for shown in rows}
        await page.check("[data-follow]")
        for start in range(len(data) - 70_001, len(data), 9_999):
            await viewed.append(data[start : start + 9_999])
        last = page.locator(".output-line", has=page.get_by_text("20000", exact=True)).locator(".text")
        await expect(last).to_have_text(texts[-1])
        rows = await viewed.rows(len(texts))
        assert rows == {shown: texts[shown - 1] for shown in rows}


async def test_a_codec_chosen_before_the_first_answer_is_shown(viewed: Viewed, page: Page) -> None:
    # race: the answer to the first question comes after the change of codec, and is thrown away
    await viewed.append("停止しました\n".encode("cp932"))
    held: list[Route] = []

    async def hold(route: Route) -> None:
        await route.continue_() if held else held.append(route)

    await page.route("**/output/lines?*stream=out*", hold)
    async with viewed.served():
        await viewed.open(page)
        async with asyncio.timeout(20):
            while not held:
                await asyncio.sleep(0.02)
        await page.select_option("[data-codec]", "cp932")
        await held[0].continue_()
        assert await viewed.rows(1) == {1: "停止しました"}


@pytest.mark.parametrize("running", [True, False])
async def test_a_line_of_100_megabytes_is_cut_and_harms_nothing(
    viewed: Viewed, page: Page, running: bool
) -> None:
    await viewed.append(b"before\n" + b"x" * (LONG - 9) + b"needle")
    if not running:
        await viewed.append(b"\nafter\n")
        await viewed.end()
    async with viewed.served():
        await viewed.open(page)
        rows = await viewed.rows(2)
        assert rows[1] == "before"
        assert set(rows[2]) == {"x"}
        assert len(rows[2]) == 4000
        await expect(page.locator(".output-line .cut")).to_have_count(1)
        if running:
            await viewed.append(b"\nafter\n")
        assert (await viewed.goto(3))[3] == "after"
        await page.fill("[data-search]", "needle")
        await page.press("[data-search]", "Enter")
        await expect(page.locator(".output-line.found .no")).to_have_text("2")
        assert await viewed.heap() < HEAP


async def test_colours_are_drawn_and_can_be_read(viewed: Viewed, page: Page) -> None:
    await viewed.append("\x1b[1;31mエラー\x1b[0m 普通 \x1b[38;5;46m緑\x1b[0m \x1b[7m反転\x1b[0m\n".encode())
    async with viewed.served():
        await viewed.open(page)
        assert await viewed.rows(1) == {1: "エラー 普通 緑 反転"}
        styles = await page.evaluate("""() => [...document.querySelectorAll(".output-line .sgr")].map((piece) => {
            const style = getComputedStyle(piece);
            return [piece.textContent, style.color, style.fontWeight >= 600];
        })""")
    assert [(text, bold) for text, _, bold in styles] == [("エラー", True), ("緑", False), ("反転", False)]
    assert len({colour for _, colour, _ in styles}) == 3
