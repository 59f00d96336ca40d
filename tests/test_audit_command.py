"""`tejun audit` from the outside: exit status, what it prints, what a tampered database and a kept head make it say."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from app.headfile import HeadFile

ROOT = Path(__file__).resolve().parents[1]


class Shell:
    """The command line on a home folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def tejun(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        environment = {
            "PATH": os.environ["PATH"],
            "TEJUN_HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
        }
        return subprocess.run(
            [sys.executable, "-c", "from app.cli import main; main()", *words],
            env=environment,
            cwd=ROOT,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    def tamper(self, *statements: str) -> None:
        """Past the console, with the triggers out of the way."""
        with sqlite3.connect(self.home / "tejun.db") as connection:
            for trigger in ("update", "delete"):
                connection.execute(f"drop trigger if exists audit_event_no_{trigger}")
            for statement in statements:
                connection.execute(statement)
        connection.close()


@pytest.fixture(scope="module")
def a_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three accounts, hence three events. Tests work on copies: a process for each account takes seconds."""
    made = Shell(tmp_path_factory.mktemp("audit") / "home")
    for name in ("sato", "suzuki", "takahashi"):
        added = made.tejun("user", "add", name, "--role", "operator", typed="correct horse battery\n")
        assert added.returncode == 0, added.stderr
    return made.home


@pytest.fixture
def shell(a_home: Path, tmp_path: Path) -> Shell:
    """A copy of that home."""
    return Shell(shutil.copytree(a_home, tmp_path / "home"))


def test_an_untouched_chain_verifies(shell: Shell) -> None:
    done = shell.tejun("audit", "verify")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 events, head ")
    assert done.stdout.endswith(", 3 heads kept, 0 faults\n")


def test_the_export_can_be_verified_without_the_console(shell: Shell) -> None:
    before = bytes(32)
    for line in shell.tejun("audit", "export").stdout.splitlines():
        told, _, payload = line.partition("\t")
        before = hashlib.sha256(before + payload.encode()).digest()
        assert before.hex() == told
        assert "correct horse" not in payload


def test_a_change_is_named_and_the_exit_status_says_so(shell: Shell) -> None:
    shell.tamper("update audit_event set actor = 'nobody' where seq = 2")
    done = shell.tejun("audit", "verify")
    assert (done.returncode, done.stderr) == (1, "changed:2\n")


def test_a_truncated_chain_is_found_by_the_head_file(shell: Shell) -> None:
    shell.tamper("delete from audit_event where seq = 3")
    done = shell.tejun("audit", "verify")
    assert (done.returncode, done.stderr) == (1, "head_lost:3\n")


def test_a_copy_of_the_head_file_finds_what_the_own_one_does_not(shell: Shell, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.write_bytes((shell.home / "audit-head").read_bytes())
    shell.tamper("delete from audit_event where seq = 3")
    (shell.home / "audit-head").unlink()
    assert shell.tejun("audit", "verify").returncode == 0
    assert shell.tejun("audit", "verify", "--head", str(copy)).stderr == "head_lost:3\n"


@pytest.mark.parametrize("line", ["x 00", "1", "1 " + "0" * 63, "1 " + "g" * 64])
def test_a_damaged_head_file_is_a_finding(tmp_path: Path, line: str) -> None:
    path = tmp_path / "audit-head"
    path.write_text(line + "\n")
    assert HeadFile(path).heads() == []
    assert HeadFile(path).damaged() == [1]
