"""Output over HTTP is exact: lines, search, raw bytes and the live stream, whatever the chunks, the codec and the bytes."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections.abc import AsyncIterator

import httpx2
import pytest

from app.actions.outputs import store_output
from app.actions.steps import execute_step
from app.domain.lifecycle import AttemptState, Awaiting
from app.models import Attempt
from app.web import stored
from app.web.lines import CODECS, MAX_LINE_CHARS, Search
from tests.web.site import Site, sign_in

TEXT = "停止しました。\r\n\x1b[31mエラー\x1b[0m: 表能ソ十構 Error\n進捗 10%\r進捗 100%\n\n半角ｶﾅ abc\n"


@pytest.fixture
async def attempt_id(site: Site) -> int:
    """An attempt under way, without output."""
    world = site.world
    await world.add_cluster()
    await world.running()
    run = await world.until(Awaiting.EXECUTE)
    await world.do("sato", execute_step, run.id)
    attempt_id = (await world.work()).attempt_id
    assert attempt_id is not None
    return attempt_id


async def store(
    site: Site, attempt_id: int, data: bytes, sizes: random.Random | None = None, offset: int = 0
) -> None:
    """Store bytes in one piece, or in random ones."""
    end = offset + len(data)
    while offset < end:
        part = data[-(end - offset) :][: sizes.choice((1, 2, 7, 100, 3000)) if sizes else None]
        async with site.world.database.transaction() as db:
            await store_output(db, attempt_id, "out", offset, part)
        offset += len(part)


async def end(site: Site, attempt_id: int) -> None:
    """The attempt ends well."""
    async with site.world.database.transaction() as db:
        attempt = await db.get_one(Attempt, attempt_id)
        attempt.state, attempt.ended_at = AttemptState.SUCCEEDED.value, site.world.now
    site.world.database.bell.ring([f"attempt:{attempt_id}"])


def split(data: bytes, codec: str) -> list[str]:
    """What the viewer should get: decoded lines without their ends."""
    lines = data.split(b"\n")
    lines = lines if lines[-1] else lines[:-1]
    return [line.decode(CODECS[codec], "replace").removesuffix("\r") for line in lines]


@pytest.mark.parametrize("codec", sorted(CODECS))
async def test_lines_are_the_same_however_the_output_was_chunked(
    site: Site, attempt_id: int, codec: str
) -> None:
    random_ = random.Random(codec)
    text = "".join(random_.choice(TEXT) for _ in range(400)) + TEXT + "最後の行は途中"
    data = text.encode(CODECS[codec])
    await store(site, attempt_id, data, random_)
    expected = split(data, codec)
    address = f"/attempts/{attempt_id}/output"
    async with site.browser("tanaka") as browser:
        for first, count in ((0, 500), (0, 1), (len(expected) - 1, 5), (3, 4), (len(expected) + 9, 5)):
            query = {"from": first, "count": count, "codec": codec}
            page = (await browser.get(f"{address}/lines", params=query)).json()
            assert page["lines"] == expected[first : first + count], (first, count)
            assert (page["total"], page["size"], page["complete"]) == (len(expected), len(data), False)
            assert page["tail_line"] == len(expected) - 1
            assert data[page["tail_offset"] :].decode(CODECS[codec]) == "最後の行は途中"
        raw = await browser.get(f"{address}/raw")
        assert raw.content == data
        assert raw.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("codec", sorted(CODECS))
async def test_search_finds_exactly_the_lines_that_hold_the_text(
    site: Site, attempt_id: int, codec: str
) -> None:
    random_ = random.Random(codec)
    lines = [
        "".join(random_.choice("表能ソ十A\\|あいerrorERROR %") for _ in range(random_.randrange(30)))
        for _ in range(300)
    ]
    data = "\n".join(lines).encode(CODECS[codec])
    await store(site, attempt_id, data, random_)
    async with site.browser("tanaka") as browser:
        for wanted in ("error", "ソ", "表", "A", "\\", "|", "いe", "ない言葉"):
            found: list[int] = []
            query: dict[str, str | int | None] = {"q": wanted, "codec": codec, "limit": 17, "from": 0}
            while query["from"] is not None:
                answer = (await browser.get(f"/attempts/{attempt_id}/output/search", params=query)).json()
                found += [line for line in answer["lines"] if line not in found[-1:]]
                query["from"] = answer["next"]
            assert found == [n for n, line in enumerate(lines) if wanted.lower() in line.lower()], wanted


async def test_a_search_that_is_cut_short_goes_on_where_it_stopped(
    site: Site, attempt_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "SEARCHED_AT_ONCE", 1)
    monkeypatch.setattr(stored, "BATCH", 2)
    data = b"x" * 40 + b"needle" + b"y" * 40 + b"\nneedle\n" + b"z" * 30
    await store(site, attempt_id, data, random.Random(7))
    found: list[int] = []
    offset: int | None = 0
    async with site.browser("tanaka") as browser:
        while offset is not None:
            query: dict[str, str | int] = {"q": "Needle", "from": offset}
            answer = (await browser.get(f"/attempts/{attempt_id}/output/search", params=query)).json()
            found += answer["lines"]
            offset = answer["next"]
    assert found == [0, 1]


def test_what_a_codec_cannot_write_is_found_nowhere() -> None:
    assert not Search("🙂", "cp932", 10).possible
    assert Search("🙂", "utf-8", 10).possible


async def test_a_line_of_megabytes_is_cut_and_the_next_one_is_right(site: Site, attempt_id: int) -> None:
    data = "一行目\n".encode() + "長".encode() * 2_000_000 + b"\nnext\n" + b"\xff\xfe\x00binary\x80"
    await store(site, attempt_id, data)
    async with site.browser("tanaka") as browser:
        page = (await browser.get(f"/attempts/{attempt_id}/output/lines")).json()
    assert page["lines"] == ["一行目", "長" * MAX_LINE_CHARS, "next", "\ufffd\ufffd\x00binary\ufffd"]
    assert page["cut"] == [1]
    assert page["total"] == 4


async def test_an_attempt_without_output_has_no_lines(site: Site, attempt_id: int) -> None:
    async with site.browser("tanaka") as browser:
        page = (await browser.get(f"/attempts/{attempt_id}/output/lines?stream=err")).json()
        assert (page["lines"], page["total"], page["size"], page["tail_offset"]) == ([], 0, 0, 0)
        assert (await browser.get("/attempts/4711/output/lines")).status_code == 404
        assert (await browser.get(f"/attempts/{attempt_id}/output/raw")).content == b""


async def events(
    browser: httpx2.AsyncClient, path: str, headers: dict[str, str]
) -> AsyncIterator[tuple[str, str, str]]:
    """(event, id, data) of a stream, as a browser would see them."""
    async with browser.stream("GET", path, headers={"accept": "text/event-stream", **headers}) as answer:
        assert answer.status_code == 200
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif "data" in fields:
                yield fields.get("event", "message"), fields.get("id", ""), fields["data"]
                fields = {}
            else:
                fields = {}


async def test_a_stream_that_breaks_at_any_offset_goes_on_without_gap_or_repetition(
    site: Site, attempt_id: int
) -> None:
    random_ = random.Random(11)
    data = "".join(random_.choice(TEXT) for _ in range(6000)).encode()
    begun = data[:5000]
    await store(site, attempt_id, begun, random_)

    async def write_on() -> None:
        await store(site, attempt_id, data[len(begun) :], random_, len(begun))
        await end(site, attempt_id)

    async with site.served() as address, httpx2.AsyncClient(base_url=address, timeout=30) as browser:
        await sign_in(browser, "tanaka")
        writing = asyncio.ensure_future(write_on())
        path, received, ended = f"/attempts/{attempt_id}/output/stream", b"", False
        while not ended:
            part, ended = await some(browser, path, len(received), random_.randrange(1, 60))
            received += part
        await writing
    assert received == data


async def some(browser: httpx2.AsyncClient, path: str, begin: int, count: int) -> tuple[bytes, bool]:
    """So many events behind `begin`, then hang up; whether the stream said it had ended."""
    received = b""
    async for kind, number, body in events(browser, path, {"last-event-id": str(begin)}):
        if kind == "end":
            assert json.loads(body)["size"] == begin + len(received)
            return received, True
        offset, encoded = json.loads(body)
        assert offset == begin + len(received)
        received += base64.b64decode(encoded)
        assert int(number) == begin + len(received)
        count -= 1
        if not count:
            break
    return received, False


async def test_a_stream_may_begin_at_any_byte(site: Site, attempt_id: int) -> None:
    data = TEXT.encode() * 50
    await store(site, attempt_id, data, random.Random(3))
    await end(site, attempt_id)
    async with site.served() as address, httpx2.AsyncClient(base_url=address, timeout=30) as browser:
        await sign_in(browser, "tanaka")
        for begin in (0, 1, 777, len(data) - 1, len(data)):
            path = f"/attempts/{attempt_id}/output/stream?from={begin}"
            parts = [
                json.loads(body) async for kind, _, body in events(browser, path, {}) if kind == "message"
            ]
            assert b"".join(base64.b64decode(part) for _, part in parts) == data[begin:]
            assert parts == [] or parts[0][0] == begin


async def test_bytes_reach_the_reader_within_moments_of_their_commit(site: Site, attempt_id: int) -> None:
    async with site.served() as address, httpx2.AsyncClient(base_url=address, timeout=30) as browser:
        await sign_in(browser, "tanaka")
        stream = events(browser, f"/attempts/{attempt_id}/output/stream", {})
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.3)
        await store(site, attempt_id, b"now\n")
        began = asyncio.get_running_loop().time()
        _, number, _ = await waiting
        assert number == "4"
        assert asyncio.get_running_loop().time() - began < 0.5
        await stream.aclose()
