"""What a script of the lab can reach: cmdlets, .NET types, native programs, environment, clock. How each is declared.

A cmdlet is a Cmdlet with its parameters and a function that takes a Call and yields its output; an undeclared parameter is
LabDoesNotKnow by itself. In it:

    def get_thing(call: Call) -> Iterator[object]:
        for name in call.texts("Name"):                      # bound values; call.value, call.text, call.switch alike
            thing = machine.things.get(name.lower())
            if thing is None:
                call.error(f"Cannot find {name}.", "NoThing", category="ObjectNotFound", target=name)   # goes on
                continue
            yield PSObject("Maker.Thing", {"Name": name, "State": Live(lambda: thing.state)}, text=name)
    GET_THING = Cmdlet("Get-Thing", (Parameter("Name", "string[]", position=0, pipeline=True),), get_thing)

    raise NetError("…Exception", "message", error_id="…") inside it is a terminating error (ThrowTerminatingError).
    call.objects("InputObject") are the objects that are named, else those of the pipeline.

A .NET type is a NetType (objects.py), a native program a function NativeCall -> exit code. All go into a World's mappings with
`add`. A name that is not there is CommandNotFoundException, TypeNotFound or MemberNotFound, never a silent success.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Protocol

from app.lab.powershell.objects import LabDoesNotKnow, NetError, NetType, listed


class Streams(Protocol):
    """Where what a script says goes. `record` is an ErrorRecord. Called from the script's own thread."""

    def output(self, value: object) -> None:
        """One object of the pipeline's output (a script's own value: portable.py makes it fit for PSRP)."""

    def error(self, record: object) -> None:
        """One error that did not end the script."""

    def warning(self, text: str) -> None:
        """One warning."""

    def verbose(self, text: str) -> None:
        """One verbose message."""

    def information(self, text: str) -> None:
        """One line of Write-Host or Write-Information."""

    def progress(self, text: str, percent: int) -> None:
        """How far an activity is, in percent, -1 where nothing says so."""

    def stopping(self) -> bool:
        """Whether the client has asked for an end."""

    def wait(self, seconds: float) -> bool:
        """Wait; True at once when an end is asked for."""


class Environment(MutableMapping[str, str]):
    """Variables of a process by name in either case; the names keep the case in which they were first set."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, tuple[str, str]] = {}
        self.update(values or {})

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()][1]

    def __setitem__(self, name: str, value: str) -> None:
        self._values[name.lower()] = (self._values.get(name.lower(), (name, ""))[0], value)

    def __delitem__(self, name: str) -> None:
        del self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _value in list(self._values.values()))

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True)
class NativeCall:
    """One start of a native program.

    `name` as the script writes it; `line` what follows the program on the raw command line, as PowerShell 5.1 puts it together
    (words with blanks in double quotes, quotes within are not escaped); `argv` that line split as the C runtime does it,
    without the program; `stdin` what was piped in, in the code page; `out` and `err` take bytes; `environment` is the
    process's own copy; `folder` the working folder; `stop()` says whether it has to end.
    """

    name: str
    line: str
    argv: list[str]
    stdin: bytes
    out: Callable[[bytes], None]
    err: Callable[[bytes], None]
    environment: Environment
    folder: str
    stop: Callable[[], bool]


Native = Callable[[NativeCall], int]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a cmdlet or function. `type` is what its value is cast to ("string[]" also makes an array of one value;
    "object": as it is; "switch"). `position` from 0 where it may stand without its name; `rest` takes all further words.
    `pipeline`: each object that comes in is its value, where it is not named: call.objects(name) and call.texts(name). A cmdlet
    without such a parameter takes no objects: each is an error (InputObjectNotBound), and it is not run."""

    name: str
    type: str = "object"
    position: int | None = None
    mandatory: bool = False
    pipeline: bool = False
    rest: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def switch(self) -> bool:
        """Whether it stands without a value."""
        return self.type == "switch"


class Session(Protocol):
    """What a cmdlet may ask of the running script."""

    def invoke(self, block: object, values: Iterable[object] = (), it: object = None) -> Iterator[object]:
        """Run a script block with arguments and with `it` as $_; yields its output."""

    def member(self, value: object, name: str) -> object:
        """A property of any value, None where there is none."""

    def cast(self, value: object, type_name: str) -> object:
        """A value as that type; raises NetError (PSInvalidCastException) where that does not go."""

    def variable(self, name: str) -> object:
        """A variable that the script sees, None where there is none."""

    def native(self, name: str, words: list[str]) -> Iterator[object]:
        """Start a native program with those words and yield its lines of output; sets $LASTEXITCODE."""

    def report(self, call: Call, error: NetError) -> None:
        """A non-terminating error, by the preference in force: said, kept silent, or raised."""

    @property
    def environment(self) -> Environment:
        """The environment of the process that runs the script, for Env: paths; a change lasts as long as that process."""

    @property
    def folder(self) -> str:
        """The working folder."""


