"""Every text for Windows that the product has: probes, verbs of clusterware, commands of plans, its own scripts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

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
WAYS = (
    ("2.1", "R12.8", "R12.10", "auto"),
    ("2.2", "R12.8", "R12.8.1", "standard"),
    ("2.3", "R12.8", "R12.8.1", "auto"),
)
CASES: tuple[dict[str, Any], ...] = (
    {"arch": "ipf32", "source": "R12.7.9", "to": "R12.8"},
    {"arch": "ipf", "source": "R12.8", "to": "R12.10"},
    {"arch": "x86", "operation": "patch", "source": "R12.4", "to": "R12.4.1"},
    {"arch": "x86", "source": "R13.1", "to": "R16.3"},
    {"arch": "x64", "source": "R12.1", "to": "R12.8"},
    {"arch": "x64", "source": "R12.8", "to": "R12.10"},
)
"""Plans that together have every command of the library for Windows; test_survey.py sees to it that they do."""


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
    made = [windows_plans.plan(way, **windows_plans.LARGE) for way in WAYS]
    made += [wsfc_plans.plan(**case, local_site="used", clwin=True) for case in CASES]
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


def library_lines() -> Iterator[tuple[str, str]]:
    """The lines of the library's commands for PowerShell that hold no name to be filled in, each with its file's name."""
    for path in sorted((Path(__file__).parents[3] / "app/procedures").glob("*.yaml")):
        waiting: list[Any] = [yaml.safe_load(path.read_text("utf-8"))]
        while waiting:
            piece = waiting.pop()
            if (
                isinstance(piece, dict)
                and piece.get("shell") == "powershell"
                and isinstance(piece.get("command"), str)
            ):
                yield from (
                    (line, path.name) for line in piece["command"].splitlines() if line and "[[" not in line
                )
            waiting += piece.values() if isinstance(piece, dict) else piece if isinstance(piece, list) else []
