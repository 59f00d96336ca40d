"""What a person does by hand in chapters 1 and 2, on a lab: which act of the lab belongs to which step.

Steps that no command does and that are not here fail: nobody knows what to do. Presses nothing in the console.
"""

from __future__ import annotations

import asyncio
from pathlib import Path, PureWindowsPath

from app.domain.cluster import Cluster
from app.lab import control
from app.lab.model import Lab
from app.procedures.clusterfile import load_cluster

AS_IT_WAS = "as it was"
"""Start the local site where it is used, stop it where it is not."""

ACTS: dict[str, tuple[str, ...]] = {
    "stop-local": (
        "1.1.1.1-1", "1.1.1.2-1", "1.1.2.1a-1", "1.1.2.1b-1", "1.1.2.2a-1", "1.1.2.2b-1", "1.1.3.1-1", "1.1.3.2-1", "1.1.4.1-1",
        "1.1.4.2-1", "1.2.2.1-1", "1.2.2.2-1", "2.1.1-1", "2.1.2-1", "2.2.2-2", "2.2.3-2",
    ),
    "start-local": ("2.1.1-5",),
    "pause": ("1.1.2.2a-2",),
    "resume": ("1.1.2.2a-17",),
    AS_IT_WAS: (
        "1.2.2.1-10", "1.2.2.1-10+1", "1.2.2.2-13", "1.2.2.2-13+1", "2.2.2-4+1", "2.2.3-11+1",
    ),
    "close-manager": (
        "1.1.1.1-2+1", "1.1.1.2-4", "1.1.2.2a-6", "1.1.2.2b-5", "1.1.3.2-6", "1.1.4.2-7", "1.2.2.1-2", "1.2.2.1-8", "1.2.2.2-5",
    ),
    "place-script create-resource": ("1.1.2.2a-16",),  # before Windows Server 2008 R2
    "delete-resource": ("1.1.2.2a-5", "1.1.2.2b-4"),
    "suspend-monitors": ("2.1.2-3", "2.2.3-4"),
    "resume-monitors": ("2.1.2-8", "2.2.3-10"),
    "offline": ("1.1.2.2a-3", "2.1.2-4", "2.2.3-5"),
    "online": ("1.1.2.2a-18", "2.1.2-6+1", "2.2.3-8"),
    "register-site": ("2.1.2-6", "2.2.3-7"),
    "stop-cluster": ("1.1.2.1a-3", "2.1.2-2", "2.2.2-1+1", "2.2.3-3", "2.3.1-1+1", "2.3.3-1+1"),  # CLUSTERPRO has no pause
    "start-cluster": ("1.1.2.1a-11", "2.1.2-7", "2.2.2-4+2", "2.2.3-9", "2.3.1-4+2", "2.3.3-4+2"),
}  # fmt: skip
NOTHING = (
    "1.1.2.1a-0+1", "1.1.2.1b-0+3", "1.1.2.2a-5+1", "1.1.2.2a-19+1", "1.1.1.1-0+2", "1.1.1.1-0+5", "1.1.1.2-0+3",
    "1.1.1.2-10+3", "1.1.1.2-7", "1.1.2.1a-0+2", "1.1.2.1a-0+3", "1.1.2.1a-0+7", "1.1.2.1b-0+2", "1.1.2.1b-0+6",
    "1.1.2.2a-0+4", "1.1.2.2a-19+2", "1.1.2.2b-0+3", "1.1.2.2b-11+4", "1.1.3.1-0+4", "1.1.3.1-0+5", "1.1.3.2-19",
    "1.1.3.2-19+2", "1.1.4.1-0+4", "1.1.4.1-0+5", "1.1.4.2-16", "1.1.4.2-16+2", "1.2.2.1-0+4", "1.2.2.1-0+5", "1.2.2.2-13+3",
    "1.3.1-0+4", "1.3.1-0+5", "1.3.2-0+4", "1.3.4-0+5", "2.1.1-0+1", "2.1.1-0+5", "2.1.2-9+3", "2.2.1-0", "2.2.1-0+3",
    "2.2.3-11+3", "2.3.1-0+1", "2.3.1-0+4", "2.3.2-0+3", "2.3.4-0+4",
)  # fmt: skip
"""What a person does without a simulated node noticing: backups, looking at the business, CL/Win on other machines; a
registration that the nodes still have; and where a person reads the cluster, before Windows Server 2008 R2."""
DECISIONS = (
    "1.1.1.2-0+4", "1.1.2.2a-0+5", "1.1.2.2b-0+4", "1.1.3.1-0+6", "1.1.3.2-0+3", "1.1.4.1-0+6", "1.1.4.2-0+3", "1.2.2.2-0+3",
    "1.3.2-0+1", "1.3.4-0+1", "2.1.2-0+1", "2.2.3-0+1", "2.3.2-0+1", "2.3.4-0+1",
)  # fmt: skip
_ACT = {place: act for act, places in ACTS.items() for place in places} | dict.fromkeys(
    (*NOTHING, *DECISIONS), ""
)


class Hands:
    """The performer at the lab's windows. `done`: keys of the steps that were done there, in order."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._cluster: Cluster = load_cluster(lab.cluster_file.read_bytes())
        self.done: list[str] = []

    async def __call__(self, key: str) -> None:
        """Do what the step of that key wants, before it is ticked. Fails where it is not known."""
        place, _, spot = key.partition("@")
        node, _, site = spot.partition("/")
        assert place in _ACT, f"nobody knows what to do: {key}"
        act = _ACT[place]
        if act == AS_IT_WAS:
            act = "start-local" if self._cluster.local_site == "used" else "stop-local"
        for one in act.split():
            for values in self._values(one, node, site):
                await asyncio.to_thread(control.do, Path(self._lab.directory), node, one, **values)
        self.done.append(key)

    def _values(self, act: str, node: str, site: str) -> list[dict[str, str]]:
        """The fields that the act asks for. Monitors are stopped and resumed for every group at once: so the step says."""
        every = act in ("suspend-monitors", "resume-monitors")
        fields = [
            {
                "site": one.name,
                "group": one.group,
                "database": one.database,
                "folder": str(PureWindowsPath(one.database).parent),
            }
            for one in self._cluster.sites
            if every or one.name == site
        ]
        return fields or [{"node": node}]
