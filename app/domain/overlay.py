"""An organisation's own additions to the procedures, as its overlay file says them: shapes and their rules, pure.

Which steps the library has is overlayfile.py's to compare; laying an overlay over a plan is overlaying.py's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from app.domain.cluster import Cluster, NodePath, Title, rule_error
from app.domain.library import CheckTemplate, StepTemplate, Where, WhyManual
from app.domain.overlay_words import (
    FIRST_EXTRA,
    LARGEST_EXTRA,
    Command,
    Minutes,
    OwnName,
    Place,
    StepPlace,
    When,
    WholeStep,
    as_run,
    clusters_of,
    path_name,
    require_places,
    require_sound,
    schema_of,
)
from app.domain.places import KNOWN, LISTS, OF_NODE, OF_SITE
from app.domain.probes import READ_ONLY
from app.domain.procedure import Kind, Shell
from app.domain.text import Frozen, Text


class OwnCommand(Frozen):
    """A command for a step that the manual hands off. It waits for a person's word unless it is said to be harmless."""

    shell: Shell = "sh"
    text: Command
    harmless: bool = False
    repeatable: bool = False

    @model_validator(mode="after")
    def _sound(self) -> Self:
        require_sound(self.text, self.shell, "text")
        return self


class OwnCheck(Frozen):
    """A question to a node, added to a step's own: library.CheckTemplate as an overlay may write it."""

    probe: str
    params: dict[str, str] = Field(default_factory=dict)
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    each_site: bool = False
    when: When | None = None
    ja: str
    en: str

    @property
    def template(self) -> CheckTemplate:
        """As the library has checks."""
        return CheckTemplate(**{name: getattr(self, name) for name in type(self).model_fields})

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        if self.probe not in READ_ONLY:
            allowed = ", ".join(READ_ONLY)
            raise rule_error(
                f"知らない probe「{self.probe}」です。書けるのは {allowed} です。",
                f"Unknown probe {self.probe!r}; allowed: {allowed}.",
                "probe",
            )
        wanted = READ_ONLY[self.probe].params
        if wanted != self.params.keys():
            allowed = ", ".join(sorted(wanted)) or "{}"
            raise rule_error(
                f"probe {self.probe} の params は {allowed} です。",
                f"The params of probe {self.probe}: {allowed}.",
                "params" if self.params else "probe",
            )
        if not self.present and not self.absent:
            raise rule_error(
                "present か absent に、期待するものを書いてください。",
                "Say in present or absent what is expected.",
                "probe",
            )
        require_places((*self.params.values(), self.ja, self.en), KNOWN - LISTS, "probe")
        require_places((*self.present, *self.absent), KNOWN, "probe")
        return self


