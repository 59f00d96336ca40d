"""The patch is a real package, and the stand-in for rpm answers as rpm 4.18 does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from app.lab import packages, rpmfile
from app.lab.tools import rpm

FILE = packages.patch("R16.3")


def node(tmp_path: Path) -> rpm.Node:
    """A node folder with the base package registered, its files under tmp_path/root."""
    (tmp_path / "faults").mkdir()
    (tmp_path / "root/usr/lib/nqs").mkdir(parents=True)
    made = rpm.Node(tmp_path, str(tmp_path / "root"))
    made.database.register(packages.Installed("NECJCpkg", "16.3", "1", "x86_64", {}))
    return made


def test_the_same_version_gives_the_same_file() -> None:
    assert packages.patch("R16.3") == FILE


def test_what_is_written_can_be_read() -> None:
    package = rpmfile.read(FILE)
    assert package.label == "NECJCpt-16.3.1-1.x86_64"
    assert package.requires == [("NECJCpkg", "16.3")]
    assert {path for path, digest in package.digests.items() if digest} == set(package.files)


@pytest.mark.parametrize("at", [0, 96, 200, 600, 2000, len(FILE) - 20])
def test_a_changed_byte_anywhere_is_noticed(at: int) -> None:
    with pytest.raises(rpmfile.BadPackage):
        rpmfile.read(FILE[:at] + bytes([FILE[at] ^ 0x55]) + FILE[at + 1 :])


@pytest.mark.parametrize("length", [0, 50, 96, 150, 700, len(FILE) - 1])
def test_a_file_cut_short_is_refused(tmp_path: Path, length: int, capsys: pytest.CaptureFixture[str]) -> None:
    short = tmp_path / "short.rpm"
    short.write_bytes(FILE[:length])
    with pytest.raises(rpm.Failure):
        rpm.run(node(tmp_path), ["-ivh", str(short)])
    assert rpm.run(node_again(tmp_path), ["-K", str(short)]) == 1
    assert node_again(tmp_path).database.find("NECJCpt") == []


def node_again(tmp_path: Path) -> rpm.Node:
    """The node that `node` made."""
    return rpm.Node(tmp_path, str(tmp_path / "root"))


@pytest.mark.parametrize(
    ("command", "status", "out"),
    [
        (["-q", "NECJCpkg"], 0, "NECJCpkg-16.3-1.x86_64\n"),
        (["-q", "NECJCpt"], 1, "package NECJCpt is not installed\n"),
        (["-qa", "--qf", "%{NAME} %{VERSION}\\n", "NECJC*"], 0, "NECJCpkg 16.3\n"),
        (["-qa", "other*"], 0, ""),
        (["-qp", "--qf", "%{NAME} %{VERSION} %{ARCH}\\n", "FILE"], 0, "NECJCpt 16.3.1 x86_64\n"),
        (["-K", "FILE"], 0, "FILE: digests OK\n"),
        (["-V", "NECJCpt"], 1, "package NECJCpt is not installed\n"),
    ],
)
def test_queries_answer_in_rpms_words(
    tmp_path: Path, command: list[str], status: int, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "patch.rpm"
    file.write_bytes(FILE)
    assert rpm.run(node(tmp_path), [word.replace("FILE", str(file)) for word in command]) == status
    assert capsys.readouterr().out == out.replace("FILE", str(file))


def test_verify_names_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, made = tmp_path / "patch.rpm", node(tmp_path)
    file.write_bytes(FILE)
    assert rpm.run(made, ["-ivh", str(file)]) == 0
    assert rpm.run(made, ["-V", "NECJCpt"]) == 0
    top = tmp_path / "root/opt/NECJCpt/16.3.1"
    (top / "jcdbs").unlink()
    (top / "nqsdaemon").write_bytes(b"old")
    capsys.readouterr()
    assert rpm.run(made, ["-V", "NECJCpt"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"missing     {'/opt/NECJCpt/16.3.1/jcdbs'}",
        "S.5....T.    /opt/NECJCpt/16.3.1/nqsdaemon",
    ]


def test_a_patch_for_another_version_is_refused(tmp_path: Path) -> None:
    file, made = tmp_path / "patch.rpm", node(tmp_path)
    file.write_bytes(packages.patch("R15.1"))
    with pytest.raises(rpm.Failure, match=r"NECJCpkg = 15\.1 is needed by NECJCpt-15\.1\.1-1"):
        rpm.run(made, ["-ivh", str(file)])


@pytest.mark.skipif(shutil.which("rpm") is None, reason="no rpm on this machine to compare with")
def test_real_rpm_accepts_the_file(tmp_path: Path) -> None:
    file = tmp_path / "NECJCpt-16.3.1-1.x86_64.rpm"
    file.write_bytes(FILE)
    form = "%{NAME} %{VERSION} %{ARCH}\\n[%{FILENAMES} %{FILEDIGESTS}\\n]"
    asked = subprocess.run(
        ["rpm", "-qp", "--qf", form, str(file)], capture_output=True, text=True, check=True
    )
    expected = "".join(f"{path} {digest}\n" for path, digest in rpmfile.read(FILE).digests.items())
    assert asked.stdout == f"NECJCpt 16.3.1 x86_64\n{expected}"
    checked = subprocess.run(["rpm", "-K", str(file)], capture_output=True, text=True, check=True)
    assert checked.stdout == f"{file}: digests OK\n"
