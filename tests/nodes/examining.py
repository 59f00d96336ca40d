"""How the tests of the connection doctor ask for an examination and look at its lines."""

from __future__ import annotations

import time

from app.domain.cluster import Cluster
from app.domain.doctor import Examination, Finding
from app.nodes.doctor import Examined, examine
from app.nodes.target import Target
from tests.domain.examples import WSFC, cluster

UNIX, WINDOWS = cluster(time_zone="UTC"), cluster(**WSFC)


def clock() -> int:
    return time.time_ns() // 1000


async def asked(target: Target, made: Cluster) -> Examined:
    node = made.nodes[0].model_copy(update={"transport": target.transport, "user": target.user})
    return await examine(target, node, made, clock)


def verdicts(found: Examination) -> dict[str, str]:
    return {each.line: each.verdict for each in found.findings}


def the(line: str, found: Examination) -> Finding:
    return next(each for each in found.findings if each.line == line)


def only_failure(line: str, found: Examination) -> str:
    """What the line that failed says; everything that it keeps from being asked is not asked."""
    assert [each.line for each in found.findings if each.verdict == "fail"] == [line], found
    failure = the(line, found)
    return failure.found.en + (failure.advice.en if failure.advice else "")
