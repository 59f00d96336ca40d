"""The tools with which the tree of a text is read: places, sources, refusals. Knows no construct."""

from __future__ import annotations

import re

from tree_sitter import Node

from app.lab.powershell.objects import LabDoesNotKnow
from app.lab.powershell.syntax import Body, Expression, Place, Statement

BINARY = re.compile(
    r"(logical|bitwise|comparison|additive|multiplicative|format|range)_(argument_)?expression"
)
_WRAPPERS = re.compile(
    r"pipeline|pipeline_chain|unary_expression|string_literal|integer_literal|left_assignment_expression|member_name|"
    r"key_expression|argument_expression|array_literal_expression|switch_clause_condition|while_condition|path_command_name|"
    r"for_(initializer|condition|iterator)|command_name_expr|" + BINARY.pattern
)


def below(node: Node) -> list[Node]:
    """A node's children without comments."""
    return [child for child in node.children if child.type != "comment"]


def named(node: Node, *kinds: str) -> list[Node]:
    """Children of those kinds."""
    return [child for child in node.children if child.type in kinds]


def inner(node: Node) -> Node:
    """The node itself, out of the layers that the grammar puts around every one."""
    while _WRAPPERS.fullmatch(node.type) and len(children := below(node)) == 1 and children[0].is_named:
        node = children[0]
    return node


class Reader:
    """One text: as it is, and as the grammar sees it (`plain`, character for character)."""

    def __init__(self, text: str, plain: str) -> None:
        self.text, self.plain = text, plain

    def place(self, node: Node) -> Place:
        """Where a node stands."""
        return Place(self.text, node.start_byte, node.end_byte)

    def source(self, node: Node) -> str:
        """A node as the grammar sees it, without the blanks that it takes along."""
        return self.plain[node.start_byte : node.end_byte].strip()

    def unknown(self, node: Node) -> LabDoesNotKnow:
        """The refusal of a construct."""
        place = self.place(node)
        return LabDoesNotKnow(f"{node.type} at line {place.line}: {place.source.strip()[:120]}")

    def expression(self, node: Node) -> Expression:
        """One expression."""
        raise NotImplementedError

    def statement(self, node: Node) -> Statement:
        """One statement."""
        raise NotImplementedError

    def body(self, lists: list[Node]) -> Body:
        """Statements."""
        raise NotImplementedError
