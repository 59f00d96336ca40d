"""What values are in a script of the lab, and how .NET types are declared. Holds no machine and evaluates nothing.

A value of PowerShell is one of Python's own:

    $null None · [bool] bool · [int], [long] int (by size) · [double] float · [string] str · [char] Char · object[] and typed
    arrays list · byte[] bytearray · [hashtable] Hashtable · [datetime] datetime (aware: UTC or the machine's zone) ·
    [timespan] timedelta · a value of an enumeration EnumValue · [type] NetType · PSObject for what has properties of its own
    (a service, a cluster resource, [pscustomobject]) · an object of any other Python class that a NetType `holds`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


class Nothing:
    """No output at all: what a pipeline without output and a void method give. Everywhere else it counts as $null."""

    def __bool__(self) -> bool:
        return False


NOTHING = Nothing()


class Char(str):
    """One [char]."""

    __slots__ = ()


class Hashtable:
    """@{}: names in either case are one. Ordered ones keep their order; others have one that is nobody's to rely on."""

    def __init__(self, items: Iterable[tuple[object, object]] = (), *, ordered: bool = False) -> None:
        self.ordered = ordered
        self._items: dict[object, tuple[object, object]] = {}
        for key, value in items:
            self[key] = value

    @staticmethod
    def _key(key: object) -> object:
        return key.lower() if isinstance(key, str) else key

    def __getitem__(self, key: object) -> object:
        return self._items.get(self._key(key), (None, None))[1]

    def __setitem__(self, key: object, value: object) -> None:
        known = self._items.get(self._key(key))
        self._items[self._key(key)] = (known[0] if known else key, value)

    def __contains__(self, key: object) -> bool:
        return self._key(key) in self._items

    def __len__(self) -> int:
        return len(self._items)

    def remove(self, key: object) -> None:
        """Take a key out; nothing happens where it is not there."""
        self._items.pop(self._key(key), None)

    def items(self) -> list[tuple[object, object]]:
        """The pairs. Of an unordered one in the order of the reversed names: a text that relies on its own order shows it."""
        pairs = list(self._items.values())
        return pairs if self.ordered else sorted(pairs, key=lambda pair: str(pair[0]).lower()[::-1])


@dataclass(frozen=True)
class Live:
    """A property that is asked for each time: PSObject("…", {"Status": Live(lambda: service.status)})."""

    get: Callable[[], object]
    set: Callable[[object], None] | None = None


class PSObject:
    """An object with properties and methods of its own, by name in either case.

    `types` are its type names, the most special first; `properties` values or Live; `methods` what its methods do, called
    with the script's arguments as they are (None: no value); `text` what [string]$object is (None: as .NET, the first type name);
    `columns` the properties that its default table shows, where one is printed without any Format- cmdlet. Another name is
    $null where `complete`, else an error: the lab does not know whether a real object has it.
    """

    def __init__(
        self,
        types: str | tuple[str, ...],
        properties: Mapping[str, object] | None = None,
        *,
        methods: Mapping[str, Callable[..., object]] | None = None,
        text: str | None = None,
        columns: tuple[str, ...] = (),
        complete: bool = False,
    ) -> None:
        self.types = (types,) if isinstance(types, str) else types
        self.properties = dict(properties or {})
        self.methods = dict(methods or {})
        self.text = text
        self.columns, self.complete = columns, complete

    def name_of(self, name: str) -> str | None:
        """A property's name as it is declared, None where there is no such property."""
        return next((each for each in self.properties if each.lower() == name.lower()), None)

    def get(self, name: str) -> object:
        """A property's value, None where there is no such property."""
        value = self.properties.get(self.name_of(name) or "")
        return value.get() if isinstance(value, Live) else value

    def items(self) -> list[tuple[str, object]]:
        """Names and values in the order of declaration."""
        return [(name, self.get(name)) for name in self.properties]


@dataclass(frozen=True)
class EnumValue:
    """A value of an enumeration; several flags are one value, and their name has commas: "ReadWrite, Delete"."""

    type: NetType
    name: str
    value: int


@dataclass(frozen=True)
class Property:
    """A property or field of a .NET type. `get` is called with the object (not for a static one)."""

    get: Callable[..., object]
    set: Callable[..., None] | None = None


