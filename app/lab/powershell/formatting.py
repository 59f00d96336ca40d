"""How objects are printed where a script's output is text: Format-List, default tables, errors. Dates as on a Japanese Windows.

A type that has no known view is not printed but refused: the lab does not know how a real machine shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.lab.powershell.formats import date_text
from app.lab.powershell.objects import EnumValue, ErrorRecord, LabDoesNotKnow, PSObject
from app.lab.powershell.values import plain, text
from app.lab.powershell.world import Session


@dataclass(frozen=True)
class Formatted:
    """What a Format- cmdlet gives: lines to be printed."""

    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """[string]$it is the name of a format object's type."""
        return "Microsoft.PowerShell.Commands.Internal.Format.FormatStartData"


def shown(value: object) -> str:
    """A property's value in a list or table."""
    value = plain(value)
    if isinstance(value, list):
        return "{" + ", ".join(shown(each) for each in value) + "}"
    if isinstance(value, datetime):
        return date_text(value, "yyyy/MM/dd H:mm:ss")
    return text(value)


def as_list(session: Session, values: Iterable[object], names: Sequence[str] | None) -> Formatted:
    """Format-List: two empty lines, one after each object, two at the end; names padded to the longest."""
    lines = ["", ""]
    for value in values:
        if names is None and not isinstance(value, PSObject):
            raise LabDoesNotKnow(f"Format-List of {text(value)[:60]!r} without -Property")
        wanted = names if names is not None else [name for name, _ in value.items()]  # type: ignore[attr-defined]
        width = max(len(name) for name in wanted)
        lines += [f"{name:<{width}} : {shown(session.member(value, name))}".rstrip() for name in wanted]
        lines.append("")
    return Formatted((*lines, "", "") if len(lines) > 2 else ())


def as_table(session: Session, values: Sequence[object], names: Sequence[str]) -> Formatted:
    """A table as wide as what is in it: the real one's widths belong to the machine's own format files."""
    rows = [[shown(session.member(value, name)) for name in names] for value in values]
    widths = [max(len(name), *(len(row[place]) for row in rows)) for place, name in enumerate(names)]
    table = [list(names), ["-" * len(name) for name in names], *rows]
    lines = [
        " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
    ]
    return Formatted(("", *lines, "", ""))


def printed(session: Session, values: Sequence[object]) -> list[str]:
    """The lines of objects that follow one another and are of one kind. Raises LabDoesNotKnow for one without a known view."""
    first = plain(values[0])
    if isinstance(first, Formatted):
        return [line for each in values if isinstance(each, Formatted) for line in each.lines]
    if isinstance(first, PSObject) and first.columns:
        return list(as_table(session, values, first.columns).lines)
    if isinstance(first, PSObject) and first.complete and first.properties:
        names = [name for name, _ in first.items()]
        if len(names) > 4:
            return list(as_list(session, values, names).lines)
        return list(as_table(session, values, names).lines)
    if isinstance(first, ErrorRecord):
        return [line for each in values if isinstance(each, ErrorRecord) for line in error_lines(each, "")]
    if first is None:
        return []
    if isinstance(first, str | int | float | bool | EnumValue):
        return [line.removesuffix("\r") for each in values for line in text(each).split("\n")]
    raise LabDoesNotKnow(f"how {_kind(first)} is printed")


def _kind(value: object) -> str:
    return value.types[0] if isinstance(value, PSObject) else f"a {type(value).__name__} ({text(value)[:60]})"


def kind_of(value: object) -> object:
    """Objects of one kind are printed as one table."""
    return value.types[0] if isinstance(value, PSObject) else type(value)


def error_lines(record: ErrorRecord, name: str) -> list[str]:
    """An error as the console writes it: message, where, the category and the id."""
    exception = record.exception.type_name.rpartition(".")[2]
    target = text(record.target) if isinstance(record.target, str) else ""
    lines = record.message.splitlines() or [""]
    if record.line:
        first = record.source.splitlines()[0] if record.source else ""
        lines += [
            f"At {name or 'line'}:{record.line} char:{record.column}",
            f"+ {first}",
            "+ " + "~" * max(1, len(first)),
        ]
    kind = f"String) [], {exception}" if target else f") [], {exception}"
    return [
        *lines,
        f"    + CategoryInfo          : {record.category}: ({target}:{kind}",
        f"    + FullyQualifiedErrorId : {record.error_id}",
        " ",
    ]
