"""What PowerShell makes of values: truth, texts, numbers, comparison, arithmetic. Pure: knows no types but those of objects.py.

Sources: about_Comparison_Operators, about_Arithmetic_Operators, about_Booleans, the language specification 3.0 (chapters 6, 7).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.lab.powershell.formats import date_text, span_text
from app.lab.powershell.objects import (
    NOTHING,
    Char,
    EnumValue,
    ErrorRecord,
    Hashtable,
    LabDoesNotKnow,
    NetError,
    NetType,
    PSObject,
)

RUNTIME = "System.Management.Automation.RuntimeException"
CUSTOM = "System.Management.Automation.PSCustomObject"
_INTEGER = re.compile(r"\s*[+-]?\d+\s*")
_REAL = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"\s*0x([0-9a-f]{1,16})\s*", re.IGNORECASE)


def plain(value: object) -> object:
    """No output counts as $null."""
    return None if value is NOTHING else value


def truth(value: object) -> bool:
    """A value as a condition: empty strings and arrays, zero and $null are false; one in an array counts itself."""
    value = plain(value)
    if isinstance(value, list):
        return truth(value[0]) if len(value) == 1 else bool(value)
    if isinstance(value, bool | int | float | str):
        return bool(value)
    if isinstance(value, EnumValue):
        return value.value != 0
    return value is not None


def real_text(value: float) -> str:
    """A [double] as .NET writes it: 15 digits."""
    if value != value or value in (float("inf"), float("-inf")):
        return {float("inf"): "∞", float("-inf"): "-∞"}.get(value, "NaN")
    text = f"{value:.15g}"
    return re.sub(r"e([+-])0?(\d)", lambda m: f"E{m[1]}{m[2]}", text)


_TEXTS: dict[type, Callable[..., str]] = {
    type(None): lambda _it: "",
    bool: str,
    int: str,
    float: real_text,
    str: str,
    Char: str,
    list: lambda it: " ".join(text(each) for each in it),
    bytearray: lambda it: " ".join(str(each) for each in it),
    Hashtable: lambda it: (
        "System.Collections." + ("Specialized.OrderedDictionary" if it.ordered else "Hashtable")
    ),
    EnumValue: lambda it: it.name,
    NetType: lambda it: it.name,
    ErrorRecord: lambda it: it.message,
    NetError: lambda it: f"{it.type_name}: {it.message}",
    datetime: lambda it: date_text(it, "MM/dd/yyyy HH:mm:ss"),
    timedelta: span_text,
    UUID: str,
}


def text(value: object) -> str:
    """[string]$value. Raises LabDoesNotKnow for an object whose text is not known."""
    value = plain(value)
    if isinstance(value, PSObject):
        if value.text is not None or CUSTOM not in value.types:
            return value.types[0] if value.text is None else value.text
        return "@{" + "; ".join(f"{name}={text(each)}" for name, each in value.items()) + "}"
    for kind in type(value).__mro__:
        if kind in _TEXTS:
            return _TEXTS[kind](value)
    said = getattr(value, "text", None)  # an object of the lab that says its own text
    if isinstance(said, str):
        return said
    raise LabDoesNotKnow(f"the text of a {type(value).__name__}")


def parsed(value: str) -> int | float | None:
    """A string as a number, None where it is none; an empty one is 0."""
    if not value.strip():
        return 0
    if match := _HEXADECIMAL.fullmatch(value):
        return int(match[1], 16)
    if _INTEGER.fullmatch(value):
        return int(value)
    return float(value) if _REAL.fullmatch(value) else None


def cannot_convert(value: object, type_name: str, why: str = "") -> NetError:
    """What a cast says that does not go."""
    shown = text(value)
    return NetError(
        "System.Management.Automation.PSInvalidCastException",
        f'Cannot convert value "{shown}" to type "{type_name}".' + (f' Error: "{why}"' if why else ""),
        error_id="InvalidCastFromStringToInteger"
        if isinstance(value, str)
        else "ConvertToFinalInvalidCastException",
        category="InvalidArgument",
    )


def numeric(value: object) -> int | float:
    """A value as an operand of arithmetic. Raises NetError for what is no number."""
    value = plain(value)
    if value is None:
        return 0
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, EnumValue):
        return value.value
    if isinstance(value, str):
        found = parsed(value)
        if found is None:
            raise cannot_convert(value, "System.Int32", "Input string was not in a correct format.")
        return found
    raise cannot_convert(value, "System.Int32")


def folded(value: object, *, case: bool) -> str:
    """A string as it is compared."""
    return text(value) if case else text(value).lower()


def equal(left: object, right: object, *, case: bool = False) -> bool:
    """left -eq right: the right side is taken as what the left side is. Arrays on the left are the caller's."""
    left, right = plain(left), plain(right)
    if left is None or right is None:
        return left is right
    if isinstance(left, str):
        return folded(left, case=case) == folded(right, case=case)
    if isinstance(left, bool):
        return left == truth(right)
    if isinstance(left, int | float) and isinstance(right, str | bool | int | float | EnumValue):
        number = parsed(right) if isinstance(right, str) else numeric(right)
        return number is not None and left == number
    if isinstance(left, EnumValue):
        return _same_enum(left, right)
    if isinstance(left, datetime | timedelta | UUID) and isinstance(right, str):
        raise LabDoesNotKnow(f"a comparison of {type(left).__name__} with a string")
    if isinstance(left, datetime) and isinstance(right, datetime):
        return moment(left) == moment(right)
    return left is right or (type(left) is type(right) and left == right)


def _same_enum(left: EnumValue, right: object) -> bool:
    if isinstance(right, EnumValue):
        return left.value == right.value
    if isinstance(right, int | float):
        return left.value == right
    names = {each.strip().lower() for each in text(right).split(",")}
    return names == {each.strip().lower() for each in left.name.split(",")} or text(right) == str(left.value)


def moment(value: datetime) -> datetime:
    """The clock's reading without its zone, which is what .NET compares."""
    return value.replace(tzinfo=None)


def before(left: object, right: object, *, case: bool = False) -> bool:
    """left -lt right. Raises NetError where the two cannot be put in an order."""
    left, right = plain(left), plain(right)
    if isinstance(left, str):
        # a culture's order puts the lower-case letter first; only that and the letters themselves are known here
        first, second = text(left), text(right)
        if first.lower() == second.lower() and case:
            return first.swapcase() < second.swapcase()
        return first.lower() < second.lower()
    if isinstance(left, datetime) and isinstance(right, datetime):
        return moment(left) < moment(right)
    if isinstance(left, timedelta) and isinstance(right, timedelta):
        return left < right
    if left is None or isinstance(left, bool | int | float | EnumValue):
        return numeric(left) < numeric(right)
    raise NetError(
        RUNTIME,
        f'Cannot compare "{text(left)}" to "{text(right)}".',
        error_id="NotIcomparable",
        category="InvalidOperation",
    )


def utc(value: datetime) -> datetime:
    """The same moment in UTC; one without a zone is refused, since the caller knows the machine's."""
    if value.tzinfo is None:
        raise LabDoesNotKnow("a [datetime] without a zone, where one is needed")
    return value.astimezone(UTC)
