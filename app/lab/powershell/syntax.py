"""What a text of PowerShell says, in small frozen pieces: expressions, statements, script blocks. Pure data, made by parse.py."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece stands in its text."""

    text: str = field(repr=False)
    start: int
    end: int

    @property
    def source(self) -> str:
        """The piece as it is written."""
        return self.text[self.start : self.end]

    @property
    def line(self) -> int:
        """The line that it begins on, from 1."""
        return self.text.count("\n", 0, self.start) + 1

    @property
    def column(self) -> int:
        """The character of that line, from 1."""
        return self.start - self.text.rfind("\n", 0, self.start)


@dataclass(frozen=True, slots=True)
class Expression:
    """Anything that has a value."""

    place: Place


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """A number or a string without anything in it to expand; `bare` for a word of a command."""

    value: object
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Expandable(Expression):
    """A string with expressions in it."""

    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True)
class Variable(Expression):
    """$name, $scope:name, ${name}; `splat` for @name. `scope` is "" or in lower case, the name as written."""

    scope: str
    name: str
    splat: bool = False


@dataclass(frozen=True, slots=True)
class TypeLiteral(Expression):
    """[name]; an array's name ends in []."""

    name: str


@dataclass(frozen=True, slots=True)
class Member(Expression):
    """target.name or [type]::name."""

    target: Expression
    name: Expression
    static: bool


@dataclass(frozen=True, slots=True)
class Invoke(Expression):
    """target.name(arguments) or [type]::name(arguments)."""

    target: Expression
    name: Expression
    static: bool
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Index(Expression):
    """target[index]."""

    target: Expression
    index: Expression


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    """left operator right; the operator in lower case, with its dash."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Unary(Expression):
    """operator operand."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Count(Expression):
    """++ and --, before or after."""

    operator: str
    target: Expression
    before: bool


@dataclass(frozen=True, slots=True)
class Cast(Expression):
    """[type]operand."""

    type: TypeLiteral
    operand: Expression


@dataclass(frozen=True, slots=True)
class ArrayLiteral(Expression):
    """a, b."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class HashLiteral(Expression):
    """@{ key = statement }."""

    entries: tuple[tuple[Expression, Statement], ...]


@dataclass(frozen=True, slots=True)
class Grouped(Expression):
    """(pipeline), $(statements), @(statements): `kind` is the sign that opens it."""

    kind: str
    body: Body


@dataclass(frozen=True, slots=True)
class BlockLiteral(Expression):
    """{ statements }."""

    block: Block


@dataclass(frozen=True, slots=True)
class Statement:
    """Anything that is carried out."""

    place: Place


@dataclass(frozen=True, slots=True)
class Body:
    """Statements in their order, and the traps that stand among them (type names, body)."""

    statements: tuple[Statement, ...]
    traps: tuple[tuple[str, Body], ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """One parameter of a function or script."""

    place: Place
    name: str
    type: str
    default: Expression | None
    mandatory: bool
    pipeline: bool
    allowed: tuple[str, ...]
    """ValidateSet; empty for anything."""


@dataclass(frozen=True, slots=True)
class Block:
    """A script, a function's body or a script block."""

    place: Place
    parameters: tuple[Declared, ...]
    begin: Body | None
    process: Body | None
    end: Body | None
    strict: bool
    """[CmdletBinding()] or [Parameter()]: what is not declared is an error, and there is no $args."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One word of a command: a parameter's name (without dash), a value, or both (-name:value)."""

    place: Place
    parameter: str | None
    value: Expression | None


@dataclass(frozen=True, slots=True)
class Command(Expression):
    """A command of a pipeline: `operator` is "", "&" or "."; `redirected` e.g. ("2>&1", "1>$null")."""

    name: Expression
    operator: str
    arguments: tuple[Argument, ...]
    redirected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pipeline(Statement):
    """Commands; the first may be an expression."""

    elements: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Assign(Statement):
    """target operator value."""

    target: Expression
    operator: str
    value: Statement


@dataclass(frozen=True, slots=True)
class If(Statement):
    """Conditions with their bodies, and what else is done."""

    clauses: tuple[tuple[Statement, Body], ...]
    otherwise: Body | None


@dataclass(frozen=True, slots=True)
class ForEach(Statement):
    """foreach ($variable in values)."""

    variable: Variable
    values: Statement
    body: Body


@dataclass(frozen=True, slots=True)
class Loop(Statement):
    """while, do and for: `first` is done once before; `after` after each turn; `late` asks at the end of the turn."""

    condition: Statement | None
    body: Body
    first: Statement | None = None
    after: Statement | None = None
    late: bool = False
    until: bool = False


@dataclass(frozen=True, slots=True)
class Switch(Statement):
    """switch (value) { condition { body } }; None as the condition is default."""

    kind: str
    value: Statement
    clauses: tuple[tuple[Expression | None, Body], ...]


@dataclass(frozen=True, slots=True)
class Try(Statement):
    """try, catch [types] and finally; no types catch everything."""

    body: Body
    catches: tuple[tuple[tuple[str, ...], Body], ...]
    last: Body | None


@dataclass(frozen=True, slots=True)
class Function(Statement):
    """function name { block }."""

    name: str
    block: Block


@dataclass(frozen=True, slots=True)
class Flow(Statement):
    """break, continue, return, throw, exit."""

    kind: str
    value: Statement | None
