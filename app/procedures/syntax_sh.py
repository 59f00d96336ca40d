"""What is wrong with a text for a POSIX shell, by its syntax tree. The grammar is bash's: what POSIX lacks is refused by name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from app.procedures import complaints
from app.procedures.complaints import Complaint
from app.procedures.trees import joined, last_line, line, parse, source, together, walk, wrong

_ONLY_BASH = {
    *(
        "herestring_redirect",
        "process_substitution",
        "array",
        "subscript",
        "ansi_c_string",
        "brace_expression",
    ),
    *("c_style_for_statement", "select_statement", "translated_string"),
}
_GLOB = re.compile(r"(?<!\\)[*?\[]")
_RUNS = {"-exec", "-execdir", "-ok", "-okdir"}
_ESCAPED = re.compile(r"(^|[\s;&|(])\\(?=[A-Za-z])", re.MULTILINE)  # \rm is rm without its alias
_DELETES = {"rm", "rmdir", "unlink"}
_ABSOLUTE = re.compile(r"(?:\$HOME)?/[^/]+(?:/+[^/]+)+/*")
_UNQUOTED = {"simple_expansion", "expansion", "command_substitution"}


def sh_problems(text: str) -> Iterator[Complaint]:
    """Each thing that is wrong, in the order of the text."""
    root = parse("sh", _ESCAPED.sub(r"\1", text))
    if (place := wrong(root)) is not None:
        yield complaints.unparsed(min(line(place), last_line(text)), "sh", source(place))
        return
    script = _Script(root)
    for node in walk(root):
        if _only_bash(node):
            yield complaints.not_posix(line(node), source(node))
        elif node.type == "command":
            yield from script.command(node)


class _Script:
    """One text: the functions and variables that it defines, for judging its commands."""

    def __init__(self, root: Node) -> None:
        self._functions = {
            source(name)
            for node in walk(root)
            if node.type == "function_definition" and (name := node.child_by_field_name("name"))
        }
        self._variables: dict[str, list[Node | None]] = {}
        self._known: dict[str, frozenset[str] | None] = {}
        for node in walk(root):
            self._note(node)

    def _note(self, node: Node) -> None:
        """Remember what a variable is given; None for what only the node knows."""
        if node.type == "variable_assignment" and (name := node.child_by_field_name("name")):
            self._variables.setdefault(source(name), []).append(node.child_by_field_name("value"))
        elif node.type == "for_statement" and (name := node.child_by_field_name("variable")):
            self._variables.setdefault(source(name), []).extend(
                node.children_by_field_name("value") or [None]
            )
        elif node.type == "command" and _name(node) == "read":
            for argument in node.children_by_field_name("argument"):
                self._variables.setdefault(source(argument), []).append(None)

    def command(self, node: Node) -> Iterator[Complaint]:
        """What is wrong with one command."""
        first = node.child_by_field_name("name")
        if first is not None:
            yield from self._called(node, first.children[0], list(node.children_by_field_name("argument")))

    def _called(self, node: Node, first: Node, arguments: list[Node]) -> Iterator[Complaint]:
        values = self._values(first)
        if values is None:
            yield complaints.unnamed(line(node), source(first))
            return
        for name in sorted({value.rsplit("/", 1)[-1] for value in values}):
            yield from self._named(node, name, arguments)

    def _named(self, node: Node, name: str, arguments: list[Node]) -> Iterator[Complaint]:
        if name in complaints.HANDS_ON["sh"] - complaints.known_commands("sh"):
            yield complaints.hands_on(line(node), source(node))
        elif name not in complaints.known_commands("sh") | self._functions:
            yield complaints.unknown(line(node), "sh", name)
        elif name == "cd" and not _guarded(node):
            yield complaints.bare_cd(line(node), source(node))
        elif name in _DELETES:
            yield from self._deletes(node, arguments)
        elif name == "find":
            yield from self._found(node, arguments)
        elif name == "env":
            rest = _after_environment(arguments)
            if rest:
                yield from self._called(node, rest[0], rest[1:])
        elif name == "sh" and len(arguments) > 1 and re.fullmatch(r"-[a-z]*c", source(arguments[0])):
            yield from self._nested(arguments[1])

    def _found(self, node: Node, arguments: list[Node]) -> Iterator[Complaint]:
        """find deletes and runs commands too: what it finds is nowhere written."""
        for place, argument in enumerate(arguments):
            if source(argument) == "-delete":
                yield complaints.wildcard(line(node), source(node))
            elif source(argument) in _RUNS and place + 1 < len(arguments):
                program = arguments[place + 1]
                if source(program).rsplit("/", 1)[-1] in _DELETES:
                    yield complaints.wildcard(line(node), source(node))
                else:
                    yield from self._called(node, program, arguments[place + 2 :])

    def _nested(self, argument: Node) -> Iterator[Complaint]:
        """The text that is handed to another shell is looked at like any other."""
        if argument.type != "raw_string":
            yield complaints.unnamed(line(argument), source(argument))
        else:
            yield from sh_problems(source(argument)[1:-1])

    def _deletes(self, node: Node, arguments: list[Node]) -> Iterator[Complaint]:
        options = [source(argument) for argument in arguments if source(argument).startswith("-")]
        targets = [argument for argument in arguments if not source(argument).startswith("-")]
        whole = any(re.fullmatch(r"-[a-z]*[rR][a-zA-Z]*|--recursive", option) for option in options)
        for target in targets:
            if _open_ended(target):
                yield complaints.wildcard(line(node), source(node))
            elif whole and not self._spelled_out(target):
                yield complaints.recursive(line(node), source(node))

    def _spelled_out(self, target: Node) -> bool:
        values = self._values(target)
        return values is not None and all(
            _ABSOLUTE.fullmatch(value) and not {"..", "."} & set(value.split("/")) and not _GLOB.search(value)
            for value in values
        )

    def _values(self, node: Node | None, depth: int = 0) -> frozenset[str] | None:
        """Every text that a word can be, or None where this script does not spell it out."""
        if node is None or depth > 8:
            return None
        if node.type in ("word", "number"):
            return frozenset({source(node)})
        if node.type == "raw_string":
            return frozenset({source(node)[1:-1]})
        if node.type == "string":
            return self._of_string(node, depth)
        if node.type == "concatenation":
            return joined([self._values(child, depth + 1) for child in node.children])
        if node.type == "simple_expansion":
            return self._of_variable(source(node)[1:], depth)
        return None

    def _of_string(self, node: Node, depth: int) -> frozenset[str] | None:
        parts: list[frozenset[str] | None] = []
        for child in node.children[1:-1]:
            literal = child.type == "string_content"
            parts.append(frozenset({source(child)}) if literal else self._values(child, depth + 1))
        return joined(parts)

    def _of_variable(self, name: str, depth: int) -> frozenset[str] | None:
        if name == "HOME" and name not in self._variables:
            return frozenset({"$HOME"})
        if name not in self._known:
            self._known[name] = None  # while it is looked at: what is made of itself is not spelled out
            values = [self._values(value, depth + 1) for value in self._variables.get(name, [])]
            self._known[name] = together(values)
        return self._known[name]


def _only_bash(node: Node) -> bool:
    if node.type == "test_command":
        return node.children[0].type != "["
    if node.type == "declaration_command":
        return node.children[0].type not in ("export", "readonly")
    return node.type in _ONLY_BASH


def _name(command: Node) -> str:
    name = command.child_by_field_name("name")
    return source(name) if name else ""


def _guarded(node: Node) -> bool:
    """Whether something is said about the case that the command fails: `cd X && …`, `cd X || exit 1`."""
    parent = node.parent
    if parent is None or parent.type != "list" or parent.children[0] != node:
        return False
    after, then = parent.children[1].type, parent.children[2]
    return after == "&&" or (after == "||" and source(then).split()[0] in ("exit", "return"))


def _open_ended(target: Node) -> bool:
    """Whether the shell itself would make several names of a word, or another one."""
    parts = target.children if target.type == "concatenation" else [target]
    return any(
        part.type in _UNQUOTED or (part.type == "word" and _GLOB.search(source(part)) is not None)
        for part in parts
    )


def _after_environment(arguments: list[Node]) -> list[Node]:
    """The command that `env` runs: what follows its options and assignments."""
    rest = list(arguments)
    while rest:
        text = source(rest[0])
        if text == "-u":
            rest = rest[2:]
        elif text.startswith("-") or "=" in text:
            rest = rest[1:]
        else:
            break
    return rest
