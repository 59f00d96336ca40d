"""What may follow what: sessions, step runs, attempts. Pure tables and the questions the shell asks of them.

States and verbs are those of docs/architecture (session: draft, submitted, returned, approved, running, paused,
completed, aborted; step run: pending, running, awaiting, succeeded, failed, skipped, unknown). Must not know tables,
people or nodes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from app.domain.errors import Refused
from app.domain.procedure import Shell, Step


class SessionState(StrEnum):
    """States of a maintenance session."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    ABORTED = "aborted"


class StepState(StrEnum):
    """States of a step run. `unknown` is settled by two people, never by the program."""

    PENDING = "pending"
    RUNNING = "running"
    AWAITING = "awaiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


class Awaiting(StrEnum):
    """Whom or what an awaiting step run waits for."""

    EXECUTE = "execute"  # the performer's word before a step that changes the cluster
    TICK = "tick"  # the performer's tick on what they did themselves
    CHECK = "check"  # the check disagreed with a tick, or could not be read: verify again, override, or skip with approval
    CHECKER = "checker"  # the checker's sign-off


class AttemptState(StrEnum):
    """States of an attempt; the first two are open, all others final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class DeliveryState(StrEnum):
    """States of a delivery (a package on its way to one node); the first two are open, all others final."""

    QUEUED = "queued"
    RUNNING = "running"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNREACHABLE = "unreachable"


ACTIVE = frozenset({SessionState.RUNNING, SessionState.PAUSED})
ENDED = frozenset({SessionState.COMPLETED, SessionState.ABORTED})
DONE = frozenset({StepState.SUCCEEDED, StepState.SKIPPED})
RESTART_WANTED = frozenset({3010, 1641})
"""ERROR_SUCCESS_REBOOT_REQUIRED and ERROR_SUCCESS_REBOOT_INITIATED (winerror.h), as msiexec and what is built on it end."""
OPEN_ATTEMPT = frozenset({AttemptState.QUEUED, AttemptState.RUNNING})
OPEN_DELIVERY = frozenset({DeliveryState.QUEUED, DeliveryState.RUNNING})
DELIVERABLE = frozenset({SessionState.APPROVED, SessionState.RUNNING, SessionState.PAUSED})

S, A = SessionState, Awaiting

SESSION_MOVES: dict[str, tuple[frozenset[SessionState], SessionState]] = {
    "submit": (frozenset({S.DRAFT, S.RETURNED}), S.SUBMITTED),
    "return": (frozenset({S.SUBMITTED}), S.RETURNED),
    "approve": (frozenset({S.SUBMITTED}), S.APPROVED),
    "revise": (frozenset({S.SUBMITTED, S.APPROVED}), S.DRAFT),
    "start": (frozenset({S.APPROVED}), S.RUNNING),
    "pause": (frozenset({S.RUNNING}), S.PAUSED),
    "resume": (frozenset({S.PAUSED}), S.RUNNING),
    "complete": (frozenset({S.RUNNING}), S.COMPLETED),
    "abort": (frozenset(S) - ENDED, S.ABORTED),
}

SESSION_NAMES: dict[SessionState, tuple[str, str]] = {
    S.DRAFT: ("下書き", "draft"),
    S.SUBMITTED: ("承認待ち", "submitted"),
    S.RETURNED: ("差し戻し", "returned"),
    S.APPROVED: ("承認済み", "approved"),
    S.RUNNING: ("実行中", "running"),
    S.PAUSED: ("一時停止中", "paused"),
    S.COMPLETED: ("完了", "completed"),
    S.ABORTED: ("中止", "aborted"),
}

VERB_NAMES: dict[str, tuple[str, str]] = {
    "submit": ("承認依頼", "submitted"),
    "return": ("差し戻し", "returned"),
    "approve": ("承認", "approved"),
    "revise": ("修正", "revised"),
    "start": ("開始", "started"),
    "pause": ("一時停止", "paused"),
    "resume": ("再開", "resumed"),
    "complete": ("完了", "completed"),
    "abort": ("中止", "aborted"),
}


def move(verb: str, state: SessionState) -> SessionState:
    """The state that `verb` leads to. Raises Refused where the session is not in a state that allows it."""
    allowed, target = SESSION_MOVES[verb]
    if state in allowed:
        return target
    now, what = SESSION_NAMES[state], VERB_NAMES[verb]
    raise Refused(
        "session_wrong_state",
        f"このセッションは現在「{now[0]}」のため、{what[0]}はできません。画面を読み直して状態を確認してください。",
        f"The session is {now[1]}, so it cannot be {what[1]}. Reload the page and look at its state.",
    )


class Standing(NamedTuple):
    """Where a step run stands: its state, and whom it waits for when it is awaiting (None otherwise)."""

    state: StepState
    awaiting: Awaiting | None = None


PENDING = Standing(StepState.PENDING)
RUNNING = Standing(StepState.RUNNING)

STEP_MOVES: dict[str, frozenset[Standing]] = {
    "execute": frozenset({Standing(StepState.AWAITING, A.EXECUTE)}),
    "tick": frozenset({Standing(StepState.AWAITING, A.TICK)}),
    "verify": frozenset({Standing(StepState.AWAITING, A.CHECK)}),
    "override": frozenset({Standing(StepState.AWAITING, A.CHECK)}),
    "confirm": frozenset({Standing(StepState.AWAITING, A.CHECKER)}),
    "retry": frozenset({Standing(StepState.FAILED)}),
    "settle": frozenset({Standing(StepState.UNKNOWN)}),
    "cancel": frozenset({RUNNING}),
    "skip": frozenset(
        {Standing(StepState.AWAITING, a) for a in (A.EXECUTE, A.TICK, A.CHECK)} | {Standing(StepState.FAILED)}
    ),
}


def allowed(standing: Standing) -> frozenset[str]:
    """The verbs that a step run's standing allows, for the page that offers the buttons."""
    return frozenset(verb for verb, froms in STEP_MOVES.items() if standing in froms)


