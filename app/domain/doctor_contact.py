"""What the facts of connecting to a node mean: certificates, clocks, quotas and sessions of WinRM. Pure; connects to nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.domain.doctor import Finding, finding, unread

APART_SECONDS = 60
FAR_SECONDS = 300
"""What a domain allows unless it says otherwise ("Maximum tolerance for computer clock synchronization"; RFC 4120, 1.6)."""
EXPIRING_DAYS = 30
NEEDED: Mapping[str, tuple[int, int]] = {
    "MaxShellsPerUser": (5, 10),
    "MaxConcurrentCommandsPerShell": (2, 10),
    "MaxProcessesPerShell": (5, 10),
    "MaxMemoryPerShellMB": (150, 512),
}
"""What is needed, and what is comfortable. Four sessions and one more to end a call; each probe has its own PowerShell, which
counts as a process. 2008 R2 has 5, 15 and 150 MB to begin with, later ones 30, 25 and 1024 MB. Installers run outside of it."""
ROOM = 4


def clock(ahead: float, *, kerberos: bool) -> Finding:
    """The difference between the node's clock and the console's, in seconds. `kerberos`: the node belongs to where it counts."""
    off = abs(ahead)
    seconds = f"{round(ahead):+d}" if round(ahead) else "0"
    if off > FAR_SECONDS and kerberos:
        return finding("clock.far", seconds=seconds)
    return finding("clock.apart" if off > APART_SECONDS else "clock.together", seconds=seconds)


def certificate(days: float, names: Sequence[str], address: str, fingerprint: str) -> Finding:
    """An accepted certificate: `days` until it expires, negative where it has."""
    if days < 0:
        return finding("identity.expired", days=f"{-days:.0f}")
    if days < EXPIRING_DAYS:
        return finding("identity.expiring", days=f"{days:.0f}")
    if not named(address, names):
        return finding("identity.other_name", names=", ".join(names) or "-", address=address)
    return finding("identity.pinned", fingerprint=fingerprint)


def vouched(days: float) -> Finding:
    """A certificate that the CA file vouches for."""
    if days < EXPIRING_DAYS:
        return finding("identity.expiring", days=f"{days:.0f}")
    return finding("identity.vouched", days=f"{days:.0f}")


def named(address: str, names: Sequence[str]) -> bool:
    """Whether one of a certificate's names is the address (RFC 6125: one label of a wildcard, the first)."""
    wanted = address.lower().rstrip(".")
    _, dot, domain = wanted.partition(".")
    known = {name.lower().rstrip(".") for name in names}
    return wanted in known or (bool(dot) and f"*.{domain}" in known)


def quotas(limits: Mapping[str, int]) -> Finding:
    """WinRM's limits by name, as far as the node has told them. None told: no answer. 0 is no limit."""
    known = {name: limits[name] for name in NEEDED if name in limits}
    if not known:
        return unread("quotas")
    told = ", ".join(f"{name} {value}" for name, value in known.items())
    low = [name for name, value in known.items() if 0 < value < NEEDED[name][0]]
    tight = [name for name, value in known.items() if 0 < value < NEEDED[name][1]]
    needed = ", ".join(f"{name} {NEEDED[name][0]}" for name in low)
    if low:
        return finding("quotas.low", told=told, short=", ".join(low), needed=needed)
    if tight:
        return finding("quotas.tight", told=told, short=", ".join(tight))
    return finding("quotas.enough", told=told)


def sessions(left: int, everything: int, most: int | None) -> Finding:
    """`left`: sessions of our own dead processes; `everything`: all of this user; `most`: how many it may have."""
    if left:
        return finding("sessions.left", count=left, all=everything)
    if most and everything + ROOM >= most:
        return finding("sessions.crowded", all=everything, most=most)
    return finding("sessions.none", all=everything)
