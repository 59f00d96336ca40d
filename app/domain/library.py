"""The procedures as the library holds them: sections of steps with open places, before a cluster fills them. Shapes only.

procedures/*.yaml is validated against these models; rendering.py turns a section and a cluster into a phase of a plan.
Open places are written [[name]]; in a command each is filled in as one quoted word of its shell. Conditions (`when`,
`applies`) are written in the language of conditions.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr, StringConstraints, model_validator

from app.domain import conditions
from app.domain.conditions import Condition
from app.domain.errors import Invalid
from app.domain.places import KNOWN, OF_NODE, OF_SITE, used
from app.domain.probes import READ_ONLY
from app.domain.procedure import Kind, Role, Shell
from app.domain.text import Frozen, Text

VerbName = Literal[
    "pause", "resume", "stop_monitoring", "resume_monitoring", "move",
    "offline", "online", "stop_group", "start_group", "stop_node", "start_node",
]  # fmt: skip
BranchName = Literal["<=R12.4", ">=R12.5", "<=R12.7", ">=R12.8", "<=R12.10", ">=R13.1", "upgrade", "patch"]
WhyManual = Literal["gui", "handoff", "decision", "organisation", "people", "unknown_command"]
"""Why a step is a person's: a click in a window, another document's procedure, a judgement, the organisation's own way,
something asked of other people, a command whose arguments no public source gives (facts, section 6)."""
Where = Literal["phase", "active", "target", "every", "standbys", "none"]
Erratum = Annotated[str, StringConstraints(pattern=r"^[A-E][0-9]{1,2}$")]


@lru_cache(maxsize=512)
def condition(text: str) -> Condition:
    """A condition of the library, read once. Raises Invalid."""
    return conditions.parse(text)


def _readable(text: str) -> str:
    try:
        condition(text)
    except Invalid as no:
        raise ValueError(no.message.en) from no
    return text


When = Annotated[str, AfterValidator(_readable)]


class CheckTemplate(Frozen):
    """A question to a node. An entry of `present` or `absent` that is one open place with a list of values becomes those.
    `when`: asked only where that holds. `literal`: left out where that erratum's literal order was chosen."""

    probe: str
    params: dict[str, str] = Field(default_factory=dict)
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    each_site: bool = False
    when: When | None = None
    literal: Erratum | None = None
    ja: str
    en: str

    @property
    def text(self) -> Text:
        """What the check asks, for the reader."""
        return Text(ja=self.ja, en=self.en)

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


class HandOff(Frozen):
    """Another document that the manual sends its reader to: its name, and the section where the manual gives one."""

    document: Text
    section: str | None = None


class Branch(Frozen):
    """One alternative of a step that the manual splits by version or operation: what differs from the step itself.

    The first whose `when` holds is taken. `not_needed` makes it a step that does not apply, for that reason."""

    branch: BranchName
    when: When
    not_needed: Text | None = None
    changes: dict[str, Any] = Field(default_factory=dict)


