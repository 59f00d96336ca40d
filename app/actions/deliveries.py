"""Deliveries: ask for a session's package to be copied to its nodes, begin, note how far it is, end. Copies nothing itself.

A delivery changes a node outside any attempt: see docs/decisions/0016-packages.md for why it may, and what bounds it.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from app.actions.act import Act, record
from app.actions.plans import require_undrifted
from app.db import note_bell
from app.domain.errors import NotFound, Refusal, Refused
from app.domain.lifecycle import DELIVERABLE, OPEN_DELIVERY, SESSION_NAMES, DeliveryState, SessionState
from app.domain.policy import Permission
from app.models import Delivery, MaintenanceSession, Package
from app.models.packages import deliveries_of, package_of
from app.models.sessions import locked_session

GONE = "delivery_withdrawn"


@dataclass(frozen=True)
class Carriage:
    """What the engine has to copy: `size` bytes of the package `sha256` to `path` on the node."""

    id: int
    session_id: int
    cluster_id: int
    node: str
    path: str
    sha256: str
    size: int


def topic(session_id: int) -> str:
    """What rings while a session's deliveries move on."""
    return f"deliveries:{session_id}"


async def deliver_session(act: Act, session_id: int) -> list[Delivery]:
    """Ask for the session's package on every node that its plan works on, the window need not be open.

    What is under way goes on; what was delivered is looked at again. Refused before the approval, after the end, and where
    the plan names no package of the store."""
    if act.by is not None:
        act.require(Permission.PERFORM)
    session = await _locked(act, session_id)
    if session.session_state not in DELIVERABLE:
        ja, en = SESSION_NAMES[session.session_state]
        raise Refused(
            "delivery_wrong_state",
            f"このセッションは「{ja}」のため、配布できません。配布できるのは承認されてから終わるまでです。",
            f"The session is {en}, so nothing is delivered. A package is delivered from the approval on, until the end.",
        )
    if session.session_state is SessionState.APPROVED:
        await require_undrifted(act, session, session.approval_digest)
    package = await _package(act, session)
    rows = {row.node: row for row in await deliveries_of(act.db, session.id)}
    for node in nodes_of(session):
        row = rows.get(node)
        if row is not None and row.delivery_state in OPEN_DELIVERY:
            continue
        if row is None:
            row = Delivery(session_id=session.id, node=node, done=0)
            act.db.add(row)
        await _queue(act, row, session, package)
    return await deliveries_of(act.db, session.id)


def nodes_of(session: MaintenanceSession) -> list[str]:
    """The nodes that the plan works on, in the cluster's order."""
    worked = {step.node for step in session.plan.steps if step.applies and step.node}
    return [node.name for node in session.cluster.cluster.nodes if node.name in worked]


async def begin_delivery(act: Act, delivery_id: int) -> Carriage | None:
    """What is to be copied, from now on recorded as under way; None where it is over already, or is from this moment."""
    row, session = await _found(act, delivery_id)
    if row.delivery_state not in OPEN_DELIVERY:
        return None
    if row.delivery_state is DeliveryState.QUEUED:
        problem = await _hindrance(act, session)
        if problem:
            await end_delivery(act, delivery_id, DeliveryState.FAILED, problem)
            return None
        row.state, row.begun_at = DeliveryState.RUNNING.value, act.now
        await record(
            act, "delivery.started", f"delivery:{row.id}", session_id=session.id, node=row.node, path=row.path
        )
    return Carriage(row.id, session.id, session.cluster_id, row.node, row.path, row.sha256, row.size)


async def note_progress(act: Act, delivery_id: int, done: int, problem: str | None = None) -> bool:
    """How many bytes the node has, and what is waited for (a code). False where the delivery is no longer under way."""
    row = await act.db.get_one(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if row.delivery_state is not DeliveryState.RUNNING:
        return False
    row.done, row.problem = min(done, row.size), problem
    note_bell(act.db, topic(row.session_id))
    return True


async def end_delivery(act: Act, delivery_id: int, state: DeliveryState, problem: str | None = None) -> None:
    """The recorded outcome of a delivery, once: delivered, failed or unreachable, the last two with a code."""
    row, session = await _found(act, delivery_id)
    if row.delivery_state not in OPEN_DELIVERY:
        return
    row.state, row.problem, row.ended_at = state.value, problem, act.now
    if state is DeliveryState.DELIVERED:
        row.done = row.size
    await record(
        act,
        "delivery.ended",
        f"delivery:{row.id}",
        session_id=session.id,
        node=row.node,
        state=state.value,
        problem=problem,
        path=row.path,
        sha256=row.sha256,
        size=row.size,
        done=row.done,
    )


async def withdraw_deliveries(act: Act, session: MaintenanceSession) -> None:
    """The session goes back to a draft, or ends: what is under way stops, and its part stays on the node."""
    query = sa.select(Delivery.id).where(Delivery.session_id == session.id, Delivery.state.in_(OPEN_DELIVERY))
    for delivery_id in list(await act.db.scalars(query.order_by(Delivery.id))):
        await end_delivery(act, delivery_id, DeliveryState.FAILED, GONE)


async def _queue(act: Act, row: Delivery, session: MaintenanceSession, package: Package) -> None:
    path = session.patch_file or ""
    if (row.path, row.sha256) != (path, package.sha256):
        row.done = 0
    row.path, row.sha256, row.size = path, package.sha256, package.size
    row.state, row.problem, row.begun_at, row.ended_at = DeliveryState.QUEUED.value, None, None, None
    row.asked_by, row.asked_at = act.by.id if act.by else None, act.now
    await act.db.flush()
    told = {"node": row.node, "path": path, "sha256": row.sha256}
    await record(act, "delivery.queued", f"delivery:{row.id}", session_id=session.id, **told, size=row.size)


async def _hindrance(act: Act, session: MaintenanceSession) -> str | None:
    """Why a delivery must not begin any more (a code)."""
    if session.session_state not in DELIVERABLE:
        return GONE
    if session.session_state is SessionState.APPROVED:
        try:
            await require_undrifted(act, session, session.approval_digest)
        except Refusal:
            return "delivery_drifted"
    return None


async def _package(act: Act, session: MaintenanceSession) -> Package:
    package = await package_of(act.db, session.patch_sha256 or "")
    if package is None or not session.patch_file:
        raise Refused(
            "delivery_no_package",
            "計画のファイルは保存済みのパッケージではないため、配布できません。"
            "「パッケージ」に追加し、下書きで選んで承認を取り直すか、ファイルをノードに直接置いてください。",
            "The plan's file is no stored package, so it cannot be delivered. Add it under Packages, choose it in the draft and "
            "have that approved, or put the file on the nodes yourself.",
        )
    return package


async def _found(act: Act, delivery_id: int) -> tuple[Delivery, MaintenanceSession]:
    """The delivery and its session, both locked, the session first as everywhere."""
    row = await act.db.get_one(Delivery, delivery_id)
    session = await _locked(act, row.session_id)
    return await act.db.get_one(Delivery, delivery_id, populate_existing=True), session


async def _locked(act: Act, session_id: int) -> MaintenanceSession:
    session = await locked_session(act.db, session_id)
    if session is None:
        raise NotFound("no_such_session", "そのセッションはありません。", "There is no such session.")
    return session
