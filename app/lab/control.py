"""The lab from outside: up, down, status, fault, reset. Owns nothing that runs; speaks to the keeper over its socket.

The keeper gets a session of its own: killing whoever called `up` leaves the lab alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from app.lab import first_day, namespaces, processes
from app.lab.model import Lab, LabError, LabStatus, Layout, NodeStatus, Resource, Site, load
from app.lab.wire_format import exchange


def node_names(count: int) -> tuple[str, ...]:
    """node-a, node-b, …: up to eight nodes."""
    return tuple(f"node-{letter}" for letter in "abcdefgh"[:count])


def some_sites(count: int) -> tuple[Site, ...]:
    """site1 in the group g_jc, site2 in g_jc2, …"""
    return tuple(
        Site(f"site{number}", f"g_jc{number if number > 1 else ''}") for number in range(1, count + 1)
    )


SITES, NODES = some_sites(1), node_names(2)
_START = 60.0  # seconds


def up(
    directory: Path, *, mode: str = "auto", name: str = "tokyo-batch", version: str = "R16.3", local_site: str = "used",
    sites: Sequence[Site] = SITES, nodes: Sequence[str] = NODES, ports: Sequence[int] | None = None, platform: str = "auto",
    arch: str = "x64", clwin: bool = False,
) -> Lab:  # fmt: skip
    """Start the lab in `directory`, or find it running; set it up first where there is none.

    The other arguments count at the first call only: a lab keeps its mode, name, version, ports and keys. Returns when the
    nodes answer and the cluster has settled. Raises LabError with what to do.
    """
    lab = set_up(
        directory,
        mode=mode,
        name=name,
        version=version,
        local_site=local_site,
        sites=sites,
        nodes=nodes,
        ports=ports,
        platform=platform,
        arch=arch,
        clwin=clwin,
    )
    layout = Layout(directory)
    with _one_at_a_time(layout):
        if not running(layout):
            _start(layout, lab)
    return lab


def set_up(
    directory: Path, *, mode: str = "auto", name: str = "tokyo-batch", version: str = "R16.3", local_site: str = "used",
    sites: Sequence[Site] = SITES, nodes: Sequence[str] = NODES, ports: Sequence[int] | None = None, platform: str = "auto",
    arch: str = "x64", clwin: bool = False,
) -> Lab:  # fmt: skip
    """As `up`, without starting anything. Raises LabError, also where the lab that is there has another mode or platform."""
    layout = Layout(directory)
    layout.directory.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(layout):
        lab = load(directory)
        if lab is None:
            lab = first_day.build(
                layout, platform, mode, name, version, local_site, sites, nodes, ports, arch, clwin
            )
    if platform not in ("auto", lab.platform):
        raise LabError(
            f"the lab in {directory} is of platform {lab.platform}: use another folder for platform {platform}",
            f"{directory} のラボの platform は {lab.platform} です。{platform} で使うには別のフォルダーを指定してください。",
        )
    if lab.platform == "unix" and mode not in ("auto", lab.mode):
        raise LabError(
            f"the lab in {directory} is of mode {lab.mode}: use another folder for mode {mode}",
            f"{directory} のラボの mode は {lab.mode} です。{mode} で使うには別のフォルダーを指定してください。",
        )
    return lab


def running(layout: Layout) -> bool:
    """Whether a keeper lives: it holds its lock as long as it does."""
    try:
        handle = os.open(layout.lock, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextlib.contextmanager
def _one_at_a_time(layout: Layout) -> Iterator[None]:
    with layout.up_lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _start(layout: Layout, lab: Lab) -> None:
    command = [sys.executable, "-m", "app.lab", "keeper", lab.directory, "--detached"]
    with layout.output.open("ab") as output, subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=output, env=first_day.environment(),
        start_new_session=True,
    ) as keeper:  # fmt: skip
        assert keeper.stdout
        line = keeper.stdout.readline()
    message = json.loads(line) if line else {"error": f"the lab did not start: see {layout.output}"}
    if "error" in message:
        raise LabError(
            message["error"], message.get("ja", f"ラボが起動しません。{layout.output} を確認してください。")
        )


def run_foreground(directory: Path) -> int:
    """Keep a lab that is set up and down now, in this process, until SIGINT or SIGTERM; the exit code.

    As process 1 of a container this process hands the lab to a child and reaps the orphans, as every process 1 has to.
    """
    from app.lab import keeper  # asyncio machinery that nobody else here needs

    os.environ.update(first_day.environment())
    child = os.fork() if os.getpid() == 1 else 0
    if child == 0:
        return keeper.main(directory, detached=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: os.kill(child, received))
    return namespaces.init(child)


def ask(directory: Path, request: dict[str, Any]) -> dict[str, Any]:
    """One request to the keeper; one that is still starting is waited for. Raises LabError if the lab is down or refuses."""
    layout = Layout(directory)
    deadline = time.monotonic() + _START
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        while not _connected(connection, layout):
            if not running(layout) or time.monotonic() > deadline:
                raise _is_down(directory)
            time.sleep(0.05)
        try:
            answer = exchange(connection, request)
        except (OSError, EOFError) as error:
            raise _is_down(directory) from error
    if "error" in answer:
        raise LabError(answer["error"], answer["ja"])
    return answer


def _is_down(directory: Path) -> LabError:
    return LabError(
        f"the lab in {directory} is down: start it with up",
        f"{directory} のラボは停止しています。up で起動してください。",
    )


def _connected(connection: socket.socket, layout: Layout) -> bool:
    """Reach the keeper's socket by the folder's descriptor: a socket's path may be no longer than 107 bytes."""
    try:
        folder = os.open(layout.directory, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return False
    try:
        connection.connect(f"/proc/self/fd/{folder}/{Layout.SOCKET}")
    except OSError:
        return False
    finally:
        os.close(folder)
    return True


def down(directory: Path) -> None:
    """Power every node off and end the lab; files, versions and cluster state stay. A lab that is down stays down."""
    lab, layout = load(directory), Layout(directory)
    if running(layout):
        with contextlib.suppress(LabError):  # it is on its way down already
            ask(directory, {"do": "down"})
    deadline = time.monotonic() + 15
    while running(layout):
        if time.monotonic() > deadline:
            raise LabError(
                f"the lab in {directory} does not end: see {layout.output}",
                f"ラボが終了しません。{layout.output} を確認してください。",
            )
        time.sleep(0.02)
    for node in lab.nodes if lab else ():  # what a killed keeper leaves behind in plain mode
        processes.sweep(layout.node(node.name))


def status(directory: Path) -> LabStatus:
    """The lab at this moment, whether it is up, down or was never set up."""
    lab = load(directory)
    if lab is None or not running(Layout(directory)):
        return LabStatus(lab, False, None, (), ())
    try:
        answer = ask(directory, {"do": "status"})
    except LabError:
        if _still_running(Layout(directory)):
            raise
        return LabStatus(lab, False, None, (), ())
    nodes = tuple(_node_status(node) for node in answer["nodes"])
    return LabStatus(
        lab, True, int(answer["pid"]), nodes, tuple(Resource(**one) for one in answer["resources"])
    )


def _still_running(layout: Layout) -> bool:
    """Whether a keeper that did not answer lives: one that was just killed gives its lock back a moment after its socket."""
    for _ in range(50):
        if not running(layout):
            return False
        time.sleep(0.02)
    return True


def _node_status(data: dict[str, Any]) -> NodeStatus:
    lists: dict[str, Any] = {key: tuple(data.pop(key)) for key in ("sites", "packages", "faults")}
    return NodeStatus(**data, **lists)


def fault(directory: Path, kind: str, node: str, **values: object) -> None:
    """Make something go wrong on a node: kinds and parameters are in `app.lab.faults.KINDS`. Raises LabError."""
    ask(
        directory,
        {
            "do": "fault",
            "kind": kind,
            "node": node,
            "values": {key: str(value) for key, value in values.items()},
        },
    )


def idle(directory: Path, limit: float = 20.0) -> bool:
    """Wait until the cluster manager has nothing left to do; False if it still had after `limit` seconds."""
    return bool(ask(directory, {"do": "idle", "limit": limit})["idle"])


def reset(directory: Path) -> Lab:
    """Everything as on the first day: the lab goes down, its files are made anew, it comes up; keys and ports stay."""
    lab, layout = load(directory), Layout(directory)
    if lab is None:
        raise LabError(f"there is no lab in {directory}", f"{directory} にラボはありません。")
    from app.lab import build

    down(directory)
    build.remove(layout, lab)
    names, ports = [node.name for node in lab.nodes], [node.port for node in lab.nodes]
    same = (lab.name, lab.version, lab.local_site, lab.sites, names, ports)
    if lab.platform == "unix":
        build.build(layout.directory, (lab.mode, lab.mode_reason), *same)
    else:
        from app.lab.windows import build as windows_build

        windows_build.build(layout.directory, lab.platform, *same, lab.arch, lab.clwin, lab.page)
    return up(directory)


def do(directory: Path, node: str, act: str, /, **values: str) -> list[str]:
    """Do what a person does in a window of a Windows node: what was done, English and Japanese. Raises LabError."""
    lab = load(directory)
    if lab is not None and lab.platform == "unix":
        raise LabError(
            "a UNIX lab has no windows: run the command on the node",
            "UNIX のラボに画面操作はありません。ノードでコマンドを実行してください。",
        )
    return list(ask(directory, {"do": "act", "node": node, "act": act, "values": values})["said"])
