"""Which shells this edition speaks over which transport, and what of a plan it thus cannot carry out. Connects to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.domain.cluster import Cluster
from app.domain.procedure import Plan, Shell
from app.domain.text import Text

SPOKEN: Mapping[str, frozenset[Shell]] = {"ssh": frozenset({"sh"}), "psrp": frozenset({"powershell", "cmd"})}
"""Over SSH a node's POSIX shell reads every text: one for another shell would be read wrongly, and is never sent. Over PSRP
each text says whether PowerShell or cmd.exe is to read it."""


def unspoken(plan: Plan, cluster: Cluster) -> tuple[Text, ...]:
    """Why this edition cannot carry the plan out, node by node; empty where it can. What a person does needs no transport."""
    transports = {node.name: node.transport for node in cluster.nodes}
    found = {
        (node, transports[node], shell): None
        for node, shell in _asked(plan)
        if shell not in SPOKEN.get(transports[node], frozenset())
    }
    return tuple(_said(*each) for each in found)


def _asked(plan: Plan) -> Iterator[tuple[str, Shell]]:
    """Each node that the console would send something to, with the shell that it is written for."""
    for step in plan.steps:
        if step.applies and step.node is not None:
            checks = [command for check in (*step.checks, *step.interlocks) for command in check.commands]
            yield from ((step.node, command.shell) for command in (*step.commands, *checks))


def _said(node: str, transport: str, shell: Shell) -> Text:
    if transport not in SPOKEN:
        return Text(
            ja=(
                f"ノード {node} の接続方式 {transport} には、この版のコンソールはまだ対応していません。"
                "このセッションは提出できません。計画を印刷して手作業で行うか、対応した版を待ってください。"
            ),
            en=(
                f"This edition of the console cannot speak the transport {transport} of node {node} yet, so this session "
                "cannot be submitted. Carry the plan out by hand from its printed form, or wait for an edition that can."
            ),
        )
    return Text(
        ja=(
            f"ノード {node} には {shell} のコマンドがありますが、接続方式 {transport} では送れません。"
            "クラスタ定義の os と transport の組み合わせを確認してください。"
        ),
        en=(
            f"Node {node} has commands for {shell}, which cannot be sent over {transport}. "
            "Check that os and transport in the cluster file fit each other."
        ),
    )
