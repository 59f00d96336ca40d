"""What `winrm get winrm/config` answers, as far as clients want it: the quotas. Knows no shell.

The elements are those of [MS-WSMV] 2.2.4; MaxConcurrentCommandsPerShell is not among them:
it belongs to the plug-in, as on Windows.
"""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from app.lab.winrm import soap
from app.lab.winrm.soap import node

if TYPE_CHECKING:
    from app.lab.winrm.registry import Quotas

UNTOLD_VERSION = "OS: 0.0.0 SP: 0.0 Stack: 3.0"
"""What Identify says to somebody who has not logged on."""
RESOURCE = soap.NAMESPACES["cfg"]
_PLUGIN = f"{RESOURCE}/plugin"
_PLUGIN_NAME = "microsoft.powershell"


def version(windows: str) -> str:
    """What Identify says to somebody who has logged on; WinRM 2.0 came with Windows 6.1, 3.0 with 6.2."""
    stack = "2.0" if windows.startswith("6.1.") else "3.0"
    return f"OS: {windows} SP: 0.0 Stack: {stack}"


def new_id() -> str:
    """A fresh identifier in capitals."""
    return str(uuid.uuid4()).upper()


def answer(request: soap.Request, quotas: Quotas) -> ET.Element:
    """The part of the configuration that is asked for. Raises Fault."""
    if request.resource == RESOURCE:
        return node("cfg:Config", *_limits(quotas), _service(quotas), _winrs(quotas))
    if request.resource == f"{RESOURCE}/winrs":
        return _winrs(quotas)
    if request.resource == f"{RESOURCE}/service":
        return _service(quotas)
    if request.resource == _PLUGIN and request.selectors.get("Name", "").lower() == _PLUGIN_NAME:
        return _plugin(quotas)
    raise soap.unsupported(f"the configuration {request.resource}")


def _elements(**values: object) -> list[ET.Element]:
    return [node(f"cfg:{name}", str(value)) for name, value in values.items()]


def _limits(quotas: Quotas) -> list[ET.Element]:
    return _elements(MaxEnvelopeSizekb=quotas.max_envelope_kb, MaxTimeoutms=60000, MaxBatchItems=32000)


def _service(quotas: Quotas) -> ET.Element:
    limits = _elements(
        MaxConcurrentOperationsPerUser=quotas.max_concurrent_operations_per_user,
        MaxConnections=300,
        MaxPacketRetrievalTimeSeconds=120,
        AllowUnencrypted="false",
    )
    return node("cfg:Service", *limits)


def _winrs(quotas: Quotas) -> ET.Element:
    values = _elements(
        AllowRemoteShellAccess="true",
        IdleTimeout=int(quotas.idle_timeout * 1000),
        MaxConcurrentUsers=2147483647,
        MaxShellRunTime=2147483647,
        MaxProcessesPerShell=quotas.max_processes_per_shell,
        MaxMemoryPerShellMB=quotas.max_memory_per_shell_mb,
        MaxShellsPerUser=quotas.max_shells_per_user,
    )
    return node("cfg:Winrs", *values)


def _plugin(quotas: Quotas) -> ET.Element:
    told = node(
        "plugin:Quotas",
        MaxIdleTimeoutms="2147483647",
        MaxConcurrentUsers="5",
        IdleTimeoutms=str(int(quotas.idle_timeout * 1000)),
        MaxProcessesPerShell=str(quotas.max_processes_per_shell),
        MaxMemoryPerShellMB=str(quotas.max_memory_per_shell_mb),
        MaxConcurrentCommandsPerShell=str(quotas.max_concurrent_commands_per_shell),
        MaxShellsPerUser=str(quotas.max_shells_per_user),
        MaxShells="25",
    )
    return node("plugin:PlugInConfiguration", told, Name=_PLUGIN_NAME)
