"""Asks the nodes of a cluster how they are at this instant: state, group owners, versions, processes. Read-only.

Uses the closed list of probes and nothing else, all of them at once, five seconds at most. Opens no transaction: whoever
calls must not hold one. What cannot be read is None, never "down".
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain import checks, jobcenter
from app.domain.cluster import Cluster
from app.domain.errors import Invalid
from app.domain.parsers import Facts
from app.domain.probes import READ_ONLY
from app.domain.text import Text
from app.domain.versions import Version
from app.nodes import HostKeyChanged, HostKeyUnknown, Links, NodeError, OfferedKey, Target

SECONDS = 5.0
LOCAL = "local"
Answer = Facts | NodeError | None


@dataclass(frozen=True)
class SiteLive:
    """One site on one node: `state` is up, partly, down, or unread; `missing` names the processes that are not there."""

    name: str
    state: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class NodeLive:
    """One node as it answered. `problem` is why it did not; `facts` are the cluster's state as this node sees it."""

    name: str
    version: str | None = None
    sites: tuple[SiteLive, ...] = ()
    facts: Facts | None = None
    problem: Text | None = None
    code: str | None = None
    offered: OfferedKey | None = None


@dataclass(frozen=True)
class GroupLive:
    """One group: where it is started (None: nowhere, or not known), and the words of its state."""

    name: str
    owner: str | None
    words: tuple[str, ...]


@dataclass(frozen=True)
class Live:
    """The cluster at one instant (`at`: UTC microseconds). `differing`: the nodes do not agree on the cluster's state."""

    at: int
    nodes: tuple[NodeLive, ...]
    states: Mapping[str, str]
    groups: tuple[GroupLive, ...]
    differing: bool
    maintenance: bool
    readable: bool


async def look(links: Links, targets: Mapping[str, Target], cluster: Cluster, at: int) -> Live:
    """Every node side by side. Never raises for a node: what is wrong with one stands in its entry."""
    nodes = await asyncio.gather(*(_node(links, targets[node.name], cluster) for node in cluster.nodes))
    seen = [node.facts for node in nodes if node.facts is not None]
    facts = seen[0] if seen else frozenset()
    return Live(
        at=at,
        nodes=tuple(nodes),
        states={node.name: _state(facts, node.name) for node in cluster.nodes},
        groups=tuple(_group(facts, group) for group in cluster.groups),
        differing=len(set(seen)) > 1,
        maintenance="maintenance-mode" in facts,
        readable=bool(seen),
    )


async def _node(links: Links, target: Target, cluster: Cluster) -> NodeLive:
    sites = [site.name for site in cluster.sites] + [LOCAL]
    asked = [("versions", {}), ("cluster", {}), *(("processes", {"site": site}) for site in sites)]
    answers = await asyncio.gather(*(_ask(links, target, cluster, name, params) for name, params in asked))
    errors = [answer for answer in answers if isinstance(answer, NodeError)]
    if errors:
        return _unread(target, errors[0])
    version, facts, *running = [answer for answer in answers if not isinstance(answer, NodeError)]
    found = _version(version)
    shown = tuple(_site(name, facts, found, cluster) for name, facts in zip(sites, running, strict=True))
    return NodeLive(target.name, found.canonical if found else None, shown, facts)


def _unread(target: Target, error: NodeError) -> NodeLive:
    offered = error.offered if isinstance(error, (HostKeyUnknown, HostKeyChanged)) else None
    return NodeLive(target.name, problem=error.message, code=error.code, offered=offered)


async def _ask(
    links: Links, target: Target, cluster: Cluster, name: str, params: Mapping[str, str]
) -> Answer:
    """The facts of one probe; None where this cluster cannot be asked or the answer cannot be read."""
    probe = READ_ONLY[name]
    commands = probe.commands(params, cluster)
    if commands is None:
        return None
    try:
        answer = await links.read(target, commands[0], timeout=SECONDS)
    except NodeError as error:
        return error
    return checks.PARSERS[probe.parser(cluster)](answer.stdout, answer.exit_status)


def _version(facts: Facts | None) -> Version | None:
    for fact in facts or ():
        if fact.startswith("version:"):
            try:
                return Version.parse(fact.removeprefix("version:"))
            except Invalid:
                return None
    return None


def _site(name: str, facts: Facts | None, version: Version | None, cluster: Cluster) -> SiteLive:
    if facts is None:
        return SiteLive(name, "unread")
    at = version or cluster.version
    expected = (
        jobcenter.local_processes(at, cluster.os)
        if name == LOCAL
        else jobcenter.site_processes(at, cluster.os)
    )
    wanted = jobcenter.own(expected)
    missing = tuple(process for process in wanted if process not in facts)
    if len(missing) == len(wanted):
        return SiteLive(name, "down")
    return SiteLive(name, "partly" if missing else "up", missing)


def _state(facts: Facts, node: str) -> str:
    states = sorted(fact.removeprefix(f"{node}:") for fact in facts if fact.startswith(f"{node}:"))
    return states[0] if states else "unread"


def _group(facts: Facts, group: str) -> GroupLive:
    words = sorted(fact.removeprefix(f"{group}:") for fact in facts if fact.startswith(f"{group}:"))
    owners = [word.removeprefix("started@") for word in words if word.startswith("started@")]
    return GroupLive(
        group, owners[0] if owners else None, tuple(w for w in words if not w.startswith("started@"))
    )


def new_keys(live: Live, cluster: Cluster) -> Sequence[tuple[str, int, OfferedKey]]:
    """(address, port, key) of every host key that was shown and is not the accepted one."""
    places = {node.name: (node.address, node.port) for node in cluster.nodes}
    return [(*places[node.name], node.offered) for node in live.nodes if node.offered is not None]
