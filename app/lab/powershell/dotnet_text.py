"""The .NET types of text: String, Char, Encoding, Convert, BitConverter, StringBuilder. Explicit tables, nothing by guess."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field

from app.lab.powershell.casts import whole
from app.lab.powershell.formats import formatted
from app.lab.powershell.objects import Char, EnumValue, LabDoesNotKnow, Method, NetError, NetType, Property
from app.lab.powershell.operators import items
from app.lab.powershell.values import numeric, text

_BLANK = None  # Python strips what .NET's Trim() takes for white space


def _characters(value: object) -> str | None:
    """Trim's characters: none, one string's, or an array's."""
    return "".join(text(each) for each in items(value)) or _BLANK


def _split(it: str, separator: object = None, options: object = None) -> object:
    marks = [text(each) for each in items(separator)] if separator is not None else []
    if isinstance(separator, str) and len(separator) > 1:
        marks = list(separator)  # before .NET Core a string's every character separates
    pieces = [it]
    for mark in marks:
        pieces = [each for piece in pieces for each in piece.split(mark)]
    if not marks:
        pieces = it.split()
    if options is not None and "RemoveEmptyEntries" in text(options):
        pieces = [each for each in pieces if each]
    return pieces


def _substring(it: str, start: int, length: int | None = None) -> str:
    end = len(it) if length is None else start + length
    if start < 0 or (length or 0) < 0 or start > len(it) or end > len(it):
        message = "Index and length must refer to a location within the string.\r\nParameter name: length"
        raise NetError("System.ArgumentOutOfRangeException", message)
    return it[start:end]


def _compared(how: Callable[[str, str], bool]) -> Callable[..., bool]:
    """StartsWith and its like: by case, unless a StringComparison says otherwise."""

    def compare(it: str, other: str, comparison: object = None) -> bool:
        if isinstance(comparison, EnumValue) and comparison.name.endswith("IgnoreCase"):
            return how(it.lower(), other.lower())
        return how(it, other)

    return compare


def _removed(it: str, start: int, count: int | None = None) -> str:
    return it[:start] + ("" if count is None else it[start + count :])


def _joined(between: str, values: object, *more: object) -> str:
    parts = items(values) if not more else [values, *more]
    return between.join(text(each) for each in parts)


def _replaced(it: str, old: str, new: str) -> str:
    if not old:
        raise NetError(
            "System.ArgumentException", "String cannot be of zero length.\r\nParameter name: oldValue"
        )
    return it.replace(old, new)


def _equals(left: str, right: object, comparison: object = None) -> bool:
    ignore = isinstance(comparison, EnumValue) and comparison.name.endswith("IgnoreCase")
    return isinstance(right, str) and (left.lower() == right.lower() if ignore else left == right)


_COMPARED = ("string", "string, StringComparison")

STRING = NetType(
    "System.String",
    holds=(str,),
    complete=True,
    statics={
        "Empty": Property(lambda: ""),
        "Join": Method(_joined, "string, object", *(f"string{', object' * n}" for n in range(2, 6))),
        "IsNullOrEmpty": Method(lambda it: it == "", "string"),
        "IsNullOrWhiteSpace": Method(lambda it: not it.strip(), "string"),
        "Format": Method(
            lambda it, *values: formatted(it, list(values), text),
            *(f"string{', object' * n}" for n in range(1, 5)),
        ),
        "Equals": Method(_equals, "string, string", "string, string, StringComparison"),
    },
    members={
        "Length": Property(len),
        "Trim": Method(lambda it, chars=None: it.strip(_characters(chars)), "", "object"),
        "TrimStart": Method(lambda it, chars=None: it.lstrip(_characters(chars)), "", "object"),
        "TrimEnd": Method(lambda it, chars=None: it.rstrip(_characters(chars)), "", "object"),
        "Split": Method(_split, "", "object", "object, StringSplitOptions"),
        "Replace": Method(_replaced, "string, string"),
        "Substring": Method(_substring, "int", "int, int"),
        "StartsWith": Method(_compared(str.startswith), *_COMPARED),
        "EndsWith": Method(_compared(str.endswith), *_COMPARED),
        "Contains": Method(lambda it, other: other in it, "string"),
        "IndexOf": Method(lambda it, other, *start: it.find(other, *start), "string", "string, int"),
        "LastIndexOf": Method(lambda it, other: it.rfind(other), "string"),
        "Insert": Method(lambda it, place, other: it[:place] + other + it[place:], "int, string"),
        "Remove": Method(_removed, "int", "int, int"),
        "ToLower": Method(str.lower, ""),
        "ToUpper": Method(str.upper, ""),
        "ToLowerInvariant": Method(str.lower, ""),
        "ToUpperInvariant": Method(str.upper, ""),
        "PadLeft": Method(lambda it, width, fill=" ": it.rjust(width, fill), "int", "int, char"),
        "PadRight": Method(lambda it, width, fill=" ": it.ljust(width, fill), "int", "int, char"),
        "ToCharArray": Method(lambda it: [Char(each) for each in it], ""),
        "Equals": Method(_equals, "string", "string, StringComparison"),
    },
)

CHAR = NetType(
    "System.Char",
    holds=(Char,),
    complete=True,
    statics={
        "IsDigit": Method(lambda it: it.isdigit(), "char"),
        "IsLetter": Method(lambda it: it.isalpha(), "char"),
        "IsWhiteSpace": Method(lambda it: it.isspace(), "char"),
    },
)


@dataclass(frozen=True)
class Encoding:
    """An encoding by Python's name; `throws`: bytes that do not fit are an error."""

    codec: str
    throws: bool = False
    mark: bytes = b""


