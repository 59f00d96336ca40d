"""Services, processes, modules and WMI: Get-/Start-/Stop-Service, Start-/Stop-Process, Import-/Get-Module, Get-WmiObject …"""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.lab.powershell.objects import LabDoesNotKnow, NetError, PSObject, listed
from app.lab.powershell.world import Call, Cmdlet, Parameter
from app.lab.windows.cluster.errors import ClusterError
from app.lab.windows.machine import Machine
from app.lab.windows.net.system import controller, dmtf, process_object
from app.lab.windows.processes import Process
from app.lab.windows.programs.start import Programs
from app.lab.windows.refusals import Refusal

_SERVICE_COMMAND = "Microsoft.PowerShell.Commands.ServiceCommandException"


def cmdlets(machine: Machine, programs: Programs, modules: dict[str, list[Cmdlet]]) -> list[Cmdlet]:
    """They. `modules`: module -> its cmdlets, which are all there without an import, as from PowerShell 3.0 on."""
    name = Parameter("Name", "string[]", position=0, pipeline=True)
    force = Parameter("Force", "switch")
    return [
        Cmdlet("Get-Service", (name,), lambda call: _services(machine, call)),
        Cmdlet("Start-Service", (name,), lambda call: _change(machine, call, True)),
        Cmdlet("Stop-Service", (name, force), lambda call: _change(machine, call, False)),
        Cmdlet(
            "Start-Process",
            (
                Parameter("FilePath", "string", position=0, mandatory=True), Parameter("ArgumentList", "string[]", position=1),
                Parameter("Wait", "switch"), Parameter("PassThru", "switch"), Parameter("WorkingDirectory", "string"),
            ),
            lambda call: _start(machine, programs, call),
        ),
        Cmdlet("Stop-Process", (Parameter("Id", "int[]", position=0, pipeline=True), force), lambda call: _stop(machine, call)),
        Cmdlet("Import-Module", (Parameter("Name", "string[]", position=0),), lambda call: _import(modules, call)),
        Cmdlet(
            "Get-Module", (Parameter("Name", "string[]", position=0), Parameter("ListAvailable", "switch")),
            lambda call: _modules(modules, call),
        ),
        Cmdlet(
            "Get-WmiObject",
            (Parameter("Class", "string", position=0, mandatory=True), Parameter("Filter", "string")),
            lambda call: _wmi(machine, call),
        ),
        Cmdlet(
            "Invoke-WmiMethod",
            (
                Parameter("Class", "string", position=0), Parameter("Name", "string", position=1),
                Parameter("ArgumentList", "object[]"),
            ),
            lambda call: _create(programs, call),
        ),
    ]  # fmt: skip


def _services(machine: Machine, call: Call) -> Iterator[object]:
    names = list(call.texts("Name")) if call.given("Name") or call.piped else []
    if not names:
        for service in machine.services.all():
            yield controller(machine, service)
    for name in names:
        found = machine.services.find(name)
        if found is None:
            _no_service(call, name)
        else:
            yield controller(machine, found)


def _no_service(call: Call, name: str) -> None:
    call.error(
        f"Cannot find any service with service name '{name}'.", "NoServiceFoundForGivenName", type_name=_SERVICE_COMMAND,
        category="ObjectNotFound", target=name,
    )  # fmt: skip


def _change(machine: Machine, call: Call, start: bool) -> None:
    """Nothing happens to one that is so already; what the service manager refuses is an error."""
    for name in call.texts("Name"):
        service = machine.services.find(name)
        if service is None:
            _no_service(call, name)
            continue
        if service.state == ("Running" if start else "Stopped"):
            continue
        try:
            (machine.services.start if start else machine.services.stop)(name)
        except (Refusal, ClusterError) as refusal:
            doing = "StartServiceFailed" if start else "StopServiceFailed"
            call.error(
                f"Service '{service.display} ({service.name})' cannot be {'started' if start else 'stopped'}: {refusal}",
                f"Could{doing}", type_name=_SERVICE_COMMAND, category="OpenError", target=name,
            )  # fmt: skip


