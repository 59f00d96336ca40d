"""Registry, services, processes, listeners, identity and environment as .NET shows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone

from app.lab.powershell.objects import EnumValue, Live, Method, NetError, NetType, Property, PSObject
from app.lab.windows.machine import Machine
from app.lab.windows.processes import Process
from app.lab.windows.registry import MACHINE_ENVIRONMENT, ROOTS, USER_ENVIRONMENT, Key
from app.lab.windows.services import STATES, Service

STATUS = NetType("System.ServiceProcess.ServiceControllerStatus", values=STATES)
ROLE = NetType(
    "System.Security.Principal.WindowsBuiltInRole",
    values={"Administrator": 544, "User": 545, "Guest": 546, "PowerUser": 547},
)
TARGET = NetType("System.EnvironmentVariableTarget", values={"Process": 0, "User": 1, "Machine": 2})
_WAIT = 0.02


class RegistryKey:
    """A key that was opened."""

    def __init__(self, machine: Machine, path: str) -> None:
        self.machine, self.path = machine, path

    def key(self) -> Key | None:
        """What is there now."""
        return self.machine.registry.find(self.path)

    def open(self, name: str) -> RegistryKey | None:
        """A key below, $null where there is none."""
        below = f"{self.path}\\{name}"
        return RegistryKey(self.machine, below) if self.machine.registry.find(below) else None

    def value(self, name: str, default: object = None) -> object:
        """A value: text, or a number for REG_DWORD."""
        key = self.key()
        found = key.values.get(name.lower()) if key else None
        if found is None:
            return default
        return int(found[2], 0) if found[1] == "REG_DWORD" else found[2]


class Identity:
    """[Security.Principal.WindowsIdentity] of who runs the script."""

    def __init__(self, name: str) -> None:
        self.name = name


class Principal:
    """[Security.Principal.WindowsPrincipal]."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity


def types(machine: Machine, user: Callable[[], str]) -> list[NetType]:
    """The types of this machine, [Environment] apart; `user`: who runs the script."""
    return [
        *_registry(machine), *_services(machine), *_processes(machine), *_identity(machine, user), _network(machine),
        TARGET, _assembly(), _wmi_dates(),
    ]  # fmt: skip


def _registry(machine: Machine) -> list[NetType]:
    roots = {"LocalMachine": "HKLM", "CurrentUser": "HKCU", "ClassesRoot": "HKCR", "Users": "HKU"}
    hives = {name: Property(lambda short=short: RegistryKey(machine, short)) for name, short in roots.items()}
    key = NetType(
        "Microsoft.Win32.RegistryKey",
        holds=(RegistryKey,),
        members={
            "Name": Property(
                lambda it: it.path.replace(it.path.split("\\")[0], ROOTS[it.path.split("\\")[0]], 1)
            ),
            "OpenSubKey": Method(RegistryKey.open, "string"),
            "GetSubKeyNames": Method(
                lambda it: [one.name for one in it.key().keys.values()] if it.key() else [], ""
            ),
            "GetValue": Method(RegistryKey.value, "string", "string, object"),
            "Close": Method(lambda _it: None, ""),
        },
    )
    return [NetType("Microsoft.Win32.Registry", statics=hives), key]


def status(name: str) -> EnumValue:
    """A service's state as .NET's enumeration."""
    return EnumValue(STATUS, name, STATES[name])


def controller(machine: Machine, service: Service) -> PSObject:
    """[ServiceProcess.ServiceController], whose state is asked for each time, which is what Refresh() is for."""

    def now() -> EnumValue:
        found = machine.services.find(service.name)
        if found is None:
            raise NetError(
                "System.InvalidOperationException", f"Service {service.name} was not found on computer '.'."
            )
        return status(found.state)

    def wait(wanted: object, limit: object = None) -> None:
        name = wanted.name if isinstance(wanted, EnumValue) else str(wanted)
        goal = next((one for one in STATES if one.lower() == name.lower()), "")
        end = machine.now() + (limit if isinstance(limit, timedelta) else timedelta(days=1))
        while now().name != goal:
            if machine.now() > end:
                raise NetError(
                    "System.ServiceProcess.TimeoutException",
                    "Time out has expired and the operation has not been completed.",
                )
            machine.rebooting.wait(_WAIT)

    return PSObject(
        "System.ServiceProcess.ServiceController",
        {
            "Status": Live(now), "Name": service.name, "ServiceName": service.name, "DisplayName": service.display,
        },
        methods={"WaitForStatus": wait, "Refresh": lambda: None},
        text="System.ServiceProcess.ServiceController",
        columns=("Status", "Name", "DisplayName"),
    )  # fmt: skip


def _services(machine: Machine) -> list[NetType]:
    return [
        NetType(
            "System.ServiceProcess.ServiceController",
            statics={
                "GetServices": Method(
                    lambda: [controller(machine, one) for one in machine.services.all()], ""
                )
            },
        ),
        STATUS,
    ]


