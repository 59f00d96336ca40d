"""Plans on pages of their own: a session's whole plan, and the difference between two plans of one cluster. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from app.actions.overlays import overlay_chosen
from app.actions.plans import NoProcedureRefused, Wish, plan_for
from app.db import AsyncSession
from app.domain.choosing import Nearest
from app.domain.errors import Invalid, NotFound, Refusal
from app.domain.procedure import Plan
from app.domain.text import Text
from app.models import ClusterRecord
from app.models.clusters import clusters
from app.models.overlays import overlay_versions
from app.models.sessions import sessions
from app.web.auth import Viewer
from app.web.plan_differences import Change, differences, remarks
from app.web.plans import others_of
from app.web.rendering import render
from app.web.session_form import cluster_of
from app.web.session_view import session_of
from app.web.transaction import Reading

router = APIRouter()


class CompareForm(BaseModel):
    """What the form of a comparison holds, as typed: for each side a session's plan, or a wish that is planned now. Whatever it
    is, it comes back in the form."""

    cluster: str = ""
    a_session: str = ""
    a_operation: str = "patch"
    a_target: str = ""
    a_method: str = "auto"
    a_overlay: str = ""
    b_session: str = ""
    b_operation: str = "patch"
    b_target: str = ""
    b_method: str = "auto"
    b_overlay: str = ""

    def typed(self, side: str) -> tuple[str, str, str, str]:
        """Session, operation, target and method of a side (a, b)."""
        values = self.model_dump()
        session, operation, target, method = (
            values[f"{side}_{name}"].strip() for name in ("session", "operation", "target", "method")
        )
        return session, operation, target, method

    def overlay(self, side: str) -> str:
        """The overlay of a side that is planned now: the cluster's own (empty), none, or a stored version's id."""
        return str(self.model_dump()[f"{side}_overlay"]).strip()

    @property
    def typed_anything(self) -> bool:
        """Whether a side holds something that would be missed."""
        return self != CompareForm(cluster=self.cluster)

    @property
    def asks(self) -> bool:
        """Whether both sides say something."""
        sides = (self.typed("a"), self.typed("b"))
        return all(session or target for session, _, target, _ in sides)


@dataclass(frozen=True)
class Side:
    """One side of a comparison: its plan, or why there is none and which field of the form is to blame (`wrong`)."""

    plan: Plan | None = None
    refusal: Refusal | None = None
    nearest: Sequence[Nearest] = ()
    wrong: str = ""


@router.get("/sessions/{session_id}/plan")
async def plan_page(request: Request, session_id: int, _: Viewer, db: Reading) -> Response:
    """The whole plan with why it is this one, why no other, and what was left out; made for paper too."""
    session = await session_of(db, session_id)
    return render(
        request,
        "plans/show.html",
        session=session,
        plan=session.plan,
        others=others_of(session.plan, session.cluster.cluster),
    )


@router.get("/plans/compare")
async def compare_page(
    request: Request, _: Viewer, db: Reading, form: Annotated[CompareForm, Query()]
) -> Response:
    """Two plans of one cluster, step by step: what one has and the other has not, and what differs."""
    everything = await clusters(db)
    record, refusal = await _cluster(db, form, everything)
    around: dict[str, Any] = {"form": form, "record": record, "clusters": everything, "refusal": refusal}
    if record is None:
        status = refusal.status if refusal else 200
        return render(
            request, "plans/compare.html", status=status, sessions=[], overlays=[], sides=None, **around
        )
    sides = {side: await _side(db, record, form, side) for side in ("a", "b")} if form.asks else None
    return render(
        request,
        "plans/compare.html",
        sessions=await sessions(db, cluster_id=record.id),
        overlays=await overlay_versions(db, record.name),
        sides=sides,
        changes=_changes(sides["a"], sides["b"]) if sides else [],
        heads=heads,
        remarks=remarks,
        **around,
    )


async def _cluster(
    db: AsyncSession, form: CompareForm, everything: Sequence[ClusterRecord]
) -> tuple[ClusterRecord | None, Refusal | None]:
    """The cluster that was chosen, or the only one there is; or why there is none."""
    typed = form.cluster.strip()
    if not typed:
        return everything[0] if len(everything) == 1 else None, None
    try:
        return await cluster_of(db, _number(typed, "cluster")), None
    except Refusal as refusal:
        return None, refusal


async def _side(db: AsyncSession, record: ClusterRecord, form: CompareForm, side: str) -> Side:
    chosen, operation, target, method = form.typed(side)
    try:
        if chosen:
            session = await session_of(db, _number(chosen, "session"))
            return Side(_of_cluster(session.plan, session.cluster_id, record))
        overlay = await overlay_chosen(db, record.name, form.overlay(side))
        return Side(plan_for(record, Wish.of(operation, target, method), overlay))
    except Refusal as refusal:
        near = refusal.nearest if isinstance(refusal, NoProcedureRefused) else ()
        return Side(refusal=refusal, nearest=near, wrong=_to_blame(refusal, chosen))


def _to_blame(refusal: Refusal, chosen: str) -> str:
    """The field of the form that a refusal is about."""
    if chosen:
        return "session"
    if isinstance(refusal, NotFound):
        return "overlay"
    field = refusal.field if isinstance(refusal, Invalid) else None
    return field if field in ("operation", "method") else "target"


def _of_cluster(plan: Plan, cluster_id: int, record: ClusterRecord) -> Plan:
    if cluster_id != record.id:
        raise Invalid(
            "other_cluster",
            f"そのセッションは別のクラスタのものです。{record.name} のセッションを選んでください。",
            f"That session is another cluster's. Choose a session of {record.name}.",
            "session",
        )
    return plan


def _changes(before: Side, after: Side) -> list[Change]:
    return differences(before.plan, after.plan) if before.plan and after.plan else []


def _number(typed: str, field: str) -> int:
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 16):
        raise Invalid("bad_number", "番号で指定してください。", "Give it by its number.", field)
    return int(typed)


WORDS: Mapping[str, Text] = {
    "patch": Text(ja="パッチ適用", en="Patch"),
    "upgrade": Text(ja="バージョンアップ", en="Upgrade"),
    "rolling": Text(ja="ローリング", en="rolling"),
    "standard": Text(ja="標準", en="standard"),
}


def heads(before: Plan, after: Plan) -> list[tuple[Text, Text, Text]]:
    """What can differ above the steps, side by side."""
    names = (
        Text(ja="手順", en="Procedure"),
        Text(ja="作業", en="Operation"),
        Text(ja="方式", en="Method"),
        Text(ja="適用前", en="Version before"),
        Text(ja="適用後", en="Version to arrive at"),
        Text(ja="ステップ（対象外を含む）", en="Steps (with those that do not apply)"),
    )
    return list(zip(names, _head(before), _head(after), strict=True))


def _head(plan: Plan) -> list[Text]:
    told = (plan.procedure, plan.operation, plan.method, plan.from_version, plan.to, str(len(plan.steps)))
    return [WORDS.get(word, Text(ja=word, en=word)) for word in told]
