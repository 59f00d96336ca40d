"""What free space means, on any node: the floor of the plan's own check, and the size of what is installed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.doctor import Finding, finding, unread
from app.domain.spots import DISK_FLOOR_KIB


@dataclass(frozen=True)
class Free:
    """Free KiB at a place that will be written to."""

    place: str
    kib: int


def disk(free: Sequence[Free], used: int | None) -> Finding:
    """The place with the least is what counts. `used`: KiB of the installed JobCenter, None where the node does not tell."""
    if not free:
        return unread("disk")
    least = min(each.kib for each in free)
    told = ", ".join(f"{each.place} {shown(each.kib)}" for each in free)
    if least < DISK_FLOOR_KIB:
        return finding("disk.short", told=told, floor=shown(DISK_FLOOR_KIB))
    if used is not None and least < used:
        return finding("disk.tight", told=told, used=shown(used))
    return finding("disk.enough", told=told)


def shown(kib: int) -> str:
    """KiB in the unit that a person reads."""
    return f"{kib / 1024 / 1024:.1f} GiB" if kib >= 1024 * 1024 else f"{kib / 1024:.0f} MiB"