@dataclass
class Call:
    """One run of a cmdlet: `bound` by the parameters' declared names, `input` what comes through the pipeline (to be read
    once), `piped` whether anything stands before it, `last` whether nothing stands behind it."""

    cmdlet: Cmdlet
    bound: Mapping[str, object]
    input: Iterator[object]
    piped: bool
    streams: Streams
    world: World
    session: Session
    preference: str | None = None
    """-ErrorAction, where it was given."""

    def given(self, name: str) -> bool:
        """Whether a parameter was named or stood in its place."""
        return name in self.bound

    def value(self, name: str, default: object = None) -> object:
        """A parameter's value."""
        return self.bound.get(name, default)

    def switch(self, name: str) -> bool:
        """Whether a switch was set (-Name, -Name:$true)."""
        return bool(self.bound.get(name, False))

    def text(self, name: str, default: str = "") -> str:
        """A parameter's value as a string."""
        return str(self.session.cast(self.bound[name], "string")) if name in self.bound else default

    def objects(self, name: str) -> Iterator[object]:
        """The values of a parameter one by one, else the objects of the pipeline."""
        return listed(self.bound[name]) if name in self.bound else self.input

    def texts(self, name: str) -> Iterator[str]:
        """The same as strings."""
        return (str(self.session.cast(each, "string")) for each in self.objects(name))

    def error(
        self,
        message: str,
        error_id: str,
        *,
        type_name: str = "System.Exception",
        category: str = "NotSpecified",
        target: object = None,
    ) -> None:
        """A non-terminating error: the cmdlet goes on, unless -ErrorAction or $ErrorActionPreference says Stop."""
        told = NetError(type_name, message, error_id=error_id, category=category, target=target)
        self.session.report(self, told)


@dataclass(frozen=True)
class Cmdlet:
    """A cmdlet. `run` may yield its output, return it as any iterable, or return None for none. The common parameters
    (-ErrorAction, -WarningAction, -Verbose) are every cmdlet's; -WhatIf and -Confirm are declared where they are understood."""

    name: str
    parameters: tuple[Parameter, ...]
    run: Callable[[Call], Iterable[object] | None]
    aliases: tuple[str, ...] = ()


TOKYO = timezone(timedelta(hours=9), "JST")


@dataclass
class World:
    """One machine as scripts see it. Names are kept in lower case; `add` puts them in.

    `environment` is what a process gets at its start (each script has its own copy); `locate` finds a native program by what
    is not a plain name (a path), or is not in `natives`; `now` is the machine's clock, aware; `zone` its time zone;
    `codepage` what native programs write and what files of lines are in by default; `language` the mode of its sessions,
    FullLanguage or ConstrainedLanguage."""

    cmdlets: dict[str, Cmdlet] = field(default_factory=dict)
    types: dict[str, NetType] = field(default_factory=dict)
    natives: dict[str, Native] = field(default_factory=dict)
    environment: Environment = field(default_factory=Environment)
    codepage: str = "cp932"
    zone: tzinfo = TOKYO
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    stop: threading.Event = field(default_factory=threading.Event)
    folder: str = "C:\\Windows\\System32"
    locate: Callable[[str], Native | None] = lambda _name: None
    version: str = "5.1"
    language: str = "FullLanguage"
    per_script: list[Callable[[Session], NetType]] = field(default_factory=list)
    """Types that depend on the script that asks ([Environment]: its process's variables): made anew for each script."""
    _held: dict[type[object], NetType] = field(default_factory=dict, repr=False)
    _changed: bool = field(default=True, repr=False)

    def add(self, *things: Cmdlet | NetType) -> World:
        """Declare cmdlets and types; the same name again replaces what was there."""
        for thing in things:
            if isinstance(thing, Cmdlet):
                for name in (thing.name, *thing.aliases):
                    self.cmdlets[name.lower()] = thing
            else:
                self.types[thing.name.lower()] = thing
                self._changed = True
        return self

    def type(self, name: str) -> NetType | None:
        """A type by its name, with or without "System.", or by PowerShell's own short name."""
        lower = name.lower().partition("[")[0].partition("`")[0]  # a generic type without its parameters
        return self.types.get(SHORT.get(lower, lower).lower()) or self.types.get(f"system.{lower}")

    def type_of(self, value: object) -> NetType:
        """The declared type of a value that is no PSObject. Raises LabDoesNotKnow where nothing holds its class."""
        held = (
            {each: one for one in self.types.values() for each in one.holds} if self._changed else self._held
        )
        self._held, self._changed = held, False
        for kind in type(value).__mro__:
            if kind in held:
                return held[kind]
        raise LabDoesNotKnow(f"the .NET type of {type(value).__name__}")

    def native(self, name: str) -> Native | None:
        """A native program by the name or path that a script writes; ".exe" may be left out."""
        lower = name.lower()
        return self.natives.get(lower) or self.natives.get(lower.removesuffix(".exe")) or self.locate(name)


SHORT = {
    "string": "System.String", "char": "System.Char", "bool": "System.Boolean", "int": "System.Int32", "int32": "System.Int32",
    "long": "System.Int64", "int64": "System.Int64", "byte": "System.Byte", "double": "System.Double", "object": "System.Object",
    "array": "System.Array", "hashtable": "System.Collections.Hashtable", "datetime": "System.DateTime",
    "timespan": "System.TimeSpan", "guid": "System.Guid", "regex": "System.Text.RegularExpressions.Regex", "type": "System.Type",
    "version": "System.Version", "scriptblock": "System.Management.Automation.ScriptBlock",
    "psobject": "System.Management.Automation.PSObject", "pscustomobject": "System.Management.Automation.PSObject",
    "switch": "System.Management.Automation.SwitchParameter", "void": "System.Void", "uint32": "System.UInt32",
    "uint64": "System.UInt64", "uint16": "System.UInt16", "single": "System.Single", "decimal": "System.Decimal",
}  # fmt: skip
"""PowerShell's short names of types (about_Type_Accelerators)."""
