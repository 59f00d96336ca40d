"""Conditions of the data files as a small pure language: when a step applies, which alternative of the manual is taken.

    from <= R12.7 and (platform = wsfc or not clwin)

Names: `from`, `to` and `installed` (the version on the step's node at that moment) compare with versions; one of two parts
(R12.7) means its whole line, one of three (R12.4.1) exactly itself. platform, arch, os, clusterware, operation, install and
local_site compare with words; clwin and reuse_site_database are true or not. Every condition explains itself in both languages.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, get_args

from app.domain.circumstances import plain_fact, version_fact
from app.domain.cluster import Arch, ClusterwareName, Platform, System
from app.domain.errors import Invalid
from app.domain.predicates import Case, Install, Operation
from app.domain.text import Text
from app.domain.versions import Version

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
_OPPOSITE = {"<=": ">", ">=": "<", "<": ">=", ">": "<=", "=": "!=", "!=": "="}
_WORDS: Mapping[str, tuple[str, ...]] = {
    "platform": get_args(Platform),
    "arch": get_args(Arch),
    "os": get_args(System),
    "clusterware": get_args(ClusterwareName),
    "operation": get_args(Operation),
    "install": get_args(Install),
    "local_site": ("used", "unused"),
}
_FLAGS = ("clwin", "reuse_site_database")
_VERSIONS = ("from", "to", "installed")
NAMES = (*_VERSIONS, *_WORDS, *_FLAGS)
LONGEST, MOST, DEEPEST = 300, 8, 20
_SIGNS = re.compile(r"[<>=]+")
_TOKEN = re.compile(r"\s*(<=|>=|!=|[<>=()]|[A-Za-z][A-Za-z0-9_.]*|$)")


@dataclass(frozen=True)
class Moment:
    """What a condition is asked about: the case, and the version that the step's node has at that moment."""

    case: Case
    installed: Version

    def values(self) -> dict[str, object]:
        """Every name of the language with its value here."""
        case, cluster = self.case, self.case.cluster
        return {
            "from": case.source, "to": case.to, "installed": self.installed, "platform": cluster.platform,
            "arch": cluster.arch, "os": cluster.os, "clusterware": cluster.clusterware, "operation": case.operation,
            "install": case.install, "local_site": cluster.local_site, "clwin": cluster.clwin,
            "reuse_site_database": cluster.reuse_site_database,
        }  # fmt: skip


@dataclass(frozen=True)
class Atom:
    """One comparison; a flag is compared with True."""

    name: str
    sign: str
    value: Version | str | bool

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it is so."""
        found = values[self.name]
        if isinstance(self.value, Version) and isinstance(found, Version):
            whole_line = self.value.written.count(".") == 1
            left, right = (found.line, self.value.line) if whole_line else (found, self.value)
            return _COMPARE[self.sign](left, right)
        return _COMPARE[self.sign](found, self.value)

    def facts(self, values: Mapping[str, object]) -> tuple[Text, ...]:
        """What is the case, whether the comparison holds or not."""
        found = values[self.name]
        if isinstance(self.value, Version) and isinstance(found, Version):
            sign = self.sign if self.holds(values) else _OPPOSITE[self.sign]
            return (version_fact(self.name, sign, self.value, found),)
        return (plain_fact(self.name, found),)

    def atoms(self) -> Iterator[Atom]:
        """Itself."""
        yield self


@dataclass(frozen=True)
class Junction:
    """Several conditions of which all (`and`) or one (`or`) must hold; `not` negates its only one."""

    word: str
    parts: tuple[Condition, ...]

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it is so."""
        if self.word == "not":
            return not self.parts[0].holds(values)
        return (all if self.word == "and" else any)(part.holds(values) for part in self.parts)

    def facts(self, values: Mapping[str, object]) -> tuple[Text, ...]:
        """The facts that decide: those of the parts that are as the whole is (of a failed `and` only what failed)."""
        whole = self.holds(values)
        deciding = [part for part in self.parts if self.word == "not" or part.holds(values) == whole]
        return tuple(dict.fromkeys(fact for part in deciding for fact in part.facts(values)))

    def atoms(self) -> Iterator[Atom]:
        """Every comparison in it."""
        for part in self.parts:
            yield from part.atoms()


Condition = Atom | Junction


def explain(condition: Condition, values: Mapping[str, object]) -> Text:
    """Why the condition holds or does not, as sentences."""
    facts = condition.facts(values)
    return Text(ja="".join(fact.ja for fact in facts), en=" ".join(fact.en for fact in facts))


