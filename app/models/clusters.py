"""Clusters as stored, and the host keys of their nodes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.cluster import Cluster
from app.models.base import At, Base, Id, one_of

KEY_STATES = ("offered", "accepted", "replaced")


class ClusterRecord(Base):
    """A cluster. `document` is the validated cluster file as JSON; `version` counts its edits (stale pages are refused)."""

    __tablename__ = "cluster"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(100), unique=True)
    document: Mapped[str] = mapped_column(sa.Text)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[At]
    updated_at: Mapped[At]

    @property
    def cluster(self) -> Cluster:
        """The cluster as the domain sees it."""
        return Cluster.model_validate_json(self.document)


class HostKey(Base):
    """A host key that a node offered at an address. At most one is accepted for an address at a time."""

    __tablename__ = "host_key"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", KEY_STATES), "state"),
        sa.CheckConstraint("(state = 'offered') = (accepted_at is null)", "accepted"),
        sa.UniqueConstraint("address", "port", "public_key"),
        sa.Index(
            "uq_host_key_accepted",
            "address",
            "port",
            unique=True,
            sqlite_where=sa.text("state = 'accepted'"),
            postgresql_where=sa.text("state = 'accepted'"),
        ),
    )

    id: Mapped[Id]
    address: Mapped[str] = mapped_column(sa.String(255))
    port: Mapped[int]
    public_key: Mapped[str] = mapped_column(sa.String(1000))
    fingerprint: Mapped[str] = mapped_column(sa.String(100))
    state: Mapped[str] = mapped_column(sa.String(16))
    offered_at: Mapped[At]
    accepted_at: Mapped[At | None]
    accepted_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))


async def cluster_named(db: AsyncSession, name: str) -> ClusterRecord | None:
    """The cluster of that name."""
    return (await db.scalars(sa.select(ClusterRecord).where(ClusterRecord.name == name))).one_or_none()


async def clusters(db: AsyncSession) -> list[ClusterRecord]:
    """Every cluster by name."""
    return list(await db.scalars(sa.select(ClusterRecord).order_by(ClusterRecord.name)))


async def accepted_key(db: AsyncSession, address: str, port: int) -> HostKey | None:
    """The accepted host key of an address, if any."""
    query = sa.select(HostKey).where(
        HostKey.address == address, HostKey.port == port, HostKey.state == "accepted"
    )
    return (await db.scalars(query)).one_or_none()


async def offered_keys(db: AsyncSession, address: str, port: int) -> list[HostKey]:
    """Keys that wait for an administrator's decision at this address, newest first."""
    query = sa.select(HostKey).where(
        HostKey.address == address, HostKey.port == port, HostKey.state == "offered"
    )
    return list(await db.scalars(query.order_by(HostKey.offered_at.desc())))
