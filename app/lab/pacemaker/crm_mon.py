"""crm_mon's two outputs from a Cluster, as Pacemaker 2.1.5 prints them. Pure: text out."""

from __future__ import annotations

import time
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from app.lab.pacemaker.decide import managed
from app.lab.pacemaker.state import AGENTS, INFINITY, Cluster, Group, Operation, Resource

_VERSION = "2.1.5-7.el9-a3f44794f94"
_CODES = {0: "ok", 1: "error", 7: "not running"}


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _clock(seconds: float) -> str:
    return time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(seconds))


def xml(cluster: Cluster, request: str) -> str:
    """`crm_mon --output-as=xml -1`."""
    root = Element("pacemaker-result", {"api-version": "2.25", "request": request})
    _summary(SubElement(root, "summary"), cluster)
    nodes = SubElement(root, "nodes")
    for number, name in enumerate(cluster.nodes, 1):
        _node(nodes, cluster, number, name)
    resources = SubElement(root, "resources")
    for group in cluster.groups:
        _group(resources, cluster, group)
    _history(root, cluster)
    _failures(root, cluster)
    banned = [rule for rule in cluster.constraints if rule.score <= -INFINITY]
    if banned:
        bans = SubElement(root, "bans")
        for rule in banned:
            SubElement(bans, "ban", {
                "id": rule.id, "resource": rule.group, "node": rule.node, "weight": str(rule.score),
                "promoted-only": "false", "master_only": "false",
            })  # fmt: skip
    SubElement(root, "status", {"code": "0", "message": "OK"})
    ElementTree.indent(root)
    return f'<?xml version="1.0"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _summary(summary: Element, cluster: Cluster) -> None:
    SubElement(summary, "stack", {"type": "corosync"})
    dc = cluster.dc()
    attributes = {"present": _flag(dc is not None)}
    if dc:
        number = str(cluster.nodes.index(dc) + 1)
        attributes |= {
            "version": _VERSION,
            "name": dc,
            "id": number,
            "with_quorum": "true",
            "mixed_version": "false",
        }
    SubElement(summary, "current_dc", attributes)
    SubElement(summary, "last_update", {"time": _clock(time.time()), "origin": dc or ""})
    SubElement(
        summary, "last_change", {"time": _clock(cluster.changed), "user": "root", "client": "cibadmin"}
    )
    SubElement(summary, "nodes_configured", {"number": str(len(cluster.nodes))})
    every = list(cluster.resources())
    disabled = sum(len(group.resources) for group in cluster.groups if group.disabled)
    blocked = sum(resource.blocked for resource in every)
    counts = {"number": str(len(every)), "disabled": str(disabled), "blocked": str(blocked)}
    SubElement(summary, "resources_configured", counts)
    SubElement(summary, "cluster_options", {
        "stonith-enabled": "false", "symmetric-cluster": "true", "no-quorum-policy": "ignore",
        "maintenance-mode": _flag(cluster.maintenance_mode), "stop-all-resources": "false",
        "stonith-timeout-ms": "60000", "priority-fencing-delay-ms": "0",
    })  # fmt: skip


def _node(nodes: Element, cluster: Cluster, number: int, name: str) -> None:
    life = cluster.life.get(name, "offline")
    running = sum(resource.active and resource.node == name for resource in cluster.resources())
    SubElement(nodes, "node", {
        "name": name, "id": str(number), "online": _flag(life != "offline"), "standby": _flag(name in cluster.standby),
        "standby_onfail": "false", "maintenance": "false", "pending": _flag(life == "pending"), "unclean": "false",
        "health": "green", "feature_set": "3.16.2", "shutdown": "false", "expected_up": _flag(life != "offline"),
        "is_dc": _flag(cluster.dc() == name), "resources_running": str(running), "type": "member",
    })  # fmt: skip


def _group(resources: Element, cluster: Cluster, group: Group) -> None:
    element = SubElement(resources, "group", {
        "id": group.id, "number_resources": str(len(group.resources)), "maintenance": _flag(cluster.maintenance_mode),
        "managed": _flag(not cluster.maintenance_mode), "disabled": _flag(group.disabled),
    })  # fmt: skip
    for resource in group.resources:
        attributes = {"id": resource.id, "resource_agent": AGENTS[resource.kind], "role": resource.role}
        if group.disabled:
            attributes["target_role"] = "Stopped"
        one = SubElement(element, "resource", attributes | {
            "active": _flag(resource.active), "orphaned": "false", "blocked": _flag(resource.blocked),
            "maintenance": _flag(cluster.maintenance_mode), "managed": _flag(managed(cluster, resource)),
            "failed": _flag(resource.failed), "failure_ignored": "false", "nodes_running_on": str(int(resource.active)),
        })  # fmt: skip
        if resource.active and resource.node:
            number = str(cluster.nodes.index(resource.node) + 1)
            SubElement(one, "node", {"name": resource.node, "id": number, "cached": "true"})


def _history(root: Element, cluster: Cluster) -> None:
    history = SubElement(root, "node_history")
    for name in cluster.nodes:
        if cluster.life.get(name) != "online":
            continue
        node = SubElement(history, "node", {"name": name})
        for resource in cluster.resources():
            done = [operation for operation in resource.history if operation.node == name]
            if done:
                attributes = {"id": resource.id, "orphan": "false", "migration-threshold": "1000000"}
                count = cluster.fail_counts.get(f"{resource.id}@{name}", 0)
                if count:
                    attributes["fail-count"] = str(count)
                one = SubElement(node, "resource_history", attributes)
                for operation in done:
                    _operation(one, operation)


