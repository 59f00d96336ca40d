"""Where a step of a plan stands (case, node, site), and the values that fill its open places there. Renders nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath, PureWindowsPath

from app.domain import clusterware
from app.domain.cluster import Node, Site
from app.domain.clusterware import Clusterware
from app.domain.conditions import Moment
from app.domain.overlay import OverlayFile
from app.domain.places import Lists
from app.domain.predicates import Case
from app.domain.probes import READ_ONLY
from app.domain.procedure import CommandText
from app.domain.token_lists import TokenLists
from app.domain.versions import Version

DISK_FLOOR_KIB = 102_400
"""Free space asked for below the install and the package folder: room for the package, its payload and the old files."""


@dataclass(frozen=True)
class Scene:
    """What all steps of a plan share: the case, the node that takes over, and the package. An unknown digest is empty."""

    case: Case
    target: Node
    patch_file: str
    patch_sha256: str
    literal: str | None = None
    overlay: OverlayFile | None = None
    _asked: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[CommandText, ...] | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _spots: dict[tuple[str | None, str | None, frozenset[str]], Spot] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def manager(self) -> Clusterware:
        """The cluster's manager, made once: every check asks what it can tell."""
        return clusterware.of(self.case.cluster)

    @cached_property
    def _parsers(self) -> dict[str, str]:
        return {}

    def parser(self, probe: str) -> str:
        """The name@version of the parser that reads the probe's answer on this cluster."""
        if probe not in self._parsers:
            self._parsers[probe] = READ_ONLY[probe].parser(self.case.cluster)
        return self._parsers[probe]

    def asked(self, probe: str, params: tuple[tuple[str, str], ...]) -> tuple[CommandText, ...] | None:
        """The probe's commands for those parameters, built once; None where this cluster cannot be asked."""
        if (probe, params) not in self._asked:
            self._asked[probe, params] = READ_ONLY[probe].commands(dict(params), self.case.cluster)
        return self._asked[probe, params]

    @cached_property
    def values(self) -> Mapping[str, str]:
        """The value of every open place that is the same wherever a step stands."""
        case, cluster = self.case, self.case.cluster
        paths = (
            ("install", "clwin", "packages", "saves")
            if cluster.os == "windows"
            else ("nqs", "spool", "patches")
        )
        return {
            **{name: cluster.path(name) for name in paths},
            "patch_file": self.patch_file,
            "patch_sha256": self.patch_sha256,
            "patch_version": case.to.numbers,
            "known_patches": " ".join(sorted({version.numbers for version in (case.source, case.to)})),
            "active": case.cluster.active.name,
            "target": self.target.name,
            "from": str(case.source),
            "to": str(case.to),
            "to_version": case.to.canonical,
            "disk_floor": str(DISK_FLOOR_KIB),
        }

    def spot(self, node: Node | None, site: Site | None, upgraded: frozenset[str]) -> Spot:
        """The spot of that node and site at that moment, made once: its values are asked for by many steps."""
        key = (node.name if node else None, site.name if site else None, upgraded)
        if key not in self._spots:
            self._spots[key] = Spot(self, node, site, upgraded)
        return self._spots[key]


@dataclass(frozen=True)
class Spot:
    """Where one repetition of a step stands: its node, its site, and the values for its open places. `upgraded`: the nodes
    that have the target version at that moment."""

    scene: Scene
    node: Node | None
    site: Site | None
    upgraded: frozenset[str]

    @property
    def installed(self) -> Version:
        """What the node has at that moment; without a node: the target version once every node has it (erratum D1)."""
        case = self.scene.case
        if self.node is None:
            return case.to if len(self.upgraded) == len(case.cluster.nodes) else case.source
        return case.to if self.node.name in self.upgraded else case.cluster.installed(self.node)

    @cached_property
    def moment(self) -> Moment:
        """What conditions are asked about here."""
        return Moment(self.scene.case, self.installed)

    @cached_property
    def known(self) -> Mapping[str, object]:
        """The values of the names that conditions use."""
        return self.moment.values()

    @cached_property
    def values(self) -> dict[str, str]:
        """The value of every open place that exists here."""
        cluster, values = self.scene.case.cluster, dict(self.scene.values)
        if self.node:
            values |= {
                "node": self.node.name,
                "node_version": cluster.installed(self.node).canonical,
                "installed": self.installed.canonical,
            }
        if self.site:
            values |= self._of_site(self.site)
        return values

    def _of_site(self, site: Site) -> dict[str, str]:
        cluster = self.scene.case.cluster
        folder = PureWindowsPath(site.database) if cluster.os == "windows" else PurePosixPath(site.database)
        return {
            "site": site.name,
            "database": site.database,
            "group": site.group,
            "virtual_host": site.virtual_host or site.name,
            "resource": f"JobCenter-{site.name}",
            "script": cluster.paths.get("script") or str(folder.parent / "JobCenterCluster.vbs"),
        }

    @cached_property
    def lists(self) -> Lists:
        """The tokens of every open place that stands for a list."""
        return TokenLists(self)
