"""Overlays: import a version, retire one; which one is laid over a cluster's new plans, read back from its stored bytes."""

from __future__ import annotations

import json

import sqlalchemy as sa

from app.actions.act import Act, hold_newcomers, record
from app.db import AsyncSession
from app.domain import overlaying
from app.domain.errors import Invalid, NotFound, Refused
from app.domain.overlay import Overlay, OverlayFile
from app.domain.policy import Permission
from app.models import OverlayRecord, OverlayVersion
from app.models.clusters import clusters
from app.models.overlays import (
    current_overlay,
    overlay_named,
    overlay_versions,
    overlays,
    versions_of,
)
from app.procedures.overlayfile import load_overlay


async def import_overlay(act: Act, data: bytes, source: str) -> OverlayVersion:
    """Store an overlay file: a new overlay, or the next version of the one of its name. The same bytes again change nothing.

    Raises Invalid (file, line, key) or Refused where another overlay is for the same cluster already."""
    if act.by is not None:
        act.require(Permission.EDIT_CLUSTERS)
    file = load_overlay(data, source)
    await hold_newcomers(act)
    await _require_known_clusters(act, file, source)
    await _require_alone(act, file.overlay)
    row = await overlay_named(act.db, file.overlay.name)
    if row is None:
        row = OverlayRecord(name=file.overlay.name)
        act.db.add(row)
        await act.db.flush()
    before = await versions_of(act.db, row.id)
    if before and before[0].sha256 == file.sha256 and row.retired_at is None:
        return before[0]
    row.retired_at = row.retired_by = None
    version = OverlayVersion(
        overlay_id=row.id,
        number=len(before) + 1,
        document=data,
        sha256=file.sha256,
        clusters=json.dumps(file.overlay.clusters, ensure_ascii=False),
        imported_by=act.by.id if act.by else None,
        imported_at=act.now,
    )
    act.db.add(version)
    await act.db.flush()
    await record(
        act,
        "overlay.imported",
        f"overlay:{row.id}",
        name=row.name,
        version=version.number,
        sha256=file.sha256,
        clusters=list(file.overlay.clusters),
    )
    return version


async def retire_overlay(act: Act, overlay_id: int) -> OverlayRecord:
    """Lay it over no new plan from now on. Its versions stay, and a new import brings it back."""
    if act.by is not None:
        act.require(Permission.EDIT_CLUSTERS)
    await hold_newcomers(act)
    row = await act.db.get(OverlayRecord, overlay_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise no_such_overlay()
    if row.retired_at is not None:
        raise Refused(
            "overlay_retired",
            "このオーバーレイは既に廃止されています。",
            "This overlay has been retired already.",
        )
    row.retired_at, row.retired_by = act.now, act.by.id if act.by else None
    await record(act, "overlay.retired", f"overlay:{row.id}", name=row.name)
    return row


def no_such_overlay() -> NotFound:
    """The refusal of an overlay that is not there."""
    return NotFound("no_such_overlay", "そのオーバーレイはありません。", "There is no such overlay.")


async def overlay_for(db: AsyncSession, cluster: str) -> tuple[OverlayVersion | None, OverlayFile | None]:
    """The overlay of a cluster's new plans: the stored version, and what it says. Raises Invalid where this edition of the
    library no longer has a step that it names."""
    version = await current_overlay(db, cluster)
    if version is None:
        return None, None
    row = await db.get_one(OverlayRecord, version.overlay_id)
    return version, load_overlay(version.document, f"{row.name} v{version.number}")


async def overlay_chosen(db: AsyncSession, cluster: str, chosen: str) -> OverlayFile | None:
    """For comparing plans: the cluster's overlay (empty), none, or a stored version by its id."""
    if chosen in ("", "none"):
        return (await overlay_for(db, cluster))[1] if not chosen else None
    for row, version in await overlay_versions(db, cluster):
        if str(version.id) == chosen:
            return load_overlay(version.document, f"{row.name} v{version.number}")
    raise no_such_overlay()


async def _require_known_clusters(act: Act, file: OverlayFile, source: str) -> None:
    stored = {row.name: row for row in await clusters(act.db)}
    for name in file.overlay.clusters:
        if name not in stored:
            allowed = ", ".join(sorted(stored)) or "-"
            raise Invalid(
                "overlay_no_such_cluster",
                f"{source}: 「clusters」: クラスタ「{name}」は登録されていません。書けるのは all か {allowed} です。",
                f"{source}: clusters: there is no cluster {name!r}; allowed: all, or {allowed}.",
                "clusters",
            )
        overlaying.with_paths(stored[name].cluster, file)


async def _require_alone(act: Act, overlay: Overlay) -> None:
    """One overlay a cluster, and one for all: which is meant must never be a question."""
    for row, version in await overlays(act.db):
        if row.name == overlay.name or row.retired_at is not None:
            continue
        names = set(version.cluster_names) & set(overlay.clusters)
        if names or (not version.cluster_names and not overlay.clusters):
            whose = min(names, default="all")
            raise Refused(
                "overlay_exists",
                f"{whose} には既にオーバーレイ「{row.name}」があります。それを廃止するか、同じ名前で取り込んでください。",
                f"There is already an overlay {row.name!r} for {whose}. Retire it, or import under its name.",
            )


async def overlay_row(db: AsyncSession, overlay_id: int) -> OverlayRecord:
    """The overlay; NotFound where there is none."""
    row = (await db.scalars(sa.select(OverlayRecord).where(OverlayRecord.id == overlay_id))).one_or_none()
    if row is None:
        raise no_such_overlay()
    return row
