"""The .NET types of collections, errors and types themselves. Explicit tables, nothing by guess."""

from __future__ import annotations

from collections.abc import Iterator

from app.lab.powershell.objects import (
    EnumValue,
    ErrorRecord,
    Hashtable,
    Member,
    Method,
    NetError,
    NetType,
    Property,
    PSObject,
)
from app.lab.powershell.scope import ScriptBlock
from app.lab.powershell.values import CUSTOM, equal, text


class Items:
    """An ArrayList or a List[T]."""

    def __init__(self, values: object = None) -> None:
        self.values: list[object] = list(values) if isinstance(values, list) else []

    def unrolled(self) -> Iterator[object]:
        """What it is in a pipeline: its items."""
        yield from list(self.values)

    @property
    def text(self) -> str:
        """[string]$list: its items with blanks between."""
        return " ".join(text(each) for each in self.values)

    def add(self, value: object) -> int:
        """Put a value at the end; gives its place."""
        self.values.append(value)
        return len(self.values) - 1


def _contains(it: Items, value: object) -> bool:
    return any(equal(each, value, case=True) for each in it.values)


_LIST_MEMBERS: dict[str, Member] = {
    "Count": Property(lambda it: len(it.values)),
    "Contains": Method(_contains, "object"),
    "ToArray": Method(lambda it: list(it.values), ""),
    "Clear": Method(lambda it: it.values.clear(), "", void=True),
    "Item": Method(lambda it, place: it.values[place], "int"),
    "AddRange": Method(lambda it, more: it.values.extend(more), "object", void=True),
}
_ARRAY_LIST = NetType(
    "System.Collections.ArrayList",
    holds=(Items,),
    new=Method(Items, "", "object"),
    members={**_LIST_MEMBERS, "Add": Method(Items.add, "object")},
)


class TypedItems(Items):
    """A List[T]: its Add has no value."""


_LIST = NetType(
    "System.Collections.Generic.List",
    holds=(TypedItems,),
    new=Method(TypedItems, "", "object"),
    members={**_LIST_MEMBERS, "Add": Method(Items.add, "object", void=True)},
)


def _no_fixed(_it: object, _value: object) -> None:
    raise NetError("System.NotSupportedException", "Collection was of a fixed size.")


_ARRAY = NetType(
    "System.Object[]",
    holds=(list,),
    complete=True,
    bases=("System.Array",),
    members={
        "Length": Property(len),
        "Count": Property(len),
        "Contains": Method(lambda it, value: any(equal(each, value, case=True) for each in it), "object"),
        "Add": Method(_no_fixed, "object"),
    },
)
_BYTES = NetType(
    "System.Byte[]",
    holds=(bytearray,),
    bases=("System.Array",),
    members={"Length": Property(len), "Count": Property(len)},
    complete=True,
)


def _place(values: list[object], value: object) -> int:
    return next((number for number, each in enumerate(values) if equal(each, value, case=True)), -1)


_ARRAY_TYPE = NetType(
    "System.Array",
    statics={
        "IndexOf": Method(_place, "object, object"),
    },
)  # fmt: skip


def _added_once(it: Hashtable, key: object, value: object) -> None:
    if key in it:
        message = (
            f"Item has already been added. Key in dictionary: '{text(key)}'  Key being added: '{text(key)}'"
        )
        raise NetError("System.ArgumentException", message)
    it[key] = value


_HASHTABLE = NetType(
    "System.Collections.Hashtable",
    holds=(Hashtable,),
    complete=True,
    members={
        "Count": Property(len),
        "Keys": Property(lambda it: [key for key, _ in it.items()]),
        "Values": Property(lambda it: [value for _, value in it.items()]),
        "ContainsKey": Method(lambda it, key: key in it, "object"),
        "Contains": Method(lambda it, key: key in it, "object"),
        "Add": Method(_added_once, "object, object", void=True),
        "Remove": Method(Hashtable.remove, "object", void=True),
        "GetEnumerator": Method(
            lambda it: [
                PSObject("System.Collections.DictionaryEntry", {"Key": k, "Name": k, "Value": v})
                for k, v in it.items()
            ],
            "",
        ),
    },
)
_ERROR_RECORD = NetType(
    "System.Management.Automation.ErrorRecord",
    holds=(ErrorRecord,),
    members={
        "Exception": Property(lambda it: it.exception),
        "FullyQualifiedErrorId": Property(lambda it: it.error_id),
        "TargetObject": Property(lambda it: it.target),
        "CategoryInfo": Property(
            lambda it: PSObject("System.Management.Automation.ErrorCategoryInfo", {"Category": it.category})
        ),
        "InvocationInfo": Property(
            lambda it: PSObject(
                "System.Management.Automation.InvocationInfo",
                {"ScriptLineNumber": it.line, "OffsetInLine": it.column, "Line": it.source},
            )
        ),
    },
)
_EXCEPTION = NetType(
    "System.Exception",
    holds=(NetError,),
    members={
        "Message": Property(lambda it: it.message),
        "InnerException": Property(lambda it: it.inner),
        "GetType": Method(lambda it: NetType(it.type_name), ""),
    },
    new=Method(lambda message="": NetError("System.Exception", message), "", "string"),
)
_TYPE = NetType(
    "System.Type",
    holds=(NetType,),
    members={
        "FullName": Property(lambda it: it.name),
        "Name": Property(lambda it: it.name.rpartition(".")[2]),
    },
)
_BLOCK = NetType("System.Management.Automation.ScriptBlock", holds=(ScriptBlock,))
_ENUM = NetType("System.Enum", holds=(EnumValue,))
_OTHERS = (
    NetType("System.Object", new=Method(lambda: PSObject(CUSTOM, {}, complete=True), "")),
    NetType("System.Void"),
    NetType("System.Management.Automation.SwitchParameter"),
    NetType("System.Management.Automation.PSObject"),
)


def _wrong(kind: str) -> NetType:
    return NetType(kind, new=Method(lambda message="": NetError(kind, message), "", "string"))


_EXCEPTIONS = tuple(
    _wrong(f"System.{name}Exception")
    for name in (
        "Argument",
        "InvalidOperation",
        "IO.IO",
        "IO.FileNotFound",
        "Format",
        "NotSupported",
        "Timeout",
    )
)

TYPES = (
    _ARRAY_LIST, _LIST, _ARRAY, _BYTES, _ARRAY_TYPE, _HASHTABLE, _ERROR_RECORD, _EXCEPTION,
    _TYPE, _BLOCK, _ENUM, *_OTHERS, *_EXCEPTIONS,
)  # fmt: skip
