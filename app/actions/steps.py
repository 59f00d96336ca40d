"""What people do to the current step: execute, tick, verify, confirm, retry, cancel, attach."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import zstandard

from app.actions.act import Act, record
from app.actions.sessions import go_on, locked, void_approvals
from app.domain import lifecycle, schedule
from app.domain.errors import Invalid, NotFound, Refused
from app.domain.lifecycle import RUNNING, AttemptState, SessionState, Standing, StepState
from app.domain.policy import Permission, Person, require, require_other_than_performer
from app.domain.procedure import Step
from app.models import Attempt, Evidence, MaintenanceSession, SignOff, StepRun
from app.models.steps import attempts_of, open_attempt

LARGEST_EVIDENCE = 12 * 1024 * 1024


@dataclass(frozen=True)
class Place:
    """A step run with its locked session and its step of the plan."""

    session: MaintenanceSession
    run: StepRun
    step: Step

    @property
    def subject(self) -> str:
        """Its topic and audit subject."""
        return f"step:{self.run.id}"


async def place(act: Act, step_run_id: int) -> Place:
    """Lock the session of a step run, then read the step run as it is under that lock."""
    session_id = await act.db.scalar(sa.select(StepRun.session_id).where(StepRun.id == step_run_id))
    if session_id is None:
        raise NotFound("no_such_step", "そのステップはありません。", "There is no such step.")
    session = await locked(act, session_id)
    run = await act.db.get(StepRun, step_run_id, populate_existing=True)
    assert run is not None
    return Place(session, run, session.plan.steps[run.seq])


async def current_place(act: Act, step_run_id: int, verb: str) -> Place:
    """The place, if the session runs, the step is its current one, and its standing allows the verb. Refused otherwise."""
    here = await place(act, step_run_id)
    if here.session.session_state is not SessionState.RUNNING:
        raise Refused(
            "session_not_running",
            "このセッションは実行中ではありません。一時停止中であれば、再開してから操作してください。",
            "The session is not running. If it is paused, resume it first.",
        )
    lifecycle.require_current(here.run.seq == here.session.position)
    lifecycle.require(verb, here.run.standing)
    return here


async def execute_step(act: Act, step_run_id: int) -> Place:
    """The performer's word: run the commands of this step now. Signs as performer."""
    person = act.require(Permission.PERFORM)
    here = await current_place(act, step_run_id, "execute")
    _require_open(act, here)
    await void_approvals(act, here.session.id, here.run.id)
    here.run.stand(RUNNING)
    here.run.performer_id = person.id
    await sign(act, here, "performer", person, "")
    attempt = await queue_attempt(act, here)
    await go_on(act, here.session, "step.executed", step=here.run.key, attempt=attempt.number)
    return here


async def tick_step(act: Act, step_run_id: int, note: str = "") -> Place:
    """The performer's tick on what they did themselves; checks, if the step has any, are read before it sticks."""
    person = act.require(Permission.PERFORM)
    here = await current_place(act, step_run_id, "tick")
    await void_approvals(act, here.session.id, here.run.id)
    here.run.performer_id, here.run.note = person.id, note.strip() or None
    await sign(act, here, "performer", person, note)
    if here.step.checks:
        here.run.stand(RUNNING)
        await go_on(act, here.session, "step.ticked", step=here.run.key, note=note.strip())
    else:
        here.run.stand(lifecycle.after_checks(here.step, "pass"))
        await record(
            act, "step.ticked", here.subject, session_id=here.session.id, step=here.run.key, note=note.strip()
        )
    return here


async def verify_step(act: Act, step_run_id: int) -> Place:
    """Read the checks of a ticked step once more."""
    act.require(Permission.PERFORM)
    here = await current_place(act, step_run_id, "verify")
    await void_approvals(act, here.session.id, here.run.id)
    here.run.stand(RUNNING)
    await go_on(act, here.session, "step.verified", step=here.run.key)
    return here


async def confirm_step(act: Act, step_run_id: int, note: str = "", *, checker: Person | None = None) -> Place:
    """The checker's sign-off: somebody other than the performer. The session goes on to the next step.

    `checker` is somebody who signed at the performer's screen with their own password; otherwise who is signed in.
    """
    person = checker or act.person
    require(person, Permission.CHECK)
    here = await current_place(act, step_run_id, "confirm")
    require_other_than_performer(person, here.run.performer_id)
    here.run.checker_id = person.id
    signer = Act(act.db, act.now, person, act.enqueue, act.address)
    await sign(signer, here, "checker", person, note)
    finish(act, here, Standing(StepState.SUCCEEDED))
    at_screen_of = act.by.name if act.by and checker and act.by.id != checker.id else None
    params: dict[str, Any] = {"step": here.run.key, "note": note.strip(), "at_screen_of": at_screen_of}
    driver = here.session.driver_id
    await go_on(signer, here.session, "step.confirmed", **params)
    here.session.driver_id = driver  # the checker signs; the performer goes on performing
    return here


async def retry_step(act: Act, step_run_id: int) -> Place:
    """After a failure: a new attempt of a command step, or the checks once more."""
    person = act.require(Permission.PERFORM)
    here = await current_place(act, step_run_id, "retry")
    if here.step.kind == "command":
        _require_open(act, here)
    await void_approvals(act, here.session.id, here.run.id)
    unasked = lifecycle.by_a_person(here.step)  # its interlocks failed: nobody has done anything yet
    here.run.stand(RUNNING)
    here.run.performer_id = None if unasked else person.id
    here.run.outcome, here.run.ended_at = None, None
    if lifecycle.needs_checker(here.step) and not unasked:
        await sign(
            act, here, "performer", person, ""
        )  # else who executed first could check the one who retried
    number = (await queue_attempt(act, here)).number if here.step.kind == "command" else None
    await go_on(act, here.session, "step.retried", step=here.run.key, attempt=number)
    return here


