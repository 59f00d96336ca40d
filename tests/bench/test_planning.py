"""What a plan costs: the planner by itself, and `tejun plan` as a process, from a cluster file to the printed JSON."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.domain.planner import NoProcedure, make_plan
from app.domain.versions import Version
from app.procedures import procedure
from app.procedures.clusterfile import load_cluster
from tests.bench.figures import show

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]
ROUNDS, STARTS = 60, 12
UNIX = """
name: bench
platform: unix
os: linux
arch: x64
clusterware: pacemaker
version: {version}
local_site: used
nodes:
  - {{name: node-a, role: active, address: 127.0.0.1, port: 2201}}
  - {{name: node-b, role: standby, address: 127.0.0.1, port: 2202}}
sites:
  - {{name: site1, database: /shared/site1, group: g_jc}}
"""
WSFC = """
name: bench
platform: wsfc
os: windows
arch: x64
clusterware: wsfc
version: {version}
local_site: used
nodes:
  - {{name: node-a, role: active, address: 127.0.0.1, port: 5986, transport: psrp}}
  - {{name: node-b, role: standby, address: 127.0.0.1, port: 5987, transport: psrp}}
sites:
  - {{name: site1, database: 'S:\\jc\\site1', group: g_jc, virtual_host: jcvip}}
"""
CASES = [
    ("3.3", UNIX, "R16.3", "patch", "R16.3.1"),
    ("3.1", UNIX, "R12.10", "upgrade", "R16.3"),
    ("1.1.2", WSFC, "R12.6", "upgrade", "R13.2"),
    ("1.3", WSFC, "R13.1", "upgrade", "R16.3"),
]


@pytest.mark.parametrize(("number", "text", "source", "operation", "to"), CASES)
def test_planning_itself(number: str, text: str, source: str, operation: str, to: str) -> None:
    """Processor time of one plan, the library being loaded."""
    cluster = load_cluster(text.format(version=source).encode())
    spent = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        plan = make_plan(procedure, cluster, operation, Version.parse(to))  # type: ignore[arg-type]  # a word of CASES
        spent.append(time.process_time() - begun)
    assert not isinstance(plan, NoProcedure)
    assert plan.procedure == number
    show(f"plan of {number}, two nodes, one site, {len(plan.steps)} steps", spent[5:])


@pytest.mark.parametrize(("number", "text", "source", "operation", "to"), CASES)
def test_the_command_from_start_to_end(
    tmp_path: Path, number: str, text: str, source: str, operation: str, to: str
) -> None:
    """Processor time of the whole process, user and system."""
    file = tmp_path / "cluster.yaml"
    file.write_text(text.format(version=source))
    words = [
        sys.executable,
        "-m",
        "app.cli",
        "plan",
        str(file),
        "--operation",
        operation,
        "--to",
        to,
        "--json",
    ]
    spent = []
    for _ in range(STARTS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        told = subprocess.run(words, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    assert json.loads(told.stdout)["procedure"] == number
    show(f"tejun plan, {number}", spent)
