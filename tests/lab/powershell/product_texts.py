"""Every text for Windows that the product has: probes, verbs of clusterware, commands of plans, its own scripts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from app.domain import clusterware
from app.domain.cluster import Cluster
from app.domain.probes import READ_ONLY
from tests.domain.examples import WINDOWS, WSFC, cluster
from tests.procedures import windows_plans, wsfc_plans

SCRIPTS = Path(__file__).parents[3] / "app/nodes/windows"
PARAMETERS = {
    "name": "JobCenter", "key": "HKLM\\Software\\NEC\\x", "path": "C:\\JobCenter\\SV\\a.dll", "file": "%SystemRoot%\\a.dll",
    "folder": "%SystemRoot%\\cluster", "names": "a.dll b.dll", "port": "611", "kib": "1000", "site": "site1", "expected": "x",
}  # fmt: skip
ALIKE = {"R12.8", "R13.1", "R12.9"}
"""Targets whose plans have no text that those of another target do not have."""


@cache
def product_texts() -> dict[str, dict[str, str]]:
    """Texts by shell ("powershell", "cmd"), each with the name of a place that it comes from."""
    found: dict[str, dict[str, str]] = {"powershell": {}, "cmd": {}}
    for shell, text, place in (*_of_plans(), *_of_probes(), *_of_verbs(), *_of_scripts()):
        found.setdefault(shell, {}).setdefault(text, place)
    return found


def _clusters() -> Iterator[Cluster]:
    yield cluster(**{**WSFC, "sites": wsfc_plans.SITES})
    yield cluster(**{**WSFC, "sites": wsfc_plans.SITES, "os_version": "Windows Server 2008 R2"})
    for manager in ("clusterpro", "other"):
        yield cluster(**{**WINDOWS, **windows_plans.SMALL, "clusterware": manager})


def _of_plans() -> Iterator[tuple[str, str, str]]:
    made = [windows_plans.plan(way, **windows_plans.LARGE) for way in windows_plans.WAYS]
    made += [
        wsfc_plans.plan(**case) for case in wsfc_plans.CASES if case["clwin"] and case["to"] not in ALIKE
    ]
    for plan in made:
        for step in plan.steps:
            yield from ((one.shell, one.text, f"{plan.procedure} {step.key}") for one in step.commands)


def _of_probes() -> Iterator[tuple[str, str, str]]:
    for described in _clusters():
        for name, probe in READ_ONLY.items():
            for one in probe.commands({key: PARAMETERS[key] for key in probe.params}, described) or ():
                yield one.shell, one.text, f"probe {name}"


def _of_verbs() -> Iterator[tuple[str, str, str]]:
    for described in _clusters():
        adapter = clusterware.of(described)
        node, group, site = described.nodes[0].name, described.sites[0].group, described.sites[0].name
        verbs = {
            "pause": (node,), "resume": (node,), "move": (group, node), "offline": (group, site), "online": (group, site),
            "stop_group": (group,), "start_group": (group, node), "stop_node": (node,), "start_node": (node,),
        }  # fmt: skip
        for name, words in verbs.items():
            verb = getattr(adapter, name)(*words)
            if verb.text is not None:
                yield verb.shell, verb.text, f"{described.clusterware} {name}"


def _of_scripts() -> Iterator[tuple[str, str, str]]:
    for path in sorted(SCRIPTS.glob("*.ps1")):
        yield "powershell", path.read_text("utf-8-sig"), path.name
