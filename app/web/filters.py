"""How values look: times in the cluster's zone, durations, sizes, numbers, texts. Pure functions for the templates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.domain.text import Language, Text

SECOND = 1_000_000  # microseconds
DEFAULT_ZONE = "Asia/Tokyo"
_DASH = Markup("–")
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


class Pair(Protocol):
    """Anything with a sentence in both languages."""

    ja: str
    en: str


def text(value: Text | tuple[str, str] | Pair | None, language: Language) -> str:
    """A text, or a (Japanese, English) pair, in the reader's language; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return value[0] if language == "ja" else value[1]
    return value.ja if language == "ja" else value.en


def moment(at: int, zone: str = DEFAULT_ZONE) -> datetime:
    """UTC microseconds as a time in a zone."""
    return (
        datetime.fromtimestamp(at // SECOND, UTC).replace(microsecond=at % SECOND).astimezone(ZoneInfo(zone))
    )


def local(at: int | None, zone: str = DEFAULT_ZONE) -> Markup:
    """Date, time to the second and the zone's name; a dash for None."""
    return _time(at, zone, "%Y-%m-%d %H:%M:%S %Z")


def clock(at: int | None, zone: str = DEFAULT_ZONE) -> Markup:
    """Time of day to the second, without date and zone: for places that show them beside it."""
    return _time(at, zone, "%H:%M:%S")


def minute(at: int | None, zone: str = DEFAULT_ZONE) -> Markup:
    """Date and time to the minute, for plans and windows."""
    return _time(at, zone, "%Y-%m-%d %H:%M %Z")


def field_time(at: int | None, zone: str = DEFAULT_ZONE) -> str:
    """What a field for a local time shows, and takes back; empty for None."""
    return "" if at is None else moment(at, zone).strftime("%Y-%m-%d %H:%M")


def _time(at: int | None, zone: str, form: str) -> Markup:
    if at is None:
        return _DASH
    when = moment(at, zone)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        when.strftime("%Y-%m-%d %H:%M:%S %Z (UTC%z)"),
        when.strftime(form),
    )


def duration(microseconds: int | None, language: Language) -> str:
    """A length of time in hours, minutes and seconds; below ten seconds with a tenth."""
    if microseconds is None:
        return _DASH
    if microseconds < 10 * SECOND:
        return f"{microseconds / SECOND:.1f}" + ("秒" if language == "ja" else " s")
    seconds = microseconds // SECOND
    parts = [seconds // 3600, seconds // 60 % 60, seconds % 60]
    names = ("時間", "分", "秒") if language == "ja" else (" h", " min", " s")
    first = next((place for place, part in enumerate(parts) if part), 2)
    shown = [f"{part}{name}" for part, name in zip(parts[first:], names[first:], strict=True)]
    return "".join(shown) if language == "ja" else " ".join(shown)


def size(count: int | None) -> str:
    """Bytes in binary units."""
    if count is None:
        return _DASH
    amount, unit = float(count), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{count:,} B" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"


def number(value: int | None) -> str:
    """A whole number with separators."""
    return str(_DASH) if value is None else f"{value:,}"


def digest(value: str | bytes | None, length: int = 12) -> Markup:
    """The beginning of a digest, the whole of it as the title."""
    if not value:
        return _DASH
    whole = value.hex() if isinstance(value, bytes) else value
    shown = whole.removeprefix("sha256:")[:length]
    return Markup('<code class="digest" title="{}">{}…</code>').format(whole, shown)
