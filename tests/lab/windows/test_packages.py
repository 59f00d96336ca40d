"""Installers and patches of the lab: what they change, and that they change nothing where they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.lab.windows import packages, product
from app.lab.windows.packages import Package
from tests.lab.windows.nodes import Nodes

PATCH = rf'"{product.PACKAGES}\jc-mgsv-R16.3.1.exe" /s'


def version(nodes: Nodes) -> str:
    edition = nodes.computers["node-b"].machine.jobcenter.edition()
    return edition.version if edition else ""


def put(nodes: Nodes, name: str, content: bytes) -> str:
    """A file on node-b."""
    path = rf"{product.PACKAGES}\{name}"
    nodes.computers["node-b"].machine.files.write(path, content)
    return f'"{path}" /s'


def test_a_patch_changes_version_files_and_registry(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path)
    files = nodes.computers["node-b"].machine.files
    assert nodes.line("node-b", PATCH)[1] == 1603  # the local site runs
    assert version(nodes) == "R16.3"
    nodes.do("node-b", "stop-local")
    assert nodes.line("node-b", PATCH) == ("", 0)
    assert version(nodes) == "R16.3.1"
    assert files.version(r"C:\Windows\System32\necjsock.dll") == "16.3.1"
    assert nodes.line("node-b", PATCH)[1] == 1642  # it is there already


@pytest.mark.parametrize("fault", ["failing-patch", "full-disk"])
def test_a_patch_that_fails_says_so(tmp_path: Path, fault: str) -> None:
    nodes = Nodes(tmp_path)
    nodes.do("node-b", "stop-local")
    (nodes.layout.node("node-b") / "faults" / fault).touch()
    assert nodes.line("node-b", PATCH)[1] == {"failing-patch": 1603, "full-disk": 112}[fault]
    assert version(nodes) == "R16.3"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"MZ\x90\x00", 193),
        (packages.write(Package("mgsv", "patch", "R16.3.1", "x64")).replace(b"16.3.1", b"16.3.9"), 193),
        (packages.write(Package("mgsv", "patch", "R16.3.1", "x86")), 1642),
        (packages.write(Package("mgsv", "patch", "R15.1.1", "x64")), 1642),
        (packages.write(Package("mgsv", "install", "R15.1", "x64")), 1638),
        (packages.write(Package("mgsv", "patch", "R16.3.1", "x64", 3010)), 3010),
    ],
    ids=["no package", "changed", "other processor", "other line", "older", "restart wanted"],
)
def test_only_a_package_for_this_node_is_installed(tmp_path: Path, content: bytes, status: int) -> None:
    nodes = Nodes(tmp_path)
    nodes.do("node-b", "stop-local")
    assert nodes.line("node-b", put(nodes, "it.exe", content))[1] == status
    assert (version(nodes) == "R16.3.1") == (status == 3010)


def test_a_package_that_restarts_the_node_does(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path)
    nodes.do("node-b", "stop-local")
    line = put(nodes, "it.exe", packages.write(Package("mgsv", "patch", "R16.3.1", "x64", 1641)))
    assert nodes.line("node-b", line)[1] == 1641
    assert nodes.computers["node-b"].machine.rebooting.is_set()


def test_without_its_switch_it_opens_a_window_that_nobody_answers(tmp_path: Path) -> None:
    assert Nodes(tmp_path).line("node-b", PATCH.removesuffix(" /s"))[1] == 1


def test_a_dll_in_use_keeps_a_patch_out(tmp_path: Path) -> None:
    from app.lab.windows import acts

    nodes = Nodes(tmp_path)
    machine = nodes.computers["node-b"].machine
    nodes.do("node-b", "stop-local")
    acts.hold(machine, r"C:\Windows\System32\necjsock.dll")
    assert nodes.line("node-b", PATCH)[1] == 1603
    acts.let_go(machine)
    assert nodes.line("node-b", PATCH)[1] == 0
