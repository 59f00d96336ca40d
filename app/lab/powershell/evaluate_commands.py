"""Commands: found by name, their words bound, run in pipelines. Functions, script blocks, cmdlets and native programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.lab.powershell import binding, errors, natives, syntax
from app.lab.powershell.binding import Word
from app.lab.powershell.evaluate_expressions import Expressions
from app.lab.powershell.objects import NOTHING, Hashtable, LabDoesNotKnow, NetError
from app.lab.powershell.scope import Scope, ScriptBlock
from app.lab.powershell.state import Leave, unrolled
from app.lab.powershell.syntax import Block, Expression
from app.lab.powershell.values import plain, text
from app.lab.powershell.world import Call, Cmdlet, Environment, Native, NativeCall


class Commands(Expressions):
    """Pipelines of commands. Each command draws from the one before it, object by object."""

    def pipeline(self, elements: tuple[Expression, ...]) -> Iterator[object]:
        """The output of a pipeline. Raises NetError for a command that cannot be started."""
        first, *rest = elements
        is_command = isinstance(first, syntax.Command)
        stream = iter(()) if is_command else unrolled(self.value(first))
        rest = [first, *rest] if is_command else rest
        for element in rest:
            if not isinstance(element, syntax.Command):
                raise LabDoesNotKnow(f"an expression behind | : {element.place.source[:120]}")
            stream = self._command(element, stream, piped=element is not first)
        self.okay = True  # only now: a word may have asked for $?
        yield from stream

    def script(
        self, block: Block, words: list[Word], feed: Iterator[object], *, piped: bool
    ) -> Iterator[object]:
        """A whole script, whose variables are the session's own."""
        return self._called(block, "", words, feed, piped=piped, scope=self.scope)

    def command(
        self, name: str, words: list[Word], feed: Iterator[object], *, piped: bool
    ) -> Iterator[object]:
        """One command by its name."""
        return self._found(name, words, feed, (), piped=piped)

    def _command(self, command: syntax.Command, before: Iterator[object], *, piped: bool) -> Iterator[object]:
        called = self.value(command.name)
        words = [each for argument in command.arguments for each in self._words(argument)]
        output = self._started(command, called, words, before, piped=piped)
        for redirection in command.redirected:
            output = self._redirected(output, redirection)
        return output

    def _words(self, argument: syntax.Argument) -> Iterator[Word]:
        written = argument.place.source.strip()
        if argument.value is None:
            yield Word(written, argument.parameter, has_value=False)
        elif isinstance(argument.value, syntax.Variable) and argument.value.splat:
            held = self.scope.get(argument.value.name)
            if isinstance(held, Hashtable):
                yield from (Word(f"-{text(key)}", text(key), value) for key, value in held.items())
            else:
                yield from (Word(text(each), None, each) for each in unrolled(held))
        else:
            yield Word(written, argument.parameter, self.value(argument.value))

    def _redirected(self, output: Iterator[object], redirection: str) -> Iterator[object]:
        if redirection in (">$null", "1>$null"):
            for _ in output:
                pass
            return iter(())
        if redirection in ("2>$null", "2>&1"):
            return output  # of native programs: _native has seen it
        raise LabDoesNotKnow(f"the redirection {redirection}")

    def _started(
        self,
        command: syntax.Command,
        called: object,
        words: list[Word],
        before: Iterator[object],
        *,
        piped: bool,
    ) -> Iterator[object]:
        if isinstance(called, ScriptBlock):
            if command.operator == ".":
                return self._called(called.block, "", words, before, piped=piped, scope=self.scope)
            return self._called(called.block, "", words, before, piped=piped)
        return self._found(text(called), words, before, command.redirected, piped=piped)

    def _found(
        self,
        name: str,
        words: list[Word],
        before: Iterator[object],
        redirected: tuple[str, ...],
        *,
        piped: bool,
    ) -> Iterator[object]:
        """What a name means: a function, a cmdlet, a native program, in this order."""
        function = self.scope.function(name)
        if function is not None:
            return self._called(function.block, function.name, words, before, piped=piped)
        cmdlet = self.world.cmdlets.get(name.lower())
        if cmdlet is not None:
            if any(each.startswith("2") for each in redirected):
                raise LabDoesNotKnow(f"{' '.join(redirected)} of {cmdlet.name}")
            return self._cmdlet(cmdlet, words, before, piped=piped)
        native = self.world.native(name)
        if native is not None:
            return self._native(native, name, self._argv(words), before, redirected, piped=piped)
        raise errors.command_not_found(name)

    def _cmdlet(
        self, cmdlet: Cmdlet, words: list[Word], before: Iterator[object], *, piped: bool
    ) -> Iterator[object]:
        parameters = (*cmdlet.parameters, *binding.COMMON)
        bound = binding.bind(cmdlet.name, parameters, words, self.cast, strict=True, cmdlet=True)
        binding.missing(cmdlet.name, cmdlet.parameters, bound, piped=piped)
        action = bound.values.pop("ErrorAction", None)
        preference = None if action is None else text(action).lower()
        call = Call(cmdlet, bound.values, before, piped, self.streams, self.world, self, preference)
        if piped and not any(each.pipeline for each in cmdlet.parameters):
            for it in before:
                message = "The input object cannot be bound to any parameters for the command, which takes no pipeline input."
                call.error(message, "InputObjectNotBound", category="InvalidArgument", target=it)
            return
        output = cmdlet.run(call)
        yield from output if output is not None else ()
        if piped:
            for _ in before:  # what it did not take is made all the same
                pass

    def _called(
        self,
        block: Block,
        name: str,
        words: list[Word],
        before: Iterator[object],
        *,
        piped: bool,
        scope: Scope | None = None,
    ) -> Iterator[object]:
        """A function, or a block after & or a dot."""
        inside = scope or Scope(self.scope)
        parameters = binding.declared(block.parameters)
        bound = binding.bind(name or "The script block", parameters, words, self.cast, strict=block.strict)
        binding.missing(name, parameters, bound, piped=piped)
        before = self.within(
            before, self.scope
        )  # what comes in is made where the command stands, not within it
        return self.within(self._returning(self._bodies(block, bound, before, inside, piped=piped)), inside)

    def _bodies(
        self, block: Block, bound: binding.Bound, before: Iterator[object], scope: Scope, *, piped: bool
    ) -> Iterator[object]:
        self.given(block, bound, scope)
        if block.begin is not None:
            yield from self.run_body(block.begin)
        if block.process is not None:
            for it in before if piped else (None,):
                yield from self._each(block, it)
        elif piped:
            scope.values["input"] = list(before)
        if block.end is not None:
            yield from self.run_body(block.end)

    def _each(self, block: Block, it: object) -> Iterator[object]:
        assert block.process is not None
        for parameter in block.parameters:
            if parameter.pipeline:
                self.scope.set(parameter.name, it, self.cast)
        scope = self.scope
        held = scope.values.get("_", NOTHING)
        scope.values["_"] = it
        try:
            yield from self.run_body(block.process)
        finally:
            scope.restore("_", held)

    def given(self, block: Block, bound: binding.Bound, scope: Scope) -> None:
        """Set the parameters of a block in its scope: what was given, else the default, else the type's own nothing."""
        for each in block.parameters:
            kind = None if each.type == "object" else each.type
            if each.name in bound.values:
                value = bound.values[each.name]
                if each.allowed and text(value).lower() not in [one.lower() for one in each.allowed]:
                    message = f"Cannot validate argument on parameter '{each.name}': \"{text(value)}\" is not in its set."
                    raise binding.refused(message, "ParameterArgumentValidationError")
            else:
                value = self.value(each.default) if each.default is not None else None
            scope.set(each.name, value, self.cast, kind)
        scope.values["args"] = [plain(each) for each in bound.rest]
        scope.values["psboundparameters"] = Hashtable(bound.values.items())

    def _returning(self, output: Iterator[object]) -> Iterator[object]:
        try:
            yield from output
        except Leave as leave:
            if leave.kind != "return":
                raise

    def invoke(self, block: object, values: Iterable[object] = (), it: object = NOTHING) -> Iterator[object]:
        """Run a script block where the command stands that got it, with arguments and $_; yields its output."""
        if not isinstance(block, ScriptBlock):
            raise LabDoesNotKnow(f"{text(block)[:60]!r} where a script block is meant")
        words = [Word(text(each), None, each) for each in values]
        bound = binding.bind(
            "The script block", binding.declared(block.block.parameters), words, self.cast, strict=False
        )
        if block.block.parameters or bound.rest:
            self.given(block.block, bound, self.scope)
        scope = self.scope
        before = scope.values.get("_", NOTHING)
        body = block.block.end or block.block.process
        if body is None or block.block.begin is not None:
            raise LabDoesNotKnow("a script block with begin, process or end for a cmdlet")
        try:
            if it is not NOTHING:
                scope.values["_"] = it
            yield from self._returning(self.run_body(body))
        finally:
            scope.restore("_", before)

    @staticmethod
    def _argv(words: list[Word]) -> list[str]:
        """Words of a native program: parameters as they are written, arrays word by word."""
        found: list[str] = []
        for word in words:
            if word.name is not None and word.has_value:
                found.append(f"-{word.name}:{text(word.value)}")
            elif word.name is not None:
                found.append(word.text)
            else:
                found += [text(each) for each in unrolled(word.value)]
        return found

    def native(self, name: str, words: list[str]) -> Iterator[object]:
        """Session's: start a native program for a cmdlet."""
        native = self.world.native(name)
        if native is None:
            raise errors.command_not_found(name)
        return self._native(native, name, words, iter(()), (), piped=False)

    def _native(
        self,
        native: Native,
        name: str,
        words: list[str],
        before: Iterator[object],
        redirected: tuple[str, ...],
        *,
        piped: bool,
    ) -> Iterator[object]:
        line = natives.command_line(words)
        stdin = (
            "".join(f"{text(each)}\r\n" for each in before).encode(self.world.codepage, "replace")
            if piped
            else b""
        )
        call = NativeCall(
            name, line, natives.split(line), stdin, lambda _data: None, lambda _data: None,
            Environment(dict(self.environment)), self.folder, self.streams.stopping,
        )  # fmt: skip
        for said in natives.lines(native, call, self.world.codepage, _Said):
            if isinstance(said, natives.ExitCode):
                self.scope.script.values["lastexitcode"] = int(said)
                self.okay = said == 0
            elif isinstance(said, _Said):
                yield from self._complained(said.text, redirected)
            else:
                yield said

    def _complained(self, line: str, redirected: tuple[str, ...]) -> Iterator[object]:
        """A line of a program's standard error: bytes of the process's own, unless something takes it: then it is an error,
        and with the preference Stop it ends the script, wherever it is sent (known of 5.1)."""
        error = NetError(
            errors.AUTOMATION + "RemoteException",
            line,
            error_id="NativeCommandError",
            category="NotSpecified",
            target=line,
        )
        raw = getattr(self.streams, "native_error", None)
        if not redirected and not self.ways.remote and raw is not None:
            raw(line)
            return
        wanted = self.preference("ErrorActionPreference")
        if wanted == "stop" or not redirected:
            self.told(errors.record_of(error, None), wanted)
        elif "2>&1" in redirected:
            yield errors.record_of(error, None)


class _Said:
    """One line of standard error."""

    def __init__(self, line: str) -> None:
        self.text = line
