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
    return tuple(_said(*each) for each in found) + tuple(_unwritable(plan, transports))


def _unwritable(plan: Plan, transports: Mapping[str, str]) -> Iterator[Text]:
    """The texts that the code page of a Japanese Windows cannot say: cmd.exe reads its files in it."""
    for step in plan.steps:
        for command in step.commands if step.applies and transports.get(step.node or "") == "psrp" else ():
            if (
                command.shell == "cmd"
                and command.text.encode("cp932", "replace").decode("cp932") != command.text
            ):
                yield Text(
                    ja=(
                        f"ステップ「{step.key}」のコマンドには、Windows のコード ページ（932）にない文字が含まれています。"
                        "パスや名前の文字を見直してください。"
                    ),
                    en=(
                        f"The command of step {step.key} has characters that are not in code page 932 of Windows. "
                        "Look at the characters of paths and names."
                    ),
                )


def _asked(plan: Plan) -> Iterator[tuple[str, Shell]]:
    """Each node that the console would send something to, with the shell that it is written for."""
    for step in plan.steps:
        if step.applies and step.node is not None:
            checks = [command for check in (*step.checks, *step.interlocks) for command in check.commands]
            yield from ((step.node, command.shell) for command in (*step.commands, *checks))


def _said(node: str, transport: str, shell: Shell) -> Text:
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
