"""What an operator must know about a whole plan before its first step: errata of whole chapters, and limits of this console.

One function per warning, each names its erratum where it has one. Errata of single steps stand on the steps (procedures/*.yaml).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.domain import clusterware
from app.domain.predicates import Case
from app.domain.procedure import PlanWarning
from app.domain.text import Text

LAST_KNOWN_ITANIUM = (12, 7)
"""The last line of which a public document says that it ran on Itanium under Windows (facts 1.6)."""

NO_DIGEST = Text(
    ja="パッチファイルの SHA-256 が指定されていません。指定するまで、この計画は提出・実行できません（--patch-sha256）。",
    en=(
        "The SHA-256 of the patch file is not given; until it is, "
        "this plan can be neither submitted nor run (--patch-sha256)."
    ),
)


@dataclass(frozen=True)
class About:
    """What a warning is about: the case, the procedure that it takes, whether the SHA-256 of its package is known."""

    case: Case
    procedure: str
    has_digest: bool

    @property
    def is_rolling_patch(self) -> bool:
        """A patch by 1.3 or 2.3, on Windows."""
        return self.case.operation == "patch" and self.procedure in ("1.3", "2.3")


def warnings(about: About) -> tuple[PlanWarning, ...]:
    """Every warning that this plan needs, in the order in which they are read."""
    found: list[PlanWarning] = []
    for rule in _RULES:
        found.extend(rule(about))
    return tuple(found)


_Rule = Callable[[About], Iterator[PlanWarning]]


def _premise_of_unix(about: About) -> Iterator[PlanWarning]:
    source = about.case.source
    if about.case.cluster.platform == "unix" and source.line < (12, 7):
        yield PlanWarning(
            errata="D7",
            ja=(
                f"マニュアルの UNIX 編は R12.7 以降を前提に書かれています（導入済み: {source}）。"
                "パスとパッケージ名を手元の環境に読み替えてください。"
            ),
            en=(
                f"The manual's UNIX chapter assumes R12.7 or later (installed: {source}): "
                "read its paths and package names as they are on your nodes."
            ),
        )


def _introduction_of_chapter_1(about: About) -> Iterator[PlanWarning]:
    if about.procedure in ("1.1.1", "1.1.3", "1.1.4", "1.3"):
        yield PlanWarning(
            errata="C2",
            ja=(
                "マニュアル 1 章の冒頭は、作業の前に必ずリソース DLL の登録を外すように書いていますが、"
                f"それが必要なのは 1.1.2 と 1.2.2 だけです。{about.procedure} にその手順はなく、この計画でも行いません。"
            ),
            en=(
                "The introduction of the manual's chapter 1 asks to unregister the resource DLL before every such work; "
                f"that is so in 1.1.2 and 1.2.2 only. {about.procedure} has no step for it, nor has this plan."
            ),
        )


def _rolling_upgrade_asks_for_the_source(about: About) -> Iterator[PlanWarning]:
    if about.procedure == "1.3" and about.case.operation == "upgrade":
        yield PlanWarning(
            errata="D2",
            ja=(
                "マニュアルの「R13.1 以降はローリングでバージョンアップできる」は、適用前と適用後のどちらの版か書いていません。"
                f"適用前の版と読みました（導入済み: {about.case.source}）。"
                f"{about.case.to} への組み合わせをリリースメモで確認してください。"
            ),
            en=(
                "The manual's 'rolling upgrade from R13.1' does not say whether it means the version before or after. "
                f"It is read as the version before (installed: {about.case.source}); "
                f"check in the release memo that {about.case.to} can be reached in this way."
            ),
        )


def _patch_and_database(about: About) -> Iterator[PlanWarning]:
    if about.is_rolling_patch:
        yield PlanWarning(
            errata="D3" if about.procedure == "1.3" else "C15",
            ja=(
                f"{about.procedure} のパッチ適用はサイトデータベースを更新しませんが、ローリングでない手順（1.2.2・2.2）は"
                "パッチでも更新します。このパッチがデータベースの形式を変えないことを、リリースメモで確認してください。"
            ),
            en=(
                f"A patch by {about.procedure} does not upgrade the site databases; the procedures that are not rolling "
                "(1.2.2, 2.2) do so even for a patch. "
                "Check in the release memo that this patch leaves the format of the database as it is."
            ),
        )


def _patch_on_wsfc_is_rolling(about: About) -> Iterator[PlanWarning]:
    if about.is_rolling_patch and about.procedure == "1.3":
        yield PlanWarning(
            errata="B20",
            ja=(
                "R12.8 以降の WSFC では、パッチ適用の手順はローリング（1.3）だけです（--method standard でも同じです）。"
                "待機系が使えないときの手順はマニュアルにありません。そのときは始めず、NEC に確認してください。"
            ),
            en=(
                "On WSFC from R12.8 on the rolling procedure (1.3) is the only one for a patch, with --method standard too. "
                "The manual has none for a cluster whose standby is out of order: do not begin then, ask NEC."
            ),
        )


def _itanium(about: About) -> Iterator[PlanWarning]:
    cluster, to = about.case.cluster, about.case.to
    if cluster.os == "windows" and cluster.arch in ("ipf", "ipf32") and to.line > LAST_KNOWN_ITANIUM:
        yield PlanWarning(
            errata="D9",
            ja=(
                f"Itanium の Windows で動く {to} があることを、公開資料では確かめられません（確かめられるのは R12.7 まで）。"
                "インストール媒体が手元にあることを、先に確認してください。"
            ),
            en=(
                f"No public document says that {to} exists for Windows on Itanium (the last one known is R12.7): "
                "see first that you have its installation medium."
            ),
        )


def _fresh_is_ignored(about: About) -> Iterator[PlanWarning]:
    if about.case.install == "fresh" and about.procedure != "1.1.4":
        yield PlanWarning(
            errata=None,
            ja=(
                f"新規インストールの指定（--install fresh）は 1.1.4 だけのものです。{about.procedure} では使わず、"
                "この手順のとおりにインストールします。"
            ),
            en=(
                f"Installing anew (--install fresh) is a choice in 1.1.4 only. {about.procedure} ignores it: "
                "the installation is done as this procedure has it."
            ),
        )


def _line_of_a_patch(about: About) -> Iterator[PlanWarning]:
    source, to = about.case.source, about.case.to
    if about.case.operation == "patch" and source.line != to.line:
        yield PlanWarning(
            errata=None,
            ja=(
                f"{source} から {to} へは版の系列が変わります。"
                "パッチ適用でよいか、リリースメモで確認してください。"
            ),
            en=f"From {source} to {to} the release line changes: check the release memo whether this is a patch at all.",
        )


def _patch_on_a_patch(about: About) -> Iterator[PlanWarning]:
    source = about.case.source
    if about.case.operation == "patch" and about.case.cluster.os == "linux" and source.level:
        yield PlanWarning(
            errata="C13",
            ja=(
                f"すでにパッチ（NECJCpt {source.numbers}）が入っています。"
                "重ねて適用してよいか、先に外すのかをパッチのリリースメモで確認してください。"
            ),
            en=(
                f"A patch (NECJCpt {source.numbers}) is installed already: check "
                "the patch's release memo whether the new one goes on top or replaces it."
            ),
        )


def _cluster_software(about: About) -> Iterator[PlanWarning]:
    if clusterware.of(about.case.cluster).read_state() is None:
        yield PlanWarning(
            errata=None,
            ja=(
                "このクラスタ管理ソフトウェアはコンソールから操作・読み取りができません。"
                "クラスタの操作と状態の確認は手作業になります。"
            ),
            en=(
                "The console cannot command or read this cluster software: "
                "operating it and checking its state stay with a person."
            ),
        )


def _digest(about: About) -> Iterator[PlanWarning]:
    if about.case.operation == "patch" and about.case.cluster.os == "linux" and not about.has_digest:
        yield PlanWarning(errata=None, ja=NO_DIGEST.ja, en=NO_DIGEST.en)


_RULES: tuple[_Rule, ...] = (
    _premise_of_unix,
    _introduction_of_chapter_1,
    _rolling_upgrade_asks_for_the_source,
    _patch_and_database,
    _patch_on_wsfc_is_rolling,
    _itanium,
    _fresh_is_ignored,
    _line_of_a_patch,
    _patch_on_a_patch,
    _cluster_software,
    _digest,
)
