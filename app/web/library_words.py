"""Words of the library's pages: names of open places, of where a step is carried out, of cluster verbs. Knows no steps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from app.domain.text import Text

_PLACE = re.compile(r"\[\[([a-z_0-9]+)\]\]")


class Piece(NamedTuple):
    """A stretch of a text: plain words, or an open place with its name for the reader."""

    text: str
    place: Text | None


def pieces(text: str) -> list[Piece]:
    """A text of the library, its open places apart."""
    found, end = [], 0
    for match in _PLACE.finditer(text):
        found.append(Piece(text[end : match.start()], None))
        found.append(
            Piece(match[1], PLACES.get(match[1]) or Text(ja=match[1], en=match[1].replace("_", " ")))
        )
        end = match.end()
    return [piece for piece in (*found, Piece(text[end:], None)) if piece.text]


WHERE: Mapping[str, Text] = {
    "active": Text(ja="運用系ノード", en="the active node"),
    "target": Text(ja="切り替え先のノード", en="the node that takes over"),
    "every": Text(ja="すべてのノード", en="every node"),
    "standbys": Text(ja="すべての待機系ノード", en="every standby node"),
    "none": Text(ja="ノードは決まっていない", en="no node of its own"),
}
"""Where a step is carried out, unless it is the node of its section."""

OWN_NODE: Mapping[str, Text] = {
    "standby": Text(ja="作業中の待機系ノード", en="the standby node being worked on"),
    "active": WHERE["active"],
    "cluster": WHERE["none"],
}

PER: Mapping[str, Text] = {
    "site": Text(ja="サイトごとに繰り返す", en="repeated for each site"),
    "group": Text(ja="グループごとに繰り返す", en="repeated for each group"),
}

VERBS: Mapping[str, Text] = {
    "pause": Text(ja="ノードを一時停止する", en="pause the node"),
    "resume": Text(ja="ノードの一時停止を解く", en="resume the node"),
    "stop_monitoring": Text(ja="監視を止める", en="stop the monitoring"),
    "resume_monitoring": Text(ja="監視を再開する", en="resume the monitoring"),
    "move": Text(ja="グループを移す", en="move the group"),
    "offline": Text(ja="リソースをオフラインにする", en="take the resource offline"),
    "online": Text(ja="リソースをオンラインにする", en="bring the resource online"),
    "stop_group": Text(ja="グループを止める", en="stop the group"),
    "start_group": Text(ja="グループを起動する", en="start the group"),
    "stop_node": Text(ja="ノードのクラスタサービスを止める", en="stop the cluster service of the node"),
    "start_node": Text(ja="ノードのクラスタサービスを起動する", en="start the cluster service of the node"),
}
"""What a cluster manager is asked for; the command itself is that of the cluster's own software."""

SEVERITIES: Mapping[str, tuple[str, str, Text]] = {
    "high": ("■", "bad", Text(ja="重大", en="high")),
    "medium": ("▲", "wait", Text(ja="中", en="medium")),
    "low": ("·", "idle", Text(ja="軽微", en="low")),
}
"""How grave an erratum is: sign, tone, word."""

GROUPS: Mapping[str, Text] = {
    "A": Text(ja="A 誤記", en="A  Typing errors"),
    "B": Text(ja="B 抜けている手順・順序の誤り", en="B  Missing or misplaced steps"),
    "C": Text(ja="C 矛盾", en="C  Contradictions"),
    "D": Text(ja="D 版の条件", en="D  Conditions on versions"),
    "E": Text(ja="E 危険なコマンド", en="E  Dangerous commands"),
}

USED_BY: Mapping[str, Text] = {
    "steps": Text(ja="ステップで扱います。", en="Dealt with by steps."),
    "planner": Text(
        ja="手順の選択、計画の警告、または断る理由として扱います。",
        en="Dealt with when a procedure is chosen, or by a plan's warning or refusal.",
    ),
    "wording": Text(
        ja="ガイドの文をそのまま使わないため、ステップには現れません。",
        en="The guide's wording is not carried over, so no step shows it.",
    ),
}

LITERAL: Mapping[str, Text] = {
    "order": Text(
        ja="管理者は、理由を書いてガイドの順序を選べます。",
        en="An administrator may choose the guide's own order, with a reason.",
    ),
    "added": Text(
        ja="管理者は、理由を書いて追加のステップを省けます。",
        en="An administrator may leave the added steps out, with a reason.",
    ),
}

