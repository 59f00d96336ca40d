"""How a segment is enqueued inside the deciding transaction, and which segments are alive. Usable without an engine.

A segment's id is `session:advance_no`: enqueueing an id a second time commits silently and never runs, hence the counter.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from dbos import DBOS, DBOSClient, Serializer
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

APPLICATION = "tejun"
VERSION = "1"  # constant: a changed code version must still take up the segments of the one before
QUEUE = "sessions"
WORKFLOW = "advance"
LIVE = ["ENQUEUED", "PENDING", "DELAYED"]


class JsonSerializer(Serializer):
    """Inputs and results of segments are numbers and words: JSON, not pickles."""

    def serialize(self, data: Any) -> str:
        """Any JSON value as text."""
        return json.dumps(data)

    def deserialize(self, serialized_data: str) -> Any:
        """The value back."""
        return json.loads(serialized_data)

    def name(self) -> str:
        """The name stored beside each value."""
        return "json"


def sync_url(url: str) -> str:
    """The database's address as DBOS wants it: same database, synchronous driver."""
    return url.replace("sqlite+aiosqlite://", "sqlite://")


class SegmentQueue:
    """Enqueues segments from any process that has the database."""

    def __init__(self, url: str) -> None:
        self._client = DBOSClient(
            system_database_url=sync_url(url),
            application_name=APPLICATION,
            serializer=JsonSerializer(),
            lazy=True,
        )

    async def enqueue(self, db: AsyncSession, session_id: int, advance_no: int) -> None:
        """Enqueue the segment as part of the caller's transaction: it exists if and only if the decision does."""

        def put(session: Session) -> None:
            options: Any = {
                "workflow_name": WORKFLOW,
                "queue_name": QUEUE,
                "workflow_id": segment_id(session_id, advance_no),
                "app_version": VERSION,
            }
            self._client.enqueue_in_transaction(session.connection(), options, session_id, advance_no)

        await db.run_sync(put)

    async def live_segments(self) -> set[str]:
        """Ids of the segments that are enqueued or running."""
        rows = await asyncio.to_thread(
            self._client.list_workflows, status=LIVE, name=WORKFLOW, load_input=False, load_output=False
        )
        return {row.workflow_id for row in rows}

    def close(self) -> None:
        """Close the client's connections."""
        self._client.destroy()


def segment_id(session_id: int, advance_no: int) -> str:
    """The workflow id of a segment."""
    return f"{session_id}:{advance_no}"


def create_tables(url: str) -> None:
    """Create or upgrade the engine's own tables, for processes that enqueue before any engine was ever launched."""
    DBOS.migrate(sync_url(url))
