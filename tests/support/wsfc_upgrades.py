"""Plans of 1.1.1 and 1.1.2 for a cluster of three nodes and two sites, and what the manual has in these sections."""

from __future__ import annotations

from typing import Any

from app.domain.planner import make_plan
from app.domain.procedure import Plan, Step
from app.domain.versions import Version
from app.procedures import procedure
from tests.domain.examples import THIRD_NODE, WSFC, cluster

NODES = [
    {"name": "node-a", "role": "active", "address": "127.0.0.1", "port": 2201},
    {"name": "node-b", "role": "standby", "address": "127.0.0.1", "port": 2202},
]
SITES = [
    {"name": "site1", "database": r"S:\jc\site1", "group": "g_jc"},
    {"name": "site2", "database": r"T:\jc\site2", "group": "g_jc2"},
]
SECTIONS = {
    "1.1.1.1": "1 2 3",
    "1.1.1.2": "1 2 3 4 5 6 7 8 9 10",
    "1.1.2.1a": "1 2 3 4 5 6 7 8 9 11 10 12 13 14",
    "1.1.2.1b": "1 2 3 4 6 5",
    "1.1.2.2a": "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19",
    "1.1.2.2b": "1 2 3 4 5 6 7 8 9 10 11",
}
"""The manual's numbers in the order of carrying them out: B4 starts the cluster service before anything is placed for it."""
PER_SITE = {"1.1.1.2": {3, 6, 7, 9}, "1.1.2.2a": {3, 5, 13, 16, 18}, "1.1.2.2b": {3, 4, 8, 9, 11}}
ON_STANDBYS = {"1.1.1.2": {2, 8}, "1.1.2.2a": {2, 17}, "1.1.2.2b": {2, 10}}
TAKEN = {
    "R12.1": ("1.1.2.1a", "1.1.2.2a"),
    "R12.4": ("1.1.2.1a", "1.1.2.2a"),
    "R12.4.0": ("1.1.2.1a", "1.1.2.2a"),
    "R12.4.1": ("1.1.2.1b", "1.1.2.2b"),
    "R12.5": ("1.1.2.1b", "1.1.2.2b"),
    "R12.7": ("1.1.2.1b", "1.1.2.2b"),
    "R12.7.9": ("1.1.2.1b", "1.1.2.2b"),
    "R12.8": ("1.1.1.1", "1.1.1.2"),
    "R12.10": ("1.1.1.1", "1.1.1.2"),
    "R13.1": ("1.1.1.1", "1.1.1.2"),
    "R16.2": ("1.1.1.1", "1.1.1.2"),
}


def plan(version: str, to: str = "R16.3", literal: str | None = None, **changes: Any) -> Plan:
    wanted = {**WSFC, "nodes": [*NODES, THIRD_NODE], "sites": SITES, "version": version, **changes}
    made = make_plan(procedure, cluster(**wanted), "upgrade", Version.parse(to), "standard", literal=literal)
    assert isinstance(made, Plan), made
    return made


def step(made: Plan, key: str) -> Step:
    return next(one for one in made.steps if one.key == key)
