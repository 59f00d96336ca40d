"""What a session that is under way or over comes to: downtime of each site as measured, versions as last read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.db import AsyncSession
from app.models import Outage
from app.models.steps import readings_of_step
from app.web.session_view import SessionView


@dataclass(frozen=True)
class Downtime:
    """How long a site was down, in microseconds: upper bounds, from the last sample up to the first one up again."""

    site: str
    total: int
    count: int
    samples: int
    lasting: bool


def downtimes(outages: Sequence[Outage], now: int) -> list[Downtime]:
    """By site, in the order of their first outage; one that lasts is counted up to now."""
    sites = dict.fromkeys(outage.site for outage in outages)
    return [_downtime(site, [outage for outage in outages if outage.site == site], now) for site in sites]


def _downtime(site: str, outages: Sequence[Outage], now: int) -> Downtime:
    return Downtime(
        site,
        total=sum((outage.first_up or now) - outage.last_up for outage in outages),
        count=len(outages),
        samples=sum(outage.samples for outage in outages),
        lasting=any(outage.first_up is None for outage in outages),
    )


async def versions(db: AsyncSession, view: SessionView) -> Mapping[str, str]:
    """Node -> the version that a check of this session read last."""
    found: dict[str, tuple[int, str]] = {}
    for row in view.rows:
        if not any(check.parser.startswith("versions@") for check in row.step.checks):
            continue
        for reading in await readings_of_step(db, row.run.id):
            told = [f for f in json.loads(reading.facts or "[]") if f.startswith("version:")]
            if told and reading.at >= found.get(reading.node, (0, ""))[0]:
                found[reading.node] = reading.at, told[0].removeprefix("version:")
    return {node: version for node, (_, version) in found.items()}
