"""The FailoverClusters cmdlets that the product's texts use, with the properties of PowerShell 2.0 and later.

States are .NET's enumerations, owners and types objects with a Name. Without the cluster service every one is an error, as it is
on a real node. -Wait is accepted: what is asked for is done before the cmdlet ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from app.lab.powershell.objects import EnumValue, LabDoesNotKnow, NetError, NetType, PSObject
from app.lab.powershell.world import Call, Cmdlet, Parameter
from app.lab.windows.cluster.errors import ClusterError
from app.lab.windows.machine import Machine

_STATES = {
    "Node": {"Up": 0, "Down": 1, "Paused": 2, "Joining": 3},
    "Group": {"Unknown": -1, "Online": 0, "Offline": 1, "Failed": 2, "PartialOnline": 3, "Pending": 4},
    "Resource": {
        "Unknown": -1, "Inherited": 0, "Initializing": 1, "Online": 2, "Offline": 3, "Failed": 4, "Pending": 128,
        "OnlinePending": 129, "OfflinePending": 130,
    },
}  # fmt: skip
_SPACE = "Microsoft.FailoverClusters.PowerShell."
TYPES = {kind: NetType(f"{_SPACE}Cluster{kind}State", values=values) for kind, values in _STATES.items()}
NO_FAILBACK = NetType(f"{_SPACE}NodeFailbackType", values={"NoFailback": 0, "Immediate": 1, "Policy": 2})
_NAME = Parameter("Name", "string[]", position=0)
_INPUT = Parameter("InputObject", "object", pipeline=True)
_WAIT = Parameter("Wait", "int")


def cmdlets(machine: Machine) -> list[Cmdlet]:
    """They, on this node's cluster."""
    one = Parameter("Name", "string", position=0)
    value = (
        Parameter("Name", "string", position=0),
        Parameter("Value", "object", position=1),
        Parameter("Create", "switch"),
    )
    add = (one, Parameter("ResourceType", "string", position=1), Parameter("Group", "string", position=2))
    force = (Parameter("Force", "switch"), Parameter("Confirm", "switch"))
    depend = (Parameter("Resource", "string", position=0), Parameter("Dependency", "string", position=1))
    table: list[tuple[str, tuple[Parameter, ...], Callable[[Machine, Call], Any]]] = [
        ("Get-ClusterNode", (_NAME,), _nodes),
        ("Get-ClusterGroup", (_NAME,), _groups),
        ("Get-ClusterResource", (_NAME, _INPUT), _resources),
        ("Get-ClusterResourceType", (_NAME,), _types),
        ("Get-ClusterParameter", (_NAME, _INPUT), _parameters),
        ("Set-ClusterParameter", (*value, _INPUT), _set_parameter),
        ("Get-ClusterResourceDependency", (_INPUT,), _dependency),
        ("Get-ClusterQuorum", (), _quorum),
        ("Suspend-ClusterNode", (_NAME,), lambda here, call: _pause(here, call, True)),
        ("Resume-ClusterNode", (_NAME, Parameter("Failback", "object")), lambda here, call: _pause(here, call, False)),
        ("Move-ClusterGroup", (_NAME, Parameter("Node", "string", position=1), _WAIT), _move),
        ("Start-ClusterGroup", (_NAME, _WAIT), lambda here, call: _group(here, call, True)),
        ("Stop-ClusterGroup", (_NAME, _WAIT), lambda here, call: _group(here, call, False)),
        ("Start-ClusterResource", (_NAME, _WAIT, _INPUT), lambda here, call: _resource(here, call, "online")),
        ("Stop-ClusterResource", (_NAME, _WAIT, _INPUT), lambda here, call: _resource(here, call, "offline")),
        ("Add-ClusterResource", add, _add),
        ("Remove-ClusterResource", (_NAME, *force, _INPUT), _remove),
        ("Remove-ClusterResourceType", (_NAME, *force, _INPUT), _remove_type),
        ("Add-ClusterResourceType", (one, Parameter("Dll", "string", position=1)), _add_type),
        ("Set-ClusterResourceDependency", depend, _depend),
    ]  # fmt: skip
    return [Cmdlet(name, parameters, _guarded(machine, run)) for name, parameters, run in table]


def _guarded(machine: Machine, run: Callable[[Machine, Call], Any]) -> Callable[[Call], Iterator[object]]:
    """A cmdlet whose cluster errors are terminating ones of its own type."""

    def guarded(call: Call) -> Iterator[object]:
        try:
            yield from run(machine, call) or ()
        except ClusterError as error:
            text = "The cluster service is not running. Make sure that the service is running on all nodes in the cluster."
            raise NetError(
                f"{_SPACE}ClusterCmdletException", text if error.code == 1722 else str(error),
                error_id=call.cmdlet.name.replace("-", "").replace("Cluster", "-Cluster"), category="NotSpecified",
            ) from error  # fmt: skip

    return guarded


