"""How long a site was down while a session was under way: opened and measured by the engine's watch."""

from __future__ import annotations

from app.actions.act import Act, record
from app.models import Outage, StepRun


async def begin_outage(act: Act, step_run_id: int, site: str, last_up: int) -> Outage:
    """A site is seen down: open an outage at the step that is current, counted from when it was last seen up."""
    run = await act.db.get_one(StepRun, step_run_id)
    row = Outage(step_run_id=step_run_id, site=site, last_up=last_up, samples=1)
    act.db.add(row)
    await act.db.flush()
    facts = {"step": run.key, "site": site, "last_up": last_up}
    await record(act, "outage.began", f"step:{step_run_id}", session_id=run.session_id, **facts)
    return row


async def end_outage(act: Act, outage_id: int, first_up: int, samples: int) -> None:
    """The site is seen up again: the outage is measured (its true length is at most last_up to first_up)."""
    row = await act.db.get_one(Outage, outage_id)
    run = await act.db.get_one(StepRun, row.step_run_id)
    row.first_up, row.samples = first_up, samples
    facts = {"site": row.site, "last_up": row.last_up, "first_up": first_up, "samples": samples}
    await record(act, "outage.ended", f"step:{run.id}", session_id=run.session_id, step=run.key, **facts)