class Method:
    """A method or constructor of a .NET type with its overloads, each as the type names of its parameters:

        Method(open_file, "string, IO.FileMode", "string, IO.FileMode, IO.FileAccess")     Method(now, "")

    `run` is called with the object (not for a static one or a constructor) and the arguments, each cast to the parameter's
    type ("object": as it is). Of several overloads with as many parameters the first whose casts succeed is taken. No fitting
    count is MethodCountCouldNotFindBest, as on a real machine. `void`: it has no value (Close, WriteLine), where any other
    method that gives None gives $null, which is an object of the output.
    """

    def __init__(self, run: Callable[..., object], *overloads: str, void: bool = False) -> None:
        self.run, self.void = run, void
        self.overloads = tuple(
            tuple(each.strip() for each in one.split(",") if each.strip()) for one in overloads
        )


Member = Property | Method


@dataclass(frozen=True, eq=False)
class NetType:
    """A .NET type: its full name, and explicitly every member that the lab knows. Names are found in either case.

        NetType("System.IO.FileStream", holds=(FileStream,), bases=("System.IO.Stream",), new=Method(...),
                members={"Length": Property(lambda it: it.length), "Seek": Method(FileStream.seek, "long, IO.SeekOrigin")})

    `statics` are [type]::Member; `members` those of objects; `new` New-Object's and ::new()'s constructors; `holds` the Python
    classes whose objects are of this type; `values` makes it an enumeration (`flags`: values may be joined); `cast` is what
    [type]value does where that is more than an enumeration's name, and raises NetError("System.InvalidCastException", …).
    `bases` are the full names of what it inherits from, for -is and members that are not its own. Where `complete`, another
    property is $null as on a real machine; else it is an error, since the lab does not know whether a real object has it.
    """

    name: str
    statics: Mapping[str, Member] = field(default_factory=dict)
    members: Mapping[str, Member] = field(default_factory=dict)
    new: Method | None = None
    holds: tuple[type[Any], ...] = ()
    bases: tuple[str, ...] = ()
    values: Mapping[str, int] | None = None
    flags: bool = False
    cast: Callable[[object], object] | None = None
    complete: bool = False

    def static(self, name: str) -> Member | None:
        """A static member by name."""
        return next((it for each, it in self.statics.items() if each.lower() == name.lower()), None)

    def member(self, name: str) -> Member | None:
        """A member of an object by name; bases are not looked at."""
        return next((it for each, it in self.members.items() if each.lower() == name.lower()), None)

    def value(self, name: str) -> EnumValue | None:
        """A value of the enumeration by name."""
        for each, number in (self.values or {}).items():
            if each.lower() == name.strip().lower():
                return EnumValue(self, each, number)
        return None


class NetError(Exception):
    """A .NET exception, thrown by a member, a constructor or a cmdlet (there it is a terminating error).

    `type_name` is the full name ("System.IO.FileNotFoundException"); errors.py knows the bases of the common ones, another
    one says its own in `bases`. `error_id` is the first part of the FullyQualifiedErrorId where that is not the type's name.
    """

    def __init__(
        self,
        type_name: str,
        message: str,
        *,
        inner: NetError | None = None,
        error_id: str | None = None,
        category: str = "NotSpecified",
        target: object = None,
        bases: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.type_name, self.message, self.inner = type_name, message, inner
        self.error_id = error_id or type_name.rpartition(".")[2]
        self.category, self.target, self.bases = category, target, bases


class LabDoesNotKnow(NetError):
    """The lab does not know a construct, cmdlet, parameter, type or member. No script can catch it: it ends everything."""

    def __init__(self, what: str) -> None:
        super().__init__(
            "LabDoesNotKnow",
            f"The lab does not know: {what}",
            error_id="LabDoesNotKnow",
            category="NotImplemented",
        )


@dataclass
class ErrorRecord:
    """One error: the exception, its id, category and target, and where it stood (line and column from 1, and the source)."""

    exception: NetError
    error_id: str
    category: str = "NotSpecified"
    target: object = None
    line: int = 0
    column: int = 0
    source: str = ""

    @property
    def message(self) -> str:
        """What [string]$_ says."""
        return self.exception.message


class Terminating(Exception):
    """A script ended by an error that nothing caught."""

    def __init__(self, record: ErrorRecord) -> None:
        super().__init__(record.message)
        self.record = record

    @property
    def message(self) -> str:
        """The error's message."""
        return self.record.message

    @property
    def error_id(self) -> str:
        """The FullyQualifiedErrorId."""
        return self.record.error_id


def listed(value: object) -> Iterator[object]:
    """The values that a value is in a pipeline: arrays one by one, nothing for no value at all."""
    if isinstance(value, list | bytearray):
        yield from value
    elif value is not None and value is not NOTHING:
        yield value
