"""System.IO.File, Directory, Path, DriveInfo, FileAttributes, FileVersionInfo, and the access lists of folders."""

from __future__ import annotations

import re
from typing import Any

from app.lab.powershell.objects import (
    EnumValue,
    LabDoesNotKnow,
    Method,
    NetError,
    NetType,
    Property,
    PSObject,
)
from app.lab.windows import paths
from app.lab.windows.machine import Machine
from app.lab.windows.net import streams
from app.lab.windows.net.raising import method
from app.lab.windows.refusals import Refusal

FILE_ATTRIBUTES = NetType(
    "System.IO.FileAttributes",
    values={
        "ReadOnly": 1, "Hidden": 2, "System": 4, "Directory": 16, "Archive": 32, "Normal": 128, "ReparsePoint": 1024,
    },
    flags=True,
)  # fmt: skip
INHERITED = "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;0x1200a9;;;BU)"
_SDDL = re.compile(r"O:(BA|SY)G:(BA|SY)D:P(?:AI)?((?:\(A;OICI;FA;;;(?:SY|BA)\))+)")


def attributes(bits: int) -> EnumValue:
    """As [IO.FileAttributes]."""
    names = [name for name, bit in (FILE_ATTRIBUTES.values or {}).items() if bits & bit]
    return EnumValue(FILE_ATTRIBUTES, ", ".join(names), bits)


class Drive:
    """[IO.DriveInfo] of one letter."""

    def __init__(self, machine: Machine, name: str) -> None:
        if not re.fullmatch(r"[A-Za-z](:\\?.*)?", name):
            raise NetError(
                "System.ArgumentException", f"Object must be a root directory or a drive letter: {name}"
            )
        self.machine, self.letter = machine, name[0].upper()

    def free(self) -> int:
        """Bytes. Raises NetError where the drive is not ready."""
        try:
            return self.machine.files.free(self.letter)
        except Refusal as refusal:
            raise NetError("System.IO.DriveNotFoundException", str(refusal)) from refusal


class Security:
    """[Security.AccessControl.DirectorySecurity]: a folder's access list as its SDDL."""

    def __init__(self, text: str = "") -> None:
        self.text = text

    def set(self, text: str) -> None:
        """Take an SDDL; the lab knows full access of SYSTEM and Administrators alone."""
        if not _SDDL.fullmatch(text):
            raise LabDoesNotKnow(f"the security descriptor {text}")
        self.text = text

    def told(self, sections: object) -> str:
        """Owner and access."""
        wanted = sections.name if isinstance(sections, EnumValue) else str(sections)
        if sorted(part.strip() for part in wanted.split(",")) != ["Access", "Owner"]:
            raise LabDoesNotKnow(f"the sections {wanted} of a security descriptor")
        found = re.fullmatch(r"(O:[A-Z]+)(G:[A-Z]+)(D:.*)", self.text)
        return found[1] + found[3] if found else ""


ACCESS_SECTIONS = NetType(
    "System.Security.AccessControl.AccessControlSections",
    values={"None": 0, "Audit": 1, "Access": 2, "Owner": 4, "Group": 8, "All": 15},
    flags=True,
)


def types(machine: Machine) -> list[NetType]:
    """The types, on this machine's files."""
    return [
        *streams.types(machine.files), _file(machine), _directory(machine), _path(), *_drive(machine), _version(machine),
        _security(), FILE_ATTRIBUTES, ACCESS_SECTIONS,
    ]  # fmt: skip


def _file(machine: Machine) -> NetType:
    files, full = machine.files, paths.full

    def exists(path: str) -> bool:
        return bool(path) and files.kind(full(path)) == "file"

    def read_lines(path: str) -> list[object]:
        return list(files.read(full(path)).decode("utf-8-sig", "replace").splitlines())

    return NetType(
        "System.IO.File",
        statics={
            "Exists": Method(lambda path: _quietly(exists, path), "string"),
            "GetAttributes": method(lambda path: attributes(files.attributes(full(path))), "string"),
            "SetAttributes": method(
                lambda path, bits: files.set_attributes(full(path), bits.value), "string, IO.FileAttributes", void=True
            ),
            "Open": method(
                lambda path, *how: streams.opened(files, path, *how), "string, IO.FileMode",
                "string, IO.FileMode, IO.FileAccess", "string, IO.FileMode, IO.FileAccess, IO.FileShare",
            ),
            "Delete": method(lambda path: files.delete(full(path)), "string", void=True),
            "Move": method(lambda source, target: files.move(full(source), full(target)), "string, string", void=True),
            "Copy": method(
                lambda source, target, over=False: files.copy(full(source), full(target), over),
                "string, string", "string, string, bool", void=True,
            ),
            "ReadAllBytes": method(lambda path: bytearray(files.read(full(path))), "string"),
            "ReadAllLines": method(read_lines, "string"),
            "WriteAllBytes": method(lambda path, data: files.write(full(path), bytes(data)), "string, object", void=True),
        },
    )  # fmt: skip


