"""Maintenance sessions, their frozen plans, the nodes they hold, and the approvals they ask for."""

from __future__ import annotations

from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.lifecycle import ACTIVE, SessionState
from app.domain.procedure import Plan
from app.models.base import At, Base, Id, one_of
from app.models.clusters import ClusterRecord

APPROVAL_KINDS = ("start", "skip", "settle", "extend")
APPROVAL_STATES = ("pending", "granted", "denied", "void")
_ACTIVE = "state in ('running', 'paused')"


@lru_cache(maxsize=64)
def _parsed(document: bytes) -> Plan:
    return Plan.model_validate_json(document)


class PlanRecord(Base):
    """A plan, immutable: `document` is its canonical JSON, byte for byte what was approved. Triggers refuse a change."""

    __tablename__ = "plan"

    id: Mapped[Id]
    digest: Mapped[str] = mapped_column(sa.String(80), unique=True)
    document: Mapped[bytes] = mapped_column(sa.LargeBinary)
    created_at: Mapped[At]

    @property
    def plan(self) -> Plan:
        """The plan as the domain sees it."""
        return _parsed(self.document)


class MaintenanceSession(Base):
    """One carrying-out of a plan. `position` is the index of the current step; `advance_no` numbers its segments.

    `driver_id` is the person on whose word the machine steps run: who started, resumed or decided last.
    """

    __tablename__ = "session"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", SessionState), "state"),
        sa.CheckConstraint(
            "(state in ('running','paused','completed')) <= (started_at is not null)", "started"
        ),
        sa.CheckConstraint("(state in ('completed','aborted')) = (ended_at is not null)", "ended"),
        sa.CheckConstraint("(state = 'aborted') = (abort_reason is not null)", "aborted"),
        sa.CheckConstraint("(state = 'paused') = (pause_reason is not null)", "paused"),
        sa.CheckConstraint(
            "(state not in ('approved','running','paused','completed')) or (approval_digest is not null)",
            "approved",
        ),
        sa.CheckConstraint(
            "(window_start is null) = (window_end is null) and (window_start is null or window_end > window_start)",
            "window",
        ),
        sa.Index(
            "uq_session_active_cluster",
            "cluster_id",
            unique=True,
            sqlite_where=sa.text(_ACTIVE),
            postgresql_where=sa.text(_ACTIVE),
        ),
    )

    id: Mapped[Id]
    cluster_id: Mapped[int] = mapped_column(sa.ForeignKey("cluster.id"))
    cluster_version: Mapped[int]  # of which the plan was made
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("plan.id"))
    title: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[str] = mapped_column(sa.String(16), default=SessionState.DRAFT.value)
    operation: Mapped[str] = mapped_column(sa.String(16))
    target: Mapped[str] = mapped_column(sa.String(32))
    method: Mapped[str] = mapped_column(sa.String(16))
    install: Mapped[str] = mapped_column(sa.String(16), default="overwrite", server_default="overwrite")
    patch_file: Mapped[str | None] = mapped_column(sa.String(1000))
    patch_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    zone: Mapped[str] = mapped_column(sa.String(64))
    window_start: Mapped[At | None]
    window_end: Mapped[At | None]
    position: Mapped[int] = mapped_column(default=0)
    advance_no: Mapped[int] = mapped_column(default=0)
    driver_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[At]
    submitted_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    submitted_at: Mapped[At | None]
    approved_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    approved_at: Mapped[At | None]
    approval_digest: Mapped[str | None] = mapped_column(sa.String(80))
    return_reason: Mapped[str | None] = mapped_column(sa.Text)
    started_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    started_at: Mapped[At | None]
    ended_at: Mapped[At | None]
    pause_reason: Mapped[str | None] = mapped_column(sa.Text)
    abort_reason: Mapped[str | None] = mapped_column(sa.Text)
    resting_state: Mapped[str | None] = mapped_column(sa.Text)

    cluster: Mapped[ClusterRecord] = relationship(lazy="joined", innerjoin=True)
    plan_record: Mapped[PlanRecord] = relationship(lazy="joined", innerjoin=True)

    @property
    def plan(self) -> Plan:
        """The frozen plan this session carries out."""
        return self.plan_record.plan

    @property
    def session_state(self) -> SessionState:
        """The state as the domain's word."""
        return SessionState(self.state)


