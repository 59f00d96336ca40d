"""Fills check templates with a cluster: the checks and interlocks that it can be asked, and those that a person must see to.

Decides for each whether this cluster can answer it at all (another OS, a manager that never tells such a state).
"""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.library import CheckTemplate, StepTemplate, condition
from app.domain.places import fill, fill_tokens
from app.domain.procedure import Check
from app.domain.spots import Spot
from app.domain.text import Text


@dataclass(frozen=True)
class Asked:
    """`checks` can be asked; of `lost` the cluster cannot answer all, each as the question that a person must answer."""

    checks: tuple[Check, ...]
    lost: tuple[Text, ...]


THE_PACKAGE = CheckTemplate(
    probe="package_file",
    params={"file": "[[patch_file]]"},
    present=("sha256:[[patch_sha256]]",),
    ja="[[patch_file]] は、承認されたパッケージと 1 バイトも違わない",
    en="[[patch_file]] is the approved package to the last byte",
)


def locks(template: StepTemplate, spot: Spot) -> Asked:
    """What must hold before the step: its interlocks, and of what installs on Windows the package that the session names. (On
    UNIX the patch's own checks do that, which also read its name and version.)"""
    scene, wanted = spot.scene, template.interlocks
    names_one = bool(scene.patch_file and scene.patch_sha256)
    if template.upgrades and names_one and scene.case.cluster.os == "windows":
        wanted = (*wanted, THE_PACKAGE)
    return asked(wanted, spot)


def asked(templates: tuple[CheckTemplate, ...], spot: Spot) -> Asked:
    """The templates at that spot: those that hold there, in its literal order, for each of its sites."""
    checks: list[Check] = []
    lost: list[Text] = []
    for template in templates:
        if template.literal and template.literal == spot.scene.literal:
            continue
        if template.when and not condition(template.when).holds(spot.known):
            continue
        for place in _sites_of(template, spot):
            check, whole = _check(template, place)
            checks += [check] if check else []
            if not whole:
                lost.append(Text(ja=fill(template.ja, place.values), en=fill(template.en, place.values)))
    return Asked(tuple(checks), tuple(lost))


def _sites_of(template: CheckTemplate, spot: Spot) -> list[Spot]:
    """The check's own repetitions: for each site of the step's group."""
    if not template.each_site or spot.site is None:
        return [spot]
    sites = spot.scene.case.cluster.sites
    return [
        spot.scene.spot(spot.node, site, spot.upgraded) for site in sites if site.group == spot.site.group
    ]


def _check(template: CheckTemplate, spot: Spot) -> tuple[Check | None, bool]:
    """The check as it can be asked (None: not at all), and whether nothing of its question is missing.

    A state that the cluster's manager never tells cannot be demanded: the check would fail for ever."""
    scene, values, lists = spot.scene, spot.values, spot.lists
    params = tuple((name, fill(value, values)) for name, value in template.params.items())
    commands = scene.asked(template.probe, params)
    if commands is None:
        return None, False
    wanted = fill_tokens(template.present, values, lists)
    present = wanted
    if template.probe == "cluster":
        present = tuple(token for token in wanted if scene.manager.tells(token))
    absent = fill_tokens(template.absent, values, lists)
    if not present and not absent:
        return None, False
    check = Check(
        probe=template.probe,
        commands=commands,
        parser=scene.parser(template.probe),
        present=present,
        absent=absent,
        ja=fill(template.ja, values),
        en=fill(template.en, values),
    )
    return check, present == wanted
