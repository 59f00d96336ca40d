"""The open places that stand for a list of tokens ([[healthy]], [[site_processes]]): each made when it is first asked for.

Facts of jobcenter.py and of the cluster file put into tokens; renders nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from app.domain import jobcenter
from app.domain.cluster import Cluster
from app.domain.versions import Version

if TYPE_CHECKING:
    from app.domain.spots import Spot

NQS_SITE_PLACES = ("NQS_SITE:session", "NQS_SITE:login", "NQS_SITE:environment", "NQS_SITE:profile")
NQS_SITE_PLACES_ON_WINDOWS = ("NQS_SITE:session", "NQS_SITE:machine", "NQS_SITE:user")

Tokens = tuple[str, ...]


class TokenLists(Mapping[str, Tokens]):
    """The lists of one spot."""

    def __init__(self, spot: Spot) -> None:
        self._spot = spot
        self._made: dict[str, Tokens] = {}

    def __getitem__(self, name: str) -> Tokens:
        if name not in self._made:
            self._made[name] = _LISTS[name](self._spot)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in _LISTS

    def __iter__(self) -> Iterator[str]:
        return iter(_LISTS)

    def __len__(self) -> int:
        return len(_LISTS)


def _site(version: Callable[[Spot], Version]) -> Callable[[Spot], Tokens]:
    return lambda spot: jobcenter.site_processes(version(spot), spot.scene.case.cluster.os)


def _local(version: Callable[[Spot], Version]) -> Callable[[Spot], Tokens]:
    return lambda spot: jobcenter.local_processes(version(spot), spot.scene.case.cluster.os)


def _own(all_of_them: Callable[[Spot], Tokens]) -> Callable[[Spot], Tokens]:
    return lambda spot: jobcenter.own(all_of_them(spot))


def _now(spot: Spot) -> Version:
    return spot.installed


def _before(spot: Spot) -> Version:
    cluster = spot.scene.case.cluster
    return cluster.installed(spot.node) if spot.node else cluster.version


def _after(spot: Spot) -> Version:
    return spot.scene.case.to


def _of_groups(*forms: str) -> Callable[[Spot], Tokens]:
    """For each group each form, with the names of the active node and of the one that takes over."""

    def made(spot: Spot) -> Tokens:
        cluster, target = spot.scene.case.cluster, spot.scene.target.name
        return tuple(
            form.format(group=group, active=cluster.active.name, target=target)
            for group in cluster.groups
            for form in forms
        )

    return made


def _of_nodes(form: str, *, standbys: bool = False) -> Callable[[Spot], Tokens]:
    def made(spot: Spot) -> Tokens:
        cluster = spot.scene.case.cluster
        return tuple(
            form.format(node=node.name) for node in (cluster.standbys if standbys else cluster.nodes)
        )

    return made


def _elsewhere(spot: Spot) -> Tokens:
    cluster: Cluster = spot.scene.case.cluster
    return tuple(
        f"{group}:{state}@{node.name}"
        for group in cluster.groups
        for node in cluster.standbys
        for state in ("started", "partial")
    )


def _complete_with_last_site(spot: Spot) -> Tokens:
    """The whole of a site's group runs once its last site is up; before that the sites still to come may be down."""
    if spot.site is None:
        return ()
    cluster, group = spot.scene.case.cluster, spot.site.group
    last = [site.name for site in cluster.sites if site.group == group][-1]
    return (f"{group}:started@{cluster.active.name}",) if spot.site.name == last else ()


def _healthy(spot: Spot) -> Tokens:
    """Every node can carry groups, and the active one carries all of them under the manager's eye."""
    groups = _of_groups("{group}:started@{active}", "{group}:managed")
    return (*_of_nodes("{node}:online")(spot), *groups(spot))


def _unhealthy(spot: Spot) -> Tokens:
    return ("maintenance-mode", "no-quorum", *_of_groups("{group}:pending", "{group}:failed")(spot))


def _nqs_site_places(spot: Spot) -> Tokens:
    return NQS_SITE_PLACES_ON_WINDOWS if spot.scene.case.cluster.os == "windows" else NQS_SITE_PLACES


def _needed_rights(spot: Spot) -> Tokens:
    """Root, or an elevated administrator; the owner of the folder is enough where that is a login folder (the lab)."""
    cluster = spot.scene.case.cluster
    if cluster.os == "windows":
        return ("administrator",)
    return ("writable",) if cluster.path("nqs").startswith("~/") else ("root",)


def _patch_facts(spot: Spot) -> Tokens:
    digest = spot.scene.patch_sha256
    known = (f"sha256:{digest}",) if digest else ()
    return ("name:NECJCpt", f"version:{spot.scene.case.to.numbers}", "arch:fits", *known)


_LISTS: Mapping[str, Callable[[Spot], Tokens]] = {
    "site_processes": _site(_now),
    "own_processes": _own(_site(_now)),
    "local_processes": _local(_now),
    "local_own_processes": _own(_local(_now)),
    "site_processes_to": _site(_after),
    "own_processes_from": _own(_site(_before)),
    "own_processes_to": _own(_site(_after)),
    "local_own_processes_from": _own(_local(_before)),
    "healthy": _healthy,
    "unhealthy": _unhealthy,
    "carried_by_active": _of_groups("{group}:started@{active}"),
    "carried_by_target": _of_groups("{group}:started@{target}"),
    "complete_with_last_site": _complete_with_last_site,
    "carried_elsewhere": _elsewhere,
    "managed": _of_groups("{group}:managed"),
    "unmanaged": _of_groups("{group}:unmanaged"),
    "online_standbys": _of_nodes("{node}:online", standbys=True),
    "standbys_paused": _of_nodes("{node}:standby", standbys=True),
    "nqs_site_places": _nqs_site_places,
    "needed_rights": _needed_rights,
    "patch_facts": _patch_facts,
}
