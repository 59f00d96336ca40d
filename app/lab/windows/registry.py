"""A node's registry: keys and values whose names have no case, kept as JSON; one hive may be answered by somebody else.

HKLM\\Cluster is the cluster's database: it is there while the cluster service runs. Owns registry.json of a node.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.lab.model import write_whole

ROOTS = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}
MACHINE_ENVIRONMENT = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
USER_ENVIRONMENT = r"HKCU\Environment"
PROGRAMS = r"Microsoft\Windows\CurrentVersion\Uninstall"
CLUSTER = "cluster"


@dataclass
class Key:
    """A key: its own name, keys and values by lower-case name. A value is its name, its type (REG_SZ …) and its text."""

    name: str
    keys: dict[str, Key] = field(default_factory=dict)
    values: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def value(self, name: str) -> str | None:
        """A value's text, None where there is none."""
        found = self.values.get(name.lower())
        return found[2] if found else None

    def set(self, name: str, text: str, kind: str = "REG_SZ") -> None:
        """Set a value."""
        self.values[name.lower()] = (name, kind, text)

    def below(self, name: str) -> Key:
        """A key below, made where it is not there."""
        return self.keys.setdefault(name.lower(), Key(name))

    def walk(self, path: str) -> Iterator[tuple[str, Key]]:
        """This key and all below, with their paths."""
        yield path, self
        for key in sorted(self.keys.values(), key=lambda one: one.name.lower()):
            yield from key.walk(f"{path}\\{key.name}")


def split(path: str) -> tuple[str, list[str]]:
    """The root's short name and the parts below. Raises KeyError for a root that Windows does not have."""
    first, *rest = path.strip("\\").split("\\")
    upper = first.upper()
    short = next((one for one, long in ROOTS.items() if upper in (one, long)), None)
    if short is None:
        raise KeyError(first)
    return short, [part for part in rest if part]


def long(path: str) -> str:
    """The path with the root's full name, as reg.exe prints it."""
    root, parts = split(path)
    return "\\".join((ROOTS[root], *parts))


class Registry:
    """The registry of one node. `cluster`: the key HKLM\\Cluster at this moment, None where the cluster service is stopped."""

    def __init__(self, file: Path, cluster: Callable[[], Key | None] = lambda: None) -> None:
        self._file, self._cluster, self._lock = file, cluster, threading.RLock()
        self._roots = {name: Key(name) for name in ROOTS}
        if file.exists():
            for name, data in json.loads(file.read_text()).items():
                self._roots[name] = _from_json(data)

    def find(self, path: str) -> Key | None:
        """The key of that path, None where there is none."""
        root, parts = split(path)
        key: Key | None = self._roots[root]
        if root == "HKLM" and parts and parts[0].lower() == CLUSTER:
            key, parts = self._cluster(), parts[1:]
        for part in parts:
            key = key.keys.get(part.lower()) if key else None
        return key

    def value(self, path: str, name: str) -> str | None:
        """The text of a value, None where key or value are not there."""
        key = self.find(path)
        return key.value(name) if key else None

    def make(self, path: str) -> Key:
        """The key of that path, made with all above it; `save` after changing it."""
        root, parts = split(path)
        key = self._roots[root]
        for part in parts:
            key = key.below(part)
        return key

    def set(self, path: str, name: str, text: str, kind: str = "REG_SZ") -> None:
        """Set a value, and save."""
        with self._lock:
            self.make(path).set(name, text, kind)
            self.save()

    def unset(self, path: str, name: str) -> bool:
        """Delete a value; whether it was there."""
        with self._lock:
            key = self.find(path)
            found = key is not None and key.values.pop(name.lower(), None) is not None
            self.save()
        return found

    def delete(self, path: str) -> bool:
        """Delete a key with all below; whether it was there."""
        root, parts = split(path)
        with self._lock:
            above = self.find("\\".join((root, *parts[:-1])))
            found = bool(parts) and above is not None and above.keys.pop(parts[-1].lower(), None) is not None
            self.save()
        return found

    def save(self) -> None:
        """Write everything."""
        with self._lock:
            write_whole(
                self._file,
                json.dumps({name: _as_json(key) for name, key in self._roots.items()}, ensure_ascii=False),
            )

    def variables(self, place: str) -> dict[str, str]:
        """The environment variables that are kept in the registry, of the machine or of the user."""
        key = self.find(place)
        return {name: text for name, _kind, text in key.values.values()} if key else {}


def _as_json(key: Key) -> dict[str, Any]:
    return {
        "name": key.name,
        "values": list(key.values.values()),
        "keys": [_as_json(one) for one in key.keys.values()],
    }


def _from_json(data: dict[str, Any]) -> Key:
    key = Key(data["name"])
    for name, kind, text in data["values"]:
        key.set(name, text, kind)
    for one in data["keys"]:
        key.keys[one["name"].lower()] = _from_json(one)
    return key


def export(path: str, key: Key) -> bytes:
    """The text of `reg export`: UTF-16 with its mark, CRLF. Known value types: REG_SZ, REG_DWORD, REG_EXPAND_SZ as hex."""
    lines = ["Windows Registry Editor Version 5.00", ""]
    for place, one in key.walk(long(path)):
        lines.append(f"[{place}]")
        lines.extend(f"{_quoted(name)}={_data(kind, text)}" for name, kind, text in one.values.values())
        lines.append("")
    return ("\r\n".join(lines) + "\r\n").encode("utf-16")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _data(kind: str, text: str) -> str:
    if kind == "REG_DWORD":
        return f"dword:{int(text, 0):08x}"
    if kind == "REG_EXPAND_SZ":
        return "hex(2):" + ",".join(f"{byte:02x}" for byte in (text + "\0").encode("utf-16-le"))
    return _quoted(text)
