"""Plans of 1.1.3, 1.1.4, 1.2.2 and 1.3: every step of the manual once, the right alternative, and nothing dangerous sent."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from app.domain.manual import STEPS
from app.procedures import SECTIONS, section
from tests.procedures.wsfc_plans import CASES, plan, step

NAMES = [name for number in ("1.1.3", "1.1.4", "1.2.2", "1.3") for name in SECTIONS[number]]
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


OLD_PATCH = {"operation": "patch", "source": "R12.6", "to": "R12.6.1"}
ON_A_PORT: list[tuple[dict[str, Any], str, str]] = [
    ({"arch": "ipf32", "to": "R12.7"}, "1.1.3.1", "1 9 9+1"),
    ({"arch": "ipf", "to": "R12.7"}, "1.1.4.1", "1 8 8+1"),
    (OLD_PATCH, "1.2.2.1", "1 10 10+1"),
]


@pytest.mark.parametrize(("case", "name", "numbers"), ON_A_PORT, ids=str)
def test_up_to_r12_7_the_local_site_of_a_standby_is_seen_by_its_port(
    case: dict[str, Any], name: str, numbers: str
) -> None:
    for number in numbers.split():
        one = step(plan(**case), f"{name}-{number}@node-b")
        wanted = "listening" if "+" in number else "closed"
        assert [(check.probe, check.present) for check in one.checks] == [("port", (wanted,))]
        assert "The console cannot verify it" not in one.instructions.en


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
    wanted = "A5 A6 A9 A10 A11 A12 A13 A15 A17 A18 B1 B4 B5 B7 B8 B10 B11 B12 B13 B14 B18 B20"
    wanted += " C5 C11 D1 D5 D9 D13 E1 E2 E3 E6 E7 E8"
    found = {
        erratum
        for name in NAMES
        for raw in section(name).steps
        for _, one in raw.alternatives
        for erratum in one.errata
    }
    assert set(wanted.split()) - found == set()
