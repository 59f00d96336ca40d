"""Lays an organisation's overlay over the library while a plan is made: its paths, its steps, what it says about ours.

Whatever it changes is said on the step itself, under the overlay's name. Pure; reads no files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from app.domain.cluster import Cluster
from app.domain.errors import Invalid
from app.domain.library import Section, StepTemplate, condition
from app.domain.overlay import ExtraStep, OverlayFile, OwnCommand, StepChange
from app.domain.overlay_words import FIRST_EXTRA, Place, as_run
from app.domain.places import LISTS, used
from app.domain.procedure import PlanWarning, Shell, Step
from app.domain.spots import Spot
from app.domain.text import Text

HANDED_OFF = ("handoff", "unknown_command")
"""Why a step is a person's where an overlay may give the command instead."""


class Laid(NamedTuple):
    """A step's template with the overlay laid over it, its time estimate, and what the operator is told about that."""

    template: StepTemplate
    minutes: int | None = None
    told: tuple[Text, ...] = ()


def with_paths(cluster: Cluster, file: OverlayFile | None) -> Cluster:
    """The cluster with the overlay's paths; what the cluster file itself says is more specific, and stays.

    Raises Invalid for a cluster that the overlay is not meant for, or a repetition on a node or site that it lacks."""
    if file is None:
        return cluster
    overlay = file.overlay
    if not overlay.covers(cluster):
        allowed = ", ".join(overlay.clusters)
        raise Invalid(
            "overlay.other_cluster",
            f"オーバーレイ「{overlay.name}」はクラスタ「{cluster.name}」用ではありません（clusters: {allowed}）。",
            f"The overlay {overlay.name!r} is not meant for the cluster {cluster.name!r} (clusters: {allowed}).",
            "clusters",
        )
    if len(overlay.clusters) == 1:
        _require_known_spots(cluster, file)
    return cluster.model_copy(update={"paths": {**overlay.paths, **cluster.paths}})


def _require_known_spots(cluster: Cluster, file: OverlayFile) -> None:
    nodes = {node.name for node in cluster.nodes}
    sites = {site.name for site in cluster.sites}
    for key in file.overlay.steps:
        place = Place.parse(key)
        for named, known in ((place.node, nodes), (place.site, sites)):
            if named is not None and named not in known:
                allowed = ", ".join(sorted(known))
                raise Invalid(
                    "overlay.no_such_spot",
                    f"オーバーレイ「{file.overlay.name}」の steps.{key}: クラスタ「{cluster.name}」に"
                    f"「{named}」はありません。書けるのは {allowed} です。",
                    f"Overlay {file.overlay.name!r}, steps.{key}: the cluster {cluster.name!r} has no {named!r}; "
                    f"allowed: {allowed}.",
                    f"steps.{key}",
                )


def with_extras(
    file: OverlayFile | None, section: Section, ordered: Sequence[StepTemplate]
) -> tuple[StepTemplate, ...]:
    """The section's steps with the organisation's own among them, each behind the step that it names."""
    steps = list(ordered)
    if file is None:
        return tuple(steps)
    for extra, template in reversed(file.overlay.extras):
        place = Place.parse(extra.after)
        if place.section == name_of(section):
            steps.insert(_behind(steps, place), template)
    return tuple(steps)


def _behind(steps: Sequence[StepTemplate], place: Place) -> int:
    """Behind the step itself; where a literal order left it out, behind the last of the manual's steps before it."""
    own = [at for at, step in enumerate(steps) if place.names(step)]
    before = [
        at for at, step in enumerate(steps) if step.step <= place.step and (step.added or 0) < FIRST_EXTRA
    ]
    return (own or before or [-1])[-1] + 1


def name_of(section: Section) -> str:
    """A section as keys have it: its number with the letter of its variant."""
    return f"{section.section}{section.letter or ''}"


def laid_over(file: OverlayFile | None, section: Section, template: StepTemplate, spot: Spot) -> Laid:
    """The step as the overlay wants it at that spot. Raises Invalid for what cannot be filled in or run there."""
    if file is None:
        return Laid(template)
    name = file.overlay.name
    if template.added and template.added >= FIRST_EXTRA:
        extra = next(extra for extra, made in file.overlay.extras if made == template and _of(extra, section))
        _require_fits(file, spot, extra.after, template.shell if template.command else None, _texts(template))
        ja, en = (
            f"自組織のオーバーレイ「{name}」による追加のステップです。",
            f"An extra step by your overlay “{name}”.",
        )
        return Laid(template, extra.minutes, (Text(ja=ja, en=en),))
    laid = Laid(template)
    for key, change in _changes(file, section, template, spot):
        laid = _changed(file, laid, key, change, spot)
    return laid


def _of(extra: ExtraStep, section: Section) -> bool:
    return Place.parse(extra.after).section == name_of(section)


def _changes(
    file: OverlayFile, section: Section, template: StepTemplate, spot: Spot
) -> Iterator[tuple[str, StepChange]]:
    """What is said about the step, then what is said about this repetition of it alone; where its condition holds."""
    node, site = spot.node.name if spot.node else None, spot.site.name if spot.site else None
    values = spot.known
    for key, change in sorted(
        file.overlay.steps.items(), key=lambda item: (Place.parse(item[0]).spot != "", item[0])
    ):
        place = Place.parse(key)
        here = not place.spot or (place.node, place.site) == (node, site)
        meant = place.section == name_of(section) and place.names(template) and here
        if meant and (change.when is None or condition(change.when).holds(values)):
            yield key, change


