"""One module per cluster manager: verbs to command text, output to facts. Text in, data out; nothing is run here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from app.domain.clusterware import clusterpro, crm, lifekeeper, serviceguard, vcs, wsfc_state
from app.domain.clusterware.clusterpro import Clusterpro
from app.domain.clusterware.crmsh import Crmsh
from app.domain.clusterware.generic import Generic
from app.domain.clusterware.lifekeeper import LifeKeeper
from app.domain.clusterware.mscs import Mscs
from app.domain.clusterware.pacemaker import Pacemaker
from app.domain.clusterware.serviceguard import Serviceguard
from app.domain.clusterware.vcs import Vcs
from app.domain.clusterware.verbs import Clusterware, Verb
from app.domain.clusterware.wsfc import Wsfc

if TYPE_CHECKING:
    from app.domain.cluster import Cluster

__all__ = ["PARSERS", "Clusterware", "Verb", "of"]

PARSERS: Mapping[str, Callable[[bytes, int], frozenset[str] | None]] = {
    "cluster@1": crm.cluster,
    "constraints@1": crm.constraints,
    "cib_constraints@1": crm.cib_constraints,
    "wsfc@1": wsfc_state.wsfc,
    "clpstat@1": clusterpro.clpstat,
    "cmviewcl@1": serviceguard.cmviewcl,
    "lcdstatus@1": lifekeeper.lcdstatus,
    "vcs@1": vcs.vcs,
}
"""The managers' parsers by name and version; stored plans name them for ever."""


ON_WINDOWS = frozenset({"wsfc", "clusterpro"})
"""Those whose modules speak to Windows too. The others' commands are written for a POSIX shell, and their answers there are
published for UNIX alone: on Windows their verbs are a person's."""


def of(cluster: Cluster) -> Clusterware:
    """The manager of that cluster; those without a module of their own leave every verb to a person."""
    if cluster.os == "windows" and cluster.clusterware not in ON_WINDOWS:
        return Generic(cluster.clusterware)
    version = cluster.clusterware_version
    makers: Mapping[str, Callable[[], Clusterware]] = {
        "pacemaker": lambda: Crmsh(version) if Crmsh.speaks(version) else Pacemaker(version),
        "wsfc": lambda: Mscs() if Mscs.speaks(cluster) else Wsfc(cluster),
        "clusterpro": lambda: Clusterpro(cluster),
        "serviceguard": Serviceguard,
        "lifekeeper": lambda: LifeKeeper(cluster),
        "vcs": Vcs,
    }
    return makers.get(cluster.clusterware, lambda: Generic(cluster.clusterware))()
