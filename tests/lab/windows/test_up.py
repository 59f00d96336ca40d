"""`tejun lab up --platform wsfc|windows`: nodes that are processes of their own, reached over WinRM by the product's links."""

from __future__ import annotations

import asyncio
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import lab as labs
from app.lab import control
from app.lab.model import Lab, LabError
from app.nodes.errors import NodeError
from app.nodes.links import Links
from app.procedures.clusterfile import load_cluster
from tests.lab.test_commands import tejun_lab
from tests.lab.windows.reached import OverWire, accepted, running
from tests.lab.windows.walking import Walker, plan_for


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One lab with WSFC for all that put back what they change."""
    with running(tmp_path_factory.mktemp("wsfc") / "lab", "wsfc") as up:
        yield up


@pytest.fixture
def directory(lab: Lab) -> Path:
    """Its folder."""
    return Path(lab.directory)


def sites(directory: Path) -> dict[str, tuple[str, ...]]:
    """Node -> the sites that run there."""
    return {node.name: tuple(sorted(node.sites)) for node in labs.status(directory).nodes}


def until(directory: Path, wanted: dict[str, tuple[str, ...]]) -> None:
    """Wait for the sites to be there."""
    end = time.monotonic() + 60
    while sites(directory) != wanted:
        assert time.monotonic() < end, sites(directory)
        time.sleep(0.1)


BOTH = {"node-a": ("local", "site1"), "node-b": ("local",)}


def test_its_cluster_file_is_one_that_the_console_takes(lab: Lab) -> None:
    cluster = load_cluster(lab.cluster_file.read_bytes())
    assert (cluster.platform, cluster.clusterware, str(cluster.version)) == ("wsfc", "wsfc", "R16.3")
    assert {node.transport for node in cluster.nodes} == {"psrp"}


def test_up_again_finds_it_and_another_platform_is_refused(directory: Path) -> None:
    before = labs.status(directory).pid
    assert labs.up(directory).platform == "wsfc"
    assert labs.status(directory).pid == before
    with pytest.raises(LabError, match="platform"):
        labs.up(directory, platform="unix")


def test_a_node_that_dies_gives_its_group_away_and_comes_back_without_it(directory: Path) -> None:
    labs.fault(directory, "crash", "node-a")
    until(directory, {"node-a": (), "node-b": ("local", "site1")})
    labs.fault(directory, "boot", "node-a")
    until(directory, {"node-a": ("local",), "node-b": ("local", "site1")})
    control.do(directory, "node-a", "move", group="g_jc", node="node-a")
    until(directory, BOTH)


def test_a_restart_in_the_middle_ends_what_runs_and_the_node_comes_back(directory: Path) -> None:
    labs.fault(directory, "reboot", "node-b")
    until(directory, {"node-a": ("local", "site1"), "node-b": ()})
    until(directory, BOTH)


def page(lab: Lab, path: str = "/", form: dict[str, str] | None = None, **headers: str) -> str:
    """What the lab's page answers."""
    data = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(f"http://127.0.0.1:{lab.page}{path}", data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.read().decode())


def test_a_button_of_the_page_stops_and_starts_the_local_site(lab: Lab, directory: Path) -> None:
    token = re.search(r'name="token" value="([^"]+)"', page(lab))
    assert token
    form = {"token": token[1], "node": "node-b", "lang": "en"}
    assert "the local site is stopped" in page(lab, "/act", {**form, "act": "stop-local"})
    assert sites(directory)["node-b"] == ()
    assert "ローカルサイトを開始" in page(lab, "/act", {**form, "act": "start-local", "lang": "ja"})
    assert sites(directory) == BOTH
    assert "there is no database" not in page(
        lab, "/act", {**form, "act": "register-site", "database": "S:\\none"}
    )


@pytest.mark.parametrize(
    ("token", "headers"),
    [("", {}), ("wrong", {}), (None, {"Host": "attacker.example"})],
    ids=["none", "wrong", "host"],
)
def test_another_page_cannot_press_a_button(
    lab: Lab, directory: Path, token: str | None, headers: dict[str, str]
) -> None:
    right = re.search(r'name="token" value="([^"]+)"', page(lab))
    assert right
    form = {"token": right[1] if token is None else token, "node": "node-b", "act": "stop-local"}
    with pytest.raises(urllib.error.HTTPError) as refused:
        page(lab, "/act", form, **headers)
    refused.value.close()
    assert refused.value.code == 403
    assert sites(directory) == BOTH


