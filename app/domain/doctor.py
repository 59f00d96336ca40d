"""The connection doctor: which lines an examination of one node has, in which order, and what each says. Asks nothing itself.

A line that could not be asked, because one that it needs has failed, says so; it never counts as passed. The texts are those of
doctor_words.py; the questions and what their answers mean, those of doctor_unix.py, doctor_windows.py and doctor_contact.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from app.domain.cluster import Cluster, Node
from app.domain.doctor_words import SAID, TITLES, UNREAD
from app.domain.text import Text

Verdict = Literal["pass", "warn", "fail", "not_asked"]

SIGNS: Mapping[Verdict, tuple[str, str, Text]] = {
    "pass": ("✓", "good", Text(ja="合格", en="pass")),
    "warn": ("!", "wait", Text(ja="注意", en="warning")),
    "fail": ("✕", "bad", Text(ja="失敗", en="failure")),
    "not_asked": ("–", "idle", Text(ja="未確認", en="not asked")),
}
"""How a verdict is shown: a sign, a tone, a word."""

_READINGS = ("boot", "zone", "encoding", "disk")
ORDER: Mapping[str, tuple[str, ...]] = {
    "ssh": ("name", "port", "service", "identity", "signin", "shell", "rights", "digest", "spool", "left", "clock", *_READINGS),
    "psrp": (
        *("name", "port", "identity", "service", "clock", "signin", "quotas", "sessions", "shell", "language"),
        *("rights", "scheduler", "spool", "left", *_READINGS, "hop"),
    ),
}  # fmt: skip
"""The lines by transport; each is answered, or said to be not asked."""
_NEEDS: Mapping[str, Mapping[str, str]] = {
    "ssh": {"port": "name", "service": "port", "identity": "service", "signin": "identity", "shell": "signin"},
    "psrp": {
        "port": "name", "identity": "port", "service": "identity", "clock": "service", "signin": "service",
        "quotas": "signin", "sessions": "signin", "shell": "signin", "language": "shell",
    },
}  # fmt: skip
_LAST = {"ssh": "shell", "psrp": "language"}
"""What all other lines need."""


@dataclass(frozen=True)
class Finding:
    """One line: what was found, and what to do about it where that is not part of it already."""

    line: str
    verdict: Verdict
    found: Text
    advice: Text | None = None

    @property
    def title(self) -> Text:
        """What the line is about."""
        return TITLES[self.line]


@dataclass(frozen=True)
class Examination:
    """All lines of one node, in their order."""

    node: str
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of them: a failure, else a warning, else pass."""
        seen = {finding.verdict for finding in self.findings}
        return "fail" if "fail" in seen else "warn" if "warn" in seen else "pass"


def finding(case: str, **values: object) -> Finding:
    """A line of doctor_words.SAID, `line.case`, with its values filled in. Raises KeyError for one that is not there."""
    verdict, found, advice = SAID[case]
    told = Text(ja=found.ja.format(**values), en=found.en.format(**values))
    todo = Text(ja=advice.ja.format(**values), en=advice.en.format(**values)) if advice else None
    return Finding(case.partition(".")[0], verdict, told, todo)


def failed(line: str, found: Text) -> Finding:
    """A line that failed with a message that says what to do itself."""
    return Finding(line, "fail", found)


def unread(line: str, detail: str = "") -> Finding:
    """A line whose question was asked and brought no answer that can be read: never passed. `detail`: what the node said."""
    told = detail.strip().partition("\n")[0][:200]
    found = Text(
        ja=f"応答を読み取れませんでした{f'（{told}）' if told else ''}。",
        en=f"The answer could not be read{f' ({told})' if told else ''}.",
    )
    return Finding(line, "fail" if line in UNREAD else "warn", found, _BY_HAND)


_BY_HAND = Text(
    ja="ノードで直接確認してください。繰り返し出る場合は、そのノードの種類にコンソールが対応していない可能性があります。",
    en="Look at the node itself. If it stays so, this console may not know that kind of node.",
)


def lines_of(node: Node, cluster: Cluster) -> tuple[str, ...]:
    """The lines of this node: only a failover cluster of Windows has the second hop."""
    return tuple(line for line in ORDER[node.transport] if line != "hop" or cluster.clusterware == "wsfc")


def examination(node: Node, cluster: Cluster, found: Iterable[Finding]) -> Examination:
    """Put the lines into their order; of two findings of one line the failure counts. Those that are missing were not asked."""
    known: dict[str, Finding] = {}
    for each in found:
        if each.line not in known or each.verdict == "fail":
            known[each.line] = each
    told: dict[str, Finding] = {}
    for line in lines_of(node, cluster):
        told[line] = known.get(line) or _not_asked(line, told, node.transport)
    return Examination(node.name, tuple(told.values()))


def blocked(line: str, transport: str, found: Iterable[Finding]) -> bool:
    """Whether a line cannot be asked, since one that it needs has failed."""
    failures = {each.line for each in found if each.verdict == "fail"}
    need = _need(line, transport)
    while need and need not in failures:
        need = _need(need, transport)
    return need is not None


def _need(line: str, transport: str) -> str | None:
    needs, last = _NEEDS[transport], _LAST[transport]
    return needs.get(line) or (None if line == "name" else last)


def _not_asked(line: str, told: Mapping[str, Finding], transport: str) -> Finding:
    need = _need(line, transport)
    while need and told[need].verdict != "fail":
        need = _need(need, transport)
    if need is None:
        return unread(line)
    title = TITLES[need]
    why = Text(
        ja=f"「{title.ja}」が失敗したため、確認していません。", en=f"Not asked, since “{title.en}” failed."
    )
    return Finding(line, "not_asked", why)
