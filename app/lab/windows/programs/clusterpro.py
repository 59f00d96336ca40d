"""CLUSTERPRO X's commands: clpstat, clpgrp, clprsc, clpcl, clpmonctrl, as clusterpro.py asks and reads them.

Layout and words of the tables are those of the published samples (tests/domain/samples/clusterware/clusterpro.yaml). Monitors of
a group: `<group>_mon`. What a command is not given exactly as here it refuses with 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from app.lab.powershell.world import Native, NativeCall
from app.lab.windows.cluster.errors import ClusterError
from app.lab.windows.machine import Machine
from app.lab.windows.programs.console import Usage, program, say

_STATES = {"OnlinePending": "Online Pending", "OfflinePending": "Offline Pending", "Failed": "Error"}
_GROUPS = {"Pending": "Online Pending", "Failed": "Error", "PartialOnline": "Online"}
MONITOR = "_mon"


def programs(machine: Machine, reach: Callable[[str, str], None]) -> dict[str, Native]:
    """The commands by name. `reach`: start | stop the cluster service of a node, by its name; raises ClusterError."""
    made: dict[str, Callable[[NativeCall], int]] = {
        "clpstat": lambda call: _stat(machine, call),
        "clpgrp": lambda call: _group(machine, call),
        "clprsc": lambda call: _resource(machine, call),
        "clpcl": lambda call: _service(call, reach),
        "clpmonctrl": lambda call: _monitor(machine, call),
    }
    return {name: program(run, refused=1) for name, run in made.items()}


def _options(call: NativeCall, values: str, flags: str = "") -> dict[str, str]:
    """-x value and -y. Raises Usage for others."""
    found: dict[str, str] = {}
    words = iter(call.argv)
    for word in words:
        letter = word.removeprefix("-")
        if word[:1] != "-" or letter not in (*values, *flags):
            raise Usage(word)
        found[letter] = next(words, "") if letter in values else ""
    if any(not found[letter] for letter in found if letter in values):
        raise Usage(call.line)
    return found


def _stat(machine: Machine, call: NativeCall) -> int:
    if call.argv not in ([], ["--long"]):
        raise Usage(call.line)
    width = 34 if call.argv else 18
    try:
        told = machine.cluster("see")
    except ClusterError:
        told = None
    say(call, *_table(machine.name, told, width))
    return 0 if told else 1


def _table(local: str, told: dict[str, Any] | None, width: int) -> Iterator[str]:
    yield " ========================  CLUSTER STATUS  ==========================="
    yield f"  Cluster : {told['name'] if told else 'cluster'}"
    yield "  <server>"
    for name, state in (told["node_states"] if told else {local: "Down"}).items():
        yield _row(
            "   *" if name == local else "    ",
            name,
            "Offline" if state == "Down" else "Online",
            width,
            head=True,
        )
        yield _row("      ", "lankhb1", "Normal" if state != "Down" else "Offline", width)
    yield "  <group>"
    for name, group in (told["groups"] if told else {}).items():
        assert told
        state = told["group_states"][name]
        yield _row("    ", name, _GROUPS.get(state, state), width, head=True)
        yield _row("      ", "current", group["owner"] if state != "Offline" else "None", width)
        for one in told["resources"].values():
            if one["group"] == name:
                yield _row("      ", one["name"], _STATES.get(one["state"], one["state"]), width)
    yield "  <monitor>"
    for name, group in (told["groups"] if told else {}).items():
        yield _row("    ", name + MONITOR, "Suspend" if group["suspended"] else "Normal", width)
    yield _row("    ", "userw", "Normal" if told else "Offline", width)
    yield " ====================================================================="


def _row(indent: str, name: str, state: str, width: int, head: bool = False) -> str:
    """One row; the dots run from the name to the column of the state, and names longer than the column are cut."""
    room = width - len(indent)
    shown = name[: room - 1]
    dots = " " + "." * (width - len(indent) - len(shown) - 1) if head and len(shown) < room - 1 else ""
    return f"{(indent + shown + dots).ljust(width)}: {state.ljust(17)}".rstrip() + "           "


def _group(machine: Machine, call: NativeCall) -> int:
    given = _options(call, "stmah")
    acts = [letter for letter in "stm" if letter in given]
    if len(acts) != 1:
        raise Usage(call.line)
    act, name = acts[0], given[acts[0]]
    if act == "m" and set(given) == {"m", "a"}:
        machine.cluster("move", name=name, node=given["a"])
    elif act == "s" and set(given) <= {"s", "h"}:
        if "h" in given:
            machine.cluster("move", name=name, node=given["h"])
        machine.cluster("group", name=name, online=True)
    elif act == "t" and set(given) == {"t"}:
        machine.cluster("group", name=name, online=False)
    else:
        raise Usage(call.line)
    say(call, "Command succeeded.")
    return 0


def _resource(machine: Machine, call: NativeCall) -> int:
    given = _options(call, "st")
    if len(given) != 1:
        raise Usage(call.line)
    machine.cluster("online" if "s" in given else "offline", name=next(iter(given.values())))
    say(call, "Command succeeded.")
    return 0


def _service(call: NativeCall, reach: Callable[[str, str], None]) -> int:
    given = _options(call, "h", "st")
    acts = [letter for letter in "st" if letter in given]
    if len(acts) != 1 or "h" not in given:
        raise Usage(call.line)
    reach("start" if acts[0] == "s" else "stop", given["h"])
    say(call, "Command succeeded.")
    return 0


def _monitor(machine: Machine, call: NativeCall) -> int:
    given = _options(call, "hm", "sr")
    if ("s" in given) == ("r" in given) or not given.get("m", "").endswith(MONITOR):
        raise Usage(call.line)
    group = given["m"].removesuffix(MONITOR)
    machine.cluster("suspend-monitors", group=group, suspended="s" in given)
    say(call, "Command succeeded.")
    return 0
