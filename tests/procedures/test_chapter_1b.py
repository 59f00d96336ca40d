"""Plans of 1.1.3, 1.1.4, 1.2.2 and 1.3: every step of the manual once, the right alternative, and nothing dangerous sent."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from app.domain.manual import STEPS
from app.domain.planner import make_plan
from app.domain.procedure import Plan, Step
from app.domain.versions import Version
from app.procedures import SECTIONS, procedure, section
from tests.domain.examples import EXAMPLE, THIRD_NODE, WSFC, cluster

NAMES = [name for number in ("1.1.3", "1.1.4", "1.2.2", "1.3") for name in SECTIONS[number]]
SITES = [
    {"name": "site1", "database": "S:\\db\\site1", "group": "g_jc", "virtual_host": "jc-vip1"},
    {"name": "site2", "database": "S:\\db\\site2", "group": "g_jc2", "nodes": ["node-a", "node-b"]},
]
UPGRADES = [
    ("R12.1", "R12.4"),
    ("R12.6", "R12.7.9"),
    ("R12.7.9", "R12.8"),
    ("R12.8", "R12.10"),
    ("R12.10", "R13.1"),
    ("R15.1", "R16.3"),
]
PATCHES = [("R12.4", "R12.4.1"), ("R12.4.9", "R12.4.10"), ("R12.5", "R12.5.1"), ("R12.7", "R12.7.9")]
ROLLING = [("upgrade", "R13.1", "R16.3"), ("patch", "R12.8", "R12.8.1"), ("patch", "R12.10", "R12.10.1")]
KEY = re.compile(r"1(\.[0-9]+){2,3}-[0-9]+(\+[0-9]+)?(@[\w.-]+)?(/[\w.-]+)?")

PER_SITE = {
    "1.1.3.2": (3, 4, 5, 11, 12, 14, 16, 17),
    "1.1.4.2": (3, 4, 10, 11, 14),
    "1.2.2.2": (3, 4, 9, 10, 12),
}
ON_STANDBYS = {"1.1.3.2": (2, 15), "1.1.4.2": (2, 13), "1.2.2.2": (2, 11)}
ON_EVERY_NODE = {"1.1.3.2": (19,), "1.1.4.2": (16,)}
UNSAFE = re.compile(
    r"(?im)[*?]\.|\*['\"]|nec\*|job\*|^\s*cd\b|\bset-location\b|\bpush-location\b|\bdel\b|\brd\b|\brmdir\b|\berase\b|\binvoke-expression\b|または"
)


def plan(
    arch: str = "x64",
    operation: str = "upgrade",
    source: str = "R12.6",
    to: str = "R12.10",
    install: str = "overwrite",
    literal: str | None = None,
    **changes: Any,
) -> Plan:
    made = make_plan(
        procedure,
        cluster(
            **{
                **WSFC,
                "arch": arch,
                "version": source,
                "sites": SITES,
                "nodes": [*EXAMPLE["nodes"], THIRD_NODE],
                **changes,
            }
        ),
        operation,  # type: ignore[arg-type]
        Version.parse(to),
        install=install,  # type: ignore[arg-type]
        literal=literal,
    )
    assert isinstance(made, Plan), made
    return made


def cases() -> Iterator[dict[str, Any]]:
    for arch, (source, to), install in product(("ipf32", "ipf"), UPGRADES, ("overwrite", "fresh")):
        yield {"arch": arch, "source": source, "to": to, "install": install}
    for arch, (source, to) in product(("x86", "x64"), PATCHES):
        yield {"arch": arch, "operation": "patch", "source": source, "to": to}
    for arch, (operation, source, to) in product(("x86", "x64"), ROLLING):
        yield {"arch": arch, "operation": operation, "source": source, "to": to}


CASES = [
    {**case, "local_site": local, "clwin": clwin}
    for case in cases()
    for local, clwin in (("used", True), ("unused", False))
]


def step(made: Plan, key: str) -> Step:
    return next(one for one in made.steps if one.key == key)


def expected_places(name: str, number: int) -> set[tuple[str, str | None]]:
    """Where the manual's step stands in a plan of three nodes and two sites: (node, site)."""
    standbys = {("node-b", None), ("node-c", None)}
    if number in ON_EVERY_NODE.get(name, ()):
        return standbys | {("node-a", None)}
    if number in ON_STANDBYS.get(name, ()) or section(name).role == "standby":
        return standbys
    if number in PER_SITE.get(name, ()):
        return {("node-a", "site1"), ("node-a", "site2")}
    return {("node-a", None)}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_step_of_the_manual_stands_once_for_each_node_and_site(case: dict[str, Any]) -> None:
    made = plan(**case)
    found = Counter(
        (one.manual.section, one.manual.step, one.node, one.site)
        for one in made.steps
        if one.manual and one.manual.step
    )
    wanted = {
        (name, number, node, site)
        for name in SECTIONS[made.procedure]
        for number in range(1, STEPS[name] + 1)
        for node, site in expected_places(name, number)
    }
    assert set(found) == wanted
    assert set(found.values()) == {1}
    assert all(KEY.fullmatch(one.key) for one in made.steps)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_dangerous_is_sent_and_what_changes_is_asked_about_before_and_after(
    case: dict[str, Any],
) -> None:
    for one in plan(**case).steps:
        for command in one.commands:
            assert not UNSAFE.search(command.text), command.text
            assert "[[" not in command.text
            if "reg delete" in command.text:
                assert command.text.index("reg export") < command.text.index("reg delete")
        if one.destructive:
            assert "戻すには" in one.instructions.ja
        if one.kind == "manual":
            assert "手作業" in one.instructions.ja
            assert "by hand" in one.instructions.en
        assert (one.reason is None) == one.applies


