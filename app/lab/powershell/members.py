"""Properties, methods and indexes of values: by the tables of the declared types, as PowerShell finds them.

A name that a complete type lacks is $null, or MethodNotFound; in an incomplete table it is an error of the lab's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.lab.powershell.casts import cast, find_type
from app.lab.powershell.errors import AUTOMATION, RUNTIME, invocation
from app.lab.powershell.language import require_allowed
from app.lab.powershell.objects import (
    NOTHING,
    Char,
    EnumValue,
    Hashtable,
    LabDoesNotKnow,
    Live,
    Member,
    Method,
    NetError,
    NetType,
    Property,
    PSObject,
)
from app.lab.powershell.values import numeric, plain, text
from app.lab.powershell.world import World


def given(value: object) -> object:
    """What Python code of the lab gives back, as a value of a script."""
    return list(value) if isinstance(value, tuple) else value


def lookup(world: World, value: object, name: str) -> tuple[NetType, Member | None]:
    """The declared type of a value, and its member of that name, its own or that of a base."""
    kind = world.type_of(value)
    for one in (kind, *(base for each in kind.bases if (base := world.type(each)))):
        if (member := one.member(name)) is not None:
            return kind, member
    return kind, None


def get(world: World, value: object, name: str) -> object:
    """value.name"""
    value, lower = plain(value), name.lower()
    if value is None:
        return 0 if lower in ("count", "length") and _modern(world) else None
    if isinstance(value, Hashtable) and name in value:
        return value[name]
    if isinstance(value, PSObject):
        return _of_object(world, value, name)
    if isinstance(value, EnumValue):
        return value.value if lower == "value__" else _absent(world, value.type, name)
    kind, member = lookup(world, value, name)
    if isinstance(member, Property):
        try:
            return given(member.get(value))
        except LabDoesNotKnow:
            raise
        except NetError as error:
            said = f'Exception getting "{name}": "{error.message}"'
            kind_of = AUTOMATION + "GetValueInvocationException"
            raise NetError(kind_of, said, inner=error, error_id="ExceptionWhenGetting") from error
    if member is not None:
        raise LabDoesNotKnow(f"{name} of {kind.name} without its parentheses")
    if isinstance(value, list) and _modern(world):
        return _of_each(get(world, each, name) for each in value)
    return _absent(world, kind, name)


def _modern(world: World) -> bool:
    """Since PowerShell 3.0 one value has Count and Length too, and an array the properties of what is in it."""
    return not world.version.startswith(("1.", "2."))


def _of_each(values: Iterator[object]) -> object:
    found: list[object] = []
    for value in values:
        found += value if isinstance(value, list) else [] if value is None or value is NOTHING else [value]
    return found[0] if len(found) == 1 else found or None


def _absent(world: World, kind: NetType, name: str) -> object:
    if name.lower() in ("count", "length") and _modern(world):
        return 1
    if kind.complete:
        return None
    raise LabDoesNotKnow(f"the property {name} of {kind.name}")


def _of_object(world: World, value: PSObject, name: str) -> object:
    if value.name_of(name) is not None:
        return given(value.get(name))
    if name.lower() in ("count", "length") and _modern(world):
        return 1
    if value.complete:
        return None
    raise LabDoesNotKnow(f"the property {name} of {value.types[0]}")


def put(world: World, value: object, name: str, new: object) -> None:
    """value.name = new"""
    if isinstance(value, Hashtable):
        value[name] = new
        return
    if isinstance(value, PSObject) and (known := value.name_of(name)) is not None:
        held = value.properties[known]
        if not isinstance(held, Live):
            value.properties[known] = new
            return
        if held.set is not None:
            held.set(new)
            return
    elif value is not None and not isinstance(value, PSObject | EnumValue):
        member = lookup(world, value, name)[1]
        if isinstance(member, Property) and member.set is not None:
            member.set(value, new)
            return
        if not world.type_of(value).complete and member is None:
            raise LabDoesNotKnow(f"the property {name} of {world.type_of(value).name}")
    raise NetError(
        RUNTIME,
        f"The property '{name}' cannot be found on this object. Verify that the property exists and can be set.",
        error_id="PropertyNotFound",
        category="InvalidOperation",
    )


def static(kind: NetType, name: str) -> object:
    """[kind]::name"""
    if kind.values is not None and (found := kind.value(name)) is not None:
        return found
    member = kind.static(name)
    if not isinstance(member, Property):
        raise LabDoesNotKnow(f"[{kind.name}]::{name}")
    return given(member.get())


def run(world: World, method: Method, name: str, values: Sequence[object], *before: object) -> object:
    """Call a method with the overload that fits. Raises NetError as PowerShell does."""
    arguments = [plain(each) for each in values]
    fitting = [each for each in method.overloads if len(each) == len(arguments)]
    if not fitting:
        raise NetError(
            AUTOMATION + "MethodException",
            f'Cannot find an overload for "{name}" and the argument count: "{len(arguments)}".',
            error_id="MethodCountCouldNotFindBest",
        )
    cast_ones = _fitted(world, name, fitting, arguments)
    try:
        found = method.run(*before, *cast_ones)
    except LabDoesNotKnow:
        raise
    except NetError as error:
        raise invocation(error, name, len(arguments)) from error
    return NOTHING if method.void else given(found)


def _fitted(
    world: World, name: str, overloads: list[tuple[str, ...]], arguments: list[object]
) -> list[object]:
    failed: NetError | None = None
    for overload in overloads:
        try:
            return [cast(world, value, kind) for value, kind in zip(arguments, overload, strict=True)]
        except LabDoesNotKnow:
            raise
        except NetError as error:
            failed = error
    assert failed is not None
    message = f'Cannot convert the arguments of "{name}": {failed.message}'
    raise NetError(
        AUTOMATION + "MethodException",
        message,
        inner=failed,
        error_id="MethodArgumentConversionInvalidCastArgument",
    )


def call(world: World, value: object, name: str, arguments: Sequence[object]) -> object:
    """value.name(arguments)"""
    value = plain(value)
    if value is None:
        raise NetError(
            RUNTIME,
            "You cannot call a method on a null-valued expression.",
            error_id="InvokeMethodOnNull",
            category="InvalidOperation",
        )
    require_allowed(world, value, "call")
    common = _common(world, value, name, arguments)
    if common is not None:
        return common
    if isinstance(value, PSObject):
        return _of_object_method(value, name, arguments)
    kind, member = (value.type, None) if isinstance(value, EnumValue) else lookup(world, value, name)
    if isinstance(member, Method):
        return run(world, member, name, arguments, value)
    if isinstance(member, Property) and isinstance(value, NetType):
        return member.get(value)
    if name.lower().startswith("get_") and not arguments:
        return get(world, value, name[4:])  # the method that .NET has for each property
    if isinstance(value, list) and value and _modern(world):
        return _of_each(call(world, each, name, arguments) for each in value)
    raise LabDoesNotKnow(f"the method {name} of {kind.name}")


def _of_object_method(value: PSObject, name: str, arguments: Sequence[object]) -> object:
    for each, method in value.methods.items():
        if each.lower() == name.lower():
            try:
                found = method(*(plain(one) for one in arguments))
                return NOTHING if found is None else given(found)
            except LabDoesNotKnow:
                raise
            except NetError as error:
                raise invocation(error, name, len(arguments)) from error
    raise LabDoesNotKnow(f"the method {name} of {value.types[0]}")


def _common(world: World, value: object, name: str, arguments: Sequence[object]) -> object | None:
    """What every object has: ToString() and GetType()."""
    if arguments:
        return None
    if name.lower() == "tostring":
        return text(value)
    if name.lower() == "gettype":
        if isinstance(value, PSObject | NetError):
            return NetType(value.types[0] if isinstance(value, PSObject) else value.type_name)
        return value.type if isinstance(value, EnumValue) else world.type_of(value)
    return None


def call_static(world: World, kind: NetType, name: str, arguments: Sequence[object]) -> object:
    """[kind]::name(arguments)"""
    member = kind.new if name.lower() == "new" else kind.static(name)
    require_allowed(world, kind, "call")
    if not isinstance(member, Method):
        raise LabDoesNotKnow(f"[{kind.name}]::{name}()")
    return run(world, member, name, arguments)


def made(world: World, name: str, arguments: Sequence[object]) -> object:
    """New-Object name arguments."""
    if name.lower().endswith("[]"):
        size = int(numeric(arguments[0])) if arguments else 0
        if name.lower() in ("byte[]", "system.byte[]"):
            return bytearray(size)
        return [cast(world, None, name[:-2]) for _ in range(size)]
    kind = find_type(world, name)
    require_allowed(world, kind, "make")
    if kind.new is None:
        raise LabDoesNotKnow(f"a constructor of {kind.name}")
    return run(world, kind.new, ".ctor", arguments)


def index(world: World, value: object, key: object) -> object:
    """value[key]; several keys give several values, one that is not there $null."""
    value, key = plain(value), plain(key)
    if value is None:
        raise NetError(
            RUNTIME, "Cannot index into a null array.", error_id="NullArray", category="InvalidOperation"
        )
    if isinstance(key, list):
        return [index(world, value, each) for each in key]
    if isinstance(value, Hashtable):
        if value.ordered and isinstance(key, int):
            pairs = value.items()
            return pairs[key][1] if -len(pairs) <= key < len(pairs) else None
        return value[key]
    if isinstance(value, list | bytearray | str):
        place = int(numeric(cast(world, key, "int")))
        if not -len(value) <= place < len(value):
            return None
        return Char(value[place]) if isinstance(value, str) else value[place]
    member = lookup(world, value, "Item")[1] if not isinstance(value, PSObject | EnumValue) else None
    if isinstance(member, Method):
        return run(world, member, "Item", [key], value)
    raise LabDoesNotKnow(f"[{text(key)}] of {text(value)[:60]}")


def put_at(world: World, value: object, key: object, new: object) -> None:
    """value[key] = new"""
    value, key = plain(value), plain(key)
    if isinstance(value, Hashtable):
        value[key] = new
        return
    if isinstance(value, list | bytearray):
        place = int(numeric(cast(world, key, "int")))
        if not -len(value) <= place < len(value):
            inner = NetError("System.IndexOutOfRangeException", "Index was outside the bounds of the array.")
            raise NetError(RUNTIME, inner.message, inner=inner, error_id="System.IndexOutOfRangeException")
        if isinstance(value, bytearray):
            value[place] = int(numeric(cast(world, new, "byte")))
        else:
            value[place] = new
        return
    raise LabDoesNotKnow(f"an assignment to [{text(key)}] of {text(value)[:60]}")