def _start(machine: Machine, programs: Programs, call: Call) -> Iterator[object]:
    """A program of its own, without its output. -Wait waits for it."""
    path = call.text("FilePath")
    words = [str(one) for one in listed(call.value("ArgumentList"))]
    try:
        process = programs.launch(path, " ".join(words), call.text("WorkingDirectory") or call.session.folder)
    except Refusal as refusal:
        raise NetError(
            "System.InvalidOperationException", f"This command cannot be run due to the error: {refusal}",
            error_id="InvalidOperationException",
        ) from refusal  # fmt: skip
    if call.switch("Wait"):
        while not process.ended.wait(0.02):
            if call.streams.stopping():
                return
    if call.switch("PassThru"):
        yield process_object(machine, process)


def _stop(machine: Machine, call: Call) -> None:
    for each in call.objects("Id"):
        number = int(str(each))
        if not machine.processes.kill(number, tree=False):
            call.error(
                f"Cannot find a process with the process identifier {number}.", "NoProcessFoundForGivenId",
                type_name="Microsoft.PowerShell.Commands.ProcessCommandException", category="ObjectNotFound", target=number,
            )  # fmt: skip


def _import(modules: dict[str, list[Cmdlet]], call: Call) -> None:
    known = {name.lower() for name in modules}
    for name in call.texts("Name"):
        if name.lower() not in known:
            call.error(
                f"The specified module '{name}' was not loaded because no valid module file was found.",
                "Modules_ModuleNotFound", type_name="System.IO.FileNotFoundException",
                category="ResourceUnavailable", target=name,
            )  # fmt: skip


def _modules(modules: dict[str, list[Cmdlet]], call: Call) -> Iterator[object]:
    if not call.switch("ListAvailable"):
        raise LabDoesNotKnow("Get-Module without -ListAvailable")
    wanted = (
        [name.lower() for name in call.texts("Name")] if call.given("Name") else list(map(str.lower, modules))
    )
    for name in modules:
        if name.lower() in wanted:
            yield PSObject(
                "System.Management.Automation.PSModuleInfo",
                {"Name": name, "ModuleType": "Manifest"},
                text=name,
            )


def _wmi(machine: Machine, call: Call) -> Iterator[object]:
    kind, condition = call.text("Class").lower(), call.text("Filter")
    if kind == "win32_operatingsystem" and not condition:
        yield PSObject(
            "System.Management.ManagementObject#root\\cimv2\\Win32_OperatingSystem",
            {
                "LastBootUpTime": dmtf(machine.booted),
                "CSName": machine.name,
                "CodeSet": "932",
                "CurrentTimeZone": 540,
                "Caption": machine.caption(),
            },
        )
    elif kind == "win32_process":
        found = re.fullmatch(r"\s*Name\s*=\s*'([^']*)'\s*", condition, re.IGNORECASE) if condition else None
        if condition and not found:
            raise LabDoesNotKnow(f"the WMI filter {condition}")
        for process in machine.processes.all():
            if not found or _image(process).lower() == found[1].lower():
                yield _wmi_process(process)
    else:
        raise LabDoesNotKnow(f"the WMI class {kind} {condition}")


def _image(process: Process) -> str:
    return process.image.rpartition("\\")[2]


def _wmi_process(process: Process) -> PSObject:
    return PSObject(
        "System.Management.ManagementObject#root\\cimv2\\Win32_Process",
        {
            "ProcessId": process.id, "ParentProcessId": process.parent, "Name": _image(process),
            "CommandLine": process.line or None, "CreationDate": dmtf(process.started),
        },
    )  # fmt: skip


def _create(programs: Programs, call: Call) -> Iterator[object]:
    """Win32_Process.Create: 0, or 9 where the program's path is not there. The process belongs to no session."""
    words = [str(one) for one in listed(call.value("ArgumentList"))]
    if call.text("Class").lower() != "win32_process" or call.text("Name").lower() != "create" or not words:
        raise LabDoesNotKnow(f"the WMI method {call.text('Class')}.{call.text('Name')}")
    program, rest = programs.split(words[0])
    try:
        process = programs.launch(
            program, rest, words[1] if len(words) > 1 else "C:\\Windows\\System32", parent=4
        )
    except Refusal:
        yield PSObject("System.Management.ManagementBaseObject", {"ReturnValue": 9, "ProcessId": None})
        return
    yield PSObject("System.Management.ManagementBaseObject", {"ReturnValue": 0, "ProcessId": process.id})
