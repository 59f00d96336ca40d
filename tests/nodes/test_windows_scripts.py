"""The texts that the console brings to Windows nodes: known byte for byte, and whole PowerShell."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

import app.nodes

FOLDER = Path(app.nodes.__file__).parent / "windows"
SCRIPTS = sorted(FOLDER.glob("*.ps1"))


def test_every_script_is_the_recorded_one() -> None:
    recorded = dict(reversed(line.split()) for line in (FOLDER / "sha256").read_text().splitlines())
    there = {path.name: path for path in FOLDER.iterdir() if path.suffix in (".ps1", ".cmd")}
    assert recorded == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(there.items())
    }


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_says_what_it_is_and_parses(script: Path) -> None:
    assert re.match(rf"# tejun {script.stem} v[0-9]+\n", script.read_text("ascii"))
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    assert not parser.parse(script.read_bytes()).root_node.has_error
    broken = script.read_bytes().replace(b"param(", b"param(]", 1)
    assert parser.parse(broken).root_node.has_error


def test_the_scripts_use_nothing_that_powershell_2_does_not_know() -> None:
    newer = re.compile(
        r"ConvertTo-Json|ConvertFrom-Json|\[pscustomobject\]|Get-CimInstance|\]::new\(|^class ",
        re.IGNORECASE | re.MULTILINE,
    )
    assert [script.name for script in SCRIPTS if newer.search(script.read_text())] == []
