"""WSFC and MSCS before Windows Server 2008 R2, through cluster.exe (facts 2.1). The commands are shown, none is run.

What cluster.exe prints is translated, and there are no objects to ask: nothing proves what a command did, so a person does
each step. Its syntax is Microsoft's (Appendix A, Cluster.exe Commands; cluster resource, Windows Server 2003).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from app.domain.clusterware.generic import Generic
from app.domain.clusterware.verbs import WAIT, Standing, Verb
from app.domain.clusterware.wsfc import NO_PAUSE, NOTHING_PAUSED
from app.domain.shell import cmd_word

if TYPE_CHECKING:
    from app.domain.cluster import Cluster

PROVEN: Standing = "constructed"
_YEAR = re.compile(r"(2000|2003|2008)(?! ?R2)|cluster\.exe|mscs", re.IGNORECASE)
_R2_OF_2003 = re.compile(r"2003 ?R2", re.IGNORECASE)


class Mscs(Generic):
    """cluster.exe's command for each verb, for the person who carries it out."""

    standing = PROVEN

    def __init__(self) -> None:
        super().__init__("wsfc")

    @staticmethod
    def speaks(cluster: Cluster) -> bool:
        """Whether the cluster file names a Windows from before the PowerShell module (2008 R2 has it)."""
        versions = f"{cluster.clusterware_version or ''} {cluster.os_version or ''}"
        return bool(_YEAR.search(versions) or _R2_OF_2003.search(versions))

    def pause(self, node: str) -> Verb:
        return replace(super().pause(node), shown=f"cluster node {cmd_word(node)} /pause")

    def resume(self, node: str) -> Verb:
        return replace(super().resume(node), shown=f"cluster node {cmd_word(node)} /resume")

    def stop_monitoring(self, group: str) -> Verb:
        return replace(super().stop_monitoring(group), manual=NO_PAUSE, shown=_resource("offline"))

    def resume_monitoring(self, group: str) -> Verb:
        return replace(super().resume_monitoring(group), manual=NOTHING_PAUSED, shown=_resource("online"))

    def move(self, group: str, node: str) -> Verb:
        shown = f"cluster group {cmd_word(group)} /moveto:{cmd_word(node)} /wait:{WAIT}"
        return replace(super().move(group, node), shown=shown)

    def offline(self, group: str, site: str) -> Verb:
        return replace(super().offline(group, site), shown=_resource("offline"))

    def online(self, group: str, site: str) -> Verb:
        return replace(super().online(group, site), shown=_resource("online"))

    def stop_group(self, group: str) -> Verb:
        shown = f"cluster group {cmd_word(group)} /offline /wait:{WAIT}"
        return replace(super().stop_group(group), shown=shown)

    def start_group(self, group: str, node: str) -> Verb:
        shown = f"cluster group {cmd_word(group)} /online:{cmd_word(node)} /wait:{WAIT}"
        return replace(super().start_group(group, node), shown=shown)

    def stop_node(self, node: str) -> Verb:
        return replace(super().stop_node(node), shown="net stop clussvc")

    def start_node(self, node: str) -> Verb:
        return replace(super().start_node(node), shown="net start clussvc")


def _resource(doing: str) -> str:
    return f'cluster resource "<JobCenter>" /{doing} /wait:{WAIT}'
