"""The guide's errata, all of them, by number. Owns loading errata.yaml; the shape is domain/errata.py's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

import yaml
from pydantic import TypeAdapter, ValidationError

from app.domain.errata import Erratum
from app.domain.library import Erratum as Number
from app.procedures import LibraryFault

_SHAPE = TypeAdapter(dict[Number, Erratum])
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def errata() -> Mapping[str, Erratum]:
    """Every erratum by number, in the order A1 to E8. Raises LibraryFault that says what is wrong in the file."""
    text = resources.files(__package__).joinpath("errata.yaml").read_text(encoding="utf-8")
    try:
        return MappingProxyType(_SHAPE.validate_python(yaml.load(text, Loader=_LOADER)))  # noqa: S506 - a safe loader
    except ValidationError as no:
        raise LibraryFault(f"errata.yaml: {no}") from no
