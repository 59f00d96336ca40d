"""A session's window and planned times. UTC microseconds in, UTC microseconds out; the zone is the cluster's (IANA name).

Night notation is accepted as operators write it: "2026-11-23 25:30" is 01:30 on the 24th.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.domain.errors import Invalid, Refused
from app.domain.procedure import Step

MICROSECONDS = 1_000_000
_LOCAL = re.compile(r"^\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2}))?\s*$")
MINUTES = {"command": 3, "check": 1, "manual": 10, "gate": 5}


def to_utc(text: str, zone: str, field: str) -> int:
    """A local time as typed ("2026-11-23 25:30", "2026-11-23T22:00") as UTC microseconds.

    Raises Invalid naming `field` where it cannot be read; hours up to 47 are night notation.
    """
    found = _LOCAL.match(text)
    if found is None:
        raise _unreadable(text, field)
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    if not 2000 <= year <= 2199 or hour > 47 or minute > 59 or second > 59:
        raise _unreadable(text, field)
    try:
        midnight = datetime(year, month, day)  # noqa: DTZ001 - the zone follows below
    except ValueError:
        raise _unreadable(text, field) from None
    local = midnight + timedelta(hours=hour, minutes=minute, seconds=second)
    return int(local.replace(tzinfo=ZoneInfo(zone)).timestamp()) * MICROSECONDS


def _unreadable(text: str, field: str) -> Invalid:
    return Invalid(
        "bad_time",
        f"日時「{text[:40]}」を読み取れません。「2026-11-23 22:00」や「2026-11-23 25:30」の形で入力してください。",
        f"Cannot read the time “{text[:40]}”. Write it as 2026-11-23 22:00 or 2026-11-23 25:30.",
        field,
    )


def local(at: int, zone: str) -> datetime:
    """UTC microseconds as a zone-aware datetime in the cluster's zone."""
    return datetime.fromtimestamp(at / MICROSECONDS, UTC).astimezone(ZoneInfo(zone))


def require_window(start: int | None, end: int | None) -> None:
    """A window needs both ends, in order."""
    if start is None or end is None or end <= start:
        raise Invalid(
            "bad_window",
            "作業時間帯の開始と終了を、開始が先になるように入力してください。",
            "Give the window's start and its end, the start first.",
            "window_end",
        )


def require_later(now: int, end: int, wanted: int) -> None:
    """An extension ends later than the window does now, and is still to come."""
    if wanted <= max(now, end):
        raise Invalid(
            "not_later",
            "延長後の終了時刻は、現在の終了時刻および現在時刻より後にしてください。",
            "The new end has to be later than the present one, and still to come.",
            "window_end",
        )


def window_open(now: int, start: int, end: int) -> bool:
    """Whether something may start at `now` (all three UTC microseconds)."""
    return start <= now < end


def require_open(now: int, start: int, end: int) -> None:
    """Refuse a start outside the window; a missed window never fires later by itself."""
    if now < start:
        raise Refused(
            "window_not_open",
            "作業時間帯がまだ始まっていません。開始時刻になってから操作してください。",
            "The session's window has not opened yet. Start it once the window is open.",
        )
    if now >= end:
        raise Refused(
            "window_closed",
            "作業時間帯を過ぎています。時間帯を改めて申請し、承認を受けてください。",
            "The session's window has closed. Set a new window and have it approved.",
        )


def planned_minutes(step: Step) -> int:
    """The time estimate of a step in minutes: the organisation's own, or by its kind; 0 where it does not apply."""
    return (step.minutes or MINUTES[step.kind]) if step.applies else 0


def planned_times(steps: Sequence[Step], start: int) -> list[tuple[int, int]]:
    """(planned start, planned end) of every step in UTC microseconds, one after another from the window's start."""
    times, at = [], start
    for step in steps:
        end = at + planned_minutes(step) * 60 * MICROSECONDS
        times.append((at, end))
        at = end
    return times
