"""RPM v4 package files, written and read in pure Python; real rpm accepts what is written here. Owns the format alone.

Lead, signature header (SHA-256 and SHA-1 of the header, MD5 of header and payload), header, gzip'd cpio (newc) payload whose
SHA-256 stands in the header. No cryptographic signature. Format: rpm.org, "RPM V4 package file format".
"""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

_MAGIC, _LEAD = b"\x8e\xad\xe8\x01\0\0\0\0", b"\xed\xab\xee\xdb\x03\x00"
_INT16, _INT32, _STRING, _BIN, _STRINGS, _I18N = 3, 4, 6, 7, 8, 9
_PAYLOAD_DIGEST, _SIGNATURES, _IMMUTABLE = 5092, 62, 63
_EQUAL, _RPMLIB = 8, 1 << 24 | 2 | 8  # dependency flags: "=", and rpmlib(...) "<="
_RPMLIB_NEEDS = (("rpmlib(FileDigests)", "4.6.0-1"), ("rpmlib(PayloadFilesHavePrefix)", "4.0-1"))
Value = int | str | bytes | list[int] | list[str]
Tags = Mapping[int, list[int] | list[str] | bytes]
Entry = tuple[int, int, Value]


class BadPackage(Exception):
    """The file is no package, or what it holds does not agree with its digests; the message is in rpm's words."""


@dataclass(frozen=True)
class Spec:
    """What goes into a package. `files`: absolute path -> bytes; `requires`: (name, version) that must be installed;
    `pre` and `post`: scripts that run before and after."""

    name: str
    version: str
    release: str
    summary: str
    files: Mapping[str, bytes]
    post: str
    requires: tuple[str, str] | None
    built: int
    pre: str = ""


@dataclass(frozen=True)
class Package:
    """A package as read. `digests`: absolute path -> SHA-256 in hex, "" for a folder; `tags`: header tag -> values."""

    tags: Tags
    digests: Mapping[str, str]
    files: Mapping[str, bytes]

    def text(self, tag: int) -> str:
        """A string tag; "" if the header has none."""
        return (_texts(self.tags, tag) or [""])[0]

    @property
    def name(self) -> str:
        """Package name."""
        return self.text(1000)

    @property
    def version(self) -> str:
        """Version without release."""
        return self.text(1001)

    @property
    def release(self) -> str:
        """Release."""
        return self.text(1002)

    @property
    def arch(self) -> str:
        """Architecture."""
        return self.text(1022)

    @property
    def label(self) -> str:
        """name-version-release.arch, as `rpm -q` prints it."""
        return f"{self.name}-{self.version}-{self.release}.{self.arch}"

    @property
    def requires(self) -> list[tuple[str, str]]:
        """(name, version) that must be installed with exactly that version; rpmlib's own left out."""
        wanted = zip(_texts(self.tags, 1049), _texts(self.tags, 1050), _numbers(self.tags, 1048), strict=True)
        return [(name, version) for name, version, flag in wanted if flag & (1 << 24) == 0]


def _pack(kind: int, value: Value) -> tuple[bytes, int]:
    if isinstance(value, bytes):
        return value, len(value)
    items = value if isinstance(value, list) else [value]
    if kind in (_INT16, _INT32):
        return struct.pack(f">{len(items)}{'H' if kind == _INT16 else 'I'}", *items), len(items)
    return b"".join(str(text).encode() + b"\0" for text in items), len(items)


def _header(region: int, entries: list[Entry]) -> bytes:
    """A header structure; `region` is the tag that makes it one immutable block, without which rpm checks no digest."""
    index, store = b"", b""
    for tag, kind, value in sorted(entries):
        store += b"\0" * (-len(store) % {_INT16: 2, _INT32: 4}.get(kind, 1))
        data, count = _pack(kind, value)
        index += struct.pack(">IIII", tag, kind, len(store), count)
        store += data
    number = len(entries) + 1
    first = struct.pack(">IIII", region, _BIN, len(store), 16)
    store += struct.pack(">IIiI", region, _BIN, -16 * number, 16)
    return _MAGIC + struct.pack(">II", number, len(store)) + first + index + store


