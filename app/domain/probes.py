"""The closed list of read-only probes: which question each answers, for whom, and who reads the answer. Reads nothing itself.

The texts are those of unix_probes.py and windows_probes.py, and of the cluster's manager. A probe answers None for a
cluster on which it cannot be asked (rpm outside Linux, a service outside Windows, a cluster manager without a
machine-readable state): the planner then leaves the question to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from app.domain import clusterware, unix_probes, windows_probes
from app.domain.cluster import Cluster
from app.domain.procedure import CommandText
from app.domain.shell import powershell, sh

Params = Mapping[str, str]
Builder = Callable[[Params, Cluster], str | None]
Reader = str | Callable[[Cluster], str]
"""Who reads an answer: a parser by name and version, or the one that the cluster's manager names."""
Way = tuple[Reader, Builder]
"""How a question is asked on one kind of system: who reads the answer, and how the command is built."""


@dataclass(frozen=True)
class Probe:
    """One question: which parameters it takes, and how it is asked on UNIX and on Windows; None: not there."""

    params: frozenset[str]
    unix: Way | None = None
    windows: Way | None = None

    def parsers(self, clusters: Iterable[Cluster]) -> frozenset[str]:
        """Every parser that may read an answer of one of those clusters."""
        return frozenset(self.parser(cluster) for cluster in clusters if self._way(cluster))

    def parser(self, cluster: Cluster) -> str:
        """Who reads the answer of this cluster's nodes. Raises KeyError where they cannot be asked."""
        way = self._way(cluster)
        if way is None:
            raise KeyError(cluster.os)
        return way[0] if isinstance(way[0], str) else way[0](cluster)

    def commands(self, params: Params, cluster: Cluster) -> tuple[CommandText, ...] | None:
        """The command as sent, or None where this cluster cannot be asked. Raises KeyError when a parameter is missing."""
        way = self._way(cluster)
        text = way[1](params, cluster) if way else None
        if text is None:
            return None
        return (powershell(text) if cluster.os == "windows" else sh(text),)

    def _way(self, cluster: Cluster) -> Way | None:
        return self.windows if cluster.os == "windows" else self.unix


def _cluster(_params: Params, cluster: Cluster) -> str | None:
    return clusterware.of(cluster).read_state()


def _constraints(_params: Params, cluster: Cluster) -> str | None:
    return clusterware.of(cluster).read_constraints()


def _cluster_service(_params: Params, cluster: Cluster) -> str | None:
    return clusterware.of(cluster).read_service()


def _state_parser(cluster: Cluster) -> str:
    return clusterware.of(cluster).state_parser


def _constraints_parser(cluster: Cluster) -> str:
    return clusterware.of(cluster).constraints_parser


def _probe(*params: str, unix: Way | None = None, windows: Way | None = None) -> Probe:
    return Probe(frozenset(params), unix, windows)


READ_ONLY: Mapping[str, Probe] = {
    "processes": _probe("site", unix=("processes@1", unix_probes.processes)),
    "service": _probe("name", windows=("service@1", windows_probes.service)),
    "environment": _probe(
        unix=("environment@1", unix_probes.environment),
        windows=("environment_windows@1", windows_probes.environment),
    ),
    "package": _probe("expected", unix=("package@1", unix_probes.package)),
    "versions": _probe(
        unix=("versions@1", unix_probes.versions), windows=("versions_windows@1", windows_probes.versions)
    ),
    "clwin": _probe(windows=("clwin@1", windows_probes.clwin)),
    "registry": _probe("key", windows=("words@1", windows_probes.registry)),
    "patch_file": _probe("file", unix=("patch_file@1", unix_probes.patch_file)),
    "package_file": _probe(
        "file", unix=("words@1", unix_probes.package_file), windows=("words@1", windows_probes.package_file)
    ),
    "files": _probe("file", unix=("files@1", unix_probes.files)),
    "file": _probe("path", unix=("file@1", unix_probes.file), windows=("file@1", windows_probes.file)),
    "folder": _probe(
        "path", unix=("words@1", unix_probes.folder), windows=("words@1", windows_probes.folder)
    ),
    "folder_files": _probe(
        "folder",
        "names",
        unix=("folder_files@1", unix_probes.folder_files),
        windows=("folder_files@1", windows_probes.folder_files),
    ),
    "database": _probe(
        "path", unix=("words@1", unix_probes.database), windows=("words@1", windows_probes.database)
    ),
    "mount": _probe("path", unix=("words@1", unix_probes.mount), windows=("words@1", windows_probes.mount)),
    "disk": _probe("kib", unix=("disk@1", unix_probes.disk), windows=("disk_windows@1", windows_probes.disk)),
    "port": _probe("port", unix=("words@1", unix_probes.port), windows=("words@1", windows_probes.port)),
    "contents": _probe("folder", "names", unix=("words@1", unix_probes.contents)),
    "intact": _probe(unix=("intact@1", unix_probes.intact)),
    "rights": _probe(unix=("words@1", unix_probes.rights), windows=("words@1", windows_probes.rights)),
    "cluster": _probe(unix=(_state_parser, _cluster), windows=(_state_parser, _cluster)),
    "constraints": _probe(
        unix=(_constraints_parser, _constraints), windows=(_constraints_parser, _constraints)
    ),
    "cluster_service": _probe(unix=("words@1", _cluster_service)),
}
