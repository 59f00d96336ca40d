"""Step runs and what hangs on them: attempts, output, readings, sign-offs, evidence, outages."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, defer, mapped_column

from app.domain.lifecycle import AttemptState, Awaiting, Standing, StepState
from app.models.base import At, Base, Id, one_of

STREAMS = ("out", "err")
SIGN_OFF_ROLES = ("performer", "checker")
_OPEN = "state in ('queued', 'running')"


class StepRun(Base):
    """The carrying-out of one step of the plan; `seq` is its index there, `outcome` a code for what the state does not say."""

    __tablename__ = "step_run"
    __table_args__ = (
        sa.UniqueConstraint("session_id", "seq"),
        sa.CheckConstraint(one_of("state", StepState), "state"),
        sa.CheckConstraint("awaiting is null or " + one_of("awaiting", Awaiting), "awaiting_word"),
        sa.CheckConstraint("(state = 'awaiting') = (awaiting is not null)", "awaiting"),
        sa.CheckConstraint(
            "(state in ('succeeded','skipped','failed','unknown')) = (ended_at is not null)", "ended"
        ),
        sa.CheckConstraint("state = 'pending' or state = 'skipped' or started_at is not null", "started"),
    )

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("session.id"))
    seq: Mapped[int]
    key: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[str] = mapped_column(sa.String(16), default=StepState.PENDING.value)
    awaiting: Mapped[str | None] = mapped_column(sa.String(16))
    outcome: Mapped[str | None] = mapped_column(sa.String(64))
    note: Mapped[str | None] = mapped_column(sa.Text)
    performer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    checker_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    planned_start: Mapped[At | None]
    planned_end: Mapped[At | None]
    started_at: Mapped[At | None]
    ended_at: Mapped[At | None]

    @property
    def standing(self) -> Standing:
        """State and whom it waits for, as the domain sees them."""
        return Standing(StepState(self.state), Awaiting(self.awaiting) if self.awaiting else None)

    def stand(self, standing: Standing) -> None:
        """Put the step run where the domain said; the caller sets the times."""
        self.state, self.awaiting = (
            standing.state.value,
            standing.awaiting.value if standing.awaiting else None,
        )


class Attempt(Base):
    """One start of a step's commands, append-only once ended. `key` is random, 128 bits: the claim on the node bears it."""

    __tablename__ = "attempt"
    __table_args__ = (
        sa.UniqueConstraint("step_run_id", "number"),
        sa.CheckConstraint(one_of("state", AttemptState), "state"),
        sa.CheckConstraint(f"({_OPEN}) = (ended_at is null)", "ended"),
        sa.CheckConstraint(
            "(exit_status is null) or state in ('succeeded','failed','timed_out','cancelled')", "exit"
        ),
        sa.CheckConstraint("state not in ('queued','unreachable') or begun_at is null", "begun"),
        sa.CheckConstraint("state not in ('running','timed_out','unknown') or begun_at is not null", "sent"),
        sa.CheckConstraint("claimed_at is null or begun_at is not null", "claimed"),
        sa.Index(
            "uq_attempt_open",
            "step_run_id",
            unique=True,
            sqlite_where=sa.text(_OPEN),
            postgresql_where=sa.text(_OPEN),
        ),
    )

    id: Mapped[Id]
    step_run_id: Mapped[int] = mapped_column(sa.ForeignKey("step_run.id"))
    number: Mapped[int]
    key: Mapped[str] = mapped_column(sa.String(32), unique=True)
    node: Mapped[str] = mapped_column(sa.String(100))
    payload: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.String(16), default=AttemptState.QUEUED.value)
    requested_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    queued_at: Mapped[At]
    begun_at: Mapped[At | None]  # from here on something may have been sent to the node
    claimed_at: Mapped[At | None]
    cancel_asked_at: Mapped[At | None]
    cancel_asked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    ended_at: Mapped[At | None]
    exit_status: Mapped[int | None]
    out_size: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    err_size: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    out_lines: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    err_lines: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    dropped: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    problem: Mapped[str | None] = mapped_column(sa.Text)
    spool_removed_at: Mapped[At | None]

    @property
    def attempt_state(self) -> AttemptState:
        """The state as the domain's word."""
        return AttemptState(self.state)

    def size(self, stream: str) -> int:
        """Bytes stored of a stream: the offset at which the follower goes on."""
        return self.out_size if stream == "out" else self.err_size


class OutputChunk(Base):
    """Raw bytes of one stream at an offset, zstd-compressed, 256 KiB at most. `first_line` counts the line feeds before it."""

    __tablename__ = "output_chunk"
    __table_args__ = (
        sa.UniqueConstraint("attempt_id", "stream", "offset"),
        sa.CheckConstraint(one_of("stream", STREAMS), "stream"),
    )

    id: Mapped[Id]
    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"))
    stream: Mapped[str] = mapped_column(sa.String(3))
    offset: Mapped[int] = mapped_column(sa.BigInteger)
    size: Mapped[int]
    first_line: Mapped[int] = mapped_column(sa.BigInteger)
    data: Mapped[bytes] = mapped_column(sa.LargeBinary)