# (what is asked for, key, applies, branch)
ALTERNATIVES: list[tuple[dict[str, Any], str, bool, str | None]] = [
    # 1.1.3: one alternative in print for the first stop, two by the version at that moment for the later ones (D1)
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.7"}, "1.1.3.1-1@node-b", True, None),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.7", "local_site": "unused"}, "1.1.3.1-9@node-b", True, "<=R12.7"),
    ({"arch": "ipf32", "source": "R12.7.9", "to": "R12.8", "local_site": "unused"}, "1.1.3.1-9@node-b", True, ">=R12.8"),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.7"}, "1.1.3.1-9@node-b", False, "<=R12.7"),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.7.9"}, "1.1.3.2-11@node-a/site1", True, "<=R12.7"),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.8"}, "1.1.3.2-11@node-a/site2", True, ">=R12.8"),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.7"}, "1.1.3.2-13@node-a", True, "<=R12.7"),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.10"}, "1.1.3.2-13@node-a", True, ">=R12.8"),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.7.9"}, "1.1.3.2-17@node-a/site1", True, None),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.8"}, "1.1.3.2-17@node-a/site1", False, None),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.10"}, "1.1.3.2-18@node-a", True, ">=R12.8"),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.7", "local_site": "unused"}, "1.1.3.2-18@node-a", False, "<=R12.7"),
    ({"arch": "ipf32", "clwin": True}, "1.1.3.1-4+3@node-b", True, None),
    ({"arch": "ipf32"}, "1.1.3.1-4+3@node-b", False, None),
    ({"arch": "ipf32"}, "1.1.3.2-7+1@node-a", True, None),
    # 1.1.4: split by the way of installing, by CL/Win, and by the version at that moment
    ({"arch": "ipf", "source": "R12.7", "to": "R12.8"}, "1.1.4.1-1@node-b", True, "<=R12.7"),
    ({"arch": "ipf", "source": "R12.8", "to": "R12.9"}, "1.1.4.1-1@node-b", True, ">=R12.8"),
    ({"arch": "ipf"}, "1.1.4.1-2@node-b", True, None),
    ({"arch": "ipf", "install": "overwrite"}, "1.1.4.1-4@node-b", False, None),
    ({"arch": "ipf", "install": "fresh"}, "1.1.4.1-4@node-b", True, None),
    ({"arch": "ipf"}, "1.1.4.1-5@node-b", False, None),
    ({"arch": "ipf", "clwin": True}, "1.1.4.1-5@node-b", True, None),
    ({"arch": "ipf", "source": "R12.6", "to": "R12.7"}, "1.1.4.1-7@node-b", True, "<=R12.7"),
    ({"arch": "ipf", "source": "R12.7", "to": "R12.8"}, "1.1.4.1-7@node-b", True, ">=R12.8"),
    ({"arch": "ipf", "source": "R12.7", "to": "R12.8"}, "1.1.4.1-8@node-b", False, ">=R12.8"),
    ({"arch": "ipf", "source": "R12.7", "to": "R12.8"}, "1.1.4.2-1@node-a", True, "<=R12.7"),
    ({"arch": "ipf", "source": "R12.8", "to": "R13.1"}, "1.1.4.2-1@node-a", True, ">=R12.8"),
    ({"arch": "ipf", "install": "overwrite"}, "1.1.4.2-4@node-a/site1", False, None),
    ({"arch": "ipf", "install": "fresh"}, "1.1.4.2-4@node-a/site2", True, None),
    ({"arch": "ipf", "install": "overwrite"}, "1.1.4.2-5@node-a", False, None),
    ({"arch": "ipf", "source": "R12.6", "to": "R12.7"}, "1.1.4.2-9@node-a", True, "<=R12.7"),
    ({"arch": "ipf", "source": "R12.6", "to": "R12.7"}, "1.1.4.2-10@node-a/site1", True, "<=R12.7"),
    ({"arch": "ipf", "source": "R12.6", "to": "R12.8"}, "1.1.4.2-10@node-a/site1", True, ">=R12.8"),
    ({"arch": "ipf", "source": "R12.6", "to": "R12.8", "local_site": "unused"}, "1.1.4.2-12@node-a", True, ">=R12.8"),
    ({"arch": "ipf", "source": "R12.6", "to": "R12.8", "local_site": "unused"}, "1.1.4.2-15@node-a", False, ">=R12.8"),
    ({"arch": "ipf", "install": "overwrite"}, "1.1.4.2-16@node-c", False, None),
    ({"arch": "ipf", "install": "fresh"}, "1.1.4.2-16@node-c", True, None),
    # 1.2.2: the DLLs go up to R12.4.x, from R12.5 they stay (D5); the numbers stay in any case
    ({"operation": "patch", "source": "R12.4", "to": "R12.4.1"}, "1.2.2.1-5@node-b", True, "<=R12.4"),
    ({"operation": "patch", "source": "R12.4.9", "to": "R12.4.10"}, "1.2.2.1-5@node-c", True, "<=R12.4"),
    ({"operation": "patch", "source": "R12.5", "to": "R12.5.1"}, "1.2.2.1-5@node-b", False, ">=R12.5"),
    ({"operation": "patch", "source": "R12.4.9", "to": "R12.4.10"}, "1.2.2.2-7@node-a", True, "<=R12.4"),
    ({"operation": "patch", "source": "R12.7", "to": "R12.7.9"}, "1.2.2.2-7@node-a", False, ">=R12.5"),
    ({"operation": "patch", "source": "R12.7", "to": "R12.7.9"}, "1.2.2.2-6+1@node-a", False, None),
    ({"operation": "patch", "source": "R12.7", "to": "R12.7.9"}, "1.2.2.2-9@node-a/site1", True, None),
    ({"operation": "patch", "source": "R12.7", "to": "R12.7.9"}, "1.2.2.1-10@node-b", False, None),
    ({"operation": "patch", "source": "R12.7", "to": "R12.7.9", "local_site": "unused"}, "1.2.2.2-13@node-a", True, None),
    # 1.3: one procedure for both operations
    ({"source": "R13.1", "to": "R16.3"}, "1.3.1-2@node-b", True, "upgrade"),
    ({"operation": "patch", "source": "R12.8", "to": "R12.8.1"}, "1.3.1-2@node-c", True, "patch"),
    ({"source": "R13.1", "to": "R16.3"}, "1.3.3-2@node-a", True, "upgrade"),
    ({"operation": "patch", "source": "R12.8", "to": "R12.8.1"}, "1.3.3-2@node-a", True, "patch"),
    ({"source": "R13.1", "to": "R16.3", "local_site": "unused"}, "1.3.1-1@node-b", True, None),
    ({"source": "R13.1", "to": "R16.3", "local_site": "unused"}, "1.3.1-3@node-b", False, None),
    ({"source": "R13.1", "to": "R16.3", "local_site": "unused"}, "1.3.3-3+1@node-a", True, None),
]  # fmt: skip


