"""pcs 0.11 and crm_mon as the nodes call them: arguments in, output and exit code out. Owns their words.

Messages on stderr and exit codes are those of pcs 0.11.5; a command that the lab does not know is refused with exit 1.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.lab.pacemaker import crm_mon, pcs_text
from app.lab.pacemaker.decide import place
from app.lab.pacemaker.manager import Manager
from app.lab.pacemaker.state import INFINITY, Cluster, Constraint, Group


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit status."""

    out: str = ""
    err: str = ""
    status: int = 0


class Refusal(Exception):
    """pcs says no: the message goes to stderr behind "Error: ", exit 1."""


@dataclass(frozen=True)
class Call:
    """A command line taken apart: words, and options with their values ("" for none)."""

    words: tuple[str, ...]
    options: dict[str, str]
    node: str

    @property
    def wait(self) -> float | None:
        """Seconds that --wait allows: 0 where it is not given, None where it has no limit."""
        if "--wait" not in self.options:
            return 0
        value = self.options["--wait"]
        number = value.removesuffix("min").removesuffix("sec").removesuffix("m").removesuffix("s")
        if value and not number.isdigit():
            raise Refusal(f"'{value}' is not a valid number of seconds to wait")
        return float(number) * (60 if "m" in value else 1) if value else None


def parse(arguments: list[str], node: str) -> Call:
    """Options may stand anywhere: --wait=30, --monitor, --full."""
    words = tuple(word for word in arguments if not word.startswith("--"))
    options = {
        name: value for name, _, value in (word.partition("=") for word in arguments if word.startswith("--"))
    }
    return Call(words, options, node)


