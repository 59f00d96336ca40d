"""The .NET types of files that need no file: paths as text, enumerations, streams in memory, digests. Windows' rules of paths."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

from app.lab.powershell.objects import LabDoesNotKnow, Method, NetError, NetType, Property

_ILLEGAL = set('"<>|') | {chr(code) for code in range(32)}


def checked(path: str) -> str:
    """A path as .NET Framework takes one. Raises NetError for characters that no path has."""
    if _ILLEGAL & set(path):
        raise NetError("System.ArgumentException", "Illegal characters in path.")
    return path


def combined(*parts: str) -> str:
    """Path.Combine: a part with a root starts anew."""
    whole = ""
    for part in map(checked, parts):
        if not part:
            continue
        rooted = part[0] in "\\/" or part[1:2] == ":"
        whole = part if rooted or not whole else whole + ("" if whole[-1] in "\\/:" else "\\") + part
    return whole


def root(path: str) -> str:
    """Path.GetPathRoot of a path with a drive, a rooted one, or a relative one ("")."""
    path = checked(path).replace("/", "\\")
    if path.startswith("\\\\"):
        return "\\\\" + "\\".join(path[2:].split("\\")[:2])
    if path[1:2] == ":":
        return path[:3] if path[2:3] == "\\" else path[:2]
    return "\\" if path.startswith("\\") else ""


def leaf(path: str) -> str:
    """Path.GetFileName."""
    return checked(path).replace("/", "\\").replace(":", "\\").rpartition("\\")[2]


def folder(path: str) -> str | None:
    """Path.GetDirectoryName: None for a root."""
    path = checked(path).replace("/", "\\")
    top = root(path)
    if path == top:
        return None
    parent = path.rpartition("\\")[0]
    return top if len(parent) < len(top) else parent


def extension(path: str) -> str:
    """Path.GetExtension, with its dot."""
    _, dot, after = leaf(path).rpartition(".")
    return f".{after}" if dot and after else ""


def stem(path: str) -> str:
    """Path.GetFileNameWithoutExtension."""
    name = leaf(path)
    return name.rpartition(".")[0] if "." in name else name


_PATH = NetType(
    "System.IO.Path",
    statics={
        "Combine": Method(
            combined, "string, string", "string, string, string", "string, string, string, string"
        ),
        "GetPathRoot": Method(root, "string"),
        "GetFileName": Method(leaf, "string"),
        "GetDirectoryName": Method(folder, "string"),
        "GetExtension": Method(extension, "string"),
        "GetFileNameWithoutExtension": Method(stem, "string"),
        "IsPathRooted": Method(lambda path: root(path) != "", "string"),
        "DirectorySeparatorChar": Property(lambda: "\\"),
    },
)


def _enumeration(name: str, names: dict[str, int], *, flags: bool = False) -> NetType:
    return NetType(name, values=names, flags=flags, bases=("System.Enum",))


def _counted(*names: str, start: int = 0) -> dict[str, int]:
    return {name: number for number, name in enumerate(names, start)}


_ENUMERATIONS = (
    _enumeration("System.IO.FileMode", _counted("CreateNew", "Create", "Open", "OpenOrCreate", "Truncate", "Append", start=1)),
    _enumeration("System.IO.FileAccess", {"Read": 1, "Write": 2, "ReadWrite": 3}, flags=True),
    _enumeration(
        "System.IO.FileShare", {"None": 0, "Read": 1, "Write": 2, "ReadWrite": 3, "Delete": 4, "Inheritable": 16}, flags=True
    ),
    _enumeration("System.IO.SeekOrigin", _counted("Begin", "Current", "End")),
    _enumeration("System.IO.SearchOption", _counted("TopDirectoryOnly", "AllDirectories")),
    _enumeration(
        "System.IO.FileOptions",
        {
            "None": 0, "Encrypted": 16384, "DeleteOnClose": 67108864, "SequentialScan": 134217728, "RandomAccess": 268435456,
            "Asynchronous": 1073741824, "WriteThrough": -2147483648,
        },
        flags=True,
    ),
    _enumeration(
        "System.IO.FileAttributes",
        {
            "ReadOnly": 1, "Hidden": 2, "System": 4, "Directory": 16, "Archive": 32, "Device": 64, "Normal": 128,
            "Temporary": 256, "SparseFile": 512, "ReparsePoint": 1024, "Compressed": 2048, "Offline": 4096,
            "NotContentIndexed": 8192, "Encrypted": 16384,
        },
        flags=True,
    ),
    _enumeration(
        "System.StringComparison",
        _counted(
            "CurrentCulture", "CurrentCultureIgnoreCase", "InvariantCulture", "InvariantCultureIgnoreCase", "Ordinal",
            "OrdinalIgnoreCase",
        ),
    ),
    _enumeration("System.StringSplitOptions", _counted("None", "RemoveEmptyEntries")),
    _enumeration("System.EnvironmentVariableTarget", _counted("Process", "User", "Machine")),
    _enumeration("System.DateTimeKind", _counted("Unspecified", "Utc", "Local")),
)  # fmt: skip


class Memory(BytesIO):
    """A MemoryStream."""


def read_into(stream: Any, buffer: bytearray, start: int, count: int) -> int:
    """Stream.Read(buffer, offset, count) for a stream with Python's read(): how many bytes came."""
    if start < 0 or count < 0 or start + count > len(buffer):
        message = "Offset and length were out of bounds for the array or count is greater than the number of elements."
        raise NetError("System.ArgumentException", message)
    data = stream.read(count)
    buffer[start : start + len(data)] = data
    return len(data)


