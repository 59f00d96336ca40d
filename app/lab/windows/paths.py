"""Windows paths on this machine's disk: drives are folders, names have no case. Knows no files' contents."""

from __future__ import annotations

import os
import re
from pathlib import Path, PureWindowsPath

from app.lab.windows.refusals import Refusal

_ILLEGAL = re.compile(r'[\x00-\x1f<>"|?*]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def full(path: str, working: str = "C:\\") -> str:
    r"""The absolute form: `C:\A\B`, without `.`, `..`, `/` and a backslash at the end (but `C:\`). Raises Refusal 123.

    `working`: the folder that a relative path starts from. A path without a drive but with a root is of that folder's drive.
    """
    text = path.replace("/", "\\")
    drive, rest = (text[:2], text[2:]) if text[1:2] == ":" else ("", text)
    if not path or _ILLEGAL.search(rest) or ":" in rest or rest.startswith("\\\\"):
        raise Refusal(123, path)
    if not rest.startswith("\\"):
        base = working if drive.lower() in ("", working[:2].lower()) else drive + "\\"
        drive, rest = base[:2], base[2:].rstrip("\\") + "\\" + rest
    kept: list[str] = []
    for part in rest.split("\\"):
        name = part.rstrip(". ") if part.strip(".") else part
        if name == "..":
            kept = kept[:-1]
        elif name and name != ".":
            kept.append(name)
    if any(_DEVICE.fullmatch(name) for name in kept):
        raise Refusal(123, path)
    return (drive or working[:2]).upper() + "\\" + "\\".join(kept)


def parent(path: str) -> str:
    """The folder of an absolute path; of a root the root."""
    return str(PureWindowsPath(path).parent)


def name(path: str) -> str:
    """Its last part."""
    return PureWindowsPath(path).name


def join(*parts: str) -> str:
    """As Path.Combine does: an absolute part begins anew."""
    return str(PureWindowsPath(*parts))


class Drives:
    """The drives of one node. `folders`: letter -> its folder here. One can be there and not ready (a shared disk)."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = {letter.upper(): folder for letter, folder in folders.items()}
        self._away: set[str] = set()

    def ready(self, letter: str) -> bool:
        """Whether the drive is there and its disk attached."""
        return letter.upper() in self._folders and letter.upper() not in self._away

    def attach(self, letter: str, attached: bool) -> None:
        """Plug a disk in or out."""
        self._away = self._away - {letter.upper()} if attached else self._away | {letter.upper()}

    def letters(self) -> list[str]:
        """All drives that are ready."""
        return sorted(letter for letter in self._folders if self.ready(letter))

    def here(self, path: str) -> Path:
        """Where an absolute Windows path lies, found without regard to case; parts that are not there keep the case given.

        Raises Refusal 3 for a drive that is not there.
        """
        letter = path[:1].upper()
        if not self.ready(letter):
            raise Refusal(3, path)
        return Path(_found(str(self._folders[letter]), list(filter(None, path[3:].split("\\")))))

    def written(self, path: str) -> str:
        """The path in the case in which its parts are on the disk."""
        letter = path[:1].upper()
        folder = self._folders[letter]
        found = Path(_found(str(folder), list(filter(None, path[3:].split("\\")))))
        return f"{letter}:\\" + "\\".join(found.relative_to(folder).parts)


def _found(folder: str, parts: list[str]) -> str:
    """The parts below a folder in the case that they have there. What is there as it is written is found by one look: scripts
    that wait for a file ask again and again."""
    whole = os.path.join(folder, *parts)  # noqa: PTH118 - a Path costs ten times as much
    if not parts or os.path.lexists(whole):
        return whole
    above, wanted = _found(folder, parts[:-1]), parts[-1].lower()
    try:
        with os.scandir(above) as found:
            name = next((one.name for one in found if one.name.lower() == wanted), parts[-1])
    except (FileNotFoundError, NotADirectoryError):
        name = parts[-1]
    return os.path.join(above, name)  # noqa: PTH118
