"""The connection doctor's lines: what answers mean (samples/doctor.yaml), what is not asked, and texts that are whole."""

from __future__ import annotations

import string
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain import doctor_contact, doctor_unix, doctor_windows
from app.domain.cluster import Cluster, Node
from app.domain.doctor import ORDER, SIGNS, Finding, blocked, examination, finding, lines_of, unread
from app.domain.doctor_words import SAID, TITLES, UNREAD
from app.domain.text import Text
from app.nodes.windows_node import PROBE_LIMIT
from tests.domain.examples import WSFC, cluster
from tests.domain.test_checks import samples
from tests.domain.test_windows_probes import GRAMMAR

AT = datetime(2026, 11, 25, 12, 0, 5, tzinfo=UTC)
ODD = "D:\\o'n\u2019e\\表 $(x)`\"%"


def of(transport: str, **changes: Any) -> tuple[Node, Cluster]:
    """A node of the example, reached that way, and its cluster."""
    made = cluster(**(WSFC if transport == "psrp" else {}))
    return made.nodes[0].model_copy(update={"transport": transport, **changes}), made


def answer(sample: dict[str, Any], header: str) -> bytes:
    """A sample as its question would print it."""
    rows = [f"{key} {value}" for key, value in sample.get("lines", {}).items()]
    rows += [f"{key} {value}" for key, values in sample.get("many", {}).items() for value in values]
    return "\n".join([f"#tejun {header}", *rows, "#end", ""]).encode()


def unix(sample: dict[str, Any]) -> list[Finding]:
    told = doctor_unix.answers(answer(sample, "doctor"), 0)
    assert told is not None
    return doctor_unix.judge(told, *of("ssh", **sample.get("node", {})), AT, 540)


def windows(sample: dict[str, Any]) -> list[Finding]:
    told = doctor_windows.answers(answer(sample, "doctor"), 0, "doctor")
    assert told is not None
    return doctor_windows.judge(told, *of("psrp", **sample.get("node", {})), 540)


def shell(sample: dict[str, Any]) -> list[Finding]:
    told = doctor_windows.answers(answer(sample, "doctor_shell"), 0, "doctor_shell")
    assert told is not None
    return doctor_windows.judge_shell(told)


QUESTIONS: dict[str, Callable[[dict[str, Any]], list[Finding]]] = {
    "unix": unix,
    "windows": windows,
    "shell": shell,
    "hop": lambda sample: [doctor_windows.judge_hop(answer(sample, "doctor_hop"), 0, of("psrp")[1])],
    "disk": lambda sample: [doctor_unix.judge_disk(answer(sample, "doctor_disk"), 0)],
}


@pytest.mark.parametrize("sample", samples("doctor"), ids=lambda sample: sample["name"])
def test_an_answer_gives_each_line_its_verdict(sample: dict[str, Any]) -> None:
    found = {each.line: each.verdict for each in QUESTIONS[sample["question"]](sample)}
    assert {line: found.get(line) for line in sample["expected"]} == sample["expected"]


@pytest.mark.parametrize("name", ["linux as root", "server 2019"])
def test_an_answer_without_its_end_or_of_a_failed_command_is_none(name: str) -> None:
    whole = answer(next(each for each in samples("doctor") if each["name"] == name), "doctor")
    for part, status in ((whole[:-5], 0), (whole, 1), (b"", 0)):
        assert doctor_unix.answers(part, status) is None
        assert doctor_windows.answers(part, status, "doctor") is None
    assert doctor_unix.judge_disk(whole, 0).verdict == "warn"
    assert doctor_windows.judge_hop(whole, 0, of("psrp")[1]).verdict == "fail"


@pytest.mark.parametrize(
    ("days", "names", "verdict", "word"),
    [
        (300, ["node-a.example"], "pass", "SHA256:x"),
        (300, ["*.EXAMPLE"], "pass", "SHA256:x"),
        (300, ["*.a.example", "*"], "warn", "lack"),
        (300, [], "warn", "lack"),
        (12, ["node-a.example"], "warn", "12 days"),
        (-3, ["other"], "warn", "3 days ago"),
    ],
)
def test_an_accepted_certificate_counts_and_its_flaws_are_said(
    days: float, names: list[str], verdict: str, word: str
) -> None:
    found = doctor_contact.certificate(days, names, "node-a.example", "SHA256:x")
    assert found.verdict == verdict
    assert word in found.found.en


@pytest.mark.parametrize(
    ("ahead", "kerberos", "verdict"),
    [
        (0.4, True, "pass"), (-60, True, "pass"), (61, True, "warn"), (-300, True, "warn"), (301, True, "fail"),
        (-600, True, "fail"), (600, False, "warn"), (-3600, False, "warn"),
    ],
)  # fmt: skip
def test_a_clock_that_is_off_warns_and_fails_where_kerberos_would(
    ahead: float, kerberos: bool, verdict: str
) -> None:
    assert doctor_contact.clock(ahead, kerberos=kerberos).verdict == verdict


