"""Statements carried out: control flow, errors and who catches them, functions defined. Gives their output piece by piece."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from app.lab.powershell import errors, syntax
from app.lab.powershell.evaluate_commands import Commands
from app.lab.powershell.evaluate_expressions import expression_of
from app.lab.powershell.objects import NOTHING, ErrorRecord, LabDoesNotKnow, NetError
from app.lab.powershell.operators import BINARY, items
from app.lab.powershell.scope import ScriptBlock
from app.lab.powershell.state import Leave, Thrown, collected, unrolled
from app.lab.powershell.strings import wildcard
from app.lab.powershell.syntax import Body, Statement
from app.lab.powershell.values import equal, numeric, plain, text, truth


class Statements(Commands):
    """Statements, and through the classes that it builds on everything else of a script."""

    def run_body(self, body: Body) -> Iterator[object]:
        """The output of statements, one after another. An error goes to a trap of theirs, or further out; where nothing there
        waits for it, it is said, and the next statement follows, unless it was thrown or the preference is Stop."""
        for statement in body.statements:
            if self.streams.stopping():
                raise Leave("stop")
            try:
                output = self.execute(statement)
                yield from self.within(output, guards=1) if body.traps else output
            except Thrown as error:
                if body.traps:
                    yield from self._trapped(body, error)
                elif error.final or self.guards or self.preference("ErrorActionPreference") == "stop":
                    raise
                else:
                    self.told(error.record, self.preference("ErrorActionPreference"))

    def _trapped(self, body: Body, error: Thrown) -> Iterator[object]:
        """A trap that runs to its end has the error said, and the next statement follows."""
        for kind, trap in body.traps:
            record = errors.caught(error.record, (kind,) if kind else ())
            if record is None:
                continue
            try:
                yield from self._with_it(trap, record)
            except Leave as leave:
                if leave.kind == "break":
                    raise Thrown(error.record, final=True) from None
                if leave.kind != "continue":
                    raise
                return
            self.told(error.record, "continue")
            return
        raise error

    def _with_it(self, body: Body, it: object) -> Iterator[object]:
        """Statements with $_."""
        scope = self.scope
        before = scope.values.get("_", NOTHING)
        inside = self.run_body(body)
        try:
            while True:
                scope.values["_"] = it
                try:
                    value = next(inside)
                except StopIteration:
                    return
                yield value
        finally:
            scope.restore("_", before)

    def execute(self, statement: Statement) -> Iterator[object]:
        """The output of one statement. Raises Thrown for an error of the script, Leave for break and its like."""
        carry_out = _KINDS.get(type(statement))
        if carry_out is None:
            raise LabDoesNotKnow(f"{type(statement).__name__} here: {statement.place.source[:120]}")
        try:
            yield from carry_out(self, statement)
        except LabDoesNotKnow:
            raise
        except NetError as error:
            self.okay = False
            record = errors.record_of(error, statement.place)
            self.noted(record)
            raise Thrown(record, final=False) from error

    def result(self, statement: Statement) -> object:
        """What an assignment gets: an expression's value as it is, else what comes out of it."""
        if isinstance(statement, syntax.Pipeline) and len(statement.elements) == 1:
            if not isinstance(statement.elements[0], syntax.Command):
                value = self.value(statement.elements[0])
                self.okay = True
                return value
        elif isinstance(statement, syntax.Assign):
            return self._assigned(statement)
        return collected(self.execute(statement))

    def _pipeline(self, it: syntax.Pipeline) -> Iterator[object]:
        first = it.elements[0]
        if len(it.elements) == 1 and not isinstance(first, syntax.Command):
            value = self.value(first)
            self.okay = True
            if not isinstance(first, syntax.Count):  # $i++ has no output of its own
                yield from unrolled(value)
            return
        yield from self.pipeline(it.elements)

    def _assign(self, it: syntax.Assign) -> Iterator[object]:
        self._assigned(it)
        return iter(())

    def _assigned(self, it: syntax.Assign) -> object:
        value = self.result(it.value)
        if it.operator != "=":
            value = BINARY[it.operator[:-1]](plain(self.value(it.target)), plain(value))
        self.assign(it.target, value)
        return value

    def _if(self, it: syntax.If) -> Iterator[object]:
        for condition, body in it.clauses:
            if truth(self.result(condition)):
                yield from self.run_body(body)
                return
        if it.otherwise is not None:
            yield from self.run_body(it.otherwise)

    def _turn(self, body: Body, left: list[bool]) -> Iterator[object]:
        """One turn of a loop; `left` gets an item where the loop is over."""
        try:
            yield from self.run_body(body)
        except Leave as leave:
            if leave.kind == "break":
                left.append(True)
            elif leave.kind != "continue":
                raise

    def _foreach(self, it: syntax.ForEach) -> Iterator[object]:
        values = self.result(it.values)
        left: list[bool] = []
        if values is None and not self.world.version.startswith(("1.", "2.")):
            return  # before PowerShell 3.0 $null made one turn
        for value in list(unrolled(values)):
            self.set_variable(it.variable, value, None)
            yield from self._turn(it.body, left)
            if left:
                return

    def _loop(self, it: syntax.Loop) -> Iterator[object]:
        left: list[bool] = []
        if it.first is not None:
            list(self.execute(it.first))
        early = not it.late
        while not early or it.condition is None or truth(self.result(it.condition)):
            yield from self._turn(it.body, left)
            if left:
                return
            if it.after is not None:
                list(self.execute(it.after))
            if it.late and it.condition is not None and truth(self.result(it.condition)) == it.until:
                return

    def _switch(self, it: syntax.Switch) -> Iterator[object]:
        left: list[bool] = []
        for value in items(plain(self.result(it.value))):
            matched = False
            for condition, body in it.clauses:
                fits = not matched if condition is None else self._fits(it.kind, value, condition)
                if not fits:
                    continue
                matched = True
                try:
                    yield from self._with_it(body, value)
                except Leave as leave:
                    if leave.kind not in ("break", "continue"):
                        raise
                    left += [True] if leave.kind == "break" else []
                    break
            if left:
                return

    def _fits(self, kind: str, value: object, condition: syntax.Expression) -> bool:
        wanted = self.value(condition)
        if isinstance(wanted, ScriptBlock):
            return truth(collected(self.invoke(wanted, it=value)))
        if kind == "-wildcard":
            return wildcard(text(wanted)).fullmatch(text(value)) is not None
        if kind == "-regex":
            return expression_of(text(wanted)).search(text(value)) is not None
        return equal(value, wanted) if not isinstance(value, str) else equal(value, text(wanted))

    def _try(self, it: syntax.Try) -> Iterator[object]:
        wanted = True
        try:
            yield from self._tried(it)
        except GeneratorExit:
            wanted = False  # nobody takes any more output
            raise
        finally:
            last = self.run_body(it.last) if it.last is not None else iter(())
            if wanted:
                yield from last
            else:
                list(last)

    def _tried(self, it: syntax.Try) -> Iterator[object]:
        try:
            yield from self.within(self.run_body(it.body), guards=1 if it.catches else 0)
        except Thrown as error:
            for types, body in it.catches:
                record = errors.caught(error.record, types)
                if record is not None:
                    yield from self._caught(body, record)
                    return
            raise

    def _caught(self, body: Body, record: ErrorRecord) -> Iterator[object]:
        """A catch; `throw` alone within it throws the same error again."""
        before, self.rethrown = self.rethrown, record
        try:
            yield from self._with_it(body, record)
        finally:
            self.rethrown = before

    def _function(self, it: syntax.Function) -> Iterator[object]:
        self.scope.functions[re.sub(r"^(script|global|local):", "", it.name.lower())] = it
        return iter(())

    def _flow(self, it: syntax.Flow) -> Iterator[object]:
        if it.kind == "return" and it.value is not None:
            yield from self.execute(it.value)
        elif it.kind == "throw":
            record = self._thrown(it)
            self.noted(record)
            raise Thrown(record, final=True)
        elif it.kind == "exit":
            code = plain(self.result(it.value)) if it.value else 0
            raise Leave("exit", int(numeric(code)))
        raise Leave(it.kind)

    def _thrown(self, it: syntax.Flow) -> ErrorRecord:
        value = plain(self.result(it.value)) if it.value else self.rethrown
        if isinstance(value, ErrorRecord):
            return value
        if isinstance(value, NetError):
            return errors.record_of(value, it.place)
        said = "ScriptHalted" if value is None else text(value)
        error = NetError(errors.RUNTIME, said, error_id=said, category="OperationStopped", target=value)
        return errors.record_of(error, it.place)


_KINDS: dict[type[Statement], Callable[..., Iterator[object]]] = {
    syntax.Pipeline: Statements._pipeline,
    syntax.Assign: Statements._assign,
    syntax.If: Statements._if,
    syntax.ForEach: Statements._foreach,
    syntax.Loop: Statements._loop,
    syntax.Switch: Statements._switch,
    syntax.Try: Statements._try,
    syntax.Function: Statements._function,
    syntax.Flow: Statements._flow,
}
