"""The lines of a `cluster` probe's answer, from any system. Knows no manager."""

from __future__ import annotations


def lines(stdout: bytes, exit_status: int) -> list[str] | None:
    """The lines between the probe's header and `#end`; None when the command failed, was cut short, or is not this probe's.

    Windows answers with CR LF and, in Japan, often in cp932; what is text in neither encoding is not guessed at."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = stdout.decode(encoding).replace("\r\n", "\n")
            break
        except UnicodeDecodeError:
            continue
    else:
        return None
    if exit_status != 0 or not text.endswith("\n#end\n"):
        return None
    first, *rest = text.split("\n")[:-2]
    return rest if first.split() == ["#tejun", "cluster"] else None
