"""Clusters: list, one cluster with its keys and its live state, import, export, add, edit, remove, accepting host keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.actions.clusters import accept_host_key, offer_host_key, remove_cluster
from app.db import AsyncSession
from app.domain.cluster import Cluster, Node
from app.domain.errors import Refusal
from app.domain.text import Text
from app.models import HostKey
from app.models.clusters import accepted_key, clusters, offered_keys
from app.models.sessions import sessions
from app.nodes import OfferedKey
from app.procedures.clusterfile import dump_cluster
from app.web import live_words, resting
from app.web.auth import Admin, Editor, SignedIn, Viewer
from app.web.forms import act_of
from app.web.live import Live, look, new_keys
from app.web.rendering import render, respond
from app.web.services import Console, Services
from app.web.session_form import cluster_of
from app.web.transaction import Reading, Writing

router = APIRouter(prefix="/clusters")


@dataclass(frozen=True)
class NodeKeys:
    """A node with the host key that is accepted for its address, and those that were offered since."""

    node: Node
    accepted: HostKey | None
    offered: Sequence[HostKey]


async def keys_of(db: AsyncSession, cluster: Cluster) -> list[NodeKeys]:
    """The keys of every node."""
    return [
        NodeKeys(
            node,
            await accepted_key(db, node.address, node.port),
            await offered_keys(db, node.address, node.port),
        )
        for node in cluster.nodes
    ]


@router.get("")
async def clusters_page(request: Request, _: Viewer, db: Reading) -> Response:
    """Every cluster."""
    latest = {session.cluster_id: session for session in reversed(await sessions(db))}
    return render(request, "clusters/index.html", clusters=await clusters(db), latest=latest)


@router.get("/{cluster_id}")
async def cluster_page(request: Request, cluster_id: int, _: Viewer, db: Reading) -> Response:
    """One cluster. Its live state is loaded after the page: a silent node must not hold it up."""
    record = await cluster_of(db, cluster_id)
    return render(
        request,
        "clusters/show.html",
        record=record,
        keys=await keys_of(db, record.cluster),
        sessions=await sessions(db, cluster_id=cluster_id, limit=10),
    )


@router.get("/{cluster_id}/keys")
async def cluster_keys(request: Request, cluster_id: int, _: Viewer, db: Reading) -> Response:
    """Nodes and their keys, for the doorbell."""
    record = await cluster_of(db, cluster_id)
    return render(request, "clusters/_keys.html", record=record, keys=await keys_of(db, record.cluster))


@router.get("/{cluster_id}/live")
async def cluster_live(request: Request, cluster_id: int, found: Viewer, services: Console) -> Response:
    """The nodes' own answers at this moment. No transaction is open while they are asked."""
    async with services.database.reading() as db:
        record = await cluster_of(db, cluster_id)
    live, problem = await _look(services, cluster_id, record.cluster)
    if live is not None:
        await keep_new_keys(request, services, found, new_keys(live, record.cluster))
    return render(
        request, "clusters/_live.html", record=record, live=live, problem=problem, live_words=live_words
    )


async def _look(services: Services, cluster_id: int, cluster: Cluster) -> tuple[Live | None, Text | None]:
    if services.links is None or services.targets_of is None:
        return None, resting.NOT_READ
    try:
        targets = await services.targets_of(cluster_id)
    except Refusal as refusal:
        return None, refusal.message
    return await look(services.links, targets, cluster, services.clock()), None


async def keep_new_keys(
    request: Request, services: Services, found: SignedIn, keys: Sequence[tuple[str, int, OfferedKey]]
) -> None:
    """Have keys that nobody has seen before wait for an administrator's decision."""
    async with services.database.reading() as db:
        fresh = [
            (address, port, key)
            for address, port, key in keys
            if key.public_key not in [row.public_key for row in await offered_keys(db, address, port)]
        ]
    if not fresh:
        return
    async with services.database.transaction() as db:
        for address, port, key in fresh:
            act = act_of(request, services, found, db)
            await offer_host_key(act, address, port, key.public_key, key.fingerprint)


@router.get("/{cluster_id}/export")
async def cluster_export(cluster_id: int, _: Viewer, db: Reading) -> Response:
    """The cluster file."""
    record = await cluster_of(db, cluster_id)
    headers = {
        "content-disposition": f'attachment; filename="cluster-{cluster_id}.yaml"',
        "cache-control": "no-store",
    }
    return Response(
        dump_cluster(record.cluster), media_type="application/yaml; charset=utf-8", headers=headers
    )


@router.post("/{cluster_id}/remove")
async def cluster_remove(request: Request, cluster_id: int, _: Editor, act: Writing) -> Response:
    """Remove a cluster that no session ever used."""
    await remove_cluster(act, cluster_id)
    if request.headers.get("hx-request") == "true":
        return Response(headers={"HX-Redirect": "/clusters"})
    return RedirectResponse("/clusters", status_code=303)


@router.post("/{cluster_id}/keys/{key_id}/accept")
async def cluster_accept_key(
    request: Request, cluster_id: int, key_id: int, _: Admin, act: Writing
) -> Response:
    """This key is the node's."""
    await accept_host_key(act, key_id)
    record = await cluster_of(act.db, cluster_id)
    keys = await keys_of(act.db, record.cluster)
    return respond(request, f"/clusters/{cluster_id}", "clusters/_keys.html", record=record, keys=keys)
