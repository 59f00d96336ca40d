"""Which procedure applies: the rules of the plan contract as a table, and totality over everything else."""

from __future__ import annotations

import itertools
from typing import Any, get_args

import pytest

from app.domain.choosing import RULES, why_not
from app.domain.cluster import Arch, Cluster
from app.domain.planner import Choice, NoProcedure, choose
from app.domain.predicates import Case, Method, Operation
from app.domain.versions import Version
from tests.domain.examples import WINDOWS, WSFC, cluster, three_nodes, two_sites

UNIX: dict[str, Any] = {}

# platform, arch, from, operation, to, method -> procedure and how, or None
TABLE = [
    (WSFC, "x64", "R12.8", "upgrade", "R16.3", "auto", "1.1.1 standard"),
    (WSFC, "x86", "R13.0", "upgrade", "R16.3", "auto", "1.1.1 standard"),
    (WSFC, "x64", "R12.10", "upgrade", "R13.1", "auto", "1.1.1 standard"),
    (WSFC, "x64", "R12.10", "upgrade", "R13.1", "rolling", None),
    (WSFC, "x64", "R13.1", "upgrade", "R16.3", "auto", "1.3 rolling"),
    (WSFC, "x64", "R13.1", "upgrade", "R16.3", "standard", "1.1.1 standard"),
    (WSFC, "x64", "R12.7.9", "upgrade", "R16.3", "auto", "1.1.2 standard"),
    (WSFC, "x64", "R12.4", "upgrade", "R12.7", "standard", "1.1.2 standard"),
    (WSFC, "x64", "R12.7", "upgrade", "R16.3", "rolling", None),
    (WSFC, "ipf32", "R12.6", "upgrade", "R13.2", "auto", "1.1.3 standard"),
    (WSFC, "ipf", "R12.6", "upgrade", "R13.2", "auto", "1.1.4 standard"),
    (WSFC, "ipf", "R13.1", "upgrade", "R13.2", "rolling", None),
    (WSFC, "ipf", "R12.8", "patch", "R12.8.1", "auto", None),
    (WSFC, "ipf32", "R12.6", "patch", "R12.6.1", "auto", None),
    (WSFC, "x64", "R12.8", "patch", "R12.8.1", "auto", "1.3 rolling"),
    (WSFC, "x64", "R12.10", "patch", "R12.10.1", "standard", "1.3 rolling"),
    (WSFC, "x64", "R12.7", "patch", "R12.7.1", "auto", "1.2.2 standard"),
    (WSFC, "x86", "R12.7.1", "patch", "R12.7.2", "standard", "1.2.2 standard"),
    (WSFC, "x64", "R12.7", "patch", "R12.7.1", "rolling", None),
    (WINDOWS, "x64", "R12.6", "upgrade", "R16.3", "auto", "2.1 standard"),
    (WINDOWS, "x64", "R13.1", "upgrade", "R16.3", "rolling", None),
    (WINDOWS, "x64", "R12.8", "patch", "R12.8.1", "auto", "2.3 rolling"),
    (WINDOWS, "x64", "R12.8", "patch", "R12.8.1", "standard", "2.2 standard"),
    (WINDOWS, "x64", "R12.7", "patch", "R12.7.1", "auto", "2.2 standard"),
    (WINDOWS, "x64", "R12.7", "patch", "R12.7.1", "rolling", None),
    (UNIX, "x64", "R15.3", "upgrade", "R16.3", "auto", "3.1 standard"),
    (UNIX, "x64", "R15.3", "upgrade", "R16.3", "rolling", None),
    (UNIX, "x64", "R16.3", "patch", "R16.3.1", "auto", "3.3 rolling"),
    (UNIX, "x64", "R16.3", "patch", "R16.3.1", "rolling", "3.3 rolling"),
    (UNIX, "x64", "R16.3", "patch", "R16.3.1", "standard", "3.2 standard"),
    (UNIX, "x64", "R12.4", "patch", "R12.4.1", "rolling", "3.3 rolling"),
    (UNIX, "ipf32", "R12.6", "patch", "R12.6.1", "auto", None),
    (UNIX, "x64", "R16.3", "patch", "R16.3", "auto", None),
    (UNIX, "x64", "R16.3", "upgrade", "R15.3", "auto", None),
]


def decide(given: Cluster, operation: str, to: str, method: str = "auto") -> Choice | NoProcedure:
    return choose(given, operation, Version.parse(to), method)  # type: ignore[arg-type]


@pytest.mark.parametrize(("platform", "arch", "source", "operation", "to", "method", "expected"), TABLE)
def test_the_procedure_follows_the_contract(
    platform: dict[str, Any],
    arch: str,
    source: str,
    operation: str,
    to: str,
    method: str,
    expected: str | None,
) -> None:
    found = decide(cluster(**platform, arch=arch, version=source), operation, to, method)
    if expected is None:
        assert isinstance(found, NoProcedure)
        assert found.refused.ja
        assert found.nearest
        assert all(near.why_not.ja and near.why_not.en for near in found.nearest)
    else:
        assert isinstance(found, Choice), found
        assert f"{found.procedure} {found.method}" == expected
        assert found.why


