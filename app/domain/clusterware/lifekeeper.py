"""SIOS LifeKeeper on Linux (facts 2.5). Its state is read; commands are shown, none is run: no public document gives the syntax
for bringing a hierarchy in and out of service. The vendor's way to stop the monitoring edits a file of every server and
signals lkcheck by name; it is described to the person and not done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from app.domain.answers import closed
from app.domain.clusterware.generic import Generic
from app.domain.clusterware.verbs import GROUP_STATES, NODE_STATES, Standing, Verb
from app.domain.shell import header, word

if TYPE_CHECKING:
    from app.domain.cluster import Cluster

PROVEN: Standing = "published"

_HEADING = ["LOCAL", "TAG", "ID", "STATE", "PRIO", "PRIMARY"]
_MACHINES = ["MACHINE", "TYPE", "ADDRESSES/DISK", "STATE", "PRIO"]
_BRANCH = re.compile(r"^\|[-\u2014\u2013]*")
_STATES = {"ISP", "ISU", "OSU", "OSF", "ILLSTATE"}
_IN_FILE = "LKCHECKINTERVAL"


class LifeKeeper(Generic):
    """A group is the tag of a hierarchy's root."""

    state_parser = "lcdstatus@1"
    states = NODE_STATES - {"standby"} | GROUP_STATES - {"unmanaged"}
    standing: Standing = PROVEN

    def __init__(self, cluster: Cluster) -> None:
        super().__init__("lifekeeper")
        self._nodes = tuple(node.name for node in cluster.nodes)

    def stop_monitoring(self, group: str) -> Verb:
        shown = f"grep {_IN_FILE} /etc/default/LifeKeeper\n# {_IN_FILE}=0"
        return replace(super().stop_monitoring(group), shown=shown)

    def resume_monitoring(self, group: str) -> Verb:
        shown = f"grep {_IN_FILE} /etc/default/LifeKeeper\n# {_IN_FILE}=<value>"
        return replace(super().resume_monitoring(group), shown=shown)

    def stop_node(self, node: str) -> Verb:
        return replace(super().stop_node(node), shown="$LKROOT/bin/lkcli stop")

    def start_node(self, node: str) -> Verb:
        return replace(super().start_node(node), shown="$LKROOT/bin/lkcli start")

    def read_state(self) -> str:
        """One server knows only its own side of a hierarchy: every server of the cluster file is asked, through this one."""
        asked = "\n".join(
            f"printf '%s\\n' {word(f'#node {node}')}; LC_ALL=C lcdstatus -q -d {word(node)} || exit 1"
            for node in self._nodes
        )
        return f"{header('cluster')}\nPATH=$PATH:${{LKROOT:-/opt/LifeKeeper}}/bin\n{asked}\necho '#end'"


def lcdstatus(stdout: bytes, exit_status: int) -> frozenset[str] | None:
    """Hierarchies of `lcdstatus -q` of every server: in service and protected (ISP), in service (ISU), failed (OSF), and stopped
    where no server has them in service. A server that answers is online. None where a row has another form or another state."""
    read = closed(stdout, exit_status, "cluster")
    lines = read[1] if read else None
    if not lines or not lines[0].startswith("#node "):
        return None
    node, table, nodes, found = "", "", [], []
    for line in lines:
        words = line.split()
        if line.startswith("#node ") and table != "none":
            node, table = line[6:], "none"
            nodes.append(node)
        elif table == "none" and words == _HEADING:
            table = "tags"
        elif table == "tags" and words == _MACHINES:
            table = "machines"
        elif table == "tags" and len(words) == len(_HEADING) and words[3] in _STATES:
            found.append((node, _BRANCH.sub("", words[1]), words[3]))
        elif words and not (table == "machines" and len(words) == len(_MACHINES)):
            return None
    if table == "none" or not found:
        return None
    return frozenset({*(f"{name}:online" for name in nodes), *_facts(found)})


def _facts(found: list[tuple[str, str, str]]) -> Iterator[str]:
    for tag in {tag for _, tag, _ in found}:
        sides = [(node, state) for node, name, state in found if name == tag]
        serving = [(node, state) for node, state in sides if state in ("ISP", "ISU")]
        failed = any(state in ("OSF", "ILLSTATE") for _, state in sides)
        if failed or len(serving) > 1:
            yield f"{tag}:failed"
        elif serving:
            yield f"{tag}:started@{serving[0][0]}"
            yield from [f"{tag}:managed"] if serving[0][1] == "ISP" else []
        else:
            yield f"{tag}:stopped"
