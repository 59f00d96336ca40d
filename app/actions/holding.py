"""The nodes that a session under way holds, by host key: one node may stand in two cluster records."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from app.actions.act import Act
from app.actions.plans import pinned_keys
from app.domain.errors import Refused
from app.domain.lifecycle import ACTIVE
from app.models import HostKey, MaintenanceSession, SessionNode


async def hold_nodes(act: Act, session: MaintenanceSession) -> None:
    """Take every node of the session's cluster. Refused where another session is on the cluster or on one of its nodes."""
    keys = await pinned_keys(act, session.cluster)
    fingerprints = [key.fingerprint for key in keys.values()]
    _require_distinct(keys)
    rows = sa.select(HostKey.id).where(HostKey.fingerprint.in_(fingerprints)).order_by(HostKey.id)
    await act.db.execute(rows.with_for_update())  # two clusters with a node in common do not start at once
    same_cluster = sa.select(MaintenanceSession.id).where(
        MaintenanceSession.cluster_id == session.cluster_id, MaintenanceSession.state.in_(ACTIVE)
    )
    same_node = sa.select(SessionNode.session_id).where(
        SessionNode.active, SessionNode.fingerprint.in_(fingerprints)
    )
    other = (await act.db.scalars(same_cluster)).first() or (await act.db.scalars(same_node)).first()
    if other is not None:
        raise Refused(
            "cluster_busy",
            f"このクラスタまたはノードでは、別のセッション（No.{other}）が進行中です。終わってから開始してください。",
            f"Session {other} is running on this cluster or on one of its nodes. Start once it has ended.",
        )
    for node, key in keys.items():
        act.db.add(SessionNode(session_id=session.id, node=node, fingerprint=key.fingerprint, active=True))


async def release_nodes(act: Act, session: MaintenanceSession) -> None:
    """Let go of the nodes that a session held."""
    await act.db.execute(
        sa.update(SessionNode).where(SessionNode.session_id == session.id).values(active=False)
    )


def _require_distinct(keys: Mapping[str, HostKey]) -> None:
    """Two nodes with one host key are one machine under two names, or copies of one image: the console cannot tell them apart."""
    names: dict[str, str] = {}
    for node, key in keys.items():
        other = names.setdefault(key.fingerprint, node)
        if other != node:
            raise Refused(
                "same_host_key",
                f"ノード {other} と {node} のホスト鍵が同じです。"
                "どちらに接続しているか区別できないため、鍵を作り直してください。",
                f"The nodes {other} and {node} have the same host key, so they cannot be told apart. Give one of them a new key.",
            )
