"""From a cluster and a wish to a stored plan, and what an approval of it covers."""

from __future__ import annotations

from typing import get_args

import sqlalchemy as sa

from app import procedures
from app.actions.act import Act, hold_newcomers
from app.actions.overlays import overlay_for
from app.domain import schedule
from app.domain.cluster import Cluster
from app.domain.digest import approval_digest, canonical, digest_of
from app.domain.errors import Invalid, Refused
from app.domain.overlay import OverlayFile
from app.domain.planner import Inputs, NoProcedure, make_plan, plan_is_executable
from app.domain.predicates import Install, Method, Operation
from app.domain.procedure import Plan
from app.domain.text import Frozen
from app.domain.transports import unspoken
from app.domain.versions import Version
from app.models import ClusterRecord, HostKey, MaintenanceSession, OverlayVersion, PlanBasis, PlanRecord
from app.models.clusters import accepted_key
from app.models.overlays import basis_of, current_overlay


class Wish(Frozen):
    """What the form of a new session asks for. `patch_file` is a path on the nodes."""

    operation: Operation
    target: str
    method: Method = "auto"
    install: Install = "overwrite"
    patch_file: str | None = None
    patch_sha256: str | None = None

    @classmethod
    def of(
        cls, operation: str, target: str, method: str, patch_file: str = "", patch_sha256: str = ""
    ) -> Wish:
        """From a form's text. Raises Invalid for a word that is none of the choices."""
        for field, value, choices in (("operation", operation, Operation), ("method", method, Method)):
            if value not in get_args(choices):
                allowed = ", ".join(get_args(choices))
                raise Invalid(
                    f"bad_{field}", f"次から選んでください: {allowed}", f"Choose one of: {allowed}", field
                )
        return cls.model_validate(
            {
                "operation": operation,
                "target": target.strip(),
                "method": method,
                "patch_file": patch_file.strip() or None,
                "patch_sha256": patch_sha256.strip() or None,
            }
        )


def wish_of(session: MaintenanceSession) -> Wish:
    """What a stored session asks for."""
    return Wish.of(
        session.operation,
        session.target,
        session.method,
        session.patch_file or "",
        session.patch_sha256 or "",
    )


class NoProcedureRefused(Refused):
    """The manual, or this edition, has no procedure for the wish; `nearest` says which come close and why not."""

    def __init__(self, no: NoProcedure) -> None:
        super().__init__("no_procedure", no.refused.ja, no.refused.en)
        self.nearest = no.nearest


def plan_for(
    record: ClusterRecord, wish: Wish, overlay: OverlayFile | None = None, literal: str | None = None
) -> Plan:
    """The plan of a wish on a cluster. Raises Invalid (target, patch file, digest, overlay) or NoProcedureRefused."""
    inputs = Inputs.of(wish.patch_file, wish.patch_sha256)
    target = Version.parse(wish.target)
    plan = make_plan(
        procedures.procedure,
        record.cluster,
        wish.operation,
        target,
        wish.method,
        wish.install,
        inputs,
        literal,
        overlay,
    )
    if isinstance(plan, NoProcedure):
        raise NoProcedureRefused(plan)
    return plan


def require_executable(plan: Plan, cluster: Cluster) -> None:
    """Refuse a plan that lacks something without which it must not run (the digest of the patch file), and one that this
    edition cannot carry out on these nodes: now, rather than in the maintenance window."""
    for missing in plan_is_executable(plan):
        raise Refused("plan_not_executable", missing.ja, missing.en)
    for why in unspoken(plan, cluster):
        raise Refused("plan_not_spoken", why.ja, why.en)


async def stored_plan(act: Act, plan: Plan) -> PlanRecord:
    """The immutable row of a plan; an identical plan is stored once."""
    await hold_newcomers(act)
    row = (await act.db.scalars(sa.select(PlanRecord).where(PlanRecord.digest == plan.digest))).one_or_none()
    if row is None:
        document = canonical(plan.model_dump(mode="json", by_alias=True))
        row = PlanRecord(digest=plan.digest, document=document, created_at=act.now)
        act.db.add(row)
        await act.db.flush()
    return row


async def fill_session(
    act: Act, session: MaintenanceSession, wish: Wish, title: str, window_start: str, window_end: str
) -> dict[str, str]:
    """Write into a draft what its form asks for, with a plan made from the cluster and its overlay as they are stored now.

    A literal order that an administrator chose stays as long as it changes something. Gives what the plan was made with
    (`made_with`), and the literal order that was dropped, for the trail."""
    zone = session.cluster.cluster.time_zone
    version, overlay = await overlay_for(act.db, session.cluster.name)
    basis = await basis_of(act.db, session.id) if session.id else None
    chosen = basis.literal if basis else None
    plan, literal = kept_plan(session.cluster, wish, overlay, chosen)
    session.plan_record = await stored_plan(act, plan)
    inputs = Inputs.of(wish.patch_file, wish.patch_sha256)
    session.cluster_version = session.cluster.version
    session.operation, session.target, session.method = wish.operation, wish.target, plan.method
    session.patch_file, session.patch_sha256 = inputs.patch_file, inputs.patch_sha256
    session.title = title.strip()[:200] or f"{session.cluster.name} {wish.target}"
    session.zone = zone
    session.window_start = (
        schedule.to_utc(window_start, zone, "window_start") if window_start.strip() else None
    )
    session.window_end = schedule.to_utc(window_end, zone, "window_end") if window_end.strip() else None
    if session.window_start is not None or session.window_end is not None:
        schedule.require_window(session.window_start, session.window_end)
    act.db.add(session)
    await act.db.flush()
    await keep_basis(act, session, version, literal)
    dropped = {"literal_dropped": chosen} if chosen and literal is None else {}
    return {**made_with(version, overlay), **({"literal": literal} if literal else {}), **dropped}


