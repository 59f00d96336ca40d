"""The chain's heads outside the database: appended once, found again, and not lost to a torn line."""

from __future__ import annotations

from pathlib import Path

from app.headfile import HeadFile


def head(seq: int) -> tuple[int, bytes]:
    return seq, bytes([seq]) * 32


def test_heads_are_kept_in_order_and_an_older_one_is_not_added(tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "deep" / "audit-head")
    for seq in (1, 3, 2, 3, 7):
        file.keep(*head(seq))
    assert file.heads() == [head(1), head(3), head(7)]
    assert file.damaged() == []


def test_a_line_torn_by_a_power_cut_costs_that_line_alone(tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "audit-head")
    file.keep(*head(1))
    with file.path.open("ab") as torn:
        torn.write(b"2 0202")
    file.keep(*head(3))
    assert file.heads() == [head(1), head(3)]
    assert file.damaged() == [2]


def test_without_a_file_there_are_no_heads(tmp_path: Path) -> None:
    assert HeadFile(tmp_path / "none").heads() == []