def _tree(spec: Spec) -> list[tuple[str, bytes | None]]:
    """Every path of the package in order, its own folders first (None): what lies below the first level, /opt, is its own."""
    folders = {
        str(parent) for path in spec.files for parent in PurePosixPath(path).parents if len(parent.parts) > 2
    }
    entries: list[tuple[str, bytes | None]] = [(folder, None) for folder in folders]
    return sorted(entries + [(path, content) for path, content in spec.files.items()])


def _cpio(spec: Spec) -> bytes:
    out = b""
    for number, (path, content) in enumerate(_tree(spec), 1):
        out += _cpio_entry(f".{path}", content, number, spec.built)
    return out + _cpio_entry("TRAILER!!!", b"", 0, 0, mode=0)


def _cpio_entry(name: str, content: bytes | None, inode: int, mtime: int, mode: int | None = None) -> bytes:
    if mode is None:
        mode = 0o40755 if content is None else 0o100755
    data, links = content or b"", 2 if content is None else 1
    fields = (inode, mode, 0, 0, links, mtime, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def _file_entries(spec: Spec) -> list[Entry]:
    tree = _tree(spec)
    parents = [str(PurePosixPath(path).parent).rstrip("/") + "/" for path, _ in tree]
    folders = sorted(set(parents))
    count, digests = (
        len(tree),
        [hashlib.sha256(content).hexdigest() if content is not None else "" for _, content in tree],
    )
    return [
        (1028, _INT32, [4096 if content is None else len(content) for _, content in tree]),
        (1030, _INT16, [0o40755 if content is None else 0o100755 for _, content in tree]),
        (1033, _INT16, [0] * count), (1034, _INT32, [spec.built] * count), (1035, _STRINGS, digests),
        (1036, _STRINGS, [""] * count), (1037, _INT32, [0] * count), (1039, _STRINGS, ["root"] * count),
        (1040, _STRINGS, ["root"] * count), (1045, _INT32, [0xFFFFFFFF] * count), (1095, _INT32, [1] * count),
        (1096, _INT32, list(range(1, count + 1))), (1097, _STRINGS, [""] * count),
        (1116, _INT32, [folders.index(parent) for parent in parents]),
        (1117, _STRINGS, [PurePosixPath(path).name for path, _ in tree]), (1118, _STRINGS, folders), (5011, _INT32, 8),
    ]  # fmt: skip


def _main_entries(spec: Spec, payload: bytes) -> list[Entry]:
    needs = [(*spec.requires, _EQUAL)] if spec.requires else []
    needs += [(name, version, _RPMLIB) for name, version in _RPMLIB_NEEDS]
    before: list[Entry] = [(1023, _STRING, spec.pre), (1085, _STRING, "/bin/sh")] if spec.pre else []
    own = f"{spec.version}-{spec.release}"
    return [
        *before, (100, _STRINGS, ["C"]), (1000, _STRING, spec.name), (1001, _STRING, spec.version), (1002, _STRING, spec.release),
        (1004, _I18N, [spec.summary]), (1005, _I18N, [spec.summary]), (1006, _INT32, spec.built), (1007, _STRING, "localhost"),
        (1009, _INT32, sum(map(len, spec.files.values()))), (1014, _STRING, "Proprietary"),
        (1016, _I18N, ["Applications/System"]), (1021, _STRING, "linux"), (1022, _STRING, "x86_64"),
        (1024, _STRING, spec.post), (1086, _STRING, "/bin/sh"), (1044, _STRING, f"{spec.name}-{own}.src.rpm"),
        (1047, _STRINGS, [spec.name]), (1112, _INT32, [_EQUAL]), (1113, _STRINGS, [own]),
        (1048, _INT32, [flag for _, _, flag in needs]), (1049, _STRINGS, [name for name, _, _ in needs]),
        (1050, _STRINGS, [version for _, version, _ in needs]), (1064, _STRING, "4.18.0"), (1124, _STRING, "cpio"),
        (1125, _STRING, "gzip"), (1126, _STRING, "9"),
        (_PAYLOAD_DIGEST, _STRINGS, [hashlib.sha256(payload).hexdigest()]), (5093, _INT32, 8),
    ]  # fmt: skip


def write(spec: Spec) -> bytes:
    """The package file. The same spec gives the same bytes."""
    archive = _cpio(spec)
    payload = gzip.compress(archive, 9, mtime=0)
    header = _header(_IMMUTABLE, _main_entries(spec, payload) + _file_entries(spec))
    signature = _header(
        _SIGNATURES,
        [
            (269, _STRING, hashlib.sha1(header).hexdigest()),
            (273, _STRING, hashlib.sha256(header).hexdigest()),
            (1000, _INT32, len(header) + len(payload)),
            (1004, _BIN, hashlib.md5(header + payload).digest()),
            (1007, _INT32, len(archive)),
        ],
    )
    name = f"{spec.name}-{spec.version}-{spec.release}".encode()[:65]
    lead = _LEAD + struct.pack(">HH66sHH16x", 0, 1, name, 1, 5)
    return lead + signature + b"\0" * (-len(signature) % 8) + header + payload


def _parse(data: bytes, at: int) -> tuple[dict[int, list[int] | list[str] | bytes], int]:
    """The tags of the header at `at`, and where it ends."""
    if data[at : at + 4] != _MAGIC[:4]:
        raise BadPackage("not an rpm package (or package manifest)")
    number, size = struct.unpack_from(">II", data, at + 8)
    store = at + 16 + 16 * number
    if store + size > len(data):
        raise BadPackage("header load: bad size")
    tags: dict[int, list[int] | list[str] | bytes] = {}
    for position in range(number):
        tag, kind, offset, count = struct.unpack_from(">IIII", data, at + 16 + 16 * position)
        begin = store + offset
        if kind in (_INT16, _INT32):
            tags[tag] = list(struct.unpack_from(f">{count}{'H' if kind == _INT16 else 'I'}", data, begin))
        elif kind == _BIN:
            tags[tag] = data[begin : begin + count]
        else:
            tags[tag] = [text.decode() for text in data[begin : store + size].split(b"\0")[:count]]
    return tags, store + size


def read(data: bytes, payload: bool = True) -> Package:
    """The package in these bytes; without `payload` the header alone is read and checked, as `rpm -qp` does.

    Raises BadPackage if it is none, or if a digest says that it was changed or cut short.
    """
    if len(data) < 96 or data[:4] != _LEAD[:4]:
        raise BadPackage("not an rpm package (or package manifest)")
    try:
        signature, end = _parse(data, 96)
        begin = end + -end % 8
        tags, payload_at = _parse(data, begin)
    except (struct.error, UnicodeDecodeError) as error:
        raise BadPackage("not an rpm package (or package manifest)") from error
    _verify("Header SHA256 digest", signature.get(273), data[begin:payload_at])
    files = _payload(tags, data[payload_at:]) if payload else {}
    folders = _texts(tags, 1118)
    paths = [folders[at] + name for at, name in zip(_numbers(tags, 1116), _texts(tags, 1117), strict=True)]
    digests = dict(zip(paths, _texts(tags, 1035), strict=True))
    return Package(tags, digests, files)


def _payload(tags: Tags, data: bytes) -> dict[str, bytes]:
    _verify("Payload SHA256 digest", tags.get(_PAYLOAD_DIGEST), data)
    try:
        return _unpack(gzip.decompress(data))
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise BadPackage("unpacking of archive failed: cpio: Bad magic") from error


def _numbers(tags: Tags, tag: int) -> list[int]:
    return [value for value in tags.get(tag, []) if isinstance(value, int)]


def _texts(tags: Tags, tag: int) -> list[str]:
    return [value for value in tags.get(tag, []) if isinstance(value, str)]


def _verify(what: str, expected: list[int] | list[str] | bytes | None, data: bytes) -> None:
    found = hashlib.sha256(data).hexdigest()
    if not expected or expected[0] != found:
        raise BadPackage(f"{what}: BAD (Expected {expected[0] if expected else 'none'} != {found})")


def _unpack(archive: bytes) -> dict[str, bytes]:
    """Absolute path -> content of the regular files of a newc archive."""
    files: dict[str, bytes] = {}
    at = 0
    while archive[at : at + 6] == b"070701":
        fields = [int(archive[at + 6 + 8 * field : at + 14 + 8 * field], 16) for field in range(13)]
        name_end = at + 110 + fields[11]
        name = archive[at + 110 : name_end - 1].decode()
        if name == "TRAILER!!!":
            return files
        begin = name_end + -name_end % 4
        if fields[1] & 0o170000 == 0o100000:
            files[name.removeprefix(".")] = archive[begin : begin + fields[6]]
        at = begin + fields[6] + -fields[6] % 4
    raise ValueError("no trailer")
