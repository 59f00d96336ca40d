"""What every action is handed: the transaction, who acts, when, and how the next segment is enqueued.

Also the audit chain's only writer, `record`. Must not commit.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import announce_head, note_bell
from app.domain.digest import canonical, link
from app.domain.errors import Forbidden, Refusal
from app.domain.policy import Permission, Person, require
from app.models import AuditEvent
from app.models.audit import chain_head

Enqueue = Callable[[AsyncSession, int, int], Awaitable[None]]
_CHAIN_LOCK = 7_305_641
_NEWCOMER_LOCK = 7_305_643


@dataclass(frozen=True)
class Act:
    """One write in the making: `now` is UTC microseconds, `by` is None where the program itself acts (the engine)."""

    db: AsyncSession
    now: int
    by: Person | None
    enqueue: Enqueue
    address: str = ""

    @property
    def person(self) -> Person:
        """Who acts; Forbidden where nobody is signed in."""
        if self.by is None:
            raise Forbidden("nobody", "サインインしてください。", "Sign in first.")
        return self.by

    def require(self, permission: Permission) -> Person:
        """The acting person, if they hold the permission; Forbidden otherwise."""
        require(self.person, permission)
        return self.person


async def hold_newcomers(act: Act) -> None:
    """Until this transaction ends nobody else adds what must not be there twice (a name, a plan, a key, a counter).

    Call it before looking whether it is there, and before any row is locked.
    """
    await _alone(act, _NEWCOMER_LOCK)


async def _alone(act: Act, lock: int) -> None:
    if act.db.get_bind().dialect.name == "postgresql":  # SQLite's writer is alone already
        await act.db.execute(sa.text("select pg_advisory_xact_lock(:k)"), {"k": lock})


async def record(
    act: Act, action: str, subject: str, *, session_id: int | None = None, **params: Any
) -> None:
    """Append one event to the chain (`step.ticked`, past tense) and note the bells of its subject and its session.

    `params` hold codes, numbers and the operator's own words, never sentences of ours and never a secret.
    """
    await act.db.flush()  # rows first, then the chain, in every transaction: else two wait on each other
    await _alone(act, _CHAIN_LOCK)
    seq, before = await chain_head(act.db)
    event = {
        "seq": seq + 1,
        "at": act.now,
        "actor_id": act.by.id if act.by else None,
        "actor": act.by.name if act.by else "tejun",
        "address": act.address,
        "action": action,
        "subject": subject,
        "session_id": session_id,
        "params": params,
    }
    payload = canonical(event)
    columns = {k: event[k] for k in ("seq", "at", "actor_id", "actor", "action", "subject", "session_id")}
    row = AuditEvent(**columns, payload=payload, hash=link(before, payload))
    act.db.add(row)
    await act.db.flush()
    note_bell(act.db, subject, "audit", *([f"session:{session_id}"] if session_id else []))
    announce_head(act.db, row.seq, row.hash)


async def record_refusal(act: Act, action: str, refusal: Refusal) -> None:
    """What somebody tried and was refused; in a transaction of its own, since the refused one is rolled back."""
    await record(act, "request.refused", action, code=refusal.code, status=refusal.status)


def params_of(event: AuditEvent) -> dict[str, Any]:
    """The parameters of a stored event."""
    found = json.loads(event.payload)["params"]
    assert isinstance(found, dict)
    return found
