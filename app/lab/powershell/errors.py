"""Exceptions as scripts see them: which kinds there are, what catch takes, what is made of an error for the streams.

Sources: about_Try_Catch_Finally, about_Trap; the .NET reference for what inherits from what.
"""

from __future__ import annotations

from app.lab.powershell.objects import ErrorRecord, NetError
from app.lab.powershell.syntax import Place

AUTOMATION = "System.Management.Automation."
RUNTIME = AUTOMATION + "RuntimeException"
_SYSTEM = "System.SystemException"
_IO = "System.IO.IOException"
_ARGUMENT = "System.ArgumentException"
_INVALID = "System.InvalidOperationException"

BASES: dict[str, str] = {
    "System.SystemException": "System.Exception",
    "System.ApplicationException": "System.Exception",
    "System.AggregateException": "System.Exception",
    _IO: _SYSTEM,
    "System.IO.FileNotFoundException": _IO,
    "System.IO.DirectoryNotFoundException": _IO,
    "System.IO.DriveNotFoundException": _IO,
    "System.IO.PathTooLongException": _IO,
    "System.IO.EndOfStreamException": _IO,
    "System.IO.InvalidDataException": _SYSTEM,
    "System.UnauthorizedAccessException": _SYSTEM,
    "System.Security.SecurityException": _SYSTEM,
    "System.Security.Principal.IdentityNotMappedException": _SYSTEM,
    "System.Security.Cryptography.CryptographicException": _SYSTEM,
    _ARGUMENT: _SYSTEM,
    "System.ArgumentNullException": _ARGUMENT,
    "System.ArgumentOutOfRangeException": _ARGUMENT,
    "System.FormatException": _SYSTEM,
    "System.InvalidCastException": _SYSTEM,
    "System.NotSupportedException": _SYSTEM,
    "System.NotImplementedException": _SYSTEM,
    "System.NullReferenceException": _SYSTEM,
    "System.IndexOutOfRangeException": _SYSTEM,
    "System.OutOfMemoryException": _SYSTEM,
    "System.TimeoutException": _SYSTEM,
    "System.ServiceProcess.TimeoutException": _SYSTEM,
    "System.ArithmeticException": _SYSTEM,
    "System.OverflowException": "System.ArithmeticException",
    "System.DivideByZeroException": "System.ArithmeticException",
    "System.Collections.Generic.KeyNotFoundException": _SYSTEM,
    _INVALID: _SYSTEM,
    "System.ObjectDisposedException": _INVALID,
    "System.Runtime.InteropServices.ExternalException": _SYSTEM,
    "System.Runtime.InteropServices.COMException": "System.Runtime.InteropServices.ExternalException",
    "System.ComponentModel.Win32Exception": "System.Runtime.InteropServices.ExternalException",
    RUNTIME: _SYSTEM,
    AUTOMATION + "CommandNotFoundException": RUNTIME,
    AUTOMATION + "MethodInvocationException": AUTOMATION + "MethodException",
    AUTOMATION + "MethodException": AUTOMATION + "ExtendedTypeSystemException",
    AUTOMATION + "ExtendedTypeSystemException": RUNTIME,
    AUTOMATION + "SetValueInvocationException": AUTOMATION + "ExtendedTypeSystemException",
    AUTOMATION + "GetValueInvocationException": AUTOMATION + "ExtendedTypeSystemException",
    AUTOMATION + "ParameterBindingException": RUNTIME,
    AUTOMATION + "ParseException": RUNTIME,
    AUTOMATION + "ActionPreferenceStopException": RUNTIME,
    AUTOMATION + "ItemNotFoundException": AUTOMATION + "SessionStateException",
    AUTOMATION + "DriveNotFoundException": AUTOMATION + "SessionStateException",
    AUTOMATION + "SessionStateException": RUNTIME,
    AUTOMATION + "RemoteException": RUNTIME,
    AUTOMATION + "PSInvalidCastException": "System.InvalidCastException",
    AUTOMATION + "PSArgumentException": _ARGUMENT,
    "Microsoft.PowerShell.Commands.WriteErrorException": _SYSTEM,
    "Microsoft.PowerShell.Commands.ServiceCommandException": _SYSTEM,
    "Microsoft.PowerShell.Commands.ProcessCommandException": _SYSTEM,
    "Microsoft.FailoverClusters.PowerShell.ClusterCmdletException": "System.ApplicationException",
    "Microsoft.Management.Infrastructure.CimException": "System.Exception",
    "Microsoft.PowerShell.Cmdletization.Cim.CimJobException": _SYSTEM,
}
"""What inherits from what. An exception of another type says its bases itself (NetError.bases)."""


def lineage(error: NetError) -> list[str]:
    """The full names of an exception's type and what that inherits from."""
    found = [error.type_name, *error.bases]
    while found[-1] in BASES:
        found.append(BASES[found[-1]])
    return found if found[-1] == "System.Exception" else [*found, "System.Exception"]


def caught(record: ErrorRecord, types: tuple[str, ...]) -> ErrorRecord | None:
    """The error as a catch of those types has it in $_, None where it does not take it.

    The exception within another is looked at first: catch [IO.IOException] takes what a method threw, although PowerShell has
    wrapped it into a MethodInvocationException; $_.Exception is then the inner one."""
    if not types:
        return record
    for error in (record.exception.inner, record.exception):
        if error is None:
            continue
        names = {name.lower() for name in lineage(error)}
        for one in types:
            if names & {one.lower(), f"system.{one.lower()}"}:
                return ErrorRecord(
                    error,
                    record.error_id,
                    record.category,
                    record.target,
                    record.line,
                    record.column,
                    record.source,
                )
    return None


def record_of(error: NetError, place: Place | None) -> ErrorRecord:
    """The record of an exception that was thrown at that place."""
    line, column, source = (place.line, place.column, place.source.strip()) if place else (0, 0, "")
    return ErrorRecord(error, error.error_id, error.category, error.target, line, column, source)


def invocation(error: NetError, method: str, count: int) -> NetError:
    """What a method threw, as PowerShell passes it on."""
    return NetError(
        AUTOMATION + "MethodInvocationException",
        f'Exception calling "{method}" with "{count}" argument(s): "{error.message}"',
        inner=error,
        error_id=error.type_name.rpartition(".")[2],
    )


def command_not_found(name: str) -> NetError:
    """What a machine says of a command that it does not have."""
    return NetError(
        AUTOMATION + "CommandNotFoundException",
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the "
        "spelling of the name, or if a path was included, verify that the path is correct and try again.",
        error_id="CommandNotFoundException",
        category="ObjectNotFound",
        target=name,
    )
