"""Texts of numbers and dates by .NET's format strings: the -f operator, ToString(format), Get-Date -Format.

Invariant, as far as it is known here: the words of a culture (names of days and months, currency) are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app.lab.powershell.objects import LabDoesNotKnow, NetError

_HOLE = re.compile(r"\{\{|\}\}|\{(?P<index>\d+)(?:,\s*(?P<width>-?\d+))?(?::(?P<format>[^}]*))?\}|[{}]")
_DATE_PIECE = re.compile(r"'[^']*'|\\.|([a-zA-Z])\1*|[^a-zA-Z]")


def formatted(pattern: str, values: list[object], plain: Callable[[object], str]) -> str:
    """The -f operator: {index,width:format}. Raises NetError as .NET does, LabDoesNotKnow for an unknown format."""

    def one(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        if match["index"] is None or int(match["index"]) >= len(values):
            raise NetError(
                "System.FormatException",
                "Error formatting a string: Index (zero based) must be greater than or equal to zero and less than the "
                "size of the argument list.",
                error_id="FormatError",
                category="InvalidOperation",
            )
        value = values[int(match["index"])]
        text = with_format(value, match["format"], plain) if match["format"] else plain(value)
        width = int(match["width"] or 0)
        return text.rjust(width) if width >= 0 else text.ljust(-width)

    return _HOLE.sub(one, pattern)


def with_format(value: object, pattern: str, plain: Callable[[object], str]) -> str:
    """ToString(pattern) of a number or a date; a string takes no notice of it."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, datetime):
        return date_text(value, pattern)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number_text(value, pattern)
    raise LabDoesNotKnow(f"the format {pattern!r} of {type(value).__name__}")


def _number_text(value: int | float, pattern: str) -> str:
    kind, digits = pattern[:1].lower(), pattern[1:]
    if (digits.isdigit() or not digits) and kind in "dxnf":
        if kind == "d" and isinstance(value, int):
            return f"{'-' if value < 0 else ''}{abs(value):0{int(digits or 0)}d}"
        if kind == "x" and isinstance(value, int):
            bits = value & (0xFFFFFFFF if -(1 << 31) <= value < 1 << 31 else (1 << 64) - 1)
            text = f"{bits:0{int(digits or 0)}x}"
            return text if pattern[0] == "x" else text.upper()
        if kind in "nf":
            return f"{value:{',' if kind == 'n' else ''}.{int(digits or 2)}f}"
    if re.fullmatch("0+", pattern) and isinstance(value, int):
        return f"{value:0{len(pattern)}d}"
    raise LabDoesNotKnow(f"the number format {pattern!r}")


def _offset(value: datetime) -> str:
    text = value.strftime("%z")
    return f"{text[:3]}:{text[3:5]}" if text else ""


def _kind(value: datetime) -> str:
    return "Z" if value.tzinfo is UTC else _offset(value)


_PARTS: dict[str, Callable[[datetime], str]] = {
    "yyyy": lambda it: f"{it.year:04d}", "yy": lambda it: f"{it.year % 100:02d}", "MM": lambda it: f"{it.month:02d}",
    "M": lambda it: str(it.month), "dd": lambda it: f"{it.day:02d}", "d": lambda it: str(it.day),
    "HH": lambda it: f"{it.hour:02d}", "H": lambda it: str(it.hour), "mm": lambda it: f"{it.minute:02d}",
    "m": lambda it: str(it.minute), "ss": lambda it: f"{it.second:02d}", "s": lambda it: str(it.second),
    "fffffff": lambda it: f"{it.microsecond:06d}0", "fff": lambda it: f"{it.microsecond // 1000:03d}",
    "zzz": _offset, "K": _kind, "tt": lambda it: "PM" if it.hour > 11 else "AM",
    "hh": lambda it: f"{(it.hour + 11) % 12 + 1:02d}", "h": lambda it: str((it.hour + 11) % 12 + 1),
}  # fmt: skip
_STANDARD = {"o": "yyyy-MM-ddTHH:mm:ss.fffffffK", "s": "yyyy-MM-ddTHH:mm:ss", "u": "yyyy-MM-dd HH:mm:ssZ"}


def date_text(value: datetime, pattern: str) -> str:
    """A date by a standard format (o, s, u) or a custom one. Raises LabDoesNotKnow for others."""
    if len(pattern) == 1:
        if pattern.lower() not in _STANDARD:
            raise LabDoesNotKnow(f"the date format {pattern!r}")
        pattern = _STANDARD[pattern.lower()]
    found = ""
    for match in _DATE_PIECE.finditer(pattern):
        piece = match[0]
        if piece[0] in "'\\":
            found += piece[1:].removesuffix("'")
        elif match[1] is None or piece in ("T", "Z"):
            found += piece
        elif piece in _PARTS:
            found += _PARTS[piece](value)
        else:
            raise LabDoesNotKnow(f"{piece!r} in the date format {pattern!r}")
    return found


def span_text(value: timedelta) -> str:
    """TimeSpan's ToString(): [-][d.]hh:mm:ss[.fffffff]."""
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    hours, rest = divmod(value.seconds, 3600)
    days = f"{value.days}." if value.days else ""
    fraction = f".{value.microseconds:06d}0" if value.microseconds else ""
    return f"{sign}{days}{hours:02d}:{rest // 60:02d}:{rest % 60:02d}{fraction}"
