"""Chapter 2, Windows clusters other than WSFC: what the errata add and change, and that nothing unsafe is run."""

from __future__ import annotations

import re

import pytest

from app.domain.choosing import NoProcedure
from app.domain.planner import make_plan
from app.domain.versions import Version
from app.procedures import SECTIONS, procedure, section
from tests.domain.examples import WINDOWS, cluster
from tests.procedures.windows_plans import LARGE, OPERATION, SMALL, WAYS, Way, keys, plan, step

ERRATA = {
    "2.1.1-1": "B17", "2.1.1-2": "C11", "2.1.1-4": "C11", "2.1.2-1": "D13", "2.1.2-6": "C14", "2.1.2-6+1": "B3",
    "2.1.1-0+4": "B10", "2.1.1-0+5": "B18", "2.1.1-3+1": "B11",
    "2.2.1-0": "C4", "2.2.2-1": "E3", "2.2.2-1+1": "B8", "2.2.2-4+2": "B8", "2.2.3-4": "C1", "2.2.3-5": "C1", "2.2.3-5+1": "C1",
    "2.2.3-7": "A4", "2.2.3-7+1": "B2", "2.2.3-8+1": "B2", "2.2.2-4": "C5", "2.2.3-11": "D1",
    "2.3.1-0+1": "B10", "2.3.1-1+1": "B8", "2.3.1-4+2": "B8", "2.3.3-1+1": "B8", "2.3.3-2": "B17", "2.3.3-3": "C15",
}  # fmt: skip


MORE = {"2.1.2-4": "B3", "2.2.3-5": "B2", "2.2.3-7": "C1"}


def test_a_step_names_the_errata_that_changed_or_added_it() -> None:
    ways = (WAYS[5], WAYS[10], WAYS[13])
    named = {one.key.partition("@")[0]: one.errata for way in ways for one in plan(way).steps}
    assert {key: erratum for key, erratum in ERRATA.items() if erratum not in named[key]} == {}
    assert {key: erratum for key, erratum in MORE.items() if erratum not in named[key]} == {}


@pytest.mark.parametrize(
    ("way", "keys_of_it"),
    [
        (("2.1", "R12.9", "R16.3", "auto"), ("2.1.2-1@node-a", "2.1.2-9+1@node-a")),
        (("2.2", "R16.3", "R16.3.1", "standard"), ("2.2.3-2@node-a", "2.2.3-11+1@node-a")),
    ],
)
def test_a_service_stopped_beside_the_sites_must_leave_them_running(
    way: Way, keys_of_it: tuple[str, ...]
) -> None:
    for key in keys_of_it:
        one = step(plan(way, local_site="unused"), key)
        assert [(check.probe, check.present) for check in one.checks] == [
            ("service", ("JobCenter:stopped",)),
            ("cluster", ("g_jc:started@node-a",)),
        ]
        assert "start the service again" in one.instructions.en


@pytest.mark.parametrize(("way", "key"), [(WAYS[5], "2.1.2-6+1"), (WAYS[10], "2.2.3-8")])
def test_the_start_of_a_site_is_seen_in_the_cluster(way: Way, key: str) -> None:
    one = step(plan(way, clusterware="clusterpro"), f"{key}@node-a/site1")
    assert ("g_jc:failed", "g_jc:stopped") in [check.absent for check in one.checks]


@pytest.mark.parametrize(
    ("way", "key"), [(WAYS[1], "2.1.1-1"), (WAYS[6], "2.2.2-2"), (WAYS[1], "2.1.2-1"), (WAYS[6], "2.2.3-2")]
)
def test_up_to_r12_7_a_stopped_local_site_is_seen_by_its_port_where_no_cluster_site_listens(
    way: Way, key: str
) -> None:
    standby = key in ("2.1.1-1", "2.2.2-2")
    one = step(plan(way), f"{key}@{'node-b' if standby else 'node-a'}")
    assert [(check.probe, check.present) for check in one.checks] == [("port", ("closed",))] * standby
    assert ("The console cannot verify it" in one.instructions.en) is not standby


@pytest.mark.parametrize(
    ("way", "work", "again"),
    [
        (("2.2", "R16.3", "R16.3.1", "standard"), "2.2.2", "2.2.3"),
        (("2.3", "R16.3", "R16.3.1", "auto"), "2.3.1", "2.3.2"),
    ],
)
def test_a_standby_is_paused_while_it_is_worked_on_and_ready_before_the_next_phase(
    way: Way, work: str, again: str
) -> None:
    order = keys(plan(way, **LARGE))
    for node in ("node-b", "node-c"):
        paused, stopped, resumed = (order.index(f"{work}-{place}@{node}") for place in ("1+1", "2", "4+2"))
        assert paused < stopped < resumed < next(i for i, key in enumerate(order) if key.startswith(again))


def test_a_node_is_not_resumed_before_it_has_the_new_version() -> None:
    for way in (WAYS[5], WAYS[10], WAYS[13]):
        for one in plan(way).steps:
            if one.title.en.startswith("End the pause"):
                assert [check.present for check in one.interlocks] == [(f"version:{way[2]}",)]


