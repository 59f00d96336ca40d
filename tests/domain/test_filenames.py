"""Names of packages: kept as given where every system can hold them, refused with the rule where one cannot."""

from __future__ import annotations

import pytest

from app.domain.errors import Invalid
from app.domain.filenames import file_name


@pytest.mark.parametrize(
    "name",
    [
        "NECJCpt-16.3.1-1.x86_64.rpm", "日本語 の名前&(1).exe", "a'b`c$d;e.tar.gz", "%TEMP%!.zip", ".hidden", "-rf", "コン.rpm",
        "console.log", "com10.txt", "nulls", "😀.rpm", "a" * 200,
    ],
)  # fmt: skip
def test_a_legal_name_is_kept_as_it_is(name: str) -> None:
    assert file_name(name) == name


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "empty"), (" \t ", "empty"), ("a/b", "separator"), ("..\\b", "separator"), ("/etc/passwd", "separator"),
        ("a\nb", "character"), ("a\0b", "character"), ("a\x85b", "character"), ("a:b", "character"), ("what?.rpm", "character"),
        ('"a"', "character"), ("exe.\u202etxt", "character"), ("a\ud800", "character"),
        ("a.", "dot"), ("..", "dot"), (".", "dot"),
        ("CON", "reserved"), ("nul.txt", "reserved"), ("Com1.tar.gz", "reserved"), ("LPT9 .x", "reserved"),
        ("COM².rpm", "reserved"),
        (".tejun-x", "ours"), ("あ" * 67, "long"),
    ],
)  # fmt: skip
def test_a_name_that_some_system_cannot_hold_is_refused_with_the_rule(name: str, rule: str) -> None:
    with pytest.raises(Invalid) as no:
        file_name(name)
    assert no.value.code == f"file_name.{rule}"
    assert no.value.field == "name"
    assert "\n" not in no.value.message.ja + no.value.message.en


def test_blanks_around_a_name_are_no_part_of_it() -> None:
    assert file_name("  a b.rpm \u3000") == "a b.rpm"
