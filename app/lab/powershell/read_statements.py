"""Reads the statements, functions and script blocks of a text's tree."""

from __future__ import annotations

import re
from collections.abc import Callable

from tree_sitter import Node

from app.lab.powershell import syntax
from app.lab.powershell.read_commands import CommandReader
from app.lab.powershell.reader import below, inner, named
from app.lab.powershell.syntax import Body, Statement

_CMDLET_BINDING = re.compile(r"\[\s*cmdletbinding\s*\(\s*\)\s*\]", re.IGNORECASE)
_PARAMETER = re.compile(
    r"\[\s*parameter\s*\(((?:\s*(?:mandatory|valuefrompipeline)(?:\s*=\s*\$(?:true|false))?\s*,?)*)\s*\)\s*\]",
    re.IGNORECASE,
)
_CHOICES = re.compile(r"\[\s*validateset\s*\(((?:\s*'[^']*'\s*,?)+)\)\s*\]", re.IGNORECASE)


class StatementReader(CommandReader):
    """Everything else: a whole script is read by `script`."""

    def statement(self, node: Node) -> Statement:
        """One statement. Raises LabDoesNotKnow for a kind that is not in the table."""
        read = _KINDS.get(node.type)
        if read is None:
            raise self.unknown(node)
        return read(self, node)

    def body(self, lists: list[Node]) -> Body:
        """Statements with the traps among them taken out."""
        statements: list[Statement] = []
        traps: list[tuple[str, Body]] = []
        for node in [child for one in lists for child in below(one)]:
            if node.type == "trap_statement":
                types = [self.type(each).name for each in named(node, "type_literal")]
                traps.append(("".join(types), self.block(named(node, "statement_block")[0])))
            elif node.type != "empty_statement":
                statements.append(self.statement(node))
        return Body(tuple(statements), tuple(traps))

    def block(self, node: Node) -> Body:
        """{ statements }."""
        return self.body(named(node, "statement_list"))

    def script(self, node: Node) -> syntax.Block:
        """A script, a function's body or a block: what is between its braces."""
        parameters: tuple[syntax.Declared, ...] = ()
        strict = False
        parts: dict[str, Body] = {}
        for child in (each for each in below(node) if each.is_named and each.type != "function_name"):
            if child.type in ("param_block", "function_parameter_declaration"):
                parameters, strict = self._parameters(child)
            elif child.type == "statement_list":
                body = self.body([child])
                parts = _blocks_after_all(body) or {"end": body}
            elif child.type == "script_block":
                inside = self.script(child)
                parameters, strict = parameters or inside.parameters, strict or inside.strict
                parts = {"begin": inside.begin, "process": inside.process, "end": inside.end}  # type: ignore[dict-item]
            elif child.type == "script_block_body":
                parts = self._parts(child)
            else:
                raise self.unknown(child)
        if not parts:
            parts = {"end": Body(())}
        bodies = (parts.get("begin"), parts.get("process"), parts.get("end"))
        return syntax.Block(self.place(node), parameters, *bodies, strict)

    def _parts(self, node: Node) -> dict[str, Body]:
        found: dict[str, Body] = {}
        for child in below(node):
            if child.type == "statement_list":
                return {"end": self.body([child])}
            if child.type != "named_block_list":
                raise self.unknown(child)
            for one in named(child, "named_block"):
                name, body = named(one, "block_name", "statement_block")
                found[self.source(name).lower()] = self.block(body)
        return found

    def _parameters(self, node: Node) -> tuple[tuple[syntax.Declared, ...], bool]:
        attributes = [each for one in named(node, "attribute_list") for each in named(one, "attribute")]
        if not all(_CMDLET_BINDING.fullmatch(self.source(each)) for each in attributes):
            raise self.unknown(node)
        declared = [
            self._parameter(each)
            for one in named(node, "parameter_list")
            for each in named(one, "script_parameter")
        ]
        strict = bool(attributes) or any(strict for _, strict in declared)
        return tuple(each for each, _ in declared), strict

    def _parameter(self, node: Node) -> tuple[syntax.Declared, bool]:
        kind, allowed, words = "object", (), set[str]()
        strict = False
        for attribute in [each for one in named(node, "attribute_list") for each in named(one, "attribute")]:
            written = self.source(attribute)
            if literals := named(attribute, "type_literal"):
                kind = self.type(literals[0]).name
            elif match := _PARAMETER.fullmatch(written):
                strict = True
                given = re.sub(r"\w+\s*=\s*\$false", "", match[1].lower())
                words |= set(re.findall("mandatory|valuefrompipeline", given))
            elif match := _CHOICES.fullmatch(written):
                allowed = tuple(re.findall(r"'([^']*)'", match[1]))
            else:
                raise self.unknown(attribute)
        defaults = [self.expression(below(each)[-1]) for each in named(node, "script_parameter_default")]
        declared = syntax.Declared(
            self.place(node), self.variable(named(node, "variable")[0]).name, kind, defaults[0] if defaults else None,
            "mandatory" in words, "valuefrompipeline" in words, allowed,
        )  # fmt: skip
        return declared, strict

    def _function(self, node: Node) -> Statement:
        if self.source(node.children[0]).lower() != "function":
            raise self.unknown(node)
        name = self.source(named(node, "function_name")[0])
        return syntax.Function(self.place(node), name, self.script(node))

    def _if(self, node: Node) -> Statement:
        clauses = [(self._condition(node), self.block(named(node, "statement_block")[0]))]
        for one in named(node, "elseif_clauses"):
            clauses += [
                (self._condition(each), self.block(named(each, "statement_block")[0]))
                for each in named(one, "elseif_clause")
            ]
        rest = [self.block(named(each, "statement_block")[0]) for each in named(node, "else_clause")]
        return syntax.If(self.place(node), tuple(clauses), rest[0] if rest else None)

    def _condition(self, node: Node) -> Statement:
        """The pipeline in the parentheses of if and while."""
        found = [each for each in below(node) if each.type in ("pipeline", "while_condition")]
        while found[0].type == "while_condition":
            found = below(found[0])
        return self.pipeline(found[0])

    def _foreach(self, node: Node) -> Statement:
        if named(node, "foreach_parameter"):
            raise self.unknown(node)
        variable, values = named(node, "variable")[0], named(node, "pipeline")[0]
        body = self.block(named(node, "statement_block")[0])
        return syntax.ForEach(self.place(node), self.variable(variable), self.pipeline(values), body)

    def _while(self, node: Node) -> Statement:
        body = self.block(named(node, "statement_block")[0])
        late = node.type == "do_statement"
        until = late and any(self.source(each).lower() == "until" for each in node.children)
        return syntax.Loop(self.place(node), self._condition(node), body, late=late, until=until)

    def _for(self, node: Node) -> Statement:
        parts = [
            self.pipeline(below(each[0])[0]) if (each := named(node, kind)) else None
            for kind in ("for_initializer", "for_condition", "for_iterator")
        ]
        body = self.block(named(node, "statement_block")[0])
        return syntax.Loop(self.place(node), parts[1], body, first=parts[0], after=parts[2])

    def _switch(self, node: Node) -> Statement:
        kinds = [self.source(each).lower() for one in named(node, "switch_parameters") for each in below(one)]
        kind = "".join(kinds) or "-exact"
        condition = below(named(node, "switch_condition")[0])
        if kind not in ("-exact", "-wildcard", "-regex") or condition[0].type == "switch_filename":
            raise self.unknown(node)
        clauses = []
        for clause in [
            each
            for body in named(node, "switch_body")
            for one in named(body, "switch_clauses")
            for each in named(one, "switch_clause")
        ]:
            first, body = below(clause)[0], named(clause, "statement_block")[0]
            default = self.source(first).lower() == "default"
            read = None if default else self._case(first)
            clauses.append((read, self.block(body)))
        return syntax.Switch(self.place(node), kind, self.pipeline(condition[1]), tuple(clauses))

    def _case(self, node: Node) -> syntax.Expression:
        node = inner(node)
        if node.type == "switch_clause_condition":  # a bare word
            return syntax.Literal(self.place(node), self.place(node).source.strip())
        return self.expression(node)

    def _try(self, node: Node) -> Statement:
        catches = [
            (
                tuple(self.type(kind).name for one in named(each, "catch_type_list") for kind in named(one, "type_literal")),
                self.block(named(each, "statement_block")[0]),
            )
            for one in named(node, "catch_clauses")
            for each in named(one, "catch_clause")
        ]  # fmt: skip
        last = [self.block(named(each, "statement_block")[0]) for each in named(node, "finally_clause")]
        body = self.block(named(node, "statement_block")[0])
        return syntax.Try(self.place(node), body, tuple(catches), last[0] if last else None)

    def _flow(self, node: Node) -> Statement:
        kind, *rest = below(node)
        if rest and rest[0].type != "pipeline":
            raise self.unknown(node)
        value = self.pipeline(rest[0]) if rest else None
        return syntax.Flow(self.place(node), self.source(kind).lower(), value)


