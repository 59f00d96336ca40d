"""CLUSTERPRO X / EXPRESSCLUSTER X, Linux and Windows, through its own commands (facts 2.2). Text only, and clpstat's reader.

clpgrp without a group acts on all of them: every command here names its group. clpdown and clpstdn shut the operating system
down and are never used. Which resource and which monitors belong to a site the cluster file does not say: those verbs, and
the pause of a node (there is none; the standby's cluster service is stopped instead, which on a mirror disk means a copy
afterwards), are a person's, with the commands shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from app.domain.answers import closed
from app.domain.clusterware.generic import Generic
from app.domain.clusterware.verbs import GROUP_STATES, NODE_STATES, Standing, Verb
from app.domain.shell import cmd_word, header, powershell_header, word
from app.domain.text import Text

if TYPE_CHECKING:
    from app.domain.cluster import Cluster

PROVEN: Standing = "published"

_TABLE = re.compile(r" ?=+ {2}CLUSTER STATUS {2}=+ *")
_CLOSED = re.compile(r" ?=+ *")
_ROW = re.compile(r"( *)(\*?)(\S.*?)(?: \.+)? *: (\S.*)")
_NO_PAUSE = Text(
    ja=(
        "CLUSTERPRO にはノードの一時停止がありません。引き継がせないためには、そのサーバのクラスタサービスを停止します。"
        "ミラーディスクの場合は、停止している間の更新を後で再同期します。停止してよいかを判断してから行ってください。"
    ),
    en=(
        "CLUSTERPRO cannot pause a node. To keep groups away from it, its cluster service is stopped; with a mirror disk, "
        "what is written meanwhile has to be copied again afterwards. Judge whether it may be stopped, then do it."
    ),
)


class Clusterpro(Generic):
    """Groups and a server's cluster service are commanded; resources and monitors are a person's."""

    state_parser = "clpstat@1"
    states = NODE_STATES - {"standby"} | GROUP_STATES - {"unmanaged"} | {"partial"}
    standing = PROVEN

    def __init__(self, cluster: Cluster) -> None:
        super().__init__("clusterpro")
        self._windows = cluster.os == "windows"

    def _word(self, value: str) -> str:
        return cmd_word(value) if self._windows else word(value)

    def _run(self, words: Verb, text: str, present: tuple[str, ...], absent: tuple[str, ...] = ()) -> Verb:
        if self._windows:
            return self._command(words, text, present, absent, spoken="cmd")
        return self._command(words, f"PATH=$PATH:/opt/nec/clusterpro/bin\n{text}", present, absent)

    def pause(self, node: str) -> Verb:
        shown = f"clpcl -t -h {self._word(node)}"
        return replace(super().pause(node), manual=_NO_PAUSE, shown=shown)

    def resume(self, node: str) -> Verb:
        return replace(super().resume(node), shown=f"clpcl -s -h {self._word(node)}")

    def stop_monitoring(self, group: str) -> Verb:
        return replace(super().stop_monitoring(group), shown="clpmonctrl -s -h <server> -m <monitor>")

    def resume_monitoring(self, group: str) -> Verb:
        return replace(super().resume_monitoring(group), shown="clpmonctrl -r -h <server> -m <monitor>")

    def move(self, group: str, node: str) -> Verb:
        text = f"clpgrp -m {self._word(group)} -a {self._word(node)}"
        present = (f"{group}:started@{node}",)
        return self._run(super().move(group, node), text, present, (f"{group}:failed", f"{group}:pending"))

    def offline(self, group: str, site: str) -> Verb:
        return replace(super().offline(group, site), shown="clprsc -t <resource>")

    def online(self, group: str, site: str) -> Verb:
        return replace(super().online(group, site), shown="clprsc -s <resource>")

    def stop_group(self, group: str) -> Verb:
        text = f"clpgrp -t {self._word(group)}"
        return self._run(super().stop_group(group), text, (f"{group}:stopped",))

    def start_group(self, group: str, node: str) -> Verb:
        text = f"clpgrp -s {self._word(group)} -h {self._word(node)}"
        absent = (f"{group}:failed", f"{group}:pending")
        return self._run(super().start_group(group, node), text, (f"{group}:started@{node}",), absent)

    def stop_node(self, node: str) -> Verb:
        return self._run(super().stop_node(node), f"clpcl -t -h {self._word(node)}", (f"{node}:offline",))

    def start_node(self, node: str) -> Verb:
        return self._run(super().start_node(node), f"clpcl -s -h {self._word(node)}", (f"{node}:online",))

    def read_state(self) -> str:
        """clpstat cuts names at its column; --long does not, where there is one. Its exit status is part of the answer: it is
        not zero where the cluster service of that server is stopped."""
        if self._windows:
            return f"""\
{powershell_header("cluster")}
$told = @(clpstat --long)
if ($LASTEXITCODE -ne 0) {{ $told = @(clpstat) }}
$told
Write-Output "#status $LASTEXITCODE"
Write-Output '#end'"""
        return f"""\
{header("cluster")}
PATH=$PATH:/opt/nec/clusterpro/bin
told=$(LC_ALL=C clpstat --long 2>/dev/null) || told=$(LC_ALL=C clpstat)
status=$?
printf '%s\\n' "$told" "#status $status" '#end'"""


@dataclass
class _Told:
    """What clpstat's table says, row by row."""

    local: str = ""
    servers: dict[str, str] = field(default_factory=dict)
    groups: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    monitors: dict[str, str] = field(default_factory=dict)


