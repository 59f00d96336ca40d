"""The ScheduledTasks module as the product's guard uses it (Windows Server 2012 and later), on the machine's tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from app.lab.powershell.objects import LabDoesNotKnow, NetError, PSObject
from app.lab.powershell.world import Call, Cmdlet, Parameter
from app.lab.windows.machine import Machine
from app.lab.windows.refusals import Refusal
from app.lab.windows.scheduled import ScheduledTask, Scheduler

_CIM = "Microsoft.Management.Infrastructure.CimInstance#Root/Microsoft/Windows/TaskScheduler/MSFT_"
_FLAGS = ("AllowStartIfOnBatteries", "DontStopIfGoingOnBatteries", "StartWhenAvailable", "Hidden")
_PLACE = (Parameter("TaskName", "string", position=0), Parameter("TaskPath", "string"))


def cmdlets(machine: Machine, tasks: Scheduler) -> list[Cmdlet]:
    """They."""
    action = ("Execute", "Argument", "WorkingDirectory")
    settings = (
        Parameter("MultipleInstances", "string"),
        Parameter("ExecutionTimeLimit", "timespan"),
        Parameter("Priority", "int"),
    )
    register = (
        Parameter("Action", "object"), Parameter("Settings", "object"), Parameter("Principal", "object"),
        Parameter("User", "string"),
        Parameter("Password", "string"), Parameter("RunLevel", "string"), Parameter("Force", "switch"),
    )  # fmt: skip
    principal = (
        Parameter("UserId", "string", position=0),
        Parameter("LogonType", "string"),
        Parameter("RunLevel", "string"),
    )

    def stop(path: str) -> None:
        tasks.stop(path, lambda one: machine.processes.kill(one, True))

    table: list[tuple[str, tuple[Parameter, ...], Callable[[Call], Any]]] = [
        ("New-ScheduledTaskAction", tuple(Parameter(name, "string") for name in action), _action),
        ("New-ScheduledTaskPrincipal", principal, _principal),
        ("New-ScheduledTaskSettingsSet", (*settings, *(Parameter(flag, "switch") for flag in _FLAGS)), _settings),
        ("Register-ScheduledTask", (*_PLACE, *register), lambda call: _register(tasks, call)),
        ("Start-ScheduledTask", _PLACE, lambda call: _each(call, tasks.start)),
        ("Stop-ScheduledTask", _PLACE, lambda call: _each(call, stop)),
        ("Get-ScheduledTask", _PLACE, lambda call: _get(tasks, call)),
        ("Unregister-ScheduledTask", (*_PLACE, Parameter("Confirm", "switch")), lambda call: _unregister(tasks, call)),
    ]  # fmt: skip
    return [Cmdlet(name, parameters, run) for name, parameters, run in table]


def _place(call: Call) -> str:
    folder = call.text("TaskPath", "\\")
    return "\\" + f"{folder.strip(chr(92))}\\{call.text('TaskName')}".lstrip("\\")


def _refused(refusal: Refusal) -> NetError:
    return NetError(
        "Microsoft.Management.Infrastructure.CimException", str(refusal), error_id=f"HRESULT 0x8007{refusal.code:04x}",
        category="ObjectNotFound" if refusal.code == 2 else "NotSpecified",
    )  # fmt: skip


def _action(call: Call) -> Iterator[object]:
    facts = {
        "Execute": call.text("Execute"),
        "Arguments": call.text("Argument"),
        "WorkingDirectory": call.text("WorkingDirectory"),
    }
    yield PSObject(_CIM + "TaskExecAction", facts)


def _principal(call: Call) -> Iterator[object]:
    kind = call.text("LogonType", "ServiceAccount")
    if kind not in ("ServiceAccount", "Password", "S4U"):
        raise LabDoesNotKnow(f"the logon type {kind}")
    yield PSObject(
        _CIM + "TaskPrincipal",
        {"UserId": call.text("UserId"), "LogonType": kind, "RunLevel": call.text("RunLevel", "Limited")},
    )


def _settings(call: Call) -> Iterator[object]:
    limit = call.value("ExecutionTimeLimit", timedelta(days=3))
    facts = {
        "MultipleInstances": call.text("MultipleInstances", "IgnoreNew"),
        "ExecutionTimeLimit": limit,
        "Priority": call.value("Priority", 7),
    }
    if facts["MultipleInstances"] != "IgnoreNew":
        raise LabDoesNotKnow(f"-MultipleInstances {facts['MultipleInstances']}")
    yield PSObject(_CIM + "TaskSettings3", facts)


def _register(tasks: Scheduler, call: Call) -> Iterator[object]:
    action, principal = call.value("Action"), call.value("Principal")
    if not isinstance(action, PSObject):
        raise LabDoesNotKnow("Register-ScheduledTask without one -Action")
    user = str(principal.get("UserId")) if isinstance(principal, PSObject) else call.text("User")
    task = ScheduledTask(
        _place(call), str(action.get("Execute")), str(action.get("Arguments")), user, str(action.get("WorkingDirectory") or "")
    )  # fmt: skip
    try:
        tasks.register(task, call.text("Password") if call.given("Password") else None, call.switch("Force"))
    except Refusal as refusal:
        raise _refused(refusal) from refusal
    yield _object(tasks, task)


def _object(tasks: Scheduler, task: ScheduledTask) -> PSObject:
    folder, _, name = task.path.rpartition("\\")
    facts = {"TaskPath": folder + "\\", "TaskName": name, "State": tasks.state(task.path)}
    return PSObject(_CIM + "ScheduledTask", facts, columns=("TaskPath", "TaskName", "State"))


def _each(call: Call, do: Callable[[str], None]) -> None:
    try:
        do(_place(call))
    except Refusal as refusal:
        raise _refused(refusal) from refusal


def _get(tasks: Scheduler, call: Call) -> Iterator[object]:
    try:
        yield _object(tasks, tasks.find(_place(call)))
    except Refusal as refusal:
        raise _refused(refusal) from refusal


def _unregister(tasks: Scheduler, call: Call) -> None:
    if not call.given("Confirm") or call.switch("Confirm"):
        raise NetError(
            "System.Management.Automation.PSInvalidOperationException",
            "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.",
        )
    _each(call, tasks.unregister)
