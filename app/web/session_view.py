"""What the session's pages show, read in one go: the session, its step runs beside their steps, names, questions, outages.

Reads only. Decides nothing: which verbs are offered comes from domain.lifecycle and domain.policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.db import AsyncSession
from app.domain import lifecycle, schedule
from app.domain.errors import NotFound
from app.domain.lifecycle import SessionState
from app.domain.policy import Permission, Person
from app.domain.procedure import Phase, Plan, Step
from app.models import Approval, MaintenanceSession, Outage, SignOff, StepRun
from app.models.people import display_names
from app.models.sessions import approvals_of, sessions
from app.models.steps import outages_of_session, sign_offs_of_session, step_runs
from app.web.services import Services


@dataclass(frozen=True)
class Row:
    """One line of the checklist: the step of the plan and its run."""

    seq: int
    step: Step
    run: StepRun
    signs: Mapping[str, SignOff]

    @property
    def look(self) -> str:
        """The state as the badge knows it."""
        if not self.step.applies:
            return "not_applicable"
        return "overridden" if self.run.outcome == "overridden" else self.run.state


@dataclass(frozen=True)
class Group:
    """One phase with its rows (none before the session has started)."""

    number: int
    phase: Phase
    rows: Sequence[Row]

    @property
    def nodes(self) -> Sequence[str]:
        """Every node that the phase works on, each once."""
        return list(dict.fromkeys(step.node for step in self.phase.steps if step.node))


@dataclass
class SessionView:
    """A session with everything around it. `now` is UTC microseconds, `me` who looks at it."""

    session: MaintenanceSession
    runs: Sequence[StepRun]
    names: Mapping[int, str]
    signs: Sequence[SignOff]
    approvals: Sequence[Approval]
    outages: Sequence[Outage]
    me: Person
    now: int
    watchers: Sequence[Person] = ()

    @property
    def plan(self) -> Plan:
        """The frozen plan."""
        return self.session.plan

    @property
    def state(self) -> SessionState:
        """The session's state."""
        return self.session.session_state

    @cached_property
    def rows(self) -> list[Row]:
        """Every step with its run, in order; empty before the start."""
        signs: dict[int, dict[str, SignOff]] = {}
        for sign in self.signs:
            signs.setdefault(sign.step_run_id, {})[sign.role] = sign
        pairs = zip(self.runs, self.plan.steps, strict=False)
        return [Row(run.seq, step, run, signs.get(run.id, {})) for run, step in pairs]

    @cached_property
    def groups(self) -> list[Group]:
        """The rows by phase."""
        found, first = [], 0
        for number, phase in enumerate(self.plan.phases, 1):
            found.append(Group(number, phase, self.rows[first : first + len(phase.steps)]))
            first += len(phase.steps)
        return found

    @cached_property
    def current(self) -> Row | None:
        """The step that the session stands at: the first from its position on that applies; None before and after."""
        if self.state not in lifecycle.ACTIVE and self.state is not SessionState.ABORTED:
            return None
        return next((row for row in self.rows[self.session.position :] if row.step.applies), None)

    @property
    def done(self) -> int:
        """Steps that are done, of those that apply."""
        return sum(row.step.applies and row.run.standing.state in lifecycle.DONE for row in self.rows)

    @property
    def total(self) -> int:
        """Steps that apply."""
        return sum(step.applies for step in self.plan.steps)

    @property
    def pending(self) -> list[Approval]:
        """Questions of this session that nobody has decided."""
        return [approval for approval in self.approvals if approval.state == "pending"]

    @property
    def start_approval(self) -> Approval | None:
        """The question whether it may start, while it is open."""
        return next((approval for approval in self.pending if approval.kind == "start"), None)

    def asks(self, kind: str) -> bool:
        """Whether a question of that kind is open."""
        return any(approval.kind == kind for approval in self.pending)

    @property
    def window(self) -> str:
        """Where `now` lies: unset, before, open or closed."""
        start, end = self.session.window_start, self.session.window_end
        if start is None or end is None:
            return "unset"
        if schedule.window_open(self.now, start, end):
            return "open"
        return "before" if self.now < start else "closed"

    def may_decide(self, approval: Approval) -> bool:
        """Whether the reader may decide a question: the action has the last word."""
        return may_decide(approval, self.me)

    def offers(self, verb: str) -> bool:
        """Whether the session's state allows a verb, and the reader's roles do."""
        return self.state in lifecycle.SESSION_MOVES[verb][0] and self.me.may(VERBS[verb])

    def encoding(self, node: str) -> str:
        """The encoding in which a node's output is read first, as the cluster file says; UTF-8 where it says nothing."""
        named = {each.name: each.encoding for each in self.session.cluster.cluster.nodes}
        return named.get(node) or "utf-8"

    def name(self, person_id: int | None) -> str:
        """A display name; nothing for nobody."""
        return self.names.get(person_id, "") if person_id is not None else ""


VERBS: Mapping[str, Permission] = {
    "submit": Permission.PLAN,
    "return": Permission.APPROVE,
    "approve": Permission.APPROVE,
    "revise": Permission.PLAN,
    "start": Permission.PERFORM,
    "pause": Permission.PERFORM,
    "resume": Permission.PERFORM,
    "abort": Permission.PERFORM,
}


def may_decide(approval: Approval, person: Person) -> bool:
    """Four eyes and roles, as the page needs them to offer the buttons."""
    if approval.requested_by == person.id:
        return False
    return person.may(Permission.APPROVE) or (approval.kind == "settle" and person.may(Permission.CHECK))


async def session_of(db: AsyncSession, session_id: int) -> MaintenanceSession:
    """The session; NotFound where there is none."""
    session = await db.get(MaintenanceSession, session_id)
    if session is None:
        raise NotFound("no_such_session", "そのセッションはありません。", "There is no such session.")
    return session


async def load(db: AsyncSession, services: Services, me: Person, session_id: int) -> SessionView:
    """Everything about a session that its partials show."""
    session = await session_of(db, session_id)
    return SessionView(
        session=session,
        runs=await step_runs(db, session_id),
        names=await display_names(db),
        signs=await sign_offs_of_session(db, session_id),
        approvals=await approvals_of(db, session_id),
        outages=await outages_of_session(db, session_id),
        me=me,
        now=services.clock(),
        watchers=[me, *(each for each in services.presence.who(f"session:{session_id}") if each.id != me.id)],
    )


async def approved_before(db: AsyncSession, session: MaintenanceSession) -> MaintenanceSession | None:
    """The newest other session of this cluster and operation whose plan was approved, for comparing."""
    for other in await sessions(db, cluster_id=session.cluster_id):
        if other.id != session.id and other.approval_digest and other.operation == session.operation:
            return other
    return None
