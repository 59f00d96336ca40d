"""The probes of Windows nodes: their answers (samples/windows.yaml), and texts that are whole, strict and quoted.

No PowerShell runs here: the texts are parsed, and their answers are constructed.
"""

from __future__ import annotations

from typing import Any

import pytest
import tree_sitter
import tree_sitter_powershell

from app.domain.checks import PARSERS, READ_ONLY
from app.domain.errors import Invalid
from app.domain.shell import powershell_word
from tests.domain.examples import WINDOWS, WSFC, cluster
from tests.domain.test_checks import facts, samples

ODD = "D:\\o'n\u2019e\\表 $(x)`\"%"
PARAMS = {
    "name": ODD,
    "key": "HKLM\\" + ODD,
    "file": ODD,
    "path": ODD,
    "folder": ODD,
    "names": "o'n\u2019e.dll $(x)`.dll",
    "kib": "1",
    "port": "607",
}
GRAMMAR = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
ON_WINDOWS = {
    name: probe
    for name, probe in READ_ONLY.items()
    if probe.windows and name not in ("cluster", "constraints")
}


def text(name: str, **changes: str) -> str:
    """The text of a probe for a WSFC node, every parameter and path an odd one unless told."""
    probe = READ_ONLY[name]
    node = cluster(**WSFC, paths={"install": ODD, "packages": ODD, "clwin": ODD})
    commands = probe.commands({key: changes.get(key, PARAMS[key]) for key in probe.params}, node)
    assert commands
    assert [command.shell for command in commands] == ["powershell"]
    return commands[0].text


@pytest.mark.parametrize(
    "sample",
    samples("windows"),
    ids=lambda sample: f"{sample['parser']} {sample.get('name', sample['facts'])}",
)
def test_an_answer_of_windows_gives_its_facts(sample: dict[str, Any]) -> None:
    stdout = sample["output"].encode(sample.get("codec", "utf-8"))
    assert PARSERS[sample["parser"]](stdout, sample.get("exit", 0)) == facts(sample)


@pytest.mark.parametrize(
    "sample", [s for s in samples("windows") if s["facts"]], ids=lambda s: s["output"][:40]
)
def test_an_answer_cut_anywhere_is_no_answer(sample: dict[str, Any]) -> None:
    whole = sample["output"].encode(sample.get("codec", "utf-8"))
    for length in range(len(whole)):
        assert PARSERS[sample["parser"]](whole[:length], 0) is None, whole[:length]


@pytest.mark.parametrize("name", ON_WINDOWS)
def test_a_text_parses_as_powershell(name: str) -> None:
    assert not GRAMMAR.parse(text(name).encode()).root_node.has_error


@pytest.mark.parametrize("name", ON_WINDOWS)
def test_a_text_stops_at_the_first_error_and_says_when_it_is_done(name: str) -> None:
    lines = text(name).splitlines()
    assert lines[0] == "$ErrorActionPreference = 'Stop'"
    assert lines[1].startswith("trap {")
    assert lines[1].endswith("exit 1 }")
    assert lines[3].startswith(f"Write-Output '#tejun {name}")
    assert lines[-1] == "Write-Output '#end'"
    assert text(name).count("#end") == 1


@pytest.mark.parametrize("name", ON_WINDOWS)
def test_a_value_is_one_single_quoted_string(name: str) -> None:
    """Whatever a value holds, the strings of the text are those that were meant: no value opens or closes one."""
    found = strings(GRAMMAR.parse(text(name).encode()).root_node)
    wanted = [PARAMS[key] for key in ON_WINDOWS[name].params if key in ("name", "file", "path", "folder")]
    for value in [*wanted, *([ODD, ODD] if name == "disk" else [])]:
        assert powershell_word(value) in found
    outside = [word for word in ("$(x)", "表") if word in without_strings(text(name))]
    assert outside == []


def strings(node: tree_sitter.Node) -> list[str]:
    """Every single-quoted string under a node of the syntax tree."""
    own = [node.text.decode()] if node.type == "verbatim_string_characters" and node.text else []
    return own + [found for child in node.children for found in strings(child)]


def without_strings(source: str) -> str:
    """A text with its single-quoted strings taken out."""
    for found in strings(GRAMMAR.parse(source.encode()).root_node):
        source = source.replace(found, "''")
    return source


@pytest.mark.parametrize("key", ["Software\\NEC", "HKXX\\Software", "HKLM", "HKLM\\", "HKLM/Software"])
def test_a_registry_key_begins_with_a_root(key: str) -> None:
    with pytest.raises(Invalid):
        text("registry", key=key)


def test_a_key_with_a_slash_stays_one_key() -> None:
    asked = text("registry", key=r"HKLM\Software\Wow6432Node\NEC\JobCenter(CL/Win)")
    assert r"LocalMachine.OpenSubKey('Software\Wow6432Node\NEC\JobCenter(CL/Win)')" in asked


@pytest.mark.parametrize("names", ["nec*", "a?.dll", "[a].dll", "", " ", "..\\a.dll", "a/b", "c:a"])
def test_names_are_listed_and_never_a_pattern(names: str) -> None:
    for system in (WINDOWS, {}):
        with pytest.raises(Invalid):
            READ_ONLY["folder_files"].commands({"folder": "/f", "names": names}, cluster(**system))


def test_only_a_leading_variable_is_left_to_the_node() -> None:
    assert "ExpandEnvironmentVariables('%SystemRoot%\\cluster')" in text(
        "folder", path="%SystemRoot%\\cluster"
    )
    assert "ExpandEnvironmentVariables" not in text("folder", path="C:\\%SystemRoot%")


@pytest.mark.parametrize("name", ["processes", "package", "patch_file", "files"])
def test_what_windows_cannot_be_asked_is_left_to_a_person(name: str) -> None:
    probe = READ_ONLY[name]
    params = dict.fromkeys(probe.params, "x")
    assert probe.commands(params, cluster(**WINDOWS)) is None
    with pytest.raises(KeyError):
        probe.parser(cluster(**WINDOWS))


@pytest.mark.parametrize("name", ["service", "registry", "clwin"])
def test_what_unix_cannot_be_asked_is_left_to_a_person(name: str) -> None:
    assert READ_ONLY[name].commands(dict.fromkeys(READ_ONLY[name].params, "x"), cluster()) is None
