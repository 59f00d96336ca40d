"""The language of the data files: what a condition says, how it explains itself, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.conditions import Moment, can_hold, explain, parse
from app.domain.errors import Invalid
from app.domain.predicates import Case
from app.domain.versions import Version
from tests.domain.examples import WSFC, cluster


def values(
    source: str = "R12.10", to: str = "R16.3", installed: str = "", **changes: Any
) -> dict[str, object]:
    """What is so in a case; `installed` is the version before unless told."""
    case = Case(cluster(version=source, **changes), "upgrade", Version.parse(to))
    return Moment(case, Version.parse(installed or source)).values()


@pytest.mark.parametrize(
    ("text", "source", "holds"),
    [
        ("from <= R12.7", "R12.7", True),
        ("from <= R12.7", "R12.7.9", True),
        ("from <= R12.7", "R12.8", False),
        ("from <= R12.9", "R12.10", False),
        ("from < R12.4.1", "R12.4", True),
        ("from < R12.4.1", "R12.4.1", False),
        ("from >= R12.4.1", "R12.4.1", True),
        ("from <= R12.4", "R12.4.9", True),
        ("from = R12.4", "R12.4.3", True),
        ("from != R12.4.0", "R12.4", False),
    ],
)
def test_a_version_of_two_parts_is_its_whole_line_and_one_of_three_itself(
    text: str, source: str, holds: bool
) -> None:
    assert parse(text).holds(values(source)) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("os = linux and arch = x64", True),
        ("os = aix or arch = x64", True),
        ("os = aix or arch = x86 and os = linux", False),
        ("not (os = aix or clwin)", True),
        ("not os = linux", False),
        ("clwin", False),
        ("reuse_site_database and local_site = used", True),
        ("operation = upgrade and install = overwrite and clusterware != wsfc and platform = unix", True),
    ],
)
def test_words_flags_and_junctions(text: str, holds: bool) -> None:
    assert parse(text).holds(values()) is holds


def test_installed_is_the_version_of_the_moment() -> None:
    condition = parse("installed <= R12.7")
    assert condition.holds(values("R12.6", installed="R12.6"))
    assert not condition.holds(values("R12.6", installed="R16.3"))


@pytest.mark.parametrize(
    ("text", "ja", "en"),
    [
        (
            "from <= R12.7",
            "適用前の版 R12.10 は R12.7.x より後です。",
            "The version before, R12.10, is later than R12.7.x.",
        ),
        (
            "from <= R12.10",
            "適用前の版 R12.10 は R12.10.x 以前です。",
            "The version before, R12.10, is R12.10.x or earlier.",
        ),
        (
            "os = linux and clwin",
            "ノードに CL/Win は入っていません。",
            "CL/Win is not installed on the nodes.",
        ),
        ("os = aix", "OS は linux です。", "The operating system is linux."),
    ],
)
def test_it_tells_what_decided_it(text: str, ja: str, en: str) -> None:
    told = explain(parse(text), values())
    assert (told.ja, told.en) == (ja, en)


@pytest.mark.parametrize(
    "text",
    [
        "from < R12.4.1 and from > R12.4.0",
        "to <= R12.7 and from >= R12.8",
        "os = windows and platform = unix",
        "clusterware = wsfc and platform = windows",
        "clwin and not clwin",
        "from = R13.1.0 and to = R13.1.0",
    ],
)
def test_what_can_never_hold_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as no:
        parse(text)
    assert no.value.code == "condition.never"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("frm = R12.7", "frm"),
        ("from = R12", "R12"),
        ("from <= 12.7", "12.7"),
        ("from <= R12.4.0.1", "R12.4.0.1"),
        ("os < linux", "=, !="),
        ("os = linx", "solaris"),
        ("clwin and", "the end"),
        ("(clwin", ")"),
        ("clwin clwin", "and, or"),
        ("", "the end"),
        ("os = linux ; os = aix", ";"),
        ("not " * 2000 + "clwin", "300"),
        ("(" * 100 + "clwin" + ")" * 100, "300"),
        (" or ".join(f"from < R{major}.1" for major in range(10, 30)), "8"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(Invalid) as no:
        parse(text)
    assert said in no.value.message.en
    assert no.value.message.ja


def test_the_boundaries_of_the_guide_can_be_told_apart() -> None:
    early, late = parse("from < R12.4.1"), parse("from >= R12.5")
    between = values("R12.4.3", **WSFC)
    assert not early.holds(between)
    assert not late.holds(between)
    assert can_hold(early)
    assert can_hold(late)
