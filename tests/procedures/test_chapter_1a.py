"""Sections 1.1.1 and 1.1.2 (upgrades of WSFC clusters on Intel): every step of the manual and the alternative taken.

The expectations are written from the manual, not from the library's files.
"""

from __future__ import annotations

import pytest

from tests.support.wsfc_upgrades import ON_STANDBYS, PER_SITE, SECTIONS, TAKEN, plan, step

UNREGISTER = (
    r"cd %systemroot%\cluster",
    r"regsvr32 -u /s %systemroot%\cluster\JobCenterClusterEx",
    'cluster /unregext:"JobCenterClusterEx"',
)
UNREGISTER_TYPE = (*UNREGISTER, "cluster restype JobCenterCluster /delete /type")
DELETE_DLLS = (r"cd %systemroot%\cluster", "del /F /Q job*")
DELETE_SOCKET = (r"cd %systemroot%\system32", "del /F /Q nec*", "rd /S /Q necjclog")
DELETE_SETUP = (r"cd %systemroot%\system32", "rd /S /Q necjcunsetup")


def expected_keys(name: str) -> list[str]:
    """The keys of one section for nodes a (active), b and c and for both sites."""
    standby = name.rstrip("ab") in ("1.1.1.1", "1.1.2.1")
    keys = []
    for node in ("node-b", "node-c") if standby else ("node-a",):
        for number in map(int, SECTIONS[name].split()):
            places = ["node-b", "node-c"] if number in ON_STANDBYS.get(name, ()) else [node]
            sites = ["/site1", "/site2"] if number in PER_SITE.get(name, ()) else [""]
            keys += [f"{name}-{number}@{place}{site}" for place in places for site in sites]
    return keys


@pytest.mark.parametrize("version", TAKEN)
def test_each_step_of_the_manual_stands_once_per_node_and_site_in_order(version: str) -> None:
    made = plan(version)
    expected = [key for name in TAKEN[version] for key in expected_keys(name)]
    assert [one.key for one in made.steps if one.manual] == expected


@pytest.mark.parametrize(
    ("version", "variant"), [("R12.4", "<=R12.4"), ("R12.4.1", ">=R12.4.1"), ("R12.8", None)]
)
def test_the_phases_name_their_variant(version: str, variant: str | None) -> None:
    made = plan(version)
    assert {phase.variant for phase in made.phases} == {variant}
    assert [phase.role for phase in made.phases] == ["standby", "standby", "active"]
    assert {one.manual.variant for one in made.steps if one.manual} == {variant}


BRANCHES = [
    # version before, after, step, the alternative taken
    ("R12.8", "R16.3", "1.1.1.2-7@node-a/site1", "<=R12.10"),
    ("R12.9", "R12.10", "1.1.1.2-7@node-a/site2", "<=R12.10"),
    ("R12.10", "R16.3", "1.1.1.2-7@node-a/site1", "<=R12.10"),
    ("R13.1", "R16.3", "1.1.1.2-7@node-a/site1", ">=R13.1"),
    ("R16.2", "R16.3", "1.1.1.2-7@node-a/site1", ">=R13.1"),
    ("R12.4", "R12.7", "1.1.2.2a-13@node-a/site1", "<=R12.7"),
    ("R12.4", "R12.7.9", "1.1.2.2a-13@node-a/site1", "<=R12.7"),
    ("R12.4", "R12.8", "1.1.2.2a-13@node-a/site1", ">=R12.8"),
    ("R12.5", "R12.7", "1.1.2.2b-8@node-a/site2", "<=R12.7"),
    ("R12.5", "R12.8", "1.1.2.2b-8@node-a/site2", ">=R12.8"),
    ("R12.4", "R12.7", "1.1.2.1a-12@node-b", "<=R12.7"),
    ("R12.4", "R12.8", "1.1.2.1a-12@node-b", ">=R12.8"),
    ("R12.4", "R12.7", "1.1.2.1a-14@node-c", "<=R12.7"),
    ("R12.4", "R16.3", "1.1.2.1a-14@node-c", ">=R12.8"),
    ("R12.4", "R12.7", "1.1.2.2a-14@node-a", "<=R12.7"),
    ("R12.4", "R16.3", "1.1.2.2a-19@node-a", ">=R12.8"),
    ("R12.4.1", "R12.7", "1.1.2.1b-6+2@node-b", "<=R12.7"),
    ("R12.4.1", "R16.3", "1.1.2.2b-11+2@node-a", ">=R12.8"),
    ("R12.4", "R16.3", "1.1.2.1a-1@node-b", None),
    ("R12.7", "R16.3", "1.1.2.2b-1@node-a", None),
]


@pytest.mark.parametrize(("version", "to", "key", "branch"), BRANCHES)
def test_the_alternative_is_that_of_the_version_at_that_moment(
    version: str, to: str, key: str, branch: str | None
) -> None:
    assert step(plan(version, to), key).branch == branch


