"""Questions that wait for a second person: may it start, be skipped, be settled so, run longer. Fit for a phone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from app.actions.approvals import deny_approval, grant_approval
from app.db import AsyncSession
from app.domain.errors import NotFound
from app.domain.lifecycle import StepState
from app.domain.policy import Person
from app.domain.procedure import Step
from app.domain.text import Text
from app.models import Approval, MaintenanceSession, StepRun
from app.models.people import display_names
from app.models.sessions import pending_approvals
from app.web import outcomes
from app.web.auth import Viewer
from app.web.rendering import render, respond
from app.web.session_view import may_decide
from app.web.sign_in import local_path
from app.web.transaction import Reading, Writing

router = APIRouter(prefix="/approvals")
Words = Annotated[str, Form()]
KINDS: Mapping[str, Text] = {
    "start": Text(ja="作業の開始", en="start of a session"),
    "skip": Text(ja="ステップの省略", en="skipping a step"),
    "settle": Text(ja="結果不明の確定", en="settling an unknown outcome"),
    "extend": Text(ja="作業時間帯の延長", en="extending the window"),
}


@dataclass(frozen=True)
class Question:
    """An approval with what one has to know to decide it."""

    approval: Approval
    session: MaintenanceSession
    step: Step | None
    run: StepRun | None
    names: Mapping[int, str]
    decidable: bool

    @property
    def kind(self) -> Text:
        """What is asked for."""
        return KINDS[self.approval.kind]

    @property
    def wanted(self) -> dict[str, Any]:
        """The details of what is asked for."""
        told = json.loads(self.approval.payload)
        assert isinstance(told, dict)
        return told

    @property
    def explanation(self) -> outcomes.Explanation | None:
        """Why the step stands where it does."""
        if self.run is None or not self.run.outcome:
            return None
        return outcomes.explain(self.run.outcome, begun=self.run.state == StepState.UNKNOWN)


async def question(
    db: AsyncSession, approval: Approval, person: Person, names: Mapping[int, str]
) -> Question:
    """An approval with its session and step."""
    session = await db.get_one(MaintenanceSession, approval.session_id)
    run = await db.get_one(StepRun, approval.step_run_id) if approval.step_run_id else None
    step = session.plan.steps[run.seq] if run else None
    decidable = approval.state == "pending" and may_decide(approval, person)
    return Question(approval, session, step, run, names, decidable)


@router.get("")
async def approvals_page(request: Request, found: Viewer, db: Reading) -> Response:
    """What waits for the reader, and what others still have to decide."""
    return render(request, "approvals/index.html", questions=await _pending(db, found.person))


@router.get("/list")
async def approvals_list(request: Request, found: Viewer, db: Reading) -> Response:
    """The list alone, for the doorbell."""
    return render(request, "approvals/_list.html", questions=await _pending(db, found.person))


@router.get("/{approval_id}")
async def approval_card(request: Request, approval_id: int, found: Viewer, db: Reading) -> Response:
    """One question alone."""
    approval = await db.get(Approval, approval_id)
    if approval is None:
        raise NotFound("no_such_approval", "その承認依頼はありません。", "There is no such question.")
    asked = await question(db, approval, found.person, await display_names(db))
    return render(request, "approvals/_approval.html", q=asked, back="/approvals")


@router.post("/{approval_id}/grant")
async def approval_grant(
    request: Request,
    approval_id: int,
    found: Viewer,
    act: Writing,
    comment: Words = "",
    back: Words = "/approvals",
) -> Response:
    """Yes."""
    approval = await grant_approval(act, approval_id, comment)
    return await _answer(request, approval, found.person, act, back)


@router.post("/{approval_id}/deny")
async def approval_deny(
    request: Request,
    approval_id: int,
    found: Viewer,
    act: Writing,
    comment: Words = "",
    back: Words = "/approvals",
) -> Response:
    """No, with a reason."""
    approval = await deny_approval(act, approval_id, comment)
    return await _answer(request, approval, found.person, act, back)


async def _answer(request: Request, approval: Approval, person: Person, act: Writing, back: str) -> Response:
    asked = await question(act.db, approval, person, await display_names(act.db))
    return respond(request, local_path(back), "approvals/_approval.html", q=asked, back=local_path(back))


async def _pending(db: AsyncSession, person: Person) -> list[Question]:
    names = await display_names(db)
    found = [await question(db, approval, person, names) for approval in await pending_approvals(db)]
    return sorted(found, key=lambda each: not each.decidable)
