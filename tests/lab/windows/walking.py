"""Carries a plan out on nodes of this process as the engine does, and what is left to people as they would do it."""

from __future__ import annotations

from typing import Protocol

from app.domain.checks import Verdict, judge, read
from app.domain.planner import make_plan
from app.domain.procedure import Check, Plan, Step
from app.domain.versions import Version
from app.lab.model import Lab
from app.procedures import procedure
from app.procedures.clusterfile import load_cluster
from app.procedures.overlayfile import load_overlay


class Reached(Protocol):
    """Nodes however they are reached: in this process (nodes.py) or over WinRM (reached.py)."""

    lab: Lab

    def read(self, node: str, shell: str, text: str) -> tuple[bytes, bytes, int]:
        """A probe: output, errors, exit code."""

    def run(self, node: str, shell: str, text: str) -> tuple[bytes, bytes, int]:
        """A command."""

    def do(self, node: str, act: str, /, **values: str) -> None:
        """What a person does in a window."""


NOTHING = (
    "Take the backups", "Disconnect every CL/Win", "See that the business runs", "Write down what will not", "Make the queues",
    "Enter again on", "Decide whether", "See that there is an Itanium", "Start the failover",
)  # fmt: skip
"""Titles of what a person does without a simulated node noticing."""
ACTS = {
    "Stop the local site": "stop-local",
    "Start the local site": "start-local",
    "Close every window": "close-manager",
    "Delete the JobCenter resource": "delete-resource",
    "Stop the monitoring": "suspend-monitors",
    "Resume the monitoring": "resume-monitors",
    "Stop the cluster site": "offline",
    "Start the cluster site": "online",
    "See that": "",
}


def plan_for(
    nodes: Reached, operation: str, to: str, method: str = "auto", install: str = "overwrite"
) -> Plan:
    """The plan of the lab's cluster file, with the lab's overlay."""
    cluster = load_cluster(nodes.lab.cluster_file.read_bytes())
    overlay = load_overlay(nodes.lab.overlay_file.read_bytes())
    made = make_plan(
        procedure, cluster, operation, Version.parse(to), method, install=install, overlay=overlay  # type: ignore[arg-type]
    )  # fmt: skip
    assert isinstance(made, Plan), made
    return made


def plan_sites(nodes: Reached) -> list[dict[str, str]]:
    """The sites of the cluster file."""
    return [site.model_dump() for site in load_cluster(nodes.lab.cluster_file.read_bytes()).sites]


class Walker:
    """`told`: what was asked and answered, newest last. `by_hand`: keys of the steps that a person did."""

    def __init__(self, nodes: Reached) -> None:
        self.nodes = nodes
        self.told: list[str] = []
        self.ran, self.by_hand, self.already = list[str](), list[str](), list[str]()

    def ask(self, check: Check, node: str) -> Verdict:
        """One check's verdict."""
        for command in check.commands:
            out, err, status = self.nodes.read(node, command.shell, command.text)
        self.told.append(f"{check.probe}@{node}: {out!r} {err[-300:]!r} {status}")
        return judge(read(check, out, status), check)

    def failing(self, checks: tuple[Check, ...], node: str) -> list[str]:
        """What of them does not pass."""
        asked = [(check, self.ask(check, node)) for check in checks if check.commands]
        return [
            f"{check.en}: {verdict} {self.told[-len(asked) :]}"
            for check, verdict in asked
            if verdict.result != "pass"
        ]

    def walk(self, plan: Plan) -> None:
        """All of it."""
        for step in plan.steps:
            if step.applies:
                self.carry_out(step)

    def carry_out(self, step: Step) -> None:
        """As the engine does: already so, interlocks, command or person, checks."""
        node = step.node or "node-a"
        if step.repeatable and step.commands and step.checks and not self.failing(step.checks, node):
            self.already.append(step.key)
            return
        refused = self.failing(step.interlocks, node)
        assert not refused, (step.key, refused)
        for command in step.commands:
            out, err, status = self.nodes.run(node, command.shell, command.text)
            assert status == 0, (step.key, command.text, out.decode("cp932"), err.decode("cp932"))
        if step.commands:
            self.ran.append(step.key)
        elif step.kind == "manual":
            self.by_hand.append(step.key)
            self.person(step, node)
        left = self.failing(step.checks, node)
        assert not left, (step.key, left)

    def person(self, step: Step, node: str) -> None:
        """A step that no command does."""
        title = step.title.en
        if title.startswith(NOTHING):
            return
        if title.startswith(("Make sure that the local site", "See that the local site")):
            self.nodes.do(node, "stop-local" if "stopped" in title else "start-local")
            return
        if title.startswith(("Pause ", "End the pause of ")):  # CLUSTERPRO has none
            self.nodes.do(node, "stop-cluster" if title.startswith("Pause ") else "start-cluster")
            return
        if "still registered" in title:
            return
        if title.startswith("Register "):
            site = next(site for site in plan_sites(self.nodes) if site["name"] == step.site)
            self.nodes.do(node, "register-site", database=site["database"])
            return
        act = next((act for begin, act in ACTS.items() if title.startswith(begin) and act), None)
        assert act, f"nobody knows what to do: {step.key} {title}"
        group = next(site.group for site in self.nodes.lab.sites if step.site in (None, site.name))
        self.nodes.do(node, act, site=step.site or "", group=group)
