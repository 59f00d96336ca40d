"""The procedures as the library holds them: sections of steps with open places, before a cluster fills them. Shapes only.

procedures/*.yaml is validated against these models; rendering.py turns a section and a cluster into a phase of a plan.
Open places are written [[name]]; in a command each is filled in as one quoted word of the shell.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from app.domain.places import KNOWN, OF_NODE, OF_SITE, used
from app.domain.predicates import APPLIES
from app.domain.probes import READ_ONLY
from app.domain.procedure import Kind, Role
from app.domain.text import Frozen, Text

VerbName = Literal["pause", "resume", "stop_monitoring", "resume_monitoring", "move"]
Where = Literal["phase", "active", "target", "every", "standbys", "none"]
Erratum = Annotated[str, StringConstraints(pattern=r"^[A-E][0-9]{1,2}$")]


class CheckTemplate(Frozen):
    """A question to a node. An entry of `present` or `absent` that is one open place with a list of values becomes those."""

    probe: str
    params: dict[str, str] = Field(default_factory=dict)
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    each_site: bool = False
    ja: str
    en: str

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything in it that may have open places."""
        return (*self.params.values(), *self.present, *self.absent, self.ja, self.en)

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.probe not in READ_ONLY:
            raise ValueError(f"unknown probe {self.probe}; known: {', '.join(READ_ONLY)}")
        if READ_ONLY[self.probe].params != self.params.keys():
            raise ValueError(f"probe {self.probe} takes {sorted(READ_ONLY[self.probe].params)}")
        if not self.present and not self.absent:
            raise ValueError("a check must expect something")
        return self


class StepTemplate(Frozen):
    """One step. `step` is the manual's number (0: a section without numbers); `added` counts the product's own steps after
    it. `where`: the nodes that it is repeated on; `per`: repeated for each site, or once for each group of sites.
    `without_nqs_site` runs the command with that variable taken away (erratum E3)."""

    step: int = Field(ge=0)
    added: int | None = Field(default=None, ge=1)
    errata: tuple[Erratum, ...] = ()
    where: Where = "phase"
    per: Literal["site", "group"] | None = None
    once: bool = False
    kind: Kind
    title: Text
    instructions: Text
    manual_commands: tuple[str, ...] = ()
    applies: str | None = None
    command: str | None = None
    without_nqs_site: bool = False
    only_os: Literal["linux"] | None = None
    verb: VerbName | None = None
    verb_node: str = "[[node]]"
    checks: tuple[CheckTemplate, ...] = ()
    interlocks: tuple[CheckTemplate, ...] = ()
    needs_approval: bool = False
    destructive: bool = False
    repeatable: bool = False

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.kind == "command") != bool(self.command or self.verb) or (self.command and self.verb):
            raise ValueError("a step of kind command has either a command or a verb, the others have neither")
        if self.kind == "check" and not self.checks:
            raise ValueError("a step of kind check needs checks")
        if self.applies is not None and self.applies not in APPLIES:
            raise ValueError(f"unknown condition {self.applies}; known: {', '.join(APPLIES)}")
        if self.command and self.command.startswith("[[nqs]]") and not self.without_nqs_site:
            raise ValueError("a command of JobCenter runs without NQS_SITE (erratum E3)")
        if self.added is not None and self.manual_commands:
            raise ValueError("a step that the product adds has no commands of the manual")
        return self

    @model_validator(mode="after")
    def _places(self) -> Self:
        checks = [text for check in (*self.checks, *self.interlocks) for text in check.texts]
        found = used(
            [
                self.command or "",
                self.verb_node if self.verb else "",
                *checks,
                *self.title.model_dump().values(),
                *self.instructions.model_dump().values(),
            ]
        )
        if unknown := found - KNOWN:
            raise ValueError(f"unknown open places: {', '.join(sorted(unknown))}")
        if self.per is None and found & OF_SITE:
            raise ValueError(
                f"{', '.join(sorted(found & OF_SITE))}: the step is not repeated per site or group"
            )
        if self.where == "none" and found & OF_NODE:
            raise ValueError(f"{', '.join(sorted(found & OF_NODE))}: the step has no node")
        return self


class Section(Frozen):
    """One section of the manual. `role` standby repeats it for every standby node."""

    section: Annotated[str, StringConstraints(pattern=r"^[1-9](\.[1-9][0-9]?){1,3}$")]
    variant: str | None = None
    role: Role
    steps: tuple[StepTemplate, ...] = Field(min_length=1)


class Procedure(Frozen):
    """A procedure of the manual: its number and its sections in the order of their carrying-out."""

    number: str
    sections: tuple[Section, ...]
