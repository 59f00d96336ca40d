"""ConvertTo-Json and ConvertFrom-Json as Windows PowerShell 5.1 has them: its escapes, its depth, its dates."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from app.lab.powershell.objects import EnumValue, Hashtable, LabDoesNotKnow, NetError, PSObject
from app.lab.powershell.values import CUSTOM, plain, real_text, text, utc

_ESCAPED = re.compile("[<>&'\u0085\u2028\u2029]")


def to_json(value: object, depth: int, *, compress: bool) -> str:
    """A value as JSON; what is deeper than `depth` is its text. Not compressed, only flat objects are known."""
    value = plain(value)
    if isinstance(value, list):
        return (
            "["
            + _among([to_json(each, depth - 1, compress=compress) for each in value], compress=compress)
            + "]"
        )
    if isinstance(value, Hashtable | PSObject):
        if depth < 0:
            return _string(text(value))
        pairs = [
            f"{_string(text(key))}:{'' if compress else '  '}{to_json(each, depth - 1, compress=compress)}"
            for key, each in value.items()
        ]
        return "{" + _among(pairs, compress=compress) + "}"
    return _scalar(value)


def _among(parts: list[str], *, compress: bool) -> str:
    if compress or not parts:
        return ",".join(parts)
    if any("\n" in part for part in parts):
        raise LabDoesNotKnow("the layout of nested JSON without -Compress")
    return "\r\n    " + ",\r\n    ".join(parts) + "\r\n"


def _scalar(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        shown = real_text(value)
        return shown if "." in shown or "E" in shown else f"{shown}.0"
    if isinstance(value, EnumValue):
        return str(value.value)
    if isinstance(value, datetime):
        moment = utc(value)
        whole = (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
        return f'"\\/Date({int(whole * 1000)})\\/"'
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bytearray):
        return "[" + ",".join(str(each) for each in value) + "]"
    raise LabDoesNotKnow(f"{type(value).__name__} as JSON")


def _string(value: str) -> str:
    quoted = json.dumps(value, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def from_json(written: str) -> object:
    """JSON as objects. Raises NetError for what is none."""
    try:
        return _object(json.loads(written))
    except json.JSONDecodeError as error:
        raise NetError(
            "System.ArgumentException",
            f"Invalid JSON primitive: {error.msg}.",
            error_id="System.ArgumentException",
        ) from error


def _object(value: object) -> object:
    if isinstance(value, dict):
        return PSObject(CUSTOM, {name: _object(each) for name, each in value.items()}, complete=True)
    return [_object(each) for each in value] if isinstance(value, list) else value