@pytest.mark.parametrize(("case", "key", "applies", "branch"), ALTERNATIVES, ids=str)
def test_the_alternative_is_that_of_the_version_at_that_moment(
    case: dict[str, Any], key: str, applies: bool, branch: str | None
) -> None:
    found = step(plan(**case), key)
    assert (found.applies, found.branch) == (applies, branch)


# what the manual prints there, its spelling mended
PRINTED: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
    ({"arch": "ipf32"}, "1.1.3.1-2@node-b", ("jc_check -l",)),
    ({"arch": "ipf32"}, "1.1.3.1-5@node-b", (r"cd %systemroot%\SysWOW64", "del /F /Q nec*", "rd /S /Q necjclog")),
    ({"arch": "ipf32"}, "1.1.3.2-9@node-a", (r"cd %systemroot%\SysWOW64", "rd /S /Q necjcunsetup")),
    (
        {"arch": "ipf32"},
        "1.1.3.2-7@node-a",
        (
            r'reg delete "HKLM\Software\Wow6432Node\NEC\NetShepherd\SV" /f',
            r'reg delete "HKLM\Software\Wow6432Node\NEC\JobCenter(CL/Win)" /f',
        ),
    ),
    ({"arch": "ipf32", "to": "R12.7"}, "1.1.3.2-11@node-a/site1", ("cjcmksite",)),
    (
        {"arch": "ipf32"},
        "1.1.3.2-14@node-a/site1",
        (
            'cluster res "[リソースの名前]" /create /group:"[クラスタグループ]" /type:"Generic Script"',
            'cluster res "[リソースの名前]" /priv ScriptFilePath="[共有ディスク上のJobCenterCluster.vbsパス]"',
            'cluster res "[リソースの名前]" /priv SiteName="[仮想ホスト名]"',
            'cluster res "[リソースの名前]" /priv DBPath="[共有ディスク上のJobCenterDBパス]"',
        ),
    ),
    ({"arch": "ipf"}, "1.1.4.2-11@node-a/site1", (r"copy [インストールパス]\ins\JobCenterCluster.vbs [共有ディスク上のパス]",)),
    (
        {"operation": "patch", "source": "R12.4", "to": "R12.4.1"},
        "1.2.2.1-4@node-b",
        (
            r"cd %systemroot%\cluster",
            r"regsvr32 -u /s %systemroot%\cluster\JobCenterClusterEx",
            'cluster /unregext:"JobCenterClusterEx"',
        ),
    ),
    (
        {"operation": "patch", "source": "R12.4", "to": "R12.4.1"},
        "1.2.2.2-6@node-a",
        (
            r"cd %systemroot%\cluster",
            r"regsvr32 -u /s %systemroot%\cluster\JobCenterClusterEx",
            'cluster /unregext:"JobCenterClusterEx"',
            "cluster restype JobCenterCluster /delete /type",
        ),
    ),
    ({"operation": "patch", "source": "R12.4", "to": "R12.4.1"}, "1.2.2.2-9@node-a/site1", ("cjcmksite",)),
]  # fmt: skip


