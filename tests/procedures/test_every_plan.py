"""Every case there is gives a plan that is right, or a refusal with its reason: in one walk over all boundaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product

import pytest

from app.domain.manual import PROCEDURES
from app.domain.planner import Choice, NoProcedure, choose, make_plan
from app.domain.procedure import CommandText
from app.domain.versions import Version
from app.procedures import procedure
from app.procedures.cases import PLATFORMS, VERSIONS, Wanted, made_up, wanted
from tests.procedures.every_plan import faults

SYSTEMS = [system for platform, system, *_ in PLATFORMS if platform == "unix"]
KINDS = [("wsfc", "windows"), ("windows", "windows"), *(("unix", system) for system in SYSTEMS)]
BOTH_SIDES = tuple(
    Version.parse(text)
    for text in (
        *("R12.4", "R12.4.1", "R12.5", "R12.6", "R12.7.9", "R12.8", "R12.10"),
        *("R13.1", "R14.1", "R15.1", "R16.1", "R16.3.1"),
    )
)
LINES = {12: range(1, 11), 13: range(1, 3), 14: range(1, 2), 15: range(1, 5), 16: range(1, 4)}
WHOLE = tuple(
    Version(major, minor, level)
    for major, minors in LINES.items()
    for minor, level in product(minors, range(3))
)


def different(platform: str, system: str, versions: tuple[Version, ...]) -> Iterator[tuple[Wanted, str]]:
    """The cases of one kind of cluster that make different plans, with their procedure; refusals must have their reasons."""
    seen = set()
    for case in wanted(versions):
        if (case.cluster.platform, case.cluster.os) != (platform, system):
            continue
        choice = choose(case.cluster, case.operation, case.to, case.method, case.install)
        if isinstance(choice, NoProcedure):
            assert choice.refused.ja
            assert choice.refused.en
            assert choice.predicates
            assert all(near.why_not.ja and near.why_not.en for near in choice.nearest)
            continue
        assert isinstance(choice, Choice)
        install = case.install if choice.procedure == "1.1.4" else ""
        key = (choice.procedure, case.cluster.version, case.to, case.operation, install)
        if key not in seen:
            seen.add(key)
            yield case, choice.procedure


def require_right(case: Wanted) -> None:
    """The case's plan is without fault, and the same when it is made again."""
    arguments = (procedure, case.cluster, case.operation, case.to, case.method, case.install)
    plan = make_plan(*arguments)
    assert not isinstance(plan, NoProcedure), plan.refused
    assert faults(plan, case) == [], (case.cluster.version, case.to, case.method, case.cluster.arch)


@pytest.mark.parametrize(("platform", "system"), KINDS)
def test_every_case_is_planned_right_or_refused_with_a_reason(platform: str, system: str) -> None:
    versions = BOTH_SIDES if system in ("windows", "linux") else BOTH_SIDES[::2]
    planned: Counter[str] = Counter()
    for case, number in different(platform, system, versions):
        require_right(case)
        planned[number] += 1
    chapter = {"wsfc": "1", "windows": "2", "unix": "3"}[platform]
    assert set(planned) == {number for number in PROCEDURES if number.startswith(chapter)}


@pytest.mark.parametrize(("platform", "system"), KINDS)
def test_the_same_input_has_the_same_digest_and_another_pair_of_versions_another(
    platform: str, system: str
) -> None:
    digests: dict[str, tuple[Version, Version, str, str]] = {}
    for case, _ in different(platform, system, VERSIONS[::5]):
        again = made_up(platform, system, case.cluster.clusterware, case.cluster.arch, case.cluster.version)
        first, second = (
            made.digest
            for made in (
                make_plan(procedure, cluster, case.operation, case.to, case.method, case.install)
                for cluster in (again, again.model_copy(deep=True))
            )
            if not isinstance(made, NoProcedure)
        )
        assert first == second
        told = (case.cluster.version, case.to, case.operation, case.install)
        assert digests.setdefault(first, told) == told, "two cases share a digest"
    assert digests


def test_what_is_wrong_with_a_plan_is_found() -> None:
    case = next(case for case, number in different("unix", "linux", VERSIONS[-3:]) if number == "3.1")
    plan = make_plan(procedure, case.cluster, case.operation, case.to)
    assert not isinstance(plan, NoProcedure)
    (*_, last), *_ = ([step for step in phase.steps if step.manual] for phase in plan.phases[1:])

    def without(changed: str, **changes: object) -> list[str]:
        phases = [
            phase.model_copy(
                update={
                    "steps": tuple(
                        step.model_copy(update=changes) if step.key == changed else step
                        for step in phase.steps
                        if step.key != changed or changes
                    )
                }
            )
            for phase in plan.phases
        ]
        return faults(plan.model_copy(update={"phases": tuple(phases)}), case)

    assert without("nothing", kind="gate") == []
    assert "3.1.2 has the steps" in without(last.key)[0]
    assert without(last.key, applies=not last.applies)
    assert without(last.key, key="3.1.2-4@somewhere")
    assert without(last.key, kind="command", commands=())
    cleared = (CommandText(shell="sh", text="rm -rf /shared/site1/*"),)
    assert without(last.key, kind="command", commands=cleared)


@pytest.mark.space
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("platform", "system"), KINDS)
def test_the_whole_space_of_versions(platform: str, system: str) -> None:
    """Every release line from R12.1 to R16.3 with three levels each, each pair upwards; `make space`."""
    planned: Counter[str] = Counter()
    for case, number in different(platform, system, WHOLE):
        require_right(case)
        planned[number] += 1
    print(f"{platform} {system}: {sum(planned.values())} plans, {dict(sorted(planned.items()))}", flush=True)
    assert planned
