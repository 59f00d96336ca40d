"""A small world for the cases: a few programs and one cmdlet with objects, declared as world.py says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from app.lab.powershell.objects import EnumValue, Live, NetType, PSObject
from app.lab.powershell.pure import furnish
from app.lab.powershell.world import Call, Cmdlet, Environment, NativeCall, Parameter, World

STATE = NetType("Lab.State", values={"Online": 0, "Offline": 1})


def echo_arguments(call: NativeCall) -> int:
    """Prints its words and its raw command line."""
    call.out("".join(f"{word}\r\n" for word in (*call.argv, f"line: {call.line}")).encode("cp932"))
    return 0


def fails(call: NativeCall) -> int:
    """Complains, and ends with the code that it is told."""
    call.err(f"failed with {call.argv[0]}\r\n".encode())
    return int(call.argv[0])


def japanese(call: NativeCall) -> int:
    """Two lines in the code page, cut in the middle of a letter, the last without its end."""
    data = "表示ソ\r\n二行".encode("cp932")
    call.out(data[:3])
    call.out(data[3:])
    return 0


def upper(call: NativeCall) -> int:
    """What comes in, in capitals."""
    call.out(call.stdin.upper())
    return 0


def shows(call: NativeCall) -> int:
    """A variable of its environment."""
    call.out(call.environment.get(call.argv[0], "none").encode())
    return 0


def things(call: Call) -> Iterator[object]:
    """Get-Thing: two of them, or those that are named."""
    known = {
        name: _thing(name, place, state)
        for name, place, state in (("thing1", "node-a", "Online"), ("thing2", "node-b", "Offline"))
    }
    for name in call.texts("Name") if call.given("Name") else known:
        if name.lower() in known:
            yield known[name.lower()]
        else:
            call.error(f"no thing {name}", "NoThing", category="ObjectNotFound", target=name)


def _thing(name: str, place: str, state: str) -> PSObject:
    found = STATE.value(state)
    assert isinstance(found, EnumValue)
    return PSObject(
        ("Lab.Thing", "Lab.Base"),
        {
            "Name": name,
            "State": Live(lambda: found),
            "Owner": PSObject("Lab.Node", {"Name": place}, text=place),
        },
        methods={"Start": lambda when: f"{name} started {when}"},
        text=name,
        columns=("Name", "State"),
    )


def world(version: str = "5.1") -> World:
    """The world of the cases."""
    made = World(
        natives={
            "echoargs": echo_arguments,
            "fails": fails,
            "japanese": japanese,
            "upper": upper,
            "shows": shows,
        },
        environment=Environment({"Place": "here", "ProgramFiles(x86)": "C:\\Program Files (x86)"}),
        now=lambda: datetime(2024, 5, 1, 0, 3, 7, 123456, tzinfo=UTC),
        version=version,
    )
    return furnish(made.add(Cmdlet("Get-Thing", (Parameter("Name", "string[]", position=0),), things), STATE))
