"""cluster.exe of Windows Server 2003 to 2008 R2: the lines that mscs.py shows and the library runs. Exits with the Win32 error.

Syntax: Microsoft's Cluster.exe commands (node, group, resource|res, restype, /unregext, /regext). Output is not to be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from app.lab.powershell.world import Native, NativeCall
from app.lab.windows import paths
from app.lab.windows.cluster.errors import ClusterError
from app.lab.windows.machine import Machine
from app.lab.windows.programs.console import Usage, complain, program, say, unquoted

_NOT_FOUND = 1168  # ERROR_NOT_FOUND


def programs(machine: Machine) -> dict[str, Native]:
    """cluster.exe alone."""
    return {"cluster": program(lambda call: _cluster(machine, call), usage=87)}


def _cluster(machine: Machine, call: NativeCall) -> int:
    words = [unquoted(word) for word in call.argv]
    if not words:
        raise Usage("")
    extension = re.fullmatch(r"/(un)?regext:(.+)", words[0], re.IGNORECASE)
    if extension and len(words) == 1:
        dll = paths.name(unquoted(extension[2])).lower()
        dll = dll if dll.endswith(".dll") else dll + ".dll"
        verb = "remove-extension" if extension[1] else "add-extension"
        return 0 if machine.cluster(verb, dll=dll)["done"] else _NOT_FOUND
    tables: dict[str, Callable[[Machine, NativeCall, str, list[tuple[str, str]], list[str]], int]] = {
        "node": _node, "group": _group, "resource": _resource, "res": _resource, "restype": _type,
    }  # fmt: skip
    if len(words) < 2 or words[0].lower() not in tables:
        raise Usage(" ".join(words))
    options = [
        (name.lower(), value) for name, _, value in (w[1:].partition(":") for w in words[2:] if w[:1] == "/")
    ]
    plain = [word for word in words[2:] if word[:1] != "/"]
    return tables[words[0].lower()](machine, call, words[1], options, plain)


def _node(
    machine: Machine, call: NativeCall, name: str, options: list[tuple[str, str]], _plain: list[str]
) -> int:
    for option, _value in options or [("status", "")]:
        if option in ("pause", "resume"):
            machine.cluster("pause", node=name, paused=option == "pause")
        elif option not in ("status", "wait"):
            raise Usage(f"/{option}")
    told = machine.cluster("see")
    state = _of(told["node_states"], name, 5042)
    say(call, "", f"{name}  {state}")
    return 0


def _group(
    machine: Machine, call: NativeCall, name: str, options: list[tuple[str, str]], _plain: list[str]
) -> int:
    for option, value in options or [("status", "")]:
        if option in ("move", "moveto"):
            machine.cluster("move", name=name, node=value or _other(machine, name))
        elif option == "online":
            if value:
                machine.cluster("move", name=name, node=value)
            machine.cluster("group", name=name, online=True)
        elif option == "offline":
            machine.cluster("group", name=name, online=False)
        elif option not in ("status", "wait"):
            raise Usage(f"/{option}")
    say(call, "", f"{name}  {_of(machine.cluster('see')['group_states'], name, 5013)}")
    return 0


def _other(machine: Machine, name: str) -> str:
    told = machine.cluster("see")
    owner = str(_of(told["groups"], name, 5013)["owner"])
    others = [str(node) for node, state in told["node_states"].items() if node != owner and state == "Up"]
    return others[0] if others else owner


def _resource(
    machine: Machine, call: NativeCall, name: str, options: list[tuple[str, str]], plain: list[str]
) -> int:
    given = dict(options)
    if set(given) - {
        "create",
        "group",
        "type",
        "priv",
        "online",
        "offline",
        "delete",
        "adddep",
        "wait",
        "status",
    }:
        raise Usage(str(options))
    if "create" in given:
        machine.cluster("add-resource", name=name, kind=given.get("type", ""), group=given.get("group", ""))
    for verb in ("online", "offline"):
        if verb in given:
            machine.cluster(verb, name=name)
    if "delete" in given:
        machine.cluster("remove-resource", name=name)
        return 0
    if "adddep" in given:
        known = _of(machine.cluster("see")["resources"], name, 5007)["depends"]
        machine.cluster("set-dependencies", name=name, others=[*known, given["adddep"]])
    if "priv" in given and plain:
        pairs = [word.partition("=") for word in plain]
        if any(not sign for _, sign, _ in pairs):
            raise Usage(" ".join(plain))
        machine.cluster("set-parameters", name=name, values={key: unquoted(value) for key, _, value in pairs})
    one = _of(machine.cluster("see")["resources"], name, 5007)
    if "priv" in given and not plain:
        say(call, *(f"S  {name}  {key}  {value}" for key, value in one["parameters"].items()))
    else:
        say(call, "", f"{one['name']}  {one['group']}  {one['state']}")
    return 0


def _type(
    machine: Machine, call: NativeCall, name: str, options: list[tuple[str, str]], _plain: list[str]
) -> int:
    given = dict(options)
    if "delete" in given and "type" in given:
        machine.cluster("remove-type", name=name)
        return 0
    if given:
        raise Usage(str(options))
    known = {one: one for one in machine.cluster("see")["types"]}
    say(call, _of(known, name, 5078))
    return 0


def _of(table: dict[str, Any], name: str, code: int) -> Any:
    for one, value in table.items():
        if one.lower() == name.lower():
            return value
    raise ClusterError(code, f"({name})")


__all__ = ["complain", "programs"]