def written_from(stream: Any, buffer: bytearray, start: int, count: int) -> None:
    """Stream.Write(buffer, offset, count) for a stream with Python's write()."""
    stream.write(bytes(buffer[start : start + count]))


_MEMORY = NetType(
    "System.IO.MemoryStream",
    holds=(Memory,),
    bases=("System.IO.Stream",),
    new=Method(lambda data=b"": Memory(bytes(data)), "", "byte[]"),
    members={
        "Length": Property(lambda it: len(it.getvalue())),
        "Position": Property(lambda it: it.tell(), lambda it, place: it.seek(place)),
        "Read": Method(read_into, "object, int, int"),
        "Write": Method(written_from, "object, int, int", void=True),
        "ToArray": Method(lambda it: bytearray(it.getvalue()), ""),
        "Close": Method(lambda _it: None, "", void=True),
        "Dispose": Method(lambda _it: None, "", void=True),
    },
)


class Digest:
    """A hash algorithm."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._running = hashlib.new(name)
        self.hash: bytearray | None = None

    def more(self, data: bytearray, start: int, count: int, *_copy: object) -> int:
        """TransformBlock: take in another part; gives its length."""
        self._running.update(data[start : start + count])
        return count

    def last(self, data: bytearray, start: int, count: int) -> bytearray:
        """TransformFinalBlock: take in the last part; gives it."""
        self._running.update(data[start : start + count])
        self.hash, self._running = bytearray(self._running.digest()), hashlib.new(self.name)
        return data[start : start + count]

    def of(self, data: Any) -> bytearray:
        """The digest of bytes, or of all that is left in an object with Python's read()."""
        digest = hashlib.new(self.name)
        if isinstance(data, bytearray | bytes):
            digest.update(data)
        elif hasattr(data, "read"):
            while piece := data.read(1 << 20):
                digest.update(piece)
        else:
            raise LabDoesNotKnow(f"the digest of a {type(data).__name__}")
        return bytearray(digest.digest())

    def part(self, data: bytearray, start: int, count: int) -> bytearray:
        """The digest of a part of bytes."""
        return self.of(data[start : start + count])


def _maker(name: str) -> Callable[[], Digest]:
    return lambda: Digest(name)


_DIGESTS = tuple(
    NetType(
        f"System.Security.Cryptography.{kind}",
        bases=("System.Security.Cryptography.HashAlgorithm",),
        new=Method(_maker(name), ""),
        statics={"Create": Method(_maker(name), "")},
    )
    for kind, name in (
        ("SHA256", "sha256"), ("SHA1", "sha1"), ("SHA256Managed", "sha256"), ("SHA1Managed", "sha1"),
        ("SHA256CryptoServiceProvider", "sha256"), ("SHA1CryptoServiceProvider", "sha1"), ("MD5", "md5"),
    )
)  # fmt: skip
_ALGORITHM = NetType(
    "System.Security.Cryptography.HashAlgorithm",
    holds=(Digest,),
    members={
        "ComputeHash": Method(
            lambda it, data, *part: it.part(data, *part) if part else it.of(data),
            "object",
            "object, int, int",
        ),
        "TransformBlock": Method(Digest.more, "object, int, int, object, int"),
        "TransformFinalBlock": Method(Digest.last, "object, int, int"),
        "Hash": Property(lambda it: it.hash),
        "Dispose": Method(lambda _it: None, "", void=True),
        "Clear": Method(lambda _it: None, "", void=True),
    },
)
_KNOWN_ASSEMBLIES = (
    "system",
    "system.core",
    "system.serviceprocess",
    "system.management",
    "system.xml",
    "mscorlib",
)
_ASSEMBLY = NetType(
    "System.Reflection.Assembly",
    statics={
        "LoadWithPartialName": Method(
            lambda name: name if name.lower() in _KNOWN_ASSEMBLIES else None, "string"
        ),
    },
)
_INFINITE = NetType(
    "System.Threading.Timeout", statics={"InfiniteTimeSpan": Property(lambda: timedelta(milliseconds=-1))}
)

TYPES = (_PATH, *_ENUMERATIONS, _MEMORY, *_DIGESTS, _ALGORITHM, _ASSEMBLY, _INFINITE)
