"""The state of one running script, and what its parts ask of each other. Evaluates nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from app.lab.powershell import casts, errors, members
from app.lab.powershell.objects import NOTHING, ErrorRecord, Hashtable, LabDoesNotKnow, NetError, PSObject
from app.lab.powershell.scope import Scope
from app.lab.powershell.syntax import Body, Expression, Statement
from app.lab.powershell.values import text
from app.lab.powershell.world import Call, Environment, Streams, World


class Thrown(Exception):
    """A terminating error on its way to what catches it. `final`: nothing goes on with the next statement (throw, Stop)."""

    def __init__(self, record: ErrorRecord, *, final: bool) -> None:
        super().__init__(record.message)
        self.record, self.final = record, final


class Leave(Exception):
    """break, continue, return or exit on its way."""

    def __init__(self, kind: str, code: int = 0) -> None:
        super().__init__(kind)
        self.kind, self.code = kind, code


@dataclass(frozen=True)
class Ways:
    """How errors of native programs reach the client: `remote`, as error records; else their bytes go to standard error."""

    remote: bool = True


def unrolled(value: object) -> Iterator[object]:
    """What a value is in a pipeline: arrays one by one; $null is an object, no output is none."""
    if value is NOTHING:
        return
    if isinstance(value, list | bytearray):
        yield from value
    else:
        inside = getattr(value, "unrolled", None)  # a collection of the lab's own types
        if inside is None or isinstance(value, UUID):
            yield value
        else:
            yield from inside()


def collected(values: Iterable[object]) -> object:
    """What an assignment gets of a pipeline: nothing, the one object, or an array."""
    found = list(values)
    return NOTHING if not found else found[0] if len(found) == 1 else found


def _context(language: str) -> PSObject:
    """$ExecutionContext, of which the lab knows the language mode."""
    state = PSObject("System.Management.Automation.SessionState", {"LanguageMode": language})
    return PSObject("System.Management.Automation.EngineIntrinsics", {"SessionState": state})


class State:
    """One script that runs: where its output goes, its variables, whether anything would catch an error."""

    def __init__(self, world: World, streams: Streams, ways: Ways) -> None:
        self.world, self.streams, self.ways = world, streams, ways
        self.environment = Environment(dict(world.environment))
        self.scope = Scope()
        self.guards = 0
        self.okay = True
        self.errors: list[object] = []
        self.rethrown: ErrorRecord | None = None
        self.folder = world.folder
        major, _, minor = world.version.partition(".")
        version = Hashtable([("Major", int(major)), ("Minor", int(minor))])
        self.scope.values.update(
            {
                "erroractionpreference": "Continue", "warningpreference": "Continue", "progresspreference": "Continue",
                "verbosepreference": "SilentlyContinue", "informationpreference": "SilentlyContinue",
                "ofs": " ", "lastexitcode": None, "error": self.errors, "args": [],
                "psversiontable": Hashtable([("PSVersion", version)]),
                "executioncontext": _context(world.language),
            }
        )  # fmt: skip

    # what Session promises to cmdlets, as far as it needs no evaluation

    def member(self, value: object, name: str) -> object:
        """A property of any value, None where there is none or where the lab does not know one."""
        return members.get(self.world, value, name)

    def cast(self, value: object, type_name: str) -> object:
        """A value as that type."""
        return casts.cast(self.world, value, type_name)

    def variable(self, name: str) -> object:
        """A variable that the script sees."""
        return self.scope.get(name)

    def preference(self, name: str) -> str:
        """$ErrorActionPreference and its like, in lower case."""
        return text(self.scope.get(name)).lower()

    def report(self, call: Call | None, error: NetError) -> None:
        """A non-terminating error, by -ErrorAction or $ErrorActionPreference."""
        wanted = (call.preference if call and call.preference else None) or self.preference(
            "ErrorActionPreference"
        )
        self.told(errors.record_of(error, None), wanted.lower())

    def told(self, record: ErrorRecord, wanted: str) -> None:
        """Say an error, keep it silent, or end by it."""
        self.okay = False
        if wanted == "stop":
            self.noted(record)
            raise Thrown(record, final=True)
        if wanted not in ("continue", "silentlycontinue", "ignore"):
            raise LabDoesNotKnow(f"the preference {wanted!r} for errors")
        if wanted != "ignore":
            self.noted(record)
        if wanted == "continue":
            self.streams.error(record)

    def noted(self, record: ErrorRecord) -> None:
        """Put an error at the head of $Error, once."""
        if not any(each is record for each in self.errors[:1]):
            self.errors.insert(0, record)

    def within(
        self, values: Iterator[object], scope: Scope | None = None, guards: int = 0
    ) -> Iterator[object]:
        """Draw from an evaluation in a scope of its own and under `guards` more catches, and in neither between its values:
        what takes the values sees its own variables."""
        inside = scope or self.scope
        try:
            while True:
                outside = self.scope
                self.scope, self.guards = inside, self.guards + guards
                try:
                    value = next(values)
                except StopIteration:
                    return
                finally:
                    self.scope, self.guards = outside, self.guards - guards
                yield value
        finally:
            close = getattr(values, "close", None)
            if close is not None:
                close()

    # what the parts of the evaluation ask of each other

    def value(self, expression: Expression) -> object:
        """The value of an expression."""
        raise NotImplementedError

    def result(self, statement: Statement) -> object:
        """What an assignment gets of a statement."""
        raise NotImplementedError

    def run_body(self, body: Body) -> Iterator[object]:
        """The output of statements."""
        raise NotImplementedError

    def pipeline(self, elements: tuple[Expression, ...]) -> Iterator[object]:
        """The output of a pipeline."""
        raise NotImplementedError
