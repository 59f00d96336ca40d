"""Every command that a plan may send: whole, quoted, POSIX, and without the forms that the errata forbid."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.domain.checks import PARSERS, READ_ONLY
from app.domain.clusterware.pacemaker import Pacemaker
from app.domain.planner import Inputs, make_plan
from app.domain.procedure import Plan
from app.domain.shell import word
from app.domain.versions import Version
from app.procedures import procedure
from tests.domain.examples import cluster

ODD = {"nqs": "~/a b/nqs's", "patches": "/var/$(x)/`y`"}
VARIANTS: list[dict[str, Any]] = [
    {},
    {"paths": ODD},
    {"clusterware_version": "0.9"},
    {"clusterware_version": "0.10"},
    {"os": "hpux", "clusterware": "serviceguard"},
    {"sites": [{"name": "s1", "database": "/a b/'c'", "group": "g $x"}]},
]
PARAMS = {
    "site": "site1",
    "expected": "16.3 16.3.1",
    "file": "~/no such/p.rpm",
    "kib": "1",
    "path": "/nowhere at all",
}


def texts() -> list[str]:
    """Every distinct command text of every variant, checks and interlocks included."""
    found: dict[str, None] = {}
    for changes in VARIANTS:
        for method in ("rolling", "standard"):
            plan = make_plan(
                procedure,
                cluster(**changes),
                "patch",
                Version.parse("R16.3.1"),
                method,
                inputs=Inputs.of(None, "ab" * 32),
            )  # type: ignore[arg-type]
            assert isinstance(plan, Plan)
            for step in plan.steps:
                sources = [step, *step.checks, *step.interlocks]
                found.update({command.text: None for source in sources for command in source.commands})
    return list(found)


TEXTS = texts()
SHELLCHECK = str(Path(sys.executable).parent / "shellcheck")


def test_every_command_parses_and_shellcheck_has_nothing_to_say() -> None:
    for shell in ("dash", "bash"):
        for text in TEXTS:
            done = subprocess.run([shell, "-n", "-c", text], capture_output=True, text=True, check=False)
            assert done.returncode == 0, (text, done.stderr)
    for text in TEXTS:
        done = subprocess.run(
            [SHELLCHECK, "-s", "sh", "-f", "json", "-S", "warning", "-"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert json.loads(done.stdout) == [], text


@pytest.mark.parametrize("text", TEXTS)
def test_no_command_has_a_form_that_the_errata_forbid(text: str) -> None:
    assert not re.search(r"(^|[;&|\s])cd(\s|$)", text)
    assert not re.search(r"\b(rm|rd|del|kill|killall|pkill)\b", text)
    assert not re.search(r"\[\[[a-z_]+\]\]", text)
    assert "--wait " not in text + " " or "--wait=" in text
    if re.search(r"/(nqsstart|nqsstop|cjcpw)\b", text) and "#tejun" not in text:
        assert text.startswith(("env -u NQS_SITE ", "unset NQS_SITE; "))


WORDS = {text: text for text in ("plain", "a b", "it's", "$(reboot)", "-n", "*", "a~/b")}


@pytest.mark.parametrize(
    ("value", "arrives"), [*WORDS.items(), ("~/x y", "/home dir/x y"), ("~/", "/home dir")]
)
def test_a_value_reaches_the_command_as_one_word(value: str, arrives: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f"printf '<%s>' {word(value)}"],
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": "/home dir"},
    )
    assert done.stdout == f"<{arrives}>"


@pytest.mark.parametrize("name", ["processes", "environment", "database", "rights", "disk", "patch_file"])
@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_a_probe_reads_this_very_machine(name: str, shell: str) -> None:
    probe = READ_ONLY[name]
    commands = probe.commands(
        {key: PARAMS[key] for key in probe.params}, cluster(paths={"nqs": "/", "patches": "/"})
    )
    assert commands
    done = subprocess.run([shell, "-c", commands[0].text], capture_output=True, check=False, timeout=30)
    facts = PARSERS[probe.parser(cluster())](done.stdout, done.returncode)
    assert facts is not None, (done.stdout, done.stderr)
    if name == "patch_file":
        assert facts == {"missing"}


def test_nqs_site_is_found_where_later_commands_would_inherit_it() -> None:
    probe = READ_ONLY["environment"].commands({}, cluster())
    assert probe
    for value in ("site1", ""):
        done = subprocess.run(
            ["sh", "-c", probe[0].text],
            capture_output=True,
            check=True,
            env={"NQS_SITE": value, "PATH": "/usr/bin:/bin", "HOME": "/"},
        )
        assert "NQS_SITE:session" in (PARSERS["environment@1"](done.stdout, 0) or ())


def test_a_tool_that_is_not_there_gives_no_facts() -> None:
    probe = READ_ONLY["cluster"].commands({}, cluster())
    assert probe
    done = subprocess.run(
        ["/bin/sh", "-c", probe[0].text], capture_output=True, check=False, env={"PATH": "/nowhere"}
    )
    assert PARSERS["cluster@1"](done.stdout, done.returncode) is None


@pytest.mark.parametrize(
    ("version", "pause", "move"),
    [
        (
            "0.9",
            "pcs cluster standby n --wait=180",
            "pcs resource move g n --wait=180 && pcs resource clear g --wait=180",
        ),
        (
            "0.10.18",
            "pcs node standby n --wait=180",
            "pcs resource move g n --wait=180 && pcs resource clear g --wait=180",
        ),
        ("0.11.5", "pcs node standby n --wait=180", "pcs resource move g n --wait=180"),
        ("0.12", "pcs node standby n --wait=180", "pcs resource move g n --wait=180"),
        (None, "pcs node standby n --wait=180", "pcs resource move g n --wait=180"),
    ],
)
def test_pcs_is_spoken_to_in_its_own_version(version: str | None, pause: str, move: str) -> None:
    manager = Pacemaker(version)
    assert (manager.pause("n").text, manager.move("g", "n").text) == (pause, move)
    assert ("--as-xml" in manager.read_state()) == (version == "0.9")
