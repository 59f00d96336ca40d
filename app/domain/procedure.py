"""A plan as frozen data, exactly the JSON of the plan contract. Owns shapes only: planner.py fills them, digest.py hashes them.

Checks and interlocks compare *facts*: a parser (see checks.py) turns the raw output of the probe's commands into a set of
short tokens ("cjcpw", "node-b:standby"); `present` must all be among them, `absent` must none be.
"""

from __future__ import annotations

from operator import not_
from typing import Literal

from pydantic import ConfigDict, Field

from app.domain.text import Frozen, Text

Shell = Literal["sh", "cmd", "powershell"]
Kind = Literal["command", "check", "manual", "gate"]
Role = Literal["standby", "active", "cluster"]


class CommandText(Frozen):
    """One command as it is sent to a node, byte for byte; its shell decides how it is run."""

    shell: Shell
    text: str


class Check(Frozen):
    """A read-only probe and what its reading must show. `parser` is name@version of checks.PARSERS."""

    probe: str
    commands: tuple[CommandText, ...]
    parser: str
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    ja: str
    en: str

    @property
    def text(self) -> Text:
        """What the check asks, for the reader."""
        return Text(ja=self.ja, en=self.en)


class ManualPlace(Frozen):
    """Where a step stands in NEC's guide; `step` is None in sections without numbered steps."""

    section: str
    variant: str | None
    step: int | None


class Step(Frozen):
    """One line of the checklist. See the plan contract for every field; `minutes` is an overlay's time estimate, if any."""

    key: str
    manual: ManualPlace | None
    errata: tuple[str, ...] = ()
    applies: bool = True
    reason: Text | None = None
    branch: str | None = None
    node: str | None = None
    site: str | None = None
    kind: Kind
    title: Text
    instructions: Text
    manual_commands: tuple[str, ...] = ()
    commands: tuple[CommandText, ...] = ()
    checks: tuple[Check, ...] = ()
    interlocks: tuple[Check, ...] = ()
    needs_approval: bool = False
    destructive: bool = False
    repeatable: bool = False
    minutes: int | None = Field(default=None, exclude_if=not_)


class Phase(Frozen):
    """One section of the manual carried out on one role."""

    section: str
    variant: str | None
    role: Role
    steps: tuple[Step, ...]


class Why(Frozen):
    """One predicate that chose the procedure, explained."""

    predicate: str
    ja: str
    en: str


class PlanWarning(Frozen):
    """Something the operator must know about the whole plan; `errata` names its erratum where there is one."""

    errata: str | None
    ja: str
    en: str


class Plan(Frozen):
    """procedure x cluster, frozen. `digest` covers everything else in the object. `from`/`to` are versions as written.

    Dump with `model_dump(mode="json", by_alias=True)`: `schema` and `from` are the names on the wire.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Literal[1] = Field(default=1, alias="schema")
    procedure: str
    operation: Literal["upgrade", "patch"]
    method: Literal["standard", "rolling"]
    from_version: str = Field(alias="from")
    to: str
    why: tuple[Why, ...]
    digest: str
    warnings: tuple[PlanWarning, ...]
    phases: tuple[Phase, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in the order of their carrying-out."""
        return tuple(step for phase in self.phases for step in phase.steps)
