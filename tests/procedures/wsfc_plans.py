"""Plans of 1.1.3, 1.1.4, 1.2.2 and 1.3 for their tests: three nodes, two sites, and versions on both sides of every boundary."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

from app.domain.planner import make_plan
from app.domain.procedure import Plan, Step
from app.domain.versions import Version
from app.procedures import procedure
from tests.domain.examples import EXAMPLE, THIRD_NODE, WSFC, cluster

SITES = [
    {"name": "site1", "database": "S:\\db\\site1", "group": "g_jc", "virtual_host": "jc-vip1"},
    {"name": "site2", "database": "S:\\db\\site2", "group": "g_jc2", "nodes": ["node-a", "node-b"]},
]
UPGRADES = [
    ("R12.1", "R12.4"),
    ("R12.6", "R12.7.9"),
    ("R12.7.9", "R12.8"),
    ("R12.8", "R12.10"),
    ("R12.10", "R13.1"),
    ("R15.1", "R16.3"),
]
PATCHES = [("R12.4", "R12.4.1"), ("R12.4.9", "R12.4.10"), ("R12.5", "R12.5.1"), ("R12.7", "R12.7.9")]
ROLLING = [("upgrade", "R13.1", "R16.3"), ("patch", "R12.8", "R12.8.1"), ("patch", "R12.10", "R12.10.1")]


@cache
def plan(
    arch: str = "x64",
    operation: str = "upgrade",
    source: str = "R12.6",
    to: str = "R12.10",
    install: str = "overwrite",
    literal: str | None = None,
    **changes: Any,
) -> Plan:
    made = make_plan(
        procedure,
        cluster(
            **{
                **WSFC,
                "arch": arch,
                "version": source,
                "sites": SITES,
                "nodes": [*EXAMPLE["nodes"], THIRD_NODE],
                **changes,
            }
        ),
        operation,  # type: ignore[arg-type]
        Version.parse(to),
        install=install,  # type: ignore[arg-type]
        literal=literal,
    )
    assert isinstance(made, Plan), made
    return made


def cases() -> Iterator[dict[str, Any]]:
    for arch, (source, to), install in product(("ipf32", "ipf"), UPGRADES, ("overwrite", "fresh")):
        yield {"arch": arch, "source": source, "to": to, "install": install}
    for arch, (source, to) in product(("x86", "x64"), PATCHES):
        yield {"arch": arch, "operation": "patch", "source": source, "to": to}
    for arch, (operation, source, to) in product(("x86", "x64"), ROLLING):
        yield {"arch": arch, "operation": operation, "source": source, "to": to}


CASES = [
    {**case, "local_site": local, "clwin": clwin}
    for case in cases()
    for local, clwin in (("used", True), ("unused", False))
]


def step(made: Plan, key: str) -> Step:
    return next(one for one in made.steps if one.key == key)