class Commands:
    """The command line of the cluster."""

    def __init__(self, manager: Manager) -> None:
        self._manager, self._cluster = manager, manager.cluster

    async def run(self, command: str, arguments: list[str], node: str) -> Answer:
        """One command of one node."""
        if command == "crm_mon":
            return self._crm_mon(arguments, node)
        call = parse(arguments, node)
        try:
            return await self._pcs(call)
        except Refusal as refusal:
            return Answer(err=f"Error: {refusal}\n", status=1)

    def _crm_mon(self, arguments: list[str], node: str) -> Answer:
        if self._cluster.life.get(node) != "online":
            return Answer(
                err="crm_mon: Connection to cluster failed: Transport endpoint is not connected\n", status=102
            )
        if "--output-as=xml" in arguments or "-X" in arguments or "--as-xml" in arguments:
            return Answer(crm_mon.xml(self._cluster, " ".join(["crm_mon", *arguments])))
        if not {"-1", "--one-shot"} & set(arguments) and not any(a.startswith("-1") for a in arguments):
            return Answer(
                err="crm_mon: this lab knows the one-shot forms only: -1, --output-as=xml -1\n", status=64
            )
        return Answer(
            crm_mon.text(
                self._cluster, any("r" in a for a in arguments if a.startswith("-") and a[1:2] != "-")
            )
        )

    async def _pcs(self, call: Call) -> Answer:
        if "--version" in call.options:
            return Answer("0.11.5\n")
        if self._cluster.life.get(call.node) != "online":
            raise Refusal("cluster is not currently running on this node")
        table: dict[tuple[str, ...], Callable[[Call], Awaitable[Answer]]] = {
            ("node", "standby"): self._standby, ("node", "unstandby"): self._standby,
            ("resource", "move"): self._move, ("resource", "move-with-constraint"): self._move,
            ("resource", "clear"): self._clear, ("resource", "cleanup"): self._cleanup,
            ("resource", "manage"): self._manage, ("resource", "unmanage"): self._manage,
            ("resource", "disable"): self._disable, ("resource", "enable"): self._disable,
            ("property", "set"): self._property,
        }  # fmt: skip
        if call.words[:2] in table:
            return await table[call.words[:2]](call)
        if call.words[:1] == ("constraint",):
            return Answer(pcs_text.constraints(self._cluster, "--full" in call.options))
        if call.words == ("status",):
            return Answer(pcs_text.status(self._cluster))
        if call.words == ("status", "xml"):
            return Answer(crm_mon.xml(self._cluster, "crm_mon --one-shot --inactive --output-as xml"))
        raise Refusal(f"this lab does not know: pcs {' '.join(call.words)}")

    async def _settle(self, wait: float | None, err: str = "") -> Answer:
        """What --wait does after a change: 0 asks for no waiting."""
        if wait == 0:
            return Answer(err=err)
        limit = f" (timeout: {wait:.0f} second{'s' if wait != 1 else ''})" if wait else ""
        err += f"Waiting for the cluster to apply configuration changes{limit}...\n"
        if not await self._manager.idle(wait):
            return Answer(err=err + "Error: waiting timeout\n\nPending actions:\n", status=1)
        return Answer(err=err)

    def _group(self, name: str) -> Group:
        group = self._cluster.group_of(name)
        if group is None:
            raise Refusal(f"bundle/clone/group/resource '{name}' does not exist")
        return group

    async def _standby(self, call: Call) -> Answer:
        wait, wanted = call.wait, call.words[1] == "standby"
        names = list(call.words[2:]) or ([call.node] if "--all" not in call.options else self._cluster.nodes)
        for name in names:
            if name not in self._cluster.nodes:
                raise Refusal(f"Node '{name}' does not appear to exist in configuration")

        def apply(cluster: Cluster) -> None:
            kept = [name for name in cluster.standby if name not in names]
            cluster.standby = [*kept, *names] if wanted else kept

        await self._manager.change(apply)
        return await self._settle(wait)

    async def _manage(self, call: Call) -> Answer:
        wanted = call.words[1] == "manage"
        if not call.words[2:]:
            raise Refusal("Resource(s) must be specified")
        for name in call.words[2:]:
            self._group(name)

        def apply(cluster: Cluster) -> None:
            for resource in (one for name in call.words[2:] for one in cluster.members(name)):
                resource.managed = wanted
                if "--monitor" in call.options:
                    resource.monitored = wanted

        await self._manager.change(apply)
        resources = [one for name in call.words[2:] for one in self._cluster.members(name)]
        silent = [one for one in resources if wanted and not one.monitored]
        return Answer(
            err="".join(f"Warning: Resource '{one.id}' has no enabled monitor operations\n" for one in silent)
        )

    async def _disable(self, call: Call) -> Answer:
        wait, wanted = call.wait, call.words[1] == "disable"
        if not call.words[2:]:
            raise Refusal(
                "You must specify resource(s) to disable"
                if wanted
                else "You must specify resource(s) to enable"
            )
        groups = [self._group(name) for name in call.words[2:]]
        for group, name in zip(groups, call.words[2:], strict=True):
            if name != group.id:
                raise Refusal(f"this lab disables whole groups only: '{group.id}'")

        def apply(_: Cluster) -> None:
            for group in groups:
                group.disabled = wanted

        await self._manager.change(apply)
        frozen = [one.id for group in groups for one in group.resources if not one.managed]
        err = "".join(f"Warning: '{name}' is unmanaged\n" for name in frozen)
        answer = await self._settle(wait, err)
        return (
            self._disabled(answer, groups, wanted)
            if "--wait" in call.options and answer.status == 0
            else answer
        )

    def _disabled(self, answer: Answer, groups: list[Group], wanted: bool) -> Answer:
        err, status = answer.err, 0
        for group in groups:
            wrong = any(one.active == wanted for one in group.resources)
            status = 1 if wrong else status
            where = next((one.node for one in group.resources if one.active), None)
            place_ = f"is running on node '{where}'" if where else "is not running on any node"
            err += f"{'Error: ' if wrong else ''}resource '{group.id}' {place_}\n"
        return Answer(err=err, status=status)

    async def _cleanup(self, call: Call) -> Answer:
        name = call.words[2] if call.words[2:] else None
        members = (
            self._cluster.members(self._group(name).id if name else "")
            if name
            else list(self._cluster.resources())
        )
        await self._manager.change(lambda cluster: cluster.clean_up(members))
        return Answer(err=f"Cleaned up {name}\n" if name else "Cleaned up all resources on all nodes\n")

    async def _property(self, call: Call) -> Answer:
        values = dict(word.partition("=")[::2] for word in call.words[2:])
        if set(values) != {"maintenance-mode"} or values["maintenance-mode"] not in ("true", "false"):
            raise Refusal("this lab knows one property: maintenance-mode=true|false")
        wanted = values["maintenance-mode"] == "true"
        await self._manager.change(lambda cluster: setattr(cluster, "maintenance_mode", wanted))
        return Answer()

    async def _clear(self, call: Call) -> Answer:
        if not call.words[2:]:
            raise Refusal("must specify a resource to clear")
        group, wait = self._group(call.words[2]), call.wait
        gone = [rule for rule in self._cluster.constraints if rule.group == group.id]
        kept = [rule for rule in self._cluster.constraints if rule not in gone]
        await self._manager.change(lambda cluster: setattr(cluster, "constraints", kept))
        return await self._settle(wait, "".join(f"Removing constraint: {rule.id}\n" for rule in gone))

    async def _move(self, call: Call) -> Answer:
        """0.11: a constraint is made, waited for, and taken away again; move-with-constraint leaves it."""
        if not call.words[2:]:
            raise Refusal("must specify a resource to move")
        group, target, wait = self._group(call.words[2]), (call.words[3:] or (None,))[0], call.wait
        if target is not None and target not in self._cluster.nodes:
            raise Refusal(f"Node '{target}' does not appear to exist in configuration")
        if not all(one.managed for one in group.resources) or self._cluster.maintenance_mode:
            raise Refusal(f"'{group.id}' is unmanaged")
        current = next((one.node for one in group.resources if one.role == "Started"), None)
        if current is None:
            raise Refusal(
                f"It is not possible to move resource '{group.id}' as it is not running at the moment, use "
                "'pcs resource move-with-constraint' or 'pcs constraint location' commands instead"
            )
        rule = (
            Constraint(f"cli-prefer-{group.id}", group.id, target, INFINITY)
            if target
            else Constraint(f"cli-ban-{group.id}-on-{current}", group.id, current, -INFINITY)
        )
        self._refuse_idle_move(group, rule, target, current)
        await self._manager.change(lambda cluster: cluster.constraints.append(rule))
        if call.words[1] == "move-with-constraint":
            return await self._settle(wait)
        return await self._finish_move(group, rule, target, wait)

    def _refuse_idle_move(self, group: Group, rule: Constraint, target: str | None, current: str) -> None:
        before = self._cluster.constraints
        self._cluster.constraints = [*before, rule]
        planned = place(self._cluster, group)
        self._cluster.constraints = before
        if planned != target if target else planned in (None, current):
            raise Refusal(
                f"Unable to move resource '{group.id}' using a location constraint. Current location of the resource may be "
                "affected by some other constraint."
            )

    async def _finish_move(
        self, group: Group, rule: Constraint, target: str | None, wait: float | None
    ) -> Answer:
        err = f"Location constraint to move resource '{group.id}' has been created\n"
        answer = await self._settle(wait or None, err)
        if answer.status:
            return answer  # as in pcs: the constraint stays behind
        where = next((one.node for one in group.resources if one.role == "Started"), None)
        if where is None or (target and where != target):
            return Answer(err=f"{answer.err}Error: Unable to move resource '{group.id}' using a location constraint. Current "
                          "location of the resource may be affected by some other constraint.\n", status=1)  # fmt: skip
        await self._manager.change(lambda cluster: cluster.constraints.remove(rule))
        err = f"{answer.err}Location constraint created to move resource '{group.id}' has been removed\n"
        answer = await self._settle(wait or None, err)
        return Answer(
            err=f"{answer.err}Resource '{group.id}' is running on node '{where}'\n", status=answer.status
        )
