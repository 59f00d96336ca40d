"""WSFC through the FailoverClusters module of PowerShell: Windows Server 2008 R2 and later (facts 2.1). Text only.

Everything works with PowerShell 2.0 and asks the cluster of the node itself, so no sign-in is passed on to another machine.
Never `-Drain`: a drained node's groups come back when it is resumed. There is no pause of the monitoring of a group: the step
becomes the offline of JobCenter's resource. Older servers: mscs.py. wsfc_state.py reads the answers.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from app.domain.clusterware.generic import Generic
from app.domain.clusterware.verbs import GROUP_STATES, NODE_STATES, WAIT, Standing, Verb
from app.domain.shell import powershell_header, powershell_word
from app.domain.text import Text

if TYPE_CHECKING:
    from app.domain.cluster import Cluster

PROVEN: Standing = "published"
SERVICE = "ClusSvc"

_START = """\
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
trap { [Console]::Error.WriteLine([string]$_); exit 1 }
Import-Module FailoverClusters"""

_NAME = """\
function Get-NameOf($it) { if ($it.Name) { [string]$it.Name } else { [string]$it } }"""

_FIND = """\
function Find-SiteResource([string]$group, [string]$site) {
  $all = @(Get-ClusterResource | Where-Object {
    (Get-NameOf $_.OwnerGroup) -eq $group -and @('Generic Script', 'JobCenterCluster') -contains (Get-NameOf $_.ResourceType)
  })
  foreach ($one in $all) {
    $named = @($one | Get-ClusterParameter | Where-Object { $_.Name -eq 'SiteName' -and [string]$_.Value -ne '' })
    if ($named.Count -eq 0) { if ($all.Count -eq 1) { $one } }
    elseif ([string]$named[0].Value -eq $site) { $one }
  }
}"""
"""JobCenter's resource of a site: by its type in the group, and by its property SiteName. Where the group has one only and that
has no such property, it is that one; one that names another site never is."""

_QUORUM = """\
$nodes = @(Get-ClusterNode)
$others = @($nodes | Where-Object { [string]$_.Name -ne $env:COMPUTERNAME -and [string]$_.State -ne 'Down' })
$witness = 0
if ((Get-ClusterQuorum).QuorumResource) { $witness = 1 }
if (($others.Count + $witness) * 2 -le $nodes.Count + $witness) {
  throw 'the cluster could lose its quorum without this node: judge it, and use Stop-ClusterNode by hand'
}
if (@(Get-ClusterGroup | Where-Object {
  (Get-NameOf $_.OwnerNode) -eq $env:COMPUTERNAME -and $groups -contains [string]$_.Name -and [string]$_.State -ne 'Offline'
}).Count -gt 0) { throw 'this node carries a group of JobCenter' }"""
"""Stop-ClusterNode would look after the quorum, but it cannot be run from afar without CredSSP (facts 2.1)."""

NO_PAUSE = Text(
    ja=(
        "WSFC には、グループの監視だけを止める操作がありません。代わりに、サイトの JobCenter リソースだけをオフラインにします。"
        "共有ディスクのリソースはオンラインのままにします。"
    ),
    en=(
        "WSFC cannot pause the monitoring of a group. Take only the JobCenter resource of the site offline instead; "
        "the resource of the shared disk stays online."
    ),
)
NOTHING_PAUSED = Text(
    ja="WSFC には監視の再開という操作がありません。オフラインにしたサイトの JobCenter リソースをオンラインに戻します。",
    en="WSFC has no monitoring to resume. Bring the JobCenter resource of the site, which was taken offline, online again.",
)


def _script(*lines: str) -> str:
    return "\n".join((_START, *lines))


class Wsfc(Generic):
    """The verbs as scripts for PowerShell; a paused node reads as `standby`."""

    state_parser = "wsfc@1"
    states = NODE_STATES | GROUP_STATES - {"unmanaged"} | {"partial", "absent", "several"}
    of_resources = True
    standing = PROVEN

    def __init__(self, cluster: Cluster) -> None:
        super().__init__("wsfc")
        self._sites = tuple((site.group, site.virtual_host or site.name) for site in cluster.sites)
        self._nodes = tuple(node.name for node in cluster.nodes)
        self._groups = cluster.groups
        versions = f"{cluster.clusterware_version or ''} {cluster.os_version or ''}"
        # Windows Server 2008 R2 has no -Failback, and moves nothing back by itself
        self._failback = "" if re.search(r"2008 ?R2|\b6\.1\b", versions) else " -Failback NoFailback"

    def _run(self, words: Verb, text: str, present: tuple[str, ...], absent: tuple[str, ...] = ()) -> Verb:
        return self._command(words, text, present, absent, spoken="powershell")

    def pause(self, node: str) -> Verb:
        text = _script(f"Suspend-ClusterNode -Name {powershell_word(node)}")
        return self._run(super().pause(node), text, (f"{node}:standby",))

    def resume(self, node: str) -> Verb:
        text = _script(f"Resume-ClusterNode -Name {powershell_word(node)}{self._failback}")
        return self._run(super().resume(node), text, (f"{node}:online",))

    def stop_monitoring(self, group: str) -> Verb:
        """Cannot be done, and says so."""
        shown = f"Stop-ClusterResource -Name <{group}: JobCenter> -Wait {WAIT}"
        return replace(super().stop_monitoring(group), manual=NO_PAUSE, shown=shown)

    def resume_monitoring(self, group: str) -> Verb:
        """Cannot be done, and says so."""
        shown = f"Start-ClusterResource -Name <{group}: JobCenter> -Wait {WAIT}"
        return replace(super().resume_monitoring(group), manual=NOTHING_PAUSED, shown=shown)

    def move(self, group: str, node: str) -> Verb:
        text = _script(
            f"Move-ClusterGroup -Name {powershell_word(group)} -Node {powershell_word(node)} -Wait {WAIT}"
        )
        present = (f"{group}:started@{node}", f"{group}:managed")
        return self._run(super().move(group, node), text, present, (f"{group}:failed", f"{group}:pending"))

    def offline(self, group: str, site: str) -> Verb:
        text = self._resource(group, site, f"Stop-ClusterResource -Name $found[0].Name -Wait {WAIT}")
        return self._run(super().offline(group, site), text, (f"{group}/{site}:offline",))

    def online(self, group: str, site: str) -> Verb:
        text = self._resource(group, site, f"Start-ClusterResource -Name $found[0].Name -Wait {WAIT}")
        return self._run(super().online(group, site), text, (f"{group}/{site}:online",), (f"{group}:failed",))

    @staticmethod
    def _resource(group: str, site: str, doing: str) -> str:
        """Exactly one resource is acted on; none or several are an error."""
        places = f"{powershell_word(group)} {powershell_word(site)}"
        return _script(
            _NAME,
            _FIND,
            f"$found = @(Find-SiteResource {places})",
            "if ($found.Count -ne 1) {",
            "  throw ('one JobCenter resource (by SiteName) was expected, found ' + $found.Count + ': ' + "
            f"{powershell_word(f'{group} / {site}')})",
            "}",
            doing,
        )

    def stop_group(self, group: str) -> Verb:
        text = _script(f"Stop-ClusterGroup -Name {powershell_word(group)} -Wait {WAIT}")
        return self._run(super().stop_group(group), text, (f"{group}:stopped",))

    def start_group(self, group: str, node: str) -> Verb:
        """A group starts where it is owned: it is moved first where that is another node."""
        name, place = powershell_word(group), powershell_word(node)
        text = _script(
            _NAME,
            f"if ((Get-NameOf (Get-ClusterGroup -Name {name}).OwnerNode) -ne {place}) {{",
            f"  Move-ClusterGroup -Name {name} -Node {place} -Wait {WAIT}",
            "}",
            f"Start-ClusterGroup -Name {name} -Wait {WAIT}",
        )
        absent = (f"{group}:failed", f"{group}:pending")
        return self._run(super().start_group(group, node), text, (f"{group}:started@{node}",), absent)

    def stop_node(self, node: str) -> Verb:
        groups = ", ".join(powershell_word(group) for group in self._groups)
        text = _script(
            _NAME, *_here(node), f"$groups = @({groups})", _QUORUM, f"Stop-Service -Name {SERVICE}"
        )
        return self._service(super().stop_node(node), text, f"{SERVICE}:stopped")

    def start_node(self, node: str) -> Verb:
        text = "\n".join((*_START.splitlines()[:4], *_here(node), f"Start-Service -Name {SERVICE}"))
        return self._service(super().start_node(node), text, f"{SERVICE}:running")

    def _service(self, words: Verb, text: str, fact: str) -> Verb:
        return self._command(
            words, text, (fact,), spoken="powershell", probe="service", params={"name": SERVICE}
        )

    def read_state(self) -> str:
        """Lines of our own, tab between fields, from the objects' names and states as strings: node, group, site, `#end`.

        Windows takes names in either case: they are printed as the cluster file writes them, since facts are compared."""
        sites = "\n".join(
            f"Write-Site {powershell_word(group)} {powershell_word(site)}" for group, site in self._sites
        )
        return _script(
            powershell_header("cluster"),
            _NAME,
            _FIND,
            "function Write-Site([string]$group, [string]$site) {",
            "  $found = @(Find-SiteResource $group $site)",
            '  $state = "$($found.Count) resources"',
            "  if ($found.Count -eq 1) { $state = [string]$found[0].State }",
            '  Write-Output "site`t$group`t$site`t$state"',
            "}",
            f"$written = @({', '.join(powershell_word(name) for name in (*self._nodes, *self._groups))})",
            "function Get-Written([string]$name) {",
            "  foreach ($one in $written) { if ($one -eq $name) { return $one } }",
            "  return $name",
            "}",
            "foreach ($node in @(Get-ClusterNode)) {",
            '  Write-Output "node`t$(Get-Written $node.Name)`t$([string]$node.State)"',
            "}",
            "foreach ($group in @(Get-ClusterGroup)) {",
            "  $owner = Get-Written (Get-NameOf $group.OwnerNode)",
            '  Write-Output "group`t$(Get-Written $group.Name)`t$owner`t$([string]$group.State)"',
            "}",
            sites,
            "Write-Output '#end'",
        )


def _here(node: str) -> tuple[str, ...]:
    """The guard of what acts on the machine that it runs on: it must be that node."""
    return (
        f"if ($env:COMPUTERNAME -ne {powershell_word(node)}) {{ throw ('this is ' + $env:COMPUTERNAME) }}",
    )
