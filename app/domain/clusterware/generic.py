"""The verbs in plain words, as steps for a person: all that is offered for managers without a module of their own (Oracle
Clusterware, others), and what the other modules fall back on, verb by verb, where a command is not proven.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.domain.clusterware.verbs import Standing, Teller, Verb
from app.domain.procedure import Shell
from app.domain.text import Text

PROVEN: Standing = "constructed"

_NAMES = {
    "wsfc": "WSFC",
    "pacemaker": "Pacemaker",
    "clusterpro": "CLUSTERPRO",
    "serviceguard": "Serviceguard",
    "lifekeeper": "LifeKeeper",
    "vcs": "VCS",
    "oracle": "Oracle Clusterware",
}


def _by_hand(ja: str, en: str) -> Verb:
    return Verb(text=None, manual=Text(ja=ja, en=en))


class Generic(Teller):
    """The verbs in words; the operator uses the manager's own tools and records what was seen.

    A module of a manager overrides what it can command, through `_command`: while its state reader has been tried on
    constructed samples only, the command is shown to the person and not run."""

    state_parser = "cluster@1"
    constraints_parser = "constraints@1"
    standing: Standing = PROVEN

    def __init__(self, name: str) -> None:
        self.ja = _NAMES.get(name, "クラスタ管理ソフトウェア")
        self.en = _NAMES.get(name, "the cluster software")

    def _command(
        self,
        words: Verb,
        text: str,
        present: tuple[str, ...],
        absent: tuple[str, ...] = (),
        spoken: Shell = "sh",
        probe: str = "cluster",
        params: Mapping[str, str] | None = None,
    ) -> Verb:
        """The command with its proof; or the person's step, with the command shown, where the proof is not proven."""
        if self.standing == "constructed":
            return replace(words, shown=text)
        return Verb(text, present, absent, shell=spoken, probe=probe, params=params or {})

    def pause(self, node: str) -> Verb:
        return _by_hand(
            f"{self.ja} で、{node} にフェイルオーバーしない状態（一時停止）にしてください。",
            f"With {self.en}, pause {node}, so that nothing can fail over to it.",
        )

    def resume(self, node: str) -> Verb:
        return _by_hand(
            f"{self.ja} で、{node} の一時停止を解除してください。グループが勝手に動いていないことも見てください。",
            f"With {self.en}, end the pause of {node}. See that no group moved by itself.",
        )

    def stop_monitoring(self, group: str) -> Verb:
        return _by_hand(
            f"{self.ja} で、{group} の監視を止めてください。共有ディスクはオンラインのままにします。",
            f"With {self.en}, stop the monitoring of {group}. The shared disk stays online.",
        )

    def resume_monitoring(self, group: str) -> Verb:
        return _by_hand(
            f"{self.ja} で、{group} の監視を再開してください。止まっているサイトが起動するまで待ちます。",
            f"With {self.en}, resume the monitoring of {group} and wait until the stopped site is up.",
        )

    def move(self, group: str, node: str) -> Verb:
        return _by_hand(
            f"{self.ja} で、{group} を {node} へ移し、移動が終わるまで待ってください。",
            f"With {self.en}, move {group} to {node} and wait until the move has ended.",
        )

    def offline(self, group: str, site: str) -> Verb:
        return _by_hand(
            f"{self.ja} で、{group} の {site} の JobCenter リソースだけをオフラインにしてください。"
            "共有ディスクはオンラインのままにします。",
            f"With {self.en}, take only the JobCenter resource of {site} in {group} offline. The shared disk stays online.",
        )

    def online(self, group: str, site: str) -> Verb:
        return _by_hand(
            f"{self.ja} で、{group} の {site} の JobCenter リソースをオンラインにし、起動が終わるまで待ってください。",
            f"With {self.en}, bring the JobCenter resource of {site} in {group} online and wait until it is up.",
        )

    def stop_group(self, group: str) -> Verb:
        return _by_hand(
            f"{self.ja} で、{group} 全体を停止してください。共有ディスクも外れます。",
            f"With {self.en}, stop the whole of {group}. The shared disk goes with it.",
        )

    def start_group(self, group: str, node: str) -> Verb:
        return _by_hand(
            f"{self.ja} で、{group} を {node} で起動し、起動が終わるまで待ってください。",
            f"With {self.en}, start {group} on {node} and wait until it is up.",
        )

    def stop_node(self, node: str) -> Verb:
        return _by_hand(
            f"{node} で、{self.ja} のクラスタサービスを停止してください。グループはほかのノードで動いたままです。",
            f"On {node}, stop the cluster service of {self.en}. The groups go on running elsewhere.",
        )

    def start_node(self, node: str) -> Verb:
        return _by_hand(
            f"{node} で、{self.ja} のクラスタサービスを開始し、クラスタに戻ったことを見てください。",
            f"On {node}, start the cluster service of {self.en} and see that it has joined again.",
        )

    def read_state(self) -> str | None:
        return None

    def read_constraints(self) -> str | None:
        return None

    def read_service(self) -> str | None:
        return None