@pytest.mark.parametrize(("case", "key", "printed"), PRINTED, ids=str)
def test_the_lines_of_the_manual_are_shown_with_their_spelling_mended(
    case: dict[str, Any], key: str, printed: tuple[str, ...]
) -> None:
    assert step(plan(**case), key).manual_commands == printed


ORDER: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"arch": "ipf"}, "1.1.4.2", ["1", "2", "3", "4", "7", "5", "6", "8", "9", "10", "11", "12", "13", "14", "15", "16"]),
    ({"arch": "ipf", "literal": "B13"}, "1.1.4.2", [str(number) for number in range(1, 17)]),
    ({"operation": "patch", "to": "R12.6.1"}, "1.2.2.1", ["1", "2", "3", "4", "5", "6", "7", "9", "8", "10"]),
    ({"operation": "patch", "to": "R12.6.1", "literal": "B14"}, "1.2.2.1", [str(number) for number in range(1, 11)]),
    ({"arch": "ipf32"}, "1.1.3.2", [str(number) for number in range(1, 20)]),
]  # fmt: skip


@pytest.mark.parametrize(("case", "name", "order"), ORDER, ids=str)
def test_steps_keep_the_order_of_the_manual_but_for_what_an_erratum_moved(
    case: dict[str, Any], name: str, order: list[str]
) -> None:
    phase = next(one for one in plan(**case).phases if one.section == name)
    found = [str(one.manual.step) for one in phase.steps if one.manual]
    assert list(dict.fromkeys(found)) == order


