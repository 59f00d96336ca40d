"""One attempt's bytes on their way into the database: known secrets overwritten at equal length, offsets kept.

Bytes that may be the beginning of a secret are held back until the next ones decide. They are not stored yet, so a cut
link asks for them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Literal

from app.actions import advance, outputs
from app.actions.act import Act
from app.domain.redaction import Redactor
from app.models import Attempt


class Store:
    """Made anew for every connection that follows the attempt; begins at what is stored already."""

    def __init__(
        self,
        act: Callable[[], AbstractAsyncContextManager[Act]],
        attempt: Attempt,
        secrets: Iterable[bytes],
    ) -> None:
        known = tuple(secrets)
        self._act, self._attempt_id = act, attempt.id
        self._begun = {"out": attempt.out_size, "err": attempt.err_size}
        self._at = dict(self._begun)
        self._redactors = {"out": Redactor(known), "err": Redactor(known)}

    async def sink(self, stream: Literal["out", "err"], _offset: int, data: bytes) -> None:
        """Store the next bytes of a stream; says in the chain where a secret stood, and how long it was."""
        shown, spans = self._redactors[stream].feed(data)
        places: list[list[str | int]] = [
            [stream, self._begun[stream] + span.offset, span.length] for span in spans
        ]
        await self._put(stream, shown, places)

    async def close(self) -> None:
        """The streams have ended: what was held back was no secret."""
        for stream, redactor in self._redactors.items():
            await self._put(stream, redactor.flush(), [])

    async def _put(self, stream: str, data: bytes, places: list[list[str | int]]) -> None:
        """Both in one transaction: what is stored overwritten is told, whatever dies."""
        if not data and not places:
            return
        async with self._act() as act:
            if places:
                await advance.note_redaction(act, self._attempt_id, places)
            if data:
                await outputs.store_output(act.db, self._attempt_id, stream, self._at[stream], data)
        self._at[stream] += len(data)
