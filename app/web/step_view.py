"""What is shown of one step: attempts, the newest readings beside what they were to show, evidence, and what may be done.

Reads only. The verbs come from domain.lifecycle, the people from domain.policy.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from app.db import AsyncSession
from app.domain import checks, lifecycle
from app.domain.errors import NotFound
from app.domain.lifecycle import SessionState
from app.domain.policy import Permission, Person
from app.domain.procedure import Check, Step
from app.models import Attempt, Evidence, Reading, StepRun
from app.models.steps import attempts_of, evidence_of, readings_of_step
from app.web import outcomes
from app.web.session_view import Row, SessionView

SHOWN_OUTPUT = 4000  # characters of a reading that stand in the page; the rest is in the database


@dataclass(frozen=True)
class ReadingView:
    """One reading beside its check: what was missing, what should not have been there."""

    reading: Reading
    check: Check | None
    missing: Sequence[str]
    unexpected: Sequence[str]
    encoding: str = "utf-8"

    @property
    def facts(self) -> Sequence[str]:
        """What was read, in the parser's tokens."""
        return json.loads(self.reading.facts) if self.reading.facts else []

    @property
    def output(self) -> str:
        """The beginning of the raw answer, for reading."""
        return self.reading.output.decode(self.encoding, "replace")[:SHOWN_OUTPUT]

    @property
    def problem(self) -> outcomes.Explanation | None:
        """Why it could not be read."""
        return outcomes.explain(self.reading.problem) if self.reading.problem else None


@dataclass(frozen=True)
class StepView:
    """A step's run with all that hangs on it, and the verbs that the reader is offered."""

    row: Row
    attempts: Sequence[Attempt]
    readings: Sequence[ReadingView]
    evidence: Sequence[Evidence]
    verbs: frozenset[str]
    is_current: bool

    @property
    def step(self) -> Step:
        """The plan's step."""
        return self.row.step

    @property
    def run(self) -> StepRun:
        """The step run."""
        return self.row.run

    @property
    def attempt(self) -> Attempt | None:
        """The newest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def open_attempt(self) -> Attempt | None:
        """The attempt that has not ended."""
        return next((each for each in self.attempts if each.attempt_state in lifecycle.OPEN_ATTEMPT), None)

    def may_confirm(self, person: Person) -> bool:
        """Whether somebody may sign as the checker at their own screen."""
        return person.may(Permission.CHECK) and person.id != self.run.performer_id

    @property
    def explanation(self) -> outcomes.Explanation | None:
        """Why it stands where it stands, and what to do; None where the state says it all."""
        code, attempt = self.run.outcome, self.attempt
        if attempt is not None and attempt.problem and code in (None, attempt.problem):
            return outcomes.explain(attempt.problem, begun=attempt.begun_at is not None)
        return outcomes.explain(code) if code else None


async def load_step(db: AsyncSession, view: SessionView, row: Row) -> StepView:
    """Everything about one step run."""
    is_current = view.current is not None and view.current.seq == row.seq
    return StepView(
        row=row,
        attempts=await attempts_of(db, row.run.id),
        readings=_newest(await readings_of_step(db, row.run.id), row.step, view),
        evidence=await evidence_of(db, row.run.id),
        verbs=_verbs(view, row, is_current),
        is_current=is_current,
    )


async def run_of(db: AsyncSession, step_run_id: int) -> StepRun:
    """The step run; NotFound where there is none."""
    run = await db.get(StepRun, step_run_id)
    if run is None:
        raise NotFound("no_such_step", "そのステップはありません。", "There is no such step.")
    return run


def _verbs(view: SessionView, row: Row, is_current: bool) -> frozenset[str]:
    if not is_current or not view.me.may(Permission.PERFORM):
        return frozenset()
    allowed = lifecycle.allowed(row.run.standing)
    if not view.me.may(Permission.CHECK) or view.me.id == row.run.performer_id:
        allowed -= {"override"}
    if view.state is SessionState.RUNNING:
        return allowed
    return allowed & {"cancel"} if view.state is SessionState.PAUSED else frozenset()


def _newest(readings: Sequence[Reading], step: Step, view: SessionView) -> list[ReadingView]:
    """The newest reading of every question, the checks first."""
    last = {(each.purpose, each.index, each.node): each for each in readings}
    order = {"check": 0, "interlock": 1, "before": 2}
    keys = sorted(last, key=lambda key: (order[key[0]], key[1], key[2]))
    return [_view(last[key], step, view.encoding(last[key].node)) for key in keys]


def _view(reading: Reading, step: Step, encoding: str) -> ReadingView:
    asked = step.interlocks if reading.purpose == "interlock" else step.checks
    check = asked[reading.index] if reading.index < len(asked) else None
    if check is None or reading.facts is None:
        return ReadingView(reading, check, (), (), encoding)
    verdict = checks.judge(frozenset(json.loads(reading.facts)), check)
    return ReadingView(reading, check, verdict.missing, verdict.unexpected, encoding)
