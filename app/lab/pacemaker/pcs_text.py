"""What `pcs status` and `pcs constraint` print, as pcs 0.11.5 does. Pure: text out."""

from __future__ import annotations

from app.lab.pacemaker import crm_mon
from app.lab.pacemaker.state import Cluster

_KINDS = (("Enabled on", "INFINITY", 1), ("Disabled on", "-INFINITY", -1))
_MOVED = (
    "Following resources have been moved and their move constraints are still in place: '{}'\n"
    "Run 'pcs constraint location' or 'pcs resource clear <resource id>' to view or remove the constraints, respectively"
)


def constraints(cluster: Cluster, full: bool) -> str:
    """`pcs constraint`; with `full` the ids, as --full shows them."""
    lines = ["Location Constraints:"]
    for group in cluster.groups:
        rules = [rule for rule in cluster.constraints if rule.group == group.id]
        lines += [f"  Resource: {group.id}"] if rules else []
        for title, score, sign in _KINDS:
            chosen = [rule for rule in rules if rule.score * sign > 0]
            lines += [f"    {title}:"] if chosen else []
            ids = [f" (id:{rule.id})" if full else "" for rule in chosen]
            shown = zip(chosen, ids, strict=True)
            lines += [f"      Node: {rule.node} (score:{score}) (role:Started){id_}" for rule, id_ in shown]
    return (
        "\n".join([*lines, "Ordering Constraints:", "Colocation Constraints:", "Ticket Constraints:"]) + "\n"
    )


def status(cluster: Cluster) -> str:
    """`pcs status`."""
    moved = [_MOVED.format(rule.group) for rule in cluster.constraints]
    warnings = "\n".join(["", "WARNINGS:", *moved, "", ""]) if moved else ""
    daemons = "\n".join(f"  {name}: active/enabled" for name in ("corosync", "pacemaker", "pcsd"))
    text = crm_mon.text(cluster, inactive=True)
    return f"Cluster name: {cluster.name}\n{warnings}{text}\nDaemon Status:\n{daemons}\n"