def _from_bytes(it: Encoding, data: object, start: int = 0, count: int | None = None) -> str:
    raw = bytes(data) if isinstance(data, bytearray) else bytes(int(numeric(each)) for each in items(data))
    part = raw[start : len(raw) if count is None else start + count]
    try:
        return part.decode(it.codec, "strict" if it.throws else "replace")
    except UnicodeDecodeError as error:
        message = f"Unable to translate bytes at index {error.start} from specified code page to Unicode."
        raise NetError(
            "System.Text.DecoderFallbackException", message, bases=("System.ArgumentException",)
        ) from error


def _to_bytes(it: Encoding, value: str) -> bytearray:
    return bytearray(value.encode(it.codec, "strict" if it.throws else "replace"))


_PAGES: dict[object, Encoding] = {
    65001: Encoding("utf-8", mark=b"\xef\xbb\xbf"), "utf-8": Encoding("utf-8", mark=b"\xef\xbb\xbf"),
    1200: Encoding("utf-16-le", mark=b"\xff\xfe"), "utf-16": Encoding("utf-16-le", mark=b"\xff\xfe"),
    "unicode": Encoding("utf-16-le", mark=b"\xff\xfe"), 932: Encoding("cp932"), "shift_jis": Encoding("cp932"),
    20127: Encoding("ascii"), "us-ascii": Encoding("ascii"), 1252: Encoding("cp1252"), "windows-1252": Encoding("cp1252"),
    28591: Encoding("latin-1"), "iso-8859-1": Encoding("latin-1"), 437: Encoding("cp437"),
}  # fmt: skip


def _page(name: object) -> Encoding:
    found = _PAGES.get(name.lower() if isinstance(name, str) else name)
    if found is None:
        raise LabDoesNotKnow(f"the code page {text(name)}")
    return found


ENCODING = NetType(
    "System.Text.Encoding",
    holds=(Encoding,),
    statics={
        "UTF8": Property(lambda: _PAGES[65001]),
        "Unicode": Property(lambda: _PAGES[1200]),
        "ASCII": Property(lambda: _PAGES[20127]),
        "GetEncoding": Method(_page, "object"),
    },
    members={
        "GetString": Method(_from_bytes, "object", "object, int, int"),
        "GetBytes": Method(_to_bytes, "string"),
        "GetByteCount": Method(lambda it, value: len(_to_bytes(it, value)), "string"),
        "GetPreamble": Method(lambda it: bytearray(it.mark), ""),
    },
)
UTF8 = NetType(
    "System.Text.UTF8Encoding",
    bases=("System.Text.Encoding",),
    new=Method(
        lambda mark=False, throws=False: Encoding("utf-8", throws, b"\xef\xbb\xbf" if mark else b""),
        "",
        "bool",
        "bool, bool",
    ),
)


def _from_base64(value: str) -> bytearray:
    try:
        return bytearray(base64.b64decode("".join(value.split()), validate=True))
    except (binascii.Error, ValueError) as error:
        message = (
            "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, "
            "or an illegal character among the padding characters. "
        )
        raise NetError("System.FormatException", message) from error


def _to_base64(data: bytearray, start: int = 0, count: int | None = None) -> str:
    part = data[start : len(data) if count is None else start + count]
    return base64.b64encode(bytes(part)).decode("ascii")


def _parsed(value: str, base: int) -> int:
    try:
        return int(value, base)
    except ValueError as error:
        raise NetError("System.FormatException", "Could not find any recognizable digits.") from error


def _in_base(value: int, base: int) -> str:
    shown = {2: "b", 8: "o", 10: "d", 16: "x"}.get(base)
    if shown is None:
        raise NetError("System.ArgumentException", "Invalid Base.")
    return format(value, shown)


CONVERT = NetType(
    "System.Convert",
    statics={
        "ToBase64String": Method(_to_base64, "byte[]", "byte[], int, int"),
        "FromBase64String": Method(_from_base64, "string"),
        "ToInt32": Method(
            lambda value, base=None: _whole(value, base, "System.Int32"), "object", "string, int"
        ),
        "ToInt64": Method(
            lambda value, base=None: _whole(value, base, "System.Int64"), "object", "string, int"
        ),
        "ToString": Method(lambda value, base=10: _in_base(value, base), "int, int"),
    },
)


def _whole(value: object, base: int | None, kind: str) -> int:
    return whole(value, kind) if base is None else _parsed(text(value), base)


BIT_CONVERTER = NetType(
    "System.BitConverter",
    statics={
        "ToString": Method(lambda it: "-".join(f"{each:02X}" for each in it), "byte[]"),
        "IsLittleEndian": Property(lambda: True),
        "ToInt32": Method(
            lambda it, start: int.from_bytes(it[start : start + 4], "little", signed=True), "byte[], int"
        ),
    },
)


@dataclass
class Builder:
    """A StringBuilder."""

    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What it holds."""
        return "".join(self.parts)

    def append(self, value: object = "", end: str = "") -> Builder:
        """Add a text; gives itself."""
        self.parts.append(text(value) + end)
        return self


BUILDER = NetType(
    "System.Text.StringBuilder",
    holds=(Builder,),
    new=Method(lambda start="": Builder([start] if start else []), "", "string"),
    members={
        "Append": Method(Builder.append, "object"),
        "AppendLine": Method(lambda it, value="": it.append(value, "\r\n"), "", "string"),
        "Length": Property(lambda it: len(it.text)),
    },
)

TYPES = (STRING, CHAR, ENCODING, UTF8, CONVERT, BIT_CONVERTER, BUILDER)