def clpstat(stdout: bytes, exit_status: int) -> frozenset[str] | None:
    """Servers, groups with their resources, and whether every monitor is Normal. None unless the table is whole.

    A server whose cluster service is stopped knows nothing of the others: then its own state is the only fact. Every state but
    Online and Offline counts as pending: not settled."""
    read = closed(stdout, exit_status, "cluster")
    lines = read[1] if read else None
    told = _table(lines) if lines else None
    if told is None or not told.local:
        return None
    if told.servers[told.local] != "Online":
        return frozenset({f"{told.local}:offline"}) if told.servers[told.local] == "Offline" else None
    if lines is None or lines[-1] != "#status 0":
        return None
    states = {"Online": "online", "Offline": "offline"}
    facts = {f"{name}:{states.get(state, 'pending')}" for name, state in told.servers.items()}
    watched = bool(told.monitors) and set(told.monitors.values()) == {"Normal"}
    for name, (state, resources) in told.groups.items():
        facts.add(f"{name}:{_group(state, resources)}")
        facts |= {f"{name}:managed"} if watched else set()
    return frozenset(facts)


def _group(state: str, rows: dict[str, str]) -> str:
    owner = rows["current"]
    resources = {value for name, value in rows.items() if name != "current"}
    if state == "Offline" and owner == "None":
        return "stopped"
    if state != "Online" or owner == "None":
        return "pending"
    return f"started@{owner}" if resources <= {"Online"} else f"partial@{owner}"


def _table(lines: list[str]) -> _Told | None:
    """The one table that the lines are, None where it is not there or not closed, something stands beside it, or a row has
    another form or a name that was there before (clpstat cuts names at its column)."""
    kept = [line for line in lines if line.strip()]
    if len(kept) < 3 or not kept[-1].startswith("#status "):
        return None
    if not (_TABLE.fullmatch(kept[0]) and _CLOSED.fullmatch(kept[-2])):
        return None
    told, group, section = _Told(), "", ""
    for line in kept[1:-2]:
        row = _ROW.fullmatch(line)
        if line.strip() in ("<server>", "<group>", "<monitor>"):
            section = line.strip()
        elif row is None or (not section and row[3] != "Cluster"):
            return None
        elif section:
            group = row[3] if section == "<group>" and not _deep(row) else group
            if not _taken(told, section, group, row):
                return None
    return told if all("current" in rows for _, rows in told.groups.values()) else None


def _deep(row: re.Match[str]) -> bool:
    """Whether it is a row below another: a server's heartbeat, a group's resource."""
    return len(row[1]) + len(row[2]) > 5


def _taken(told: _Told, section: str, group: str, row: re.Match[str]) -> bool:
    """Keep a row, with its state without the comment behind it; whether it could be kept."""
    name, state = row[3], re.split(r" {2,}", row[4].strip())[0]
    if section == "<server>" and _deep(row):
        return True  # heartbeats are no matter of ours
    if section == "<server>":
        fresh = name not in told.servers and not (row[2] and told.local)
        told.servers[name] = state
        told.local = name if row[2] else told.local
        return fresh
    if section == "<group>" and not _deep(row):
        fresh = name not in told.groups
        told.groups[name] = (state, {})
        return fresh
    if section == "<group>" and not group:
        return False
    rows = told.groups[group][1] if section == "<group>" else told.monitors
    fresh = name not in rows
    rows[name] = state
    return fresh
