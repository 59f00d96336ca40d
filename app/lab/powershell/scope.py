"""The variables and functions that a place in a script sees: scopes one within another, names in either case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from app.lab.powershell.objects import NOTHING
from app.lab.powershell.syntax import Block, Function

Cast = Callable[[object, str], object]


@dataclass(frozen=True)
class ScriptBlock:
    """A script block as a value."""

    block: Block

    @property
    def text(self) -> str:
        """[string]$block: what stands between its braces."""
        written = self.block.place.source.strip()
        return written[1:-1] if written.startswith("{") and written.endswith("}") else written


@dataclass
class Scope:
    """One scope: that of a script, a function or a block called with &. `outer` is where it was called from."""

    outer: Scope | None = None
    values: dict[str, object] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)

    def get(self, name: str) -> object:
        """A variable's value, here or further out; None where there is none."""
        lower, scope = name.lower(), self
        while lower not in scope.values:
            if scope.outer is None:
                return None
            scope = scope.outer
        return scope.values[lower]

    def has(self, name: str) -> bool:
        """Whether there is such a variable, here or further out."""
        return name.lower() in self.values or (self.outer is not None and self.outer.has(name))

    def set(self, name: str, value: object, cast: Cast, type_name: str | None = None) -> None:
        """Give a variable of this scope a value; one that was declared with a type keeps to it."""
        lower = name.lower()
        if type_name is not None:
            self.types[lower] = type_name
        kind = self.types.get(lower)
        self.values[lower] = cast(value, kind) if kind else value

    def restore(self, name: str, value: object) -> None:
        """Give a variable of this scope back what it was; NOTHING takes it away."""
        if value is NOTHING:
            self.values.pop(name, None)
        else:
            self.values[name] = value

    def function(self, name: str) -> Function | None:
        """A function, here or further out."""
        lower = name.lower()
        return self.functions.get(lower) or (self.outer.function(name) if self.outer else None)

    @property
    def script(self) -> Scope:
        """The outermost scope."""
        return self.outer.script if self.outer else self
