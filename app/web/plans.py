"""A plan as pages show it: phases, what an erratum changed and why, differences between two plans, the preview.

Makes no decision: which procedure applies and what it contains is the planner's. Stores nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml
from jinja2 import Environment
from markupsafe import Markup

from app.domain import overlaying
from app.domain.procedure import Check, Plan, Step
from app.domain.text import Frozen, Text

ROLES: dict[str, Text] = {
    "standby": Text(ja="待機系", en="standby"),
    "active": Text(ja="運用系", en="active"),
    "cluster": Text(ja="クラスタ全体", en="cluster"),
}
KINDS: dict[str, tuple[str, Text]] = {
    "command": ("❯", Text(ja="コマンド", en="command")),
    "check": ("◎", Text(ja="確認", en="check")),
    "manual": ("□", Text(ja="手作業", en="by hand")),
    "gate": ("◇", Text(ja="判断", en="decision")),
}


KEPT = 16  # rendered plans in memory


class Erratum(Frozen):
    """What the guide says, what is done here, and why."""

    says: Text
    here: Text
    because: Text


@dataclass(frozen=True)
class Change:
    """One step that differs between two plans: `what` is added, removed or changed; `lines` as a unified diff."""

    key: str
    title: Text
    what: str
    lines: tuple[str, ...]


@cache
def errata() -> dict[str, Erratum]:
    """The explained errata by number."""
    text = resources.files("app.web").joinpath("errata.yaml").read_text(encoding="utf-8")
    return {number: Erratum.model_validate(entry) for number, entry in yaml.safe_load(text).items()}


def explained(step: Step) -> list[tuple[str, Erratum | None]]:
    """The errata of a step by number, with their explanation where there is one."""
    return [(number, errata().get(number)) for number in step.errata]


def is_extra(step: Step) -> bool:
    """Whether a step is an organisation's own, from its overlay."""
    return overlaying.is_extra(step.key)


def expected(check: Check) -> str:
    """What a check's reading must and must not show, in its own tokens."""
    return " ".join([*check.present, *(f"!{token}" for token in check.absent)])


def whole_plan(environment: Environment) -> Callable[[Plan], Markup]:
    """Every step of a plan as markup, in the language of the environment. A plan never changes, so the newest are kept."""
    kept: dict[str, Markup] = {}

    def whole(plan: Plan) -> Markup:
        if plan.digest not in kept:
            if len(kept) >= KEPT:
                del kept[next(iter(kept))]
            kept[plan.digest] = Markup(environment.get_template("plans/_whole.html").render(plan=plan))  # noqa: S704
        return kept[plan.digest]

    return whole


def counted(plan: Plan) -> int:
    """How many steps apply."""
    return sum(step.applies for step in plan.steps)


def differences(before: Plan, after: Plan) -> list[Change]:
    """Every step that would run differently, in the new plan's order; removed ones at the end."""
    old, new = {step.key: step for step in before.steps}, {step.key: step for step in after.steps}
    changes = [_change(step, old.get(key)) for key, step in new.items() if old.get(key) != step]
    gone = [
        Change(key, step.title, "removed", tuple(_lines(step))) for key, step in old.items() if key not in new
    ]
    return changes + gone


def _change(step: Step, before: Step | None) -> Change:
    if before is None:
        return Change(step.key, step.title, "added", tuple(_lines(step)))
    diff = list(difflib.unified_diff(_lines(before), _lines(step), lineterm="", n=1))[2:]
    return Change(step.key, step.title, "changed", tuple(line for line in diff if not line.startswith("@@")))


def _lines(step: Step) -> list[str]:
    """Everything of a step that a difference can lie in, as lines."""
    found = [
        f"{step.kind} {step.node or ''} {step.site or ''}",
        f"applies: {step.applies}",
        step.title.ja,
        step.title.en,
    ]
    found += [*step.instructions.ja.split("\n"), *step.instructions.en.split("\n")]
    found += [line for command in step.commands for line in command.text.split("\n")]
    found += _check_lines("interlock", step.interlocks) + _check_lines("check", step.checks)
    found += [f"minutes: {step.minutes}"] if step.minutes else []
    return [*found, f"approval: {step.needs_approval}", f"errata: {' '.join(step.errata)}"]


def _check_lines(name: str, checks: Sequence[Check]) -> list[str]:
    return [
        line
        for check in checks
        for line in (
            f"{name} {check.parser} {expected(check)}",
            *(c for t in check.commands for c in t.text.split("\n")),
        )
    ]