def test_the_disk_stays_and_the_group_is_up_before_the_site_starts_again() -> None:
    """Step 5 of 2.2.3 would take away the disk that its steps 4 and 7 need (C1); its group would stay down (B2)."""
    made = plan(("2.2", "R16.3", "R16.3.1", "standard"))
    order = keys(made)
    for key in ("2.2.3-4@node-a/site1", "2.2.3-5@node-a/site1", "2.2.3-5+1@node-a/site1"):
        disk = next(check for check in step(made, key).checks if check.probe == "database")
        assert (disk.present, disk.absent) == (("present",), ())
    assert step(made, "2.2.3-5+1@node-a/site1").kind == "check"
    wanted = [f"2.2.3-{number}@node-a/site1" for number in ("7", "7+1", "8", "8+1")]
    assert [key for key in order if key in wanted] == wanted
    assert "stop_group" not in {one.verb for name in SECTIONS["2.2"] for one in section(name).steps}
    assert "start_group" in {one.verb for one in section("2.2.3").steps}


def test_a_step_of_a_person_is_proved_by_the_cluster_where_it_can_be_read() -> None:
    """CLUSTERPRO has no fact "unmanaged" and no verb for the pause: what is asked must hold there too."""
    verbs = ("pause", "resume", "stop_monitoring", "resume_monitoring", "offline", "start_group")
    for name in (name for number in OPERATION for name in SECTIONS[number]):
        for one in section(name).steps:
            if one.verb in verbs:
                assert "cluster" in [check.probe for check in one.checks], (name, one.step)
            for check in (*one.checks, *one.interlocks):
                assert "[[unmanaged]]" not in check.present


@pytest.mark.parametrize(
    ("way", "erratum", "gone"),
    [
        (WAYS[10], "B8", {"2.2.2-1+1@node-b", "2.2.2-4+2@node-b"}),
        (WAYS[13], "B8", {"2.3.1-1+1@node-b", "2.3.1-4+2@node-b", "2.3.3-1+1@node-a", "2.3.3-4+2@node-a"}),
    ],
)
def test_the_manuals_literal_order_leaves_out_what_was_added(way: Way, erratum: str, gone: set[str]) -> None:
    assert set(keys(plan(way))) - set(keys(plan(way, literal=erratum))) == gone


UNSAFE = re.compile(
    r"\b(del|rd|rmdir|erase|cd|taskkill|kill|clpdown|clpstdn|shutdown|Stop-Process|Restart-Computer|Stop-Computer)\b"
    r"|\*|Remove-Item (?!-Path Env:NQS_SITE )|clpgrp -[stm]\s*$",
    re.IGNORECASE | re.MULTILINE,
)


@pytest.mark.parametrize("local_site", ["used", "unused"])
@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_no_command_is_unsafe(way: Way, local_site: str) -> None:
    for one in plan(way, local_site=local_site, **LARGE).steps:
        for command in one.commands:
            assert not UNSAFE.search(command.text), (one.key, command.text)
            if "Service" in command.text:
                assert "Env:NQS_SITE" in command.text or one.title.en.startswith(
                    ("Stop the cluster", "Start the cluster")
                )


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_every_destructive_step_tells_the_way_back(way: Way) -> None:
    for one in plan(way).steps:
        if one.destructive:
            assert "To take it back: " in one.instructions.en, one.key
            assert "戻すには: " in one.instructions.ja, one.key


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_after_every_installation_the_version_is_read(way: Way) -> None:
    made = plan(way, **LARGE)
    name = {"2.1": ("2.1.1-3", "2.1.2-5"), "2.2": ("2.2.2-3", "2.2.3-6"), "2.3": ("2.3.1-3", "2.3.3-3")}[
        way[0]
    ]
    installed = [f"{name[0]}@node-b", f"{name[0]}@node-c", f"{name[1]}@node-a"]
    for key in installed:
        number, node = key.split("@")
        for one in (step(made, key), step(made, f"{number}+1@{node}")):
            assert [check.present for check in one.checks if check.probe == "versions"] == [
                (f"version:{way[2]}",)
            ]
        assert step(made, key).kind == "manual"
        assert "release memo" in step(made, key).instructions.en


def test_a_gate_stands_before_the_service_stops_or_moves() -> None:
    for way, stop, gate in (
        (WAYS[5], "2.1.2-4@node-a/site1", "2.1.2-0+1"),
        (WAYS[10], "2.2.3-5@node-a/site1", "2.2.3-0+1"),
        (WAYS[13], "2.3.2-0@node-b/site1", "2.3.2-0+1"),
        (WAYS[13], "2.3.4-0@node-a/site1", "2.3.4-0+1"),
    ):
        made = plan(way)
        assert keys(made).index(gate) < keys(made).index(stop)
        assert (step(made, gate).kind, step(made, gate).needs_approval) == ("gate", True)


def test_a_rolling_upgrade_is_refused_with_its_erratum() -> None:
    made = make_plan(
        procedure, cluster(**WINDOWS, **SMALL, version="R15.3"), "upgrade", Version.parse("R16.3"), "rolling"
    )
    assert isinstance(made, NoProcedure)
    assert "B19" in made.refused.ja
    assert "B19" in made.refused.en


def test_half_an_answer_of_a_check_is_completed_by_a_person() -> None:
    """Where the cluster cannot be read, the database alone must not let the check pass by itself."""
    made = plan(WAYS[5], clusterware="other")
    one = step(made, "2.1.2-8+1@node-a/site1")
    assert (one.kind, [check.probe for check in one.checks]) == ("manual", ["database"])
