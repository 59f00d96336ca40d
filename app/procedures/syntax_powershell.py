"""What is wrong with a text for PowerShell, by its syntax tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from app.procedures import complaints
from app.procedures.complaints import Complaint
from app.procedures.trees import joined, last_line, line, parse, source, together, walk, wrong

_BARE_LIST = re.compile(r"(?<=[A-Za-z0-9_]), (?=[A-Za-z])")
"""`Format-List Name, State`: the grammar knows no lists of bare words. Joined for it, at the same length."""
_WILD = re.compile(r"[*?\[]")
_GOES = {"cd", "chdir", "sl", "pushd", "set-location", "push-location"}
_DELETES = {"remove-item", "ri", "rm", "rmdir", "rd", "del", "erase"}
_ENVIRONMENT = {"systemroot", "windir", "programfiles", "programdata", "systemdrive"}
_DEEP = re.compile(r"(?:[A-Za-z]:|%[a-z]+%)\\[^\\/]+(?:\\[^\\/]+)+\\?")
_LEAVES = {
    "command_name",
    "variable",
    "verbatim_string_characters",
    "expandable_string_literal",
    "generic_token",
}


def powershell_problems(text: str) -> Iterator[Complaint]:
    """Each thing that is wrong, in the order of the text."""
    root = parse("powershell", _BARE_LIST.sub("__", text))
    if (place := wrong(root)) is not None:
        near = source(place) or "".join(text.splitlines()[line(place) - 1 : line(place)])
        yield complaints.unparsed(min(line(place), last_line(text)), "powershell", near)
        return
    script = _Script(root)
    for node in walk(root):
        if node.type == "command":
            yield from script.command(node)
        elif node.type == "invokation_expression":
            yield from script.invocation(node)


@dataclass(frozen=True)
class _Argument:
    """One argument of a command: under which parameter, and the expression."""

    parameter: str
    node: Node


class _Script:
    """One text: the functions and variables that it defines, for judging its commands."""

    def __init__(self, root: Node) -> None:
        self._functions = {source(node).lower() for node in walk(root) if node.type == "function_name"}
        self._variables: dict[str, list[Node | None]] = {}
        self._known: dict[str, frozenset[str] | None] = {}
        for node in walk(root):
            self._note(node)

    def _note(self, node: Node) -> None:
        """Remember what a variable is given; None for what only the node knows."""
        if node.type == "assignment_expression":
            left, sign = _inner(node.children[0]), source(node.children[1])
            known = left.type == "variable" and sign in ("=", "+=")
            for variable in [n for n in walk(left) if n.type == "variable"]:
                self._given(variable, node.child_by_field_name("value") if known else None)
        elif node.type == "foreach_statement":
            named = [child for child in node.children if child.is_named and child.type != "statement_block"]
            variable, values = named[-2:]  # before them a switch may stand (-parallel)
            self._given(variable, values)
        elif node.type == "script_parameter":
            for variable in [n for n in walk(node) if n.type == "variable"]:
                self._given(variable, None)

    def _given(self, variable: Node, value: Node | None) -> None:
        self._variables.setdefault(source(variable)[1:].lower(), []).append(value)

    def command(self, node: Node) -> Iterator[Complaint]:
        """What is wrong with one command."""
        first = node.child_by_field_name("command_name")
        if first is None:
            return
        names = self._names(_inner(first))
        if names is None:
            yield complaints.unnamed(line(node), source(first))
            return
        for name in sorted({_program(name) for name in names}):
            yield from self._named(node, name)

    def _names(self, first: Node) -> frozenset[str] | None:
        """What a command can be called: a bare word says it itself, unless there is a variable in it."""
        if first.type in ("command_name", "path_command_name_token"):
            return None if "$" in source(first) else frozenset({source(first)})
        return self._values(first)

    def _named(self, node: Node, name: str) -> Iterator[Complaint]:
        if name in _GOES:
            yield complaints.bare_cd(line(node), source(node))
        elif name in complaints.HANDS_ON["powershell"] - complaints.known_commands("powershell"):
            yield complaints.hands_on(line(node), source(node))
        elif name not in complaints.known_commands("powershell") | self._functions:
            yield complaints.unknown(line(node), "powershell", name)
        if name in _DELETES:
            yield from self._deletes(node)
        elif name == "start-process":
            yield from self._starts(node)

    def _starts(self, node: Node) -> Iterator[Complaint]:
        """Start-Process runs another program: that one counts too."""
        arguments = [one for one in _arguments(node) if one.parameter in ("-filepath", "")]
        names = self._started(arguments[0].node) if arguments else None
        if names is None:
            yield complaints.unnamed(line(node), source(node))
            return
        for name in sorted({_program(name) for name in names} - complaints.known_commands("powershell")):
            if name in complaints.HANDS_ON["powershell"]:
                yield complaints.hands_on(line(node), source(node))
            else:
                yield complaints.unknown(line(node), "powershell", name)

    def _started(self, node: Node) -> frozenset[str] | None:
        """What the started program can be called: a bare word is its own name."""
        bare = re.fullmatch(r"[A-Za-z][\w.\\:-]*", source(node))
        return frozenset({source(node)}) if bare else self._values(node)

    def _deletes(self, node: Node) -> Iterator[Complaint]:
        targets = [one for one in _arguments(node) if one.parameter in ("-literalpath", "-path", "")]
        whole = any(re.fullmatch(r"-r(e(c(u(r(se?)?)?)?)?)?", word) for word in _switches(node))
        if not targets or _piped(node):
            yield complaints.wildcard(line(node), source(node))
        for target in targets:
            inner = _inner(target.node)
            if _patterned(target, inner):
                yield complaints.wildcard(line(node), source(node))
            elif whole and not self._spelled_out(inner):
                yield complaints.recursive(line(node), source(node))

    def invocation(self, node: Node) -> Iterator[Complaint]:
        """What is wrong with a call of .NET: a whole folder may go that way too."""
        if re.match(r"\[(system\.)?io\.directory\]::delete\(", source(node), re.IGNORECASE):
            arguments = _call_arguments(node)
            if len(arguments) > 1 and not self._spelled_out(arguments[0]):
                yield complaints.recursive(line(node), source(node))

    def _spelled_out(self, target: Node) -> bool:
        values = self._values(target)
        return values is not None and all(
            _DEEP.fullmatch(value) and ".." not in value.split("\\") and not _WILD.search(value)
            for value in values
        )

    def _values(self, node: Node | None, depth: int = 0) -> frozenset[str] | None:
        """Every text that an expression can be, or None where this script does not spell it out."""
        if node is None or depth > 24:
            return None
        node = _inner(node)
        below = [child for child in node.children if child.is_named]
        if node.type == "verbatim_string_characters":
            return frozenset({source(node)[1:-1].replace("''", "'")})
        if node.type == "expandable_string_literal":
            return self._of_string(node, depth)
        if node.type == "variable":
            return self._of_variable(source(node)[1:].lower(), depth)
        if node.type in ("array_literal_expression", "array_expression"):
            return together([self._values(child, depth + 1) for child in below])
        if node.type == "parenthesized_expression" and len(below) == 1:
            return self._values(below[0], depth + 1)
        if node.type == "additive_expression" and source(node.children[1]) == "+":
            return joined([self._values(child, depth + 1) for child in below])
        return self._of_call(node, depth)

    def _of_call(self, node: Node, depth: int) -> frozenset[str] | None:
        """Paths put together by Join-Path or .NET."""
        if node.type == "command" and source(node).lower().startswith("join-path "):
            return joined([self._values(one.node, depth + 1) for one in _arguments(node)], "\\")
        if node.type == "invokation_expression":
            parts = [self._values(one, depth + 1) for one in _call_arguments(node)]
            if re.match(r"\[(system\.)?io\.path\]::combine\(", source(node), re.IGNORECASE):
                return joined(parts, "\\")
            if re.match(
                r"\[(system\.)?environment\]::expandenvironmentvariables\(", source(node), re.IGNORECASE
            ):
                return frozenset(re.sub(r"%\w+%", lambda m: m[0].lower(), v) for v in parts[0] or ()) or None
        return None

    def _of_string(self, node: Node, depth: int) -> frozenset[str] | None:
        parts: list[frozenset[str] | None] = []
        whole, place = node.text or b"", 1
        for child in node.children:
            if not child.is_named:
                continue
            before, after = child.start_byte - node.start_byte, child.end_byte - node.start_byte
            parts.append(frozenset({whole[place:before].decode("ascii")}))
            parts.append(self._values(child, depth + 1) if child.type == "variable" else None)
            place = after
        parts.append(frozenset({whole[place:-1].decode("ascii")}))
        return joined(parts)

    def _of_variable(self, name: str, depth: int) -> frozenset[str] | None:
        if name.startswith("env:") and name[4:] in _ENVIRONMENT:
            return frozenset({f"%{name[4:]}%"})
        if name not in self._known:
            self._known[name] = None  # while it is looked at: what is made of itself is not spelled out
            values = [self._values(value, depth + 1) for value in self._variables.get(name, [])]
            self._known[name] = together(values)
        return self._known[name]


def _inner(node: Node) -> Node:
    """The expression itself, out of the layers that the grammar puts around every one."""
    while node.type not in _LEAVES and node.child_count == 1:
        node = node.children[0]
    return node


def _patterned(target: _Argument, inner: Node) -> bool:
    """Whether a target is a pattern, or may be one: all but -LiteralPath takes what a variable holds for a pattern."""
    if inner.type != "variable" and _WILD.search(source(inner)):
        return True
    return target.parameter != "-literalpath" and inner.type not in (
        "generic_token",
        "verbatim_string_characters",
    )


def _program(name: str) -> str:
    """A command's name as the list has it."""
    return re.split(r"[\\/]", name.lower())[-1].removesuffix(".exe")


def _arguments(command: Node) -> list[_Argument]:
    """The arguments with the parameters that they follow. A switch that stands before an argument takes it: never a target."""
    found, parameter = [], ""
    for element in _elements(command):
        if element.type == "command_parameter":
            parameter = source(element).lower()
        else:
            found.append(_Argument(parameter if parameter not in _SWITCHES else "", element))
            parameter = ""
    return found


_SWITCHES = {"-recurse", "-force", "-wait", "-passthru"}


def _switches(command: Node) -> list[str]:
    return [source(element).lower() for element in _elements(command) if element.type == "command_parameter"]


def _elements(command: Node) -> list[Node]:
    elements = command.child_by_field_name("command_elements")
    return [child for child in elements.children if child.type != "command_argument_sep"] if elements else []


def _call_arguments(node: Node) -> list[Node]:
    """The arguments of a method call."""
    lists = [child for child in walk(node) if child.type == "argument_expression_list"]
    return [child for child in lists[0].children if child.is_named] if lists else []


def _piped(command: Node) -> bool:
    """Whether the command takes what another one gave."""
    chain = command.parent
    return chain is not None and chain.children[0] != command
