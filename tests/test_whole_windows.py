"""The procedures of chapters 1 and 2 from draft to completion on a lab's Windows nodes, through the actions and the real engine:
commands over PowerShell remoting, hand-offs by the lab's overlay, what only a window does by the lab's acts.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.actions.plans import Wish
from app.lab import Lab, LabStatus, status
from app.lab.control import node_names, some_sites
from app.lab.windows.packages import REBOOT_REQUIRED, SUCCESS, read, write
from app.lab.windows.product import Edition
from app.models import Attempt, MaintenanceSession
from app.models.audit import verify_chain
from app.models.steps import step_runs
from tests.support.crew import Crew
from tests.support.windows_hands import Hands
from tests.support.windows_state import State

DLLS = {rf"C/Windows/Cluster/{name}" for name in ("jobcentercluster.dll", "jobcenterclusterex.dll")}
STARTS_BY_HAND = {r"HKLM\SOFTWARE\Wow6432Node\NEC\NetShepherd\SV!LocalSite"}
"""A value of the key that 1.1.3 removes, and that no installer brings back."""


@dataclass(frozen=True)
class Case:
    """One maintenance of one lab. `gone`: files and registry values that are nowhere any more afterwards; `code`: what the patch
    ends with."""

    procedure: str
    platform: str
    version: str
    operation: str
    to: str
    lab: Mapping[str, Any] = field(default_factory=dict)
    wish: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    code: int = SUCCESS

    def __str__(self) -> str:
        special = {**self.lab, **self.wish}.items()
        more = " ".join(f"{k}={len(v) if isinstance(v, tuple) else v}" for k, v in special)
        return f"{self.procedure} {self.version} {self.to} {more}".strip()


def case(
    procedure: str, platform: str, version: str, operation: str, to: str, gone: set[str] | None = None, **more: Any
) -> Case:  # fmt: skip
    """One row; `more` says which lab (nodes, sites, arch, local_site, clwin) and how (method, install)."""
    wish = {name: more.pop(name) for name in ("method", "install") if name in more}
    if "nodes" in more:
        more["nodes"] = node_names(more["nodes"])
    if "sites" in more:
        more["sites"] = some_sites(more["sites"])
    code = more.pop("code", SUCCESS)
    return Case(procedure, platform, version, operation, to, more, wish, frozenset(gone or ()), code)


QUICK = [
    case("1.3", "wsfc", "R16.3", "patch", "R16.3.1"),
]
LONG = [
    case("1.1.1", "wsfc", "R12.8", "upgrade", "R16.3"),
    case("1.1.1", "wsfc", "R16.2", "upgrade", "R16.3", method="standard", local_site="unused", sites=2),
    case("1.1.2", "wsfc", "R12.1", "upgrade", "R16.3", DLLS, arch="x86"),
    case("1.1.2", "wsfc", "R12.4", "upgrade", "R16.3", DLLS, clwin=True),
    case("1.1.2", "wsfc", "R12.4.1", "upgrade", "R16.3", local_site="unused"),
    case("1.1.2", "wsfc", "R12.7.1", "upgrade", "R16.3", sites=2),
    case("1.1.3", "wsfc", "R12.7", "upgrade", "R16.3", STARTS_BY_HAND, arch="ipf32", clwin=True),
    case("1.1.3", "wsfc", "R12.8", "upgrade", "R16.3", STARTS_BY_HAND, arch="ipf32"),
    case("1.1.4", "wsfc", "R12.7", "upgrade", "R16.3", arch="ipf"),
    case("1.1.4", "wsfc", "R12.8", "upgrade", "R16.3", arch="ipf", install="fresh", clwin=True),
    case("1.2.2", "wsfc", "R12.4", "patch", "R12.4.1"),
    case("1.2.2", "wsfc", "R12.7", "patch", "R12.7.1", local_site="unused"),
    case("1.3", "wsfc", "R12.8", "patch", "R12.8.1", local_site="unused", code=REBOOT_REQUIRED),
    case("1.3", "wsfc", "R13.1", "upgrade", "R16.3", nodes=3, sites=2),
    case("1.3", "wsfc", "R16.2", "upgrade", "R16.3"),
    case("2.1", "windows", "R12.7", "upgrade", "R16.3"),
    case("2.1", "windows", "R12.8", "upgrade", "R16.3", local_site="unused"),
    case("2.2", "windows", "R12.7", "patch", "R12.7.1"),
    case("2.2", "windows", "R12.8", "patch", "R12.8.1", method="standard", sites=2),
    case("2.3", "windows", "R16.3", "patch", "R16.3.1"),
    case("2.3", "windows", "R12.8", "patch", "R12.8.1", local_site="unused", sites=2),
]


@pytest.mark.parametrize(
    "told", [*QUICK, *(pytest.param(one, marks=pytest.mark.long) for one in LONG)], ids=str
)
@pytest.mark.timeout(600)
async def test_windows_nodes_are_brought_to_the_target_from_draft_to_completion(
    tmp_path: Path, told: Case
) -> None:
    asked = {"platform": told.platform, "version": told.version, **told.lab}
    async with Crew.aboard(tmp_path, asked) as crew:
        named = make_patch_end(crew.built, told.code) if told.operation == "patch" else {}
        wish = Wish.model_validate({"operation": told.operation, "target": told.to, **told.wish, **named})
        before = await asyncio.to_thread(State.of, crew.built)
        session_id = await crew.approved(wish)
        await crew.start(session_id)
        await crew.carry_out(session_id, 500, Hands(crew.built))
        async with crew.console.database.reading() as db:
            session = await db.get_one(MaintenanceSession, session_id)
            assert (session.plan.procedure, session.state) == (told.procedure, "completed")
            assert str(session.cluster.cluster.version) == told.to
            assert {run.state for run in await step_runs(db, session_id)} <= {"succeeded", "skipped"}
            ends = [attempt.problem for attempt in await db.scalars(sa.select(Attempt))]
            assert ends.count("restart_wanted") == (len(crew.built.nodes) if told.code else 0)
            assert await verify_chain(db, crew.console.head.heads()) == []
        await asyncio.to_thread(require_as_new, crew.built, before, told)


def make_patch_end(lab: Lab, code: int) -> dict[str, str]:
    """Exchange the patch on every node for one that ends with that code; how a session names it."""
    for node in lab.nodes:
        file = Path(node.patch_outside)
        package = read(file.read_bytes())
        assert package is not None
        file.write_bytes(write(replace(package, code=code)))
    return {"patch_file": lab.nodes[0].patch, "patch_sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def require_as_new(lab: Lab, before: State, told: Case) -> None:
    """The lab is what the procedure promises: version, cluster, what went, what stayed, and nothing of ours left behind."""
    after, seen = State.of(lab), status(Path(lab.directory))
    assert after.versions(lab, told.to) == [told.to[1:]] * len(lab.nodes)
    assert {node.packages[0] for node in seen.nodes} == {f"JobCenter {told.to}"}
    require_in_place(lab, seen)
    assert before.gone(after) == told.gone
    assert {one for name, one in after.files.items() if name.endswith("/format")} == {
        f"{Edition(told.to, lab.arch).data}\r\n".encode()
    }
    assert [after.files.get(name) for name in before.files if name.endswith("/0000001.req")] == [
        b"0000001\r\n" for name in before.files if name.endswith("/0000001.req")
    ]
    assert after.spools == ()
    if "JobCenterCluster" in before.cluster["types"] and told.gone:
        assert "JobCenterCluster" not in after.cluster["types"]
        assert after.cluster["extensions"] == []


def require_in_place(lab: Lab, seen: LabStatus) -> None:
    """Every group is online on the first node and watched, no node is paused, and the local sites are as they are to be."""
    active = lab.nodes[0].name
    assert {(one.role, one.node, one.managed) for one in seen.resources} == {("Online", active, True)}
    local = {"local"} if lab.local_site == "used" else set()
    for node in seen.nodes:
        sites = {site.name for site in lab.sites} if node.name == active else set()
        assert (node.state, node.standby, set(node.sites)) == ("up", False, local | sites), node.name