def process_object(machine: Machine, process: Process) -> PSObject:
    """[Diagnostics.Process]."""

    def modules() -> list[object]:
        if machine.processes.find(process.id) is None:
            raise NetError(
                "System.InvalidOperationException", "Cannot process request because the process has exited."
            )
        return [
            PSObject("System.Diagnostics.ProcessModule", {"ModuleName": name}) for name in process.modules
        ]

    def code() -> object:
        return process.code

    return PSObject(
        "System.Diagnostics.Process",
        {
            "Id": process.id, "ProcessName": process.name, "Name": process.name, "Modules": Live(modules),
            "HasExited": Live(process.ended.is_set), "ExitCode": Live(code),
        },
        methods={"get_Modules": modules, "Refresh": lambda: None},
        columns=("Id", "ProcessName"),
    )  # fmt: skip


def _processes(machine: Machine) -> list[NetType]:
    def by_id(number: int) -> PSObject:
        found = machine.processes.find(number)
        if found is None:
            raise NetError("System.ArgumentException", f"Process with an Id of {number} is not running.")
        return process_object(machine, found)

    return [
        NetType(
            "System.Diagnostics.Process",
            statics={
                "GetProcesses": Method(
                    lambda: [process_object(machine, one) for one in machine.processes.all()], ""
                ),
                "GetProcessById": Method(by_id, "int"),
            },
        )
    ]


def _network(machine: Machine) -> NetType:
    def listeners() -> list[object]:
        ports = [*machine.processes.listening(), 135, 5985]
        return [
            PSObject("System.Net.IPEndPoint", {"Port": port, "Address": "0.0.0.0"}) for port in sorted(ports)
        ]

    return NetType(
        "System.Net.NetworkInformation.IPGlobalProperties",
        statics={
            "GetIPGlobalProperties": Method(
                lambda: PSObject(
                    "System.Net.NetworkInformation.IPGlobalProperties",
                    methods={"GetActiveTcpListeners": listeners},
                ),
                "",
            )
        },
    )


def _identity(machine: Machine, user: Callable[[], str]) -> list[NetType]:
    def within(principal: Principal, role: EnumValue) -> bool:
        name = principal.identity.name.rpartition("\\")[2].lower()
        return role.name == "Administrator" and name in machine.administrators

    return [
        NetType(
            "System.Security.Principal.WindowsIdentity",
            holds=(Identity,),
            statics={"GetCurrent": Method(lambda: Identity(user()), "")},
            members={"Name": Property(lambda it: it.name)},
        ),
        NetType(
            "System.Security.Principal.WindowsPrincipal",
            holds=(Principal,),
            new=Method(Principal, "object"),
            members={
                "IsInRole": Method(within, "Security.Principal.WindowsBuiltInRole"),
                "Identity": Property(lambda it: it.identity),
            },
        ),
        ROLE,
    ]


def environment(machine: Machine, process: Mapping[str, str]) -> NetType:
    """[Environment] of one process, whose variables are `process`."""

    def variable(name: str, target: EnumValue | None = None) -> str | None:
        if target is None or target.name == "Process":
            return process.get(name)
        place = MACHINE_ENVIRONMENT if target.name == "Machine" else USER_ENVIRONMENT
        return machine.registry.value(place, name)

    def folder(name: str) -> str:
        places = {
            "commonapplicationdata": r"C:\ProgramData",
            "system": r"C:\Windows\System32",
            "windows": r"C:\Windows",
        }
        if name.lower() not in places:
            raise NetError("System.ArgumentException", f"Illegal enum value: {name}.")
        return places[name.lower()]

    return NetType(
        "System.Environment",
        statics={
            "GetEnvironmentVariable": Method(variable, "string", "string, EnvironmentVariableTarget"),
            "ExpandEnvironmentVariables": Method(lambda text: expanded(text, process), "string"),
            "GetFolderPath": Method(folder, "string"),
            "MachineName": Property(lambda: machine.name),
            "NewLine": Property(lambda: "\r\n"),
        },
    )


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """%NAME% of the variables that are set; others stay as they are written."""
    known = {name.lower(): value for name, value in variables.items()}
    return re.sub(r"%([^%]+)%", lambda found: known.get(found[1].lower(), found[0]), text)


def _assembly() -> NetType:
    def load(name: str) -> object:
        known = name.lower() in ("system.serviceprocess", "system.management")
        return PSObject("System.Reflection.RuntimeAssembly", {"FullName": name}) if known else None

    return NetType("System.Reflection.Assembly", statics={"LoadWithPartialName": Method(load, "string")})


def dmtf(moment: datetime) -> str:
    """As WMI writes a moment: 20261125214110.123456+540 (minutes from UTC)."""
    local = moment.astimezone(timezone(timedelta(hours=9)))
    return local.strftime("%Y%m%d%H%M%S.%f") + "+540"


def _wmi_dates() -> NetType:
    def moment(text: str) -> datetime:
        stamp, minutes = text[:21], int(text[21:])
        return datetime.strptime(stamp, "%Y%m%d%H%M%S.%f").replace(
            tzinfo=timezone(timedelta(minutes=minutes))
        )

    return NetType(
        "System.Management.ManagementDateTimeConverter", statics={"ToDateTime": Method(moment, "string")}
    )
