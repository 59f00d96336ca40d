"""Puts the words of a command to the parameters of a cmdlet or a function, as PowerShell does. Evaluates nothing.

Sources: about_Parameters, about_Functions_Advanced_Parameters: names may be cut short where they stay clear, positions are
counted among what is not named, a switch takes no further word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.lab.powershell.errors import AUTOMATION
from app.lab.powershell.objects import LabDoesNotKnow, NetError
from app.lab.powershell.syntax import Declared
from app.lab.powershell.values import plain, truth
from app.lab.powershell.world import Parameter

COMMON = (
    Parameter("ErrorAction", "string", aliases=("ea",)),
    Parameter("WarningAction", "string", aliases=("wa",)),
    Parameter("Verbose", "switch", aliases=("vb",)),
)
"""The common parameters that the lab understands; the others it does not know."""
_UNKNOWN_COMMON = (
    "debug",
    "errorvariable",
    "outvariable",
    "outbuffer",
    "warningvariable",
    "pipelinevariable",
)


@dataclass(frozen=True)
class Word:
    """One word of a command: a parameter's name, a value, or both (-name:value). `text` is how the script writes it."""

    text: str
    name: str | None = None
    value: object = None
    has_value: bool = True


@dataclass
class Bound:
    """What came of it: values by declared name, and what no parameter took."""

    values: dict[str, object] = field(default_factory=dict)
    rest: list[object] = field(default_factory=list)


Cast = Callable[[object, str], object]


def refused(message: str, error_id: str) -> NetError:
    """A command that was not even started."""
    return NetError(
        AUTOMATION + "ParameterBindingException", message, error_id=error_id, category="InvalidArgument"
    )


def bind(
    command: str,
    parameters: Sequence[Parameter],
    words: Sequence[Word],
    cast: Cast,
    *,
    strict: bool,
    cmdlet: bool = False,
) -> Bound:
    """Bind the words. `strict`: what fits nowhere is an error; else it is left over ($args). Raises NetError as PowerShell does,
    LabDoesNotKnow for a name that a cmdlet has not declared: a real one may have it."""
    bound = Bound()
    waiting = list(words)
    loose: list[Word] = []
    while waiting:
        word = waiting.pop(0)
        if word.name is None:
            loose.append(word)
            continue
        parameter = _named(command, parameters, word.name)
        if parameter is None:
            if strict:
                raise _not_found(command, word.name, cmdlet=cmdlet)
            loose.append(Word(word.text, None, word.text))
            loose += [Word(word.text, None, word.value)] if word.has_value else []
            continue
        if not word.has_value and not parameter.switch:
            if not waiting or waiting[0].name is not None:
                raise refused(
                    f"{command} : Missing an argument for parameter '{parameter.name}'.", "MissingArgument"
                )
            word = Word(word.text, word.name, waiting.pop(0).value)
        value = True if parameter.switch and not word.has_value else word.value
        _put(command, bound, parameter, value, cast)
    _places(command, parameters, loose, bound, cast, strict=strict)
    return bound


def _named(command: str, parameters: Sequence[Parameter], name: str) -> Parameter | None:
    lower = name.lower()
    for parameter in parameters:
        if lower in (parameter.name.lower(), *(each.lower() for each in parameter.aliases)):
            return parameter
    if lower in _UNKNOWN_COMMON:
        raise LabDoesNotKnow(f"the parameter -{name} of {command}")
    begun = [each for each in parameters if each.name.lower().startswith(lower)]
    if len(begun) > 1:
        names = " ".join(f"-{each.name}" for each in begun)
        message = f"{command} : The parameter name '{name}' is ambiguous. Possible matches include: {names}."
        raise refused(message, "AmbiguousParameter")
    return begun[0] if begun else None


def _not_found(command: str, name: str, *, cmdlet: bool) -> NetError:
    if cmdlet:
        return LabDoesNotKnow(f"the parameter -{name} of {command}")
    message = f"{command} : A parameter cannot be found that matches parameter name '{name}'."
    return refused(message, "NamedParameterNotFound")


def _put(command: str, bound: Bound, parameter: Parameter, value: object, cast: Cast) -> None:
    if parameter.name in bound.values:
        message = f"{command} : Cannot bind parameter because parameter '{parameter.name}' is specified more than once."
        raise refused(message, "ParameterAlreadyBound")
    if parameter.switch:
        bound.values[parameter.name] = truth(value)
        return
    try:
        bound.values[parameter.name] = cast(plain(value), parameter.type)
    except LabDoesNotKnow:
        raise
    except NetError as error:
        message = f"{command} : Cannot process argument transformation on parameter '{parameter.name}'. {error.message}"
        raise refused(message, "ParameterArgumentTransformationError") from error


def _places(
    command: str,
    parameters: Sequence[Parameter],
    loose: list[Word],
    bound: Bound,
    cast: Cast,
    *,
    strict: bool,
) -> None:
    """Give what is not named its place, then what is left to a parameter that takes the rest."""
    ordered = sorted(
        (each for each in parameters if each.position is not None and not each.switch),
        key=lambda it: it.position or 0,
    )
    free = [each for each in ordered if each.name not in bound.values]
    for parameter in free:
        if loose and not parameter.rest:
            _put(command, bound, parameter, loose.pop(0).value, cast)
    takes_rest = [each for each in parameters if each.rest and each.name not in bound.values]
    if takes_rest and loose:
        bound.values[takes_rest[0].name] = (
            plain(loose[0].value) if len(loose) == 1 else [plain(each.value) for each in loose]
        )
        loose = []
    if loose and strict:
        raise refused(
            f"{command} : A positional parameter cannot be found that accepts argument '{loose[0].text}'.",
            "PositionalParameterNotFound",
        )
    bound.rest += [each.value for each in loose]


def missing(command: str, parameters: Sequence[Parameter], bound: Bound, *, piped: bool) -> None:
    """Refuse where a mandatory parameter got nothing: nobody is there to be asked. Raises NetError."""
    names = [
        each.name
        for each in parameters
        if each.mandatory and each.name not in bound.values and not (each.pipeline and piped)
    ]
    if names:
        raise refused(
            f"{command} : Cannot process command because of one or more missing mandatory parameters: {' '.join(names)}.",
            "MissingMandatoryParameter",
        )


def declared(parameters: Sequence[Declared]) -> tuple[Parameter, ...]:
    """A function's or script's parameters: each has the position in which it stands, a switch none."""
    found = []
    place = 0
    for each in parameters:
        is_switch = each.type.lower() in ("switch", "system.management.automation.switchparameter")
        kind = "switch" if is_switch else each.type
        found.append(Parameter(each.name, kind, None if is_switch else place, each.mandatory, each.pipeline))
        place += 0 if is_switch else 1
    return tuple(found)
