"""Carries out what people and decide.py want, on the nodes' agents, and keeps the cluster's memory on disk.

Blocking; called from any thread. `_state` is held for moments only, so that others can look while something is pending;
`_acting` is held by whoever acts. Owns cluster.json of a Windows lab.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.lab.model import write_whole
from app.lab.windows.cluster import decide
from app.lab.windows.cluster.agents import Agent
from app.lab.windows.cluster.errors import ClusterError
from app.lab.windows.cluster.state import Cluster, Group, Resource, key


class Manager:
    """The cluster of one lab. `agents`: node -> Agent."""

    def __init__(self, file: Path, cluster: Cluster, agents: Mapping[str, Agent]) -> None:
        self._file, self.cluster, self.agents = file, cluster, agents
        self._state, self._acting = threading.RLock(), threading.RLock()
        self._frozen = self._waiting = False

    def wait(self, waiting: bool) -> None:
        """While the whole lab powers on nothing is started: a group does not go to the node that happens to be first."""
        self._waiting = waiting
        self.settle()

    def freeze(self) -> None:
        """The lab goes down: what is known is written for the last time, and nothing is done any more."""
        self.save()
        self._frozen = True

    def settled(self) -> bool:
        """Whether nothing is pending and nothing is to be done."""
        with self._state:
            states = {one.state for one in self.cluster.resources.values()}
            return not states & {"OnlinePending", "OfflinePending"} and decide.next_step(self.cluster) is None

    def save(self) -> None:
        """Write what is known now."""
        with self._state:
            if self._frozen:
                return
            write_whole(self._file, json.dumps(self.cluster.as_json(), ensure_ascii=False, indent=1))

    def see(self, node: str = "") -> dict[str, Any]:
        """The cluster with the states of groups and nodes, as `node` sees it. Raises ClusterError 1722 without its service."""
        with self._state:
            if node and not self.cluster.members[node].service:
                raise ClusterError(1722)
            told = self.cluster.as_json()
            told["group_states"] = {name: self.cluster.group_state(name) for name in self.cluster.groups}
            told["node_states"] = {name: self.cluster.node_state(name) for name in self.cluster.members}
        return told

    # what people want: each checks, changes, settles

    def online(self, name: str) -> None:
        """Bring a resource online, and what it depends on. Raises ClusterError 5007, 5070, 5069."""
        with self._acting:
            one = self._resource(name)
            self._may_start(self.cluster.groups[one.group])
            self._want([one, *self._needed(one)], True)
            self.settle()
            if one.state != "Online":
                raise ClusterError(5069, f"({one.name})")

    def offline(self, name: str) -> None:
        """Take a resource offline, and what depends on it. Raises ClusterError 5007, 5038."""
        with self._acting:
            one = self._resource(name)
            self._want([one, *self._depending(one)], False)
            self.settle()
            if one.state not in ("Offline", "Failed"):
                raise ClusterError(5038, f"({one.name})")
            self._calm([one])

    def group(self, name: str, online: bool) -> None:
        """Bring a whole group online or offline where it is. Raises ClusterError 5013, 5070, 5069."""
        with self._acting:
            group = self._group(name)
            if online:
                self._may_start(group)
            self._want(self.cluster.of(group.name), online)
            self.settle()
            if not online:
                self._calm(self.cluster.of(group.name))
            elif self.cluster.group_state(group.name) not in ("Online", "Offline"):
                raise ClusterError(5069, f"({group.name})")

    def move(self, name: str, node: str) -> None:
        """Give a group to another node; what was online there is here. Raises ClusterError 5013, 5042, 5050, 5070, 5069."""
        with self._acting:
            group, target = self._group(name), self._member(node)
            if target == group.owner:
                return
            if not self.cluster.up(target):
                raise ClusterError(5050, f"({target})")
            if self.cluster.members[target].paused:
                raise ClusterError(5070, f"({target})")
            self._carry(group, target)
            self.settle()
            wanted = [one for one in self.cluster.of(group.name) if one.wanted]
            if any(one.state != "Online" for one in wanted):
                raise ClusterError(5069, f"({group.name})")

    def pause(self, node: str, paused: bool) -> None:
        """Pause or resume a node; nothing moves. Raises ClusterError 5042, 5050."""
        with self._acting:
            member = self.cluster.members[self._member(node)]
            if not member.service:
                raise ClusterError(5050, f"({node})")
            self._change(lambda: setattr(member, "paused", paused))
            self.settle()

    def join(self, node: str) -> None:
        """The cluster service of a node was started. A node that was paused before is so again, as on Windows."""
        with self._acting:
            self._change(lambda: setattr(self.cluster.members[node], "service", True))
            self._tell_types(list(self.cluster.members))
            self.settle()

    def leave(self, node: str, gone: bool = False) -> None:
        """The cluster service of a node was stopped, or (`gone`) the node died: what it carried is brought online elsewhere."""
        with self._acting:
            carried = [group for group in self.cluster.groups.values() if group.owner == node]
            for group in carried:
                for one in reversed(self.cluster.of(group.name)):
                    if not gone and one.state == "Online":
                        self._act(decide.Step("offline", one.name, node))
            with self._state:
                for group in carried:
                    for one in self.cluster.of(group.name):
                        one.state, one.failures = "Offline", 0
                self.cluster.members[node].service = False
            self.settle()
            if not self.cluster.quorum():
                self._collapse()

    def service(self, node: str, start: bool) -> None:
        """Start or stop the cluster service of any node, for who asks from another. Raises ClusterError 5042, 5050."""
        name = self._member(node)
        try:
            self.agents[name].service(start)  # it joins or leaves by itself: nothing is held meanwhile
        except OSError as error:
            raise ClusterError(5050, f"({name})") from error

    def edit(self, change: Callable[[Cluster], None]) -> None:
        """Change resources, types or extensions; nothing is started by it. Raises what `change` raises."""
        with self._acting:
            types = list(self.cluster.types)
            self._change(lambda: change(self.cluster))
            if types != self.cluster.types:
                self._tell_types(list(self.cluster.members))
            self.save()

    def watch(self) -> None:
        """Ask every node whether what should run does; what does not is started again, there or elsewhere."""
        with self._acting:
            for one in list(self.cluster.resources.values()):
                owner = self.cluster.groups[one.group].owner
                if one.site and one.state == "Online" and not self._alive(one, owner):
                    one.state, one.failures = "Failed", one.failures + 1
            self.settle()

    def settle(self) -> None:
        """Do what is to be done until nothing is."""
        with self._acting:
            while not self._frozen and not self._waiting and (step := decide.next_step(self.cluster)):
                if step.action == "own":
                    self._carry(self.cluster.groups[step.name], step.node)
                elif not self._act(step) and step.action == "offline":
                    break  # it does not stop: nothing else may start over it
            self.save()

    # inside

    def _act(self, step: decide.Step) -> bool:
        """One start or stop; whether it went well. While it lasts the resource is pending."""
        one = self.cluster.resources[step.name]
        starting = step.action == "online"
        self._change(lambda: setattr(one, "state", "OnlinePending" if starting else "OfflinePending"))
        agent = self.agents[step.node]
        told = {"name": one.name, "type": one.type, "parameters": dict(one.parameters), "group": one.group}
        try:
            refused = agent.online(told) if starting else agent.offline(told)
        except OSError as error:
            refused = str(error) or "the node is gone"
        with self._state:
            if refused:
                one.state, one.failures = "Failed", one.failures + 1
            else:
                one.state, one.failures = ("Online", 0) if starting else ("Offline", one.failures)
        return not refused

    def _tell_types(self, nodes: list[str]) -> None:
        for node in nodes:
            if self.cluster.members[node].service:
                with contextlib.suppress(OSError):  # a node that is gone learns it when it is back
                    self.agents[node].types_changed(list(self.cluster.types))

    def _carry(self, group: Group, node: str) -> None:
        """Offline here, owner changed; `settle` does the rest."""
        if self.cluster.up(group.owner):
            for one in reversed(self.cluster.of(group.name)):
                if one.state == "Online" and not self._act(decide.Step("offline", one.name, group.owner)):
                    raise ClusterError(5038, f"({one.name})")
        with self._state:
            group.owner = node
            for one in self.cluster.of(group.name):
                one.state = "Offline"

    def _collapse(self) -> None:
        """The quorum is lost: the cluster service ends on every node."""
        for member in self.cluster.members.values():
            if member.service:
                for group in self.cluster.groups.values():
                    if group.owner == member.name:
                        for one in reversed(self.cluster.of(group.name)):
                            self._act(decide.Step("offline", one.name, member.name))
                member.service = False
                with contextlib.suppress(OSError):
                    self.agents[member.name].cluster_gone()
        self.save()

    def _alive(self, one: Resource, owner: str) -> bool:
        try:
            return self.agents[owner].alive(
                {"name": one.name, "type": one.type, "parameters": one.parameters}
            )
        except OSError:
            return True  # a node that is gone is another event

    def _change(self, change: Callable[[], None]) -> None:
        with self._state:
            change()

    def _want(self, resources: list[Resource], wanted: bool) -> None:
        with self._state:
            for one in resources:
                one.wanted, one.failures = wanted, 0

    def _calm(self, resources: list[Resource]) -> None:
        """A failure is forgotten once somebody took the resource offline."""
        with self._state:
            for one in resources:
                if one.state == "Failed":
                    one.state = "Offline"
        self.save()

    def _needed(self, one: Resource) -> list[Resource]:
        found = [self.cluster.resources[name] for name in one.depends if name in self.cluster.resources]
        return [*found, *(more for each in found for more in self._needed(each))]

    def _depending(self, one: Resource) -> list[Resource]:
        found = list(self.cluster.dependents(one.name))
        return [*found, *(more for each in found for more in self._depending(each))]

    def _may_start(self, group: Group) -> None:
        if not self.cluster.up(group.owner):
            raise ClusterError(5050, f"({group.owner})")
        if self.cluster.members[group.owner].paused:
            raise ClusterError(5070, f"({group.owner})")

    def _resource(self, name: str) -> Resource:
        return self.cluster.resources[_found(self.cluster.resources, name, 5007)]

    def _group(self, name: str) -> Group:
        return self.cluster.groups[_found(self.cluster.groups, name, 5013)]

    def _member(self, name: str) -> str:
        return _found(self.cluster.members, name, 5042)


def _found(table: dict[str, Any], name: str, code: int) -> str:
    known = key(table, name)
    if known is None:
        raise ClusterError(code, f"({name})")
    return known
