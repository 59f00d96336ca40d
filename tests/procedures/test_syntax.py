"""Which texts the linter lets through, by shell (syntax.yaml), and that all texts of the library are among them."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.checks import READ_ONLY
from app.domain.procedure import Shell
from app.procedures import complaints
from app.procedures.syntax import problems
from tests.domain.examples import WINDOWS, WSFC, cluster

CASES = list(yaml.safe_load((Path(__file__).parent / "syntax.yaml").read_text(encoding="utf-8")))
SHELLS: tuple[Shell, ...] = ("sh", "powershell", "cmd")
PARTS = {
    "unparsed": "near ",
    "not_posix": "not POSIX",
    "unknown": "not in the list of commands",
    "unnamed": "is not known before",
    "wildcard": "deletes what is not named",
    "recursive": "deletes a whole folder",
    "bare_cd": "run in another folder",
    "unbalanced": "in pairs",
    "hands_on": "runs what it is handed",
}
"""A piece of each complaint's English sentence, by the name of its function."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['shell']} {case['text'][:60]}")
def test_a_text_is_judged(case: dict[str, Any]) -> None:
    told = problems(case["shell"], case["text"])
    kinds = [[kind for kind, part in PARTS.items() if part in text.en] for text in told]
    assert kinds == [[kind] for kind in case["wrong"]]
    assert all("行目" in text.ja for text in told)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["shell"] == "sh"], ids=lambda case: case["text"][:60]
)
def test_what_parses_for_us_parses_for_dash(case: dict[str, Any]) -> None:
    done = subprocess.run(["dash", "-n", "-c", case["text"]], capture_output=True, check=False)
    if "unparsed" in case["wrong"]:
        assert done.returncode != 0
    elif "not_posix" not in case["wrong"]:
        assert done.returncode == 0, done.stderr


def test_a_complaint_names_its_line() -> None:
    told = problems("sh", "echo a\necho b\n\nfrobnicate\n")
    assert [(text.ja[:5], text.en[:7]) for text in told] == [("4 行目:", "line 4:")]


@pytest.mark.parametrize("system", [{}, WSFC, WINDOWS, {"os": "hpux", "clusterware": "serviceguard"}])
def test_every_probe_passes(system: dict[str, Any]) -> None:
    params = {
        "site": "s1",
        "name": "JobCenter",
        "expected": "16.3",
        "key": "HKLM\\Software\\X",
        "file": "~/it's $(x)",
    }
    params |= {
        "path": "/a b/*",
        "folder": "%SystemRoot%\\x",
        "names": "a.dll b.dll",
        "kib": "1",
        "port": "607",
    }
    for name, probe in READ_ONLY.items():
        for command in probe.commands({key: params[key] for key in probe.params}, cluster(**system)) or ():
            assert problems(command.shell, command.text) == [], name


@pytest.mark.parametrize("shell", SHELLS)
def test_the_list_of_commands_names_each_once(shell: Shell) -> None:
    text = (Path(complaints.__file__).parent / "known_commands.yaml").read_text(encoding="utf-8")
    names = [name for line in yaml.safe_load(text)[shell] for name in line]
    assert len(names) == len(complaints.known_commands(shell))


@pytest.mark.parametrize("shell", SHELLS)
@given(text=st.one_of(st.text(max_size=80), st.text(alphabet="rmdel $(){}'\"*%&|;\n-/\\`@ab", max_size=60)))
@example(text="{\U000e56d0")  # took the whole process down: a scanner that looks letters up in a table of 256
def test_no_text_however_odd_raises(shell: Shell, text: str) -> None:
    for told in problems(shell, text):
        assert told.ja
        assert told.en


@pytest.mark.parametrize(
    ("shell", "each"), [("sh", 'v{}="$v{}$v{}"; '), ("powershell", '$v{} = "$v{}$v{}"; ')]
)
def test_a_text_that_would_grow_without_end_is_judged_at_once(shell: Shell, each: str) -> None:
    text = "".join(each.format(number, number + 1, number + 1) for number in range(60))
    first = {"sh": "v60=/a/b\n", "powershell": "$v60 = 'C:\\a\\b'\n"}[shell]
    last = {"sh": 'rm -r "$v0"', "powershell": "Remove-Item -LiteralPath $v0 -Recurse"}[shell]
    began = time.process_time()
    assert len(problems(shell, first + text + last)) == 1
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("shell", "text"),
    [
        ("sh", "bash -c 'rm -rf /srv/*'"),
        ("sh", "nohup rm -rf /srv/*"),
        ("cmd", "del/s/q C:\\x"),
        ("cmd", "rd/s/q C:\\x"),
        ("cmd", "cmd /c del C:\\x\\*"),
        ("cmd", "call del C:\\x\\*"),
        ("cmd", 'for %%i in ("x) do echo "'),
        ("powershell", 'cmd /c "del /s C:\\x\\*"'),
        ("powershell", "Start-Process -FilePath cmd -ArgumentList '/c del x'"),
        ("powershell", "Invoke-Expression 'Remove-Item C:\\x'"),
    ],
)
def test_an_organisations_own_text_cannot_hand_on_what_was_not_judged(shell: Shell, text: str) -> None:
    assert problems(shell, text, own=True)


def test_a_loop_with_a_switch_is_read_like_any_other() -> None:
    assert problems("powershell", "foreach -parallel ($a in $b) { Write-Output $a }", own=True) == []
