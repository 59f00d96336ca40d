"""Times as operators write them, windows, planned times."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Invalid, Refused
from app.domain.procedure import Step
from app.domain.schedule import (
    MICROSECONDS,
    local,
    planned_times,
    require_later,
    require_open,
    require_window,
    to_utc,
    window_open,
)
from app.domain.text import Text

HOUR = 3600 * MICROSECONDS


def utc(*parts: int) -> int:
    """UTC microseconds."""
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * MICROSECONDS  # type: ignore[arg-type,misc]  # whole numbers


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-11-23 22:00", "Asia/Tokyo", utc(2026, 11, 23, 13)),
        ("2026-11-23T22:00", "Asia/Tokyo", utc(2026, 11, 23, 13)),
        ("2026/11/23 22:00:30", "Asia/Tokyo", utc(2026, 11, 23, 13, 0, 30)),
        ("2026-11-23 25:30", "Asia/Tokyo", utc(2026, 11, 23, 16, 30)),
        ("2026-12-31 24:00", "Asia/Tokyo", utc(2026, 12, 31, 15)),
        ("2028-02-28 47:59", "UTC", utc(2028, 2, 29, 23, 59)),
        ("  2026-1-2 3:04 ", "UTC", utc(2026, 1, 2, 3, 4)),
        ("2026-07-01 12:00", "Europe/Berlin", utc(2026, 7, 1, 10)),
        ("2026-12-01 12:00", "Europe/Berlin", utc(2026, 12, 1, 11)),
    ],
)
def test_a_local_time_is_read(text: str, zone: str, expected: int) -> None:
    assert to_utc(text, zone, "window_start") == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "22:00",
            "2026-11-23",
            "2026-11-31 10:00",
            "2026-13-01 10:00",
            "2026-11-23 48:00",
            "2026-11-23 22:60",
        ),
        *(
            "明日 22:00",
            "2026-11-23 22:00 JST",
            "-1-1-1 1:00",
            "0000-01-01 00:00",
            "1999-12-31 23:59",
            "9999-12-31 47:00",
        ),
    ],
)
def test_a_time_that_cannot_be_read_is_refused_at_its_field(text: str) -> None:
    with pytest.raises(Invalid, match="bad_time") as refused:
        to_utc(text, "Asia/Tokyo", "window_end")
    assert refused.value.field == "window_end"


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading(text: str) -> None:
    with suppress(Invalid):
        to_utc(text, "Asia/Tokyo", "x")


@given(st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2199, 12, 30)))
def test_a_time_read_and_shown_is_the_same(at: datetime) -> None:
    text = f"{at:%Y-%m-%d %H:%M}"
    assert f"{local(to_utc(text, 'Asia/Tokyo', 'x'), 'Asia/Tokyo'):%Y-%m-%d %H:%M}" == text


@pytest.mark.parametrize(("start", "end"), [(None, None), (1, None), (None, 1), (2, 2), (3, 2)])
def test_a_window_has_two_ends_in_order(start: int | None, end: int | None) -> None:
    with pytest.raises(Invalid, match="bad_window"):
        require_window(start, end)


@pytest.mark.parametrize(
    ("now", "code"),
    [(9, "window_not_open"), (10, ""), (19, ""), (20, "window_closed"), (99, "window_closed")],
)
def test_something_starts_within_the_window_alone(now: int, code: str) -> None:
    assert window_open(now, 10, 20) == (code == "")
    if not code:
        require_open(now, 10, 20)
        return
    with pytest.raises(Refused, match=code):
        require_open(now, 10, 20)


@pytest.mark.parametrize(
    ("now", "wanted", "ok"),
    [(15, 21, True), (15, 20, False), (25, 22, False), (25, 25, False), (25, 26, True)],
)
def test_an_extension_ends_later_than_the_window_and_than_now(now: int, wanted: int, ok: bool) -> None:
    if ok:
        require_later(now, 20, wanted)
        return
    with pytest.raises(Invalid, match="not_later"):
        require_later(now, 20, wanted)


def test_planned_times_follow_one_another_and_a_step_that_does_not_apply_takes_none() -> None:
    text = Text(ja="一", en="one")
    steps = [
        Step(key=str(i), manual=None, kind=kind, applies=applies, title=text, instructions=text)  # type: ignore[arg-type]
        for i, (kind, applies) in enumerate(
            [("command", True), ("check", False), ("manual", True), ("gate", True)]
        )
    ]
    minutes = [
        ((start - HOUR) // 60_000_000, (end - HOUR) // 60_000_000)
        for start, end in planned_times(steps, HOUR)
    ]
    assert minutes == [(0, 3), (3, 3), (3, 13), (13, 18)]