async def cancel_step(act: Act, step_run_id: int) -> Place:
    """Ask for the running command's end. It counts as cancelled only once its processes are confirmed dead."""
    person = act.require(Permission.PERFORM)
    here = await place(act, step_run_id)
    lifecycle.require("cancel", here.run.standing)
    attempt = await open_attempt(act.db, step_run_id)
    if attempt is None:
        raise Refused(
            "nothing_to_cancel",
            "取り消せるコマンドは実行されていません。確認処理の終わりを待ってください。",
            "No command is running that could be cancelled. Wait for the checks to end.",
        )
    if attempt.cancel_asked_at is None:
        attempt.cancel_asked_at, attempt.cancel_asked_by = act.now, person.id
        if attempt.attempt_state is AttemptState.QUEUED and here.session.session_state is SessionState.PAUSED:
            _drop(act, here, attempt)
        await record(act, "step.cancelled", here.subject, session_id=here.session.id, step=here.run.key)
    return here


async def attach_evidence(act: Act, step_run_id: int, name: str, media_type: str, data: bytes) -> Evidence:
    """Keep a file or pasted text with a step, at any time until the session has ended. 12 MiB at most."""
    person = act.require(Permission.PERFORM)
    here = await place(act, step_run_id)
    if here.session.session_state not in lifecycle.ACTIVE:
        raise Refused(
            "session_not_active",
            "実行中のセッションにだけ証跡を添付できます。",
            "Evidence can be attached only while the session is under way.",
        )
    if not data or len(data) > LARGEST_EVIDENCE:
        raise Invalid(
            "bad_evidence_size",
            "証跡は1バイト以上12MiB以下にしてください。大きいものは分けて添付してください。",
            "Evidence has between 1 byte and 12 MiB. Attach something larger in parts.",
            "evidence",
        )
    digest = hashlib.sha256(data).hexdigest()
    row = Evidence(
        step_run_id=step_run_id,
        name=name.strip()[:255] or "evidence.txt",
        media_type=media_type[:100] or "application/octet-stream",
        size=len(data),
        sha256=digest,
        data=zstandard.ZstdCompressor(level=3).compress(data),
        added_by=person.id,
        at=act.now,
    )
    act.db.add(row)
    await act.db.flush()
    facts = {"step": here.run.key, "name": row.name, "size": row.size, "sha256": digest}
    await record(act, "evidence.attached", here.subject, session_id=here.session.id, **facts)
    return row


async def queue_attempt(act: Act, here: Place) -> Attempt:
    """A new attempt of a command step: its number counts up, its key is random (128 bits), its payload is the plan's text."""
    before = await attempts_of(act.db, here.run.id)
    attempt = Attempt(
        step_run_id=here.run.id,
        number=len(before) + 1,
        key=secrets.token_hex(16),
        node=here.step.node or "",
        payload=payload_of(here.step),
        requested_by=act.by.id if act.by else here.session.driver_id,
        queued_at=act.now,
    )
    act.db.add(attempt)
    await act.db.flush()
    return attempt


def payload_of(step: Step) -> str:
    """What is sent to the node: the plan's command texts, byte for byte, one after another; the first failure ends them.

    Several texts are joined for sh alone: in no other shell does one line say so."""
    texts = [command.text for command in step.commands]
    if len(texts) > 1 and {command.shell for command in step.commands} != {"sh"}:
        raise Refused(
            "several_commands",
            f"ステップ {step.key} には sh 以外のコマンドが複数あるため、実行できません。手作業で実施してください。",
            f"Step {step.key} has several commands for another shell than sh, so it cannot be run. Carry it out by hand.",
        )
    return texts[0] if len(texts) == 1 else "set -e\n" + "\n".join(texts)


def finish(act: Act, here: Place, standing: Standing) -> None:
    """Put a step run where it stands now; one that is done moves the session's position on."""
    here.run.stand(standing)
    if standing.state in lifecycle.DONE or standing.state in (StepState.FAILED, StepState.UNKNOWN):
        here.run.ended_at = act.now
    if standing.state in lifecycle.DONE:
        here.session.position = here.run.seq + 1


def _drop(act: Act, here: Place, attempt: Attempt) -> None:
    """End an attempt that never began: nothing was sent, and begin_attempt refuses it from now on."""
    attempt.state, attempt.ended_at, attempt.problem = AttemptState.CANCELLED.value, act.now, "not_begun"
    finish(act, here, Standing(StepState.FAILED))
    here.run.outcome = "not_begun"


def _require_open(act: Act, here: Place) -> None:
    schedule.require_open(act.now, here.session.window_start or 0, here.session.window_end or 0)


async def sign(act: Act, here: Place, role: str, person: Person, note: str) -> None:
    """A signature; after a failed check the performer may sign again, and the newest stands."""
    query = sa.select(SignOff).where(SignOff.step_run_id == here.run.id, SignOff.role == role)
    row = (await act.db.scalars(query)).one_or_none()
    if row is None:
        row = SignOff(step_run_id=here.run.id, role=role, user_id=person.id, at=act.now)
        act.db.add(row)
    row.user_id, row.note, row.at = person.id, note.strip(), act.now
    await act.db.flush()
