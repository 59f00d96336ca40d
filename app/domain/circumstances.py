"""What is the case, told to a person: the sentences that conditions.py explains itself with. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.text import Text
from app.domain.versions import Version

_WHO = {
    "from": Text(ja="適用前の版", en="The version before"),
    "to": Text(ja="適用後の版", en="The version to arrive at"),
    "installed": Text(ja="このノードのこの時点の版", en="The node's version at this step"),
}
_LABELS = {
    "platform": Text(ja="クラスタの種別", en="The platform"),
    "arch": Text(ja="アーキテクチャ", en="The architecture"),
    "os": Text(ja="OS ", en="The operating system"),
    "clusterware": Text(ja="クラスタ管理ソフトウェア", en="The cluster software"),
}
_SIGNS = {
    "<=": Text(ja="{} 以前です。", en="is {} or earlier."),
    ">=": Text(ja="{} 以降です。", en="is {} or later."),
    "<": Text(ja="{} より前です。", en="is earlier than {}."),
    ">": Text(ja="{} より後です。", en="is later than {}."),
    "=": Text(ja="{} です。", en="is {}."),
    "!=": Text(ja="{} ではありません。", en="is not {}."),
}
_FACTS: Mapping[tuple[str, object], Text] = {
    ("operation", "upgrade"): Text(ja="作業はバージョンアップです。", en="The operation is an upgrade."),
    ("operation", "patch"): Text(ja="作業はパッチ適用です。", en="The operation is a patch."),
    ("install", "overwrite"): Text(ja="上書きインストールです。", en="It is installed over the old version."),
    ("install", "fresh"): Text(ja="新規インストールです。", en="It is installed anew."),
    ("local_site", "used"): Text(
        ja="ローカルサイトを使うクラスタです。", en="The cluster uses its local sites."
    ),
    ("local_site", "unused"): Text(
        ja="ローカルサイトを使わないクラスタです。", en="The cluster does not use its local sites."
    ),
    ("clwin", True): Text(ja="ノードに CL/Win が入っています。", en="CL/Win is installed on the nodes."),
    ("clwin", False): Text(
        ja="ノードに CL/Win は入っていません。", en="CL/Win is not installed on the nodes."
    ),
    ("reuse_site_database", True): Text(
        ja="サイトデータベースを引き継ぎます。", en="The site database is carried over."
    ),
    ("reuse_site_database", False): Text(
        ja="サイトデータベースを引き継ぎません。", en="The site database is not carried over."
    ),
}


def version_fact(name: str, sign: str, boundary: Version, found: Version) -> Text:
    """How the version of that name stands to a boundary; one of two parts means its whole line (R12.7.x)."""
    line = f"{boundary}.x" if boundary.written.count(".") == 1 else str(boundary)
    told = _SIGNS[sign]
    return Text(
        ja=f"{_WHO[name].ja} {found} は {told.ja.format(line)}",
        en=f"{_WHO[name].en}, {found}, {told.en.format(line)}",
    )


def plain_fact(name: str, found: object) -> Text:
    """What the word or flag of that name is."""
    if (name, found) in _FACTS:
        return _FACTS[name, found]
    return Text(ja=f"{_LABELS[name].ja}は {found} です。", en=f"{_LABELS[name].en} is {found}.")
