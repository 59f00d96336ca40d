"""Clusters and host keys: add, edit, remove, offer, accept. Planning and touching nodes happen elsewhere."""

from __future__ import annotations

import sqlalchemy as sa

from app.actions.act import Act, hold_newcomers, record
from app.domain.cluster import Cluster
from app.domain.digest import digest_of
from app.domain.errors import NotFound, Refused
from app.domain.lifecycle import ACTIVE
from app.domain.policy import Permission
from app.models import ClusterRecord, HostKey, MaintenanceSession, SessionNode
from app.models.clusters import accepted_key, cluster_named


async def add_cluster(act: Act, cluster: Cluster) -> ClusterRecord:
    """Store a new cluster. Raises Refused where the name is taken."""
    _require_editor(act)
    await hold_newcomers(act)
    if await cluster_named(act.db, cluster.name) is not None:
        raise Refused(
            "cluster_exists",
            f"クラスタ「{cluster.name}」は既に登録されています。別の名前にするか、登録済みのクラスタを編集してください。",
            f"There is already a cluster “{cluster.name}”. Choose another name, or edit the one that is there.",
        )
    row = ClusterRecord(
        name=cluster.name, document=cluster.model_dump_json(), created_at=act.now, updated_at=act.now
    )
    act.db.add(row)
    await act.db.flush()
    await record(act, "cluster.added", f"cluster:{row.id}", name=row.name, document=digest_of(row.document))
    return row


async def edit_cluster(act: Act, cluster_id: int, version: int, cluster: Cluster) -> ClusterRecord:
    """Replace a cluster's document. Refused where somebody changed it meanwhile, or while a session holds it."""
    _require_editor(act)
    await hold_newcomers(act)
    row = await _locked(act, cluster_id)
    if row.version != version:
        raise Refused(
            "cluster_changed",
            "このクラスタは別の人が先に変更しました。最新の内容を確認して、必要な変更をもう一度行ってください。",
            "Somebody else changed this cluster meanwhile. Look at it as it is now, then make your change again.",
        )
    await _require_idle(act, cluster_id)
    taken = await cluster_named(act.db, cluster.name)
    if taken is not None and taken.id != row.id:
        raise Refused(
            "cluster_exists",
            f"クラスタ「{cluster.name}」は既に登録されています。別の名前にしてください。",
            f"There is already a cluster “{cluster.name}”. Choose another name.",
        )
    before = digest_of(row.document)
    row.name, row.document = cluster.name, cluster.model_dump_json()
    row.version, row.updated_at = row.version + 1, act.now
    after = digest_of(row.document)
    await record(act, "cluster.edited", f"cluster:{row.id}", name=row.name, before=before, document=after)
    return row


async def remove_cluster(act: Act, cluster_id: int) -> None:
    """Remove a cluster that no session ever used; one with a history stays."""
    _require_editor(act)
    row = await _locked(act, cluster_id)
    used = await act.db.scalar(sa.select(sa.func.count()).where(MaintenanceSession.cluster_id == cluster_id))
    if used:
        raise Refused(
            "cluster_has_history",
            "作業履歴があるクラスタは削除できません。履歴は監査のために残ります。",
            "A cluster with sessions cannot be removed; its history is kept for the audit.",
        )
    await act.db.delete(row)
    await record(act, "cluster.removed", f"cluster:{cluster_id}", name=row.name)


async def offer_host_key(act: Act, address: str, port: int, public_key: str, fingerprint: str) -> HostKey:
    """Note a host key that a node offered and nobody has accepted; seen again it stays the one row."""
    await hold_newcomers(act)
    query = sa.select(HostKey).where(
        HostKey.address == address, HostKey.port == port, HostKey.public_key == public_key
    )
    row = (await act.db.scalars(query)).one_or_none()
    if row is not None and row.state != "replaced":
        return row
    if row is None:
        row = HostKey(address=address, port=port, public_key=public_key, fingerprint=fingerprint)
        act.db.add(row)
    row.state, row.offered_at, row.accepted_at, row.accepted_by = "offered", act.now, None, None
    await act.db.flush()
    await record(
        act, "host_key.offered", f"host_key:{row.id}", address=address, port=port, fingerprint=fingerprint
    )
    return row


async def accept_host_key(act: Act, key_id: int) -> HostKey:
    """An administrator's word that this key is the node's; a key accepted before is replaced."""
    person = act.require(Permission.ADMINISTER) if act.by is not None else None
    await hold_newcomers(act)
    row = await act.db.get(HostKey, key_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("no_such_key", "そのホスト鍵はありません。", "There is no such host key.")
    if row.state == "accepted":
        return row
    before = await accepted_key(act.db, row.address, row.port)
    if before is not None:
        await _require_not_held(act, before)
        before.state = "replaced"
        await act.db.flush()
    row.state, row.accepted_at, row.accepted_by = "accepted", act.now, person.id if person else None
    await record(
        act,
        "host_key.accepted",
        f"host_key:{row.id}",
        address=row.address,
        port=row.port,
        fingerprint=row.fingerprint,
        replaced=before.fingerprint if before else None,
    )
    return row


async def raise_cluster(act: Act, row: ClusterRecord, version: str) -> None:
    """A completed session has verified this version on every node: the cluster's record says so from now on."""
    told = row.cluster.model_dump(mode="json", exclude_none=True)
    nodes = [{k: v for k, v in node.items() if k != "version"} for node in told["nodes"]]
    cluster = Cluster.model_validate({**told, "version": version, "nodes": nodes})
    before = row.cluster.version
    row.document, row.version, row.updated_at = cluster.model_dump_json(), row.version + 1, act.now
    await record(
        act, "cluster.raised", f"cluster:{row.id}", name=row.name, before=str(before), version=version
    )


def _require_editor(act: Act) -> None:
    if act.by is not None:
        act.require(Permission.EDIT_CLUSTERS)


async def _locked(act: Act, cluster_id: int) -> ClusterRecord:
    row = await act.db.get(ClusterRecord, cluster_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("no_such_cluster", "そのクラスタはありません。", "There is no such cluster.")
    return row


async def _require_not_held(act: Act, key: HostKey) -> None:
    """A session under way keeps the host keys that were approved with it."""
    query = sa.select(SessionNode.session_id).where(
        SessionNode.active, SessionNode.fingerprint == key.fingerprint
    )
    held = (await act.db.scalars(query)).first()
    if held is not None:
        raise Refused(
            "host_key_in_session",
            f"このノードはセッション No.{held} で使用中です。セッションが終わってから鍵を差し替えてください。",
            f"Session {held} is using this node. Replace its key once that session has ended.",
        )


async def _require_idle(act: Act, cluster_id: int) -> None:
    query = sa.select(MaintenanceSession.id).where(
        MaintenanceSession.cluster_id == cluster_id, MaintenanceSession.state.in_(ACTIVE)
    )
    if (await act.db.scalars(query)).first() is not None:
        raise Refused(
            "cluster_in_session",
            "このクラスタでは作業が進行中です。作業が終わってから変更してください。",
            "A session is running on this cluster. Change it once the session has ended.",
        )
