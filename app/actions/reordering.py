"""The manual's literal order for one erratum, on an administrator's word, before a session is submitted."""

from __future__ import annotations

from app.actions.act import Act, record
from app.actions.overlays import overlay_for
from app.actions.plans import keep_basis, made_with, plan_for, stored_plan, wish_of
from app.actions.sessions import locked
from app.domain.errors import Refused
from app.domain.lifecycle import SESSION_MOVES
from app.domain.policy import Permission, require_reason
from app.models import MaintenanceSession


async def reorder_session(act: Act, session_id: int, erratum: str, reason: str) -> MaintenanceSession:
    """Make the plan anew in the literal order of that erratum, with a reason; an empty erratum goes back to the mended order.

    Raises Invalid for an erratum that cannot be chosen or changes nothing in this plan."""
    person = act.require(Permission.ADMINISTER)
    session = await locked(act, session_id)
    if session.session_state not in SESSION_MOVES["submit"][0]:
        raise Refused(
            "session_not_a_draft",
            "記載順は、承認を依頼する前にだけ変えられます。作業者が「下書きに戻す」をしてから指定してください。",
            "The order can be changed only before a session is submitted. Have an operator take it back to a draft first.",
        )
    require_reason(reason)
    literal = erratum.strip() or None
    version, overlay = await overlay_for(act.db, session.cluster.name)
    session.plan_record = await stored_plan(
        act, plan_for(session.cluster, wish_of(session), overlay, literal)
    )
    session.cluster_version = session.cluster.version
    basis = await keep_basis(act, session, version, literal)
    if literal is not None:
        basis.literal, basis.reason = literal, reason.strip()
        basis.chosen_by, basis.chosen_at = person.id, act.now
    await record(
        act,
        "session.reordered",
        f"session:{session.id}",
        session_id=session.id,
        literal=literal or "-",
        reason=reason.strip(),
        plan=session.plan_record.digest,
        **made_with(version, overlay),
    )
    return session
