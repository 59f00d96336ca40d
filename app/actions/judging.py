"""What was read and what it means: readings stored, interlocks and checks judged. Called by the engine, each a transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass

from app.actions.act import Act, record
from app.actions.sessions import locked
from app.actions.steps import Place, finish
from app.domain import lifecycle
from app.domain.lifecycle import Standing
from app.models import Reading, StepRun


@dataclass(frozen=True)
class Seen:
    """One reading to be stored: which check, where, what the node answered and what that means."""

    purpose: str
    index: int
    node: str
    parser: str
    output: bytes
    facts: tuple[str, ...] | None
    verdict: str
    problem: str | None = None


async def store_readings(act: Act, step_run_id: int, readings: list[Seen]) -> None:
    """Keep what the probes showed, with one event for the lot."""
    run = await act.db.get_one(StepRun, step_run_id)
    for seen in readings:
        act.db.add(_row(step_run_id, seen, act.now))
    told = [[s.purpose, s.index, s.node, s.parser, s.verdict, s.problem] for s in readings]
    await record(
        act, "reading.stored", f"step:{step_run_id}", session_id=run.session_id, step=run.key, readings=told
    )


async def admit_step(act: Act, step_run_id: int, advance_no: int, verdict: str) -> Standing | None:
    """Whether a person may be asked to do a step now that its interlocks were read; None for a segment that is not live."""
    here = await _live(act, step_run_id, advance_no)
    if here is None:
        return None
    finish(act, here, lifecycle.after_interlocks(verdict))
    here.run.outcome = {"pass": None, "fail": "not_admitted"}.get(verdict, "not_read")
    await record(
        act,
        "step.admitted",
        here.subject,
        session_id=here.session.id,
        step=here.run.key,
        verdict=verdict,
        state=here.run.state,
    )
    return here.run.standing


async def _live(act: Act, step_run_id: int, advance_no: int) -> Place | None:
    """The running step, under its session's lock, if the segment is the session's live one."""
    run = await act.db.get_one(StepRun, step_run_id)
    session = await locked(act, run.session_id)
    run = await act.db.get_one(StepRun, step_run_id, populate_existing=True)
    live = session.session_state in lifecycle.ACTIVE and session.advance_no == advance_no
    if not live or run.standing != lifecycle.RUNNING:
        return None
    return Place(session, run, session.plan.steps[run.seq])


async def judge_step(act: Act, step_run_id: int, advance_no: int, verdict: str) -> Standing | None:
    """Where a step stands after its checks; None where the segment is no longer the live one."""
    here = await _live(act, step_run_id, advance_no)
    if here is None:
        return None
    run = here.run
    finish(act, here, lifecycle.after_checks(here.step, verdict))
    if verdict != "pass":
        run.outcome = f"check_{verdict}"
    elif run.outcome in ("check_fail", "check_unknown"):
        run.outcome = None  # of an earlier reading
    await record(
        act,
        "step.judged",
        here.subject,
        session_id=here.session.id,
        step=run.key,
        verdict=verdict,
        state=run.state,
    )
    return run.standing


def _row(step_run_id: int, seen: Seen, now: int) -> Reading:
    return Reading(
        step_run_id=step_run_id,
        purpose=seen.purpose,
        index=seen.index,
        node=seen.node,
        parser=seen.parser,
        output=seen.output[:65536],
        facts=json.dumps(sorted(seen.facts), ensure_ascii=False) if seen.facts is not None else None,
        verdict=seen.verdict,
        problem=seen.problem,
        at=now,
    )
