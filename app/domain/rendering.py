"""Fills the library's sections with a cluster: templates to phases and steps. Decides no procedure and no order of sections.

Where this cluster cannot be asked or commanded by a machine (another OS, a cluster manager without a module), the step
stays in the plan and becomes one for a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.domain import overlaying
from app.domain.asking import Asked, asked, locks
from app.domain.cluster import Node, Site
from app.domain.conditions import explain
from app.domain.library import Branch, CheckTemplate, HandOff, Section, StepTemplate, condition
from app.domain.places import fill
from app.domain.procedure import Check, CommandText, Kind, ManualPlace, Phase, Step
from app.domain.shell import WORDS
from app.domain.spots import Scene, Spot
from app.domain.text import Text

BY_HAND = Text(
    ja="この環境ではコンソールから実行・読み取りができません。手作業で行い、実行したコマンドと結果を証跡に残してください。",
    en=(
        "The console cannot run or read this in your environment: do it "
        "by hand, and keep the commands and their results as evidence."
    ),
)


BY_A_PERSON: Mapping[str, Text] = {
    "gui": Text(
        ja="手作業の理由: 画面の操作だけで行えるステップです。",
        en="Why by hand: it can be done in a window only.",
    ),
    "handoff": Text(
        ja="手作業の理由: 具体的な手順は別の文書にあります。",
        en="Why by hand: the procedure itself is another document's.",
    ),
    "decision": Text(
        ja="手作業の理由: 人が見て判断するステップです。", en="Why by hand: a person looks and judges."
    ),
    "organisation": Text(
        ja="手作業の理由: 自組織で決めた方法で行うステップです。",
        en="Why by hand: it is done in the way your organisation has laid down.",
    ),
    "people": Text(
        ja="手作業の理由: ほかの人への連絡や依頼を含みます。", en="Why by hand: it is asked of other people."
    ),
    "unknown_command": Text(
        ja="手作業の理由: コマンドの引数が公開資料では確かめられません。コマンドリファレンスで確かめてください。",
        en="Why by hand: no public document gives the command's arguments; see the command reference.",
    ),
    "cluster_software": Text(
        ja="手作業の理由: このクラスタ管理ソフトウェアでは、コンソールはこの操作を行いません。",
        en="Why by hand: with this cluster software the console does not do this itself.",
    ),
}
"""Why a step is a person's (library.WhyManual), as the operator reads it."""

Doing = tuple[Kind, tuple[CommandText, ...], tuple[Check, ...], tuple[Text, ...]]


def phases(section: Section, scene: Scene, upgraded: frozenset[str]) -> tuple[list[Phase], frozenset[str]]:
    """The section carried out: once, or for each standby node in the order of the cluster file; and the nodes that have the
    target version after it. `upgraded` are those that have it before."""
    cluster = scene.case.cluster
    nodes: tuple[Node | None, ...] = {
        "standby": cluster.standbys,
        "active": (cluster.active,),
        "cluster": (None,),
    }[section.role]
    ordered = overlaying.with_extras(scene.overlay, section, section.ordered(scene.literal))
    done = []
    for number, node in enumerate(nodes):
        steps: list[Step] = []
        for template in ordered:
            if number and template.once:
                continue
            spots = list(_spots(template, node, scene, upgraded))
            steps += [_step(section, template, spot) for spot in spots]
            if template.upgrades:
                upgraded |= {spot.node.name for spot in spots if spot.node}
        done.append(
            Phase(section=section.section, variant=section.variant, role=section.role, steps=tuple(steps))
        )
    return done, upgraded


