"""What a plan warns of as a whole: errata of chapters by their names, in both languages, and only where they concern the case."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.choosing import Choice, choose
from app.domain.predicates import Case
from app.domain.procedure import PlanWarning
from app.domain.versions import Version
from app.domain.warnings import About, warnings
from tests.domain.examples import WINDOWS, WSFC, cluster

ROLLING, STANDARD, AUTO = "rolling", "standard", "auto"
FRESH = {"install": "fresh"}

# platform and architecture, installed, operation, target, method, options -> the procedure and the errata of its warnings
CASES: list[tuple[dict[str, Any], str, str, str, str, dict[str, Any], str, set[str]]] = [
    ({}, "R12.6", "patch", "R12.6.1", AUTO, {}, "3.3", {"D7"}),
    ({}, "R12.6", "patch", "R12.6.1", STANDARD, {}, "3.2", {"D7"}),
    ({}, "R12.6.2", "upgrade", "R16.3", AUTO, {}, "3.1", {"D7"}),
    ({}, "R12.7", "patch", "R12.7.1", AUTO, {}, "3.3", set()),
    ({}, "R12.10", "upgrade", "R16.3", AUTO, {}, "3.1", set()),
    ({}, "R16.3.1", "patch", "R16.3.2", AUTO, {}, "3.3", {"C13"}),
    ({"os": "aix"}, "R16.3.1", "patch", "R16.3.2", AUTO, {}, "3.3", set()),
    ({"os": "hpux", "arch": "ipf"}, "R15.1", "upgrade", "R16.3", AUTO, {}, "3.1", set()),
    (WINDOWS, "R12.6", "upgrade", "R16.3", AUTO, {}, "2.1", set()),
    (WINDOWS, "R12.7", "patch", "R12.7.1", AUTO, {}, "2.2", set()),
    (WINDOWS, "R12.8", "patch", "R12.8.1", STANDARD, {}, "2.2", set()),
    (WINDOWS, "R12.8", "patch", "R12.8.1", AUTO, {}, "2.3", {"C15"}),
    ({**WINDOWS, "arch": "ipf"}, "R12.6", "upgrade", "R12.7", AUTO, {}, "2.1", set()),
    ({**WINDOWS, "arch": "ipf"}, "R12.7", "upgrade", "R12.8", AUTO, {}, "2.1", {"D9"}),
    (WSFC, "R13.1", "upgrade", "R16.3", AUTO, {}, "1.3", {"C2", "D2"}),
    (WSFC, "R13.1", "upgrade", "R16.3", STANDARD, {}, "1.1.1", {"C2"}),
    (WSFC, "R12.6", "upgrade", "R16.3", AUTO, {}, "1.1.2", set()),
    (WSFC, "R12.6", "patch", "R12.6.1", AUTO, {}, "1.2.2", set()),
    (WSFC, "R12.8", "patch", "R12.8.1", STANDARD, {}, "1.3", {"C2", "D3", "B20"}),
    ({**WSFC, "arch": "ipf32"}, "R12.6", "upgrade", "R12.7", AUTO, {}, "1.1.3", {"C2"}),
    ({**WSFC, "arch": "ipf"}, "R12.6", "upgrade", "R16.3", AUTO, FRESH, "1.1.4", {"C2", "D9"}),
]


def warned(
    described: dict[str, Any], source: str, operation: str, to: str, method: str, options: dict[str, Any]
) -> tuple[str, tuple[PlanWarning, ...]]:
    case = Case(
        cluster(**described, version=source),
        operation,
        Version.parse(to),
        method,
        **options,  # type: ignore[arg-type]
    )
    choice = choose(case)
    assert isinstance(choice, Choice), choice
    return choice.procedure, warnings(About(case, choice.procedure, has_digest=True))


@pytest.mark.parametrize(
    ("described", "source", "operation", "to", "method", "options", "number", "errata"), CASES
)
def test_a_plan_warns_of_the_errata_that_concern_it(
    described: dict[str, Any],
    source: str,
    operation: str,
    to: str,
    method: str,
    options: dict[str, Any],
    number: str,
    errata: set[str],
) -> None:
    procedure, found = warned(described, source, operation, to, method, options)
    assert procedure == number
    assert {one.errata for one in found if one.errata} == errata
    for one in found:
        assert any(ord(letter) > 0x3000 for letter in one.ja)
        assert one.en.isascii()


@pytest.mark.parametrize(
    ("described", "operation", "to", "number", "said"),
    [
        ({}, "patch", "R16.3.1", "3.3", True),
        (WINDOWS, "upgrade", "R16.4", "2.1", True),
        (WSFC, "upgrade", "R16.4", "1.3", True),
        ({**WSFC, "arch": "ipf"}, "upgrade", "R16.4", "1.1.4", False),
    ],
)
def test_a_fresh_installation_is_said_to_be_ignored_outside_1_1_4(
    described: dict[str, Any], operation: str, to: str, number: str, said: bool
) -> None:
    procedure, found = warned(described, "R16.3", operation, to, AUTO, FRESH)
    assert procedure == number
    assert any("--install fresh" in one.ja and "--install fresh" in one.en for one in found) is said


def test_a_cluster_software_that_cannot_be_read_is_said_on_every_platform() -> None:
    for described in ({"clusterware": "other"}, {**WINDOWS, "clusterware": "other"}):
        _, found = warned(described, "R16.3", "patch", "R16.3.1", STANDARD, {})
        assert any("stay with a person" in one.en for one in found)
    _, found = warned({}, "R16.3", "patch", "R16.3.1", STANDARD, {})
    assert found == ()


def test_a_patch_for_another_line_is_doubted() -> None:
    _, found = warned(WINDOWS, "R12.7.1", "patch", "R12.8", STANDARD, {})
    assert any("release line changes" in one.en for one in found)
