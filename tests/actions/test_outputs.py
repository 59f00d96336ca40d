"""Output and evidence: no byte lost, repeated or changed, however the pieces arrive."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.actions import sessions, steps
from app.actions.outputs import CHUNK, evidence_bytes, store_output, stored_digest, unpacked
from app.domain.errors import Invalid
from app.domain.lifecycle import Awaiting
from app.models import Evidence, OutputChunk
from app.models.steps import chunks, evidence_of
from tests.actions.test_session_refusals import code_of
from tests.support.world import World


async def open_attempt(world: World) -> int:
    """A command under way."""
    await world.running()
    await world.until(Awaiting.EXECUTE)
    await world.human()
    return (await world.work()).attempt_id or 0


async def store(world: World, number: int, stream: str, offset: int, data: bytes) -> int:
    """One piece in one transaction."""
    async with world.database.transaction() as db:
        return await store_output(db, number, stream, offset, data)


async def stored(world: World, number: int, stream: str) -> list[OutputChunk]:
    """Every chunk of a stream."""
    async with world.database.reading() as db:
        return await chunks(db, number, stream, 0, limit=10_000)


async def test_pieces_that_overlap_or_repeat_are_stored_once(world: World) -> None:
    number = await open_attempt(world)
    whole = b"one\ntwo\nthree\nfour"
    for offset, end in ((0, 5), (0, 5), (3, 9), (2, 4), (9, 9), (0, len(whole))):
        await store(world, number, "out", offset, whole[offset:end])
    parts = await stored(world, number, "out")
    assert b"".join(unpacked(part.data) for part in parts) == whole
    assert [(part.offset, part.first_line) for part in parts] == [(0, 0), (5, 1), (9, 2)]
    attempt = await world.attempt(number)
    assert (attempt.out_size, attempt.out_lines, attempt.err_size) == (len(whole), 3, 0)


async def test_a_gap_is_a_defect_and_stores_nothing(world: World) -> None:
    number = await open_attempt(world)
    await store(world, number, "err", 0, b"abc")
    with pytest.raises(ValueError, match="gap in err"):
        await store(world, number, "err", 4, b"def")
    assert await stored_of(world, number, "err") == (3, hashlib.sha256(b"abc").hexdigest())


async def stored_of(world: World, number: int, stream: str) -> tuple[int, str]:
    """Size and digest as read back."""
    async with world.database.reading() as db:
        return await stored_digest(db, number, stream)


@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 7])
async def test_a_chunk_holds_256_kib_at_most(world: World, size: int) -> None:
    number = await open_attempt(world)
    data = (b"x" * 62 + b"\r\n" + bytes(range(256))) * (size // 320 + 1)
    await store(world, number, "out", 0, data[:size])
    parts = await stored(world, number, "out")
    assert max(part.size for part in parts) <= 256 * 1024
    assert len(parts) == -(-size // CHUNK)
    for part in parts:
        assert part.first_line == data[: part.offset].count(b"\n")
        assert unpacked(part.data) == data[part.offset : part.offset + part.size]


async def test_any_pieces_in_both_streams_give_the_bytes_back(world: World) -> None:
    number = await open_attempt(world)
    sent = {"out": b"", "err": b""}

    piece = st.tuples(st.sampled_from(["out", "err"]), st.binary(max_size=300), st.integers(0, 50))

    @settings(max_examples=1, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(piece, min_size=60, max_size=60))
    def pieces(drawn: list[tuple[str, bytes, int]]) -> None:
        made.extend(drawn)

    made: list[tuple[str, bytes, int]] = []
    pieces()
    for stream, data, back in made:
        offset = max(0, len(sent[stream]) - back)
        sent[stream] += data
        size = await store(world, number, stream, offset, sent[stream][offset:])
        assert size == len(sent[stream])
    for stream, data in sent.items():
        assert await stored_of(world, number, stream) == (len(data), hashlib.sha256(data).hexdigest())


async def test_new_output_rings_the_bell_of_its_attempt_and_repeated_output_does_not(world: World) -> None:
    number = await open_attempt(world)
    for expected in ([f"output:{number}"], []):
        cursor = world.database.bell.cursor
        await store(world, number, "out", 0, b"line\n")
        assert world.database.bell.since(cursor)[0] == expected


async def test_chunks_are_read_from_the_middle(world: World) -> None:
    number = await open_attempt(world)
    for offset in range(0, 50, 10):
        await store(world, number, "out", offset, b"0123456789")
    async with world.database.reading() as db:
        assert [chunk.offset for chunk in await chunks(db, number, "out", 25, limit=2)] == [20, 30]
        assert await chunks(db, number, "out", 50) == []


async def test_evidence_comes_back_as_it_was_handed_in(world: World) -> None:
    await world.running()
    run = (await world.runs())[0]
    data = bytes(range(256)) * 4096
    row = await world.do("sato", steps.attach_evidence, run.id, "画面.png", "image/png", data)
    assert (row.size, row.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    async with world.database.reading() as db:
        assert await evidence_bytes(db, row.id) == data
        assert await evidence_bytes(db, row.id + 1) is None
        assert [found.name for found in await evidence_of(db, run.id)] == ["画面.png"]
    event = (await world.events())[-1]
    assert event.action == "evidence.attached"
    assert row.sha256.encode() in event.payload


@pytest.mark.parametrize("size", [0, steps.LARGEST_EVIDENCE + 1])
async def test_evidence_is_neither_empty_nor_too_large(world: World, size: int) -> None:
    await world.running()
    run = (await world.runs())[0]
    with pytest.raises(Invalid, match="bad_evidence_size"):
        await world.do("sato", steps.attach_evidence, run.id, "a", "text/plain", b"x" * size)
    await world.do("sato", steps.attach_evidence, run.id, " ", "", b"x" * steps.LARGEST_EVIDENCE)
    assert await world.count(Evidence) == 1


async def test_evidence_belongs_to_a_session_under_way(world: World) -> None:
    await world.running()
    run = (await world.runs())[0]
    await world.do("sato", sessions.abort_session, world.session_id, "中止")
    late = world.do("sato", steps.attach_evidence, run.id, "a", "text/plain", b"x")
    assert await code_of(late) == "session_not_active"