def test_every_case_has_an_answer_with_reasons() -> None:
    versions = ["R12.4", "R12.7.9", "R12.8", "R12.10", "R13.1", "R16.3"]
    kinds = itertools.product(
        (WSFC, WINDOWS, UNIX), get_args(Arch), versions, get_args(Operation), get_args(Method)
    )
    seen = set()
    for platform, arch, source, operation, method in kinds:
        found = decide(cluster(**platform, arch=arch, version=source), operation, "R16.4", method)
        seen.add(found.procedure if isinstance(found, Choice) else None)
        assert isinstance(found, Choice) or (found.refused.en and found.predicates)
    assert seen == {
        "1.1.1",
        "1.1.2",
        "1.1.3",
        "1.1.4",
        "1.2.2",
        "1.3",
        "2.1",
        "2.2",
        "2.3",
        "3.1",
        "3.2",
        "3.3",
        None,
    }


# arch, from, to, method -> the nearest procedures in order
ON_ITANIUM = [
    ("ipf", "R12.8", "R12.8.1", "auto", ["1.3", "1.2.2"]),
    ("ipf", "R16.3", "R16.3.1", "rolling", ["1.3", "1.2.2"]),
    ("ipf", "R12.5", "R12.5.1", "auto", ["1.2.2", "1.3"]),
    ("ipf32", "R12.6", "R12.6.1", "standard", ["1.2.2", "1.3"]),
]


@pytest.mark.parametrize(("arch", "source", "to", "method", "nearest"), ON_ITANIUM)
def test_a_patch_on_itanium_is_refused_for_itanium_first(
    arch: str, source: str, to: str, method: str, nearest: list[str]
) -> None:
    found = decide(cluster(**WSFC, arch=arch, version=source), "patch", to, method)
    assert isinstance(found, NoProcedure)
    assert found.predicates[0] == "arch in x86, x64"
    assert f"no patch procedure for IPF ({arch})" in found.refused.en
    assert f"IPF（{arch}）のパッチ適用手順がありません" in found.refused.ja
    assert [near.procedure for near in found.nearest][:2] == nearest
    assert found.nearest[0].why_not.en in found.refused.en


def test_a_procedure_for_another_platform_says_which_it_is_for() -> None:
    against = {
        near.procedure: near.why_not for near in why_not(Case(cluster(), "patch", Version.parse("R16.3.1")))
    }
    assert len({against[number].en for number in ("1.3", "2.1")}) == 2
    for number in ("1.3", "2.1"):
        assert against[number].en.endswith("this is a UNIX cluster.")
        assert against[number].ja.startswith("この手順の対象は「")


def test_the_reason_names_the_boundary() -> None:
    found = decide(cluster(**WSFC, version="R12.6"), "upgrade", "R13.2")
    assert isinstance(found, Choice)
    assert "from <= R12.7" in [why.predicate for why in found.why]


def test_standard_mode_and_mutual_standby_are_refused_with_the_reason() -> None:
    standard = decide(cluster(mode="standard"), "patch", "R16.3.1")
    assert isinstance(standard, NoProcedure)
    assert standard.predicates == ("mode = classic",)
    sites = [*two_sites().model_dump(mode="json")["sites"]]
    sites[1]["active"] = "node-b"
    mutual = decide(cluster(sites=sites), "patch", "R16.3.1")
    assert isinstance(mutual, NoProcedure)
    assert "site2" in mutual.refused.ja


def test_without_a_standby_that_takes_every_site_nothing_can_roll() -> None:
    sites = [
        {"name": "site1", "database": "/s/1", "group": "g1", "nodes": ["node-a", "node-b"]},
        {"name": "site2", "database": "/s/2", "group": "g2", "nodes": ["node-a", "node-c"]},
    ]
    found = decide(three_nodes(sites=sites), "patch", "R16.3.1", method="rolling")
    assert isinstance(found, NoProcedure)
    assert found.predicates == ("one standby takes all sites",)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: " ".join(map(str, row[1:])))
def test_every_other_procedure_has_a_reason_against_it(row: tuple[Any, ...]) -> None:
    platform, arch, source, operation, to, method, expected = row
    case = Case(cluster(**platform, arch=arch, version=source), operation, Version.parse(to), method)

    found = {near.procedure: near.why_not for near in why_not(case)}

    every = {rule.procedure for rule in RULES}
    assert found.keys() == every - ({expected.split()[0]} if expected else set())
    assert all(text.ja and text.en for text in found.values())


def test_a_standard_procedure_that_would_do_says_that_rolling_is_preferred() -> None:
    case = Case(cluster(version="R16.3"), "patch", Version.parse("R16.3.1"))
    (reason,) = [near.why_not for near in why_not(case) if near.procedure == "3.2"]
    assert "the rolling procedure is preferred" in reason.en
