"""What the program itself does to a session: arrive at a step, begin and end attempts, judge, complete. Called by the engine.

Each call is one short transaction. Every one first asks whether its segment is still the session's live one, so that a
late or repeated segment changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.actions.act import Act, record
from app.actions.clusters import raise_cluster
from app.actions.deliveries import withdraw_deliveries
from app.actions.holding import release_nodes
from app.actions.sessions import go_on, locked, pause_session, void_approvals
from app.actions.steps import Place, finish, queue_attempt
from app.domain import lifecycle, schedule
from app.domain.errors import Refused
from app.domain.lifecycle import OPEN_ATTEMPT, AttemptState, SessionState, Standing, StepState
from app.domain.procedure import Step
from app.models import Attempt, MaintenanceSession, StepRun
from app.models.steps import open_attempt, step_run_at


@dataclass(frozen=True)
class Work:
    """What the segment has to do next at the current step: follow an attempt, or read the checks of a step."""

    session_id: int
    cluster_id: int
    step_run_id: int
    step: Step
    attempt_id: int | None
    begun: bool = True
    """False for a person's step that nobody was asked to do yet: its interlocks are read first."""


async def advance_session(act: Act, session_id: int, advance_no: int) -> Work | str:
    """Move a session on to the next thing that a machine has to do.

    Returns Work, or a word for why the segment ends: stale (another segment took over), waiting (for a person), paused,
    completed. Passes over steps that do not apply. A pause lets what runs on a node end, but starts nothing.
    """
    session = await locked(act, session_id)
    if session.session_state not in lifecycle.ACTIVE or session.advance_no != advance_no:
        return "stale"
    paused = session.session_state is SessionState.PAUSED
    here = await _reached(act, session)
    if here is None:
        if not paused:
            await _complete(act, session)
        return "paused" if paused else "completed"
    attempt = await open_attempt(act.db, here.run.id)
    queued = attempt is not None and attempt.attempt_state is AttemptState.QUEUED
    if (queued or here.run.standing == lifecycle.PENDING) and not (paused or _window_open(act, session)):
        await pause_session(act, session_id, "window_closed")
        paused = True
    if paused and (queued or here.run.standing != lifecycle.RUNNING):
        return "paused"
    if here.run.standing == lifecycle.PENDING:
        await _arrive(act, here)
        attempt = await open_attempt(act.db, here.run.id)
    if here.run.standing != lifecycle.RUNNING:
        return "waiting"
    return Work(
        session_id,
        session.cluster_id,
        here.run.id,
        here.step,
        attempt.id if attempt else None,
        begun=not lifecycle.by_a_person(here.step) or here.run.performer_id is not None,
    )


async def _reached(act: Act, session: MaintenanceSession) -> Place | None:
    """The step that the session stands at, those that do not apply passed over; None behind the last."""
    steps = session.plan.steps
    while session.position < len(steps) and not steps[session.position].applies:
        session.position += 1
    if session.position >= len(steps):
        return None
    run = await step_run_at(act.db, session.id, session.position)
    assert run is not None
    return Place(session, run, steps[session.position])


async def begin_attempt(act: Act, attempt_id: int) -> None:
    """From now on something may have been sent to the node: only the node can say how it ended.

    Raises Refused where nothing may be sent any more: the attempt has ended, or the session was paused before it began.
    """
    attempt, here = await _attempt(act, attempt_id)
    if attempt.attempt_state is AttemptState.RUNNING:
        return
    if (
        attempt.attempt_state is not AttemptState.QUEUED
        or here.session.session_state is not SessionState.RUNNING
    ):
        raise Refused(
            "attempt_not_begun",
            "このコマンドは開始前に取り消されたか、セッションが一時停止されたため、開始しません。再開してから操作してください。",
            "This command was cancelled, or its session paused, before it began; it is not started. Resume the session first.",
        )
    attempt.state, attempt.begun_at = AttemptState.RUNNING.value, act.now
    facts = {"step": here.run.key, "number": attempt.number, "key": attempt.key, "node": attempt.node}
    await record(act, "attempt.started", f"attempt:{attempt.id}", session_id=here.session.id, **facts)


async def claim_attempt(act: Act, attempt_id: int) -> None:
    """The node holds the claim: a spool that is gone from now on means unknown, never "start again"."""
    attempt, here = await _attempt(act, attempt_id)
    if attempt.claimed_at is None:
        attempt.claimed_at = act.now
        await record(
            act, "attempt.claimed", f"attempt:{attempt.id}", session_id=here.session.id, key=attempt.key
        )