class StepChange(Frozen):
    """What an overlay says about one step of the library, where `when` holds."""

    when: When | None = None
    minutes: Minutes = None
    note: Text | None = None
    command: OwnCommand | None = None
    checks: tuple[OwnCheck, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.minutes is None and self.note is None and self.command is None and not self.checks:
            raise rule_error(
                "minutes、note、command、checks のどれかを書いてください。",
                "Say something: minutes, note, command or checks.",
            )
        if self.note:
            require_places(self.note.model_dump().values(), KNOWN - LISTS, "note")
        return self


class ExtraStep(Frozen):
    """A step of the organisation's own, carried out after one of the library's."""

    after: WholeStep
    kind: Kind
    when: When | None = None
    minutes: Minutes = None
    where: Where = "phase"
    per: Literal["site", "group"] | None = None
    once: bool = False
    why_manual: WhyManual | None = None
    title: Text
    instructions: Text
    command: Command | None = None
    shell: Shell = "sh"
    harmless: bool = False
    destructive: bool = False
    checks: tuple[OwnCheck, ...] = ()
    interlocks: tuple[OwnCheck, ...] = ()
    needs_approval: bool = False
    inverse: Text | None = None
    repeatable: bool = False

    @model_validator(mode="after")
    def _kind_fits(self) -> Self:
        if (self.kind == "command") != (self.command is not None):
            raise rule_error(
                "command は kind: command のステップに必ず書き、ほかの kind には書きません。",
                "A step of kind command needs command; the others have none.",
                "command" if self.command else "kind",
            )
        if self.kind == "check" and not self.checks:
            raise rule_error("kind: check には checks が必要です。", "kind: check needs checks.", "kind")
        if self.why_manual and self.kind != "manual":
            raise rule_error(
                "why_manual は kind: manual にだけ書けます。",
                "Only kind: manual has why_manual.",
                "why_manual",
            )
        if self.harmless and (self.destructive or self.kind != "command"):
            raise rule_error(
                "harmless は、destructive でない kind: command にだけ書けます。",
                "harmless goes with kind: command alone, and never with destructive.",
                "harmless",
            )
        return self

    @model_validator(mode="after")
    def _can_be_run(self) -> Self:
        if self.command and self.where == "none":
            raise rule_error(
                "コマンドを実行するノードがありません。"
                "where に phase、active、target、every、standbys のどれかを書いてください。",
                "There is no node to run the command on: give where as phase, active, target, every or standbys.",
                "where",
            )
        if self.command:
            require_sound(self.command, self.shell, "command")
        return self

    @model_validator(mode="after")
    def _places_have_values(self) -> Self:
        lacking = (OF_SITE if self.per is None else frozenset()) | (
            OF_NODE if self.where == "none" else frozenset()
        )
        require_places([self.command or ""], KNOWN - LISTS - lacking, "command")
        for key, text in (
            ("title", self.title),
            ("instructions", self.instructions),
            ("inverse", self.inverse),
        ):
            require_places(text.model_dump().values() if text else (), KNOWN - LISTS - lacking, key)
        for key, checks in (("checks", self.checks), ("interlocks", self.interlocks)):
            texts = [text for check in checks for text in check.template.texts]
            require_places(texts, KNOWN - lacking, key)
        return self

    def template(self, added: int) -> StepTemplate:
        """As the library has steps, the `added`-th after its place."""
        place = Place.parse(self.after)
        return StepTemplate(
            step=place.step,
            added=added,
            where=self.where,
            per=self.per,
            once=self.once,
            kind=self.kind,
            why_manual=(self.why_manual or "organisation") if self.kind == "manual" else None,
            title=self.title,
            instructions=self.instructions,
            applies=self.when,
            command=as_run(self.command, self.shell) if self.command else None,
            shell=self.shell,
            checks=tuple(check.template for check in self.checks),
            interlocks=tuple(check.template for check in self.interlocks),
            needs_approval=self.needs_approval,
            destructive=self.destructive or (self.kind == "command" and not self.harmless),
            inverse=self.inverse,
            repeatable=self.repeatable,
        )


class Overlay(Frozen):
    """The whole overlay file. `clusters` is empty for all of them. Rules are checked on construction."""

    schema_version: Annotated[Literal[1], BeforeValidator(schema_of)] = Field(alias="schema")
    name: OwnName
    clusters: Annotated[tuple[Title, ...], BeforeValidator(clusters_of)]
    paths: dict[Annotated[str, AfterValidator(path_name)], NodePath] = Field(default_factory=dict)
    steps: dict[StepPlace, StepChange] = Field(default_factory=dict)
    extra: tuple[ExtraStep, ...] = ()

    @cached_property
    def extras(self) -> tuple[tuple[ExtraStep, StepTemplate], ...]:
        """Every step of its own, numbered from FIRST_EXTRA on for each step of the manual, in the order of the file."""
        counted: dict[tuple[str, int], int] = {}
        found = []
        for extra in self.extra:
            place = Place.parse(extra.after)
            at = (place.section, place.step)
            counted[at] = counted.get(at, FIRST_EXTRA - 1) + 1
            found.append((extra, extra.template(counted[at])))
        return tuple(found)

    def covers(self, cluster: Cluster) -> bool:
        """Whether it is meant for that cluster."""
        return not self.clusters or cluster.name in self.clusters

    @model_validator(mode="after")
    def _clusters_are_named_once(self) -> Self:
        for name in self.clusters:
            if self.clusters.count(name) > 1:
                raise rule_error(
                    f"クラスタ「{name}」が 2 度書かれています。",
                    f"The cluster {name!r} stands twice.",
                    "clusters",
                )
        return self

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if any(template.added and template.added > LARGEST_EXTRA for _, template in self.extras):
            raise rule_error(
                f"1 つのステップの後ろに追加できるのは {LARGEST_EXTRA - FIRST_EXTRA + 1} ステップまでです。",
                f"At most {LARGEST_EXTRA - FIRST_EXTRA + 1} steps may be added after one step.",
                "extra",
            )
        return self


@dataclass(frozen=True)
class OverlayFile:
    """An overlay with the SHA-256 of the very bytes that it was read from (64 hexadecimal digits)."""

    overlay: Overlay
    sha256: str
