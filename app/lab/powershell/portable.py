"""A script's objects as psrpcore sends them. Knows the types of PSRP, no connection."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from psrpcore.types import PSCustomObject

from app.lab.powershell.formatting import Formatted
from app.lab.powershell.objects import (
    NOTHING,
    EnumValue,
    ErrorRecord,
    Hashtable,
    LabDoesNotKnow,
    NetType,
    PSObject,
)
from app.lab.powershell.scope import ScriptBlock
from app.lab.powershell.values import text

DEPTH = 2
"""How deep objects are sent; deeper ones are their text (the serializer's default is 1 below the top)."""


def portable(value: object, depth: int = DEPTH) -> object:
    """The value as str, int, float, bool, None, bytes, list, dict or a type of psrpcore. Raises LabDoesNotKnow for what has no
    such form: a format object, an object of the lab's own."""
    if value is None or value is NOTHING:
        return None
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str | EnumValue | NetType | ScriptBlock | ErrorRecord):
        return str(text(value))
    if isinstance(value, bytearray):
        return bytes(value)
    if isinstance(value, list):
        return [portable(each, depth) for each in value]
    if isinstance(value, datetime | timedelta | UUID):
        return value  # psrpcore knows them by themselves
    if isinstance(value, Hashtable | PSObject):
        return _with_members(value, depth)
    unrolled = getattr(value, "unrolled", None)
    if unrolled is not None:
        return [portable(each, depth) for each in unrolled()]
    kind = "a format object" if isinstance(value, Formatted) else f"a {type(value).__name__}"
    raise LabDoesNotKnow(f"how {kind} is sent over PSRP")


def _with_members(value: Hashtable | PSObject, depth: int) -> object:
    if depth <= 0:
        return text(value)
    items = {text(name): portable(each, depth - 1) for name, each in value.items()}
    if isinstance(value, Hashtable):
        return items
    sent = PSCustomObject(**items)
    if value.text is not None:
        sent.PSObject.to_string = value.text
    return sent


def local(value: object) -> object:
    """What a client has sent, as a script's value: strings, numbers, lists and dictionaries. Raises LabDoesNotKnow for others."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int | float):
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, bytes | bytearray):
        return bytearray(value)
    if isinstance(value, dict):
        return Hashtable((local(key), local(each)) for key, each in value.items())
    if isinstance(value, list):
        return [local(each) for each in value]
    if isinstance(value, datetime | timedelta | UUID):
        return value
    raise LabDoesNotKnow(f"what a client sends as {type(value).__name__}")
