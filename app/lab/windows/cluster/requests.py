"""What a node may ask the cluster: one dictionary in, one out. The keeper answers it over its socket, tests directly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from app.lab.windows.cluster import edits
from app.lab.windows.cluster.errors import ClusterError
from app.lab.windows.cluster.manager import Manager


class Port(Protocol):
    """How a node reaches the cluster. Raises ClusterError."""

    def __call__(self, verb: str, /, **values: Any) -> dict[str, Any]:
        """Ask."""


_EDITS: Mapping[str, Callable[..., object]] = {
    "add-resource": edits.add_resource,
    "remove-resource": edits.remove_resource,
    "set-parameters": edits.set_parameters,
    "set-dependencies": edits.set_dependencies,
    "add-type": edits.add_type,
    "remove-type": edits.remove_type,
    "add-extension": edits.add_extension,
    "remove-extension": edits.remove_extension,
    "suspend-monitors": edits.suspend_monitors,
}
_ACTS: Mapping[str, Callable[..., None]] = {
    "online": Manager.online,
    "offline": Manager.offline,
    "group": Manager.group,
    "move": Manager.move,
    "pause": Manager.pause,
}


def answer(manager: Manager, asker: str, verb: str, /, **values: Any) -> dict[str, Any]:
    """What the cluster says to `asker`: the cluster for `see`, {"done": …} for a change. Raises ClusterError."""
    if verb == "join":
        manager.join(asker)
        return {}
    if verb == "leave":
        manager.leave(asker)
        return {}
    if verb == "service":
        manager.service(**values)
        return {}
    seen = manager.see(asker)
    if verb == "see":
        return seen
    if verb in _ACTS:
        _ACTS[verb](manager, **values)
        return {}
    told: list[object] = []
    manager.edit(lambda cluster: told.append(_EDITS[verb](cluster, **values)))
    return {"done": told[0] is not False}


def port(manager: Manager, node: str) -> Port:
    """The port of a node in the same process as the manager."""

    def ask(verb: str, /, **values: Any) -> dict[str, Any]:
        return answer(manager, node, verb, **values)

    return ask


__all__ = ["ClusterError", "Port", "answer", "port"]
