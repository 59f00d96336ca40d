"""Strings as they are written in a script: quotes, backticks, numbers, wildcards. Knows no values.

Sources: about_Quoting_Rules, about_Special_Characters, about_Numeric_Literals, about_Wildcards.
"""

from __future__ import annotations

import re

SINGLE = "'\u2018\u2019\u201a\u201b"
DOUBLE = '"\u201c\u201d\u201e'
_ESCAPES = {"0": "\0", "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_SIZES = {"": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40, "pb": 1 << 50}
_NUMBER = re.compile(r"(0x[0-9a-f]+|\d+|\d*\.\d+(?:e[+-]?\d+)?|\d+e[+-]?\d+)(l?)([kmgtp]b)?", re.IGNORECASE)


def verbatim(written: str) -> str:
    """What a single-quoted string holds; two quotes are one."""
    return re.sub(f"([{SINGLE}])[{SINGLE}]", r"\1", written[1:-1])


def here(written: str) -> str:
    """What stands between the first and the last line of a here-string."""
    first, last = written.index("\n") + 1, written.rindex("\n")
    return written[first : max(first, last)].removesuffix("\r")


def escaped(written: str, *, quoted: bool) -> str:
    """A stretch of an expandable string: backticks, and two quotes that are one (not in a here-string)."""
    pattern = r"`(\r\n|.)|[" + DOUBLE + "]([" + DOUBLE + "])" if quoted else r"`(\r\n|.)"

    def meant(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[2]
        return "" if match[1] in ("\n", "\r\n") else _ESCAPES.get(match[1], match[1])

    return re.sub(pattern, meant, written, flags=re.DOTALL)


def number(written: str) -> int | float | None:
    """A numeric literal, None for what is none."""
    match = _NUMBER.fullmatch(written)
    if match is None:
        return None
    size = _SIZES[(match[3] or "").lower()]
    if match[1].lower().startswith("0x"):
        return int(match[1], 16) * size
    return int(match[1]) * size if match[1].isdigit() else float(match[1]) * size


def wildcard(pattern: str) -> re.Pattern[str]:
    """-like's pattern: *, ?, [a-c] and a backtick before what is meant as it is (about_Wildcards)."""
    found = ""
    for piece in re.findall(r"`.|\[[^\]]+\]|.", pattern, re.DOTALL):
        if len(piece) == 2 and piece[0] == "`":
            found += re.escape(piece[1])
        elif len(piece) > 1:
            found += piece.replace("\\", "\\\\").replace("[^", "[\\^")
        else:
            found += {"*": ".*", "?": "."}.get(piece, re.escape(piece))
    return re.compile(found, re.IGNORECASE | re.DOTALL)
