"""Whether each site is up, sampled while a session is under way: the downtime that the operator is shown.

Uses the read-only probe of the site's processes on every node. A sample that cannot be read says nothing. The length is
an upper bound: from the last sample that saw the site up to the first that saw it up again. A site that is up on another node
than before was down in between, although no sample saw it. On Windows nothing is sampled, and no length is shown: there is no
read-only probe of a site's processes there (probes.py).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import sqlalchemy as sa
import structlog

from app.actions import outages
from app.domain.cluster import Cluster
from app.domain.parsers import processes
from app.domain.probes import READ_ONLY
from app.engine.machine import Machine
from app.models import AuditEvent, MaintenanceSession, Outage, StepRun
from app.models.sessions import sessions_under_way
from app.models.steps import step_run_at
from app.nodes import NodeError, Target

log = structlog.get_logger(__name__)
SAMPLE_SECONDS = 0.25
ALIVE = frozenset({"cjcpw", "nqsdaemon"})


@dataclass
class _Site:
    last_up: int | None = None
    outage_id: int | None = None
    samples: int = 0
    up_on: frozenset[str] = frozenset()


@dataclass
class _Watched:
    cluster_id: int
    cluster: Cluster
    sites: dict[str, _Site] = field(default_factory=dict)


class OutageWatch:
    """Samples the sites of every session that is under way."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._watched: dict[int, _Watched] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            sessions = await self._under_way()
            for gone in set(self._watched) - set(sessions):
                del self._watched[gone]
            await asyncio.gather(*(self._sample(session_id) for session_id in sessions))
            await asyncio.sleep(SAMPLE_SECONDS if sessions else 1.0)

    async def _under_way(self) -> list[int]:
        async with self._machine.database.reading() as db:
            sessions = await sessions_under_way(db)
            for session in sessions:
                if session.id not in self._watched:
                    watched = _Watched(session.cluster_id, session.cluster.cluster)
                    for site in watched.cluster.sites:
                        watched.sites[site.name] = await self._known(session.id, site.name)
                    self._watched[session.id] = watched
        return [session.id for session in sessions]

    async def _known(self, session_id: int, site: str) -> _Site:
        """What an engine before this one left: an outage still open, or when it was last at work on the session."""
        async with self._machine.database.reading() as db:
            query = sa.select(Outage).join(StepRun, StepRun.id == Outage.step_run_id)
            query = query.where(
                StepRun.session_id == session_id, Outage.site == site, Outage.first_up.is_(None)
            )
            row = (await db.scalars(query.order_by(Outage.id.desc()).limit(1))).one_or_none()
            last = await db.scalar(
                sa.select(sa.func.max(AuditEvent.at)).where(AuditEvent.session_id == session_id)
            )
        return _Site(last, row.id if row else None, row.samples if row else 0)

    async def _sample(self, session_id: int) -> None:
        watched = self._watched[session_id]
        targets = await self._machine.targets_of(watched.cluster_id)
        for name, site in watched.sites.items():
            before = self._machine.clock()
            seen = await asyncio.gather(*(self._up_on(t, name, watched.cluster) for t in targets.values()))
            up_on = frozenset(node for node, up in zip(targets, seen, strict=True) if up)
            if up_on:
                if site.outage_id is None and site.up_on and not up_on & site.up_on:
                    await self._was_down(
                        session_id, name, site, before
                    )  # it moved between two samples: it was down
                await self._was_up(site, up_on)
            elif None not in seen:
                await self._was_down(session_id, name, site, before)

    async def _up_on(self, target: Target, site: str, cluster: Cluster) -> bool | None:
        """Whether the site's processes live on a node; None where that cannot be read."""
        commands = READ_ONLY["processes"].commands({"site": site}, cluster)
        if not commands:
            return None
        try:
            answer = await self._machine.links.read(target, commands[0], timeout=10.0)
        except NodeError:
            return None
        facts = processes(answer.stdout, answer.exit_status)
        return None if facts is None else facts >= ALIVE

    async def _was_up(self, site: _Site, up_on: frozenset[str]) -> None:
        site.last_up, site.up_on = self._machine.clock(), up_on
        if site.outage_id is None:
            return
        async with self._machine.act() as act:
            await outages.end_outage(act, site.outage_id, site.last_up, site.samples)
        site.outage_id, site.samples = None, 0

    async def _was_down(self, session_id: int, name: str, site: _Site, at: int) -> None:
        site.samples += 1
        if site.outage_id is not None:
            return
        async with self._machine.database.reading() as db:
            session = await db.get_one(MaintenanceSession, session_id)
            last = len(session.plan.steps) - 1
            run = await step_run_at(db, session_id, min(session.position, last))
        if run is None:
            return
        async with self._machine.act() as act:
            row = await outages.begin_outage(act, run.id, name, site.last_up or at)
        site.outage_id = row.id
        log.info("site down", session=session_id, site=name)
