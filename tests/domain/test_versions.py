"""Versions: reading, order, and the two-part line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Invalid
from app.domain.versions import Version

NUMBER = st.integers(min_value=0, max_value=999)
VERSIONS = st.builds(Version, NUMBER, NUMBER, NUMBER)

IN_ORDER = [
    "R9.9.9",
    "R12.2",
    "R12.4",
    "R12.4.1",
    "R12.5",
    "R12.7",
    "R12.7.9",
    "R12.8",
    "R12.9",
    "R12.10",
    "R13.1",
    "R16.3",
    "R16.3.1",
    "R16.3.10",
]


def test_versions_that_exist_come_in_the_order_of_their_release() -> None:
    backwards = IN_ORDER[::-1]
    assert sorted(backwards, key=Version.parse) == IN_ORDER


@given(VERSIONS)
def test_what_is_written_reads_back(version: Version) -> None:
    assert Version.parse(version.canonical) == version
    assert hash(Version.parse(version.canonical)) == hash(version)


@given(VERSIONS, VERSIONS)
def test_order_is_that_of_the_integers(one: Version, two: Version) -> None:
    def numbers(version: Version) -> tuple[int, int, int]:
        return version.major, version.minor, version.level

    assert (one < two) == (numbers(one) < numbers(two))
    assert (one <= two) == (numbers(one) <= numbers(two))


def test_a_level_of_zero_is_the_first_release() -> None:
    assert Version.parse("R12.4.0") == Version.parse("R12.4") < Version.parse("R12.4.1")
    assert str(Version.parse("R12.4.0")) == "R12.4.0"
    assert Version.parse("R12.4.0").canonical == "R12.4"


def test_a_line_takes_in_all_its_levels() -> None:
    assert Version.parse("R12.7.9").line == (12, 7) < Version.parse("R12.10").line


@pytest.mark.parametrize(
    "text",
    [
        "",
        "16.3",
        "R16",
        "R16.3.1.2",
        "R16.03",
        "r16.3",
        "R16.x",
        " R16.3",
        "R16.3\n",
        "R１６.3",
        "R-1.2",
        "R1000.1",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as no:
        Version.parse(text, "--to")
    assert no.value.field == "--to"
    assert "R16.3" in no.value.message.ja