def _operation(parent: Element, done: Operation) -> None:
    attributes = {
        "call": str(done.call),
        "task": done.name,
        "rc": str(done.code),
        "rc_text": _CODES.get(done.code, "error"),
    }
    if done.interval:
        attributes["interval"] = f"{done.interval}ms"
    attributes |= {
        "last-rc-change": _clock(done.at),
        "exec-time": f"{done.milliseconds}ms",
        "queue-time": "0ms",
    }
    SubElement(parent, "operation_history", attributes)


def _failures(root: Element, cluster: Cluster) -> None:
    failures = cluster.failures()
    if not failures:
        return
    element = SubElement(root, "failures")
    for resource, done in failures:
        SubElement(element, "failure", {
            "op_key": f"{resource.id}_{done.name}_{done.interval}", "node": done.node,
            "exitstatus": _CODES.get(done.code, "error"), "exitreason": done.reason or "none", "exitcode": str(done.code),
            "call": str(done.call), "status": "complete",
            "last-rc-change": time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(done.at)),
            "queued": "0", "exec": str(done.milliseconds), "interval": str(done.interval), "task": done.name,
        })  # fmt: skip


def text(cluster: Cluster, inactive: bool = False) -> str:
    """`crm_mon -1`; with `inactive` as `-1 -r`, which is what `pcs status` shows."""
    every = list(cluster.resources())
    lines = ["Cluster Summary:", "  * Stack: corosync"]
    dc = cluster.dc()
    lines.append(
        f"  * Current DC: {dc} (version {_VERSION}) - partition with quorum" if dc else "  * Current DC: NONE"
    )
    lines += [
        f"  * Last updated: {_clock(time.time())}",
        f"  * Last change:  {_clock(cluster.changed)} by root via cibadmin",
    ]
    lines += [
        f"  * {len(cluster.nodes)} nodes configured",
        f"  * {len(every)} resource instances configured{_counts(cluster)}",
    ]
    if cluster.maintenance_mode:
        lines += ["", "              *** Resource management is DISABLED ***"]
        lines += ["  The cluster will not attempt to start, stop or recover services"]
    lines += ["", "Node List:", *_node_lines(cluster), ""]
    lines.append("Full List of Resources:" if inactive else "Active Resources:")
    shown = [
        group for group in cluster.groups if inactive or any(resource.active for resource in group.resources)
    ]
    for group in shown:
        lines += _group_lines(cluster, group, inactive)
    if not shown:
        lines.append("  * No active resources")
    failures = cluster.failures()
    if failures:
        lines += ["", "Failed Resource Actions:"]
    for resource, done in failures:
        reason = f" because '{done.reason}'" if done.reason else ""
        when = f"at {_clock(done.at)} after {done.milliseconds}ms"
        lines.append(
            f"  * {resource.id} {done.name} on {done.node} returned '{_CODES.get(done.code, 'error')}'{reason} {when}"
        )
    return "\n".join(lines) + "\n"


def _counts(cluster: Cluster) -> str:
    disabled = sum(len(group.resources) for group in cluster.groups if group.disabled)
    blocked = sum(resource.blocked for resource in cluster.resources())
    notes = [f"{disabled} DISABLED"] if disabled else []
    notes += [f"{blocked} BLOCKED from further action due to failure"] if blocked else []
    return f" ({', '.join(notes)})" if notes else ""


def _node_lines(cluster: Cluster) -> list[str]:
    lines: list[str] = []
    online: list[str] = []
    offline: list[str] = []
    for name in cluster.nodes:
        life, standby = cluster.life.get(name, "offline"), name in cluster.standby
        if life == "pending":
            lines.append(f"  * Node {name}: pending")
        elif standby:
            lines.append(f"  * Node {name}: {'standby' if life == 'online' else 'OFFLINE (standby)'}")
        else:
            (online if life == "online" else offline).append(name)
    lines += [f"  * Online: [ {' '.join(online)} ]"] if online else []
    return lines + ([f"  * OFFLINE: [ {' '.join(offline)} ]"] if offline else [])


def _group_lines(cluster: Cluster, group: Group, inactive: bool) -> list[str]:
    notes = ["unmanaged"] if cluster.maintenance_mode else []
    notes += ["disabled"] if group.disabled else []
    hidden = sum(not resource.active for resource in group.resources)
    if hidden and not inactive:
        notes.append(f"{hidden} member{'s' if hidden > 1 else ''} inactive")
    noted = f" ({', '.join(notes)})" if notes else ""
    title = f"  * Resource Group: {group.id}{noted}:"
    shown = [resource for resource in group.resources if inactive or resource.active]
    return [title, *(_resource_line(cluster, group, resource) for resource in shown)]


def _resource_line(cluster: Cluster, group: Group, resource: Resource) -> str:
    role = "FAILED" if resource.failed else resource.role
    where = f" {resource.node}" if resource.node and role != "Stopped" else ""
    notes = ["disabled"] if group.disabled else []
    if resource.blocked:
        notes.append("blocked")
    elif not managed(cluster, resource):
        notes.append("unmanaged")
    noted = f" ({', '.join(notes)})" if notes else ""
    return f"    * {resource.id}\t({AGENTS[resource.kind]}):\t {role}{where}{noted}"
