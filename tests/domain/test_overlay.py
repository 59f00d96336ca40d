"""An overlay laid over a plan: commands for hand-offs, notes, estimates, checks, paths, extra steps, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.errors import Invalid
from app.domain.procedure import Plan
from app.domain.schedule import planned_minutes
from tests.domain.examples import two_sites
from tests.domain.overlays import CHECK, COMMAND, EXTRA, TEXT, overlay_of, planned, step_of

PLAIN = planned(None)
HANDOFF = "3.3.1-2@node-b/site1"


def test_without_an_overlay_nothing_is_said_of_one() -> None:
    assert "minutes" not in PLAIN.model_dump(mode="json")["phases"][0]["steps"][0]
    assert step_of(PLAIN, HANDOFF).kind == "manual"


def test_a_hand_off_with_a_command_is_run_by_the_console_and_keeps_its_checks() -> None:
    step = step_of(planned(overlay_of(steps={"3.3.1-2": {"command": COMMAND}})), HANDOFF)
    assert (step.kind, step.destructive) == ("command", True)
    assert [command.text for command in step.commands] == ["unset NQS_SITE\nconvert /shared/site1"]
    assert step.checks == step_of(PLAIN, HANDOFF).checks
    assert "自組織のオーバーレイ「自社」による: コマンド" in step.instructions.ja
    assert "導入ガイド 4.2" in step.instructions.ja
    assert "手作業の理由" not in step.instructions.ja


def test_several_lines_end_with_the_first_that_fails() -> None:
    step = step_of(planned(overlay_of(steps={"3.3.1-2": {"command": {"text": "one\ntwo\n"}}})), HANDOFF)
    assert step.commands[0].text == "unset NQS_SITE\nset -e\none\ntwo"


def test_a_harmless_command_does_not_wait_for_a_word() -> None:
    told = {"command": {**COMMAND, "harmless": True}}
    assert step_of(planned(overlay_of(steps={"3.3.1-2": told})), HANDOFF).destructive is False


def test_notes_estimates_and_checks_are_added_to_what_the_step_has() -> None:
    told = {"minutes": 20, "note": {"ja": "[[node]] は遅い", "en": "[[node]] is slow"}, "checks": [CHECK]}
    step = step_of(planned(overlay_of(steps={"3.3.1-3": told})), "3.3.1-3@node-b")
    assert step.minutes == planned_minutes(step) == 20
    assert len(step.checks) == 2
    assert step.instructions.ja.endswith("による: 確認、所要時間 20 分、注意\nnode-b は遅い")
    assert step.instructions.en.endswith("node-b is slow")


@pytest.mark.parametrize(
    ("when", "applied"),
    [("os = linux", True), ("os != linux", False), ("from >= R16.3", True), ("clwin", False)],
)
def test_a_condition_decides_whether_it_is_laid_over(when: str, applied: bool) -> None:
    step = step_of(planned(overlay_of(steps={"3.3.1-2": {"when": when, "minutes": 7}})), HANDOFF)
    assert (step.minutes == 7) is applied


def test_one_repetition_can_be_meant_alone_and_wins_over_the_whole_step() -> None:
    sites = two_sites().model_dump(mode="json", exclude_none=True)["sites"]
    told = {"3.3.1-2@node-b/site2": {"minutes": 9}, "3.3.1-2": {"minutes": 5}}
    plan = planned(overlay_of(steps=told), sites=sites)
    assert [step.minutes for step in plan.steps if step.key.startswith("3.3.1-2@")] == [5, 9]


def test_extra_steps_stand_behind_theirs_with_numbers_of_their_own() -> None:
    command = {**EXTRA, "kind": "command", "command": "true", "per": "site"}
    plan = planned(
        overlay_of(extra=[EXTRA, command, {**EXTRA, "after": "3.3.1-1", "kind": "gate", "when": "clwin"}])
    )
    assert [step.key for step in plan.steps] == [
        "3.3.1-1@node-b",
        "3.3.1-1+50@node-b",
        HANDOFF,
        "3.3.1-2+50@node-b",
        "3.3.1-2+51@node-b/site1",
        "3.3.1-3@node-b",
    ]
    first, by_hand, run = (plan.steps[at] for at in (1, 3, 4))
    assert (first.applies, by_hand.applies) == (False, True)
    assert first.reason is not None
    assert by_hand.manual is None
    assert "自組織のオーバーレイ「自社」による追加のステップです" in by_hand.instructions.ja
    assert (run.kind, run.destructive) == ("command", True)


def test_paths_are_the_overlays_where_the_cluster_file_says_nothing() -> None:
    said = overlay_of(
        paths={"spool": "/var/spool/nqs", "nqs": "/opt/nqs"},
        steps={"3.3.1-2": {"command": {"text": "ls [[nqs]] [[spool]]"}}},
    )
    step = step_of(planned(said, paths={"nqs": "/usr/own/nqs"}), HANDOFF)
    assert step.commands[0].text.endswith("ls /usr/own/nqs /var/spool/nqs")


def test_the_plan_names_the_overlay_and_any_change_of_its_file_changes_the_digest() -> None:
    one, other = (
        planned(overlay_of(digest * 32, steps={"3.3.1-2": {"minutes": 5}})) for digest in ("ab", "cd")
    )
    assert any(
        "自社" in warning.ja and "ab" * 32 in warning.ja and "ab" * 32 in warning.en
        for warning in one.warnings
    )
    assert len({one.digest, other.digest, PLAIN.digest}) == 3
    assert planned(overlay_of(steps={"3.3.1-2": {"minutes": 5}})) == one


def test_a_repetition_that_the_plan_lacks_is_told() -> None:
    plan = planned(overlay_of(steps={"3.3.1-3@node-a": {"minutes": 5}, "3.2.3-1@node-b": {"minutes": 5}}))
    assert [("3.3.1-3@node-a" in warning.en, "3.2.3" in warning.en) for warning in plan.warnings][-1] == (
        True,
        False,
    )


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("another cluster", {"clusters": ["osaka"], "steps": {}}, "overlay.other_cluster"),
    ("a node that is not there", {"steps": {"3.3.1-2@node-z": {"minutes": 5}}}, "overlay.no_such_spot"),
    ("a site that is not there", {"steps": {"3.3.1-2@node-b/site9": {"minutes": 5}}}, "overlay.no_such_spot"),
    (
        "another shell",
        {"steps": {"3.3.1-2": {"command": {"shell": "cmd", "text": "dir"}}}},
        "overlay.other_shell",
    ),
    ("a place of Windows", {"steps": {"3.3.1-2": {"command": {"text": "ls [[saves]]"}}}}, "overlay.no_value"),
    (
        "a place of a site",
        {"steps": {"3.3.1-1": {"note": {"ja": "[[site]]", "en": "x"}}}},
        "overlay.no_value",
    ),
    (
        "an extra step's place",
        {"extra": [{**EXTRA, "title": {"ja": "[[clwin]]", "en": "x"}}]},
        "overlay.no_value",
    ),
]


@pytest.mark.parametrize(("told", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_does_not_fit_the_cluster_is_refused(told: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as no:
        planned(overlay_of(**told))
    assert no.value.code == code
    assert "自社" in no.value.message.ja
    assert "自社" in no.value.message.en


def test_an_overlay_for_all_may_name_nodes_of_other_clusters() -> None:
    plan = planned(overlay_of(clusters="all", steps={"3.3.1-2@elsewhere": {"minutes": 5}}))
    assert isinstance(plan, Plan)


def test_the_text_of_an_extra_step_is_shown_in_both_languages() -> None:
    step = step_of(planned(overlay_of(extra=[EXTRA])), "3.3.1-2+50@node-b")
    assert (step.title.ja, step.title.en) == (TEXT["ja"], TEXT["en"])
    assert "your overlay “自社”" in step.instructions.en
