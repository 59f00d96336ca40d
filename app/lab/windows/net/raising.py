"""A machine's refusals as .NET exceptions. Owns the wrapping of methods."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from app.lab.powershell.objects import LabDoesNotKnow, Method, NetError
from app.lab.windows.refusals import Refusal, Unknown

P = ParamSpec("P")
T = TypeVar("T")


def thrown(refusal: Refusal) -> NetError:
    """The exception that .NET throws for it."""
    return NetError(refusal.exception, str(refusal))


def raising(run: Callable[P, T]) -> Callable[P, T]:
    """The function, with a Refusal as a NetError and what the lab does not know as LabDoesNotKnow."""

    @wraps(run)
    def wrapped(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return run(*arguments, **named)
        except Refusal as refusal:
            raise thrown(refusal) from refusal
        except Unknown as unknown:
            raise LabDoesNotKnow(str(unknown)) from unknown

    return wrapped


def method(run: Callable[..., object], *overloads: str, void: bool = False) -> Method:
    """A .NET method whose refusals are exceptions."""
    return Method(raising(run), *overloads, void=void)
