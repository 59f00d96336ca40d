"""The report that every abort ends with: how each node was left, and what stands between that and a sound cluster.

`survey` asks the nodes (no transaction may be open); `report_of` reads a stored survey back; `advice` says how to go on.
What could not be read is said to be unread, never left out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from app.domain.cluster import Cluster
from app.domain.errors import Refusal
from app.domain.text import Text
from app.domain.versions import Version
from app.models import MaintenanceSession
from app.web.live import LOCAL, Live, look
from app.web.services import Services

NOT_READ = Text(
    ja="このコンソールからはノードに接続できないため、状態を読み取っていません。",
    en="This console reaches no nodes, so nothing was read.",
)


@dataclass(frozen=True)
class Report:
    """A stored survey: `nodes` and `groups` as `survey` wrote them, `advice` in the order in which to act."""

    at: int
    nodes: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    problem: Text | None
    advice: list[Text]


async def survey(services: Services, cluster_id: int, cluster: Cluster) -> dict[str, Any]:
    """The state of every node at this moment, as whole numbers, words and texts that can be stored."""
    if services.links is None or services.targets_of is None:
        return {"at": services.clock(), "nodes": [], "groups": [], "problem": NOT_READ.model_dump()}
    try:
        targets = await services.targets_of(cluster_id)
    except Refusal as refusal:
        return {"at": services.clock(), "nodes": [], "groups": [], "problem": refusal.message.model_dump()}
    return stored(await look(services.links, targets, cluster, services.clock()), cluster)


def stored(live: Live, cluster: Cluster) -> dict[str, Any]:
    """What was seen, as a value that JSON holds."""
    roles = {node.name: node.role for node in cluster.nodes}
    nodes = [
        {
            "node": node.name,
            "role": roles[node.name],
            "problem": node.problem.model_dump() if node.problem else None,
            "code": node.code,
            "version": node.version,
            "state": live.states[node.name],
            "sites": [{"site": s.name, "state": s.state, "missing": list(s.missing)} for s in node.sites],
        }
        for node in live.nodes
    ]
    groups = [{"group": g.name, "owner": g.owner, "words": list(g.words)} for g in live.groups]
    return {"at": live.at, "nodes": nodes, "groups": groups, "problem": None}


def report_of(session: MaintenanceSession) -> Report | None:
    """The stored survey of an aborted session."""
    if not session.resting_state:
        return None
    told = json.loads(session.resting_state)
    problem = Text.model_validate(told["problem"]) if told.get("problem") else None
    return Report(told["at"], told["nodes"], told["groups"], problem, advice(told, session.cluster.cluster))


def advice(told: dict[str, Any], cluster: Cluster) -> list[Text]:
    """What to look at and do, each from something that was seen."""
    nodes, groups = told["nodes"], told["groups"]
    return [
        *_unread(nodes),
        *_versions(nodes),
        *_paused(nodes),
        *(_group(group, cluster) for group in groups if _group_is_off(group, cluster)),
        *_sites(nodes),
        *_outdated(nodes, cluster),
        Text(
            ja="続きは、現在の版と役割をクラスタ定義に反映してから、新しいセッションで計画を作り直してください。"
            "新しい計画は、現在の状態を読み取って確かめるところから始まります。",
            en="To go on, bring versions and roles of the cluster's entry up to date, then make a new session: its plan begins "
            "with reading and checking the state as it is.",
        ),
    ]


def _unread(nodes: list[dict[str, Any]]) -> list[Text]:
    silent = ", ".join(node["node"] for node in nodes if node["problem"])
    if not silent:
        return []
    return [
        Text(
            ja=f"{silent} の状態は読み取れませんでした。ノードのコンソールで直接確認してください。",
            en=f"{silent} could not be read. Look at it at its own console.",
        )
    ]


def _versions(nodes: list[dict[str, Any]]) -> list[Text]:
    found = {node["node"]: node["version"] for node in nodes if node["version"]}
    if len(set(found.values())) < 2:
        return []
    listed = ", ".join(f"{node} = {version}" for node, version in found.items())
    return [
        Text(
            ja=f"ノードの版が混在しています（{listed}）。この状態での切り替えは避け、早めに版をそろえてください。",
            en=f"The nodes have different versions ({listed}). Avoid a failover, and bring them to one version soon.",
        )
    ]


def _outdated(nodes: list[dict[str, Any]], cluster: Cluster) -> list[Text]:
    entry = {node.name: cluster.installed(node) for node in cluster.nodes}
    found = [
        f"{node['node']} = {node['version']}"
        for node in nodes
        if node["version"] and Version.parse(node["version"]) != entry[node["node"]]
    ]
    if not found:
        return []
    return [
        Text(
            ja=f"クラスタ定義の版と、ノードで読み取った版が異なります（{', '.join(found)}）。",
            en=f"The versions read on the nodes are not those of the cluster's entry ({', '.join(found)}).",
        )
    ]


def _paused(nodes: list[dict[str, Any]]) -> list[Text]:
    return [
        Text(
            ja=f"{node['node']} は一時停止（{node['state']}）のままです。作業途中でないことを確かめてから解除してください。"
            "解除するまで、このノードへは切り替わりません。",
            en=f"{node['node']} is still paused ({node['state']}). Resume it once it is sound; nothing fails over to it before.",
        )
        for node in nodes
        if node["state"] in ("standby", "maintenance")
    ]


def _group_is_off(group: dict[str, Any], cluster: Cluster) -> bool:
    return group["owner"] != cluster.active.name or bool(
        {"unmanaged", "failed", "stopped"} & set(group["words"])
    )


def _group(group: dict[str, Any], cluster: Cluster) -> Text:
    owner = group["owner"] or "–"
    words = ", ".join(group["words"]) or "–"
    return Text(
        ja=f"グループ {group['group']} は {owner} にあり、状態は {words} です（計画では {cluster.active.name} で稼働・監視中）。"
        "業務への影響を確認し、必要であれば監視の再開や切り戻しを行ってください。",
        en=f"Group {group['group']} is on {owner}, its state {words} (the plan expects it started and managed on "
        f"{cluster.active.name}). Check the service; resume monitoring or move it back where needed.",
    )


def _sites(nodes: list[dict[str, Any]]) -> list[Text]:
    names = dict.fromkeys(s["site"] for node in nodes for s in node["sites"] if s["site"] != LOCAL)
    found = {
        name: [s["state"] for node in nodes for s in node["sites"] if s["site"] == name] for name in names
    }
    silent = any(node["problem"] for node in nodes)
    return [
        _not_up(name, silent or "unread" in states) for name, states in found.items() if "up" not in states
    ]


def _not_up(site: str, unsure: bool) -> Text:
    if unsure:
        return Text(
            ja=f"サイト {site} が起動していることを確認できませんでした。読み取れなかったノードも含めて確認してください。",
            en=f"Site {site} was not seen running. Look at the nodes that could not be read as well.",
        )
    return Text(
        ja=f"サイト {site} は、どのノードでも完全には起動していません。業務が停止しているおそれがあります。",
        en=f"Site {site} is not wholly up on any node: the service may be down.",
    )
