"""The connection doctor's page of one node: a button that asks, and the lines that it brings. Stores nothing (decision 0007).

Like the other live readings it is no audit event; a host key that nobody has seen before is kept for an administrator to decide.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from app.domain.cluster import Node
from app.domain.doctor import SIGNS, Examination
from app.domain.errors import NotFound, Refusal
from app.domain.text import Text
from app.models import ClusterRecord
from app.nodes.doctor import examine
from app.web import resting
from app.web.auth import Editor, SignedIn, is_htmx
from app.web.clusters import keep_new_keys
from app.web.rendering import render
from app.web.services import Console, Services
from app.web.session_form import cluster_of

router = APIRouter(prefix="/clusters/{cluster_id}/nodes/{name}/check")


@dataclass(frozen=True)
class Result:
    """What the page shows: the lines, read at `at` (UTC microseconds), or why none could be asked. Neither: not asked yet."""

    examination: Examination | None = None
    at: int = 0
    problem: Text | None = None


@router.get("")
async def check_page(request: Request, cluster_id: int, name: str, _: Editor, services: Console) -> Response:
    """The button. Nothing is asked before it is pressed."""
    record, node = await _node(services, cluster_id, name)
    return _shown(request, record, node, Result())


@router.post("")
async def check(request: Request, cluster_id: int, name: str, found: Editor, services: Console) -> Response:
    """Ask the node now. No transaction is open meanwhile."""
    record, node = await _node(services, cluster_id, name)
    return _shown(request, record, node, await _ask(request, services, found, record, node))


async def _node(services: Services, cluster_id: int, name: str) -> tuple[ClusterRecord, Node]:
    async with services.database.reading() as db:
        record = await cluster_of(db, cluster_id)
    for node in record.cluster.nodes:
        if node.name == name:
            return record, node
    raise NotFound("no_such_node", "そのノードはありません。", "There is no such node.")


async def _ask(
    request: Request, services: Services, found: SignedIn, record: ClusterRecord, node: Node
) -> Result:
    if services.links is None or services.targets_of is None:
        return Result(problem=resting.NOT_READ)
    try:
        targets = await services.targets_of(record.id)
    except Refusal as refusal:
        return Result(problem=refusal.message)
    at = services.clock()
    examined = await examine(targets[node.name], node, record.cluster, services.clock)
    if examined.offered is not None:
        await keep_new_keys(request, services, found, [(node.address, node.port, examined.offered)])
    return Result(examined.examination, at)


def _shown(request: Request, record: ClusterRecord, node: Node, result: Result) -> Response:
    template = "clusters/_check.html" if is_htmx(request) else "clusters/check.html"
    return render(request, template, record=record, node=node, result=result, signs=SIGNS)
