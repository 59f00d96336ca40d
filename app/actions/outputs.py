"""Raw output into chunks. The one write without an event of its own: the attempt's end records the digest of the whole.

A chunk holds 256 KiB at most and is never changed; its offset is where the follower goes on after any death.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
import zstandard
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import note_bell
from app.models import Attempt, OutputChunk
from app.models.steps import chunks

CHUNK = 256 * 1024


async def store_output(db: AsyncSession, attempt_id: int, stream: str, offset: int, data: bytes) -> int:
    """Append bytes that begin at `offset`; what is already stored is passed over. Returns the stored size of the stream.

    Raises ValueError for a gap: the follower asked for the wrong offset.
    """
    row = await db.get_one(Attempt, attempt_id, with_for_update=True, populate_existing=True)
    have = row.size(stream)
    if offset > have:
        raise ValueError(f"gap in {stream} of attempt {attempt_id}: have {have}, got {offset}")
    data = data[have - offset :]
    lines = row.out_lines if stream == "out" else row.err_lines
    for start in range(0, len(data), CHUNK):
        part = data[start : start + CHUNK]
        packed = zstandard.ZstdCompressor(level=1).compress(part)
        chunk = OutputChunk(
            attempt_id=attempt_id, stream=stream, offset=have, size=len(part), first_line=lines, data=packed
        )
        db.add(chunk)
        have += len(part)
        lines += part.count(b"\n")
    if stream == "out":
        row.out_size, row.out_lines = have, lines
    else:
        row.err_size, row.err_lines = have, lines
    if data:
        note_bell(db, f"output:{attempt_id}")
    return have


async def stored_digest(db: AsyncSession, attempt_id: int, stream: str) -> tuple[int, str]:
    """(size, SHA-256 hex) of everything stored of a stream, read back from the database."""
    digest, offset = hashlib.sha256(), 0
    while part := await chunks(db, attempt_id, stream, offset):
        for chunk in part:
            assert chunk.offset == offset, "chunks are contiguous"
            digest.update(unpacked(chunk.data))
            offset += chunk.size
        db.expunge_all()
    return offset, digest.hexdigest()


def unpacked(data: bytes) -> bytes:
    """The raw bytes of a stored chunk or evidence."""
    return zstandard.ZstdDecompressor().decompress(data)


async def evidence_bytes(db: AsyncSession, evidence_id: int) -> bytes | None:
    """The original bytes of a piece of evidence; None where there is none."""
    from app.models import Evidence

    data = await db.scalar(sa.select(Evidence.data).where(Evidence.id == evidence_id))
    return None if data is None else unpacked(data)
