"""Reads the expressions of a text's tree."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from app.lab.powershell import syntax
from app.lab.powershell.reader import BINARY, Reader, below, inner, named
from app.lab.powershell.strings import escaped, here, number, verbatim
from app.lab.powershell.syntax import Expression


class ExpressionReader(Reader):
    """Expressions; statements within them are read by the classes that build on this one."""

    def expression(self, node: Node) -> Expression:
        """One expression. Raises LabDoesNotKnow for a kind that is not in the table."""
        node = inner(node)
        if BINARY.fullmatch(node.type):
            return self._binary(node)
        read = _KINDS.get(node.type)
        if read is None:
            raise self.unknown(node)
        return read(self, node)

    def _binary(self, node: Node) -> Expression:
        parts = below(node)
        if len(parts) != 3:
            raise self.unknown(node)
        left, sign, right = parts
        operator = self.source(sign).lower()
        return syntax.Binary(self.place(node), operator, self.expression(left), self.expression(right))

    def _number(self, node: Node) -> Expression:
        value = number(self.source(node))
        if value is None:
            raise self.unknown(node)
        return syntax.Literal(self.place(node), value)

    def _verbatim(self, node: Node) -> Expression:
        return syntax.Literal(self.place(node), verbatim(self.place(node).source.strip()))

    def _verbatim_here(self, node: Node) -> Expression:
        return syntax.Literal(self.place(node), here(self.place(node).source))

    def _name(self, node: Node) -> Expression:
        return syntax.Literal(self.place(node), self.place(node).source.strip())

    def _expandable(self, node: Node) -> Expression:
        """A string between double quotes, or a here-string: the stretches between its expressions have backticks."""
        is_here = node.type == "expandable_here_string_literal"
        start, end = node.start_byte, node.end_byte
        while self.plain[start] not in '@"':
            start += 1  # the grammar may take the blanks before it along
        if is_here:
            held = here(self.text[start:end])
            start = self.text.index("\n", start) + 1
            end = start + len(held)
        else:
            start, end = start + 1, end - 1
        parts: list[str | Expression] = []
        for child in (child for child in node.children if child.is_named and child.type != "comment"):
            parts.append(escaped(self.text[start : child.start_byte], quoted=not is_here))
            parts.append(self.expression(child))
            start = child.end_byte
        parts.append(escaped(self.text[start:end], quoted=not is_here))
        if len(parts) == 1:
            return syntax.Literal(self.place(node), parts[0])
        return syntax.Expandable(self.place(node), tuple(part for part in parts if part != ""))

    def variable(self, node: Node) -> syntax.Variable:
        """$name, @name, ${name}, with or without a scope."""
        written = self.source(node)
        name = written[2:-1] if written.startswith("${") else written[1:]
        scope, colon, rest = name.partition(":")
        if not colon:
            scope, rest = "", name
        if scope.lower() not in ("", "env", "script", "global", "local"):
            raise self.unknown(node)
        return syntax.Variable(self.place(node), scope.lower(), rest, written.startswith("@"))

    def type(self, node: Node) -> syntax.TypeLiteral:
        """[name], without blanks; an array's name ends in []."""
        name = "".join(self.source(node)[1:-1].split())
        return syntax.TypeLiteral(self.place(node), name)

    def _member(self, node: Node) -> Expression:
        parts = below(node)
        target, sign, name = self.expression(parts[0]), self.source(parts[1]), self.expression(parts[2])
        if len(parts) == 3:
            return syntax.Member(self.place(node), target, name, sign == "::")
        if len(parts) != 4 or parts[3].type != "argument_list":
            raise self.unknown(node)
        return syntax.Invoke(self.place(node), target, name, sign == "::", self.arguments(parts[3]))

    def arguments(self, node: Node) -> tuple[Expression, ...]:
        """(a, b) of a call."""
        return tuple(
            self.expression(each)
            for one in named(node, "argument_expression_list")
            for each in below(one)
            if each.is_named
        )

    def _index(self, node: Node) -> Expression:
        target, _, index, _ = below(node)
        return syntax.Index(self.place(node), self.expression(target), self.expression(index))

    def _unary(self, node: Node) -> Expression:
        parts = below(node)
        if len(parts) == 1:
            return self.expression(parts[0])
        sign, operand = parts
        return syntax.Unary(self.place(node), self.source(sign).lower(), self.expression(operand))

    def _count(self, node: Node) -> Expression:
        first, second = below(node)
        before = node.type.startswith("pre_")
        sign, target = (first, second) if before else (second, first)
        return syntax.Count(self.place(node), self.source(sign), self.expression(target), before)

    def _cast(self, node: Node) -> Expression:
        kind, operand = below(node)
        return syntax.Cast(self.place(node), self.type(kind), self.expression(operand))

    def _array(self, node: Node) -> Expression:
        items = tuple(self.expression(each) for each in below(node) if each.is_named)
        return syntax.ArrayLiteral(self.place(node), items)

    def _group(self, node: Node) -> Expression:
        parts = below(node)
        kind = self.source(parts[0])
        lists = [each for each in parts[1:-1] if each.type == "statement_list"]
        if kind != "(" or lists:
            return syntax.Grouped(self.place(node), kind, self.body(lists))
        body = syntax.Body(tuple(self.statement(each) for each in parts[1:-1]))
        return syntax.Grouped(self.place(node), kind, body)

    def _hash(self, node: Node) -> Expression:
        entries = []
        for entry in [each for one in named(node, "hash_literal_body") for each in named(one, "hash_entry")]:
            key, _, value = [each for each in below(entry) if each.type not in (";", "empty_statement")][:3]
            entries.append((self.expression(key), self.statement(value)))
        return syntax.HashLiteral(self.place(node), tuple(entries))

    def _block(self, node: Node) -> Expression:
        return syntax.BlockLiteral(self.place(node), self.script(node))

    def script(self, node: Node) -> syntax.Block:
        """The statements of a script block with its parameters."""
        raise NotImplementedError


_KINDS: dict[str, Callable[[ExpressionReader, Node], Expression]] = {
    "decimal_integer_literal": ExpressionReader._number,
    "hexadecimal_integer_literal": ExpressionReader._number,
    "real_literal": ExpressionReader._number,
    "verbatim_string_characters": ExpressionReader._verbatim,
    "verbatim_here_string_characters": ExpressionReader._verbatim_here,
    "expandable_string_literal": ExpressionReader._expandable,
    "expandable_here_string_literal": ExpressionReader._expandable,
    "simple_name": ExpressionReader._name,
    "variable": ExpressionReader.variable,
    "braced_variable": ExpressionReader.variable,
    "type_literal": ExpressionReader.type,
    "member_access": ExpressionReader._member,
    "invokation_expression": ExpressionReader._member,
    "element_access": ExpressionReader._index,
    "expression_with_unary_operator": ExpressionReader._unary,
    "pre_increment_expression": ExpressionReader._count,
    "pre_decrement_expression": ExpressionReader._count,
    "post_increment_expression": ExpressionReader._count,
    "post_decrement_expression": ExpressionReader._count,
    "cast_expression": ExpressionReader._cast,
    "array_literal_expression": ExpressionReader._array,
    "parenthesized_expression": ExpressionReader._group,
    "sub_expression": ExpressionReader._group,
    "array_expression": ExpressionReader._group,
    "hash_literal_expression": ExpressionReader._hash,
    "script_block_expression": ExpressionReader._block,
}
