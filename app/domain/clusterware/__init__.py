"""One module per cluster manager: verbs to command text, output to facts. Text in, data out; nothing is run here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.clusterware.generic import Generic
from app.domain.clusterware.pacemaker import Pacemaker
from app.domain.clusterware.verbs import Clusterware, Verb

if TYPE_CHECKING:
    from app.domain.cluster import Cluster

__all__ = ["Clusterware", "Verb", "of"]


def of(cluster: Cluster) -> Clusterware:
    """The manager of that cluster; those without a module of their own leave every verb to a person."""
    if cluster.clusterware == "pacemaker":
        return Pacemaker(cluster.clusterware_version)
    return Generic(cluster.clusterware)
