"""Values between a script of the lab and PSRP, with what pypsrp and PowerShell need to know them again: type names, sizes, depth.

Going out objects are two levels deep, deeper ones are their text, as remoting's default depth has it. What has no more to it than
its text or number is powershell/portable.py's; a value that the lab cannot carry is an error, never its Python form.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from psrpcore import types as ps

from app.lab.powershell.objects import Char, EnumValue, ErrorRecord, Hashtable, PSObject
from app.lab.powershell.portable import local, portable

_DEPTH = 2
_INT = range(-(2**31), 2**31)
_LONG = range(-(2**63), 2**63)


def outgoing(value: object, depth: int = _DEPTH) -> object:
    """A script's value as psrpcore writes it. Raises LabDoesNotKnow."""
    if isinstance(value, Char):
        return ps.PSChar(value)
    if isinstance(value, float):
        return ps.PSDouble(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _integer(value)
    if isinstance(value, list):
        return [outgoing(each, depth) for each in value]
    if isinstance(value, Hashtable) and depth > 0:
        return ps.PSDict({outgoing(key): outgoing(each, depth - 1) for key, each in value.items()})
    if isinstance(value, PSObject) and depth > 0:
        return _object(value, depth)
    if isinstance(value, EnumValue):
        return _typed([value.type.name, "System.Enum", "System.ValueType"], value.name)
    return portable(value, depth)


def _integer(value: int) -> object:
    """By size, as PowerShell's own numbers are: [int], else [long], else [double]."""
    if value in _INT:
        return value
    return ps.PSInt64(value) if value in _LONG else ps.PSDouble(value)


def _object(value: PSObject, depth: int) -> object:
    told = _typed(list(value.types), value.types[0] if value.text is None else value.text)
    for name, each in value.items():
        told.PSObject.extended_properties.append(ps.PSNoteProperty(name, value=outgoing(each, depth - 1)))
    return told


def _typed(types: list[str], text: str) -> ps.PSCustomObject:
    told = ps.PSCustomObject()
    told.PSObject.type_names = [*types, *(base for base in ("System.Object",) if base not in types)]
    told.PSObject.to_string = text
    return told


def incoming(value: object) -> object:
    """What a client sent as a script's value. Raises LabDoesNotKnow."""
    for kind, convert in _READ.items():
        if isinstance(value, kind):
            return convert(value)
    return local(value)


def _read_object(value: ps.PSCustomObject) -> PSObject:
    properties = [*value.PSObject.adapted_properties, *value.PSObject.extended_properties]
    named = {each.name: incoming(each.get_value(value)) for each in properties}
    return PSObject(
        tuple(value.PSObject.type_names) or ("System.Object",), named, text=value.PSObject.to_string
    )


def _read_time(value: datetime.datetime) -> datetime.datetime:
    """Aware: what has no zone counts as UTC."""
    aware = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
    return datetime.datetime.fromtimestamp(aware.timestamp(), aware.tzinfo)


_READ: dict[type, Callable[..., object]] = {
    ps.PSChar: lambda value: Char(str(value)),
    datetime.datetime: _read_time,
    list: lambda value: [incoming(each) for each in value],
    dict: lambda value: Hashtable((incoming(key), incoming(each)) for key, each in value.items()),
    ps.PSCustomObject: _read_object,
    ps.PSSecureString: lambda value: str.__str__(value.decrypt()),
}


def error_record(record: ErrorRecord) -> ps.ErrorRecord:
    """An error as PSRP carries it, with where it stood as its stack trace."""
    exception = ps.NETException(Message=record.message, HResult=-2146233087)
    names = [record.exception.type_name, *record.exception.bases, *exception.PSObject.type_names]
    exception.PSObject.type_names = list(dict.fromkeys(names))
    category = ps.ErrorCategoryInfo(
        Category=getattr(ps.ErrorCategory, record.category, ps.ErrorCategory.NotSpecified),
        Reason=record.exception.type_name.rpartition(".")[2],
        TargetName="" if record.target is None else str(record.target),
    )
    where = f"at <ScriptBlock>, {record.source or '<No file>'}: line {record.line}" if record.line else None
    return ps.ErrorRecord(
        Exception=exception,
        CategoryInfo=category,
        TargetObject=None if record.target is None else str(record.target),
        FullyQualifiedErrorId=record.error_id,
        ScriptStackTrace=where,
    )


def terminated(message: str, error_id: str) -> ps.ErrorRecord:
    """The error that ends a pipeline where the lab itself has something to say."""
    category = ps.ErrorCategoryInfo(Category=ps.ErrorCategory.NotImplemented, Reason=error_id)
    return ps.ErrorRecord(
        Exception=ps.NETException(Message=message), CategoryInfo=category, FullyQualifiedErrorId=error_id
    )
