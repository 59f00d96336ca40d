"""Sections 1.1.1 and 1.1.2 (upgrades of WSFC clusters on Intel): what would run is safe, and what the manual lacks is there."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from app.domain.library import StepTemplate
from app.domain.versions import Version
from app.procedures import section
from tests.support.wsfc_upgrades import NODES, SECTIONS, TAKEN, plan, step

UNSAFE = re.compile(r"(?im)\bcd\b|\bdel\b|\brd\b|Item[^\n]*\*|\bSet-Location\b|-Filter\b|-Include\b")
DELETES = re.compile(r"\[IO\.File\]::Delete|Remove-Item -LiteralPath")


@pytest.mark.parametrize(
    ("version", "to"), [*((version, "R16.3") for version in TAKEN), ("R12.4", "R12.7"), ("R12.5", "R12.7")]
)
def test_nothing_that_would_run_depends_on_a_folder_or_deletes_by_a_pattern(version: str, to: str) -> None:
    for one in plan(version, to, clwin=True).steps:
        for command in one.commands:
            assert not UNSAFE.search(command.text), (one.key, command.text)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("1.1.2.1a-6@node-b", ["jobcentercluster.dll", "jobcenterclusterex.dll"]),
        ("1.1.2.2a-9@node-a", ["jobcentercluster.dll", "jobcenterclusterex.dll"]),
        ("1.1.2.1a-7@node-b", ["necjsock.dll", "necjclog"]),
        ("1.1.2.2a-10@node-a", ["necjsock.dll", "necjclog"]),
        ("1.1.2.1a-8@node-b", ["necjcunsetup"]),
        ("1.1.2.2a-11@node-a", ["necjcunsetup"]),
    ],
)
def test_a_deletion_names_what_goes_lists_it_keeps_a_copy_and_is_read_back(
    key: str, names: list[str]
) -> None:
    made = plan("R12.4", paths={"saves": r"D:\saves"})
    found = step(made, key)
    text = found.commands[0].text
    assert set(re.findall(r"job\w+\.dll|necj\w+(?:\.dll)?", text)) == set(names)
    first_deletion = min(place.start() for place in DELETES.finditer(text))
    assert text.index("Write-Output") < first_deletion
    assert text.index("'D:\\saves'") < first_deletion
    if any(name.endswith(".dll") for name in names):
        assert text.index("'ReadWrite', 'None'") < first_deletion  # refused while the DLL is loaded
    gone = {fact for check in found.checks for fact in check.present}
    assert gone >= ({f"absent:{name}" for name in names if "." in name} or {"absent"})
    assert ("version:absent",) in [check.present for check in found.interlocks]


@pytest.mark.parametrize("version", ["R12.4", "R12.6"])
def test_what_concerns_the_whole_cluster_runs_once_and_on_the_active_node(version: str) -> None:
    calls = [one for one in plan(version).steps for command in one.commands if "/unregext" in command.text]
    assert [(one.node, one.manual.step if one.manual else None) for one in calls] == [
        ("node-a", 7 if version == "R12.4" else 6)
    ]
    assert ("ClusSvc:running",) in [check.present for check in calls[0].interlocks]
    assert ("absent",) in [check.present for check in calls[0].checks]
    assert calls[0].commands[0].text.index("reg.exe") < calls[0].commands[0].text.index("restype")


ADDED = {
    "R12.9": {
        "B8": ["1.1.1.1-0+6", "1.1.1.1-3+2"],
        "B11": ["1.1.1.1-2+1", "1.1.1.2-5+1"],
        "B18": ["1.1.1.1-0+2"],
    },
    "R12.4": {"B11": ["1.1.2.1a-9+1", "1.1.2.2a-12+1"], "B18": ["1.1.2.1a-0+2", "1.1.2.1a-0+3"]},
    "R12.6": {
        "B7": ["1.1.2.1b-6+1", "1.1.2.1b-6+2", "1.1.2.2b-11+1", "1.1.2.2b-11+2"],
        "B11": ["1.1.2.1b-4+1", "1.1.2.2b-7+1"],
        "B18": ["1.1.2.1b-0+2", "1.1.2.1b-0+3"],
    },
}


@pytest.mark.parametrize("version", ADDED)
def test_what_the_manual_lacks_is_added_and_names_its_erratum(version: str) -> None:
    added = [one for one in plan(version).steps if one.manual is None]
    for erratum, keys in ADDED[version].items():
        found = [one.key.split("@")[0] for one in added if erratum in one.errata]
        assert list(dict.fromkeys(found)) == keys
    once = [one.key for one in added if "B18" in one.errata]
    assert len(once) == len(set(once))


@pytest.mark.parametrize("version", TAKEN)
def test_versions_are_read_before_anything_is_stopped_and_after_every_installation(version: str) -> None:
    made = plan(version)
    for node in ("node-b", "node-c", "node-a"):
        read = [
            fact
            for one in made.steps
            if one.node == node
            for check in one.checks
            for fact in check.present
            if fact.startswith("version:")
        ]
        source, before = Version.parse(version).canonical, [f"version:{Version.parse(version).canonical}"]
        gone = ["version:absent"] if source in ("R12.1", "R12.4") else []
        assert read == [*before, *gone, "version:R16.3", "version:R16.3"]


def test_a_node_of_another_version_has_the_one_of_its_own_read() -> None:
    made = plan("R12.9", nodes=[NODES[0], {**NODES[1], "version": "R12.8"}])
    ready = step(made, "1.1.1.1-0+3@node-b")
    assert ready.checks[0].present == ("version:R12.8",)


def test_the_manuals_order_of_registration_can_be_had() -> None:
    literal = plan("R12.4.1", literal="B4")
    numbers = [one.manual.step for one in literal.phases[0].steps if one.manual]
    assert numbers == [1, 2, 3, 4, 5, 6]
    assert step(plan("R12.4", literal="B4"), "1.1.2.1a-10@node-b").checks == ()


def test_without_the_pause_of_b8_nothing_asks_for_it() -> None:
    usual, literal = plan("R12.9"), plan("R12.9", literal="B8")
    gone = {one.key for one in usual.steps} - {one.key for one in literal.steps}
    assert gone == {f"1.1.1.1-{key}@{node}" for key in ("0+6", "3+2") for node in ("node-b", "node-c")}
    asked = [
        check for check in step(literal, "1.1.1.1-2@node-b").interlocks if "node-b:standby" in check.present
    ]
    assert asked == []


def test_the_service_goes_down_only_after_the_decision_and_is_seen_to_be_back() -> None:
    for version in ("R12.4", "R12.6", "R12.9"):
        steps = plan(version).phases[-1].steps
        gate = next(place for place, one in enumerate(steps) if one.kind == "gate")
        assert steps[gate].needs_approval
        assert all(not one.destructive for one in steps[:gate])
        assert [one.kind for one in steps[-1:]] == ["manual"]
        assert steps[-1].node is None


def forms(name: str) -> list[StepTemplate]:
    return [form for raw in section(name).steps for _branch, form in raw.alternatives]


@pytest.mark.parametrize("name", SECTIONS)
def test_what_destroys_has_a_precondition_and_a_way_back_and_is_read_or_says_why_not(name: str) -> None:
    for form in forms(name):
        if form.destructive:
            assert form.interlocks, (form.step, form.title.en)
            assert form.inverse, (form.step, form.title.en)
            assert form.verb or form.checks or form.unprovable, (form.step, form.title.en)


@pytest.mark.parametrize("name", SECTIONS)
def test_a_manual_step_says_why_and_a_hand_off_names_its_document(name: str) -> None:
    handed_over = {
        "1.1.1.1": {2}, "1.1.1.2": {5, 7}, "1.1.2.1a": {2, 5, 9, 10, 13}, "1.1.2.1b": {4, 5},
        "1.1.2.2a": {4, 8, 12, 13, 15, 16}, "1.1.2.2b": {7, 8, 9},
    }[name]  # fmt: skip
    assert {form.step for form in forms(name) if form.handoff and form.added is None} == handed_over
    assert all(form.why_manual for form in forms(name) if form.kind == "manual")


def test_the_steps_of_the_active_node_follow_those_of_every_standby() -> None:
    roles = [phase.role for phase in plan("R12.4").phases]
    assert all(before == "standby" for before, _after in pairwise(roles))