def test_a_standby_of_1_1_4_joins_the_cluster_again_before_the_active_node_is_touched() -> None:
    keys = [one.key for one in plan(arch="ipf").steps]
    assert keys.index("1.1.4.1-6@node-b") < keys.index("1.1.4.1-7+1@node-b") < keys.index("1.1.4.2-2@node-b")
    assert "B1" in step(plan(arch="ipf"), "1.1.4.1-7+1@node-b").errata
    assert "1.1.4.1-7+1@node-b" not in [one.key for one in plan(arch="ipf", literal="B1").steps]


@pytest.mark.parametrize("operation", ["upgrade", "patch"])
def test_a_node_of_the_rolling_update_is_paused_while_it_is_worked_on(operation: str) -> None:
    made = plan(operation=operation, source="R15.1", to="R15.1.1")
    keys = [one.key for one in made.steps]
    for paused, worked_on, resumed, moved in (
        ("1.3.1-0+6@node-b", "1.3.1-2@node-b", "1.3.1-3+2@node-b", "1.3.2-0@node-b/site1"),
        ("1.3.3-0+2@node-a", "1.3.3-2@node-a", "1.3.3-3+2@node-a", "1.3.4-0@node-a/site1"),
    ):
        places = [keys.index(key) for key in (paused, worked_on, resumed, moved)]
        assert places == sorted(places)
        assert "B8" in step(made, paused).errata
    literal = [one.key for one in plan(operation=operation, source="R15.1", to="R15.1.1", literal="B8").steps]
    assert set(keys) - set(literal) == {
        "1.3.1-0+6@node-b", "1.3.1-3+2@node-b", "1.3.1-0+6@node-c", "1.3.1-3+2@node-c", "1.3.3-0+2@node-a", "1.3.3-3+2@node-a",
    }  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_people_decide_before_the_service_stops_and_look_at_it_in_the_end(case: dict[str, Any]) -> None:
    made = plan(**case)
    kinds = [(one.kind, one.needs_approval) for one in made.steps]
    stop = next(
        number
        for number, one in enumerate(made.steps)
        if one.key in ("1.3.2-0@node-b/site1", f"{made.procedure}.2-1@node-a")
    )
    assert ("gate", True) in kinds[:stop]
    assert made.steps[-1].title.en == "See that the business runs"
    first = [one for one in made.steps if one.key.partition("-")[2].startswith("0+")]
    assert {"B10", "B18"} <= {erratum for one in first for erratum in one.errata}


def test_the_registry_is_cleared_only_after_the_program_is_gone() -> None:
    made = plan(arch="ipf32", clwin=True)
    for key in ("1.1.3.1-4+1@node-b", "1.1.3.1-4+3@node-b", "1.1.3.2-7+1@node-a", "1.1.3.2-7+3@node-a"):
        found = step(made, key)
        assert "E6" in found.errata
        assert found.checks[0].present == ("absent",)
        assert any("absent" in token for interlock in found.interlocks for token in interlock.present)


def test_only_the_two_dlls_can_be_deleted_and_only_those_that_were_chosen() -> None:
    text = step(plan(operation="patch", source="R12.4", to="R12.4.1"), "1.2.2.1-5@node-b").commands[0].text
    assert "@('jobcentercluster.dll', 'jobcenterclusterex.dll')" in text
    assert (
        text.index('throw "Refused, nothing deleted')
        < text.index("In use, nothing deleted")
        < text.index("Remove-Item")
    )


@pytest.mark.parametrize("name", NAMES)
def test_what_destroys_is_asked_about_before_seen_after_and_can_be_taken_back(name: str) -> None:
    for raw in section(name).steps:
        for branch, one in raw.alternatives:
            if not one.destructive or (branch and branch.not_needed):
                continue
            assert one.inverse, one.title.en
            assert one.checks or one.verb or one.unprovable, one.title.en
            assert one.interlocks or one.why_manual == "gui", one.title.en


def test_every_erratum_of_these_sections_is_named_on_a_step() -> None:
    wanted = (
        "A5 A6 A9 A10 A11 A12 A13 A15 A17 A18 "
        "B1 B4 B5 B7 B8 B10 B11 B12 B13 B14 B18 B20 C5 C11 D1 D5 D9 D13 E1 E2 E3 E6 E7 E8"
    )
    found = {
        erratum
        for name in NAMES
        for raw in section(name).steps
        for _, one in raw.alternatives
        for erratum in one.errata
    }
    assert set(wanted.split()) - found == set()
