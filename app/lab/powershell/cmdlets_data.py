"""The cmdlets that make and take apart values without any machine: dates, JSON, paths as text, what commands there are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from app.lab.powershell.errors import command_not_found
from app.lab.powershell.formats import date_text
from app.lab.powershell.json_text import from_json, to_json
from app.lab.powershell.objects import LabDoesNotKnow, PSObject
from app.lab.powershell.state import State, unrolled
from app.lab.powershell.values import numeric, text
from app.lab.powershell.world import Call, Cmdlet, Parameter


def _date(call: Call) -> Iterator[object]:
    moment = call.value("Date", call.world.now().astimezone(call.world.zone))
    assert isinstance(moment, datetime)
    yield date_text(moment, call.text("Format")) if call.given("Format") else moment


def _to_json(call: Call) -> Iterator[object]:
    values = list(call.input) if not call.given("InputObject") else [call.value("InputObject")]
    value = values[0] if len(values) == 1 else values
    yield to_json(value, int(numeric(call.value("Depth", 2))), compress=call.switch("Compress"))


def _from_json(call: Call) -> Iterator[object]:
    yield from_json("\n".join(call.texts("InputObject")))


def _join_path(call: Call) -> Iterator[object]:
    for parent in call.texts("Path"):
        child = call.text("ChildPath").lstrip("\\/")
        yield parent + child if parent.endswith(("\\", "/")) else f"{parent}\\{child}"


def _split_path(call: Call) -> Iterator[object]:
    for path in call.texts("Path") if not call.given("LiteralPath") else call.texts("LiteralPath"):
        folder, _, leaf = path.replace("/", "\\").rstrip("\\").rpartition("\\")
        if call.switch("Leaf"):
            yield leaf
        elif call.switch("Qualifier"):
            yield path[:2]
        else:
            yield f"{folder}\\" if folder.endswith(":") else folder


def _command(call: Call) -> Iterator[object]:
    for name in call.texts("Name"):
        found = _found(call, name)
        if found is not None:
            yield found
            continue
        said = command_not_found(name)
        call.error(said.message, said.error_id, type_name=said.type_name, category=said.category, target=name)


def _found(call: Call, name: str) -> PSObject | None:
    if "*" in name:
        raise LabDoesNotKnow("Get-Command with a pattern")
    kind, known = "Application", name
    function = call.session.scope.function(name) if isinstance(call.session, State) else None
    cmdlet = call.world.cmdlets.get(name.lower())
    if function is not None:
        kind, known = "Function", function.name
    elif cmdlet is not None:
        kind, known = "Cmdlet", cmdlet.name
    elif call.world.native(name) is None:
        return None
    properties = {"Name": known, "CommandType": kind}
    return PSObject("System.Management.Automation.CommandInfo", properties, text=known)


def _strict(call: Call) -> None:
    if not call.switch("Off"):
        raise LabDoesNotKnow("Set-StrictMode, but for -Off")


def _variable(call: Call) -> Iterator[object]:
    for name in call.texts("Name"):
        value = call.session.variable(name)
        if call.switch("ValueOnly"):
            yield from unrolled(value)
        else:
            yield PSObject(
                "System.Management.Automation.PSVariable", {"Name": name, "Value": value}, text=text(value)
            )


CMDLETS = (
    Cmdlet("Get-Date", (Parameter("Date", "datetime", position=0), Parameter("Format", "string")), _date),
    Cmdlet(
        "ConvertTo-Json",
        (
            Parameter("InputObject", position=0, pipeline=True),
            Parameter("Depth", "int"),
            Parameter("Compress", "switch"),
        ),
        _to_json,
    ),
    Cmdlet("ConvertFrom-Json", (Parameter("InputObject", "string", position=0, pipeline=True),), _from_json),
    Cmdlet(
        "Join-Path",
        (
            Parameter("Path", "string[]", position=0, pipeline=True),
            Parameter("ChildPath", "string", position=1, mandatory=True),
        ),
        _join_path,
    ),
    Cmdlet(
        "Split-Path",
        (
            Parameter("Path", "string[]", position=0, pipeline=True),
            Parameter("LiteralPath", "string[]"),
            *(Parameter(name, "switch") for name in ("Leaf", "Parent", "Qualifier")),
        ),
        _split_path,
    ),
    Cmdlet("Get-Command", (Parameter("Name", "string[]", position=0, mandatory=True),), _command, ("gcm",)),
    Cmdlet("Set-StrictMode", (Parameter("Version", "string"), Parameter("Off", "switch")), _strict),
    Cmdlet(
        "Get-Variable",
        (Parameter("Name", "string[]", position=0, mandatory=True), Parameter("ValueOnly", "switch")),
        _variable,
    ),
)
