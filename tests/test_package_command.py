"""`tejun package`: add, list, remove from the command line, over a database of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import application
from app.domain.errors import Invalid, NotFound


def test_a_package_is_added_listed_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEJUN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TEJUN_PACKAGE_FLOOR_BYTES", "0")
    file = tmp_path / "パッチ & 1.rpm"
    file.write_bytes(b"patch" * 1000)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()

    def run(*words: str) -> str:
        done = CliRunner().invoke(application([words[0]]), words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    with pytest.raises(Invalid, match="package_differs"):
        run("package", "add", str(file), "--sha256", "ab" * 32)
    with pytest.raises(Invalid, match="reserved"):
        run("package", "add", str(file), "--name", "nul.rpm")
    assert run("package", "list") == ""
    assert run("package", "add", str(file), "--sha256", sha256, "--note", "月例\nパッチ") == f"1\t{sha256}\n"
    assert "stored already" in run("package", "add", str(file))
    assert run("package", "list") == f"1\tパッチ & 1.rpm\t5000\t{sha256}\t月例 パッチ\n"
    stored = tmp_path / "home" / "packages" / sha256
    assert stored.read_bytes() == file.read_bytes()
    with pytest.raises(NotFound):
        run("package", "remove", "2")
    run("package", "remove", sha256)
    assert not list(stored.parent.iterdir())
