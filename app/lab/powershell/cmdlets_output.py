"""The cmdlets that speak: Write-*, Out-*, Format-List, Start-Sleep."""

from __future__ import annotations

from collections.abc import Iterator

from app.lab.powershell.formatting import Formatted, as_list, as_table
from app.lab.powershell.objects import ErrorRecord, LabDoesNotKnow, NetError
from app.lab.powershell.state import unrolled
from app.lab.powershell.values import numeric, text
from app.lab.powershell.world import Call, Cmdlet, Parameter

_INPUT = Parameter("InputObject", position=0, rest=True, pipeline=True)


def _output(call: Call) -> Iterator[object]:
    if "InputObject" not in call.bound:
        yield from call.input
    elif call.switch("NoEnumerate"):
        yield call.bound["InputObject"]
    else:
        yield from unrolled(call.bound["InputObject"])


def _error(call: Call) -> None:
    for said in call.texts("Message"):
        call.error(
            said,
            call.text("ErrorId", "Microsoft.PowerShell.Commands.WriteErrorException"),
            type_name="Microsoft.PowerShell.Commands.WriteErrorException",
            category=call.text("Category", "NotSpecified"),
        )


def _warning(call: Call) -> None:
    for said in call.texts("Message"):
        wanted = (call.text("WarningAction") or text(call.session.variable("WarningPreference"))).lower()
        if wanted == "continue":
            call.streams.warning(said)
        elif wanted == "stop":
            message = (
                'The running command stopped because the preference variable "WarningPreference" is set to Stop: '
                + said
            )
            raise NetError(
                "System.Management.Automation.ActionPreferenceStopException",
                message,
                error_id="ActionPreferenceStop",
            )
        elif wanted not in ("silentlycontinue", "ignore"):
            raise LabDoesNotKnow(f"the preference {wanted!r} for warnings")


def _verbose(call: Call) -> None:
    for said in call.texts("Message"):
        preference = text(call.session.variable("VerbosePreference")).lower()
        if call.switch("Verbose") or preference == "continue":
            call.streams.verbose(said)


def _written(call: Call) -> None:
    between = call.text("Separator", " ")
    for value in [call.bound["Object"]] if call.given("Object") else call.input:
        call.streams.information(between.join(text(each) for each in unrolled(value)))


def _information(call: Call) -> None:
    for said in call.texts("MessageData"):
        if text(call.session.variable("InformationPreference")).lower() == "continue":
            call.streams.information(said)


def _progress(call: Call) -> None:
    if text(call.session.variable("ProgressPreference")).lower() == "continue":
        said = ": ".join(each for each in (call.text("Activity"), call.text("Status")) if each)
        call.streams.progress(said, int(numeric(call.value("PercentComplete", -1))))


def _null(call: Call) -> None:
    for _ in call.input:
        pass


def _string(call: Call) -> Iterator[object]:
    """Each object by its printed form; only what prints as its own text is known, and lists."""
    lines: list[str] = []
    for value in call.objects("InputObject"):
        if isinstance(value, Formatted):
            lines += value.lines
        elif isinstance(value, str | int | float) or (isinstance(value, ErrorRecord) and value.line == 0):
            lines += text(value).split("\n")
        else:
            raise LabDoesNotKnow(f"Out-String of a {type(value).__name__}")
    if call.switch("Stream"):
        yield from lines
    else:
        yield "".join(f"{line}\r\n" for line in lines)


def _names(call: Call) -> list[str] | None:
    if not call.given("Property"):
        return None
    names = [text(each) for each in unrolled(call.value("Property"))]
    if any("*" in name for name in names):
        raise LabDoesNotKnow(f"patterns of names for {call.cmdlet.name}")
    return names


def _format_list(call: Call) -> Iterator[object]:
    found = as_list(call.session, call.objects("InputObject"), _names(call))
    if found.lines:
        yield found


def _format_table(call: Call) -> Iterator[object]:
    values, names = list(call.objects("InputObject")), _names(call)
    if names is None:
        raise LabDoesNotKnow("Format-Table without -Property")
    if values:
        yield as_table(call.session, values, names)


def _sleep(call: Call) -> None:
    seconds = numeric(call.value("Seconds", 0)) + numeric(call.value("Milliseconds", 0)) / 1000
    call.streams.wait(float(seconds))


CMDLETS = (
    Cmdlet("Write-Output", (_INPUT, Parameter("NoEnumerate", "switch")), _output, ("echo", "write")),
    Cmdlet(
        "Write-Error",
        (
            Parameter("Message", "string", position=0, mandatory=True, pipeline=True),
            Parameter("Category", "string"),
            Parameter("ErrorId", "string"),
        ),
        _error,
    ),
    Cmdlet(
        "Write-Warning",
        (Parameter("Message", "string", position=0, mandatory=True, pipeline=True),),
        _warning,
    ),
    Cmdlet(
        "Write-Verbose",
        (Parameter("Message", "string", position=0, mandatory=True, pipeline=True),),
        _verbose,
    ),
    Cmdlet(
        "Write-Host",
        (Parameter("Object", position=0, rest=True, pipeline=True), Parameter("Separator", "string")),
        _written,
    ),
    Cmdlet(
        "Write-Information",
        (Parameter("MessageData", position=0, mandatory=True, pipeline=True),),
        _information,
    ),
    Cmdlet(
        "Write-Progress",
        (
            Parameter("Activity", "string", position=0, mandatory=True),
            Parameter("Status", "string", position=1),
            Parameter("PercentComplete", "int"),
            Parameter("Id", "int"),
            Parameter("Completed", "switch"),
        ),
        _progress,
    ),
    Cmdlet("Out-Null", (Parameter("InputObject", pipeline=True),), _null),
    Cmdlet(
        "Out-String",
        (Parameter("InputObject", pipeline=True), Parameter("Width", "int"), Parameter("Stream", "switch")),
        _string,
    ),
    Cmdlet(
        "Format-List",
        (Parameter("Property", position=0), Parameter("InputObject", pipeline=True)),
        _format_list,
        ("fl",),
    ),
    Cmdlet(
        "Format-Table",
        (
            Parameter("Property", position=0),
            Parameter("InputObject", pipeline=True),
            Parameter("AutoSize", "switch"),
        ),
        _format_table,
        ("ft",),
    ),
    Cmdlet(
        "Start-Sleep",
        (Parameter("Seconds", "int", position=0), Parameter("Milliseconds", "int")),
        _sleep,
        ("sleep",),
    ),
)
