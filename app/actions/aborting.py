"""What an abort asks before, and does to, the step that is under way."""

from __future__ import annotations

import sqlalchemy as sa

from app.actions.act import Act
from app.domain.errors import Refused
from app.domain.lifecycle import OPEN_ATTEMPT, StepState
from app.models import Attempt, MaintenanceSession, StepRun


async def end_checks(act: Act, session: MaintenanceSession) -> None:
    """A step whose checks were being read ends with the session: nothing of it runs on a node."""
    reading = sa.update(StepRun).where(StepRun.session_id == session.id, StepRun.state == StepState.RUNNING)
    ended = {"state": StepState.FAILED.value, "outcome": "session_aborted", "ended_at": act.now}
    await act.db.execute(reading.values(**ended))


async def require_no_open_attempt(act: Act, session: MaintenanceSession) -> None:
    """Refuse while something may be running on a node: an abort would leave it to nobody."""
    query = sa.select(StepRun.key).join(Attempt, Attempt.step_run_id == StepRun.id)
    query = query.where(StepRun.session_id == session.id, Attempt.state.in_(OPEN_ATTEMPT))
    running = (await act.db.scalars(query)).first()
    if running is not None:
        raise Refused(
            "step_still_running",
            f"ステップ {running} のコマンドが実行中です。終わるのを待つか、先に取り消してから中止してください。",
            f"The command of step {running} is still running. Wait for it, or cancel it first, then abort.",
        )
