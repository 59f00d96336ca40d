"""Named questions about a case (cluster, operation, versions, options), each explained in both languages, yes or no.

choosing.py puts them together; nothing here knows a procedure. "R12.7.x or earlier" compares the first two parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from app.domain.cluster import Cluster
from app.domain.text import Text
from app.domain.versions import Version

Operation = Literal["upgrade", "patch"]
Method = Literal["auto", "standard", "rolling"]
Install = Literal["overwrite", "fresh"]

_PLATFORM = {
    "wsfc": Text(ja="WSFC のクラスタ", en="a WSFC cluster"),
    "windows": Text(ja="WSFC 以外の Windows クラスタ", en="a Windows cluster other than WSFC"),
    "unix": Text(ja="UNIX のクラスタ", en="a UNIX cluster"),
}
_OPERATION = {
    "upgrade": Text(ja="バージョンアップ", en="an upgrade"),
    "patch": Text(ja="パッチ適用", en="a patch"),
}

_NO_ROLLING_UPGRADE = Text(
    ja=(
        "ローリングの指定ですが、ローリングのバージョンアップがあるのは WSFC（1.3）だけで、"
        "2 章と 3 章にはありません（正誤 B19）。方式を standard か auto にしてください。"
    ),
    en=(
        "Rolling was asked for, but a rolling upgrade exists on WSFC only (1.3), not in chapters 2 and 3 (erratum B19): "
        "ask for standard or auto."
    ),
)


@dataclass(frozen=True)
class Case:
    """Everything that decides which procedure applies."""

    cluster: Cluster
    operation: Operation
    to: Version
    method: Method = "auto"
    install: Install = "overwrite"

    @property
    def source(self) -> Version:
        """What is installed now."""
        return self.cluster.version


@dataclass(frozen=True)
class Predicate:
    """`name` stands in plans (`from <= R12.7`); `yes` and `no` explain the answer for the case at hand."""

    name: str
    test: Callable[[Case], bool]
    yes: Callable[[Case], Text]
    no: Callable[[Case], Text]


def platform_is(wanted: str) -> Predicate:
    """The cluster's platform."""

    def yes(case: Case) -> Text:
        is_ = _PLATFORM[case.cluster.platform]
        return Text(ja=f"対象: {is_.ja}", en=f"It is {is_.en}.")

    def no(case: Case) -> Text:
        for_, is_ = _PLATFORM[wanted], _PLATFORM[case.cluster.platform]
        return Text(
            ja=f"この手順の対象は「{for_.ja}」で、このクラスタは「{is_.ja}」です。",
            en=f"This procedure is for {for_.en}; this is {is_.en}.",
        )

    return Predicate(f"platform = {wanted}", lambda case: case.cluster.platform == wanted, yes, no)


def operation_is(wanted: Operation) -> Predicate:
    """Upgrade or patch."""

    def no(_case: Case) -> Text:
        return Text(
            ja=f"これは{_OPERATION[wanted].ja}だけの手順です。",
            en=f"This procedure is for {_OPERATION[wanted].en} only.",
        )

    def yes(_case: Case) -> Text:
        return Text(
            ja=f"作業は{_OPERATION[wanted].ja}です。", en=f"The operation is {_OPERATION[wanted].en}."
        )

    return Predicate(f"operation = {wanted}", lambda case: case.operation == wanted, yes, no)


def arch_in(*wanted: str) -> Predicate:
    """The architecture, one of those."""
    listed = ", ".join(wanted)

    def yes(case: Case) -> Text:
        return Text(
            ja=f"アーキテクチャは {case.cluster.arch} です。", en=f"The architecture is {case.cluster.arch}."
        )

    def no(case: Case) -> Text:
        arch = case.cluster.arch
        if case.operation == "patch" and arch.startswith("ipf"):
            return Text(
                ja=f"マニュアルの 1 章には IPF（{arch}）のパッチ適用手順がありません。この手順は {listed} 用です。",
                en=f"Chapter 1 of the manual gives no patch procedure for IPF ({arch}); this procedure is for {listed}.",
            )
        return Text(
            ja=f"この手順は {listed} 用で、{arch} には使えません。",
            en=f"This procedure is for {listed}, not for {arch}.",
        )

    name = f"arch = {wanted[0]}" if len(wanted) == 1 else f"arch in {listed}"
    return Predicate(name, lambda case: case.cluster.arch in wanted, yes, no)


def from_at_most(major: int, minor: int) -> Predicate:
    """Installed now: that line or an earlier one (R12.7 means every R12.7.x)."""
    line = f"R{major}.{minor}"
    return Predicate(
        f"from <= {line}",
        lambda case: case.source.line <= (major, minor),
        lambda case: Text(
            ja=f"導入済みの {case.source} は {line}.x 以前です。",
            en=f"The installed {case.source} is {line}.x or earlier.",
        ),
        lambda case: Text(
            ja=f"導入済みの {case.source} は {line}.x より新しく、この手順の対象ではありません。",
            en=f"The installed {case.source} is later than {line}.x, which this procedure is for.",
        ),
    )


