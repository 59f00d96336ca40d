"""Which names a package's file may have: the same name has to lie on the console's disk, on UNIX nodes and on Windows nodes."""

from __future__ import annotations

import re

from app.domain.errors import Invalid

_SEPARATOR = re.compile(r"[/\\]")
# what Windows keeps for itself, C0, DEL and C1, halves of characters, and marks that turn a name's reading order around
_ILLEGAL = re.compile(r'[<>:"|?*\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\..*)?", re.IGNORECASE)
MAX_BYTES = 200
"""UTF-8 bytes of a name; file systems take 255, and a temporary name needs some of them."""
OURS = ".tejun-"
"""What the console's own temporary files on nodes begin with."""


def file_name(typed: str) -> str:
    """The name as given, blanks around it taken off. Raises Invalid with the rule that it breaks."""
    name = typed.strip(" \t\r\n\u3000")
    for broken, code, ja, en in _rules(name):
        if broken:
            raise Invalid(
                f"file_name.{code}",
                f"ファイル名「{_shown(name)}」は使えません。{ja}",
                f"{_shown(name)!r} cannot be the name of a package's file: {en}",
                "name",
            )
    return name


def _rules(name: str) -> tuple[tuple[bool, str, str, str], ...]:
    """(broken, code, what to do in Japanese, in English), in the order in which they are looked at."""
    return (
        (not name, "empty", "ファイル名を指定してください。", "give a name."),
        (
            bool(_SEPARATOR.search(name)),
            "separator",
            "「/」と「\\」を含まない、ファイル名だけを指定してください。",
            "give the name alone, without / and \\.",
        ),
        (
            bool(_ILLEGAL.search(name)),
            "character",
            '制御文字と < > : " | ? * は使えません（Windows のノードに置けません）。',
            'control characters and < > : " | ? * are not allowed (Windows nodes cannot hold them).',
        ),
        (
            name.endswith(".") or name in (".", ".."),
            "dot",
            "末尾の「.」を取り除いてください（Windows では消えてしまいます）。",
            "take the dot at its end off (Windows would drop it).",
        ),
        (
            bool(_RESERVED.fullmatch(name)),
            "reserved",
            "CON、NUL、COM1 などは Windows の予約名です。別の名前にしてください。",
            "CON, NUL, COM1 and their like are reserved by Windows; choose another name.",
        ),
        (
            name.lower().startswith(OURS),
            "ours",
            f"「{OURS}」で始まる名前はコンソールが使います。別の名前にしてください。",
            f"names that begin with {OURS} are the console's own; choose another one.",
        ),
        (
            len(name.encode("utf-8", "replace")) > MAX_BYTES,
            "long",
            f"UTF-8 で {MAX_BYTES} バイト以内に短くしてください。",
            f"make it {MAX_BYTES} bytes of UTF-8 at most.",
        ),
    )


def _shown(name: str) -> str:
    """The beginning of a name, without what would spoil the message."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", name[:80])