def _state(kind: str, name: str) -> EnumValue:
    return EnumValue(TYPES[kind], name, _STATES[kind][name])


def _named(kind: str, name: str) -> PSObject:
    """An object of which scripts take the name alone."""
    return PSObject(_SPACE + kind, {"Name": name}, text=name)


def node(name: str, told: dict[str, Any]) -> PSObject:
    """A ClusterNode."""
    facts = {"Name": name, "State": _state("Node", told["node_states"][name]), "Cluster": told["name"]}
    return PSObject(_SPACE + "ClusterNode", facts, text=name, columns=("Name", "State"))


def group(name: str, told: dict[str, Any]) -> PSObject:
    """A ClusterGroup."""
    owner = _named("ClusterNode", told["groups"][name]["owner"])
    facts = {"Name": name, "OwnerNode": owner, "State": _state("Group", told["group_states"][name])}
    return PSObject(_SPACE + "ClusterGroup", facts, text=name, columns=("Name", "OwnerNode", "State"))


def resource(name: str, told: dict[str, Any]) -> PSObject:
    """A ClusterResource."""
    one = told["resources"][name]
    facts = {
        "Name": name, "State": _state("Resource", one["state"]), "OwnerGroup": _named("ClusterGroup", one["group"]),
        "ResourceType": _named("ClusterResourceType", one["type"]),
        "OwnerNode": _named("ClusterNode", told["groups"][one["group"]]["owner"]),
    }  # fmt: skip
    return PSObject(
        _SPACE + "ClusterResource", facts, text=name, columns=("Name", "State", "OwnerGroup", "ResourceType")
    )


def _chosen(call: Call, table: dict[str, Any], code: int) -> Iterator[str]:
    """The names that were asked for as the cluster writes them; all where none was."""
    if not call.given("Name"):
        yield from table
        return
    for name in call.texts("Name"):
        if set(name) & set("*?"):
            raise LabDoesNotKnow(f"wildcards in {call.cmdlet.name} -Name {name}")
        yield _written(table, name, code)


def _written(table: dict[str, Any], name: str, code: int) -> str:
    found = next((one for one in table if one.lower() == name.lower()), None)
    if found is None:
        raise ClusterError(code, f"({name})")
    return found


def _nodes(machine: Machine, call: Call) -> Iterator[object]:
    told = machine.cluster("see")
    return (node(name, told) for name in _chosen(call, told["members"], 5042))


def _groups(machine: Machine, call: Call) -> Iterator[object]:
    told = machine.cluster("see")
    return (group(name, told) for name in _chosen(call, told["groups"], 5013))


def _resources(machine: Machine, call: Call) -> Iterator[object]:
    """All, those of that name, or those of the groups or nodes that come through the pipeline."""
    told = machine.cluster("see")
    if not call.piped:
        yield from (resource(name, told) for name in _chosen(call, told["resources"], 5007))
        return
    for one in call.input:
        if not isinstance(one, PSObject) or one.types[0] != _SPACE + "ClusterGroup":
            raise LabDoesNotKnow("Get-ClusterResource of anything but groups")
        yield from (
            resource(name, told) for name, it in told["resources"].items() if it["group"] == one.get("Name")
        )


def _types(machine: Machine, call: Call) -> Iterator[object]:
    told = machine.cluster("see")
    known = dict.fromkeys(told["types"])
    return (
        PSObject(
            _SPACE + "ClusterResourceType", {"Name": name, "DisplayName": name}, text=name, columns=("Name",)
        )
        for name in _chosen(call, known, 5078)
    )


def _piped(call: Call, kind: str) -> Iterator[str]:
    """The names of the objects that come in."""
    for one in call.objects("InputObject"):
        if not isinstance(one, PSObject) or one.types[0] != _SPACE + kind:
            raise LabDoesNotKnow(f"{call.cmdlet.name} of what is no {kind}")
        yield str(one.get("Name"))


def _parameters(machine: Machine, call: Call) -> Iterator[object]:
    wanted = [name.lower() for name in call.texts("Name")] if call.given("Name") else None
    told = machine.cluster("see")
    for name in _piped(call, "ClusterResource"):
        one = told["resources"][_written(told["resources"], name, 5007)]
        for key, value in one["parameters"].items():
            if wanted is None or key.lower() in wanted:
                facts = {"Object": name, "Name": key, "Value": value, "Type": "String"}
                yield PSObject(
                    _SPACE + "ClusterParameter", facts, columns=("Object", "Name", "Value", "Type")
                )


