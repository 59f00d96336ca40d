"""Linux namespaces without a tool: a node gets its own users, mounts, processes, name and IPC. Owns the system calls.

Nothing here needs root. Everything raises OSError where the kernel says no (a container's seccomp, AppArmor on Ubuntu 24.04,
an overlay as upper layer): whoever calls decides what that means.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import uuid
from pathlib import Path

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000
_BIND, _REC, _PRIVATE, _DETACH, _PDEATHSIG = 0x1000, 0x4000, 0x40000, 2, 1
OVERLAID = ("usr", "opt")  # the node sees the machine's, and its own on top
OWN = ("var/tmp", "var/spool")  # the node sees its own only


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _failed(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: Path | str, target: Path | str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2). Raises OSError that names the target."""
    arguments = [
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() or None,
        flags,
        data.encode() or None,
    ]
    if _libc().mount(*arguments[:3], ctypes.c_ulong(flags), arguments[4]):
        raise _failed(f"mount {kind or 'bind'} {target}")


def bind(source: Path | str, target: Path | str) -> None:
    """Show `source` at `target`, in this namespace only."""
    mount(source, target, flags=_BIND | _REC)


def unmount(target: Path | str) -> None:
    """Take a mount away, even while it is in use."""
    if _libc().umount2(os.fsencode(target), _DETACH):
        raise _failed(f"umount {target}")


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies, however that happens."""
    if sys.platform == "linux" and _libc().prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise _failed("prctl")


def unshare() -> None:
    """Leave the machine's namespaces; the next child is process 1 of a new one. The caller must have one thread only."""
    uid, gid = os.getuid(), os.getgid()
    if _libc().unshare(_NEWUSER | _NEWNS | _NEWUTS | _NEWIPC | _NEWPID):
        raise _failed("unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1")


def become_machine(name: str, node: Path, shared: Path) -> None:
    """Dress the new namespace as the node `name` whose folder is `node`; a fresh boot id; `shared` empty until mounted."""
    mount("none", "/", flags=_REC | _PRIVATE)
    if _libc().sethostname(name.encode(), len(name)):
        raise _failed("sethostname")
    for part in OVERLAID:
        upper, work = node / "disk" / part, node / "work" / part
        upper.mkdir(parents=True, exist_ok=True)
        work.mkdir(parents=True, exist_ok=True)
        _refuse_inside(node, part)
        mount(
            "overlay", f"/{part}", "overlay", 0, f"lowerdir=/{part},upperdir={upper},workdir={work},userxattr"
        )
    source = node / "san"
    for folder in (source, node / "unplugged"):
        folder.mkdir(exist_ok=True)
    for site in shared.iterdir():
        (node / "unplugged" / site.name).mkdir(exist_ok=True)
    bind(shared, source)
    bind(node / "unplugged", shared)
    mount("proc", "/proc", "proc")
    (node / "boot_id").write_text(f"{uuid.uuid4()}\n")
    bind(node / "boot_id", "/proc/sys/kernel/random/boot_id")
    for part in OWN:
        (node / "disk" / part).mkdir(parents=True, exist_ok=True)
        _refuse_inside(node, part)
        if Path("/", part).is_dir():
            bind(node / "disk" / part, f"/{part}")


def _refuse_inside(node: Path, part: str) -> None:
    for needed in (node, Path(__file__).resolve(), Path(sys.prefix)):
        if part in OWN and needed.is_relative_to(f"/{part}"):
            raise OSError(0, f"/{part} cannot be a node's own: {needed} lies in it")


def plug(node: Path, shared: Path, site: str) -> None:
    """Mount a site's database in this namespace, at the path where every node knows it."""
    bind(node / "san" / site, shared / site)


def init(server: int) -> int:
    """Process 1 of a node: reap whatever is orphaned until the process `server` ends; its exit code."""
    while True:
        pid, status = os.wait()
        if pid == server:
            return os.waitstatus_to_exitcode(status)