def can_hold(condition: Condition) -> bool:
    """Whether any case at all makes it true: tried on every word and on the versions around those that it names."""
    names = sorted({atom.name for atom in condition.atoms()})
    around = sorted({near for atom in condition.atoms() for near in _around(atom)})
    choices = [around if name in _VERSIONS else (_WORDS.get(name) or (True, False)) for name in names]
    for combination in product(*choices):
        values = dict(zip(names, combination, strict=True))
        if _possible(values) and condition.holds(values):
            return True
    return False


def _around(atom: Atom) -> tuple[Version, ...]:
    if not isinstance(atom.value, Version):
        return ()
    major, minor, level = atom.value.major, atom.value.minor, atom.value.level
    near = [(major, minor, level), (major, minor, level + 1), (major, minor + 1, 0), (major + 1, 0, 0)]
    near += (
        [(major, minor, level - 1)] if level else [(major, minor - 1, 99)] if minor else [(major - 1, 99, 0)]
    )
    return tuple(Version(*numbers) for numbers in near)


def _possible(values: Mapping[str, object]) -> bool:
    """What no cluster file may say, and versions that do not go up."""
    platform, system, manager = values.get("platform"), values.get("os"), values.get("clusterware")
    rising = [values[name] for name in ("from", "installed", "to") if name in values]
    return (
        not (platform and system and (platform == "unix") == (system == "windows"))
        and not (platform and manager and (platform == "wsfc") != (manager == "wsfc"))
        and rising == sorted(rising)  # type: ignore[type-var]  # all of them are versions
        and not ("from" in values and values["from"] == values.get("to"))
    )


def parse(text: str) -> Condition:
    """Read a condition. Raises Invalid that says where it cannot be read, what is allowed there, or that it never holds."""
    if (
        len(text) > LONGEST
        or text.count("(") + text.count("not ") > DEEPEST
        or len(_SIGNS.findall(text)) > MOST
    ):
        raise Invalid(
            "condition.too_large",
            f"条件「{text[:40]}…」が大きすぎます。{LONGEST} 文字以内、比較は {MOST} 個以内にしてください。",
            f"The condition {text[:40]!r}… is too large: at most {LONGEST} characters and {MOST} comparisons.",
            "condition",
        )
    found = _Reader(text).read()
    if not can_hold(found):
        raise Invalid(
            "condition.never",
            f"条件「{text}」が成り立つ場合はありません。矛盾を取り除いてください。",
            f"The condition {text!r} can never hold: remove the contradiction.",
            "condition",
        )
    return found


class _Reader:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, text: str) -> None:
        self._text, self._place = text, 0
        self._next()

    def read(self) -> Condition:
        found = self._either()
        if self._token:
            self._fail("and, or")
        return found

    def _either(self) -> Condition:
        return self._joined("or", lambda: self._joined("and", self._one))

    def _joined(self, word: str, part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while self._token == word:
            self._next()
            parts.append(part())
        return parts[0] if len(parts) == 1 else Junction(word, tuple(parts))

    def _one(self) -> Condition:
        if self._token == "not":  # noqa: S105 - a word of the language
            self._next()
            return Junction("not", (self._one(),))
        if self._token == "(":  # noqa: S105
            self._next()
            inner = self._either()
            if self._token != ")":  # noqa: S105
                self._fail(")")
            self._next()
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        name = self._token
        if name not in NAMES:
            self._fail(", ".join(NAMES))
        self._next()
        if name in _FLAGS:
            return Atom(name, "=", True)
        sign = self._token
        signs = _COMPARE if name in _VERSIONS else ("=", "!=")
        if sign not in signs:
            self._fail(", ".join(signs))
        self._next()
        value = self._value(name)
        self._next()
        return Atom(name, sign, value)

    def _value(self, name: str) -> Version | str:
        if name in _VERSIONS:
            return Version.parse(self._token, "condition")
        if self._token not in _WORDS[name]:
            self._fail(", ".join(_WORDS[name]))
        return self._token

    def _next(self) -> None:
        found = _TOKEN.match(self._text, self._place)
        if not found:
            self._token = self._text[self._place :].strip()
            self._fail(", ".join(NAMES))
        else:
            self._token, self._place = found[1], found.end()

    def _fail(self, allowed: str) -> None:
        raise Invalid(
            "condition.unreadable",
            f"条件「{self._text}」の「{self._token or '末尾'}」を読めません。ここに書けるもの: {allowed}。",
            f"Cannot read {self._token or 'the end'!r} in the condition {self._text!r}; allowed here: {allowed}.",
            "condition",
        )