def made_with(version: OverlayVersion | None, overlay: OverlayFile | None) -> dict[str, str]:
    """The overlay that a plan was made with, for the trail: its name, version and SHA-256; nothing where there is none."""
    if version is None or overlay is None:
        return {}
    return {"overlay": f"{overlay.overlay.name} v{version.number}", "overlay_sha256": version.sha256}


def kept_plan(
    record: ClusterRecord, wish: Wish, overlay: OverlayFile | None, literal: str | None
) -> tuple[Plan, str | None]:
    """The plan, and the literal order that it keeps: one that no longer changes anything is dropped. Raises as plan_for."""
    try:
        return plan_for(record, wish, overlay, literal), literal
    except Invalid as no:
        if no.code != "literal_no_effect":
            raise
        return plan_for(record, wish, overlay), None


async def keep_basis(
    act: Act, session: MaintenanceSession, version: OverlayVersion | None, literal: str | None
) -> PlanBasis:
    """Write down what the session's plan was made with; a literal order that is gone takes its reason along."""
    basis = await basis_of(act.db, session.id)
    if basis is None:
        basis = PlanBasis(session_id=session.id)
        act.db.add(basis)
    basis.overlay_version_id = version.id if version else None
    if literal is None:
        basis.literal = basis.reason = basis.chosen_by = basis.chosen_at = None
    return basis


async def require_planned_as_is(act: Act, session: MaintenanceSession) -> None:
    """The plan was made from the cluster and the overlay as they are stored now; else the approver would approve what does
    not fit them."""
    basis = await basis_of(act.db, session.id)
    overlay = await current_overlay(act.db, session.cluster.name)
    laid = basis.overlay_version_id if basis else None
    if session.cluster_version != session.cluster.version or laid != (overlay.id if overlay else None):
        raise Refused(
            "plan_outdated",
            "計画を作成したあとで、クラスタ定義かオーバーレイが変更されています。"
            "セッションを編集して保存し直し、計画を作り直してください。",
            "The cluster or its overlay was changed after this plan was made. "
            "Edit the session and save it again to make a new plan.",
        )


async def pinned_keys(act: Act, record: ClusterRecord) -> dict[str, HostKey]:
    """The accepted host key of every node, by node name. Refused where one is missing: an administrator has to accept it."""
    pinned: dict[str, HostKey] = {}
    for node in record.cluster.nodes:
        key = await accepted_key(act.db, node.address, node.port)
        if key is None:
            raise Refused(
                "host_key_not_accepted",
                f"ノード {node.name} のホスト鍵がまだ承認されていません。"
                "クラスタ画面で指紋を確認し、管理者に承認を依頼してください。",
                f"The host key of node {node.name} has not been accepted. Compare the fingerprint on the cluster's page "
                "and have an administrator accept it.",
            )
        pinned[node.name] = key
    return pinned


async def covered_digest(act: Act, session: MaintenanceSession) -> str:
    """The digest an approval of this session covers at this moment: plan, cluster and overlay as stored, host keys, patch,
    window."""
    pinned = await pinned_keys(act, session.cluster)
    nodes = {n.name: f"{n.transport} {n.user}@{n.address}:{n.port}" for n in session.cluster.cluster.nodes}
    inputs = {
        "cluster": digest_of(session.cluster.document),
        "patch_file": session.patch_file or "",
        "patch_sha256": session.patch_sha256 or "",
        "window": f"{session.window_start}-{session.window_end}",
    }
    overlay = await current_overlay(act.db, session.cluster.name)
    if overlay is not None:  # only then: what was approved before there were overlays stays approved
        inputs["overlay"] = f"sha256:{overlay.sha256}"
    keys = {name: key.fingerprint for name, key in pinned.items()}
    return approval_digest(session.plan_record.digest, nodes, keys, inputs)


async def require_undrifted(act: Act, session: MaintenanceSession, approved: str | None) -> None:
    """Refuse where what was to be approved, or was approved, is no longer what would run."""
    if await covered_digest(act, session) == approved:
        return
    raise Refused(
        "approval_drifted",
        "承認の対象（クラスタ定義・オーバーレイ・ホスト鍵・パッチ・作業時間帯のいずれか）が変わっています。"
        "「修正」で下書きに戻し、内容を確認してもう一度承認を依頼してください。",
        "What the approval covers has changed (cluster, overlay, host key, patch or window). "
        "Revise the session, look at it again, and submit it for a new approval.",
    )
