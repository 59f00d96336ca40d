"""One line of cmd.exe into a tree: operators, parentheses, redirections, quotes, carets. Pure; runs nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


class Misread(Exception):
    """cmd.exe cannot read the line: it says so and ends with 255."""


@dataclass(frozen=True)
class Redirection:
    """`handle` 0, 1 or 2; `how`: < > >> & ; `target` a file, or for & the number of the handle to copy."""

    handle: int
    how: str
    target: str


@dataclass(frozen=True)
class Simple:
    """A command: its raw words with redirections taken out. `quiet`: with @ in front."""

    text: str
    redirections: tuple[Redirection, ...] = ()
    quiet: bool = False


@dataclass(frozen=True)
class Block:
    """( … ) with redirections."""

    body: Node
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True)
class Pair:
    """left & right, && or ||."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class If:
    """if … command [else command]. `condition` is the raw text."""

    condition: tuple[str, ...]
    negated: bool
    then: Node
    otherwise: Node | None


Node = Simple | Block | Pair | If

_HANDLE = re.compile(r"(?:^|(?<=[\s&|(@]))([0-2])$")


@dataclass
class _Reader:
    text: str
    position: int = 0
    found: list[Redirection] = field(default_factory=list)

    def peek(self, length: int = 1) -> str:
        return self.text[self.position : self.position + length]

    def blanks(self) -> None:
        while self.peek() and self.peek() in " \t,;=\r\n":
            self.position += 1

    def sequence(self, inner: bool) -> Node:
        node = self.one(inner)
        while True:
            self.spaces()
            operator = next((sign for sign in ("&&", "||", "&") if self.peek(len(sign)) == sign), None)
            if operator is None and inner and self.peek() == "\n":
                operator = "&"
            if operator is None:
                return node
            self.position += len(operator) if self.peek() != "\n" else 1
            self.spaces(inner)
            if not self.peek() or (inner and self.peek() == ")"):
                if operator == "&":
                    return node
                raise Misread(self.text)
            node = Pair(operator, node, self.one(inner))

    def spaces(self, lines: bool = False) -> None:
        while self.peek() and self.peek() in (" \t\r\n" if lines else " \t\r"):
            self.position += 1

    def one(self, inner: bool) -> Node:
        self.blanks()
        quiet = self.peek() == "@"
        if quiet:
            self.position += 1
            self.blanks()
        if self.peek() == "(":
            return self.block()
        if re.match(r"if\b", self.text[self.position :], re.IGNORECASE):
            return self.condition(inner)
        start = len(self.found)
        text = self.words(inner)
        mine, self.found[start:] = tuple(self.found[start:]), []
        if not text.strip() and not mine:
            raise Misread(self.text)
        return Simple(text, mine, quiet)

    def block(self) -> Node:
        self.position += 1
        self.spaces(lines=True)
        body = self.sequence(inner=True)
        self.spaces(lines=True)
        if self.peek() != ")":
            raise Misread(self.text)
        self.position += 1
        start = len(self.found)
        while redirected := re.match(r"[ \t]*([0-2]?)(?=[<>])", self.text[self.position :]):
            self.position += redirected.end()
            self.redirection(redirected[1])
        mine, self.found[start:] = tuple(self.found[start:]), []
        return Block(body, mine)

    def condition(self, inner: bool) -> Node:
        self.position += 2
        words = [self.word()]
        negated = words[0].lower() == "not"
        if negated:
            words = [self.word()]
        if words[0].lower() == "/i":
            words.append(self.word())
        last = words[-1].lower()
        if last in ("exist", "errorlevel", "defined"):
            words.append(self.word())
        elif "==" not in words[-1]:
            words += [self.word(), self.word()]
        then = self.one(inner)
        self.spaces()
        otherwise = None
        if re.match(r"else\b", self.text[self.position :], re.IGNORECASE):
            self.position += 4
            otherwise = self.one(inner)
        return If(tuple(words), negated, then, otherwise)

    def word(self) -> str:
        while self.peek() in (" ", "\t"):
            self.position += 1
        start, quoted = self.position, False
        while self.peek() and (quoted or self.peek() not in " \t\r\n("):
            quoted ^= self.peek() == '"'
            self.position += 1
        if start == self.position:
            raise Misread(self.text)
        return self.text[start : self.position]

    def words(self, inner: bool) -> str:
        """The text of a command up to what ends it, redirections taken out into `found`."""
        kept, quoted = "", False
        while letter := self.peek():
            if letter == '"':
                quoted = not quoted
            elif not quoted:
                if letter == "^" and self.peek(2)[1:]:
                    kept, self.position = kept + self.peek(2)[1], self.position + 2
                    continue
                if letter in "&|" or (letter == ")" and inner) or letter == "\n":
                    if letter == "|" and self.peek(2) != "||":
                        raise Misread(self.text)
                    break
                if letter in "<>":
                    kept = self.redirection(kept)
                    continue
            kept, self.position = kept + letter, self.position + 1
        return kept

    def redirection(self, kept: str) -> str:
        """Take one redirection out; what stood before it without the handle's number."""
        sign = ">>" if self.peek(2) == ">>" else self.peek()
        self.position += len(sign)
        named = _HANDLE.search(kept)
        handle = int(named[1]) if named else (0 if sign == "<" else 1)
        if named:
            kept = kept[: named.start(1)]
        if self.peek() == "&":
            copied, self.position = self.peek(2)[1:], self.position + 2
            if copied not in ("1", "2"):
                raise Misread(self.text)
            self.found.append(Redirection(handle, "&", copied))
        else:
            self.found.append(Redirection(handle, sign, self.target()))
        return kept

    def target(self) -> str:
        while self.peek() in (" ", "\t"):
            self.position += 1
        start, quoted = self.position, False
        while self.peek() and (quoted or self.peek() not in ' \t\r\n&|<>)"' or self.peek() == '"'):
            quoted ^= self.peek() == '"'
            self.position += 1
        if start == self.position:
            raise Misread(self.text)
        return self.text[start : self.position]


def parse(text: str) -> Node:
    """One logical line (with the lines of its parentheses). Raises Misread; a pipe is one that the lab does not know."""
    reader = _Reader(text)
    node = reader.sequence(inner=False)
    reader.spaces(lines=True)
    if reader.peek():
        raise Misread(text)
    return node


def whole(lines: list[str], start: int) -> tuple[str, int]:
    """The logical line that begins at `start`, and the index of the line behind it: parentheses may go over lines."""
    text, number = lines[start], start + 1
    while _open(text) > 0 and number < len(lines):
        text, number = text + "\n" + lines[number], number + 1
    return text, number


def _open(text: str) -> int:
    """How many parentheses that begin a block are open. Quotes and words like `echo (` are not told apart."""
    if re.match(r"\s*@?\s*(rem\b|::|echo\b)", text, re.IGNORECASE):
        return 0
    bare = re.sub(r'"[^"\n]*"|\^.', "", text)
    return bare.count("(") - bare.count(")")