@pytest.mark.parametrize(("version", "key"), [("R12.4", "1.1.2.1a-1@node-b"), ("R12.7", "1.1.2.2b-1@node-a")])
def test_up_to_r12_7_the_local_site_is_stopped_in_a_window_and_from_r12_8_by_its_service(
    version: str, key: str
) -> None:
    assert step(plan(version), key).kind == "manual"
    assert "JobCenter" in step(plan("R12.8"), "1.1.1.1-1@node-b").commands[0].text
    assert step(plan("R12.4", "R12.8"), "1.1.2.2a-14@node-a").kind == "command"
    assert step(plan("R12.4", "R12.7"), "1.1.2.2a-14@node-a").kind == "manual"


LOCAL_SITE = [
    # version, step, applies where the local sites are used, and where they are not
    ("R12.9", "1.1.1.1-1@node-b", True, True),
    ("R12.9", "1.1.1.1-3@node-b", False, True),
    ("R12.9", "1.1.1.1-3+1@node-b", True, False),
    ("R12.9", "1.1.1.2-1@node-a", True, True),
    ("R12.9", "1.1.1.2-10@node-a", False, True),
    ("R12.9", "1.1.1.2-10+1@node-a", True, False),
    ("R12.4", "1.1.2.1a-1@node-b", True, True),
    ("R12.4", "1.1.2.1a-12@node-b", True, True),
    ("R12.4", "1.1.2.1a-14@node-b", True, False),
    ("R12.4", "1.1.2.2a-14@node-a", True, True),
    ("R12.4", "1.1.2.2a-19@node-a", True, False),
    ("R12.6", "1.1.2.1b-6+1@node-b", False, True),
    ("R12.6", "1.1.2.1b-6+2@node-b", True, False),
    ("R12.6", "1.1.2.2b-11+1@node-a", False, True),
    ("R12.6", "1.1.2.2b-11+2@node-a", True, False),
]


@pytest.mark.parametrize(("version", "key", "used", "unused"), LOCAL_SITE)
def test_the_local_site_ends_as_the_cluster_file_wants_it(
    version: str, key: str, used: bool, unused: bool
) -> None:
    for wanted, applies in (("used", used), ("unused", unused)):
        found = step(plan(version, local_site=wanted), key)
        assert found.applies is applies
        assert (found.reason is None) is applies


@pytest.mark.parametrize("clwin", [True, False])
def test_cl_win_is_taken_off_and_put_on_again_only_where_it_is_installed(clwin: bool) -> None:
    made = plan("R12.4", clwin=clwin)
    for key in ("1.1.2.1a-5+1@node-b", "1.1.2.1a-8+1@node-b", "1.1.2.2a-8+1@node-a", "1.1.2.2a-11+1@node-a"):
        assert step(made, key).applies is clwin
    told = step(made, "1.1.2.1a-0+5@node-b")
    assert [check.present for check in told.checks] == [("clwin:installed",) if clwin else ("clwin:absent",)]


COMMANDS = [
    ("R12.4", "1.1.2.1a-4@node-b", UNREGISTER),
    ("R12.4", "1.1.2.1a-6@node-b", DELETE_DLLS),
    ("R12.4", "1.1.2.1a-7@node-b", DELETE_SOCKET),
    ("R12.4", "1.1.2.1a-8@node-b", DELETE_SETUP),
    ("R12.4", "1.1.2.2a-7@node-a", UNREGISTER_TYPE),
    ("R12.4", "1.1.2.2a-9@node-a", DELETE_DLLS),
    ("R12.4", "1.1.2.2a-10@node-a", DELETE_SOCKET),  # A1
    ("R12.4", "1.1.2.2a-11@node-a", DELETE_SETUP),  # A2
    ("R12.4", "1.1.2.2a-13@node-a/site1", ("cjcmksite",)),  # A3
    ("R12.4.1", "1.1.2.1b-3@node-b", UNREGISTER),
    ("R12.4.1", "1.1.2.2b-6@node-a", UNREGISTER_TYPE),
    ("R12.4.1", "1.1.2.2b-8@node-a/site1", ("cjcmksite",)),  # A4
]


@pytest.mark.parametrize(("version", "key", "commands"), COMMANDS)
def test_the_commands_of_the_manual_are_shown_with_their_spelling_mended(
    version: str, key: str, commands: tuple[str, ...]
) -> None:
    assert step(plan(version), key).manual_commands == commands


def test_no_other_step_claims_a_command_of_the_manual() -> None:
    listed = {key.split("@")[0] for _version, key, _commands in COMMANDS}
    made = [one for version in TAKEN for one in plan(version).steps]
    assert {one.key.split("@")[0] for one in made if one.manual_commands} == listed
