"""The linter of the library: what a section must have so that a tired operator can trust it. Reads, reports, changes nothing.

Works on the templates (numbers, languages, dangers, reasons) and on the plans of the made-up clusters of cases.py (what
would really be sent). Overlays are linted with the same `command_problems`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app import procedures
from app.domain.library import Section, StepTemplate
from app.domain.manual import STEPS
from app.domain.planner import NoProcedure, choose, make_plan
from app.domain.procedure import CommandText, Plan, Step
from app.domain.text import Text
from app.procedures.cases import Wanted, wanted
from app.procedures.errata import errata
from app.procedures.syntax import problems as syntax_problems


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong, and where: a file and step, or a plan's step."""

    where: str
    ja: str
    en: str

    def in_(self, language: str) -> str:
        """One line."""
        return f"{self.where}: {self.ja if language == 'ja' else self.en}"


def library_problems() -> list[Problem]:
    """Everything that is wrong in the library, sorted; [] for one that may be delivered."""
    sections = {name: procedures.section(name) for name in STEPS}
    found = [problem for name, section in sections.items() for problem in section_problems(name, section)]
    found += errata_problems(sections.values())
    found += plan_problems(one_of_each())
    return sorted(set(found))


def section_problems(name: str, section: Section) -> Iterator[Problem]:
    """Of one section: the manual's steps are all there, once; and each step is sound by itself."""
    numbers = Counter(step.step for step in section.steps if step.step and not step.added)
    for number in range(1, STEPS[name] + 1):
        if numbers[number] != 1:
            yield Problem(
                f"{name}.yaml",
                f"手順 {number} が {numbers[number]} 回出てきます（1 回でなければなりません）。",
                f"step {number} of the manual appears {numbers[number]} times; it must appear once.",
            )
    for number in sorted(set(numbers) - set(range(1, STEPS[name] + 1))):
        yield Problem(
            f"{name}.yaml",
            f"手順 {number} はマニュアルにありません。",
            f"the manual has no step {number} here.",
        )
    for raw in section.steps:
        for _, step in raw.alternatives:
            yield from step_problems(f"{name}.yaml {_place(step)}", step)


def step_problems(where: str, step: StepTemplate) -> Iterator[Problem]:
    """Of one step: its texts, and what a destructive one must have."""
    for text in (step.title, step.instructions):
        if not text.ja.strip() or not text.en.strip():
            yield Problem(where, "文が片方の言語にしかありません。", "a text exists in one language only.")
    if not step.destructive:
        return
    if not step.interlocks:
        yield Problem(
            where,
            "戻せない手順に、直前に読み取る前提（interlocks）がありません。",
            "a destructive step has no precondition (interlocks).",
        )
    if not step.checks and not step.verb and not step.unprovable:
        yield Problem(
            where,
            "戻せない手順に、確認（checks）も、読み取れない理由（unprovable）もありません。",
            "a destructive step has neither a check nor the reason why none is possible (unprovable).",
        )
    if step.inverse is None:
        yield Problem(
            where,
            "戻し方（inverse）が書かれていません。なければ、ないと書きます。",
            "it says neither how to take the step back nor that there is no way (inverse).",
        )


def errata_problems(sections: Iterable[Section]) -> Iterator[Problem]:
    """Every erratum that a step names is explained, and every one that steps are to carry is carried."""
    known = errata()
    used = {
        number
        for section in sections
        for raw in section.steps
        for _, step in raw.alternatives
        for number in step.errata
    }
    for number in sorted(used - known.keys()):
        yield Problem(f"errata.yaml {number}", "説明がありません。", "is used by a step, but not explained.")
    for number, entry in known.items():
        if entry.used_by == "steps" and number not in used:
            yield Problem(f"errata.yaml {number}", "どの手順にも使われていません。", "no step carries it.")


def one_of_each() -> Iterator[Wanted]:
    """Of all made-up cases one for each procedure, system, operation, install and pair of sides of the boundaries."""
    seen = set()
    for case in wanted():
        choice = choose(case.cluster, case.operation, case.to, case.method, case.install)
        if isinstance(choice, NoProcedure):
            continue
        sides = tuple(
            (
                version.line <= (12, 4) and version.level == 0,
                version.line <= (12, 7),
                version.line <= (12, 10),
            )
            for version in (case.cluster.version, case.to)
        )
        key = (choice.procedure, case.cluster.os, case.operation, case.install, sides)
        if key not in seen:
            seen.add(key)
            yield case


def plan_problems(cases: Iterable[Wanted]) -> Iterator[Problem]:
    """What would be sent to nodes: every command, check and interlock of the cases' plans, each text looked at once."""
    looked_at: set[CommandText] = set()
    for case in cases:
        plan = make_plan(
            procedures.procedure, case.cluster, case.operation, case.to, case.method, case.install
        )
        if not isinstance(plan, NoProcedure):
            yield from sent_problems(plan, looked_at)


def sent_problems(plan: Plan, looked_at: set[CommandText]) -> Iterator[Problem]:
    """The problems of the texts of one plan that were not looked at before."""
    for step in plan.steps:
        for command in sent(step):
            if command not in looked_at:
                looked_at.add(command)
                yield from command_problems(step.key, command)


def sent(step: Step) -> Iterator[CommandText]:
    """Every text of a step that may reach a node."""
    yield from step.commands
    for check in (*step.checks, *step.interlocks):
        yield from check.commands


def command_problems(where: str, command: CommandText) -> Iterator[Problem]:
    """What is wrong with one text for one shell: it does not parse, or does what the console never does."""
    for text in syntax_problems(command.shell, command.text):
        yield Problem(where, text.ja, text.en)


def _place(step: StepTemplate) -> str:
    return f"{step.step}+{step.added}" if step.added else f"{step.step}"


__all__ = ["Problem", "Text", "command_problems", "library_problems"]
