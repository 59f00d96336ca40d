"""Small scripts do in the lab what Windows PowerShell does with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.lab.powershell.runspaces import run_file
from app.lab.powershell.world import World
from tests.lab.powershell.machine import world

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text("utf-8"))


def run(script: str, *arguments: str, on: World | None = None) -> tuple[int, list[str], str]:
    """Exit code, lines of standard output, standard error."""
    out, err = bytearray(), bytearray()
    code = run_file(on or world(), script, arguments, out=out.extend, err=err.extend)
    lines = out.decode("cp932").split("\r\n")
    assert lines.pop() == ""
    return code, lines, err.decode("cp932")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_script_does_what_it_does_on_windows(case: dict[str, Any]) -> None:
    assert case["why"]
    code, lines, err = run(case["script"], *case.get("arguments", ()))
    assert lines == case["out"]
    assert code == case.get("exit", 0)
    assert case["err"] in err if "err" in case else err == ""
