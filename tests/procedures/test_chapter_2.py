"""Chapter 2, Windows clusters other than WSFC: every step at its place, for versions on both sides of each boundary."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from app.domain.checks import judge
from app.domain.manual import STEPS
from app.domain.versions import Version
from app.procedures import SECTIONS, section
from tests.procedures.windows_plans import LARGE, SMALL, WAYS, Way, keys, plan

# How often each step of the manual stands in the plan: once for the phase's node unless told otherwise.
REPEATED = {
    "2.1.2": {2: "standbys", 3: "groups", 4: "sites", 6: "sites", 7: "standbys", 8: "groups"},
    "2.2.3": {3: "standbys", 4: "groups", 7: "sites", 8: "sites", 9: "standbys", 10: "groups"},
    "2.3.2": {0: "groups"},
    "2.3.4": {0: "groups"},
}
SIZES = [(SMALL, {"standbys": 1, "groups": 1, "sites": 1}), (LARGE, {"standbys": 2, "groups": 2, "sites": 3})]


@pytest.mark.parametrize("local_site", ["used", "unused"])
@pytest.mark.parametrize(("described", "size"), SIZES, ids=["small", "large"])
@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_every_step_of_the_manual_stands_there_once_per_node_and_site(
    way: Way, described: dict[str, Any], size: dict[str, int], local_site: str
) -> None:
    made = plan(way, local_site=local_site, **described)
    found = Counter((one.manual.section, one.manual.step or 0) for one in made.steps if one.manual)
    expected = {}
    for name in SECTIONS[way[0]]:
        phases = size["standbys"] if section(name).role == "standby" else 1
        for number in range(1, STEPS[name] + 1) if STEPS[name] else (0,):
            expected[name, number] = (
                size[REPEATED[name][number]] if number in REPEATED.get(name, {}) else phases
            )
    if way[0] == "2.2":
        expected["2.2.3", 5] = size["sites"]
        disks = [one for one in made.steps if one.key.startswith("2.2.3-5+1@")]
        assert len(disks) == size["groups"], "the disk is seen once for each group"
    assert found == expected


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_the_steps_come_in_the_manuals_order(way: Way) -> None:
    for phase in plan(way, **LARGE).phases:
        numbers = [one.manual.step or 0 for one in phase.steps if one.manual]
        assert numbers == sorted(numbers)


EARLY, LATE = "<=R12.7", ">=R12.8"

# procedure, installed, target, method -> the branch of each step that the manual splits
BRANCHES = [
    (
        ("2.1", "R12.6", "R12.7", "auto"),
        {"2.1.1-1": EARLY, "2.1.1-5": EARLY, "2.1.2-1": EARLY, "2.1.2-6": EARLY, "2.1.2-9": EARLY},
    ),
    (
        ("2.1", "R12.7.3", "R12.8", "auto"),
        {"2.1.1-1": EARLY, "2.1.1-5": LATE, "2.1.2-1": EARLY, "2.1.2-6": LATE, "2.1.2-9": LATE},
    ),
    (
        ("2.1", "R12.8", "R12.10", "auto"),
        {"2.1.1-1": LATE, "2.1.1-5": LATE, "2.1.2-1": LATE, "2.1.2-6": LATE, "2.1.2-9": LATE},
    ),
    (
        ("2.2", "R12.7", "R12.7.1", "auto"),
        {"2.2.2-2": EARLY, "2.2.2-4": EARLY, "2.2.3-2": EARLY, "2.2.3-7": EARLY, "2.2.3-11": EARLY},
    ),
    (
        ("2.2", "R12.7.1", "R12.8", "standard"),
        {"2.2.2-2": EARLY, "2.2.2-4": LATE, "2.2.3-2": EARLY, "2.2.3-7": LATE, "2.2.3-11": LATE},
    ),
    (
        ("2.2", "R12.8", "R12.8.1", "standard"),
        {"2.2.2-2": LATE, "2.2.2-4": LATE, "2.2.3-2": LATE, "2.2.3-7": LATE, "2.2.3-11": LATE},
    ),
    (("2.3", "R12.8", "R12.8.1", "auto"), {}),
]


@pytest.mark.parametrize(
    ("way", "expected"), BRANCHES, ids=lambda value: "-".join(value) if value else "none"
)
def test_an_alternative_is_that_of_the_version_at_that_moment(way: Way, expected: dict[str, str]) -> None:
    taken = {
        one.key.partition("@")[0]: one.branch
        for one in plan(way).steps
        if one.manual and one.branch is not None
    }
    assert taken == expected


# procedure, installed, target, method, local_site -> the steps of the manual that do not apply
NOT_APPLIED = [
    (("2.1", "R12.6", "R12.7", "auto"), "used", set()),
    (("2.1", "R12.6", "R12.7", "auto"), "unused", {"2.1.1-5", "2.1.2-9"}),
    (("2.1", "R12.9", "R16.3", "auto"), "used", set()),
    (("2.1", "R12.9", "R16.3", "auto"), "unused", {"2.1.1-5", "2.1.2-9"}),
    (("2.2", "R12.7", "R12.7.1", "auto"), "used", {"2.2.2-4", "2.2.3-11"}),
    (("2.2", "R12.7", "R12.7.1", "auto"), "unused", set()),
    (("2.2", "R12.8", "R12.8.1", "standard"), "used", set()),
    (("2.2", "R12.8", "R12.8.1", "standard"), "unused", {"2.2.2-4", "2.2.3-11"}),
    (("2.3", "R16.3", "R16.3.1", "auto"), "used", set()),
    (("2.3", "R16.3", "R16.3.1", "auto"), "unused", {"2.3.1-4", "2.3.3-4"}),
]


@pytest.mark.parametrize(("way", "local_site", "expected"), NOT_APPLIED)
def test_a_step_that_does_not_apply_is_listed_with_its_reason(
    way: Way, local_site: str, expected: set[str]
) -> None:
    made = plan(way, local_site=local_site)
    without = [one for one in made.steps if one.manual and not one.applies]
    assert {one.key.partition("@")[0] for one in without} == expected
    assert all(one.reason and one.reason.ja and one.reason.en for one in without)


@pytest.mark.parametrize("local_site", ["used", "unused"])
@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_the_local_site_of_every_node_is_brought_to_what_the_cluster_wants(way: Way, local_site: str) -> None:
    """What the manual says for one of used and unused, an added step does for the other: nothing is assumed (C5)."""
    made = plan(way, local_site=local_site, **LARGE)
    last = {"2.1": ("2.1.1-5", "2.1.2-9"), "2.2": ("2.2.2-4", "2.2.3-11"), "2.3": ("2.3.1-4", "2.3.3-4")}[
        way[0]
    ]
    for standing in ("node-a", "node-b", "node-c"):
        keys = [f"{start}{added}@{standing}" for start in last for added in ("", "+1")]
        both = [one for one in made.steps if one.key in keys]
        assert len(both) == 2
        (done,) = [one for one in both if one.applies]
        assert "C5" in done.errata
        asked = {check.probe: check.present for check in done.checks}
        if Version.parse(way[2]).line >= (12, 8):
            assert asked["service"] == ("JobCenter:running" if local_site == "used" else "JobCenter:stopped",)
        elif standing == "node-a":
            assert asked == {}, "the cluster sites listen on that port too"
        else:
            assert asked == {"port": ("listening" if local_site == "used" else "closed",)}


ROLLING = """
2.3.1-0+1 2.3.1-0+2@node-a 2.3.1-0+3@node-a 2.3.1-0+3@node-b 2.3.1-0+4
2.3.1-1@node-b 2.3.1-1+1@node-b 2.3.1-2@node-b 2.3.1-3@node-b 2.3.1-3+1@node-b 2.3.1-4@node-b 2.3.1-4+1@node-b
2.3.1-4+2@node-b
2.3.2-0+1 2.3.2-0@node-b/site1 2.3.2-0+2@node-b/site1 2.3.2-0+3
2.3.3-1@node-a 2.3.3-1+1@node-a 2.3.3-2@node-a 2.3.3-3@node-a 2.3.3-3+1@node-a 2.3.3-4@node-a 2.3.3-4+1@node-a
2.3.3-4+2@node-a
2.3.4-0+1 2.3.4-0@node-a/site1 2.3.4-0+2@node-a/site1 2.3.4-0+3@node-a 2.3.4-0+4
"""


ACTIVE = """
2.2.3-0+1 2.2.3-1@node-a 2.2.3-2@node-a 2.2.3-3@node-b 2.2.3-3@node-c 2.2.3-4@node-a/site1 2.2.3-4@node-a/site3
2.2.3-5@node-a/site1 2.2.3-5@node-a/site2 2.2.3-5@node-a/site3
2.2.3-5+1@node-a/site1 2.2.3-5+1@node-a/site3
2.2.3-6@node-a 2.2.3-6+1@node-a 2.2.3-7@node-a/site1 2.2.3-7@node-a/site2 2.2.3-7@node-a/site3
2.2.3-7+1@node-a/site1 2.2.3-7+1@node-a/site3 2.2.3-8@node-a/site1 2.2.3-8@node-a/site2 2.2.3-8@node-a/site3
2.2.3-8+1@node-a/site1 2.2.3-8+1@node-a/site3
2.2.3-9@node-b 2.2.3-9@node-c 2.2.3-10@node-a/site1 2.2.3-10@node-a/site3
2.2.3-10+1@node-a/site1 2.2.3-10+1@node-a/site2 2.2.3-10+1@node-a/site3
2.2.3-11@node-a 2.2.3-11+1@node-a 2.2.3-11+2@node-a 2.2.3-11+3
"""


def test_the_keys_of_a_rolling_patch() -> None:
    assert keys(plan(("2.3", "R16.3", "R16.3.1", "auto"))) == ROLLING.split()


def test_the_keys_of_the_active_node_with_two_standbys_and_three_sites() -> None:
    made = plan(("2.2", "R16.3", "R16.3.1", "standard"), **LARGE)
    assert [key for key in keys(made) if key.startswith("2.2.3")] == ACTIVE.split()


SET = ("set NQS_SITE", "set NQS_SITE=", "set NQS_SITE")
MANUAL_COMMANDS = {
    "2.1.2-6": ("cjcmksite",), "2.2.3-7": ("cjcmksite",),
    "2.2.2-1": SET, "2.2.3-1": SET, "2.3.1-1": SET, "2.3.3-1": SET,
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_the_manuals_own_commands_are_shown_as_they_should_be_spelled(way: Way) -> None:
    found = {one.key.partition("@")[0]: one.manual_commands for one in plan(way).steps if one.manual_commands}
    assert found == {key: told for key, told in MANUAL_COMMANDS.items() if key.startswith(way[0])}


STARTS = {"2.1": "2.1.2-6+1", "2.2": "2.2.3-8"}
ON_THE_WAY = frozenset({"node-a:online", "g_jc:partial@node-a", "g_jc3:partial@node-a"})
WHOLE = frozenset({"node-a:online", "g_jc:started@node-a", "g_jc3:started@node-a"})


@pytest.mark.parametrize("way", [way for way in WAYS if way[0] in STARTS], ids="-".join)
def test_a_group_that_is_partly_online_is_not_started_with_its_last_site(way: Way) -> None:
    """Before it another site of the group may still be down: that one alone may be what is missing."""
    made = {one.key: one for one in plan(way, **LARGE, clusterware="clusterpro").steps}
    for site, last in (("site1", False), ("site2", True), ("site3", True)):
        [check] = [one for one in made[f"{STARTS[way[0]]}@node-a/{site}"].checks if one.probe == "cluster"]
        assert judge(ON_THE_WAY, check).result == ("fail" if last else "pass"), site
        assert judge(WHOLE, check).result == "pass"
