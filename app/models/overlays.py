"""Organisations' overlay files as stored, version by version, and what a session's plan was made with beside its cluster."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import At, Base, Id


class OverlayRecord(Base):
    """An overlay by its name. A retired one is laid over no new plan; its versions stay."""

    __tablename__ = "overlay"
    __table_args__ = (sa.CheckConstraint("retired_by is null or retired_at is not null", "retired"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(100), unique=True)
    retired_at: Mapped[At | None]
    retired_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))


class OverlayVersion(Base):
    """One version, byte for byte as it came in; triggers refuse a change. `clusters` is a JSON list of names, empty for all."""

    __tablename__ = "overlay_version"
    __table_args__ = (sa.UniqueConstraint("overlay_id", "number"),)

    id: Mapped[Id]
    overlay_id: Mapped[int] = mapped_column(sa.ForeignKey("overlay.id"))
    number: Mapped[int]
    document: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    clusters: Mapped[str] = mapped_column(sa.Text)
    imported_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    imported_at: Mapped[At]

    @property
    def cluster_names(self) -> tuple[str, ...]:
        """The clusters that it is for; none for all of them."""
        return tuple(json.loads(self.clusters))


class PlanBasis(Base):
    """What a session's plan was made with: a version of an overlay, and the manual's literal order for one erratum, with who
    chose it and why."""

    __tablename__ = "plan_basis"
    __table_args__ = (
        sa.CheckConstraint("(literal is null) = (reason is null)", "reason"),
        sa.CheckConstraint("(literal is null) = (chosen_by is null)", "chosen_by"),
        sa.CheckConstraint("(literal is null) = (chosen_at is null)", "chosen_at"),
    )

    session_id: Mapped[int] = mapped_column(
        sa.ForeignKey("session.id"), primary_key=True, autoincrement=False
    )
    overlay_version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("overlay_version.id"))
    literal: Mapped[str | None] = mapped_column(sa.String(8))
    reason: Mapped[str | None] = mapped_column(sa.Text)
    chosen_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    chosen_at: Mapped[At | None]


async def overlays(db: AsyncSession) -> Sequence[tuple[OverlayRecord, OverlayVersion]]:
    """Every overlay with its newest version, by name."""
    newest = sa.select(sa.func.max(OverlayVersion.id)).group_by(OverlayVersion.overlay_id)
    query = (
        sa.select(OverlayRecord, OverlayVersion)
        .join(OverlayVersion, OverlayVersion.overlay_id == OverlayRecord.id)
        .where(OverlayVersion.id.in_(newest))
        .order_by(OverlayRecord.name)
    )
    return [(record, version) for record, version in await db.execute(query)]


async def overlay_named(db: AsyncSession, name: str) -> OverlayRecord | None:
    """The overlay of that name."""
    return (await db.scalars(sa.select(OverlayRecord).where(OverlayRecord.name == name))).one_or_none()


async def versions_of(db: AsyncSession, overlay_id: int) -> list[OverlayVersion]:
    """Every version of an overlay, the newest first."""
    query = sa.select(OverlayVersion).where(OverlayVersion.overlay_id == overlay_id)
    return list(await db.scalars(query.order_by(OverlayVersion.number.desc())))


async def overlay_versions(db: AsyncSession, cluster: str) -> Sequence[tuple[OverlayRecord, OverlayVersion]]:
    """Every stored version that was ever for that cluster, the newest first: for comparing plans."""
    query = (
        sa.select(OverlayRecord, OverlayVersion)
        .join(OverlayVersion, OverlayVersion.overlay_id == OverlayRecord.id)
        .order_by(OverlayVersion.id.desc())
    )
    rows = [(record, version) for record, version in await db.execute(query)]
    return [row for row in rows if not row[1].cluster_names or cluster in row[1].cluster_names]


async def current_overlay(db: AsyncSession, cluster: str) -> OverlayVersion | None:
    """What is laid over a new plan of that cluster: its own overlay, else the one for all, else nothing."""
    living = [version for record, version in await overlays(db) if record.retired_at is None]
    own = [version for version in living if cluster in version.cluster_names]
    for_all = [version for version in living if not version.cluster_names]
    return next(iter([*own, *for_all]), None)


async def overlay_of(db: AsyncSession, session_id: int) -> tuple[OverlayRecord, OverlayVersion] | None:
    """The overlay that a session's plan was made with."""
    query = (
        sa.select(OverlayRecord, OverlayVersion)
        .join(OverlayVersion, OverlayVersion.overlay_id == OverlayRecord.id)
        .join(PlanBasis, PlanBasis.overlay_version_id == OverlayVersion.id)
        .where(PlanBasis.session_id == session_id)
    )
    row = (await db.execute(query)).one_or_none()
    return (row[0], row[1]) if row else None


async def basis_of(db: AsyncSession, session_id: int) -> PlanBasis | None:
    """What that session's plan was made with; nothing for sessions from before there were overlays."""
    return await db.get(PlanBasis, session_id, populate_existing=True)
