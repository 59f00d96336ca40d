"""The .NET types of numbers, and times. Explicit tables, nothing by guess."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from app.lab.powershell.casts import whole
from app.lab.powershell.formats import date_text, span_text, with_format
from app.lab.powershell.objects import LabDoesNotKnow, Member, Method, NetError, NetType, Property
from app.lab.powershell.values import moment, numeric, text
from app.lab.powershell.world import World

_START = datetime(1, 1, 1)  # noqa: DTZ001 - the origin of .NET's ticks has no zone
_UNITS = {"Days": 86400, "Hours": 3600, "Minutes": 60, "Seconds": 1, "Milliseconds": 0.001}


def _shown(it: object, pattern: str = "") -> str:
    return with_format(it, pattern, text) if pattern else text(it)


_TO_STRING = Method(_shown, "", "string")


def _number(name: str, low: float, high: float, *holds: type) -> NetType:
    def parse(value: str) -> int | float:
        return whole(value, name) if name != "System.Double" else float(numeric(value))

    statics: dict[str, Member] = {
        "MaxValue": Property(lambda: high),
        "MinValue": Property(lambda: low),
        "Parse": Method(parse, "string"),
    }
    return NetType(name, statics=statics, members={"ToString": _TO_STRING}, holds=holds, complete=True)


_NUMBERS = (
    _number("System.Int32", -(1 << 31), (1 << 31) - 1, int),
    _number("System.Int64", -(1 << 63), (1 << 63) - 1),
    _number("System.UInt16", 0, (1 << 16) - 1),
    _number("System.UInt32", 0, (1 << 32) - 1),
    _number("System.UInt64", 0, (1 << 64) - 1),
    _number("System.Byte", 0, 255),
    _number("System.Double", -1.7976931348623157e308, 1.7976931348623157e308, float),
    NetType("System.Boolean", holds=(bool,), complete=True),
)


def _rounded(value: float, digits: int = 0) -> float:
    return float(round(value, digits))


def _both(one: Callable[[float, float], float]) -> Method:
    return Method(lambda a, b: one(numeric(a), numeric(b)), "object, object")


_MATH = NetType(
    "System.Math",
    statics={
        "Floor": Method(lambda value: float(math.floor(value)), "double"),
        "Ceiling": Method(lambda value: float(math.ceil(value)), "double"),
        "Truncate": Method(lambda value: float(math.trunc(value)), "double"),
        "Round": Method(_rounded, "double", "double, int"),
        "Abs": Method(lambda value: abs(numeric(value)), "object"),
        "Min": _both(min),
        "Max": _both(max),
        "Pow": Method(lambda a, b: float(a**b), "double, double"),
        "Sqrt": Method(math.sqrt, "double"),
    },
)


def _ticks(it: datetime) -> int:
    return (moment(it) - _START) // timedelta(microseconds=1) * 10


def _added(unit: str) -> Method:
    return Method(lambda it, amount: it + timedelta(seconds=amount * _UNITS[unit]), "double")


def _part(name: str) -> Callable[[datetime], int]:
    return lambda it: int(getattr(it, name.lower()))


def _less(it: datetime, other: object) -> object:
    if isinstance(other, datetime):
        return moment(it) - moment(other)
    if isinstance(other, timedelta):
        return it - other
    raise LabDoesNotKnow(f"[DateTime]::Subtract of {text(other)!r}")


def dates(world: World) -> NetType:
    """[DateTime] by the machine's clock and zone."""

    def made(*parts: int) -> datetime:
        return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - its kind is Unspecified

    def parse_exact(value: str, pattern: str, _provider: object) -> datetime:
        known = {"yyyyMMddHHmmss": "%Y%m%d%H%M%S", "yyyy-MM-ddTHH:mm:ssZ": "%Y-%m-%dT%H:%M:%SZ"}.get(pattern)
        if known is None:
            raise LabDoesNotKnow(f"[DateTime]::ParseExact by {pattern!r}")
        try:
            return datetime.strptime(value, known)  # noqa: DTZ007 - its kind is Unspecified
        except ValueError as error:
            raise NetError(
                "System.FormatException", "String was not recognized as a valid DateTime."
            ) from error

    return NetType(
        "System.DateTime",
        holds=(datetime,),
        complete=True,
        new=Method(made, "int, int, int", "int, int, int, int, int, int"),
        statics={
            "Now": Property(lambda: world.now().astimezone(world.zone)),
            "UtcNow": Property(lambda: world.now().astimezone(UTC)),
            "ParseExact": Method(parse_exact, "string, string, object"),
        },
        members={
            **{name: Property(_part(name)) for name in ("Year", "Month", "Day", "Hour", "Minute", "Second")},
            "Millisecond": Property(lambda it: it.microsecond // 1000),
            "Ticks": Property(_ticks),
            "Kind": Property(lambda it: "Unspecified" if it.tzinfo is None else "Utc" if it.tzinfo is UTC else "Local"),
            "Date": Property(lambda it: it.replace(hour=0, minute=0, second=0, microsecond=0)),
            "ToUniversalTime": Method(lambda it: (it if it.tzinfo else it.replace(tzinfo=world.zone)).astimezone(UTC), ""),
            "ToLocalTime": Method(lambda it: (it if it.tzinfo else it.replace(tzinfo=UTC)).astimezone(world.zone), ""),
            "ToString": Method(date_text, "string"),
            "Add": Method(lambda it, span: it + span, "timespan"),
            "Subtract": Method(_less, "object"),
            **{f"Add{unit}": _added(unit) for unit in _UNITS},
        },
    )  # fmt: skip


def _span(unit: str) -> Method:
    return Method(lambda amount: timedelta(seconds=amount * _UNITS[unit]), "double")


_SPAN = NetType(
    "System.TimeSpan",
    holds=(timedelta,),
    complete=True,
    new=Method(lambda h, m, s: timedelta(hours=h, minutes=m, seconds=s), "int, int, int"),
    statics={
        "Zero": Property(timedelta),
        **{f"From{unit}": _span(unit) for unit in _UNITS},
        "FromTicks": Method(lambda it: timedelta(microseconds=it / 10), "long"),
    },
    members={
        **{
            f"Total{unit}": Property(lambda it, size=size: it.total_seconds() / size)
            for unit, size in _UNITS.items()
        },
        "Ticks": Property(lambda it: it // timedelta(microseconds=1) * 10),
        "Days": Property(lambda it: int(it.total_seconds() // 86400)),
        "Hours": Property(lambda it: it.seconds // 3600),
        "Minutes": Property(lambda it: it.seconds // 60 % 60),
        "Seconds": Property(lambda it: it.seconds % 60),
        "ToString": Method(span_text, ""),
    },
)
_GUID = NetType(
    "System.Guid",
    holds=(UUID,),
    complete=True,
    new=Method(UUID, "string"),
    statics={"NewGuid": Method(uuid4, "")},
    members={
        "ToString": Method(lambda it, form="D": it.hex if form.upper() == "N" else str(it), "", "string")
    },
)

TYPES = (*_NUMBERS, _MATH, _SPAN, _GUID)
