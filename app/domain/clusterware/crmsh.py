"""Pacemaker through the crm shell of SUSE (`clusterware_version: crm 4.4`). Command text only; crm.py reads the answers.

Run on a real cluster with crmsh 4.4. Older ones call things otherwise (migrate, unmigrate), so below 4.0 the commands are
shown and not run. crm does not wait by a number of seconds: `crm_resource --wait` does. Stopping and starting a node's service
needs the keys between the nodes that SUSE's set-up makes; without them crm fails and changes nothing.
"""

from __future__ import annotations

import re

from app.domain.clusterware.generic import Generic
from app.domain.clusterware.pacemaker import Pacemaker
from app.domain.clusterware.verbs import WAIT, Standing, Verb
from app.domain.shell import header, word

PROVEN: Standing = "captured"
_SETTLED = f"crm_resource --wait --timeout={WAIT}s"
_FORM = re.compile(r"crm(?:sh)?[ /-]*(?:(\d+)(?:\.(\d+))?\S*)?", re.IGNORECASE)
_OLDEST_KNOWN = (4, 0)


class Crmsh(Generic):
    """The same proofs as with pcs; `maintenance` of a group stops both its management and its monitors."""

    constraints_parser = "cib_constraints@1"
    states = Pacemaker.states

    def __init__(self, version: str | None) -> None:
        super().__init__("pacemaker")
        numbers = _FORM.match(version or "")
        known = not numbers or not numbers[1] or (int(numbers[1]), int(numbers[2] or 0)) >= _OLDEST_KNOWN
        self.standing = PROVEN if known else "constructed"
        self._pcs = Pacemaker(None)

    @staticmethod
    def speaks(version: str | None) -> bool:
        """Whether a cluster file's `clusterware_version` names the crm shell."""
        return bool(_FORM.match(version or ""))

    def pause(self, node: str) -> Verb:
        text = f"crm node standby {word(node)} && {_SETTLED}"
        return self._command(super().pause(node), text, (f"{node}:standby",))

    def resume(self, node: str) -> Verb:
        text = f"crm node online {word(node)} && {_SETTLED}"
        return self._command(super().resume(node), text, (f"{node}:online",))

    def stop_monitoring(self, group: str) -> Verb:
        text = f"crm resource maintenance {word(group)} on && {_SETTLED}"
        return self._command(super().stop_monitoring(group), text, (f"{group}:unmanaged",))

    def resume_monitoring(self, group: str) -> Verb:
        # as with pcs: the real state first, then the management
        text = (
            f"crm resource refresh {word(group)} || echo 'no refresh: going on' >&2\n"
            f"crm resource maintenance {word(group)} off && {_SETTLED}"
        )
        return self._command(
            super().resume_monitoring(group),
            text,
            (f"{group}:managed",),
            (f"{group}:failed", f"{group}:pending"),
        )

    def move(self, group: str, node: str) -> Verb:
        # the preference is cleared only once everything has settled: else the group could turn back half-way
        text = (
            f"crm resource move {word(group)} {word(node)} && {_SETTLED} "
            f"&& crm resource clear {word(group)} && {_SETTLED}"
        )
        present = (f"{group}:started@{node}", f"{group}:managed")
        return self._command(
            super().move(group, node), text, present, (f"{group}:failed", f"{group}:pending")
        )

    def offline(self, group: str, site: str) -> Verb:  # noqa: ARG002 - the whole group is left alone
        """The site is stopped by its own command afterwards; the disk stays mounted."""
        return self.stop_monitoring(group)

    def online(self, group: str, site: str) -> Verb:  # noqa: ARG002
        """Taken back, the group starts what is down."""
        return self.resume_monitoring(group)

    def stop_group(self, group: str) -> Verb:
        text = f"crm resource stop {word(group)} && {_SETTLED}"
        return self._command(super().stop_group(group), text, (f"{group}:stopped",), ("no-quorum",))

    def start_group(self, group: str, node: str) -> Verb:
        text = f"crm resource start {word(group)} && {_SETTLED}"
        return self._command(
            super().start_group(group, node),
            text,
            (f"{group}:started@{node}",),
            (f"{group}:failed", f"{group}:pending"),
        )

    def stop_node(self, node: str) -> Verb:
        text = f"crm cluster stop {word(node)}"
        return self._command(super().stop_node(node), text, ("stopped",), probe="cluster_service")

    def start_node(self, node: str) -> Verb:
        text = f"crm cluster start {word(node)}"
        return self._command(super().start_node(node), text, (f"{node}:online",))

    def read_state(self) -> str:
        return self._pcs.read_state()

    def read_constraints(self) -> str:
        return f"{header('constraints')}\nLC_ALL=C cibadmin --query --scope constraints"

    def read_service(self) -> str:
        return self._pcs.read_service()
