"""Which procedure of the manual a case takes, or why there is none. A table of rules over predicates; total over all cases.

The table follows the manual's introductions to chapters 1 to 3 (1, 1.1.1, 1.2.1, 2, 3) and errata B19, D2, D3, D7. Its
order is the preference of `auto`: rolling where the manual offers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.domain.predicates import (
    ARCH_EXISTS,
    CLASSIC,
    COMMON_STANDBY,
    LATER,
    ONE_ACTIVE,
    Case,
    Predicate,
    arch_in,
    from_at_least,
    from_at_most,
    method_allows,
    operation_is,
    platform_is,
)
from app.domain.procedure import Why
from app.domain.text import Frozen, Text

CarriedOut = Literal["standard", "rolling"]


class Nearest(Frozen):
    """A procedure that was not taken, and the first thing that speaks against it."""

    procedure: str
    why_not: Text


class NoProcedure(Frozen):
    """The manual gives no procedure for the case. `predicates` names what failed (stable words)."""

    refused: Text
    nearest: tuple[Nearest, ...]
    predicates: tuple[str, ...]


class Choice(Frozen):
    """The procedure that applies, how it is carried out, and what chose it, in order."""

    procedure: str
    method: CarriedOut
    why: tuple[Why, ...]


@dataclass(frozen=True)
class _Rule:
    """A row of the table; its first two predicates are the platform and the operation."""

    procedure: str
    method: CarriedOut
    predicates: tuple[Predicate, ...]

    def failing(self, case: Case) -> list[Predicate]:
        return [predicate for predicate in self.predicates if not predicate.test(case)]


_WSFC, _WINDOWS, _UNIX = platform_is("wsfc"), platform_is("windows"), platform_is("unix")
_UPGRADE, _PATCH = operation_is("upgrade"), operation_is("patch")
_INTEL = arch_in("x86", "x64")
_STANDARD, _ROLLING = method_allows("standard"), method_allows("rolling")

RULES = (
    _Rule("1.3", "rolling", (_WSFC, _UPGRADE, _INTEL, _ROLLING, from_at_least(13, 1), COMMON_STANDBY)),
    _Rule("1.1.1", "standard", (_WSFC, _UPGRADE, _INTEL, _STANDARD, from_at_least(12, 8))),
    _Rule("1.1.2", "standard", (_WSFC, _UPGRADE, _INTEL, _STANDARD, from_at_most(12, 7))),
    _Rule("1.1.3", "standard", (_WSFC, _UPGRADE, arch_in("ipf32"), _STANDARD)),
    _Rule("1.1.4", "standard", (_WSFC, _UPGRADE, arch_in("ipf"), _STANDARD)),
    _Rule(
        "1.3", "rolling", (_WSFC, _PATCH, _INTEL, from_at_least(12, 8), COMMON_STANDBY)
    ),  # 1.2.1: the only one, whatever --method says
    _Rule("1.2.2", "standard", (_WSFC, _PATCH, _INTEL, _STANDARD, from_at_most(12, 7))),
    _Rule("2.1", "standard", (_WINDOWS, _UPGRADE, _STANDARD)),
    _Rule("2.3", "rolling", (_WINDOWS, _PATCH, _ROLLING, from_at_least(12, 8), COMMON_STANDBY)),
    _Rule("2.2", "standard", (_WINDOWS, _PATCH, _STANDARD)),
    _Rule("3.1", "standard", (_UNIX, _UPGRADE, _STANDARD)),
    _Rule("3.3", "rolling", (_UNIX, _PATCH, _ROLLING, COMMON_STANDBY)),
    _Rule("3.2", "standard", (_UNIX, _PATCH, _STANDARD)),
)
_ALWAYS = (CLASSIC, ARCH_EXISTS, ONE_ACTIVE, LATER)
_NEAREST = 3
_RATHER = Text(
    ja="使えますが、ローリングの手順を優先しました。",
    en="It would do; the rolling procedure is preferred.",
)


def choose(case: Case) -> Choice | NoProcedure:
    """The first rule whose predicates all hold. Total: every case gives a choice or a refusal with reasons."""
    never = [predicate for predicate in _ALWAYS if not predicate.test(case)]
    if not never:
        for rule in RULES:
            if not rule.failing(case):
                return Choice(procedure=rule.procedure, method=rule.method, why=_why(rule, case))
    return _refusal(case, never)


def why_not(case: Case) -> tuple[Nearest, ...]:
    """For each procedure that the case does not take, in the order of preference, the first thing that speaks against it."""
    chosen = choose(case)
    taken = chosen.procedure if isinstance(chosen, Choice) else None
    found: dict[str, Text] = {}
    never = [predicate for predicate in _ALWAYS if not predicate.test(case)]
    for rule in sorted(RULES, key=lambda rule: len(rule.failing(case))):
        if rule.procedure != taken and rule.procedure not in found:
            against = never or rule.failing(case)
            found[rule.procedure] = against[0].no(case) if against else _RATHER
    order = list(dict.fromkeys(rule.procedure for rule in RULES))
    return tuple(Nearest(procedure=number, why_not=found[number]) for number in order if number in found)


def _why(rule: _Rule, case: Case) -> tuple[Why, ...]:
    said = [(predicate.name, predicate.yes(case)) for predicate in rule.predicates]
    return tuple(Why(predicate=name, ja=text.ja, en=text.en) for name, text in said)


def _refusal(case: Case, never: list[Predicate]) -> NoProcedure:
    """What speaks against the case: the first reason of the nearest procedure of the same platform. One for another operation
    comes after those for this one: that a patch is no upgrade tells nobody why IPF cannot be patched."""
    here = [rule for rule in RULES if rule.predicates[0].test(case)]
    near = sorted(here, key=lambda rule: (not rule.predicates[1].test(case), len(rule.failing(case))))[
        :_NEAREST
    ]
    if never:
        texts = [predicate.no(case) for predicate in never]
        return NoProcedure(
            refused=Text(ja="\n".join(text.ja for text in texts), en="\n".join(text.en for text in texts)),
            nearest=tuple(
                Nearest(procedure=rule.procedure, why_not=_first_no(rule, case, never)) for rule in near[:1]
            ),
            predicates=tuple(predicate.name for predicate in never),
        )
    reasons = near[0].failing(case)
    said = _first_no(near[0], case, reasons)
    return NoProcedure(
        refused=Text(
            ja=f"この組み合わせの手順はマニュアルにありません。{said.ja}",
            en=f"The manual has no procedure for this case. {said.en}",
        ),
        nearest=tuple(Nearest(procedure=rule.procedure, why_not=_first_no(rule, case, [])) for rule in near),
        predicates=tuple(predicate.name for predicate in reasons),
    )


def _first_no(rule: _Rule, case: Case, never: list[Predicate]) -> Text:
    return (rule.failing(case) or never)[0].no(case)
