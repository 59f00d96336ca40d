"""HPE Serviceguard through its own commands (facts 2.4). Commands are shown, none is run: of the reader's attributes only
`status` and `summary` are published, so its samples are constructed. Once real output of `cmviewcl -v -f line` has been
captured, PROVEN says so, and the verbs become commands. cmhaltnode without -f refuses while packages run: never -f.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from app.domain.answers import closed
from app.domain.clusterware.generic import Generic
from app.domain.clusterware.verbs import GROUP_STATES, NODE_STATES, Standing, Verb
from app.domain.shell import header, word

PROVEN: Standing = "constructed"

_NODES = {("up", "running"): "online", ("down", "halted"): "offline", ("down", "failed"): "unclean"}


class Serviceguard(Generic):
    """A group is a package. Global switching, which a halt by hand turns off, is turned on again at the end."""

    state_parser = "cmviewcl@1"
    states = NODE_STATES - {"standby"} | GROUP_STATES
    standing: Standing = PROVEN

    def __init__(self) -> None:
        super().__init__("serviceguard")

    def pause(self, node: str) -> Verb:
        return replace(super().pause(node), shown=f"cmmodpkg -d -n {word(node)} <package>")

    def resume(self, node: str) -> Verb:
        return replace(super().resume(node), shown=f"cmmodpkg -e -n {word(node)} <package>")

    def stop_monitoring(self, group: str) -> Verb:
        shown = f"cmmodpkg -m on -n <node> {word(group)}"
        return replace(super().stop_monitoring(group), shown=shown)

    def resume_monitoring(self, group: str) -> Verb:
        return replace(super().resume_monitoring(group), shown=f"cmmodpkg -m off {word(group)}")

    def move(self, group: str, node: str) -> Verb:
        name = word(group)
        text = f"cmhaltpkg {name} && cmrunpkg -n {word(node)} {name} && cmmodpkg -e {name}"
        present = (f"{group}:started@{node}", f"{group}:managed")
        return self._command(
            super().move(group, node), text, present, (f"{group}:failed", f"{group}:pending")
        )

    def stop_group(self, group: str) -> Verb:
        words = super().stop_group(group)
        return self._command(words, f"cmhaltpkg {word(group)}", (f"{group}:stopped",))

    def start_group(self, group: str, node: str) -> Verb:
        text = f"cmrunpkg -n {word(node)} {word(group)} && cmmodpkg -e {word(group)}"
        absent = (f"{group}:failed", f"{group}:pending")
        return self._command(super().start_group(group, node), text, (f"{group}:started@{node}",), absent)

    def stop_node(self, node: str) -> Verb:
        return replace(super().stop_node(node), shown=f"cmhaltnode {word(node)}")

    def start_node(self, node: str) -> Verb:
        return replace(super().start_node(node), shown=f"cmrunnode {word(node)}")

    def read_state(self) -> str | None:
        """Left to a person while the reader is not proven."""
        if self.standing == "constructed":
            return None
        return f"{header('cluster')}\nLC_ALL=C cmviewcl -v -f line || exit 1\necho '#end'"


def cmviewcl(stdout: bytes, exit_status: int) -> frozenset[str] | None:
    """Nodes and packages of `cmviewcl -v -f line`, rows `prefix|attribute=value`. What is neither up nor down is pending. None
    where a row has another form, or a node or a package does not say how it is."""
    read = closed(stdout, exit_status, "cluster")
    lines = read[1] if read else None
    if not lines or any("=" not in line for line in lines if line):
        return None
    things: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for line in lines:
        prefix, _, rest = line.partition("|")
        kind, _, name = prefix.partition(":")
        if kind in ("node", "package") and "|" not in rest:
            attribute, _, value = rest.partition("=")
            things[kind, name][attribute] = value
    if not {"node", "package"} <= {kind for kind, _ in things}:
        return None
    if any(not {"status", "state"} <= attributes.keys() for attributes in things.values()):
        return None
    return frozenset(
        f"{name}:{fact}"
        for (kind, name), attributes in things.items()
        for fact in (_node(attributes) if kind == "node" else _package(attributes))
    )


def _node(attributes: dict[str, str]) -> Iterator[str]:
    state = (attributes["status"], attributes["state"])
    yield _NODES.get(state, "pending")


def _package(attributes: dict[str, str]) -> Iterator[str]:
    status, state = attributes["status"], attributes["state"]
    if (status, state) == ("up", "running") and attributes.get("owner"):
        yield f"started@{attributes['owner']}"
        if attributes.get("autorun") == "enabled":
            yield "managed"
    elif (status, state) == ("up", "maintenance") and attributes.get("owner"):
        yield f"started@{attributes['owner']}"
        yield "unmanaged"
    elif (status, state) == ("down", "halted"):
        yield "stopped"
    else:
        yield "failed" if state == "failed" else "pending"
