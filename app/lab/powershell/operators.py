"""The binary operators, on values. Those that need a machine or the state of a script (-is, -as, -match) are elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from math import fmod

from app.lab.powershell.formats import formatted
from app.lab.powershell.objects import EnumValue, Hashtable, LabDoesNotKnow, NetError
from app.lab.powershell.strings import wildcard
from app.lab.powershell.values import RUNTIME, before, equal, moment, numeric, plain, text, truth

Operator = Callable[[object, object], object]


def items(value: object) -> list[object]:
    """A value as an array: nothing for $null is left to the caller; a scalar is one."""
    return list(value) if isinstance(value, list | bytearray) else [value]


def add(left: object, right: object) -> object:
    """left + right: what the left side is decides."""
    left, right = plain(left), plain(right)
    if isinstance(left, str):
        return text(left) + text(right)
    if isinstance(left, list | bytearray):
        return list(left) + (items(right))
    if isinstance(left, Hashtable) and isinstance(right, Hashtable):
        return Hashtable([*left.items(), *right.items()], ordered=left.ordered)
    if left is None:
        return right
    if isinstance(left, datetime | timedelta) and isinstance(right, timedelta):
        return left + right
    if isinstance(right, list | Hashtable):
        raise _no_operator("op_Addition", left)
    return _arithmetic(left, right, lambda a, b: a + b)


def subtract(left: object, right: object) -> object:
    """left - right."""
    left, right = plain(left), plain(right)
    if isinstance(left, datetime) and isinstance(right, datetime):
        return moment(left) - moment(right)
    if isinstance(left, datetime | timedelta) and isinstance(right, timedelta):
        return left - right
    return _arithmetic(left, right, lambda a, b: a - b)


def multiply(left: object, right: object) -> object:
    """left * right: strings and arrays are repeated."""
    left = plain(left)
    if isinstance(left, str | list):
        return left * int(numeric(right))
    return _arithmetic(left, right, lambda a, b: a * b)


def divide(left: object, right: object) -> object:
    """left / right: whole numbers stay whole only where nothing is left over."""
    first, second = numeric(left), numeric(right)
    if second == 0 and isinstance(second, int):
        inner = NetError("System.DivideByZeroException", "Attempted to divide by zero.")
        raise NetError(RUNTIME, inner.message, inner=inner, error_id="RuntimeException")
    if isinstance(first, int) and isinstance(second, int) and first % second == 0:
        return first // second
    return first / second


def remainder(left: object, right: object) -> object:
    """left % right, with the sign of the left side."""
    first, second = numeric(left), numeric(right)
    if second == 0 and isinstance(second, int):
        return divide(left, right)
    if isinstance(first, int) and isinstance(second, int):
        whole = abs(first) % abs(second)
        return -whole if first < 0 else whole
    return fmod(first, second)


def _arithmetic(left: object, right: object, how: Callable[..., int | float]) -> int | float:
    if isinstance(left, list | Hashtable | datetime | timedelta) or isinstance(right, datetime | timedelta):
        raise _no_operator("an arithmetic operator", left)
    found = how(numeric(left), numeric(right))
    return float(found) if isinstance(found, int) and not -(1 << 63) <= found < 1 << 63 else found


def _no_operator(name: str, left: object) -> NetError:
    return NetError(
        RUNTIME,
        f"Method invocation failed because [{type(left).__name__}] does not contain a method named '{name}'.",
        error_id="MethodNotFound",
        category="InvalidOperation",
    )


def bits(how: Callable[[int, int], int]) -> Operator:
    """-band, -bor, -bxor: values of one enumeration stay of it."""

    def operator(left: object, right: object) -> object:
        found = how(int(numeric(left)), int(numeric(right)))
        if isinstance(left, EnumValue) and isinstance(right, EnumValue) and left.type is right.type:
            return flags(left, found)
        return found

    return operator


def flags(one: EnumValue, value: int) -> EnumValue:
    """A number as a value of an enumeration: the name, or several names, or the number where names do not make it up."""
    known = one.type.values or {}
    exact = [name for name, number in known.items() if number == value]
    if exact:
        return EnumValue(one.type, exact[0], value)
    parts = [
        name
        for name, number in sorted(known.items(), key=lambda it: it[1])
        if number and number & value == number
    ]
    whole = 0
    for name in parts:
        whole |= known[name]
    named = one.type.flags and whole == value
    return EnumValue(one.type, ", ".join(parts) if named else str(value), value)


def spread(one: Callable[[object, object], bool]) -> Operator:
    """A comparison whose left side may be an array: then it gives those of its items for which it holds."""

    def operator(left: object, right: object) -> object:
        if isinstance(left, list | bytearray):
            return [each for each in left if one(each, right)]
        return one(left, right)

    return operator


def _compare(*, case: bool) -> dict[str, Callable[[object, object], bool]]:
    return {
        "eq": lambda a, b: equal(a, b, case=case),
        "ne": lambda a, b: not equal(a, b, case=case),
        "lt": lambda a, b: before(a, b, case=case),
        "ge": lambda a, b: not before(a, b, case=case),
        "gt": lambda a, b: not before(a, b, case=case) and not equal(a, b, case=case),
        "le": lambda a, b: before(a, b, case=case) or equal(a, b, case=case),
        "like": lambda a, b: like(a, b, case=case),
        "notlike": lambda a, b: not like(a, b, case=case),
    }


def like(value: object, pattern: object, *, case: bool) -> bool:
    """value -like pattern."""
    compiled = wildcard(text(pattern))
    if case:
        raise LabDoesNotKnow("-clike")
    return compiled.fullmatch(text(value)) is not None


def _contains(*, case: bool) -> Operator:
    return lambda left, right: any(equal(each, right, case=case) for each in items(left))


def _turned(operator: Operator, *, swap: bool = False, negate: bool = False) -> Operator:
    return lambda a, b: truth(operator(b, a) if swap else operator(a, b)) != negate


def _all_comparisons() -> dict[str, Operator]:
    found: dict[str, Operator] = {}
    for letter, case in (("", False), ("i", False), ("c", True)):
        found |= {f"-{letter}{name}": spread(one) for name, one in _compare(case=case).items()}
        contains = _contains(case=case)
        found[f"-{letter}contains"] = contains
        found[f"-{letter}notcontains"] = _turned(contains, negate=True)
        found[f"-{letter}in"] = _turned(contains, swap=True)
        found[f"-{letter}notin"] = _turned(contains, swap=True, negate=True)
    return found


def _joined(left: object, right: object) -> object:
    return text(right).join(text(each) for each in items(left))


def _range(left: object, right: object) -> object:
    low, high = int(numeric(left)), int(numeric(right))
    return list(range(low, high + 1)) if low <= high else list(range(low, high - 1, -1))


BINARY: dict[str, Operator] = {
    "+": add, "-": subtract, "*": multiply, "/": divide, "%": remainder, "..": _range, "-join": _joined,
    "-f": lambda left, right: formatted(text(left), items(right), text),
    "-band": bits(lambda a, b: a & b), "-bor": bits(lambda a, b: a | b), "-bxor": bits(lambda a, b: a ^ b),
    "-shl": lambda a, b: int(numeric(a)) << int(numeric(b)), "-shr": lambda a, b: int(numeric(a)) >> int(numeric(b)),
    **_all_comparisons(),
}  # fmt: skip
"""What each operator does with the values of both sides."""