def _quietly(ask: Any, path: str) -> bool:
    """Exists is false for what is no path."""
    try:
        return bool(ask(path))
    except Refusal:
        return False


def _directory(machine: Machine) -> NetType:
    files, full = machine.files, paths.full

    def create(path: str, security: Security | None = None) -> PSObject:
        place = full(path)
        fresh = files.kind(place) is None
        files.make_folder(place)
        if security is not None and fresh:
            machine.set_access(place, security.text)
        return PSObject("System.IO.DirectoryInfo", {"FullName": place, "Name": paths.name(place)}, text=place)

    def named(path: str, kind: str) -> list[object]:
        place = full(path)
        return [
            paths.join(place, one)
            for one in files.entries(place)
            if files.kind(paths.join(place, one)) == kind
        ]

    return NetType(
        "System.IO.Directory",
        statics={
            "Exists": Method(
                lambda path: _quietly(lambda one: files.kind(full(one)) == "folder", path), "string"
            ),
            "CreateDirectory": method(create, "string", "string, Security.AccessControl.DirectorySecurity"),
            "GetFiles": method(lambda path: named(path, "file"), "string"),
            "GetDirectories": method(lambda path: named(path, "folder"), "string"),
            "Delete": method(
                lambda path, deep=False: files.delete_folder(full(path), deep),
                "string",
                "string, bool",
                void=True,
            ),
            "GetAccessControl": method(
                lambda path: Security(machine.access(full(path)) or INHERITED), "string"
            ),
        },
    )


def _path() -> NetType:
    def root(path: str) -> str:
        found = re.match(r"[A-Za-z]:\\?|\\\\[^\\]+\\[^\\]+|\\", path.replace("/", "\\"))
        return found[0] if found else ""

    return NetType(
        "System.IO.Path",
        statics={
            "Combine": Method(paths.join, "string, string", "string, string, string"),
            "GetFileName": Method(lambda path: path.replace("/", "\\").rpartition("\\")[2], "string"),
            "GetDirectoryName": Method(paths.parent, "string"),
            "GetPathRoot": Method(root, "string"),
            "GetFullPath": method(paths.full, "string"),
            "GetExtension": Method(lambda path: "".join(re.findall(r"\.[^.\\]*$", path)), "string"),
        },
    )


def _drive(machine: Machine) -> list[NetType]:
    ready = machine.drives.ready
    return [
        NetType(
            "System.IO.DriveInfo",
            holds=(Drive,),
            new=Method(lambda name: Drive(machine, name), "string"),
            members={
                "Name": Property(lambda it: f"{it.letter}:\\"),
                "IsReady": Property(lambda it: ready(it.letter)),
                "AvailableFreeSpace": Property(Drive.free),
                "TotalFreeSpace": Property(Drive.free),
                "TotalSize": Property(lambda it: it.machine.files.size()),
            },
        )
    ]


def _version(machine: Machine) -> NetType:
    def told(path: str) -> PSObject:
        version = machine.files.version(paths.full(path))
        parts = [int(part) for part in (version or "").split(".") if part]
        numbers = [*parts, 0, 0, 0, 0][:4]
        names = ("FileMajorPart", "FileMinorPart", "FileBuildPart", "FilePrivatePart")
        written = ".".join(map(str, numbers)) if version else None
        return PSObject(
            "System.Diagnostics.FileVersionInfo",
            {"FileVersion": written, **dict(zip(names, numbers, strict=True))},
        )

    return NetType("System.Diagnostics.FileVersionInfo", statics={"GetVersionInfo": method(told, "string")})


def _security() -> NetType:
    return NetType(
        "System.Security.AccessControl.DirectorySecurity",
        holds=(Security,),
        new=Method(Security, ""),
        members={
            "SetSecurityDescriptorSddlForm": Method(Security.set, "string"),
            "GetSecurityDescriptorSddlForm": Method(
                Security.told, "Security.AccessControl.AccessControlSections"
            ),
        },
    )