def _blocks_after_all(body: Body) -> dict[str, Body]:
    """begin, process and end of a whole script, which the grammar takes for commands; {} for others."""
    found: dict[str, Body] = {}
    for statement in body.statements:
        commands = statement.elements if isinstance(statement, syntax.Pipeline) else ()
        command = commands[0] if len(commands) == 1 else None
        if not isinstance(command, syntax.Command) or not isinstance(command.name, syntax.Literal):
            return {}
        words = [syntax.Argument(command.place, None, command.name), *command.arguments]
        for name, block in zip(words[::2], words[1::2], strict=False):
            if not isinstance(name.value, syntax.Literal) or not isinstance(block.value, syntax.BlockLiteral):
                return {}
            if (
                str(name.value.value).lower() not in ("begin", "process", "end")
                or block.value.block.end is None
            ):
                return {}
            found[str(name.value.value).lower()] = block.value.block.end
    return found


_KINDS: dict[str, Callable[[StatementReader, Node], Statement]] = {
    "pipeline": CommandReader.pipeline,
    "pipeline_chain": CommandReader.pipeline,
    "assignment_expression": CommandReader.pipeline,
    "if_statement": StatementReader._if,
    "foreach_statement": StatementReader._foreach,
    "while_statement": StatementReader._while,
    "do_statement": StatementReader._while,
    "for_statement": StatementReader._for,
    "switch_statement": StatementReader._switch,
    "try_statement": StatementReader._try,
    "function_statement": StatementReader._function,
    "flow_control_statement": StatementReader._flow,
}
