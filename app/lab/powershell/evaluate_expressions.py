"""The values of expressions."""

from __future__ import annotations

import re
from collections.abc import Callable

from app.lab.powershell import casts, members, syntax
from app.lab.powershell.objects import Hashtable, LabDoesNotKnow, NetError, NetType
from app.lab.powershell.operators import BINARY, add, items, subtract
from app.lab.powershell.scope import ScriptBlock
from app.lab.powershell.state import State, collected, unrolled
from app.lab.powershell.syntax import Expression
from app.lab.powershell.values import RUNTIME, numeric, plain, text, truth

_CONSTANTS: dict[str, object] = {"true": True, "false": False, "null": None}
_NOT_KNOWN = {
    "$", "^", "host", "stacktrace", "pid", "profile", "psscriptroot", "pscommandpath", "myinvocation",
    "pscmdlet", "home", "psculture", "psuiculture", "pshome", "shellid", "foreach", "switch", "sender", "event", "pssenderinfo",
    "consolefilename", "psdefaultparametervalues", "nestedpromptlevel",
}  # fmt: skip
"""Automatic variables that a real machine has (about_Automatic_Variables), and the lab has not."""


class Expressions(State):
    """Expressions; commands and statements within them are evaluated by the classes that build on this one."""

    def value(self, expression: Expression) -> object:
        """The value of an expression. Raises NetError, LabDoesNotKnow for a kind that is not in the table."""
        evaluate = _KINDS.get(type(expression))
        if evaluate is None:
            raise LabDoesNotKnow(f"{type(expression).__name__} here: {expression.place.source[:120]}")
        return evaluate(self, expression)

    def _literal(self, it: syntax.Literal) -> object:
        return it.value

    def _expandable(self, it: syntax.Expandable) -> object:
        return "".join(part if isinstance(part, str) else self.said(self.value(part)) for part in it.parts)

    def said(self, value: object) -> str:
        """A value in a string: arrays with $OFS between their items."""
        if isinstance(value, list | bytearray):
            return text(self.scope.get("OFS")).join(text(each) for each in value)
        return text(value)

    def _variable(self, it: syntax.Variable) -> object:
        lower = it.name.lower()
        if it.splat:
            raise LabDoesNotKnow(f"@{it.name} here")
        if it.scope == "env":
            return self.environment.get(it.name)
        if lower in _CONSTANTS:
            return _CONSTANTS[lower]
        if lower == "?":
            return self.okay
        if lower in _NOT_KNOWN and not self.scope.has(lower):
            raise LabDoesNotKnow(f"${it.name}")
        if lower == "pwd":
            return self.folder
        scope = self.scope.script if it.scope in ("script", "global") else self.scope
        return scope.get("_" if lower == "psitem" else lower)

    def _type(self, it: syntax.TypeLiteral) -> object:
        if it.name.endswith("[]"):
            return NetType(f"{casts.find_type(self.world, it.name[:-2]).name}[]")
        return casts.find_type(self.world, it.name)

    def _name(self, it: Expression) -> str:
        return text(self.value(it))

    def _member(self, it: syntax.Member) -> object:
        target = self.value(it.target)
        if it.static:
            return members.static(self._static(target, it), self._name(it.name))
        return members.get(self.world, target, self._name(it.name))

    def _static(self, target: object, it: Expression) -> NetType:
        if isinstance(target, NetType):
            return target
        raise LabDoesNotKnow(f":: after what is no [type]: {it.place.source[:120]}")

    def _invoke(self, it: syntax.Invoke) -> object:
        target = self.value(it.target)
        arguments = [self.value(each) for each in it.arguments]
        name = self._name(it.name)
        if it.static:
            return members.call_static(self.world, self._static(target, it), name, arguments)
        return members.call(self.world, target, name, arguments)

    def _index(self, it: syntax.Index) -> object:
        return members.index(self.world, self.value(it.target), self.value(it.index))

    def _binary(self, it: syntax.Binary) -> object:
        left = self.value(it.left)
        if it.operator in ("-and", "-or"):  # the right side is not looked at where the left one decides
            return truth(self.value(it.right)) if truth(left) == (it.operator == "-and") else truth(left)
        right = self.value(it.right)
        if it.operator in BINARY:
            return BINARY[it.operator](plain(left), plain(right))
        special = _SPECIAL.get(it.operator)
        if special is None:
            raise LabDoesNotKnow(f"the operator {it.operator}: {it.place.source[:120]}")
        return special(self, plain(left), plain(right))

    def _xor(self, left: object, right: object) -> object:
        return truth(left) != truth(right)

    def _is(self, left: object, right: object) -> object:
        if not isinstance(right, NetType):
            raise LabDoesNotKnow("-is with what is no [type]")
        return left is not None and right.name in casts.kinds(self.world, left)

    def _is_not(self, left: object, right: object) -> object:
        return not self._is(left, right)

    def _as(self, left: object, right: object) -> object:
        if not isinstance(right, NetType):
            raise LabDoesNotKnow("-as with what is no [type]")
        try:
            return casts.cast(self.world, left, right.name)
        except LabDoesNotKnow:
            raise
        except NetError:
            return None

    def _match(self, left: object, right: object) -> object:
        pattern = expression_of(text(right))
        if isinstance(left, list):
            return [each for each in left if pattern.search(text(each))]
        found = pattern.search(text(left))
        if found is not None:
            groups: list[tuple[object, object]] = [(0, found[0])]
            plain_ones = [n for n in range(1, pattern.groups + 1) if n not in pattern.groupindex.values()]
            groups += [(place, found[n]) for place, n in enumerate(plain_ones, 1) if found[n] is not None]
            groups += [(name, each) for name, each in found.groupdict().items() if each is not None]
            self.scope.values["matches"] = Hashtable(groups)
        return found is not None

    def _not_match(self, left: object, right: object) -> object:
        found = self._match(left, right)
        if isinstance(left, list):
            return [each for each in left if each not in items(found)]
        return not found

    def _replace(self, left: object, right: object) -> object:
        pattern, *rest = items(right)
        new = text(rest[0]) if rest else ""
        if re.search(r"\$[^$\d]", new):
            raise LabDoesNotKnow(f"-replace by {new!r}")
        new = re.sub(r"\$(\d)", r"\\g<\1>", new.replace("\\", "\\\\")).replace("$$", "$")
        found = [expression_of(text(pattern)).sub(new, text(each)) for each in items(left)]
        return found if isinstance(left, list) else found[0]

    def _split(self, left: object, right: object) -> object:
        pattern = expression_of(text(right))
        if isinstance(right, list) or pattern.groups:
            raise LabDoesNotKnow("-split by groups or with a count")
        return [piece for each in items(left) for piece in pattern.split(text(each))]

    def _unary(self, it: syntax.Unary) -> object:
        value = self.value(it.operand)
        if it.operator in ("-not", "!"):
            return not truth(value)
        if it.operator == ",":
            return [plain(value)]
        if it.operator in ("-", "+"):
            number = numeric(value)
            return -number if it.operator == "-" else number
        if it.operator == "-bnot":
            return ~int(numeric(value))
        if it.operator == "-join":
            return "".join(text(each) for each in items(value))
        if it.operator == "-split":
            return [piece for each in items(value) for piece in text(each).split()]
        raise LabDoesNotKnow(f"the operator {it.operator}: {it.place.source[:120]}")

    def _count(self, it: syntax.Count) -> object:
        before = plain(self.value(it.target)) or 0
        after = (add if it.operator == "++" else subtract)(before, 1)
        self.assign(it.target, after)
        return after if it.before else before

    def _cast(self, it: syntax.Cast) -> object:
        lower = it.type.name.lower()
        if isinstance(it.operand, syntax.HashLiteral) and lower in ("ordered", "pscustomobject"):
            table = self._table(it.operand, ordered=True)
            return table if lower == "ordered" else casts.cast(self.world, table, "pscustomobject")
        return casts.cast(self.world, self.value(it.operand), it.type.name)

    def _array(self, it: syntax.ArrayLiteral) -> object:
        return [plain(self.value(each)) for each in it.items]

    def _hash(self, it: syntax.HashLiteral) -> object:
        return self._table(it, ordered=False)

    def _table(self, it: syntax.HashLiteral, *, ordered: bool) -> Hashtable:
        table = Hashtable(ordered=ordered)
        for key, value in it.entries:
            named = self.value(key)
            if named in table:
                said = f"Item has already been added. Key in dictionary: '{text(named)}'"
                raise NetError(
                    RUNTIME, said, error_id="DuplicateKeyInHashLiteral", category="InvalidOperation"
                )
            table[named] = plain(self.result(value))
        return table

    def _grouped(self, it: syntax.Grouped) -> object:
        if it.kind == "(":
            if len(it.body.statements) != 1:
                raise LabDoesNotKnow(f"parentheses like these: {it.place.source[:120]}")
            return self.result(it.body.statements[0])
        found = self.run_body(it.body)
        return list(found) if it.kind == "@(" else collected(found)

    def _block(self, it: syntax.BlockLiteral) -> object:
        return ScriptBlock(it.block)

    def assign(self, target: Expression, value: object) -> None:
        """target = value, for every kind of target. Raises NetError, LabDoesNotKnow for what is none."""
        if isinstance(target, syntax.Variable):
            self.set_variable(target, value, None)
        elif isinstance(target, syntax.Cast) and isinstance(target.operand, syntax.Variable):
            self.set_variable(target.operand, value, target.type.name)
        elif isinstance(target, syntax.Member) and not target.static:
            members.put(self.world, plain(self.value(target.target)), self._name(target.name), plain(value))
        elif isinstance(target, syntax.Index):
            members.put_at(self.world, self.value(target.target), self.value(target.index), plain(value))
        elif isinstance(target, syntax.ArrayLiteral):
            values = list(unrolled(value))
            for number, each in enumerate(target.items[:-1]):
                self.assign(each, values[number] if number < len(values) else None)
            rest = values[len(target.items) - 1 :]
            self.assign(target.items[-1], collected(rest) if rest else None)
        else:
            raise LabDoesNotKnow(f"an assignment to {target.place.source[:120]}")

    def set_variable(self, variable: syntax.Variable, value: object, type_name: str | None) -> None:
        """$variable = value; of env: it is a variable of the process, and no value takes it away."""
        lower = variable.name.lower()
        if variable.scope == "env":
            said = text(value)
            if said:
                self.environment[variable.name] = said
            else:
                self.environment.pop(variable.name, None)
            return
        if lower in _CONSTANTS or lower in ("?", "psitem", "error"):
            if lower == "null":
                return
            raise LabDoesNotKnow(f"an assignment to ${variable.name}")
        scope = self.scope.script if variable.scope in ("script", "global") else self.scope
        scope.set(lower, value, self.cast, type_name)


