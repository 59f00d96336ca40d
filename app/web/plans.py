"""A plan as pages show it: phases, what an erratum changed and why, the preview. Two plans side by side: plan_differences.py.

Makes no decision: which procedure applies and what it contains is the planner's. Stores nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import Environment
from markupsafe import Markup

from app.domain import overlaying
from app.domain.choosing import Choice, Nearest, why_not
from app.domain.cluster import Cluster
from app.domain.errata import Erratum
from app.domain.planner import choose
from app.domain.predicates import Case, Method
from app.domain.procedure import Check, Phase, Plan, Step
from app.domain.rendering import BY_A_PERSON
from app.domain.text import Text
from app.domain.versions import Version
from app.procedures.contents import address
from app.procedures.errata import errata

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


__all__ = ["BY_A_PERSON"]

KEPT = 16  # rendered plans in memory


def explained(step: Step) -> list[tuple[str, Erratum | None]]:
    """The errata of a step by number, with their explanation where there is one."""
    return [(number, errata().get(number)) for number in step.errata]


def is_extra(step: Step) -> bool:
    """Whether a step is an organisation's own, from its overlay."""
    return overlaying.is_extra(step.key)


def expected(check: Check) -> str:
    """What a check's reading must and must not show, in its own tokens."""
    return " ".join([*check.present, *(f"!{token}" for token in check.absent)])


def whole_plan(environment: Environment) -> Callable[[Plan, int], Markup]:
    """Every step of a plan as markup, in the language of the environment, with links back to the session (0: none has it yet).
    A plan never changes, so the newest are kept."""
    kept: dict[tuple[str, int], Markup] = {}

    def whole(plan: Plan, session: int = 0) -> Markup:
        place = plan.digest, session
        if place not in kept:
            if len(kept) >= KEPT:
                del kept[next(iter(kept))]
            template = environment.get_template("plans/_whole.html")
            kept[place] = Markup(template.render(plan=plan, session=session))  # noqa: S704
        return kept[place]

    return whole


def library_address(step: Step, session: int = 0) -> str | None:
    """Where the library tells of this step; with a session, so that the way back is shown there."""
    found = address(step.key)
    if found is None:
        return None
    page, anchor = found.split("#")
    place = "" if is_extra(step) else f"#{anchor}"  # the library knows no steps of an organisation
    return f"/library/{page}?session={session}{place}" if session else f"/library/{page}{place}"


def excluded(plan: Plan) -> list[tuple[Phase, list[Step]]]:
    """The steps that do not apply, by phase; phases without any are left out."""
    found = [(phase, [step for step in phase.steps if not step.applies]) for phase in plan.phases]
    return [(phase, steps) for phase, steps in found if steps]


def others_of(plan: Plan, cluster: Cluster, method: Method | None = None) -> tuple[Nearest, ...]:
    """Why the other procedures of the guide were not taken; of a stored plan the method that was asked for is not known."""
    before = cluster.model_copy(update={"version": Version.parse(plan.from_version)})
    to = Version.parse(plan.to)
    if method is None:
        free = choose(before, plan.operation, to)
        method = "auto" if isinstance(free, Choice) and free.procedure == plan.procedure else plan.method
    found = why_not(Case(before, plan.operation, to, method))
    return tuple(each for each in found if each.procedure != plan.procedure)


def counted(plan: Plan) -> int:
    """How many steps apply."""
    return sum(step.applies for step in plan.steps)