def _changed(file: OverlayFile, laid: Laid, key: str, change: StepChange, spot: Spot) -> Laid:
    template, told, what = laid.template, list(laid.told), []
    if change.command and template.kind == "manual" and template.why_manual in HANDED_OFF:
        _require_fits(file, spot, key, change.command.shell, [change.command.text])
        template = _commanded(template, change.command)
        what.append(("コマンド", "command"))
    if change.checks:
        checks = tuple(check.template for check in change.checks)
        _require_fits(file, spot, key, None, [text for check in checks for text in check.texts])
        template = template.model_copy(update={"checks": (*template.checks, *checks)})
        what.append(("確認", "checks"))
    if change.minutes is not None:
        what.append((f"所要時間 {change.minutes} 分", f"estimate of {change.minutes} minutes"))
    if change.note:
        _require_fits(file, spot, key, None, change.note.model_dump().values())
        what.append(("注意", "note"))
    told.append(_by(file, what, change))
    return Laid(template, change.minutes or laid.minutes, tuple(told))


def _by(file: OverlayFile, what: Sequence[tuple[str, str]], change: StepChange) -> Text:
    name, note = file.overlay.name, change.note
    ja = f"自組織のオーバーレイ「{name}」による: {'、'.join(ja for ja, _ in what) or '変更なし'}"
    en = f"By your overlay “{name}”: {', '.join(en for _, en in what) or 'nothing changed'}"
    return Text(ja=f"{ja}\n{note.ja}" if note else ja, en=f"{en}\n{note.en}" if note else en)


def _commanded(template: StepTemplate, command: OwnCommand) -> StepTemplate:
    """A step that was handed off becomes the console's: it keeps its checks, and waits for a person's word."""
    return template.model_copy(
        update={
            "kind": "command",
            "why_manual": None,
            "command": as_run(command.text, command.shell),
            "shell": command.shell,
            "only_os": None,
            "without_nqs_site": False,
            "destructive": template.destructive or not command.harmless,
            "repeatable": command.repeatable,
        }
    )


def _texts(template: StepTemplate) -> list[str]:
    checks = [text for check in (*template.checks, *template.interlocks) for text in check.texts]
    words = [
        text
        for pair in (template.title, template.instructions, template.inverse)
        if pair
        for text in (pair.ja, pair.en)
    ]
    return [template.command or "", *checks, *words]


def _require_fits(file: OverlayFile, spot: Spot, key: str, shell: Shell | None, texts: Iterable[str]) -> None:
    """What the overlay wants can be said on this cluster: the shell is its own, and every place has a value here."""
    system = spot.scene.case.cluster.os
    if shell is not None and (shell == "sh") == (system == "windows"):
        raise Invalid(
            "overlay.other_shell",
            f"オーバーレイ「{file.overlay.name}」の {key}: {system} のノードでは shell: {shell} を使えません。"
            "when で OS を限定するか、shell を直してください。",
            f"Overlay {file.overlay.name!r}, {key}: nodes with {system} have no shell {shell}. "
            "Limit it with `when`, or correct the shell.",
            key,
        )
    missing = sorted(used(texts) - spot.values.keys() - LISTS)
    if missing:
        raise Invalid(
            "overlay.no_value",
            f"オーバーレイ「{file.overlay.name}」の {key}: [[{missing[0]}]] は、このクラスタのこのステップには値がありません。",
            f"Overlay {file.overlay.name!r}, {key}: [[{missing[0]}]] has no value at this step of this cluster.",
            key,
        )


def notices(file: OverlayFile | None, steps: Sequence[Step]) -> tuple[PlanWarning, ...]:
    """What the plan says about its overlay: its name and digest, and what in it names no repetition that there is."""
    if file is None:
        return ()
    name = file.overlay.name
    said = [
        Text(
            ja=f"自組織のオーバーレイ「{name}」（SHA-256 {file.sha256}）を反映しています。"
            "変えたステップと加えたステップには、その旨を記しています。",
            en=f"Your overlay “{name}” (SHA-256 {file.sha256}) is laid over this plan; "
            "every step that it changes or adds says so.",
        )
    ]
    bases = {_base(step.key) for step in steps}
    keys = {step.key for step in steps}
    for key in sorted(file.overlay.steps):
        place = Place.parse(key)
        if place.spot and place.base in bases and key not in keys:
            said.append(
                Text(
                    ja=f"オーバーレイ「{name}」の {key} に当たる繰り返しは、この計画にはありません。"
                    "ノードやサイトの役割を確かめてください。",
                    en=f"This plan has no repetition {key}, which the overlay “{name}” names: "
                    "check the roles of nodes and sites.",
                )
            )
    return tuple(PlanWarning(errata=None, ja=text.ja, en=text.en) for text in said)


def is_extra(key: str) -> bool:
    """Whether a step of a plan is an organisation's own, by its key."""
    number = _base(key).rpartition("+")[2]
    return "+" in key and number.isdecimal() and int(number) >= FIRST_EXTRA


def _base(key: str) -> str:
    return key.split("@", 1)[0].split("/", 1)[0]
