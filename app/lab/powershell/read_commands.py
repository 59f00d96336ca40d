"""Reads the commands and pipelines of a text's tree."""

from __future__ import annotations

import re

from tree_sitter import Node

from app.lab.powershell import syntax
from app.lab.powershell.read_expressions import ExpressionReader
from app.lab.powershell.reader import below, inner, named
from app.lab.powershell.strings import number
from app.lab.powershell.syntax import Expression, Statement

_REDIRECTION = re.compile(r"[1-6*]?>\$null|[2-6*]>&1", re.IGNORECASE)
_WORDS = ("command_name", "path_command_name", "path_command_name_token", "generic_token")
_BEGINNINGS = ("type_literal", "string_literal")


class CommandReader(ExpressionReader):
    """Pipelines of commands and expressions."""

    def pipeline(self, node: Node) -> Statement:
        """A pipeline, or an assignment."""
        parts = below(node)
        if node.type == "pipeline" and len(parts) == 1:
            return self.pipeline(parts[0])
        if node.type == "assignment_expression":
            target, operator, value = parts
            return syntax.Assign(
                self.place(node), self.expression(target), self.source(operator), self.statement(value)
            )
        if node.type != "pipeline_chain":
            raise self.unknown(node)
        elements = [self.element(child) for child in parts if child.type != "|"]
        return syntax.Pipeline(self.place(node), tuple(elements))

    def element(self, node: Node) -> Expression:
        """One element of a pipeline."""
        return self.command(node) if node.type == "command" else self.expression(node)

    def command(self, node: Node) -> Expression:
        """A command with its words."""
        first = node.child_by_field_name("command_name")
        if first is None:
            raise self.unknown(node)
        operators = named(node, "command_invokation_operator")
        operator = self.source(operators[0]) if operators else ""
        lists = named(node, "command_elements")
        name = self._called(first)
        if not lists and not operator and isinstance(name, syntax.Literal):
            value = self._number_after_all(name)
            if value is not None:
                return value
        if isinstance(name, syntax.Literal) and re.match(r"\.?\d", str(name.value)) and not operator:
            raise self.unknown(node)  # an expression that the grammar takes for a command
        arguments, redirected = self._words(lists[0]) if lists else ([], [])
        return syntax.Command(self.place(node), name, operator, tuple(arguments), tuple(redirected))

    @staticmethod
    def _number_after_all(name: syntax.Literal) -> Expression | None:
        """1..3, 10GB and 5L at the beginning of a statement: the grammar takes them for commands."""
        written = str(name.value)
        low, dots, high = written.partition("..")
        if dots and low.isdigit() and high.isdigit():
            ends = syntax.Literal(name.place, int(low)), syntax.Literal(name.place, int(high))
            return syntax.Binary(name.place, "..", *ends)
        value = number(written)
        return None if value is None else syntax.Literal(name.place, value)

    def _called(self, node: Node) -> Expression:
        """What is called: a word, or an expression after & or a dot."""
        node = inner(node)
        return self._word(node) if node.type in _WORDS else self.expression(node)

    def _word(self, node: Node) -> Expression:
        """A bare word: as it is written, without backticks."""
        written = self.place(node).source.strip()
        if re.search(r"[$,<>|;(){}]", written):
            raise self.unknown(node)
        return syntax.Literal(self.place(node), re.sub(r"`(.)", r"\1", written), bare=True)

    def _words(self, node: Node) -> tuple[list[syntax.Argument], list[str]]:
        arguments: list[syntax.Argument] = []
        redirected: list[str] = []
        waiting: str | None = None  # a parameter with a colon behind it
        apart = True
        for child in below(node):
            written = self.source(child)
            if child.type == "command_argument_sep":
                apart = child.end_byte > child.start_byte
                waiting = arguments.pop().parameter if written == ":" else waiting
                continue
            last = arguments[-1].value if arguments and not apart else None
            if isinstance(last, syntax.Member) and child.type == "argument_list":  # $x.Method(...): one word
                called = syntax.Invoke(last.place, last.target, last.name, last.static, self.arguments(child))
                arguments[-1] = syntax.Argument(arguments[-1].place, arguments[-1].parameter, called)
                continue
            if not apart and child.type != "argument_list":
                raise self.unknown(node)
            apart = False
            if _REDIRECTION.fullmatch(written) and child.type != "command_parameter":
                redirected.append(written.lower())
            elif child.type == "command_parameter":
                arguments.append(syntax.Argument(self.place(child), written[1:], None))
            else:
                arguments.append(syntax.Argument(self.place(child), waiting, self._argument(child)))
                waiting = None
        return arguments, redirected

    def _argument(self, node: Node) -> Expression:
        """A value on a command line; Name(a, b) gives what stands in the parentheses as one value."""
        if node.type == "generic_token":
            return self._word(node)
        if node.type == "argument_list":
            items = self.arguments(node)
            return items[0] if len(items) == 1 else syntax.ArrayLiteral(self.place(node), items)
        first = node
        while first.type not in _BEGINNINGS and first.children:
            first = first.children[0]
        if first.type == "type_literal":
            return self._word(
                node
            )  # [Type]::Member without parentheses around it is a string here, as on a real machine
        if first.type in _BEGINNINGS and inner(node).type == "member_access":
            raise self.unknown(node)
        return self.expression(node)
