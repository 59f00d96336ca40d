"""The first `up` of a lab: which platform and mode it has, and with what environment its processes start. Starts no node."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from app.lab import processes
from app.lab.model import Lab, LabError, Layout, Site

_REPOSITORY = Path(__file__).resolve().parents[2]
_START = 60.0  # seconds


def build(
    layout: Layout, platform: str, mode: str, name: str, version: str, local_site: str, sites: Sequence[Site],
    nodes: Sequence[str], ports: Sequence[int] | None, arch: str, clwin: bool,
) -> Lab:  # fmt: skip
    """What was set up. Raises LabError for a wrong argument."""
    from app.lab import build as unix_build  # keys and YAML are needed once in a lab's life

    unix_build.check(version, local_site, nodes, ports)
    if platform in ("auto", "unix"):
        chosen = choose_mode(layout, mode)
        return unix_build.build(layout.directory, chosen, name, version, local_site, sites, nodes, ports)
    from app.lab.windows import build as windows_build  # no UNIX lab needs it

    return windows_build.build(
        layout.directory, platform, name, version, local_site, sites, nodes, ports, arch, clwin
    )


def choose_mode(layout: Layout, wanted: str) -> tuple[str, str]:
    """(ns | plain, why): auto really tries a node's mounts. Raises LabError if ns is wanted and this machine says no."""
    if wanted not in ("auto", "ns", "plain"):
        raise LabError("mode is auto, ns or plain", "mode は auto、ns、plain のいずれかです。")
    if wanted == "plain":
        return "plain", "asked for"
    command = [sys.executable, "-m", "app.lab", "probe", str(layout.directory)]
    trial = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=_START, check=False
    )
    if trial.returncode == 0 and trial.stdout.endswith("ok"):
        return "ns", "namespaces and overlay mounts work here"
    reason = (trial.stdout or trial.stderr.strip().rpartition("\n")[2]).strip() or "no reason given"
    if wanted == "ns":
        raise LabError(
            f"this machine gives no namespaces: {reason}; use mode plain",
            f"この環境では名前空間を使えません（{reason}）。mode に plain を指定してください。",
        )
    return "plain", reason


def environment() -> dict[str, str]:
    """The keeper's environment; NQS_SITE of whoever calls must not reach the nodes."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("NQS_", processes.MARK))}
    path = os.pathsep.join(part for part in (str(_REPOSITORY), os.environ.get("PYTHONPATH", "")) if part)
    return {**kept, "PYTHONPATH": path}
