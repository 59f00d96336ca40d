"""The table of all the manual's numbered steps as Markdown: what each is here, how far it is automatic, and why not.

Made from the library alone; docs/steps.md is this text, and a test compares them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from app import procedures
from app.domain.library import Branch, StepTemplate
from app.domain.manual import ALL_STEPS, PROCEDURES

WHY = {
    "gui": "画面のみ / window only",
    "handoff": "別の文書の手順 / another document",
    "decision": "判断 / judgement",
    "organisation": "自組織の方法 / the organisation's way",
    "people": "人への連絡 / other people",
    "unknown_command": "引数が公開されていないコマンド / command with unpublished arguments",
}
KINDS = {
    "command": "コマンド / command",
    "check": "読み取り / reading",
    "manual": "手作業 / by hand",
    "gate": "判断 / decision",
}
COLUMNS = (
    "| ステップ / step | 内容 / title | 種類 / kind | 自動化 / automation | 確認 / checks | 正誤 / errata |\n"
    "|---|---|---|---|---|---|"
)
HEAD = """# マニュアルの全ステップ / Every step of the manual

`tejun procedures table` の出力です。手で直さず、`make steps` で作り直してください。
Printed by `tejun procedures table`; do not edit it, make it anew with `make steps`.

マニュアル（R16.3 第1版）の番号付きステップ {count} 件が、コンソールでは何になるかの一覧です。
版などで分かれるものは「;」で並べます。
「クラスタ操作」は、操作できるクラスタ管理ソフトウェアではコマンド、そのほかでは手作業になります。
All {count} numbered steps of the manual (R16.3, first edition), and what each is here. Where a step splits (by
version …) its forms are separated by ";". What is done through the cluster software is a command where the console
commands that software, else by hand.

"""


def table() -> str:
    """The whole text, ending with a line feed."""
    rows = {number: list(_rows(number)) for number in PROCEDURES}
    totals = Counter(kind for found in rows.values() for _, kind in found)
    lines = [f"- {kind}: {count}" for kind, count in sorted(totals.items())]
    parts = [HEAD.format(count=ALL_STEPS) + "\n".join(lines)]
    for number, found in rows.items():
        parts.append(f"## {number}\n\n{COLUMNS}\n" + "\n".join(row for row, _ in found))
    return "\n\n".join(parts) + "\n"


def _rows(number: str) -> Iterator[tuple[str, str]]:
    """Of one procedure: each numbered step as a row, and the kind that it counts as."""
    for name in PROCEDURES[number]:
        steps = sorted(procedures.section(name).steps, key=lambda step: step.step)
        for step in steps:
            if step.step and not step.added:
                cells = [f"{name}-{step.step}", _title(step), *_forms(step), _errata(step)]
                yield "| " + " | ".join(cells) + " |", _counts_as(step)


def _counts_as(step: StepTemplate) -> str:
    """The kind that a step is counted under: of one that is by hand in some cases only, what it is in the others."""
    kinds = [one.kind for _, one in step.alternatives]
    kind = next((kind for kind in kinds if kind != "manual"), "manual")
    if kind == "manual":
        return f"{KINDS[kind]} ({WHY[str(step.why_manual or _first_why(step))]})"
    return KINDS[kind] + (" (クラスタ操作 / cluster software)" if step.verb else "")


def _first_why(step: StepTemplate) -> str:
    return next(str(one.why_manual) for _, one in step.alternatives if one.why_manual)


def _title(step: StepTemplate) -> str:
    return f"{_plain(step.title.ja)}<br>{_plain(step.title.en)}"


def _plain(text: str) -> str:
    return re.sub(r"\[\[([a-z_]+)\]\]", r"‹\1›", text).replace("|", "\\|")


def _forms(step: StepTemplate) -> tuple[str, str, str]:
    """Kind, automation and checks, of each form that the step can take; forms that are alike are named once."""
    forms = [(_mark(branch), one) for branch, one in step.alternatives]
    kinds = _joined([(mark, KINDS[one.kind]) for mark, one in forms])
    ways = _joined(
        [
            (mark, _automation(branch, one))
            for (mark, one), (branch, _) in zip(forms, step.alternatives, strict=True)
        ]
    )
    checks = _joined([(mark, _checks(one)) for mark, one in forms])
    return kinds, ways, checks


def _mark(branch: Branch | None) -> str:
    return branch.branch if branch else ""


def _joined(cells: list[tuple[str, str]]) -> str:
    if len({text for _, text in cells}) == 1:
        return cells[0][1]
    return "; ".join(f"{mark}: {text}" for mark, text in cells)


def _automation(branch: Branch | None, step: StepTemplate) -> str:
    if branch and branch.not_needed:
        return "不要 / not needed"
    if step.verb:
        return f"クラスタ操作 {step.verb} / cluster software: {step.verb}"
    if step.kind == "command":
        return f"実行 ({step.shell}) / runs it ({step.shell})"
    if step.kind == "check":
        return "読み取り / reads"
    return WHY[step.why_manual] if step.why_manual else "判断 / judgement"


def _checks(step: StepTemplate) -> str:
    probes = list(dict.fromkeys(check.probe for check in step.checks))
    if step.verb and "cluster" not in probes:
        probes.append("cluster")
    if not probes:
        return "読めない（理由あり） / none possible" if step.unprovable else "–"
    return ", ".join(f"`{probe}`" for probe in probes)


def _errata(step: StepTemplate) -> str:
    return " ".join(dict.fromkeys(number for _, one in step.alternatives for number in one.errata)) or "–"
