"""What must hold for every plan, told apart from the planner: the manual's splits and conditions as a table of their own.

Each rule is read off the guide (section and step) and facts-and-errata, not off the library.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.domain.manual import PROCEDURES, STEPS
from app.domain.procedure import Phase, Plan, Step
from app.procedures.cases import Wanted

KEY = re.compile(r"[1-3](\.[1-9][0-9]?){1,3}[ab]?-[0-9]+(\.[1-9])?(\+[1-9][0-9]?)?(@node-[abc])?(/site[12])?")
MOVES = {"B4", "B13", "B14", "C8"}  # errata that take a step from its place
UNSAFE = [
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        r"^\s*(rm|del|erase|rd|rmdir|remove-item)\b[^\n;|&]*[*?]",
        r"^\s*(cd|chdir|set-location)\b",
        r"\bclp(down|stdn)\b",
        r"\bclpgrp\s+-[stm]\s*$",
        r"\brm\s+-[a-z]*r[a-z]*\s+[\"']?\$?\{?[a-z_]*\}?[\"']?/?\s*$",
        r"または",
        r"-Drain\b",
        r"\bkillall\b",
    )
]


@dataclass(frozen=True)
class Asked:
    """A case in the words of the rules."""

    wanted: Wanted

    def before(self, *line: int) -> bool:
        """Whether the version before is of that line or an earlier one."""
        return self.wanted.cluster.version.line <= line

    def after(self, *line: int) -> bool:
        """Whether the version to arrive at is."""
        return self.wanted.to.line <= line

    @property
    def unused(self) -> bool:
        return self.wanted.cluster.local_site == "unused"

    @property
    def fresh(self) -> bool:
        return self.wanted.install == "fresh"

    @property
    def clwin(self) -> bool:
        return self.wanted.cluster.clwin


Rule = Callable[[Asked], bool]


def by_source(case: Asked) -> str:
    """Before the installation the GUI is that of the version before (D1, D13)."""
    return "<=R12.7" if case.before(12, 7) else ">=R12.8"


def by_target(case: Asked) -> str:
    """After it that of the version to arrive at (D1)."""
    return "<=R12.7" if case.after(12, 7) else ">=R12.8"


def modules(case: Asked) -> str:
    """Patches up to R12.4.x replace the resource DLLs (D5)."""
    return "<=R12.4" if case.before(12, 4) else ">=R12.5"


def operation(case: Asked) -> str:
    """1.3 carries out either."""
    return case.wanted.operation


BRANCHES: Mapping[str, Callable[[Asked], str]] = {
    "1.1.1.2-7": lambda case: "<=R12.10" if case.before(12, 10) else ">=R13.1",  # D1: the version before
    "1.1.2.2a-13": by_target, "1.1.2.2b-8": by_target,
    "1.1.3.1-9": by_target, "1.1.3.2-13": by_target, "1.1.3.2-18": by_target,
    "1.1.4.1-1": by_source, "1.1.4.1-7": by_target, "1.1.4.1-8": by_target,
    "1.1.4.2-1": by_source, "1.1.4.2-9": by_target, "1.1.4.2-10": by_target, "1.1.4.2-12": by_target,
    "1.1.4.2-15": by_target,
    "1.2.2.1-5": modules, "1.2.2.2-7": modules,
    "1.3.1-2": operation, "1.3.3-2": operation,
    "2.1.1-1": by_source, "2.1.1-5": by_target, "2.1.2-1": by_source, "2.1.2-6": by_target, "2.1.2-9": by_target,
    "2.2.2-2": by_source, "2.2.2-4": by_target, "2.2.3-2": by_source, "2.2.3-7": by_target, "2.2.3-11": by_target,
}  # fmt: skip
"""Steps that the guide splits in two, and which half a case takes."""


def used(case: Asked) -> bool:
    """ "Start it if you need it"."""
    return not case.unused


def not_used(case: Asked) -> bool:
    """ "Stop it if you do not use it"."""
    return case.unused


def wanted_state(case: Asked) -> bool:
    """2.2: up to R12.7 the local site starts by itself and is stopped where unused; from R12.8 it is started where used."""
    return case.unused if case.after(12, 7) else not case.unused


APPLIES: Mapping[str, Rule] = {
    **dict.fromkeys(("1.1.1.1-3", "1.1.1.2-10", "1.1.3.1-9", "1.1.4.1-8", "1.2.2.1-10", "1.2.2.2-13"), not_used),
    **dict.fromkeys(("3.1.2-4", "3.1.3-12"), not_used),
    **dict.fromkeys(("1.1.2.1a-14", "1.1.2.2a-19", "1.1.3.2-18", "1.1.4.2-15", "1.3.1-3", "1.3.3-3"), used),
    **dict.fromkeys(("2.1.1-5", "2.1.2-9", "2.3.1-4", "2.3.3-4", "3.2.2-4", "3.2.3-9", "3.3.1-4", "3.3.3-4"), used),
    **dict.fromkeys(("2.2.2-4", "2.2.3-11"), wanted_state),
    **dict.fromkeys(("1.1.4.1-4", "1.1.4.2-4", "1.1.4.2-5", "1.1.4.2-16"), lambda case: case.fresh),
    **dict.fromkeys(("1.1.4.1-5", "1.1.4.2-6"), lambda case: case.clwin),
    **dict.fromkeys(("1.2.2.1-5", "1.2.2.2-7"), lambda case: case.before(12, 4)),
    "1.1.3.2-17": lambda case: case.after(12, 7),
    "3.1.3-9": lambda case: case.before(12, 10) and case.wanted.cluster.reuse_site_database,
}  # fmt: skip
"""Steps that do not always apply. Of all others of the manual every one applies (EITHER: the file leaves it open)."""
EITHER = {"1.1.4.1-2", "3.1.3-7", "3.1.3-8"}


def faults(plan: Plan, wanted: Wanted) -> list[str]:
    """What is wrong with a plan, [] for a right one."""
    case = Asked(wanted)
    found = [f"key {step.key}" for step in plan.steps if not KEY.fullmatch(step.key)]
    found += [f"{key} twice" for key, count in Counter(step.key for step in plan.steps).items() if count > 1]
    taken = [name for name in PROCEDURES[plan.procedure] if _variant_fits(name, case)]
    sections = [name.rstrip("ab") for name in taken]
    if list(dict.fromkeys(phase.section for phase in plan.phases)) != sections:
        found.append(f"sections {[phase.section for phase in plan.phases]}")
    for phase in plan.phases:
        name = next(name for name in taken if name.rstrip("ab") == phase.section)
        found += _phase_faults(phase, name, case)
    for step in plan.steps:
        found += _step_faults(step)
    return found


def _variant_fits(name: str, case: Asked) -> bool:
    early = (case.wanted.cluster.version.line, case.wanted.cluster.version.level) <= ((12, 4), 0)
    return {"a": early, "b": not early}.get(name[-1], True)


def _phase_faults(phase: Phase, name: str, case: Asked) -> list[str]:
    found = []
    manual = [step for step in phase.steps if step.manual is not None and step.manual.step is not None]
    numbers = [step.manual.step for step in manual if step.manual]
    if sorted(set(numbers)) != list(range(1, STEPS[name] + 1)):
        found.append(f"{name} has the steps {numbers}")
    spots = Counter((step.key.split("@")[0], step.node, step.site) for step in manual)
    found += [f"{spot} {count} times" for spot, count in spots.items() if count > 1]
    in_place = [n for n, step in zip(numbers, manual, strict=True) if not MOVES & set(step.errata)]
    if in_place != sorted(in_place):
        found.append(f"{name} in the order {numbers}")
    for step in manual:
        found += _manual_faults(step, f"{name}-{step.manual.step}" if step.manual else "", case)
    return found


def _manual_faults(step: Step, place: str, case: Asked) -> list[str]:
    found = []
    if place in BRANCHES and step.branch != BRANCHES[place](case):
        found.append(f"{step.key} takes {step.branch}, not {BRANCHES[place](case)}")
    applies = APPLIES.get(place, lambda _case: True)(case)
    if place not in EITHER and step.applies != applies:
        found.append(f"{step.key} applies: {step.applies}")
    return found


def _step_faults(step: Step) -> list[str]:
    found = []
    if step.applies != (step.reason is None):
        found.append(f"{step.key} {step.applies} {step.reason}")
    if step.kind == "command" and not step.commands:
        found.append(f"{step.key} has no command")
    if step.kind == "check" and not step.checks:
        found.append(f"{step.key} has no check")
    if step.kind == "manual" and not re.search(
        r"^(手作業の理由|この環境では)", step.instructions.ja, re.MULTILINE
    ):
        found.append(f"{step.key} does not say why it is a person's")
    for command in step.commands:
        found += [f"{step.key} {rule.pattern}" for rule in UNSAFE if rule.search(command.text)]
    return found