@pytest.mark.parametrize(
    ("node", "act", "values", "words"),
    [
        ("node-b", "no-such-act", {}, "no act"),
        ("node-b", "register-site", {}, "needs database"),
        ("node-b", "run-package", {"file": "nothing.exe"}, "Could not find"),
        ("node-b", "online", {"site": "site9"}, "resource could not be found"),
        ("node-z", "stop-local", {}, "no node"),
    ],
)
def test_an_act_that_cannot_be_done_says_why(
    directory: Path, node: str, act: str, values: dict[str, str], words: str
) -> None:
    with pytest.raises(LabError, match=words):
        control.do(directory, node, act, **values)


@pytest.mark.parametrize(
    "kind", ["wrong-password", "expired-certificate", "not-winrm", "stale-400", "quota", "lost-reply"]
)
async def test_a_fault_of_winrm_is_felt_and_cleared(lab: Lab, directory: Path, kind: str) -> None:
    where = await accepted(lab, "node-b")
    await asyncio.to_thread(labs.fault, directory, kind, "node-b")
    names = next(node.faults for node in labs.status(directory).nodes if node.name == "node-b")
    assert kind in names
    async with Links() as links:
        if kind in ("wrong-password", "expired-certificate", "not-winrm"):
            with pytest.raises(NodeError):
                await links.reach(where, "powershell", timeout=20)
        await asyncio.to_thread(labs.fault, directory, "clear", "node-b")
    async with Links() as links:
        await links.reach(where, "powershell", timeout=20)
    assert next(node.faults for node in labs.status(directory).nodes if node.name == "node-b") == ()


OVER_WIRE: list[tuple[str, str, str, str, str, dict[str, Any]]] = [
    ("1.3", "wsfc", "R16.3", "patch", "R16.3.1", {}),
    ("2.3", "windows", "R16.3", "patch", "R16.3.1", {}),
    (
        "1.1.2",
        "wsfc",
        "R12.4",
        "upgrade",
        "R16.3",
        {"clwin": True},
    ),  # Windows Server 2008 R2: PowerShell 2.0 and schtasks
    ("1.1.4", "wsfc", "R12.6", "upgrade", "R16.3", {"arch": "ipf"}),
    ("2.1", "windows", "R12.6", "upgrade", "R16.3", {}),
]


@pytest.mark.parametrize(
    ("number", "platform", "version", "operation", "to", "more"),
    [
        pytest.param(*case, marks=[pytest.mark.long] if case[0] != "1.3" else [], id=case[0])
        for case in OVER_WIRE
    ],
)
@pytest.mark.timeout(500)
async def test_a_plan_is_carried_out_over_winrm(
    tmp_path: Path, number: str, platform: str, version: str, operation: str, to: str, more: dict[str, Any]
) -> None:
    """As test_whole_plans, but with the nodes in processes of their own and every command under the guard."""
    with running(tmp_path / "lab", platform, version, **more) as lab:
        targets = {node.name: await accepted(lab, node.name) for node in lab.nodes}
        async with Links() as links:
            nodes = OverWire(lab, links, targets, asyncio.get_running_loop())
            plan = plan_for(nodes, operation, to)
            assert plan.procedure == number
            await asyncio.to_thread(Walker(nodes).walk, plan)
        status = labs.status(Path(lab.directory))
    assert {node.packages for node in status.nodes} == {(f"JobCenter {to}",)}


def test_an_operator_uses_it_from_the_command_line(lab: Lab, directory: Path) -> None:
    seen = tejun_lab(directory, "status", "--lang", "en")
    assert (seen.returncode, "JobCenter-site1  Online  node-a" in seen.stdout) == (0, True)
    assert "JobCenter R16.3" in seen.stdout
    assert tejun_lab(directory, "do", "node-b", "stop-local").stdout == "node-b: ローカルサイトを停止\n"
    assert tejun_lab(directory, "do", "node-b", "start-local", "--lang", "en").returncode == 0
    refused = tejun_lab(directory, "do", "node-b", "write", language="en_US.UTF-8")
    assert (refused.returncode, refused.stderr) == (1, "write needs file=…\n")
    assert tejun_lab(directory, "fault", "nqs-site", "node-b").returncode == 0
    assert "nqs-site" in tejun_lab(directory, "status").stdout
    assert tejun_lab(directory, "fault", "clear", "node-b").returncode == 0
    assert sites(directory) == BOTH


def test_a_lab_that_goes_down_and_comes_up_is_the_same_and_reset_is_the_first_day(tmp_path: Path) -> None:
    directory = tmp_path / "lab"
    with running(directory, "windows") as lab:
        control.do(directory, "node-a", "move", group="g_jc", node="node-b")
        control.do(directory, "node-a", "write", file="C:\\note.txt", text="here")
        labs.down(directory)
        assert labs.up(directory) == lab
        assert sites(directory) == {"node-a": ("local",), "node-b": ("local", "site1")}
        assert labs.reset(directory) == lab
        assert sites(directory) == BOTH
        assert not (Path(lab.node("node-a").disk) / "note.txt").exists()
