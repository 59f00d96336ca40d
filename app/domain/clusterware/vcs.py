"""Veritas Cluster Server (InfoScale Availability), through hagrp and hasys (facts 2.6). Text, and the reader of their tables.

A frozen group refuses online and offline. A group that is unfrozen while its site is down counts as faulted and may fail over,
and a system's freeze has been read from nobody's output: freezing is a person's, with the commands shown. It lasts only where
the configuration was writable, and that is closed again at once.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from app.domain.answers import closed
from app.domain.clusterware.generic import Generic
from app.domain.clusterware.verbs import GROUP_STATES, NODE_STATES, WAIT, Standing, Verb
from app.domain.shell import header, word
from app.domain.text import Text

PROVEN: Standing = "published"

_PATH = "PATH=$PATH:/opt/VRTSvcs/bin"
_GROUPS = ["#Group", "Attribute", "System", "Value"]
_SYSTEMS = ["#System", "Attribute", "Value"]
_FREEZES = ("Frozen", "TFrozen")
_ENDED = ("EXITED", "FAULTED")
_UNFREEZE = Text(
    ja=(
        "VCS で {group} の凍結（freeze）を解除します。"
        "先に、サイトが動いていて、グループのリソースに FAULTED がないことを確かめてください。"
        "サイトが止まったまま解除すると、障害とみなされてフェイルオーバーすることがあります。"
    ),
    en=(
        "With VCS, unfreeze {group}. See first that the site runs and that no resource of the group is FAULTED: "
        "unfrozen while its site is down, the group counts as faulted and may fail over."
    ),
)


def _writable(doing: str) -> str:
    return f"haconf -makerw\n{doing}\nhaconf -dump -makero"


class Vcs(Generic):
    """A group is a service group, a node a system."""

    state_parser = "vcs@1"
    states = NODE_STATES | GROUP_STATES
    standing: Standing = PROVEN

    def __init__(self) -> None:
        super().__init__("vcs")

    def pause(self, node: str) -> Verb:
        return replace(super().pause(node), shown=_writable(f"hasys -freeze -persistent {word(node)}"))

    def resume(self, node: str) -> Verb:
        return replace(super().resume(node), shown=_writable(f"hasys -unfreeze -persistent {word(node)}"))

    def stop_monitoring(self, group: str) -> Verb:
        shown = _writable(f"hagrp -freeze {word(group)} -persistent")
        return replace(super().stop_monitoring(group), shown=shown)

    def resume_monitoring(self, group: str) -> Verb:
        shown = _writable(f"hagrp -unfreeze {word(group)} -persistent")
        words = Text(ja=_UNFREEZE.ja.format(group=group), en=_UNFREEZE.en.format(group=group))
        return replace(super().resume_monitoring(group), manual=words, shown=shown)

    def move(self, group: str, node: str) -> Verb:
        text = f"hagrp -switch {word(group)} -to {word(node)} && {self._wait(group, node)}"
        present = (f"{group}:started@{node}", f"{group}:managed")
        absent = (f"{group}:failed", f"{group}:pending")
        return self._run(super().move(group, node), text, present, absent)

    def offline(self, group: str, site: str) -> Verb:
        return replace(super().offline(group, site), shown="hares -offline <resource> -sys <system>")

    def online(self, group: str, site: str) -> Verb:
        return replace(super().online(group, site), shown="hares -online <resource> -sys <system>")

    def stop_group(self, group: str) -> Verb:
        text = f"hagrp -offline {word(group)} -any"
        return self._run(super().stop_group(group), text, (f"{group}:stopped",))

    def start_group(self, group: str, node: str) -> Verb:
        text = f"hagrp -online {word(group)} -sys {word(node)} && {self._wait(group, node)}"
        absent = (f"{group}:failed", f"{group}:pending")
        return self._run(super().start_group(group, node), text, (f"{group}:started@{node}",), absent)

    def _run(self, words: Verb, text: str, present: tuple[str, ...], absent: tuple[str, ...] = ()) -> Verb:
        return self._command(words, f"{_PATH}\n{text}", present, absent)

    @staticmethod
    def _wait(group: str, node: str) -> str:
        return f"hagrp -wait {word(group)} State ONLINE -sys {word(node)} -time {WAIT}"

    def read_state(self) -> str:
        """Every system's state, every group's state on every system, and what is frozen."""
        asked = (
            "hasys -display -attribute SysState",
            "hasys -display -attribute Frozen",
            "hagrp -state",
            "hagrp -display -attribute Frozen",
            "hagrp -display -attribute TFrozen",
        )
        return "\n".join(
            (header("cluster"), _PATH, *(f"LC_ALL=C {one} || exit 1" for one in asked), "echo '#end'")
        )


def vcs(stdout: bytes, exit_status: int) -> frozenset[str] | None:
    """Systems and groups from the tables of hasys and hagrp. None where a row has another form, a table is missing, or a table
    says nothing of a system or a group that another one has."""
    read = closed(stdout, exit_status, "cluster")
    lines = read[1] if read else None
    systems: dict[str, dict[str, str]] = defaultdict(dict)
    states: dict[str, dict[str, str]] = defaultdict(dict)
    frozen: dict[str, dict[str, str]] = defaultdict(dict)
    table: list[str] = []
    for words in (line.split() for line in lines or () if line.strip("# ")):
        if words in (_GROUPS, _SYSTEMS):
            table = words
        elif len(words) != len(table):
            return None
        elif table == _SYSTEMS and words[1] in ("SysState", "Frozen"):
            systems[words[0]][words[1]] = words[2]
        elif table == _GROUPS and words[1] == "State":
            states[words[0]][words[2]] = words[3]
        elif table == _GROUPS and words[1] in _FREEZES:
            frozen[words[0]][words[1]] = words[3]
        else:
            return None
    if not _whole(systems, states, frozen):
        return None
    return frozenset(
        {
            *(f"{name}:{_system(attributes)}" for name, attributes in systems.items()),
            *(f"{name}:{_group(on)}" for name, on in states.items()),
            *(
                f"{name}:{'managed' if set(frozen[name].values()) == {'0'} else 'unmanaged'}"
                for name in states
            ),
        }
    )


_Told = dict[str, dict[str, str]]


def _whole(systems: _Told, states: _Told, frozen: _Told) -> bool:
    """Whether every system has its state, what is frozen is said of all systems or of none, and of every group."""
    said = {"Frozen" in attributes for attributes in systems.values()}
    return (
        bool(systems and states)
        and len(said) == 1
        and all("SysState" in attributes for attributes in systems.values())
        and states.keys() == frozen.keys()
        and all(attributes.keys() == set(_FREEZES) for attributes in frozen.values())
    )


def _system(attributes: dict[str, str]) -> str:
    """What neither runs nor has ended (VCS is starting, leaving, waiting for its configuration) is not settled."""
    if attributes["SysState"] in _ENDED:
        return "offline"
    if attributes["SysState"] != "RUNNING":
        return "pending"
    return "online" if attributes.get("Frozen", "0") == "0" else "standby"


def _group(on: dict[str, str]) -> str:
    """Online on exactly one system, offline on every other; offline everywhere; or not settled."""
    up = [system for system, value in on.items() if value == "|ONLINE|"]
    down = [system for system, value in on.items() if value == "|OFFLINE|"]
    if any("FAULTED" in value for value in on.values()):
        return "failed"
    if len(up) + len(down) < len(on) or len(up) > 1:
        return "pending"
    return f"started@{up[0]}" if up else "stopped"
