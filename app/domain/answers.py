"""From the raw output of a probe to its header and its lines: line ends, encodings, completeness. Knows no probe.

Windows answers with CR LF and, in Japan, often in cp932; some shells put a byte order mark first. What is cut short, failed
or in no known encoding has no lines at all.
"""

from __future__ import annotations

import codecs

ENCODINGS = ("utf-8", "cp932")
"""Tried in this order and strictly: what is text in neither is not guessed at (facts, section 3)."""


def unix_lines(stdout: bytes) -> bytes:
    """The same bytes without byte order mark and with LF line ends, for parsers that look at bytes."""
    return stdout.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n")


def decoded(stdout: bytes) -> str | None:
    """The text of an answer, None where it is in no known encoding. Nothing is split before: letters of cp932 hold `\\`."""
    for encoding in ENCODINGS:
        try:
            return stdout.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def closed(stdout: bytes, exit_status: int, probe: str) -> tuple[str, list[str]] | None:
    """What the header says after the probe's name, and the lines between it and `#end`. None unless the answer is whole."""
    text = decoded(unix_lines(stdout)) if exit_status == 0 else None
    if text is None or not text.endswith("\n#end\n"):
        return None
    first, *lines = text.split("\n")[:-2]
    words = first.split(" ", 2)
    if words[:2] != ["#tejun", probe]:
        return None
    return words[2] if len(words) == 3 else "", lines