@pytest.mark.parametrize(
    ("limits", "verdict", "word"),
    [
        ({"MaxShellsPerUser": 30, "MaxMemoryPerShellMB": 1024}, "pass", "30"),
        ({"MaxShellsPerUser": 5, "MaxProcessesPerShell": 15, "MaxMemoryPerShellMB": 150}, "warn", "MaxShellsPerUser"),
        ({"MaxShellsPerUser": 2, "MaxMemoryPerShellMB": 1024}, "fail", "MaxShellsPerUser 5"),
        ({"MaxMemoryPerShellMB": 0}, "pass", "0"),
        ({}, "warn", ""),
    ],
)  # fmt: skip
def test_quotas_are_measured_by_what_is_needed(limits: dict[str, int], verdict: str, word: str) -> None:
    found = doctor_contact.quotas(limits)
    assert found.verdict == verdict
    assert word in f"{found.found.en} {found.advice.en if found.advice else ''}"


@pytest.mark.parametrize(
    ("left", "everything", "most", "verdict"),
    [(0, 1, 30, "pass"), (2, 3, 30, "warn"), (0, 26, 30, "warn"), (0, 26, None, "pass")],
)
def test_sessions_left_behind_are_counted(left: int, everything: int, most: int | None, verdict: str) -> None:
    found = doctor_contact.sessions(left, everything, most)
    assert found.verdict == verdict
    assert str(everything) in found.found.ja


@pytest.mark.parametrize("transport", ORDER)
def test_what_comes_after_a_failure_is_not_asked_and_names_it(transport: str) -> None:
    node, made = of(transport)
    order, needed = ORDER[transport], 0
    for number, line in enumerate(order):
        failure = Finding(line, "fail", Text(ja="否", en="no"))
        behind = [each for each in order if blocked(each, transport, [failure])]
        needed += bool(behind)
        others = [finding_of(each) for each in order if each != line and each not in behind]
        told = examination(node, made, [*others, failure])
        assert told.verdict == "fail"
        assert [each.line for each in told.findings if each.verdict == "not_asked"] == behind
        assert all(TITLES[line].en in each.found.en for each in told.findings if each.line in behind)
        assert not set(behind) & set(order[:number])
    assert needed == {"ssh": 6, "psrp": 7}[transport]


def finding_of(line: str) -> Finding:
    """A line that passed."""
    return Finding(line, "pass", Text(ja="可", en="yes"))


def test_a_line_that_was_forgotten_is_unread_and_never_passed() -> None:
    node, made = of("psrp")
    told = examination(node, made, [finding_of(line) for line in ORDER["psrp"] if line != "rights"])
    assert [each.verdict for each in told.findings if each.line == "rights"] == ["fail"]
    told = examination(node, made, [finding_of(line) for line in ORDER["psrp"] if line != "boot"])
    assert told.verdict == "warn"


def test_of_two_findings_of_one_line_the_failure_counts() -> None:
    node, made = of("ssh")
    lines = [finding_of(line) for line in ORDER["ssh"]]
    assert examination(node, made, lines).verdict == "pass"
    assert examination(node, made, [*lines, unread("shell")]).verdict == "fail"


def test_only_a_failover_cluster_has_a_second_hop() -> None:
    assert "hop" in lines_of(*of("psrp"))
    node, _ = of("psrp")
    assert "hop" not in lines_of(node, cluster())


def test_every_case_is_said_in_both_languages_with_the_same_values_and_what_to_do() -> None:
    for case, (verdict, found, advice) in SAID.items():
        assert case.partition(".")[0] in TITLES, case
        assert verdict == "pass" or advice is not None, case
        for text in (found, advice):
            if text is not None:
                assert fields(text.ja) == fields(text.en), case
                assert text.ja != text.en, case
    assert {line for order in ORDER.values() for line in order} == set(TITLES)
    assert set(TITLES) > UNREAD
    assert set(SIGNS) == {"pass", "warn", "fail", "not_asked"}


def fields(text: str) -> set[str]:
    """The names within braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_a_case_is_not_said_without_its_values() -> None:
    with pytest.raises(KeyError):
        finding("port.open")
    assert finding("port.open", port=22).found.en == "Port 22 takes connections."


@pytest.mark.parametrize("spool", [None, ODD])
def test_the_texts_for_windows_are_whole_short_enough_and_quote_their_values(spool: str | None) -> None:
    odd = cluster(**WSFC, paths={"install": ODD, "packages": ODD})
    for text in (
        doctor_windows.shell_question().text,
        doctor_windows.questions(odd, spool).text,
        doctor_windows.hop_question().text,
    ):
        assert not GRAMMAR.parse(text.encode()).root_node.has_error, text
        assert len(text) < PROBE_LIMIT
    assert "[" not in doctor_windows.shell_question().text  # .NET is refused in a constrained session