class StepTemplate(Frozen):
    """One step. `step` is the manual's number (0: a section without numbers); `added` counts the product's own steps after it.
    `where`: the nodes that it is repeated on; `per`: repeated for each site, or once for each group of sites. `applies`:
    listed without effect where that does not hold. `without_nqs_site` runs the command with that variable taken away (E3).
    `upgrades`: after it the node has the target version. `moved_by`: the erratum that moved it from its place. `literal`:
    an added step left out in that erratum's literal order. `inverse` says how to take it back, or that there is no way;
    `unprovable` why no probe can see what the step changed."""

    step: int = Field(ge=0)
    added: int | None = Field(default=None, ge=1)
    errata: tuple[Erratum, ...] = ()
    moved_by: Erratum | None = None
    literal: Erratum | None = None
    where: Where = "phase"
    per: Literal["site", "group"] | None = None
    once: bool = False
    kind: Kind
    why_manual: WhyManual | None = None
    handoff: HandOff | None = None
    title: Text
    instructions: Text
    manual_commands: tuple[str, ...] = ()
    applies: When | None = None
    branches: tuple[Branch, ...] = ()
    command: str | None = None
    shell: Shell = "sh"
    without_nqs_site: bool = False
    only_os: Literal["linux"] | None = None
    verb: VerbName | None = None
    verb_node: str = "[[node]]"
    upgrades: bool = False
    checks: tuple[CheckTemplate, ...] = ()
    interlocks: tuple[CheckTemplate, ...] = ()
    needs_approval: bool = False
    destructive: bool = False
    unprovable: Text | None = None
    inverse: Text | None = None
    repeatable: bool = False

    _taken: tuple[tuple[Branch, StepTemplate], ...] = PrivateAttr(default=())

    def model_post_init(self, _context: object) -> None:
        """Build every alternative once, so that a wrong one is found when the library is loaded."""
        plain = {name: getattr(self, name) for name in type(self).model_fields if name != "branches"}
        self._taken = tuple(
            (branch, StepTemplate.model_validate({**plain, **branch.changes})) for branch in self.branches
        )

    def taken(self, values: Mapping[str, object]) -> tuple[Branch | None, StepTemplate]:
        """The alternative for what is so at that moment, and the step as it is then; (None, itself) where there is none."""
        if not self._taken:
            return None, self
        for branch, template in self._taken:
            if condition(branch.when).holds(values):
                return branch, template
        raise ValueError(f"step {self.step}: no branch holds for {values}")

    @property
    def alternatives(self) -> tuple[tuple[Branch | None, StepTemplate], ...]:
        """Every form that the step can take, for readers of the library."""
        return self._taken or ((None, self),)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.kind == "command") != bool(self.command or self.verb) or (self.command and self.verb):
            raise ValueError("a step of kind command has either a command or a verb, the others have neither")
        if self.kind == "check" and not self.checks:
            raise ValueError("a step of kind check needs checks")
        if (self.kind == "manual") != (self.why_manual is not None):
            raise ValueError(
                "a step of kind manual says why it is a person's (why_manual), the others do not"
            )
        if self.handoff is not None and self.why_manual != "handoff":
            raise ValueError("a hand-off is a manual step with why_manual: handoff")
        if self.literal is not None and (self.added is None or self.literal not in self.errata):
            raise ValueError("literal: only a step that the product adds for that erratum")
        if self.moved_by is not None and (self.added is not None or self.moved_by not in self.errata):
            raise ValueError("moved_by: only a step of the manual, with that erratum among its errata")
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
        if self.where == "none" and (self.checks or self.interlocks or self.command):
            raise ValueError("a step without a node can neither be read nor carried out there")
        if self.where == "none" and found & OF_NODE:
            raise ValueError(f"{', '.join(sorted(found & OF_NODE))}: the step has no node")
        return self


class Section(Frozen):
    """One section of the manual. `role` standby repeats it for every standby node. Of a section with variants each has a file
    of its own: `variant` as plans name it, the `letter` in its keys, and `when` it is taken (asked of the version before)."""

    section: Annotated[str, StringConstraints(pattern=r"^[1-9](\.[1-9][0-9]?){1,3}$")]
    variant: str | None = None
    letter: Literal["a", "b"] | None = None
    when: When | None = None
    role: Role
    steps: tuple[StepTemplate, ...] = Field(min_length=1)

    def ordered(self, literal: str | None) -> tuple[StepTemplate, ...]:
        """The steps in their order; in the literal order of that erratum, what it moved stands where the manual has it and
        what was added for it is left out."""
        if literal is None:
            return self.steps
        kept = [step for step in self.steps if literal not in (step.literal, step.moved_by)]
        for moved in [step for step in self.steps if step.moved_by == literal]:
            before = [place for place, step in enumerate(kept) if step.step < moved.step]
            kept.insert(before[-1] + 1 if before else 0, moved)
        return tuple(kept)


class Procedure(Frozen):
    """A procedure of the manual: its number and its sections in the order of their carrying-out."""

    number: str
    sections: tuple[Section, ...]
