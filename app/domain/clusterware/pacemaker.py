"""Pacemaker through pcs and crm_mon (facts 2.3; ClusterLabs pcs.8, crm_mon). Command text only; crm.py reads the answers.

`clusterware_version` is that of pcs: 0.9 (RHEL 6, 7) says `pcs cluster standby`, and its Pacemaker 1.1 `crm_mon --as-xml`;
before 0.11 `pcs resource move` leaves a cli-prefer constraint behind, which is cleared at once. All of it was run on a real
cluster with pcs 0.11 (tests/domain/samples/clusterware/pacemaker.yaml); 0.9, 0.10 and 0.12 are as their manuals have it.
"""

from __future__ import annotations

import re

from app.domain.clusterware.verbs import GROUP_STATES, NODE_STATES, WAIT, Standing, Teller, Verb
from app.domain.shell import header, word

PROVEN: Standing = "captured"
_NEWEST_KNOWN = (0, 11)


class Pacemaker(Teller):
    """Every verb waits with a number of seconds and is proved by the `cluster` probe."""

    state_parser = "cluster@1"
    states = NODE_STATES | GROUP_STATES
    constraints_parser = "constraints@1"

    def __init__(self, version: str | None) -> None:
        numbers = re.match(r"(\d+)\.(\d+)", version or "")
        self.version = (int(numbers[1]), int(numbers[2])) if numbers else _NEWEST_KNOWN
        self._node = "pcs cluster" if self.version < (0, 10) else "pcs node"

    def pause(self, node: str) -> Verb:
        return Verb(f"{self._node} standby {word(node)} --wait={WAIT}", present=(f"{node}:standby",))

    def resume(self, node: str) -> Verb:
        return Verb(f"{self._node} unstandby {word(node)} --wait={WAIT}", present=(f"{node}:online",))

    def stop_monitoring(self, group: str) -> Verb:
        return Verb(f"pcs resource unmanage {word(group)} --monitor", present=(f"{group}:unmanaged",))

    def resume_monitoring(self, group: str) -> Verb:
        # The refresh looks at the real state first: the stopped site is then started afresh. Without it the first monitor
        # counts a failure, and a migration-threshold of 1 would send the group to the other node.
        # pcs before 0.9.160 has no refresh; the site is watched again all the same.
        text = (
            f"pcs resource refresh {word(group)} || echo 'no refresh: going on' >&2\n"
            f"pcs resource manage {word(group)} --monitor"
        )
        return Verb(text, present=(f"{group}:managed",), absent=(f"{group}:failed", f"{group}:pending"))

    def move(self, group: str, node: str) -> Verb:
        text = f"pcs resource move {word(group)} {word(node)} --wait={WAIT}"
        if self.version < (0, 11):
            text += f" && pcs resource clear {word(group)} --wait={WAIT}"
        return Verb(
            text,
            present=(f"{group}:started@{node}", f"{group}:managed"),
            absent=(f"{group}:failed", f"{group}:pending"),
        )

    def offline(self, group: str, site: str) -> Verb:  # noqa: ARG002 - the whole group is left alone
        """The site is stopped by its own command afterwards; the disk stays mounted."""
        return self.stop_monitoring(group)

    def online(self, group: str, site: str) -> Verb:  # noqa: ARG002
        """Taken back, the group starts what is down."""
        return self.resume_monitoring(group)

    def stop_group(self, group: str) -> Verb:
        """A node that has only just joined says of every group that it is stopped, and that there is no quorum."""
        text = f"pcs resource disable {word(group)} --wait={WAIT}"
        return Verb(text, present=(f"{group}:stopped",), absent=("no-quorum",))

    def start_group(self, group: str, node: str) -> Verb:
        return Verb(
            f"pcs resource enable {word(group)} --wait={WAIT}",
            present=(f"{group}:started@{node}",),
            absent=(f"{group}:failed", f"{group}:pending"),
        )

    def stop_node(self, node: str) -> Verb:
        """pcs refuses where the quorum would be lost. Once stopped, crm_mon on that node ends with status 102."""
        return Verb(f"pcs cluster stop {word(node)}", present=("stopped",), probe="cluster_service")

    def start_node(self, node: str) -> Verb:
        return Verb(f"pcs cluster start {word(node)} --wait={WAIT}", present=(f"{node}:online",))

    def read_state(self) -> str:
        form = "--as-xml" if self.version < (0, 10) else "--output-as=xml"
        return f"{header('cluster')}\nLC_ALL=C crm_mon {form} -1"

    def read_constraints(self) -> str:
        return f"{header('constraints')}\nLC_ALL=C pcs constraint --full || exit 1\necho '#end'"

    def read_service(self) -> str:
        return f"""\
{header("cluster_service")}
LC_ALL=C ps -e -o comm= | awk '$1 == "pacemakerd" {{found = 1}} END {{print found ? "running" : "stopped"}}' || exit 1
echo '#end'"""
