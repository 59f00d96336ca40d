"""Reading and judging: parser@version turns raw output into facts, judge() compares them with what a check expects.

What cannot be read is None and judged `unknown`; it never becomes a pass or a fail. Parsers are pure and live by name
for as long as a stored plan may name them: a parser that must change its meaning gets a new version beside the old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.domain import clusterware, file_parsers, parsers, probes, windows_parsers
from app.domain.parsers import Facts, Parser
from app.domain.procedure import Check

PARSERS: Mapping[str, Parser] = {
    "processes@1": parsers.processes,
    "environment@1": parsers.environment,
    "package@1": parsers.package,
    "versions@1": parsers.versions,
    "patch_file@1": parsers.patch_file,
    "files@1": parsers.files,
    "disk@1": parsers.disk,
    "intact@1": parsers.intact,
    "words@1": parsers.words,
    "file@1": file_parsers.file,
    "folder_files@1": file_parsers.folder_files,
    "service@1": windows_parsers.service,
    "environment_windows@1": windows_parsers.environment_windows,
    "versions_windows@1": windows_parsers.versions_windows,
    "clwin@1": windows_parsers.clwin,
    "disk_windows@1": windows_parsers.disk_windows,
    **clusterware.PARSERS,
}

READ_ONLY = probes.READ_ONLY


@dataclass(frozen=True)
class Verdict:
    """What a reading means for a check. `missing` and `unexpected` are the facts that made it fail."""

    result: Literal["pass", "fail", "unknown"]
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()


STILL = frozenset(
    {
        *("files", "package", "patch_file", "package_file", "versions", "clwin"),
        *("registry", "file", "folder", "environment", "rights", "contents", "intact"),
    }
)
"""Probes of what lies on a disk: it does not come right by waiting, as processes and clusters do."""


def settles(check: Check) -> bool:
    """Whether asking again later may answer otherwise without anybody doing anything."""
    return check.probe not in STILL


def read(check: Check, stdout: bytes, exit_status: int) -> Facts | None:
    """The facts in the output of the check's commands, None when it cannot be read. Raises KeyError for an unknown parser."""
    return PARSERS[check.parser](stdout, exit_status)


def judge(facts: Facts | None, check: Check) -> Verdict:
    """Compare facts with the expectation: all of `present`, none of `absent`. Unreadable is unknown."""
    if facts is None:
        return Verdict("unknown")
    missing = tuple(token for token in check.present if token not in facts)
    unexpected = tuple(token for token in check.absent if token in facts)
    return Verdict("fail" if missing or unexpected else "pass", missing, unexpected)
