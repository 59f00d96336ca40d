"""Reads crm_mon's XML, and the constraints that a move by hand leaves behind, into facts. Pure; verbs.Clusterware lists them.

Unknown attributes are ignored: Pacemaker 1.1 (`<crm_mon>`) and 2.x (`<pacemaker-result>`) differ in many. Documents with a
DTD are refused: no tool of Pacemaker writes one, and entities could blow up a small answer.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

Facts = frozenset[str]

_LEFTOVER = re.compile(rb"\(id: ?(cli-(?:prefer|ban)-[A-Za-z0-9_.-]+)\)")
_BY_HAND = re.compile(rb"cli-(?:prefer|ban)-")
_RUNNING = {"Started", "Master", "Promoted", "Slave", "Unpromoted"}
_SETTLED = {None, "", "Monitoring"}
_NODE_STATES = (
    ("unclean", "true", "unclean"),
    ("online", "false", "offline"),
    ("pending", "true", "pending"),
    ("maintenance", "true", "maintenance"),
    ("standby", "true", "standby"),
)


def _document(stdout: bytes, exit_status: int, probe: bytes = b"cluster") -> Element | None:
    first, _, rest = stdout.partition(b"\n")
    if exit_status != 0 or first.split() != [b"#tejun", probe] or b"<!" in rest.replace(b"<!--", b""):
        return None
    try:
        return ElementTree.fromstring(rest.strip())  # noqa: S314 - no DTD, so no entities
    except ElementTree.ParseError:
        return None


def cluster(stdout: bytes, exit_status: int) -> Facts | None:
    """Nodes, groups, maintenance mode and lack of quorum of `crm_mon --output-as=xml -1`. None unless whole."""
    root = _document(stdout, exit_status)
    if root is None or root.tag not in ("pacemaker-result", "crm_mon"):
        return None
    nodes, resources = root.find("nodes"), root.find("resources")
    if (
        nodes is None
        or resources is None
        or any(status.get("code") != "0" for status in root.findall("status"))
    ):
        return None
    if not all(node.get("name") for node in nodes) or not all(group.get("id") for group in resources):
        return None
    facts = {f"{node.get('name')}:{_node_state(node)}" for node in nodes}
    for group in resources:
        facts |= _group(str(group.get("id")), list(group.iter("resource")))
    if any(options.get("maintenance-mode") == "true" for options in root.iter("cluster_options")):
        facts.add("maintenance-mode")
    if any("false" in (dc.get("with_quorum"), dc.get("present")) for dc in root.iter("current_dc")):
        facts.add("no-quorum")
    return frozenset(facts)


def _node_state(node: Element) -> str:
    for attribute, value, state in _NODE_STATES:
        if node.get(attribute) == value:
            return state
    return "online" if node.get("online") == "true" else "unclean"


def _group(name: str, members: list[Element]) -> set[str]:
    """Facts of one group (or of a resource that stands alone): a group is started only where all of it is, on one node."""
    facts = set()
    roles = {member.get("role", "") for member in members}
    owners = {tuple(node.get("name", "") for node in member.findall("node")) for member in members}
    failed = any(member.get("failed") == "true" or member.get("blocked") == "true" for member in members)
    pending = any(
        member.get("pending") not in _SETTLED or member.get("role") in ("Starting", "Stopping")
        for member in members
    )
    if (
        members
        and roles <= _RUNNING
        and len(owners) == 1
        and len(owner := owners.pop()) == 1
        and not failed
        and not pending
    ):
        facts.add(f"started@{owner[0]}")
    if members and roles == {"Stopped"}:
        facts.add("stopped")
    if failed:
        facts.add("failed")
    if pending:
        facts.add("pending")
    for state, value in (("managed", "true"), ("unmanaged", "false")):
        if members and all(member.get("managed") == value for member in members):
            facts.add(state)
    return {f"{name}:{fact}" for fact in facts}


def constraints(stdout: bytes, exit_status: int) -> Facts | None:
    """`leftover` and `leftover:ID` for the constraints that a move or ban by hand left behind: of `pcs constraint --full`
    only the ids are read (cli-prefer-…, cli-ban-…), which no version of pcs translates. None where such an id is printed in
    another form."""
    if exit_status != 0 or not stdout.startswith(b"#tejun constraints\n") or not stdout.endswith(b"#end\n"):
        return None
    if len(_BY_HAND.findall(stdout)) != len(_LEFTOVER.findall(stdout)):
        return None
    return _leftovers([name.decode() for name in _LEFTOVER.findall(stdout)])


def cib_constraints(stdout: bytes, exit_status: int) -> Facts | None:
    """The same facts from the constraints of the CIB itself (`cibadmin --query --scope constraints`)."""
    root = _document(stdout, exit_status, b"constraints")
    if root is None or root.tag != "constraints":
        return None
    names = [str(rule.get("id")) for rule in root]
    return _leftovers([name for name in names if name.startswith(("cli-prefer-", "cli-ban-"))])


def _leftovers(left: list[str]) -> Facts:
    return frozenset({*(f"leftover:{name}" for name in left), *(["leftover"] if left else [])})