def _set_parameter(machine: Machine, call: Call) -> None:
    told = machine.cluster("see")
    for name in _piped(call, "ClusterResource"):
        known = told["resources"][_written(told["resources"], name, 5007)]["parameters"]
        key = call.text("Name")
        if key.lower() not in (one.lower() for one in known) and not call.switch("Create"):
            raise ClusterError(5007, f"(no parameter {key} of {name}; -Create makes one)")
        machine.cluster("set-parameters", name=name, values={key: call.text("Value")})


def _dependency(machine: Machine, call: Call) -> Iterator[object]:
    told = machine.cluster("see")
    for name in _piped(call, "ClusterResource"):
        depends = told["resources"][_written(told["resources"], name, 5007)]["depends"]
        expression = " and ".join(f"([{each}])" for each in depends)
        facts = {"Resource": _named("ClusterResource", name), "DependencyExpression": expression}
        yield PSObject(
            _SPACE + "ClusterResourceDependency", facts, columns=("Resource", "DependencyExpression")
        )


def _quorum(machine: Machine, _call: Call) -> Iterator[object]:
    told = machine.cluster("see")
    witness = _named("ClusterResource", told["witness"]) if told["witness"] else None
    facts = {"Cluster": told["name"], "QuorumResource": witness, "QuorumType": "Majority"}
    yield PSObject(_SPACE + "ClusterQuorumSettings", facts, columns=("Cluster", "QuorumResource"))


def _pause(machine: Machine, call: Call, paused: bool) -> Iterator[object]:
    failback = str(call.value("Failback", "NoFailback"))
    if failback.lower() != "nofailback":
        raise LabDoesNotKnow(f"Resume-ClusterNode -Failback {failback}")
    if call.given("Failback") and machine.description.windows in ("2008", "2008R2"):
        raise NetError(
            "System.Management.Automation.ParameterBindingException", "A parameter cannot be found that matches 'Failback'.",
            error_id="NamedParameterNotFound",
        )  # fmt: skip
    for name in call.texts("Name"):
        machine.cluster("pause", node=name, paused=paused)
        told = machine.cluster("see")
        yield node(_written(told["members"], name, 5042), told)


def _move(machine: Machine, call: Call) -> Iterator[object]:
    for name in call.texts("Name"):
        machine.cluster("move", name=name, node=call.text("Node"))
        told = machine.cluster("see")
        yield group(_written(told["groups"], name, 5013), told)


def _group(machine: Machine, call: Call, online: bool) -> Iterator[object]:
    for name in call.texts("Name"):
        machine.cluster("group", name=name, online=online)
        told = machine.cluster("see")
        yield group(_written(told["groups"], name, 5013), told)


def _asked(call: Call, kind: str) -> Iterator[str]:
    return call.texts("Name") if call.given("Name") else _piped(call, kind)


def _resource(machine: Machine, call: Call, verb: str) -> Iterator[object]:
    for name in _asked(call, "ClusterResource"):
        machine.cluster(verb, name=name)
        told = machine.cluster("see")
        yield resource(_written(told["resources"], name, 5007), told)


def _add(machine: Machine, call: Call) -> Iterator[object]:
    name = call.text("Name")
    machine.cluster("add-resource", name=name, kind=call.text("ResourceType"), group=call.text("Group"))
    yield resource(name, machine.cluster("see"))


def _unasked(call: Call) -> None:
    """Nobody is there to confirm: without -Force or -Confirm:$false the cmdlet cannot go on."""
    if not call.switch("Force") and not (call.given("Confirm") and not call.switch("Confirm")):
        raise NetError(
            "System.Management.Automation.PSInvalidOperationException",
            "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.",
        )


def _remove(machine: Machine, call: Call) -> None:
    _unasked(call)
    for name in _asked(call, "ClusterResource"):
        machine.cluster("remove-resource", name=name)


def _remove_type(machine: Machine, call: Call) -> None:
    for name in _asked(call, "ClusterResourceType"):
        _unasked(call)
        machine.cluster("remove-type", name=name)


def _add_type(machine: Machine, call: Call) -> Iterator[object]:
    machine.cluster("add-type", name=call.text("Name"))
    yield _named("ClusterResourceType", call.text("Name"))


def _depend(machine: Machine, call: Call) -> None:
    text = call.text("Dependency")
    names = re.findall(r"\[([^\]]+)\]", text)
    if re.sub(r"\[[^\]]+\]|\s|\(|\)|and", "", text) or not names:
        raise LabDoesNotKnow(f"the dependency {text}")
    machine.cluster("set-dependencies", name=call.text("Resource"), others=names)
