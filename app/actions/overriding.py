"""A checker's word against a check: the step counts as done although its check disagrees or could not be read."""

from __future__ import annotations

from app.actions.act import Act
from app.actions.sessions import go_on, void_approvals
from app.actions.steps import Place, current_place, finish, sign
from app.domain.lifecycle import Standing, StepState
from app.domain.policy import Permission, require_evidence, require_other_than_performer, require_reason
from app.models.steps import evidence_of

OVERRIDDEN = "overridden"


async def override_step(act: Act, step_run_id: int, reason: str) -> Place:
    """Sign as the checker, with a reason and on evidence that is attached to the step; it succeeds, and the session goes on.

    Four eyes: somebody other than the performer. What the checks showed stays in the record."""
    person = act.require(Permission.CHECK)
    here = await current_place(act, step_run_id, "override")
    require_other_than_performer(person, here.run.performer_id)
    require_reason(reason)
    kept = await evidence_of(act.db, step_run_id)
    require_evidence(len(kept))
    before = here.run.outcome
    await void_approvals(act, here.session.id, here.run.id)
    here.run.checker_id, here.run.outcome = person.id, OVERRIDDEN
    await sign(act, here, "checker", person, reason)
    finish(act, here, Standing(StepState.SUCCEEDED))
    driver = here.session.driver_id
    await go_on(
        act,
        here.session,
        "step.overridden",
        step=here.run.key,
        problem=before,
        reason=reason.strip(),
        evidence=[each.sha256 for each in kept],
    )
    here.session.driver_id = driver  # who overrides does not become the performer
    return here