def require(verb: str, standing: Standing) -> None:
    """Refuse `verb` where the step run stands elsewhere: somebody was quicker, or the page is old."""
    if standing in STEP_MOVES[verb]:
        return
    raise Refused(
        "step_moved_on",
        "このステップは既に先へ進んでいます（別の人が操作したか、画面が古くなっています）。"
        "入力は失われていません。画面の現在の状態を確認してください。",
        "This step has already moved on (somebody else acted, or the page is old). "
        "Nothing you typed is lost; look at the step as it stands now.",
    )


def require_current(is_current: bool) -> None:
    """Refuse an act on a step that is not the session's current one."""
    if not is_current:
        raise Refused(
            "not_current_step",
            "このステップは現在のステップではありません。手順は上から順に進めてください。",
            "This is not the session's current step. Steps are carried out in order.",
        )


def needs_checker(step: Step) -> bool:
    """Whether a second person signs before the session goes on: all that people did, and all that changes the cluster."""
    return by_a_person(step) or step.destructive or step.needs_approval


def by_a_person(step: Step) -> bool:
    """Whether a person does it and ticks it, and the machine only reads before and after."""
    return step.kind in ("manual", "gate")


def arrival(step: Step) -> Standing:
    """How a step begins when the session reaches it: a machine step runs, a person's step or a dangerous one waits. Where a
    person's step has interlocks they are read first: nobody is asked to do what must not be done now."""
    if by_a_person(step):
        return RUNNING if step.interlocks else Standing(StepState.AWAITING, A.TICK)
    if step.kind == "command" and (step.destructive or step.needs_approval):
        return Standing(StepState.AWAITING, A.EXECUTE)
    return RUNNING


def is_stale(step: Step, standing: Standing) -> bool:
    """Whether a person waits to do a step on the word of interlocks that were read before a pause."""
    return by_a_person(step) and bool(step.interlocks) and standing == Standing(StepState.AWAITING, A.TICK)


def after_interlocks(verdict: str) -> Standing:
    """Where a person's step stands once its interlocks were read: only a pass asks the person to begin."""
    return Standing(StepState.AWAITING, A.TICK) if verdict == "pass" else Standing(StepState.FAILED)


def after_checks(step: Step, verdict: str) -> Standing:
    """Where a step run stands once its checks were judged: verdict is pass, fail or unknown."""
    if verdict == "pass":
        return (
            Standing(StepState.AWAITING, A.CHECKER) if needs_checker(step) else Standing(StepState.SUCCEEDED)
        )
    if verdict == "unknown" or by_a_person(step):
        return Standing(StepState.AWAITING, A.CHECK)
    return Standing(StepState.FAILED)


def after_exit(shell: Shell, exit_status: int) -> tuple[AttemptState, str | None]:
    """What a command's exit status makes of its attempt, and the problem to name. Windows' installers succeed with a status of
    their own where the system has to be restarted: the step is done, and people are told."""
    if exit_status == 0:
        return AttemptState.SUCCEEDED, None
    if shell != "sh" and exit_status in RESTART_WANTED:
        return AttemptState.SUCCEEDED, "restart_wanted"
    return AttemptState.FAILED, "exit_status"


def after_attempt(state: AttemptState) -> Standing:
    """Where a step run stands once its attempt ended; a success still has its checks before it."""
    if state is AttemptState.SUCCEEDED:
        return RUNNING
    if state is AttemptState.UNKNOWN:
        return Standing(StepState.UNKNOWN)
    return Standing(StepState.FAILED)