def expression_of(pattern: str) -> re.Pattern[str]:
    """A regular expression of .NET, where Python's own means the same."""
    if re.search(r"\\[pPGkzA]|\(\?[^:=!<imsx]|\(\?<[^=!a-zA-Z]|\[[^]]*-\[", pattern):
        raise LabDoesNotKnow(f"the regular expression {pattern!r}")
    return re.compile(re.sub(r"\(\?<([a-zA-Z]\w*)>", r"(?P<\1>", pattern), re.IGNORECASE)


_SPECIAL: dict[str, Callable[[Expressions, object, object], object]] = {
    "-xor": Expressions._xor,
    "-is": Expressions._is,
    "-isnot": Expressions._is_not,
    "-as": Expressions._as,
    "-match": Expressions._match,
    "-imatch": Expressions._match,
    "-notmatch": Expressions._not_match,
    "-replace": Expressions._replace,
    "-ireplace": Expressions._replace,
    "-split": Expressions._split,
}
_KINDS: dict[type[Expression], Callable[..., object]] = {
    syntax.Literal: Expressions._literal,
    syntax.Expandable: Expressions._expandable,
    syntax.Variable: Expressions._variable,
    syntax.TypeLiteral: Expressions._type,
    syntax.Member: Expressions._member,
    syntax.Invoke: Expressions._invoke,
    syntax.Index: Expressions._index,
    syntax.Binary: Expressions._binary,
    syntax.Unary: Expressions._unary,
    syntax.Count: Expressions._count,
    syntax.Cast: Expressions._cast,
    syntax.ArrayLiteral: Expressions._array,
    syntax.HashLiteral: Expressions._hash,
    syntax.Grouped: Expressions._grouped,
    syntax.BlockLiteral: Expressions._block,
}