class Reading(Base):
    """What a probe of the plan showed: raw output, the facts parsed from it (JSON list, null when unreadable), the verdict.

    `purpose`: interlock, before (already so?), check. `index` is the check's place in the step.
    """

    __tablename__ = "reading"
    __table_args__ = (
        sa.CheckConstraint(one_of("verdict", ("pass", "fail", "unknown")), "verdict"),
        sa.CheckConstraint(one_of("purpose", ("interlock", "before", "check")), "purpose"),
    )

    id: Mapped[Id]
    step_run_id: Mapped[int] = mapped_column(sa.ForeignKey("step_run.id"), index=True)
    purpose: Mapped[str] = mapped_column(sa.String(16))
    index: Mapped[int]
    node: Mapped[str] = mapped_column(sa.String(100))
    parser: Mapped[str] = mapped_column(sa.String(64))
    output: Mapped[bytes] = mapped_column(sa.LargeBinary)
    facts: Mapped[str | None] = mapped_column(sa.Text)
    verdict: Mapped[str] = mapped_column(sa.String(8))
    problem: Mapped[str | None] = mapped_column(sa.Text)
    at: Mapped[At]


class SignOff(Base):
    """A person's signature on a step run, as performer or as checker."""

    __tablename__ = "sign_off"
    __table_args__ = (
        sa.UniqueConstraint("step_run_id", "role"),
        sa.CheckConstraint(one_of("role", SIGN_OFF_ROLES), "role"),
    )

    id: Mapped[Id]
    step_run_id: Mapped[int] = mapped_column(sa.ForeignKey("step_run.id"))
    role: Mapped[str] = mapped_column(sa.String(16))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    at: Mapped[At]


class Evidence(Base):
    """A file or text handed in for a step, stored compressed; `sha256` is of the original bytes."""

    __tablename__ = "evidence"

    id: Mapped[Id]
    step_run_id: Mapped[int] = mapped_column(sa.ForeignKey("step_run.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(255))
    media_type: Mapped[str] = mapped_column(sa.String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    data: Mapped[bytes] = mapped_column(sa.LargeBinary)
    added_by: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[At]


class Outage(Base):
    """How long a site was down during a step, as sampled: last seen up, first seen up again (UTC microseconds)."""

    __tablename__ = "outage"

    id: Mapped[Id]
    step_run_id: Mapped[int] = mapped_column(sa.ForeignKey("step_run.id"), index=True)
    site: Mapped[str] = mapped_column(sa.String(100))
    last_up: Mapped[At]
    first_up: Mapped[At | None]
    samples: Mapped[int]


async def step_runs(db: AsyncSession, session_id: int) -> list[StepRun]:
    """A session's step runs in order."""
    return list(
        await db.scalars(sa.select(StepRun).where(StepRun.session_id == session_id).order_by(StepRun.seq))
    )


async def step_run_at(db: AsyncSession, session_id: int, seq: int) -> StepRun | None:
    """The step run at a position."""
    query = sa.select(StepRun).where(StepRun.session_id == session_id, StepRun.seq == seq)
    return (await db.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def attempts_of(db: AsyncSession, step_run_id: int) -> list[Attempt]:
    """Attempts of a step run, oldest first."""
    return list(
        await db.scalars(
            sa.select(Attempt).where(Attempt.step_run_id == step_run_id).order_by(Attempt.number)
        )
    )


async def open_attempt(db: AsyncSession, step_run_id: int) -> Attempt | None:
    """The attempt that has not ended, if any: the one to re-attach to."""
    query = sa.select(Attempt).where(
        Attempt.step_run_id == step_run_id, Attempt.state.in_(("queued", "running"))
    )
    return (await db.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def readings_of_step(db: AsyncSession, step_run_id: int, limit: int = 60) -> list[Reading]:
    """The newest readings of a step run, oldest of them first."""
    query = (
        sa.select(Reading).where(Reading.step_run_id == step_run_id).order_by(Reading.id.desc()).limit(limit)
    )
    return list(await db.scalars(query))[::-1]


async def sign_offs_of_session(db: AsyncSession, session_id: int) -> list[SignOff]:
    """Every sign-off of a session."""
    query = (
        sa.select(SignOff)
        .join(StepRun, StepRun.id == SignOff.step_run_id)
        .where(StepRun.session_id == session_id)
    )
    return list(await db.scalars(query.order_by(SignOff.id)))


async def evidence_of(db: AsyncSession, step_run_id: int) -> list[Evidence]:
    """Evidence of a step run without its bytes, which may be many and which no page shows."""
    query = sa.select(Evidence).where(Evidence.step_run_id == step_run_id).order_by(Evidence.id)
    return list(await db.scalars(query.options(defer(Evidence.data, raiseload=True))))


async def outages_of_session(db: AsyncSession, session_id: int) -> list[Outage]:
    """Measured outages of a session's sites, in order."""
    query = (
        sa.select(Outage)
        .join(StepRun, StepRun.id == Outage.step_run_id)
        .where(StepRun.session_id == session_id)
    )
    return list(await db.scalars(query.order_by(Outage.id)))


async def chunks(
    db: AsyncSession, attempt_id: int, stream: str, offset: int, limit: int = 16
) -> list[OutputChunk]:
    """Chunks that hold bytes from `offset` on, in order; the first may begin before it."""
    query = (
        sa.select(OutputChunk)
        .where(OutputChunk.attempt_id == attempt_id, OutputChunk.stream == stream)
        .where(OutputChunk.offset + OutputChunk.size > offset)
        .order_by(OutputChunk.offset)
        .limit(limit)
    )
    return list(await db.scalars(query))
