"""Cluster managers without a module of their own: every verb becomes a step for a person, named in plain words."""

from __future__ import annotations

from app.domain.clusterware.verbs import Verb
from app.domain.text import Text

_NAMES = {
    "wsfc": "WSFC",
    "clusterpro": "CLUSTERPRO",
    "serviceguard": "Serviceguard",
    "lifekeeper": "LifeKeeper",
    "vcs": "VCS",
    "oracle": "Oracle Clusterware",
}


def _by_hand(ja: str, en: str) -> Verb:
    return Verb(text=None, manual=Text(ja=ja, en=en))


class Generic:
    """The verbs in words; the operator uses the manager's own tools and records what was seen."""

    def __init__(self, name: str) -> None:
        self.ja = _NAMES.get(name, "クラスタ管理ソフトウェア")
        self.en = _NAMES.get(name, "the cluster software")

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

    def read_state(self) -> None:
        return None

    def read_constraints(self) -> None:
        return None
