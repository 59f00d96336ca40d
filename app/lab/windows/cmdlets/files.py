"""Test-Path, Join-Path, Get-Item, Get-ChildItem, Copy-Item, Remove-Item: of files, of registry keys and of variables (Env:)."""

from __future__ import annotations

from collections.abc import Iterator

from app.lab.powershell.objects import LabDoesNotKnow, Live, NetError, PSObject
from app.lab.powershell.world import Call, Cmdlet, Parameter
from app.lab.windows import paths
from app.lab.windows.machine import Machine
from app.lab.windows.net.files import attributes
from app.lab.windows.refusals import Refusal

_PATHS = (Parameter("LiteralPath", "string[]", pipeline=True), Parameter("Path", "string[]", position=0))


def cmdlets(machine: Machine) -> list[Cmdlet]:
    """They, on this machine."""
    force, deep = Parameter("Force", "switch"), Parameter("Recurse", "switch")
    return [
        Cmdlet("Test-Path", (*_PATHS, Parameter("PathType", "string")), lambda call: _test(machine, call)),
        Cmdlet(
            "Join-Path",
            tuple(Parameter(name, "string", position=at, mandatory=True) for at, name in enumerate(("Path", "ChildPath"))),
            _join,
        ),
        Cmdlet("Get-Item", (*_PATHS, force), lambda call: _items(machine, call)),
        Cmdlet("Get-ChildItem", (*_PATHS, force, deep), lambda call: _children(machine, call)),
        Cmdlet(
            "Copy-Item", (*_PATHS, Parameter("Destination", "string", position=1), force, deep), lambda call: _copy(machine, call)
        ),
        Cmdlet("Remove-Item", (*_PATHS, force, deep), lambda call: _remove(machine, call)),
    ]  # fmt: skip


def _named(call: Call) -> Iterator[str]:
    """The paths that were given, literal or without wildcards."""
    if call.given("Path"):
        for path in call.texts("Path"):
            if set(path) & set("*?[]"):
                raise LabDoesNotKnow(f"wildcards in {call.cmdlet.name} -Path {path}")
            yield path
    else:
        yield from call.texts("LiteralPath")


def _full(call: Call, path: str) -> str:
    return paths.full(path, call.session.folder)


def _join(call: Call) -> Iterator[object]:
    parent, child = call.text("Path"), call.text("ChildPath")
    yield parent.rstrip("\\") + "\\" + child.lstrip("\\")


def _test(machine: Machine, call: Call) -> Iterator[object]:
    wanted = call.text("PathType", "Any").lower()
    for path in _named(call):
        if path.lower().startswith("registry::"):
            yield machine.registry.find(path[10:]) is not None
            continue
        try:
            kind = machine.files.kind(_full(call, path))
        except Refusal:
            kind = None
        yield kind is not None and wanted in ("any", {"folder": "container", "file": "leaf"}[kind])


def item(machine: Machine, path: str) -> PSObject:
    """FileInfo or DirectoryInfo. Raises Refusal."""
    files = machine.files
    written = files.drives.written(path) if files.kind(path) else path
    common: dict[str, object] = {
        "FullName": written,
        "Name": paths.name(written),
        "Attributes": Live(lambda: attributes(files.attributes(path))),
        "LastWriteTime": files.written_at(path),
        "PSIsContainer": files.kind(path) == "folder",
    }
    if files.kind(path) == "folder":
        return PSObject(
            "System.IO.DirectoryInfo", common, text=written, columns=("Attributes", "LastWriteTime", "Name")
        )
    facts = {**common, "Length": Live(lambda: files.length(path))}
    return PSObject(
        "System.IO.FileInfo", facts, text=written, columns=("Attributes", "LastWriteTime", "Length", "Name")
    )


def _missing(call: Call, path: str) -> None:
    call.error(
        f"Cannot find path '{path}' because it does not exist.", "PathNotFound",
        type_name="System.Management.Automation.ItemNotFoundException", category="ObjectNotFound", target=path,
    )  # fmt: skip


def _items(machine: Machine, call: Call) -> Iterator[object]:
    for path in _named(call):
        place = _full(call, path)
        if machine.files.kind(place) is None:
            _missing(call, path)
        else:
            yield item(machine, place)


def _children(machine: Machine, call: Call) -> Iterator[object]:
    for path in _named(call):
        place = _full(call, path)
        if machine.files.kind(place) is None:
            _missing(call, path)
        elif machine.files.kind(place) == "file":
            yield item(machine, place)
        else:
            yield from _below(machine, place, call.switch("Recurse"))


def _below(machine: Machine, place: str, deep: bool) -> Iterator[PSObject]:
    folders = []
    for name in machine.files.entries(place):
        path = paths.join(place, name)
        if machine.files.kind(path) == "folder":
            folders.append(path)
        yield item(machine, path)
    for path in folders if deep else ():
        yield from _below(machine, path, deep)


def _copy(machine: Machine, call: Call) -> None:
    target = _full(call, call.text("Destination"))
    for path in _named(call):
        source = _full(call, path)
        if machine.files.kind(source) is None:
            _missing(call, path)
            continue
        place = paths.join(target, paths.name(source)) if machine.files.kind(target) == "folder" else target
        try:
            _copy_one(machine, source, place, call.switch("Recurse"))
        except Refusal as refusal:
            call.error(
                str(refusal), "CopyError", type_name=refusal.exception, category="WriteError", target=path
            )


def _copy_one(machine: Machine, source: str, target: str, deep: bool) -> None:
    if machine.files.kind(source) == "file":
        machine.files.copy(source, target, overwrite=True)
        return
    machine.files.make_folder(target)
    for name in machine.files.entries(source) if deep else ():
        _copy_one(machine, paths.join(source, name), paths.join(target, name), deep)


def _remove(machine: Machine, call: Call) -> None:
    for path in _named(call):
        if path.lower().startswith("env:"):
            _unset(call, path[4:])
            continue
        place = _full(call, path)
        kind = machine.files.kind(place)
        if kind is None:
            _missing(call, path)
            continue
        try:
            if kind == "folder":
                _remove_folder(machine, call, place)
            else:
                if call.switch("Force"):
                    machine.files.set_attributes(place, 128)
                machine.files.delete(place)
        except Refusal as refusal:
            call.error(
                f"Cannot remove item {place}: {refusal}", "RemoveFileSystemItemIOError",
                type_name=refusal.exception, category="WriteError", target=place,
            )  # fmt: skip


def _remove_folder(machine: Machine, call: Call, place: str) -> None:
    if machine.files.entries(place) and not call.switch("Recurse"):
        raise NetError(
            "System.Management.Automation.PSInvalidOperationException",
            f"{place} has children and the Recurse parameter was not specified; nobody is there to confirm it.",
        )
    machine.files.delete_folder(place, deep=True)


def _unset(call: Call, name: str) -> None:
    variables = call.session.environment
    if name not in variables:
        _missing(call, f"Env:{name}")
    else:
        del variables[name]