PLACES: Mapping[str, Text] = {
    "nqs": Text(ja="JobCenter のフォルダ", en="JobCenter's folder"),
    "spool": Text(ja="スプールのフォルダ", en="spool folder"),
    "patches": Text(ja="パッチのフォルダ", en="folder of the patches"),
    "patch_file": Text(ja="パッチファイル", en="patch file"),
    "patch_sha256": Text(ja="パッチの SHA-256", en="SHA-256 of the patch"),
    "patch_version": Text(ja="パッチの版", en="version of the patch"),
    "known_patches": Text(ja="入っていてよいパッチ", en="patches that may be there"),
    "active": Text(ja="運用系ノード", en="active node"),
    "target": Text(ja="切り替え先ノード", en="node that takes over"),
    "from": Text(ja="適用前の版", en="version before"),
    "to": Text(ja="適用後の版", en="version to arrive at"),
    "to_version": Text(ja="適用後の版", en="version to arrive at"),
    "disk_floor": Text(ja="必要な空き容量", en="free space needed"),
    "install": Text(ja="インストール先", en="install folder"),
    "clwin": Text(ja="CL/Win のフォルダ", en="folder of CL/Win"),
    "packages": Text(ja="パッケージのフォルダ", en="folder of the packages"),
    "saves": Text(ja="退避先のフォルダ", en="folder for copies"),
    "node": Text(ja="ノード", en="node"),
    "node_version": Text(ja="ノードの適用前の版", en="the node's version before"),
    "installed": Text(ja="その時点の版", en="version at that moment"),
    "site": Text(ja="サイト", en="site"),
    "database": Text(ja="サイトデータベース", en="site database"),
    "group": Text(ja="グループ", en="group"),
    "virtual_host": Text(ja="仮想ホスト名", en="virtual host name"),
    "resource": Text(ja="リソース", en="resource"),
    "script": Text(ja="起動スクリプト", en="start script"),
    "site_processes": Text(
        ja="その時点の版のサイトのプロセス", en="the site's processes of its present version"
    ),
    "own_processes": Text(
        ja="その時点の版のサイト固有のプロセス", en="the site's own processes of its present version"
    ),
    "local_processes": Text(
        ja="その時点の版のローカルサイトのプロセス", en="the local site's processes of its present version"
    ),
    "local_own_processes": Text(
        ja="その時点の版のローカルサイト固有のプロセス",
        en="the local site's own processes of its present version",
    ),
    "site_processes_to": Text(
        ja="適用後の版のサイトのプロセス", en="the site's processes of the target version"
    ),
    "own_processes_from": Text(
        ja="適用前の版のサイト固有のプロセス", en="the site's own processes of the version before"
    ),
    "own_processes_to": Text(
        ja="適用後の版のサイト固有のプロセス", en="the site's own processes of the target version"
    ),
    "local_own_processes_from": Text(
        ja="適用前の版のローカルサイト固有のプロセス",
        en="the local site's own processes of the version before",
    ),
    "managed": Text(ja="全グループを監視中", en="every group is monitored"),
    "carried_elsewhere": Text(ja="ほかのノードで稼働中のグループ", en="groups that run on another node"),
    "online_standbys": Text(ja="待機系はすべてオンライン", en="every standby is online"),
    "standbys_paused": Text(ja="待機系はすべて一時停止中", en="every standby is paused"),
    "healthy": Text(
        ja="全ノードが待機でき、全グループが運用系で稼働", en="every node ready, all groups on the active one"
    ),
    "unhealthy": Text(ja="失敗・移動中・保守中のどれか", en="anything failed, moving or in maintenance"),
    "carried_by_active": Text(ja="全グループが運用系で稼働", en="all groups run on the active node"),
    "carried_by_target": Text(
        ja="全グループが切り替え先で稼働", en="all groups run on the node that takes over"
    ),
    "complete_with_last_site": Text(
        ja="グループの最後のサイトでは、グループ全体が運用系で稼働",
        en="with the group's last site: the whole group runs on the active node",
    ),
    "unmanaged": Text(ja="全グループの監視が止まっている", en="no group is monitored"),
    "nqs_site_places": Text(ja="NQS_SITE が設定され得る場所", en="the places where NQS_SITE may be set"),
    "needed_rights": Text(ja="必要な権限", en="the rights needed"),
    "patch_facts": Text(ja="パッチの名前・版・対象", en="name, version and target of the patch"),
}
"""Every open place by the name that a reader understands."""
