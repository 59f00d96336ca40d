"""FileStream, StreamReader and SHA256: bytes of files, with Windows' sharing. Owns the enumerations that opening a file takes."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from app.lab.powershell.objects import EnumValue, LabDoesNotKnow, Method, NetError, NetType, Property
from app.lab.windows import paths
from app.lab.windows.files import READ, WRITE, Files, Open
from app.lab.windows.net.raising import method

FILE_MODE = NetType(
    "System.IO.FileMode",
    values={"CreateNew": 1, "Create": 2, "Open": 3, "OpenOrCreate": 4, "Truncate": 5, "Append": 6},
)
FILE_ACCESS = NetType("System.IO.FileAccess", values={"Read": 1, "Write": 2, "ReadWrite": 3}, flags=True)
FILE_SHARE = NetType(
    "System.IO.FileShare",
    values={"None": 0, "Read": 1, "Write": 2, "ReadWrite": 3, "Delete": 4, "Inheritable": 16},
    flags=True,
)
FILE_OPTIONS = NetType(
    "System.IO.FileOptions",
    values={"None": 0, "WriteThrough": -2147483648, "SequentialScan": 134217728},
    flags=True,
)
SEEK_ORIGIN = NetType("System.IO.SeekOrigin", values={"Begin": 0, "Current": 1, "End": 2})


class FileStream:
    """An open file of the machine."""

    def __init__(self, files: Files, path: str, mode: str, access: int, share: int) -> None:
        self.files, self.path = files, path
        self.handle: Open = files.open(path, mode, access, share)

    @property
    def stream(self) -> BinaryIO:
        """The bytes. Raises NetError once it is closed."""
        if self.handle.stream is None or self.handle.stream.closed:
            raise NetError("System.ObjectDisposedException", "Cannot access a closed file.")
        return self.handle.stream

    def length(self) -> int:
        """Its size."""
        at = self.stream.tell()
        size = self.stream.seek(0, 2)
        self.stream.seek(at)
        return size

    def read(self, buffer: bytearray, offset: int, count: int) -> int:
        """Bytes into the buffer; how many."""
        if not self.handle.access & READ:
            raise NetError("System.NotSupportedException", "Stream does not support reading.")
        data = self.stream.read(count)
        buffer[offset : offset + len(data)] = data
        return len(data)

    def write(self, buffer: bytearray, offset: int, count: int) -> None:
        """Bytes out of the buffer."""
        if not self.handle.access & WRITE:
            raise NetError("System.NotSupportedException", "Stream does not support writing.")
        self.stream.tell()
        self.files.put(self.handle, bytes(buffer[offset : offset + count]))

    def seek(self, offset: int, origin: EnumValue) -> int:
        """Go there; the new place."""
        return self.stream.seek(offset, origin.value)

    def close(self) -> None:
        """Close; again does nothing."""
        self.files.close(self.handle)


class StreamReader:
    """Text of a stream: UTF-8, as .NET takes it without a mark."""

    def __init__(self, stream: FileStream) -> None:
        self.stream = stream

    def rest(self) -> str:
        """All that is left."""
        return self.stream.stream.read().decode("utf-8-sig", "replace")


class Sha256:
    """A digest under way."""

    def __init__(self) -> None:
        self.state = hashlib.sha256()
        self.value: bytearray | None = None

    def of(self, data: object) -> bytearray:
        """Of bytes or of what a stream still has."""
        if isinstance(data, FileStream):
            digest = hashlib.sha256()
            while block := data.stream.read(1 << 20):
                digest.update(block)
            return bytearray(digest.digest())
        if isinstance(data, bytearray | bytes):
            return bytearray(hashlib.sha256(data).digest())
        if isinstance(data, list):
            return bytearray(hashlib.sha256(bytes(int(str(one)) for one in data)).digest())
        raise LabDoesNotKnow(f"ComputeHash of {type(data).__name__}")

    def block(self, data: bytearray, offset: int, count: int, _target: object, _at: int) -> int:
        """One part."""
        self.state.update(bytes(data[offset : offset + count]))
        return count

    def last(self, data: bytearray, offset: int, count: int) -> bytearray:
        """The last part; afterwards Hash has the digest."""
        part = bytes(data[offset : offset + count])
        self.state.update(part)
        self.value = bytearray(self.state.digest())
        return bytearray(part)


def number(value: EnumValue | int) -> int:
    """An enumeration's number."""
    return value.value if isinstance(value, EnumValue) else int(value)


def opened(
    files: Files, path: str, mode: EnumValue, access: EnumValue | None = None, share: EnumValue | None = None
) -> FileStream:
    """As File.Open does: without access ReadWrite (Append: Write), without share None."""
    rights = number(access) if access else (WRITE if mode.name == "Append" else READ | WRITE)
    return FileStream(files, paths.full(path), mode.name, rights, number(share) & 7 if share else 0)


def types(files: Files) -> list[NetType]:
    """The types, on these files."""
    stream = NetType(
        "System.IO.FileStream",
        holds=(FileStream,),
        bases=("System.IO.Stream",),
        new=method(
            lambda path, mode, access=None, share=None, _size=0, _options=None: opened(files, path, mode, access, share),
            "string, IO.FileMode", "string, IO.FileMode, IO.FileAccess", "string, IO.FileMode, IO.FileAccess, IO.FileShare",
            "string, IO.FileMode, IO.FileAccess, IO.FileShare, int",
            "string, IO.FileMode, IO.FileAccess, IO.FileShare, int, IO.FileOptions",
        ),
        members={
            "Length": Property(FileStream.length),
            "Name": Property(lambda it: it.path),
            "Position": Property(lambda it: it.stream.tell()),
            "Read": method(FileStream.read, "object, int, int"),
            "Write": method(FileStream.write, "object, int, int", void=True),
            "Seek": method(FileStream.seek, "long, IO.SeekOrigin"),
            "Flush": method(lambda it: it.stream.flush(), "", void=True),
            "Close": Method(FileStream.close, "", void=True),
            "Dispose": Method(FileStream.close, "", void=True),
        },
    )  # fmt: skip
    reader = NetType(
        "System.IO.StreamReader",
        holds=(StreamReader,),
        new=Method(StreamReader, "object"),
        members={
            "ReadToEnd": method(StreamReader.rest, ""),
            "Close": Method(lambda it: it.stream.close(), "", void=True),
            "Dispose": Method(lambda it: it.stream.close(), "", void=True),
        },
    )
    digest = NetType(
        "System.Security.Cryptography.SHA256",
        holds=(Sha256,),
        statics={"Create": Method(Sha256, "")},
        members={
            "ComputeHash": method(Sha256.of, "object"),
            "TransformBlock": Method(Sha256.block, "object, int, int, object, int"),
            "TransformFinalBlock": Method(Sha256.last, "object, int, int"),
            "Hash": Property(lambda it: it.value),
        },
    )
    return [stream, reader, digest, FILE_MODE, FILE_ACCESS, FILE_SHARE, FILE_OPTIONS, SEEK_ORIGIN]
