"""Plans of chapter 2 for its tests: a small and a large Windows cluster, and the ways from one version to another."""

from __future__ import annotations

from typing import Any

from app.domain.planner import make_plan
from app.domain.procedure import Plan, Step
from app.domain.versions import Version
from app.procedures import procedure
from tests.domain.examples import THIRD_NODE, WINDOWS, cluster

Way = tuple[str, str, str, str]

NODES = [
    {
        "name": "node-a",
        "role": "active",
        "address": "127.0.0.1",
        "transport": "psrp",
        "user": "Administrator",
    },
    {
        "name": "node-b",
        "role": "standby",
        "address": "127.0.0.1",
        "transport": "psrp",
        "user": "Administrator",
    },
]
SITE_1 = {"name": "site1", "database": r"S:\jc\site1", "group": "g_jc"}
SITE_2 = {"name": "site2", "database": r"S:\jc\site2", "group": "g_jc"}
SITE_3 = {"name": "site3", "database": r"T:\jc\site3", "group": "g_jc3"}

SMALL: dict[str, Any] = {"nodes": NODES, "sites": [SITE_1]}
LARGE: dict[str, Any] = {"nodes": [*NODES, THIRD_NODE], "sites": [SITE_1, SITE_2, SITE_3]}

# procedure, installed, target, method
WAYS = [
    ("2.1", "R12.1", "R12.4", "auto"),
    ("2.1", "R12.6", "R12.7", "auto"),
    ("2.1", "R12.7.3", "R12.8", "auto"),
    ("2.1", "R12.8", "R12.10", "auto"),
    ("2.1", "R12.10", "R13.1", "standard"),
    ("2.1", "R12.9", "R16.3", "auto"),
    ("2.2", "R12.6", "R12.6.1", "auto"),
    ("2.2", "R12.7", "R12.7.1", "auto"),
    ("2.2", "R12.7.1", "R12.8", "standard"),
    ("2.2", "R12.8", "R12.8.1", "standard"),
    ("2.2", "R16.3", "R16.3.1", "standard"),
    ("2.3", "R12.8", "R12.8.1", "auto"),
    ("2.3", "R12.10", "R12.10.1", "rolling"),
    ("2.3", "R16.3", "R16.3.1", "auto"),
]
OPERATION = {"2.1": "upgrade", "2.2": "patch", "2.3": "patch"}


def plan(way: Way, literal: str | None = None, **changes: Any) -> Plan:
    """The plan of that way for the small cluster, with those keys replaced."""
    number, source, to, method = way
    described = cluster(**{**WINDOWS, **SMALL, "version": source, **changes})
    made = make_plan(
        procedure,
        described,
        OPERATION[number],
        Version.parse(to),
        method,
        literal=literal,  # type: ignore[arg-type]
    )
    assert isinstance(made, Plan), made
    assert made.procedure == number
    return made


def step(made: Plan, key: str) -> Step:
    """The step of that key."""
    return next(one for one in made.steps if one.key == key)


def keys(made: Plan) -> list[str]:
    """The keys of all steps, in order."""
    return [one.key for one in made.steps]