async def end_attempt(
    act: Act,
    attempt_id: int,
    state: AttemptState,
    *,
    exit_status: int | None = None,
    dropped: int = 0,
    problem: str | None = None,
    digests: tuple[str, str] | None = None,
) -> Standing:
    """The recorded outcome of an attempt, once. `problem` is a code (interlock, already_so, spool_gone, …), `digests` the
    SHA-256 of the stored out and err, verified against the node's spool. Returns where the step run stands now."""
    attempt, here = await _attempt(act, attempt_id)
    if attempt.attempt_state not in OPEN_ATTEMPT:
        return here.run.standing
    attempt.state, attempt.ended_at = state.value, act.now
    attempt.exit_status, attempt.dropped, attempt.problem = exit_status, dropped, problem
    finish(act, here, lifecycle.after_attempt(state))
    if here.run.standing.state in (StepState.FAILED, StepState.UNKNOWN):
        here.run.outcome = problem or f"attempt_{state}"
    await record(
        act,
        "attempt.ended",
        f"attempt:{attempt.id}",
        session_id=here.session.id,
        step=here.run.key,
        number=attempt.number,
        state=state.value,
        exit_status=exit_status,
        sizes=[attempt.out_size, attempt.err_size],
        digests=list(digests) if digests else None,
        dropped=dropped,
        problem=problem,
    )
    return here.run.standing


async def remove_spool(act: Act, attempt_id: int) -> None:
    """Note that the node's spool was removed after its content was verified to be stored here."""
    attempt, here = await _attempt(act, attempt_id)
    attempt.spool_removed_at = act.now
    await record(act, "spool.removed", f"attempt:{attempt.id}", session_id=here.session.id, key=attempt.key)


async def sweep_session(act: Act, session_id: int, seen_advance_no: int) -> bool:
    """Give a session that has something to do, but no live segment, a new one. False where it moved on meanwhile, waits
    for a person, or is paused with nothing running."""
    session = await locked(act, session_id)
    if session.session_state not in lifecycle.ACTIVE or session.advance_no != seen_advance_no:
        return False
    run = await step_run_at(act.db, session_id, session.position)
    if session.session_state is SessionState.PAUSED and (run is None or run.standing != lifecycle.RUNNING):
        return False
    moving = (StepState.PENDING, StepState.RUNNING, *lifecycle.DONE)
    if run is not None and run.standing.state not in moving:
        return False
    await go_on(act, session, "session.swept")
    return True


async def note_link(act: Act, attempt_id: int, problem: str | None) -> None:
    """Say on the open attempt that its node cannot be followed right now (a code), or that it can again (None)."""
    attempt, here = await _attempt(act, attempt_id)
    if attempt.attempt_state not in OPEN_ATTEMPT or attempt.problem == problem:
        return
    attempt.problem = problem
    action = "attempt.attached" if problem is None else "attempt.detached"
    await record(
        act, action, f"attempt:{attempt.id}", session_id=here.session.id, step=here.run.key, problem=problem
    )


async def note_redaction(act: Act, attempt_id: int, places: Sequence[Sequence[str | int]]) -> None:
    """Where a known secret was overwritten before storing: [stream, offset in bytes, length in bytes] each."""
    _, here = await _attempt(act, attempt_id)
    await record(act, "output.redacted", f"attempt:{attempt_id}", session_id=here.session.id, places=places)


async def _arrive(act: Act, here: Place) -> None:
    here.run.started_at = act.now
    standing = lifecycle.arrival(here.step)
    here.run.stand(standing)
    if standing == lifecycle.RUNNING and not lifecycle.by_a_person(here.step):
        here.run.performer_id = here.session.driver_id
        if here.step.kind == "command":
            await queue_attempt(act, here)
    await record(
        act,
        "step.reached",
        here.subject,
        session_id=here.session.id,
        step=here.run.key,
        awaiting=here.run.awaiting,
    )


def _window_open(act: Act, session: MaintenanceSession) -> bool:
    return schedule.window_open(act.now, session.window_start or 0, session.window_end or 0)


async def _complete(act: Act, session: MaintenanceSession) -> None:
    session.state = lifecycle.move("complete", session.session_state)
    session.ended_at = act.now
    await release_nodes(act, session)
    await void_approvals(act, session.id)
    await withdraw_deliveries(act, session)
    await record(act, "session.completed", f"session:{session.id}", session_id=session.id)
    await raise_cluster(act, session.cluster, session.plan.to)


async def _attempt(act: Act, attempt_id: int) -> tuple[Attempt, Place]:
    found = await act.db.get_one(Attempt, attempt_id)
    run = await act.db.get_one(StepRun, found.step_run_id)
    session = await locked(act, run.session_id)
    attempt = await act.db.get_one(Attempt, attempt_id, populate_existing=True)
    run = await act.db.get_one(StepRun, found.step_run_id, populate_existing=True)
    return attempt, Place(session, run, session.plan.steps[run.seq])
