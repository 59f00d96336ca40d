"""Two plans side by side: which steps were added, removed, moved or changed, and in which of their fields.

Every field of a step is compared, as are checks down to their commands: what is left out here, a reader takes to be the same.
Decides nothing, stores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from app.domain.procedure import Check, CommandText, ManualPlace, Plan, PlanWarning, Step, Why
from app.domain.text import Text
from app.web.plans import KINDS, expected

_YES, _NO = Text(ja="はい", en="yes"), Text(ja="いいえ", en="no")
FIELDS: Mapping[str, Text] = {
    "kind": Text(ja="種別", en="Kind"),
    "applies": Text(ja="この計画で行う", en="Applies here"),
    "reason": Text(ja="対象外の理由", en="Reason why not"),
    "branch": Text(ja="版や方式による分岐", en="Alternative by version or method"),
    "node": Text(ja="ノード", en="Node"),
    "site": Text(ja="サイト", en="Site"),
    "title": Text(ja="題名", en="Title"),
    "instructions": Text(ja="指示", en="Instructions"),
    "commands": Text(ja="コンソールが実行するコマンド", en="What the console runs"),
    "interlocks": Text(ja="実施直前の条件", en="What must hold right before"),
    "checks": Text(ja="実施後の確認", en="What must hold afterwards"),
    "destructive": Text(ja="ノードか業務に変更を加える", en="Changes the node or the service"),
    "needs_approval": Text(ja="二人で判断する", en="Decided by two people"),
    "repeatable": Text(ja="繰り返して実行できる", en="May be repeated"),
    "minutes": Text(ja="所要時間の見込み（分）", en="Estimate (minutes)"),
    "manual": Text(ja="ガイドでの位置", en="Place in the guide"),
    "manual_commands": Text(ja="ガイドに載っているコマンド（実行しません）", en="In the guide (never run)"),
    "errata": Text(ja="正誤", en="Errata"),
}
"""Every field of a step but its key, in the order in which they are shown."""
_PLACE = Text(ja="順番", en="Place in the order")
_FIRST = Text(ja="計画の先頭", en="at the beginning of the plan")

Sign = Literal["", "+", "-", " "]
What = Literal["added", "removed", "moved", "changed"]


@dataclass(frozen=True)
class Line:
    """One line of a difference: only in the second plan (+), only in the first (-), in both (a space); no sign without two."""

    sign: Sign
    text: Text


@dataclass(frozen=True)
class Difference:
    """One field that differs; of a step that only one plan has, one field that says something."""

    name: Text
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Change:
    """One step that differs. `moved`: it stands elsewhere among the steps that both plans have, whatever else changed."""

    key: str
    title: Text
    what: What
    moved: bool
    fields: tuple[Difference, ...]


def differences(before: Plan, after: Plan) -> list[Change]:
    """Every step that differs, in the new plan's order; removed ones at the end."""
    old, new = {step.key: step for step in before.steps}, {step.key: step for step in after.steps}
    stays = _unmoved([key for key in old if key in new], [key for key in new if key in old])
    was, now = _followed(before), _followed(after)
    changes = []
    for key, step in new.items():
        if key not in old:
            changes.append(_alone(step, "added", now[key]))
        elif key not in stays or old[key] != step:
            place = () if key in stays else (Difference(_PLACE, _diff([was[key]], [now[key]])),)
            fields = (*place, *_changed(old[key], step))
            what: What = "moved" if len(fields) == len(place) else "changed"
            changes.append(Change(key, step.title, what, bool(place), fields))
    return changes + [_alone(step, "removed", was[key]) for key, step in old.items() if key not in new]


def remarks(before: Plan, after: Plan) -> tuple[Difference, ...]:
    """What the plans say above their steps and do not have in common: why this procedure, and what to know of the whole."""
    return tuple(
        Difference(name, lines)
        for name, one, other in (
            (Text(ja="この手順になる理由", en="Why this procedure"), _said(before.why), _said(after.why)),
            (Text(ja="注意", en="Note"), _said(before.warnings), _said(after.warnings)),
        )
        if one != other
        for lines in (_diff(one, other),)
    )


def _said(found: Sequence[Why | PlanWarning]) -> list[Text]:
    return [Text(ja=one.ja, en=one.en) for one in found]


def _unmoved(old: Sequence[str], new: Sequence[str]) -> frozenset[str]:
    """The steps that both plans have in the same order; the others were moved among them."""
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return frozenset(key for block in blocks for key in old[block.a : block.a + block.size])


def _followed(plan: Plan) -> Mapping[str, Text]:
    """For each step where it stands: behind which other."""
    keys = [step.key for step in plan.steps]
    places = [_FIRST, *(Text(ja=f"{key} の後", en=f"after {key}") for key in keys)]
    return dict(zip(keys, places, strict=False))


def _alone(step: Step, what: What, place: Text) -> Change:
    told = [name for name in FIELDS if getattr(step, name) != Step.model_fields[name].default]
    fields = [
        Difference(FIELDS[name], tuple(Line("", line) for line in _lines(getattr(step, name))))
        for name in told
    ]
    return Change(step.key, step.title, what, False, (Difference(_PLACE, (Line("", place),)), *fields))


def _changed(before: Step, after: Step) -> tuple[Difference, ...]:
    return tuple(
        Difference(name, _diff(_lines(getattr(before, field)), _lines(getattr(after, field))))
        for field, name in FIELDS.items()
        if getattr(before, field) != getattr(after, field)
    )


def _diff(before: Sequence[Text], after: Sequence[Text]) -> tuple[Line, ...]:
    """What differs, with one line around it that does not."""
    found: list[Line] = []
    for group in SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(1):
        for tag, a, b, c, d in group:
            if tag == "equal":
                found += [Line(" ", line) for line in before[a:b]]
            else:
                found += [Line("-", line) for line in before[a:b]]
                found += [Line("+", line) for line in after[c:d]]
    return tuple(found)


def _lines(value: object) -> list[Text]:
    """The value of a field of a step, line by line; none for what says nothing."""
    if isinstance(value, bool):
        return [_YES if value else _NO]
    if isinstance(value, tuple):
        return [line for one in value for line in _lines(one)]
    if isinstance(value, Text):
        return _both(value)
    if isinstance(value, CommandText):
        return [_same(f"{value.shell}:"), *(_same(f"  {line}") for line in value.text.split("\n"))]
    if isinstance(value, Check):
        return _check(value)
    if isinstance(value, ManualPlace):
        return [
            _same(
                " ".join(str(part) for part in (value.section, value.variant, value.step) if part is not None)
            )
        ]
    if isinstance(value, str) and value in KINDS:
        return [KINDS[value][1]]
    return [] if value is None else [_same(str(value))]


def _check(check: Check) -> list[Text]:
    wants = Text(
        ja=f"  {check.probe} → {check.parser} 期待: {expected(check)}",
        en=f"  {check.probe} → {check.parser} expects: {expected(check)}",
    )
    return [
        *_both(check.text),
        wants,
        *(_same(f"  {line.ja}") for one in check.commands for line in _lines(one)),
    ]


def _both(text: Text) -> list[Text]:
    """Both languages of a text: either may be what the operator of the session reads."""
    return [*(_same(line) for line in text.ja.split("\n")), *(_same(line) for line in text.en.split("\n"))]


def _same(text: str) -> Text:
    return Text(ja=text, en=text)
