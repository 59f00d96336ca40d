"""The DBOS workflow: machine steps one after another until a person is needed, then it ends.

A session that waits for a person is a row, not a workflow. Each pass is a DBOS step, so a replay does not repeat what is
recorded; what is not recorded is repeated safely, since the rows say where to go on.
"""

from __future__ import annotations

import asyncio

import structlog
from dbos import DBOS

from app.actions.sessions import pause_session
from app.engine.machine import Machine
from app.engine.queue import WORKFLOW

log = structlog.get_logger(__name__)
_machine: Machine | None = None
_segments: set[asyncio.Task[object]] = set()


async def let_go() -> None:
    """End this process's part in every live segment. DBOS records nothing for a cancelled task, so the next engine takes
    all of them up."""
    segments = list(_segments)
    for task in segments:
        task.cancel()
    await asyncio.gather(*segments, return_exceptions=True)


def use(machine: Machine | None) -> None:
    """Hand the running engine's machine to the workflow (DBOS registers functions, not objects)."""
    global _machine
    _machine = machine


@DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
async def advance(session_id: int, advance_no: int) -> str:
    """One segment. Returns why it ended: stale, waiting, paused, completed or fault."""
    task = asyncio.current_task()
    assert task is not None
    _segments.add(task)
    try:
        while True:
            word: str = await take_step(session_id, advance_no)
            if word != "next":
                return word
    finally:
        _segments.discard(task)


@DBOS.step(name="take")
async def take_step(session_id: int, advance_no: int) -> str:
    """One thing of a session. A defect pauses the session with its name: people see it, and nothing runs in circles."""
    assert _machine is not None, "the engine is running"
    try:
        return await _machine.take(session_id, advance_no)
    except Exception as fault:
        log.exception("segment failed", session=session_id, advance=advance_no)
        async with _machine.act() as act:
            await pause_session(act, session_id, f"internal_error {type(fault).__name__}")
        return "fault"
