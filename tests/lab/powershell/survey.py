"""What a text uses of PowerShell: constructs, operators, commands with their parameters, types, members.

python -m tests.lab.powershell.survey        # writes survey.yaml anew: read what has changed before it is committed
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

from app.lab.powershell import syntax
from app.lab.powershell.binding import COMMON
from app.lab.powershell.parse import parse
from app.lab.powershell.pure import furnish
from app.lab.powershell.world import World

Used = dict[str, set[str]]
LIST = Path(__file__).parent / "survey.yaml"
KINDS = ("constructs", "operators", "commands", "types", "statics", "members")


def survey(texts: Iterable[str]) -> Used:
    """Everything that the texts use, by kind, names in lower case: "get-item -literalpath", "io.file::exists", "trim()"."""
    used: Used = {kind: set() for kind in KINDS}
    for text in texts:
        pieces = list(_pieces(parse(text)))
        functions = {piece.name.lower() for piece in pieces if isinstance(piece, syntax.Function)}
        for piece in pieces:
            used["constructs"].add(type(piece).__name__)
            for kind, word in _words(piece):
                if kind != "commands" or word.partition(" ")[0] not in functions:
                    used[kind].add(word.lower())
    return used


def _pieces(piece: object) -> Iterator[object]:
    if isinstance(piece, tuple):
        for each in piece:
            yield from _pieces(each)
    elif is_dataclass(piece) and not isinstance(piece, syntax.Place):
        yield piece
        for each in fields(piece):
            yield from _pieces(getattr(piece, each.name))


def _words(piece: object) -> Iterator[tuple[str, str]]:
    if isinstance(piece, syntax.Binary | syntax.Unary | syntax.Assign):
        yield "operators", piece.operator
    elif isinstance(piece, syntax.TypeLiteral | syntax.Declared):
        yield "types", piece.name if isinstance(piece, syntax.TypeLiteral) else piece.type
    elif isinstance(piece, syntax.Command):
        yield from (("commands", word) for word in _of_command(piece))
        yield from (("types", word) for word in _made(piece))
    elif isinstance(piece, syntax.Try):
        yield from (("types", name) for types, _ in piece.catches for name in types)
    elif isinstance(piece, syntax.Member | syntax.Invoke) and isinstance(piece.name, syntax.Literal):
        called = "()" if isinstance(piece, syntax.Invoke) else ""
        if piece.static and isinstance(piece.target, syntax.TypeLiteral):
            yield "statics", f"{piece.target.name}::{piece.name.value}{called}"
        else:
            yield "members", f"{piece.name.value}{called}"


def _of_command(piece: syntax.Command) -> Iterator[str]:
    if not isinstance(piece.name, syntax.Literal):
        yield f"{piece.operator} {piece.name.place.source}"
        return
    name = str(piece.name.value).lower()
    yield name
    if "-" in name:  # a cmdlet; what a program takes is its own
        yield from (f"{name} -{each.parameter.lower()}" for each in piece.arguments if each.parameter)


def _made(piece: syntax.Command) -> Iterator[str]:
    """The type that New-Object makes."""
    if isinstance(piece.name, syntax.Literal) and str(piece.name.value).lower() == "new-object":
        first = next((each.value for each in piece.arguments if each.parameter is None), None)
        if isinstance(first, syntax.Literal):
            yield str(first.value)


def unknown(used: Used, world: World) -> list[str]:
    """Of what texts use, whatever a world (with the pure furniture) does not have: cmdlets, parameters, programs, types and
    static members. Members of objects are known only when a text runs."""
    furnish(world)
    found = [f"command {word}" for word in sorted(used["commands"]) if not _has_command(world, word)]
    found += [f"type {name}" for name in sorted(used["types"]) if not _has_type(world, name)]
    for word in sorted(used["statics"]):
        name, _, member = word.partition("::")
        kind = world.type(name)
        member = member.removesuffix("()")
        known = kind and (kind.static(member) or kind.value(member) or (member == "new" and kind.new))
        found += [] if known else [f"static {word}"]
    return found


def _has_command(world: World, word: str) -> bool:
    name, _, parameter = word.partition(" -")
    if name.startswith("& "):
        return True  # named by a variable
    cmdlet = world.cmdlets.get(name)
    if cmdlet is None:
        return not parameter and world.native(name) is not None
    known = [each.name.lower() for each in (*cmdlet.parameters, *COMMON)]
    known += [alias.lower() for each in cmdlet.parameters for alias in each.aliases]
    return not parameter or any(each.startswith(parameter) for each in known)


def _has_type(world: World, name: str) -> bool:
    plain = re.sub(r"(\[\])+$", "", name)
    return plain in ("object", "ordered") or plain.endswith("exception") or world.type(plain) is not None


def listing(used: Used) -> str:
    """survey.yaml."""
    machine = {word.partition(" ")[2] for word in unknown(used, World())}
    lines = [
        "# What the product's texts of PowerShell use; by survey.py. `machine`: what the simulated Windows has to bring along.",
        "",
    ]
    for kind in KINDS:
        lines += [f"{kind}:", *(f"  - {json.dumps(word)}" for word in sorted(used[kind] - machine))]
    lines.append("machine:")
    for kind in ("commands", "types", "statics"):
        lines += [f"  {kind}:", *(f"    - {json.dumps(word)}" for word in sorted(used[kind] & machine))]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from tests.lab.powershell.product_texts import product_texts

    LIST.write_text(listing(survey(product_texts()["powershell"])), "utf-8")
