"""The audit chain's rows. The database itself refuses to change or delete one (triggers in the first migration)."""

from __future__ import annotations

import json

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.digest import link
from app.models.base import At, Base


class AuditEvent(Base):
    """One event. `payload` is the canonical JSON that the chain hashes; the other columns repeat it for the filters."""

    __tablename__ = "audit_event"
    __table_args__ = (
        sa.CheckConstraint("seq > 0", "seq"),  # what stands before the first event would never be verified
        sa.Index("ix_audit_event_session", "session_id", "seq"),
    )

    seq: Mapped[int] = mapped_column(sa.BigInteger(), primary_key=True, autoincrement=False)
    at: Mapped[At]
    actor_id: Mapped[int | None]
    actor: Mapped[str] = mapped_column(sa.String(64))
    action: Mapped[str] = mapped_column(sa.String(64), index=True)
    subject: Mapped[str] = mapped_column(sa.String(128), index=True)
    session_id: Mapped[int | None]
    payload: Mapped[bytes] = mapped_column(sa.LargeBinary)
    hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))


async def chain_head(db: AsyncSession) -> tuple[int, bytes]:
    """(seq, hash) of the newest event; (0, 32 zero bytes) for an empty chain."""
    query = sa.select(AuditEvent.seq, AuditEvent.hash).order_by(AuditEvent.seq.desc()).limit(1)
    row = (await db.execute(query)).one_or_none()
    return (row.seq, row.hash) if row else (0, bytes(32))


async def chain(db: AsyncSession, after: int = 0, limit: int = 1000) -> list[AuditEvent]:
    """Events in order, from behind `after`."""
    return list(
        await db.scalars(
            sa.select(AuditEvent).where(AuditEvent.seq > after).order_by(AuditEvent.seq).limit(limit)
        )
    )


async def was_redacted(db: AsyncSession, attempt_id: int) -> bool:
    """Whether a known secret was overwritten in what is stored of this attempt."""
    query = sa.select(AuditEvent.seq).where(
        AuditEvent.subject == f"attempt:{attempt_id}", AuditEvent.action == "output.redacted"
    )
    return (await db.scalars(query.limit(1))).first() is not None


async def events(
    db: AsyncSession,
    *,
    actor: str = "",
    action: str = "",
    session_id: int | None = None,
    since: int | None = None,
    until: int | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[AuditEvent]:
    """Newest first, filtered; `action` matches by prefix ("step" finds every step.*); `before` pages on by seq."""
    query = sa.select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(limit)
    if actor:
        query = query.where(AuditEvent.actor == actor)
    if action:
        query = query.where(AuditEvent.action.startswith(action, autoescape=True))
    if session_id is not None:
        query = query.where(AuditEvent.session_id == session_id)
    if since is not None:
        query = query.where(AuditEvent.at >= since)
    if until is not None:
        query = query.where(AuditEvent.at < until)
    if before is not None:
        query = query.where(AuditEvent.seq < before)
    return list(await db.scalars(query))


async def verify_chain(db: AsyncSession, kept: list[tuple[int, bytes]]) -> list[str]:
    """What is wrong with the chain, as codes with the event's number; empty when everything is as it was written.

    `kept` are heads (seq, hash) from outside the database: they find truncation and a chain rewritten as a whole.
    Codes: changed:N (payload and hash disagree, or a column differs from the payload), missing:N, head_lost:N,
    head_differs:N.
    """
    faults: list[str] = []
    heads, before, expected = dict(kept), bytes(32), 1
    while events := await chain(db, after=expected - 1):
        for event in events:
            if event.seq != expected:
                return [*faults, f"missing:{expected}"]
            if link(before, event.payload) != event.hash or not _columns_agree(event):
                faults.append(f"changed:{event.seq}")
            if heads.pop(event.seq, event.hash) != event.hash:
                faults.append(f"head_differs:{event.seq}")
            before, expected = event.hash, event.seq + 1
        db.expunge_all()
    return faults + [f"head_lost:{seq}" for seq in sorted(heads)]


def _columns_agree(event: AuditEvent) -> bool:
    try:
        told = dict(json.loads(event.payload))
    except (ValueError, TypeError):
        return False
    names = ("seq", "at", "actor_id", "actor", "action", "subject", "session_id")
    return all(told.get(name) == getattr(event, name) for name in names)
