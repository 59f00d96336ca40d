"""Every command that a plan may send: whole, quoted, POSIX, and without the forms that the errata forbid."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
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
    "folder": "/no where",
    "names": "a.dll b.dll",
    "port": "1",
    "name": "JobCenter",
    "key": r"HKLM\Software\Wow6432Node\NEC\JobCenter(CL/Win)",
}
ON_THIS_MACHINE = {
    "processes", "environment", "database", "rights", "disk", "patch_file",
    "package_file", "file", "folder", "folder_files", "port", "mount",
}  # fmt: skip


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
    for probe in READ_ONLY.values():
        asked = probe.commands({key: PARAMS[key] for key in probe.params}, cluster(paths=ODD))
        found.update({command.text: None for command in asked or ()})
    return list(found)


TEXTS = texts()
SHELLS = ("dash", "bash")
SHELLCHECK = str(Path(sys.executable).parent / "shellcheck")


def test_every_command_parses_and_shellcheck_has_nothing_to_say() -> None:
    for shell in SHELLS:
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


def ask(name: str, shell: str = "sh", **params: str) -> frozenset[str] | None:
    """The facts that a probe finds on this machine."""
    probe = READ_ONLY[name]
    place = cluster(paths={"nqs": "/", "patches": "/"})
    commands = probe.commands({key: params.get(key, PARAMS[key]) for key in probe.params}, place)
    assert commands
    done = subprocess.run([shell, "-c", commands[0].text], capture_output=True, check=False, timeout=30)
    return PARSERS[probe.parser(place)](done.stdout, done.returncode)


@pytest.mark.parametrize("name", sorted(ON_THIS_MACHINE))
@pytest.mark.parametrize("shell", SHELLS)
def test_a_probe_reads_this_very_machine(name: str, shell: str) -> None:
    facts = ask(name, shell)
    assert facts is not None
    if name in ("patch_file", "package_file"):
        assert facts == {"missing"}


@pytest.mark.parametrize("shell", SHELLS)
def test_files_and_folders_are_told_apart(shell: str, tmp_path: Path) -> None:
    folder = tmp_path / "a b 表"
    folder.mkdir()
    (folder / "a.dll").write_bytes(b"one")
    digest = "sha256:" + hashlib.sha256(b"one").hexdigest()
    assert ask("file", shell, path=f"{folder}/a.dll") == {"present", digest}
    assert ask("package_file", shell, file=f"{folder}/a.dll") == {digest}
    assert ask("file", shell, path=f"{folder}/deeper/b.dll") == {"absent"}
    assert ask("file", shell, path=str(folder)) is None
    assert ask("folder", shell, path=str(folder)) == {"present"}
    assert ask("folder", shell, path=f"{folder}/deeper/still/") == {"absent"}
    assert ask("folder", shell, path=f"{folder}/a.dll") is None
    assert ask("folder_files", shell, folder=str(folder)) == {"present:a.dll", "absent:b.dll"}
    assert ask("folder_files", shell, folder=f"{folder}/deeper") == {"absent:a.dll", "absent:b.dll"}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_port_listens_or_does_not(shell: str, family: socket.AddressFamily) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as server:
        server.bind(("", 0))
        port = str(server.getsockname()[1])
        assert ask("port", shell, port=port) == {"closed"}
        server.listen()
        assert ask("port", shell, port=port) == {"listening"}
    assert ask("port", shell, port=port) == {"closed"}
    assert ask("port", shell, port="nqs") is None


NETSTAT = {
    "aix": "Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)\n"
    "tcp4       0      0  *.607                  *.*                    LISTEN\n"
    "tcp4       0      0  10.0.0.1.22            10.0.0.9.608           ESTABLISHED\n",
    "solaris": "TCP: IPv4\n   Local Address        Remote Address    Swind Send-Q Rwind Recv-Q    State\n"
    "      *.607                *.*                0      0 49152      0 LISTEN\n",
}


@pytest.mark.parametrize("form", NETSTAT)
@pytest.mark.parametrize("shell", SHELLS)
def test_without_the_kernels_table_netstat_is_read_by_columns(shell: str, form: str, tmp_path: Path) -> None:
    tool = tmp_path / "netstat"
    tool.write_text(f"#!/bin/sh\ncat <<'EOF'\n{NETSTAT[form]}EOF\n")
    tool.chmod(0o755)
    for port, expected in (("607", "listening"), ("22", "closed"), ("608", "closed"), ("7", "closed")):
        commands = READ_ONLY["port"].commands({"port": port}, cluster())
        assert commands
        text = commands[0].text.replace("/proc/net/tcp", "/nowhere/tcp")
        done = subprocess.run(
            [shell, "-c", text], capture_output=True, check=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}
        )
        assert PARSERS["words@1"](done.stdout, 0) == {expected}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_path_is_mounted_where_its_file_system_is_not_that_of_the_root(shell: str) -> None:
    assert ask("mount", shell, path="/proc/self") == {"mounted"}
    assert ask("mount", shell, path="/no such folder/at/all") == {"unmounted"}


@pytest.mark.skipif(os.getuid() != 0, reason="needs another user")
def test_what_may_not_be_looked_into_is_unknown_and_not_absent(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "a.dll").write_bytes(b"one")
    for name, params in {
        "file": {"path": f"{closed}/a.dll"},
        "package_file": {"file": f"{closed}/a.dll"},
        "folder": {"path": f"{closed}/sub"},
        "folder_files": {"folder": str(closed), "names": "a.dll"},
    }.items():
        commands = READ_ONLY[name].commands(params, cluster())
        assert commands
        as_nobody = subprocess.run(
            ["sh", "-c", commands[0].text], capture_output=True, check=False, user=65534, cwd="/"
        )
        parser = READ_ONLY[name].parser(cluster())
        assert PARSERS[parser](as_nobody.stdout, as_nobody.returncode) is None
        as_root = subprocess.run(["sh", "-c", commands[0].text], capture_output=True, check=False)
        assert PARSERS[parser](as_root.stdout, as_root.returncode) is not None


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
