"""The library as its reader's pages show it: steps with all their alternatives, beside a case where there is one. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from app.domain.describing import described
from app.domain.errata import Erratum
from app.domain.library import Branch, Section, StepTemplate, condition
from app.domain.procedure import Step
from app.domain.text import Text
from app.procedures import procedure
from app.procedures.contents import Entry, anchor, base_key, base_of, entries, number_of, parts
from app.procedures.errata import errata
from app.web.library_case import CaseView

_FACETS: Mapping[str, frozenset[str]] = {
    "title": frozenset({"title"}),
    "instructions": frozenset({"instructions"}),
    "kind": frozenset({"kind", "why_manual", "handoff", "needs_approval", "destructive", "repeatable"}),
    "commands": frozenset({"command", "verb", "verb_node", "shell", "without_nqs_site", "only_os"}),
    "manual_commands": frozenset({"manual_commands"}),
    "checks": frozenset({"checks", "unprovable"}),
    "interlocks": frozenset({"interlocks"}),
    "inverse": frozenset({"inverse"}),
}
"""What of a step is shown together, and the fields that it is made of."""

NOT_TAKEN = Text(
    ja="この条件では、もう一方の場合の手順を使います。", en="This variant is not the one for this case."
)


def clause(text: str) -> Text:
    """A condition of the library as a person reads it."""
    return described(condition(text))


@dataclass(frozen=True)
class Alternative:
    """One form of a step that the guide splits: when it is taken, and the facets in which the forms differ."""

    branch: Branch
    step: StepTemplate
    facets: frozenset[str]
    taken: bool | None = None

    @property
    def condition(self) -> Text:
        """When it is taken, of the forms in their order."""
        return clause(self.branch.when)


@dataclass(frozen=True)
class LibraryStep:
    """One step of a section. `planned`: what the case's plan makes of it; None without a case."""

    part: Section
    step: StepTemplate
    planned: Sequence[Step] | None = None
    against: Text | None = None
    runs: Mapping[str, int] = field(default_factory=dict)

    @property
    def anchor(self) -> str:
        """Its name within the page of its section."""
        return anchor(self.part, self.step)

    @property
    def number(self) -> str:
        """Its number as plans write it."""
        return number_of(self.step)

    @property
    def key(self) -> str:
        """What its keys in a plan begin with."""
        return base_key(self.part, self.step)

    @property
    def differing(self) -> frozenset[str]:
        """The facets in which its alternatives differ."""
        changed = {name for branch in self.step.branches for name in branch.changes}
        return frozenset(facet for facet, names in _FACETS.items() if names & changed)

    @property
    def common(self) -> frozenset[str]:
        """The facets that all alternatives share."""
        return frozenset(_FACETS) - self.differing

    @property
    def alternatives(self) -> list[Alternative]:
        """Every form that it can take; empty where the guide does not split it."""
        branches = {step.branch for step in self.planned} if self.planned else None
        return [
            Alternative(
                branch,
                template,
                self.differing if branch.not_needed is None else frozenset(),
                None if branches is None else branch.branch in branches,
            )
            for branch, template in self.step.alternatives
            if branch is not None
        ]

    @property
    def condition(self) -> Text | None:
        """When it applies, where that is not always."""
        return clause(self.step.applies) if self.step.applies else None

    @property
    def why_not(self) -> Text | None:
        """Why it does not apply in the case; None where it does, or without a case."""
        if self.against is not None or not self.planned:
            return self.against
        return self.planned[0].reason if not any(step.applies for step in self.planned) else None

    @property
    def errata(self) -> list[tuple[str, Erratum]]:
        """The errata that it carries, with what they say."""
        return [(number, errata()[number]) for number in numbers_of(self.step) if number in errata()]


def numbers_of(step: StepTemplate) -> tuple[str, ...]:
    """The errata of a step in all its forms."""
    found = [number for _, form in step.alternatives for number in form.errata]
    return tuple(dict.fromkeys((*step.errata, *found)))


@dataclass(frozen=True)
class LibraryPart:
    """One section of the library, or one of its variants, with its steps."""

    section: Section
    steps: Sequence[LibraryStep]

    @property
    def condition(self) -> Text | None:
        """When this variant is taken."""
        return clause(self.section.when) if self.section.when else None


def parts_of(number: str, case: CaseView) -> list[LibraryPart]:
    """The parts of one section of the guide as the case sees them."""
    entry = holder_of(number)
    planned = _by_base(case)
    against = _against(entry, case) if entry else None
    return [LibraryPart(part, list(_steps(part, case, planned, against))) for part in parts(number)]


def holder_of(number: str) -> Entry | None:
    """The procedure that a section belongs to."""
    return next((entry for entry in entries().values() if number in entry.sections), None)


def _against(entry: Entry, case: CaseView) -> Text | None:
    if case.plan is None or case.plan.procedure == entry.number:
        return case.against(entry.number)
    return case.against(entry.number) or Text(
        ja=f"この条件では {case.plan.procedure} の手順を使います。",
        en=f"In this case procedure {case.plan.procedure} is taken.",
    )


def _by_base(case: CaseView) -> Mapping[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for step in case.plan.steps if case.plan else ():
        found.setdefault(base_of(step.key), []).append(step)
    return found


def _steps(
    part: Section, case: CaseView, planned: Mapping[str, list[Step]], against: Text | None
) -> Iterator[LibraryStep]:
    for step in part.steps:
        own = planned.get(base_key(part, step), []) if case.plan else None
        missing = NOT_TAKEN if own == [] and against is None else None
        yield LibraryStep(part, step, own, against or missing, case.runs)


@cache
def carriers() -> Mapping[str, list[LibraryStep]]:
    """For each erratum the steps that carry it, in the guide's order."""
    found: dict[str, list[LibraryStep]] = {number: [] for number in errata()}
    for entry in entries().values():
        carried = procedure(entry.number)
        for part in carried.sections:
            for step in part.steps:
                for number in numbers_of(step):
                    found.setdefault(number, []).append(LibraryStep(part, step))
    return found
