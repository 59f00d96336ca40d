"""What every cluster manager must offer, whatever its commands are called (facts, table 2.0)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from app.domain.procedure import Shell
from app.domain.text import Text

WAIT = 180
"""Seconds that a manager's own command may wait. pcs without a number waits for up to 60 minutes (facts 2.3)."""

Standing = Literal["captured", "published", "constructed"]
"""What a state reader has been tried on: output of a running cluster, output that somebody published, or our own idea of it.
Each adapter module states its `PROVEN`; tests/domain/test_clusterware.py compares it with its samples."""


@dataclass(frozen=True)
class Verb:
    """A verb carried out: the command, and the facts of a probe (the `cluster` probe unless told) that prove it, asked on the
    step's node. Without a command a person does it; `manual` then says what, in the manager's own words, and `shown` are
    the commands that the person may want (in angle brackets what only the person can fill in)."""

    text: str | None
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    manual: Text | None = None
    shell: Shell = "sh"
    probe: str = "cluster"
    params: Mapping[str, str] = field(default_factory=dict)
    shown: str = ""

    @property
    def told(self) -> Iterator[Text]:
        """What a person must be told beside the library's instructions."""
        if self.manual:
            yield self.manual
        if self.shown:
            yield Text(
                ja=f"コマンドの例（コンソールは実行しません。<> の中を埋め、内容を確かめてから実行します）:\n{self.shown}",
                en=f"Commands for it (not run by the console; fill in what is in <>, and judge before you run):\n{self.shown}",
            )


NODE_STATES = frozenset({"online", "standby", "maintenance", "pending", "offline", "unclean"})
GROUP_STATES = frozenset({"started", "stopped", "managed", "unmanaged", "pending", "failed"})


class Teller:
    """What a manager's state reader can state at all: the states of nodes and groups, and whether of single resources, too."""

    states: frozenset[str] = frozenset()
    of_resources = False

    def tells(self, token: str) -> bool:
        """Whether `read_state` can ever state such a fact: what it never tells must not be demanded of it."""
        subject, _, state = token.rpartition(":")
        if not subject:
            return True  # of the cluster as a whole
        return state.partition("@")[0] in self.states and (self.of_resources or "/" not in subject)


class Clusterware(Protocol):
    """Facts of `read_state`: NODE:online|standby|maintenance|pending|offline|unclean (one each), GROUP:started@NODE,
    GROUP:stopped, GROUP:managed, GROUP:unmanaged, GROUP:pending, GROUP:failed, maintenance-mode, no-quorum; and where the
    manager knows the resources of sites GROUP:partial@NODE, GROUP/SITE:online|offline|failed|pending|absent|several (one
    each; SITE is the site's virtual host's name; absent: the group has no JobCenter resource of the site, several: more
    than one). A paused node of WSFC and a frozen system of VCS are `standby`.

    While a group is unmanaged the manager goes on saying "started": stops and starts are proved by processes. A node whose
    cluster service is stopped tells nothing about the others; `read_service` is asked there."""

    state_parser: str
    constraints_parser: str

    def tells(self, token: str) -> bool:
        """Whether `read_state` can ever state such a fact."""

    def pause(self, node: str) -> Verb:
        """The node may carry nothing from now on."""

    def resume(self, node: str) -> Verb:
        """The node may carry groups again. Moves nothing by itself."""

    def stop_monitoring(self, group: str) -> Verb:
        """The manager neither watches, starts nor stops the group; its disk stays mounted."""

    def resume_monitoring(self, group: str) -> Verb:
        """The manager looks at the group afresh, starts what is down, and watches it again."""

    def move(self, group: str, node: str) -> Verb:
        """The group goes to the node, and nothing that binds it there is left behind."""

    def offline(self, group: str, site: str) -> Verb:
        """The JobCenter resource of that site (its virtual host's name) goes offline; the group's disk stays online."""

    def online(self, group: str, site: str) -> Verb:
        """The JobCenter resource of that site comes online."""

    def stop_group(self, group: str) -> Verb:
        """The whole group stops, its disk too."""

    def start_group(self, group: str, node: str) -> Verb:
        """The whole group starts on the node."""

    def stop_node(self, node: str) -> Verb:
        """The node's cluster service stops; asked on that node itself."""

    def start_node(self, node: str) -> Verb:
        """The node's cluster service starts; asked on that node itself."""

    def read_state(self) -> str | None:
        """Command text of the `cluster` probe, None where there is no machine-readable state."""

    def read_constraints(self) -> str | None:
        """Command text of the `constraints` probe, None where the manager has none."""

    def read_service(self) -> str | None:
        """Command text of the `cluster_service` probe (`running` or `stopped` on that node), None where there is none."""
