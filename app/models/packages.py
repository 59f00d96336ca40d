"""Packages of the store (installers, patches), and their deliveries to nodes. The bytes lie in files: app/packagestore.py."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.lifecycle import ENDED, OPEN_DELIVERY, DeliveryState
from app.models.base import At, Base, Id, one_of
from app.models.sessions import MaintenanceSession

_OVER = "('delivered','failed','unreachable')"


class Package(Base):
    """One file of the store: `name` as it was given, `sha256` in lower-case hexadecimal, `size` in bytes. Never changed."""

    __tablename__ = "package"
    __table_args__ = (
        sa.CheckConstraint("length(sha256) = 64", "sha256"),
        sa.CheckConstraint("size > 0", "size"),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(255))
    sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    added_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    added_at: Mapped[At]


class Delivery(Base):
    """The copying of a session's package to one node. `path`: where on the node; `done`: bytes that the node has.

    Asking again uses the same row; what was is in the audit chain. `problem` is a code: why it is over, or what it waits for.
    The package is named by its digest: a session's history stays when the package is removed.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        sa.UniqueConstraint("session_id", "node"),
        sa.CheckConstraint(one_of("state", DeliveryState), "state"),
        sa.CheckConstraint(f"(state in {_OVER}) = (ended_at is not null)", "ended"),
        sa.CheckConstraint("state <> 'queued' or begun_at is null", "queued"),
        sa.CheckConstraint("state not in ('running','delivered') or begun_at is not null", "begun"),
        sa.CheckConstraint("state not in ('queued','delivered') or problem is null", "no_problem"),
        sa.CheckConstraint("state not in ('failed','unreachable') or problem is not null", "problem"),
        sa.CheckConstraint("done >= 0 and done <= size", "done"),
        sa.CheckConstraint("state <> 'delivered' or done = size", "whole"),
    )

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("session.id"))
    node: Mapped[str] = mapped_column(sa.String(100))
    path: Mapped[str] = mapped_column(sa.String(1000))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int] = mapped_column(sa.BigInteger)
    state: Mapped[str] = mapped_column(sa.String(16))
    done: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    problem: Mapped[str | None] = mapped_column(sa.String(64))
    asked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    asked_at: Mapped[At]
    begun_at: Mapped[At | None]
    ended_at: Mapped[At | None]

    @property
    def delivery_state(self) -> DeliveryState:
        """The state as the domain's word."""
        return DeliveryState(self.state)


async def packages(db: AsyncSession) -> list[Package]:
    """Every package, the newest first."""
    return list(await db.scalars(sa.select(Package).order_by(Package.id.desc())))


async def package_of(db: AsyncSession, sha256: str) -> Package | None:
    """The package with that digest."""
    return (await db.scalars(sa.select(Package).where(Package.sha256 == sha256))).one_or_none()


async def sessions_using(db: AsyncSession, sha256: str) -> list[int]:
    """The sessions that have not ended and whose plan names that digest."""
    query = sa.select(MaintenanceSession.id).where(
        MaintenanceSession.patch_sha256 == sha256, MaintenanceSession.state.not_in(ENDED)
    )
    return list(await db.scalars(query.order_by(MaintenanceSession.id)))


async def packages_in_use(db: AsyncSession) -> dict[str, list[int]]:
    """By digest, the sessions that have not ended and name it; stored packages and others."""
    query = sa.select(MaintenanceSession.patch_sha256, MaintenanceSession.id).where(
        MaintenanceSession.patch_sha256.is_not(None), MaintenanceSession.state.not_in(ENDED)
    )
    found: dict[str, list[int]] = {}
    for sha256, session_id in await db.execute(query.order_by(MaintenanceSession.id)):
        found.setdefault(str(sha256), []).append(session_id)
    return found


async def deliveries_of(db: AsyncSession, session_id: int) -> list[Delivery]:
    """A session's deliveries by node."""
    query = sa.select(Delivery).where(Delivery.session_id == session_id).order_by(Delivery.node)
    return list(await db.scalars(query.execution_options(populate_existing=True)))


async def open_deliveries(db: AsyncSession) -> Sequence[int]:
    """Ids of the deliveries that are queued or running, oldest first: what the engine has to do."""
    query = sa.select(Delivery.id).where(Delivery.state.in_(OPEN_DELIVERY))
    return list(await db.scalars(query.order_by(Delivery.asked_at, Delivery.id)))
