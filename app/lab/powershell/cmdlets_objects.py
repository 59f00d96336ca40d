"""The cmdlets that take objects and give objects: Where-, ForEach-, Select-, Sort-, Measure-, New-Object."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import cmp_to_key

from app.lab.powershell import members
from app.lab.powershell.objects import NOTHING, Hashtable, LabDoesNotKnow, NetError, PSObject
from app.lab.powershell.scope import ScriptBlock
from app.lab.powershell.state import collected, unrolled
from app.lab.powershell.values import CUSTOM, before, equal, numeric, plain, text, truth
from app.lab.powershell.world import Call, Cmdlet, Parameter

_PIPED = Parameter("InputObject", pipeline=True)


def _where(call: Call) -> Iterator[object]:
    for it in call.objects("InputObject"):
        if truth(collected(call.session.invoke(call.value("FilterScript"), it=it))):
            yield it


def _for_each(call: Call) -> Iterator[object]:
    blocks = call.value("Process")
    if any(not isinstance(each, ScriptBlock) for each in unrolled(blocks)):
        raise LabDoesNotKnow("ForEach-Object with the name of a member")
    if call.given("Begin"):
        yield from call.session.invoke(call.value("Begin"))
    for it in call.objects("InputObject"):
        for block in unrolled(blocks):
            yield from call.session.invoke(block, it=it)
    if call.given("End"):
        yield from call.session.invoke(call.value("End"))


def _select(call: Call) -> Iterator[object]:
    values: Iterator[object] = call.objects("InputObject")
    if call.given("Last"):
        values = iter(deque(values, maxlen=int(numeric(call.value("Last")))))
    taken = 0
    skip, first = int(numeric(call.value("Skip", 0))), call.value("First")
    seen: list[object] = []
    limit = None if first is None else int(numeric(first))
    if limit != 0:
        for number, value in enumerate(values):
            if number < skip:
                continue
            if call.switch("Unique"):
                if any(equal(value, each, case=True) for each in seen):
                    continue
                seen.append(value)
            yield from _selected(call, value)
            taken += 1
            if limit is not None and taken >= limit:
                break  # since PowerShell 3.0 nothing more is asked for
    close = getattr(call.input, "close", None)
    if close is not None:
        close()


def _selected(call: Call, value: object) -> Iterator[object]:
    if call.given("ExpandProperty"):
        yield from unrolled(call.session.member(value, call.text("ExpandProperty")))
    elif call.given("Property"):
        names = [text(each) for each in unrolled(call.value("Property"))]
        if any("*" in name or isinstance(name, Hashtable) for name in names):
            raise LabDoesNotKnow("patterns and calculated properties for Select-Object")
        yield PSObject(CUSTOM, {name: call.session.member(value, name) for name in names}, complete=True)
    else:
        yield value


def _key(call: Call, names: list[object]) -> Callable[[object], list[object]]:
    def key(value: object) -> list[object]:
        found = []
        for name in names:
            if isinstance(name, ScriptBlock):
                found.append(plain(collected(call.session.invoke(name, it=value))))
            else:
                found.append(plain(call.session.member(value, text(name))))
        return found or [value]

    return key


def _sort(call: Call) -> Iterator[object]:
    key = _key(call, list(unrolled(call.value("Property", NOTHING))))

    def compare(left: object, right: object) -> int:
        for one, other in zip(key(left), key(right), strict=True):
            if not equal(one, other):
                return -1 if one is None or (other is not None and before(one, other)) else 1
        return 0

    values = sorted(call.objects("InputObject"), key=cmp_to_key(compare), reverse=call.switch("Descending"))
    last: object = NOTHING
    for value in values:
        if call.switch("Unique") and last is not NOTHING and compare(last, value) == 0:
            continue
        last = value
        yield value


def _measure(call: Call) -> Iterator[object]:
    values = list(call.objects("InputObject"))
    name = call.text("Property")
    numbers = [call.session.member(each, name) if name else each for each in values]
    wanted = [each for each in ("Sum", "Maximum", "Minimum", "Average") if call.switch(each)]
    found: dict[str, object] = {
        "Count": len(values),
        "Average": None,
        "Sum": None,
        "Maximum": None,
        "Minimum": None,
    }
    if wanted and numbers:
        known = [numeric(each) for each in numbers]
        worked = {
            "Sum": sum(known),
            "Maximum": max(known),
            "Minimum": min(known),
            "Average": sum(known) / len(known),
        }
        found.update({each: worked[each] for each in wanted})
    yield PSObject(
        "Microsoft.PowerShell.Commands.GenericMeasureInfo", {**found, "Property": name or None}, complete=True
    )


def _new(call: Call) -> Iterator[object]:
    name = call.text("TypeName")
    given = call.value("ArgumentList")
    arguments = list(given) if isinstance(given, list) else [] if given is None else [given]
    if (
        name.lower() in ("psobject", "pscustomobject", "system.management.automation.psobject", "object")
        and not arguments
    ):
        table = call.value("Property")
        pairs = table.items() if isinstance(table, Hashtable) else []
        yield PSObject(CUSTOM, {text(key): value for key, value in pairs}, complete=True)
        return
    if call.given("Property"):
        raise LabDoesNotKnow(f"New-Object {name} with -Property")
    try:
        yield members.made(call.world, name, arguments)
    except LabDoesNotKnow:
        raise
    except NetError as error:
        raise NetError(
            error.type_name,
            f"New-Object : {error.message}",
            inner=error.inner,
            error_id=f"ConstructorInvokedThrowException,{error.error_id}",
        ) from error


def _add_member(call: Call) -> Iterator[object]:
    for it in call.objects("InputObject"):
        if not isinstance(it, PSObject) or call.text("MemberType", "NoteProperty").lower() != "noteproperty":
            raise LabDoesNotKnow(f"Add-Member to {text(it)[:60]!r}")
        it.properties[call.text("Name")] = call.value("Value")
        if call.switch("PassThru"):
            yield it


CMDLETS = (
    Cmdlet(
        "Where-Object",
        (Parameter("FilterScript", position=0, mandatory=True), _PIPED),
        _where,
        ("where", "?"),
    ),
    Cmdlet(
        "ForEach-Object",
        (Parameter("Process", position=0, mandatory=True), Parameter("Begin"), Parameter("End"), _PIPED),
        _for_each,
        ("foreach", "%"),
    ),
    Cmdlet(
        "Select-Object",
        (
            Parameter("Property", position=0),
            Parameter("First", "int"),
            Parameter("Last", "int"),
            Parameter("Skip", "int"),
            Parameter("ExpandProperty", "string"),
            Parameter("Unique", "switch"),
            _PIPED,
        ),
        _select,
        ("select",),
    ),
    Cmdlet(
        "Sort-Object",
        (
            Parameter("Property", position=0),
            Parameter("Descending", "switch"),
            Parameter("Unique", "switch"),
            _PIPED,
        ),
        _sort,
        ("sort",),
    ),
    Cmdlet(
        "Measure-Object",
        (
            Parameter("Property", "string", position=0),
            *(Parameter(name, "switch") for name in ("Sum", "Average", "Maximum", "Minimum")),
            _PIPED,
        ),
        _measure,
        ("measure",),
    ),
    Cmdlet(
        "New-Object",
        (
            Parameter("TypeName", "string", position=0, mandatory=True),
            Parameter("ArgumentList", position=1, aliases=("Args",)),
            Parameter("Property", "hashtable"),
        ),
        _new,
    ),
    Cmdlet(
        "Add-Member",
        (
            Parameter("MemberType", "string", position=0),
            Parameter("Name", "string", position=1),
            Parameter("Value", position=2),
            Parameter("PassThru", "switch"),
            _PIPED,
        ),
        _add_member,
    ),
)