def _spots(
    template: StepTemplate, node: Node | None, scene: Scene, upgraded: frozenset[str]
) -> Iterator[Spot]:
    cluster = scene.case.cluster
    nodes: tuple[Node | None, ...] = {
        "phase": (node,),
        "active": (cluster.active,),
        "target": (scene.target,),
        "every": cluster.nodes,
        "standbys": cluster.standbys,
        "none": (None,),
    }[template.where]
    firsts = {site.group: site for site in reversed(cluster.sites)}
    once_a_group = tuple(firsts[group] for group in cluster.groups)
    sites: tuple[Site | None, ...] = {None: (None,), "site": cluster.sites, "group": once_a_group}[
        template.per
    ]
    for place in nodes:
        for site in sites:
            if place is None or site is None or cluster.carries(place, site):
                yield scene.spot(place, site, upgraded)


def _step(section: Section, raw: StepTemplate, spot: Spot) -> Step:
    branch, plain = raw.taken(spot.known)
    template, minutes, told = overlaying.laid_over(spot.scene.overlay, section, plain, spot)
    taken, why_not = _applies(branch, template, spot)
    kind, commands, checks, extra = _doing(template, spot)
    before = locks(template, spot)
    seen_by_a_person = kind == "command" and bool(before.lost)
    place = ManualPlace(section=section.section, variant=section.variant, step=template.step or None)
    return Step(
        key=_key(section, template, spot),
        manual=None if template.added else place,
        errata=template.errata,
        applies=taken,
        reason=why_not,
        branch=branch.branch if branch else None,
        node=spot.node.name if spot.node else None,
        site=spot.site.name if spot.site else None,
        kind=kind,
        title=_text(template.title, spot),
        instructions=_text(
            template.instructions, spot, *_told(template), *extra, *_unanswered(before), *told
        ),
        manual_commands=template.manual_commands,
        commands=commands,
        checks=checks,
        interlocks=before.checks,
        needs_approval=template.needs_approval or seen_by_a_person,
        destructive=template.destructive,
        repeatable=template.repeatable,
        minutes=minutes,
    )


def _key(section: Section, template: StepTemplate, spot: Spot) -> str:
    """`<section>[a|b]-<step>[+<added>][@<node>][/<site>]`, as the plan contract has it."""
    added = f"+{template.added}" if template.added else ""
    node = f"@{spot.node.name}" if spot.node else ""
    site = f"/{spot.site.name}" if spot.site else ""
    return f"{section.section}{section.letter or ''}-{template.step}{added}{node}{site}"


def _applies(branch: Branch | None, template: StepTemplate, spot: Spot) -> tuple[bool, Text | None]:
    if branch and branch.not_needed:
        return False, _text(branch.not_needed, spot)
    if template.applies is None:
        return True, None
    held = condition(template.applies)
    return (True, None) if held.holds(spot.known) else (False, explain(held, spot.known))


def _told(template: StepTemplate) -> Iterator[Text]:
    """What the library says beside the instructions: the other document, why a person does it, the way back."""
    if template.handoff:
        yield _document(template.handoff)
    if template.why_manual:
        yield BY_A_PERSON[template.why_manual]
    if template.unprovable:
        yield Text(
            ja=f"コンソールでは確かめられません: {template.unprovable.ja}",
            en=f"The console cannot verify it: {template.unprovable.en}",
        )
    if template.inverse:
        yield Text(ja=f"戻すには: {template.inverse.ja}", en=f"To take it back: {template.inverse.en}")


def _unanswered(before: Asked) -> Iterator[Text]:
    """The preconditions that this cluster does not tell: a person looks before the step, and a command waits for them."""
    for lost in before.lost:
        yield Text(
            ja=f"実施前に人が確かめること（この環境ではコンソールが読み取れません）: {lost.ja}",
            en=f"See to this yourself before the step (the console cannot read it here): {lost.en}",
        )


def _document(handoff: HandOff) -> Text:
    ja, en = handoff.document.ja, handoff.document.en
    if handoff.section:
        ja, en = f"{ja} {handoff.section}", f"{en}, section {handoff.section}"
    return Text(
        ja=f"手順の出どころ: {ja}。自組織のコマンドや注意はオーバーレイファイルに書けます。",
        en=f"Its procedure is in: {en}. Your own command or note can be kept in an overlay file.",
    )