def from_at_least(major: int, minor: int) -> Predicate:
    """Installed now: that line or a later one."""
    line = f"R{major}.{minor}"
    return Predicate(
        f"from >= {line}",
        lambda case: case.source.line >= (major, minor),
        lambda case: Text(
            ja=f"導入済みの {case.source} は {line} 以降です。",
            en=f"The installed {case.source} is {line} or later.",
        ),
        lambda case: Text(
            ja=f"導入済みの {case.source} は {line} より古く、この手順は使えません（{line} 以降が対象）。",
            en=f"The installed {case.source} is earlier than {line}; this procedure starts at {line}.",
        ),
    )


def method_allows(offered: Literal["standard", "rolling"]) -> Predicate:
    """The method asked for: auto takes both."""

    def yes(case: Case) -> Text:
        if case.method == "auto":
            return Text(ja="方式の指定はありません（自動）。", en="No method was asked for (auto).")
        return Text(ja=f"方式は {case.method} の指定です。", en=f"The method asked for is {case.method}.")

    def no(case: Case) -> Text:
        if offered == "standard" and case.operation == "upgrade" and case.cluster.platform != "wsfc":
            return _NO_ROLLING_UPGRADE
        if offered == "standard":
            return Text(
                ja="ローリングの指定ですが、これはローリングではない手順です。",
                en="Rolling was asked for; this procedure is not rolling.",
            )
        return Text(
            ja="standard の指定ですが、これはローリングの手順です。",
            en="Standard was asked for; this procedure is a rolling one.",
        )

    return Predicate(f"method allows {offered}", lambda case: case.method in ("auto", offered), yes, no)


LATER = Predicate(
    "to > from",
    lambda case: case.to > case.source,
    lambda case: Text(
        ja=f"{case.to} は {case.source} より新しい版です。", en=f"{case.to} is later than {case.source}."
    ),
    lambda case: Text(
        ja=f"適用後の版 {case.to} が、導入済みの {case.source} より新しくありません。適用後の版を確認してください。",
        en=f"The target {case.to} is not later than the installed {case.source}: check the version to arrive at.",
    ),
)

CLASSIC = Predicate(
    "mode = classic",
    lambda case: case.cluster.mode == "classic",
    lambda _case: Text(ja="クラシックモードです。", en="It runs in classic mode."),
    lambda _case: Text(
        ja=(
            "スタンダードモードの手順はありません。このガイドはクラシックモード用です。"
            "NEC のスタンダードモード用の資料に従ってください。"
        ),
        en=(
            "There is no procedure for standard mode: the guide is for "
            "classic mode. Follow NEC's documents for standard mode."
        ),
    ),
)


def _strangers(cluster: Cluster) -> list[str]:
    """Sites that are active on another node than the active one."""
    return [site.name for site in cluster.sites if site.active not in (None, cluster.active.name)]


ONE_ACTIVE = Predicate(
    "all sites active on one node",
    lambda case: not _strangers(case.cluster),
    lambda case: Text(
        ja=f"すべてのサイトが {case.cluster.active.name} で動いています。",
        en=f"All sites are active on {case.cluster.active.name}.",
    ),
    lambda case: Text(
        ja=(
            f"サイト {', '.join(_strangers(case.cluster))} "
            "が別のノードで運用中（相互スタンバイ）です。この構成の計画はまだ作れません。"
        ),
        en=(
            f"The sites {', '.join(_strangers(case.cluster))} are active on "
            "another node (mutual standby); a plan cannot handle that yet."
        ),
    ),
)


def takers(cluster: Cluster) -> list[str]:
    """The standby nodes that may carry every site, in the order of the file; the first one takes over."""
    return [
        node.name
        for node in cluster.standbys
        if all(site.nodes is None or node.name in site.nodes for site in cluster.sites)
    ]


COMMON_STANDBY = Predicate(
    "one standby takes all sites",
    lambda case: bool(takers(case.cluster)),
    lambda case: Text(
        ja=f"{takers(case.cluster)[0]} がすべてのサイトを引き継げます。",
        en=f"{takers(case.cluster)[0]} can take over all sites.",
    ),
    lambda _case: Text(
        ja="すべてのサイトを引き継げる待機系ノードがありません（sites の nodes を確認してください）。",
        en="No standby node can take over all sites (see `nodes` of the sites).",
    ),
)

ARCH_EXISTS = Predicate(
    "arch fits platform",
    lambda case: not (case.cluster.arch == "ipf32" and case.cluster.platform == "unix"),
    lambda case: Text(
        ja=f"{case.cluster.platform} に {case.cluster.arch} の版があります。",
        en=f"There is a {case.cluster.arch} edition for {case.cluster.platform}.",
    ),
    lambda _case: Text(
        ja="ipf32（32bit エミュレーション）は Windows 版だけの区分です。UNIX では ipf と書いてください。",
        en="ipf32 (32-bit emulation) exists on Windows only; on UNIX write ipf.",
    ),
)
