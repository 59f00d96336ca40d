"""[type]value: what a cast makes of a value, and what -is says of one. Types are those that the world declares.

Sources: the language specification 3.0 (chapter 6, conversions); Convert.ToInt32 rounds halves to even.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from app.lab.powershell.formats import span_text
from app.lab.powershell.objects import (
    NOTHING,
    Char,
    EnumValue,
    Hashtable,
    LabDoesNotKnow,
    NetError,
    NetType,
    PSObject,
)
from app.lab.powershell.operators import flags
from app.lab.powershell.values import CUSTOM, cannot_convert, numeric, parsed, plain, text, truth
from app.lab.powershell.world import World

_RANGES = {
    "System.Int32": (-(1 << 31), (1 << 31) - 1), "System.Int64": (-(1 << 63), (1 << 63) - 1), "System.Byte": (0, 255),
    "System.UInt16": (0, (1 << 16) - 1), "System.UInt32": (0, (1 << 32) - 1), "System.UInt64": (0, (1 << 64) - 1),
}  # fmt: skip


def type_not_found(name: str) -> NetError:
    """What a machine says of a type that it does not have. The lab cannot tell one from a type that it only lacks itself."""
    return LabDoesNotKnow(f"the type [{name}]")


def find_type(world: World, name: str) -> NetType:
    """The type of that name. Raises LabDoesNotKnow."""
    found = world.type(name)
    if found is None:
        raise type_not_found(name)
    return found


def cast(world: World, value: object, name: str) -> object:
    """The value as that type. Raises NetError (PSInvalidCastException) where that does not go."""
    lower = name.lower()
    if lower in ("object", "psobject", "system.object"):
        return value
    if lower.endswith("[]"):
        return _array(world, value, name[:-2])
    kind = find_type(world, name)
    value = plain(value)
    known = _CASTS.get(kind.name)
    if known is not None:
        return known(value)
    if kind.values is not None:
        return enumerated(kind, value)
    if value is None or is_a(world, value, kind):
        return value
    if kind.cast is not None:
        return kind.cast(value)
    raise cannot_convert(value, kind.name)


def _array(world: World, value: object, item: str) -> object:
    value = plain(value)
    if value is None:
        return None
    is_bytes = item.lower() in ("byte", "system.byte")
    if is_bytes and isinstance(value, bytearray):
        return value  # the same array, as in .NET
    values = list(value) if isinstance(value, list | bytearray) else [value]
    made = [cast(world, each, item) for each in values]
    if is_bytes:
        return bytearray(int(numeric(each)) for each in made)
    return made


def enumerated(kind: NetType, value: object) -> EnumValue:
    """A value of an enumeration, from names (several where they are flags) or a number."""
    if isinstance(value, EnumValue) and value.type.name == kind.name:
        return value
    if isinstance(value, int | EnumValue) and not isinstance(value, bool):
        return flags(EnumValue(kind, "", 0), int(numeric(value)))
    number = 0
    for word in text(value).split(","):
        found = kind.value(word)
        if found is None:
            known = ", ".join(kind.values or ())
            why = f"Unable to match the identifier name {word.strip()} to a valid enumerator name. Specify one of: {known}"
            raise cannot_convert(text(value), kind.name, why)
        number |= found.value
    return flags(EnumValue(kind, "", 0), number)


def whole(value: object, kind: str) -> int:
    """A whole number: halves go to the even neighbour; raises NetError for what is none or does not fit."""
    number = parsed(value) if isinstance(value, str) else numeric(value) if _is_plain(value) else None
    if number is None:
        raise cannot_convert(
            value, kind, "Input string was not in a correct format." if isinstance(value, str) else ""
        )
    low, high = _RANGES[kind]
    if isinstance(number, float) and number != number:
        raise cannot_convert(
            value, kind, f"Value was either too large or too small for an {kind.rpartition('.')[2]}."
        )
    rounded = round(number)
    if not low <= rounded <= high:
        raise cannot_convert(
            value, kind, f"Value was either too large or too small for an {kind.rpartition('.')[2]}."
        )
    return rounded


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | EnumValue)


def _double(value: object) -> float:
    number = parsed(value) if isinstance(value, str) else numeric(value) if _is_plain(value) else None
    if number is None:
        raise cannot_convert(value, "System.Double")
    return float(number)


def _char(value: object) -> Char:
    if isinstance(value, int) and not isinstance(value, bool):
        return Char(chr(value))
    if isinstance(value, str) and len(value) == 1:
        return Char(value)
    raise cannot_convert(value, "System.Char")


def _hashtable(value: object) -> Hashtable | None:
    if value is None or isinstance(value, Hashtable):
        return value
    raise cannot_convert(value, "System.Collections.Hashtable")


def _custom(value: object) -> object:
    if isinstance(value, Hashtable):
        return PSObject(CUSTOM, {text(name): each for name, each in value.items()}, complete=True)
    return value


def _date(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    raise LabDoesNotKnow(f"[datetime] of {text(value)!r}")


def _span(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return timedelta(microseconds=value / 10)
    if isinstance(value, str):
        parts = value.split(":")
        if len(parts) == 3 and all(each.isdigit() for each in parts):
            found = timedelta(hours=int(parts[0]), minutes=int(parts[1]), seconds=int(parts[2]))
            if span_text(found) == value:
                return found
    raise LabDoesNotKnow(f"[timespan] of {text(value)!r}")


def _guid(value: object) -> UUID:
    if isinstance(value, UUID):
        return value
    try:
        return UUID(text(value))
    except ValueError:
        raise cannot_convert(value, "System.Guid") from None


def _whole(kind: str) -> Callable[[object], object]:
    return lambda value: whole(value, kind)


_CASTS: dict[str, Callable[[object], object]] = {
    "System.String": text,
    "System.Boolean": truth,
    "System.Management.Automation.SwitchParameter": truth,
    "System.Void": lambda _value: NOTHING,
    "System.Double": _double,
    "System.Char": _char,
    "System.Collections.Hashtable": _hashtable,
    "System.Management.Automation.PSObject": _custom,
    "System.DateTime": _date,
    "System.TimeSpan": _span,
    "System.Guid": _guid,
    "System.Array": lambda value: value if value is None or isinstance(value, list | bytearray) else [value],
    **{kind: _whole(kind) for kind in _RANGES},
}


def kinds(world: World, value: object) -> list[str]:
    """The full names of what a value is, the most special first, as -is and catch see it."""
    if isinstance(value, PSObject):
        return [*value.types, "System.Management.Automation.PSObject", "System.Object"]
    if isinstance(value, EnumValue):
        return [value.type.name, "System.Enum", "System.Object"]
    kind = world.type_of(value)
    if isinstance(value, int) and not isinstance(value, bool):
        low, high = _RANGES["System.Int32"]
        return ["System.Int32" if low <= value <= high else "System.Int64", "System.Object"]
    return [kind.name, *kind.bases, "System.Object"]


def is_a(world: World, value: object, kind: NetType) -> bool:
    """value -is [kind]."""
    return plain(value) is not None and kind.name in kinds(world, value)