def _text(text: Text, spot: Spot, *extra: Text) -> Text:
    """The text filled in, and each further text as a line of its own."""
    told = [text, *extra]
    return Text(
        ja="\n".join(fill(one.ja, spot.values).rstrip("\n") for one in told),
        en="\n".join(fill(one.en, spot.values).rstrip("\n") for one in told),
    )


def _doing(template: StepTemplate, spot: Spot) -> Doing:
    """Kind, commands and checks as this cluster allows them, and what a person must be told beyond the instructions."""
    found = asked(template.checks, spot)
    checks, left_out = found.checks, bool(found.lost)
    if template.verb:
        return _verb(template, spot, checks)
    if template.command and template.only_os in (None, spot.scene.case.cluster.os):
        text = _command(template.command, template, spot)
        return template.kind, (CommandText(shell=template.shell, text=text),), checks, _unseen(found)
    if template.command:
        return "manual", (), checks, (BY_HAND,)
    if template.kind == "check" and (left_out or not checks):
        return "manual", (), checks, (BY_HAND,)  # half an answer is none: a person reads the rest
    return template.kind, (), checks, (BY_HAND,) if left_out else ()


def _command(text: str, template: StepTemplate, spot: Spot) -> str:
    """The command with its places filled. `env -u` is not POSIX: outside Linux the shell itself drops the variable."""
    filled = fill(text, spot.values, WORDS[template.shell]).rstrip("\n")
    if not template.without_nqs_site:
        return filled
    if template.shell == "powershell":
        return f"Remove-Item -Path Env:NQS_SITE -ErrorAction SilentlyContinue\n{filled}"
    return (
        f"env -u NQS_SITE {filled}" if spot.scene.case.cluster.os == "linux" else f"unset NQS_SITE; {filled}"
    )


def _verb(template: StepTemplate, spot: Spot, checks: tuple[Check, ...]) -> Doing:
    manager = spot.scene.manager
    node, group = fill(template.verb_node, spot.values), spot.site.group if spot.site else ""
    site = spot.site.virtual_host or spot.site.name if spot.site else ""
    verb = {
        "pause": lambda: manager.pause(node),
        "resume": lambda: manager.resume(node),
        "stop_monitoring": lambda: manager.stop_monitoring(group),
        "resume_monitoring": lambda: manager.resume_monitoring(group),
        "move": lambda: manager.move(group, node),
        "offline": lambda: manager.offline(group, site),
        "online": lambda: manager.online(group, site),
        "stop_group": lambda: manager.stop_group(group),
        "start_group": lambda: manager.start_group(group, node),
        "stop_node": lambda: manager.stop_node(node),
        "start_node": lambda: manager.start_node(node),
    }[template.verb or ""]()
    told = tuple(verb.told)
    if verb.text is None:
        return "manual", (), checks, (BY_A_PERSON["cluster_software"], *told)
    proof = CheckTemplate(
        probe=verb.probe,
        params=dict(verb.params),
        present=verb.present,
        absent=verb.absent,
        ja=f"クラスタの状態が操作どおりになっている（{'、'.join(verb.present)}）",
        en=f"The cluster shows what was asked for ({', '.join(verb.present)})",
    )
    proofs = asked((proof,), spot).checks
    return "command", (CommandText(shell=verb.shell, text=verb.text),), (*proofs, *checks), told


def _unseen(found: Asked) -> tuple[Text, ...]:
    """What a command's checks cannot see here: a person looks afterwards."""
    return tuple(
        Text(
            ja=f"実施後に人が確かめること（この環境ではコンソールが読み取れません）: {lost.ja}",
            en=f"See to this yourself after the step (the console cannot read it here): {lost.en}",
        )
        for lost in found.lost
    )