class SessionNode(Base):
    """A node that a running session holds, by its host key: one node may stand in two cluster records."""

    __tablename__ = "session_node"
    __table_args__ = (
        sa.UniqueConstraint("session_id", "node"),
        sa.Index(
            "uq_session_node_active",
            "fingerprint",
            unique=True,
            sqlite_where=sa.text("active"),
            postgresql_where=sa.text("active"),
        ),
    )

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("session.id"))
    node: Mapped[str] = mapped_column(sa.String(100))
    fingerprint: Mapped[str] = mapped_column(sa.String(100))
    active: Mapped[bool]


class Approval(Base):
    """A question put to a second person: may it start, may this step be skipped, did it really end so, may it run longer.

    `digest` is what a start approval covers; `payload` (JSON) what the others ask for; `reason` the words of who asked.
    """

    __tablename__ = "approval"
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", APPROVAL_KINDS), "kind"),
        sa.CheckConstraint(one_of("state", APPROVAL_STATES), "state"),
        sa.CheckConstraint("(state in ('granted','denied')) = (decided_by is not null)", "decided"),
        sa.CheckConstraint("(state = 'pending') = (decided_at is null)", "pending"),
        sa.CheckConstraint("decided_by is null or decided_by <> requested_by", "four_eyes"),
        sa.CheckConstraint("(kind in ('skip','settle')) = (step_run_id is not null)", "step"),
        sa.Index(
            "uq_approval_pending",
            "session_id",
            "kind",
            unique=True,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        ),
    )

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("session.id"))
    step_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("step_run.id"))
    kind: Mapped[str] = mapped_column(sa.String(16))
    state: Mapped[str] = mapped_column(sa.String(16), default="pending")
    digest: Mapped[str] = mapped_column(sa.String(80))
    payload: Mapped[str] = mapped_column(sa.Text, default="{}")
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    requested_by: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    requested_at: Mapped[At]
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[At | None]
    comment: Mapped[str | None] = mapped_column(sa.Text)


async def sessions(
    db: AsyncSession, *, cluster_id: int | None = None, limit: int = 200
) -> list[MaintenanceSession]:
    """Sessions, newest first."""
    query = sa.select(MaintenanceSession).order_by(MaintenanceSession.id.desc()).limit(limit)
    if cluster_id is not None:
        query = query.where(MaintenanceSession.cluster_id == cluster_id)
    return list(await db.scalars(query))


async def sessions_under_way(db: AsyncSession) -> list[MaintenanceSession]:
    """Sessions that are running or paused: what the sweep and the outage watch look at."""
    query = sa.select(MaintenanceSession).where(MaintenanceSession.state.in_(ACTIVE))
    return list(await db.scalars(query.order_by(MaintenanceSession.id)))


async def locked_session(db: AsyncSession, session_id: int) -> MaintenanceSession | None:
    """The session, its row locked until the transaction ends."""
    query = sa.select(MaintenanceSession).where(MaintenanceSession.id == session_id)
    found = await db.scalars(
        query.with_for_update(of=MaintenanceSession).execution_options(populate_existing=True)
    )
    return found.one_or_none()


async def pending_approvals(db: AsyncSession, session_id: int | None = None) -> list[Approval]:
    """Approvals nobody has decided yet, oldest first."""
    query = sa.select(Approval).where(Approval.state == "pending").order_by(Approval.id)
    if session_id is not None:
        query = query.where(Approval.session_id == session_id)
    return list(await db.scalars(query))


async def approvals_of(db: AsyncSession, session_id: int) -> list[Approval]:
    """Every approval a session ever asked for, in order."""
    return list(
        await db.scalars(sa.select(Approval).where(Approval.session_id == session_id).order_by(Approval.id))
    )
