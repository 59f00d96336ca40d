"""Fills the library's sections with a cluster: templates to phases and steps. Decides no procedure and no order of sections.

Where this cluster cannot be asked or commanded by a machine (another OS, a cluster manager without a module), the step
stays in the plan and becomes one for a person.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.domain import clusterware
from app.domain.cluster import Node, Site
from app.domain.library import CheckTemplate, Section, StepTemplate
from app.domain.places import fill, fill_tokens
from app.domain.predicates import APPLIES
from app.domain.probes import READ_ONLY
from app.domain.procedure import Check, CommandText, Kind, ManualPlace, Phase, Step
from app.domain.shell import sh, word
from app.domain.spots import Scene, Spot
from app.domain.text import Text

BY_HAND = Text(
    ja="この環境ではコンソールから実行・読み取りができません。手作業で行い、実行したコマンドと結果を証跡に残してください。",
    en=(
        "The console cannot run or read this in your environment: do it "
        "by hand, and keep the commands and their results as evidence."
    ),
)


Doing = tuple[Kind, tuple[CommandText, ...], tuple[Check, ...], Text | None]


def phases(section: Section, scene: Scene) -> Iterator[Phase]:
    """The section carried out: once, or for each standby node in the order of the cluster file."""
    cluster = scene.case.cluster
    nodes: tuple[Node | None, ...] = {
        "standby": cluster.standbys,
        "active": (cluster.active,),
        "cluster": (None,),
    }[section.role]
    for number, node in enumerate(nodes):
        templates = [template for template in section.steps if number == 0 or not template.once]
        steps = [
            _step(section, template, spot) for template in templates for spot in _spots(template, node, scene)
        ]
        yield Phase(section=section.section, variant=section.variant, role=section.role, steps=tuple(steps))


def _spots(template: StepTemplate, node: Node | None, scene: Scene) -> Iterator[Spot]:
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
            yield Spot(scene, place, site)


def _step(section: Section, template: StepTemplate, spot: Spot) -> Step:
    taken, why_not = _applies(template, spot)
    kind, commands, checks, extra = _doing(template, spot)
    interlocks, _ = _checks(template.interlocks, spot)
    place = ManualPlace(section=section.section, variant=section.variant, step=template.step or None)
    return Step(
        key=_key(section, template, spot),
        manual=None if template.added else place,
        errata=template.errata,
        applies=taken,
        reason=why_not,
        node=spot.node.name if spot.node else None,
        site=spot.site.name if spot.site else None,
        kind=kind,
        title=_text(template.title, spot),
        instructions=_text(template.instructions, spot, extra),
        manual_commands=template.manual_commands,
        commands=commands,
        checks=checks,
        interlocks=interlocks,
        needs_approval=template.needs_approval,
        destructive=template.destructive,
        repeatable=template.repeatable,
    )


def _key(section: Section, template: StepTemplate, spot: Spot) -> str:
    """`<section>-<step>[+<added>][@<node>][/<site>]`, as the plan contract has it."""
    added = f"+{template.added}" if template.added else ""
    node = f"@{spot.node.name}" if spot.node else ""
    site = f"/{spot.site.name}" if spot.site else ""
    return f"{section.section}-{template.step}{added}{node}{site}"


def _applies(template: StepTemplate, spot: Spot) -> tuple[bool, Text | None]:
    if template.applies is None:
        return True, None
    test, why_not = APPLIES[template.applies]
    return (True, None) if test(spot.scene.case) else (False, why_not)


def _text(text: Text, spot: Spot, extra: Text | None = None) -> Text:
    ja, en = fill(text.ja, spot.values).rstrip("\n"), fill(text.en, spot.values).rstrip("\n")
    return Text(ja=f"{ja}\n{extra.ja}", en=f"{en}\n{extra.en}") if extra else Text(ja=ja, en=en)


def _doing(template: StepTemplate, spot: Spot) -> Doing:
    """Kind, commands and checks as this cluster allows them, and what a person must be told beyond the instructions."""
    checks, left_out = _checks(template.checks, spot)
    if template.verb:
        return _verb(template, spot, checks)
    if template.command and template.only_os in (None, spot.scene.case.cluster.os):
        return template.kind, (sh(_command(template.command, template, spot)),), checks, None
    if template.command:
        return "manual", (), checks, BY_HAND
    if template.kind == "check" and not checks:
        return "manual", (), (), BY_HAND
    return template.kind, (), checks, BY_HAND if left_out else None


def _command(text: str, template: StepTemplate, spot: Spot) -> str:
    """The command with its places filled. `env -u` is not POSIX: outside Linux the shell itself drops the variable."""
    filled = fill(text, spot.values, word).rstrip("\n")
    if not template.without_nqs_site:
        return filled
    return (
        f"env -u NQS_SITE {filled}" if spot.scene.case.cluster.os == "linux" else f"unset NQS_SITE; {filled}"
    )


def _verb(template: StepTemplate, spot: Spot, checks: tuple[Check, ...]) -> Doing:
    manager = clusterware.of(spot.scene.case.cluster)
    node, group = fill(template.verb_node, spot.values), spot.site.group if spot.site else ""
    verb = {
        "pause": lambda: manager.pause(node),
        "resume": lambda: manager.resume(node),
        "stop_monitoring": lambda: manager.stop_monitoring(group),
        "resume_monitoring": lambda: manager.resume_monitoring(group),
        "move": lambda: manager.move(group, node),
    }[template.verb or ""]()
    if verb.text is None:
        return "manual", (), checks, verb.manual
    proof = CheckTemplate(
        probe="cluster",
        present=verb.present,
        absent=verb.absent,
        ja=f"クラスタの状態が操作どおりになっている（{'、'.join(verb.present)}）",
        en=f"The cluster shows what was asked for ({', '.join(verb.present)})",
    )
    proofs, _ = _checks((proof,), spot)
    return "command", (sh(verb.text),), (*proofs, *checks), None


def _checks(templates: tuple[CheckTemplate, ...], spot: Spot) -> tuple[tuple[Check, ...], bool]:
    """The checks that this cluster can answer, and whether one had to be left out."""
    found = []
    left_out = False
    for template in templates:
        for place in _sites_of(template, spot):
            check = _check(template, place)
            found += [check] if check else []
            left_out = left_out or check is None
    return tuple(found), left_out


def _sites_of(template: CheckTemplate, spot: Spot) -> list[Spot]:
    """The check's own repetitions: for each site of the step's group."""
    if not template.each_site or spot.site is None:
        return [spot]
    sites = spot.scene.case.cluster.sites
    return [Spot(spot.scene, spot.node, site) for site in sites if site.group == spot.site.group]


def _check(template: CheckTemplate, spot: Spot) -> Check | None:
    probe = READ_ONLY[template.probe]
    values, lists = spot.values, spot.lists
    commands = probe.commands(
        {name: fill(value, values) for name, value in template.params.items()}, spot.scene.case.cluster
    )
    if commands is None:
        return None
    return Check(
        probe=template.probe,
        commands=commands,
        parser=probe.parser,
        present=fill_tokens(template.present, values, lists),
        absent=fill_tokens(template.absent, values, lists),
        ja=fill(template.ja, values),
        en=fill(template.en, values),
    )
