"""The words of overlay files: places of steps, conditions, names and command texts, each with the message that refuses it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.domain import conditions
from app.domain.cluster import DEFAULT_PATHS, DEFAULT_WINDOWS_PATHS, Title, rule_error
from app.domain.errors import Invalid
from app.domain.library import StepTemplate
from app.domain.places import KNOWN, LISTS, line_of, used
from app.domain.procedure import Shell
from app.domain.scanning import Fault, fault_of

PATH_NAMES = tuple(sorted({*DEFAULT_PATHS, *DEFAULT_WINDOWS_PATHS, "script"}))
FIRST_EXTRA, LARGEST_EXTRA = 50, 99
"""Added steps from this number on are an organisation's own; the library's stay below."""

_PLACE = re.compile(
    r"(?P<section>[1-9](?:\.[1-9][0-9]?){1,3}[ab]?)-(?P<step>0|[1-9][0-9]{0,2})"
    r"(?:\+(?P<added>[1-9][0-9]?))?(?P<spot>@[^/@]+(?:/[^/@]+)?|/[^/@]+)?"
)
_FAULTS: dict[Fault, tuple[str, str]] = {
    "unclosed": (
        "引用符が閉じられていません（コマンドの {line} 行目）。",
        "A quote is never closed (line {line} of the command).",
    ),
    "quoted_place": (
        "[[…]] は引用符の外に書いてください。値は自動で 1 語に引用されます（コマンドの {line} 行目）。",
        "Write [[…]] outside quotes: its value is quoted as one word by itself (line {line} of the command).",
    ),
    "wildcard_delete": (
        "ワイルドカードや条件による削除は実行できません。消すものを 1 つずつ書いてください（コマンドの {line} 行目）。",
        "Nothing is deleted by wildcard or search: name what is to go, one by one (line {line} of the command).",
    ),
}
_BARE = {
    "sh": "unset NQS_SITE",
    "powershell": "Remove-Item -Path Env:NQS_SITE -ErrorAction SilentlyContinue",
    "cmd": 'set "NQS_SITE="',
}  # an organisation's command sees no NQS_SITE that is left over (erratum E3); the first line that fails ends it
_STRICT = {"sh": "set -e", "powershell": "$ErrorActionPreference = 'Stop'"}


@dataclass(frozen=True)
class Place:
    """A step as an overlay names it: its section with the variant's letter, its numbers, and one repetition's node and site."""

    section: str
    step: int
    added: int | None
    spot: str

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read `3.1.3-9`, `3.1.3-9+1`, `3.1.3-9@node-b/site1`. Raises the rule's error for anything else."""
        found = _PLACE.fullmatch(text)
        if found is None:
            raise rule_error(
                f"「{text[:60]}」はステップの位置ではありません。"
                "3.1.3-9（1 回の繰り返しだけなら 3.1.3-9@node-b/site1）の形で書いてください。",
                f"{text[:60]!r} is no step's place: write it as 3.1.3-9, or 3.1.3-9@node-b/site1 for one repetition.",
            )
        added = int(found["added"]) if found["added"] else None
        return cls(found["section"], int(found["step"]), added, found["spot"] or "")

    @property
    def base(self) -> str:
        """The place without node and site."""
        added = f"+{self.added}" if self.added else ""
        return f"{self.section}-{self.step}{added}"

    @property
    def node(self) -> str | None:
        """The node of the one repetition that is meant."""
        return self.spot[1:].split("/")[0] if self.spot.startswith("@") else None

    @property
    def site(self) -> str | None:
        """The site of the one repetition that is meant."""
        return self.spot.split("/")[1] if "/" in self.spot else None

    def names(self, template: StepTemplate) -> bool:
        """Whether it is that step of its section."""
        return (self.step, self.added) == (template.step, template.added)


def _place(text: str) -> str:
    Place.parse(text)
    return text


def _whole_step(text: str) -> str:
    if Place.parse(text).spot:
        raise rule_error(
            "after にはノードとサイトを書けません。3.1.3-9 の形で書いてください。",
            "after names no node and no site: write it as 3.1.3-9.",
        )
    return text


def _readable(text: str) -> str:
    try:
        conditions.parse(text)
    except Invalid as no:
        raise rule_error(no.message.ja, no.message.en) from None
    return text


def clusters_of(value: object) -> object:
    """The names of the clusters; none for all of them."""
    if value == "all":
        return ()
    if isinstance(value, list) and value:
        return value
    raise rule_error(
        "クラスタ名の一覧（[tokyo-batch]）か all を書いてください。",
        "Write a list of cluster names ([tokyo-batch]), or all.",
    )


def path_name(value: str) -> str:
    """A path that the procedures use."""
    if value not in PATH_NAMES:
        allowed = ", ".join(PATH_NAMES)
        raise rule_error(
            f"知らないパスの名前です。書けるのは {allowed} です。", f"Unknown path; allowed: {allowed}."
        )
    return value


def schema_of(value: object) -> object:
    """The one schema that there is."""
    if value not in (1, "1"):
        raise rule_error("schema は 1 だけです。", "The only schema is 1.")
    return 1


def _named(value: str) -> str:
    if "[[" in value:
        raise rule_error("名前に [[ は使えません。", "A name has no [[ in it.")
    return value


StepPlace = Annotated[str, AfterValidator(_place)]
WholeStep = Annotated[str, AfterValidator(_whole_step)]
When = Annotated[str, AfterValidator(_readable)]
OwnName = Annotated[Title, AfterValidator(_named)]
Minutes = Annotated[int | None, Field(ge=1, le=1440)]
Command = Annotated[str, StringConstraints(min_length=1, max_length=16000)]


def require_sound(text: str, shell: Shell, key: str) -> None:
    """Refuse a command text whose quotes, places or deletes must not reach a node."""
    found = fault_of(text, shell)
    if found is not None:
        ja, en = (words.format(line=found.line) for words in _FAULTS[found.fault])
        raise rule_error(ja, en, key, found.line)
    require_places((text,), KNOWN - LISTS, key)


def require_places(texts: Iterable[str], allowed: frozenset[str], key: str) -> None:
    """Refuse an open place that does not exist."""
    given = list(texts)
    unknown = sorted(used(given) - allowed)
    if unknown:
        known = ", ".join(sorted(allowed))
        raise rule_error(
            f"[[{unknown[0]}]] という置き換えはありません。書けるのは {known} です。",
            f"There is no place [[{unknown[0]}]]; allowed: {known}.",
            key,
            line_of(f"[[{unknown[0]}]]", given[0]) if len(given) == 1 else None,
        )


def as_run(text: str, shell: Shell) -> str:
    """The command as the console runs it: without NQS_SITE, and ended by the first of several lines that fails."""
    several = "\n" in text.strip() and shell in _STRICT
    return "\n".join([_BARE[shell], *([_STRICT[shell]] if several else []), text.strip("\n")])
