"""cmd.exe at work: runs trees of syntax.py on a machine's files and programs. Blocking; bytes out in the machine's code page.

Owns one command interpreter's state: variables, folder, ERRORLEVEL (`status`), and what the last command came back with
(`failed`, `code`: what cmd.exe ends with if nothing follows), which is not always the same. builtins.py has the commands that
cmd.exe has in itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.lab.powershell.world import Environment, Native, NativeCall
from app.lab.windows import paths
from app.lab.windows.cmd import builtins, expand, syntax
from app.lab.windows.cmd.errors import Ended, said
from app.lab.windows.files import READ, WRITE, Files, Open
from app.lab.windows.refusals import Refusal

Write = Callable[[bytes], None]
NOT_FOUND, SYNTAX = 9009, 255


@dataclass(frozen=True)
class Pipes:
    """Where a command reads and writes."""

    stdin: bytes
    out: Write
    err: Write


def argv(line: str) -> list[str]:
    """A command line's words as the C runtime splits them: quotes group, \\" is a quote."""
    found = re.finditer(r'(?:[^\s"\\]|\\+(?!")|\\*"(?:[^"\\]|\\.)*"?)+', line)
    return [
        re.sub(r'(\\*)"', lambda quote: "\\" * (len(quote[1]) // 2) + '"' * (len(quote[1]) % 2), one[0])
        for one in found
    ]


class Shell:
    """One cmd.exe. `find` is how a program's name becomes a program, None for none."""

    def __init__(
        self,
        files: Files,
        find: Callable[[str, str], Native | None],
        environment: Environment,
        folder: str,
        stop: Callable[[], bool],
        codepage: str = "cp932",
    ) -> None:
        self.files, self.find, self.stop, self.codepage = files, find, stop, codepage
        self.environment, self.folder = environment, folder
        self.status, self.failed, self.code, self.echo = 0, False, 0, True
        self.arguments: Sequence[str] = ()

    def line(self, text: str, pipes: Pipes) -> int:
        """`cmd /c text`: its exit code."""
        self.echo = False
        try:
            self._node(syntax.parse(expand.on_line(text, self.environment)), pipes)
        except syntax.Misread:
            pipes.err(self.encode(said("syntax")))
            return SYNTAX
        except Ended as ended:
            return ended.status
        return self.code

    def ended(self, status: int) -> None:
        """A command has set ERRORLEVEL."""
        self.status, self.code, self.failed = status, status, status != 0

    def fails_quietly(self, code: int) -> None:
        """It failed and ERRORLEVEL does not say so, unless `||` asks."""
        self.code, self.failed = code, True

    def in_cmd_file(self) -> bool:
        """Whether a batch file is read whose name ends in .cmd; some commands set ERRORLEVEL in those alone."""
        return bool(self.arguments) and self.arguments[0].lower().endswith(".cmd")

    def file(self, path: str, arguments: Sequence[str], pipes: Pipes) -> int:
        """Run a batch file; what cmd.exe would end with. Raises Refusal where it cannot be read."""
        lines = self.files.read(path).decode(self.codepage, "replace").splitlines()
        before, self.arguments = self.arguments, (path, *arguments)
        number = 0
        try:
            while number < len(lines) and not self.stop():
                number = self._at(lines, number, pipes)
        except Ended as ended:
            self.ended(ended.status)
            if ended.everything:
                raise
        finally:
            self.arguments = before
        return self.code

    def _seen(self) -> Environment:
        """The variables, with the one that is the last exit status unless somebody has set it."""
        return Environment({"ERRORLEVEL": str(self.status), **self.environment})

    def _at(self, lines: list[str], number: int, pipes: Pipes) -> int:
        """Run the logical line there; the number of the next one."""
        text, following = syntax.whole(lines, number)
        if not text.strip() or re.match(r"\s*:", text) or re.match(r"\s*@?\s*rem\b", text, re.IGNORECASE):
            return following
        try:
            expanded = expand.in_file(text, self._seen(), self.arguments)
            if not expanded.strip():
                return following
            node = syntax.parse(expanded)
        except syntax.Misread:
            pipes.err(self.encode(said("syntax")))
            raise Ended(SYNTAX) from None
        if self.echo and not text.lstrip().startswith("@"):
            pipes.out(self.encode(f"\r\n{self.folder}>{expanded.strip()}\r\n"))
        target = self._node(node, pipes)
        return following if target is None else self._label(lines, target, pipes)

    def _label(self, lines: list[str], wanted: str, pipes: Pipes) -> int:
        if wanted.lower() == "eof":
            return len(lines)
        for number, line in enumerate(lines):
            if re.fullmatch(rf"\s*:\s*{re.escape(wanted)}\s*", line, re.IGNORECASE):
                return number + 1
        pipes.err(self.encode(said("label", wanted)))
        raise Ended(1)

    def encode(self, text: str) -> bytes:
        """As this machine writes it."""
        return text.encode(self.codepage, "replace")

    def _node(self, node: syntax.Node, pipes: Pipes) -> str | None:
        """Run it; the label to go to, None to go on."""
        if self.stop():
            raise Ended(1, everything=True)
        if isinstance(node, syntax.Pair):
            target = self._node(node.left, pipes)
            if target is not None or not self._goes_on(node.operator):
                return target
            return self._node(node.right, pipes)
        if isinstance(node, syntax.If):
            if self._holds(node):
                return self._node(node.then, pipes)
            return self._node(node.otherwise, pipes) if node.otherwise else None
        if isinstance(node, syntax.Block):
            return self._redirected(node.redirections, pipes, lambda inner: self._node(node.body, inner))
        return self._redirected(node.redirections, pipes, lambda inner: self._simple(node.text, inner))

    def _goes_on(self, operator: str) -> bool:
        if operator == "||" and self.failed:
            self.status = self.code
        return operator == "&" or (self.failed == (operator == "||"))

    def _holds(self, node: syntax.If) -> bool:
        words = [word for word in node.condition if word.lower() != "/i"]
        plain = len(words) == len(node.condition)
        kind = words[0].lower()
        if kind == "exist":
            holds = self.files.kind(self.path(words[1].strip('"'))) is not None
        elif kind == "defined":
            holds = words[1] in self.environment
        elif kind == "errorlevel":
            holds = self.status >= int(words[1])
        else:
            left, sign, right = "".join(words).partition("==") if "==" in words[0] else words
            if sign.lower() not in ("==", "equ", "neq", "geq", "gtr", "leq", "lss"):
                raise syntax.Misread(str(node))
            holds = builtins.compare(left, sign.lower(), right, plain)
        return holds != node.negated

    def path(self, word: str) -> str:
        """A word as an absolute path."""
        return paths.full(word, self.folder)

    def _redirected(
        self, wanted: Sequence[syntax.Redirection], pipes: Pipes, run: Callable[[Pipes], str | None]
    ) -> str | None:
        opened: list[Open] = []
        try:
            for one in wanted:
                pipes = self._redirect(one, pipes, opened)
            return run(pipes)
        except Refusal as refusal:
            pipes.err(self.encode(said(refusal.code)))
            self.fails_quietly(1)
            return None
        finally:
            for handle in opened:
                self.files.close(handle)

    def _redirect(self, one: syntax.Redirection, pipes: Pipes, opened: list[Open]) -> Pipes:
        if one.how == "&":
            write = {"1": pipes.out, "2": pipes.err}[one.target]
        elif one.target.replace('"', "").lower() == "nul":
            if one.handle == 0:
                return replace(pipes, stdin=b"")
            write = _nowhere
        elif one.handle == 0:
            return replace(pipes, stdin=self.files.read(self.path(one.target.replace('"', ""))))
        else:
            mode = (
                "Append"
                if one.how == ">>" and self.files.kind(self.path(one.target.replace('"', "")))
                else "Create"
            )
            handle = self.files.open(self.path(one.target.replace('"', "")), mode, WRITE, READ)
            opened.append(handle)

            def write(data: bytes, handle: Open = handle) -> None:
                self.files.put(handle, data)

        return replace(pipes, out=write) if one.handle == 1 else replace(pipes, err=write)

    def _simple(self, text: str, pipes: Pipes) -> str | None:
        name, rest = builtins.split(text)
        known = builtins.TABLE.get(name.lower())
        if known:
            return known(self, rest, pipes)
        program = self.find(name.strip('"'), self.folder)
        if program is None and name.lower().removesuffix(".exe") in builtins.NOT_HERE:
            pipes.err(self.encode(said("lab", name)))
            self.ended(1)
            return None
        if program is None:
            pipes.err(self.encode(said("unknown", name)))
            self.ended(NOT_FOUND)
            self.code = 1 if self.arguments else NOT_FOUND
            return None
        call = NativeCall(
            name.strip('"'), rest.strip(), argv(rest), pipes.stdin, pipes.out, pipes.err,
            Environment(self.environment), self.folder, self.stop,
        )  # fmt: skip
        self.ended(program(call))
        if self.arguments and self._is_batch(name.strip('"')):
            raise Ended(self.code)  # without `call` it does not come back
        return None

    def _is_batch(self, name: str) -> bool:
        path = next((name + ending for ending in ("", ".cmd", ".bat") if self._file(name + ending)), "")
        return path.lower().endswith((".cmd", ".bat"))

    def _file(self, word: str) -> bool:
        try:
            return self.files.kind(self.path(word)) == "file"
        except Refusal:
            return False


def _nowhere(_data: bytes) -> None:
    """nul."""
