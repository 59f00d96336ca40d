"""The manual's literal order for one erratum: for which errata it may be asked, and what follows from it. Decides no order.

The order itself lies in the library (moved_by, literal) and in Section.ordered.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.errors import Invalid
from app.domain.procedure import PlanWarning
from app.domain.text import Text

FOLLOWS: Mapping[str, Text] = {
    "B4": Text(
        ja="待機系のクラスタサービスを再起動する前に、クラスタリソースを登録します。"
        "サービスが止まっている間の登録は失敗することがあります。",
        en="Cluster resources are registered before the standby's cluster service is restarted; "
        "while that service is stopped, the registration may fail.",
    ),
    "B8": Text(
        ja="更新中の待機系を一時停止しません。作業中にフェイルオーバーが起きると、更新が半ばのノードで業務が起動します。",
        en="The standby is not paused while it is updated: a failover during the work starts the service on a half-updated node.",
    ),
    "B9": Text(
        ja="運用系の作業中、待機系を一時停止しません。クラスタ管理ソフトウェアが、作業の途中で業務を待機系へ移すことがあります。",
        en="The standby is not paused while the active node is worked on: the cluster software may move the service "
        "there halfway.",
    ),
    "B13": Text(
        ja="クラスタ管理の画面を開いたままアンインストールします。使用中のファイルが残ることがあります。",
        en="The uninstallation runs while the cluster manager's window is open; files in use may be left behind.",
    ),
    "B14": Text(
        ja="クラスタ管理の画面を閉じたあとにリソースを登録します。登録のために、画面をもう一度開くことになります。",
        en="The resource is registered after the cluster manager's window was closed, so it has to be opened once more.",
    ),
    "C8": Text(
        ja="トラッキング情報を、それを消すためのコマンドより先にフォルダーごと消します。コマンドは失敗するか、何もしません。",
        en="The tracking files are removed with their folder before the command that deletes them; that command fails, "
        "or does nothing.",
    ),
}
"""The errata whose literal order an administrator may choose, and what follows; in the order in which they are offered."""


def require_allowed(erratum: str | None) -> None:
    """Refuse an erratum whose literal order is not to be had: where it is no matter of order, or of dangerous commands."""
    if erratum is None or erratum in FOLLOWS:
        return
    allowed = ", ".join(FOLLOWS)
    raise Invalid(
        "literal.not_allowed",
        f"「{erratum[:20]}」は、マニュアルの記載順を選べる正誤ではありません。選べるのは {allowed} です。"
        "E 群（危険なコマンド）の記載どおりの実行は、どの場合も行いません。",
        f"The literal order of {erratum[:20]!r} cannot be chosen; allowed: {allowed}. "
        "The commands of group E are dangerous and never run as the manual prints them.",
        "literal",
    )


def no_effect(erratum: str) -> Invalid:
    """The refusal of an erratum that changes nothing in a plan."""
    return Invalid(
        "literal_no_effect",
        f"この計画には、正誤 {erratum} で変わるところがありません。記載順の指定を外してください。",
        f"Erratum {erratum} changes nothing in this plan: leave the literal order out.",
        "literal",
    )


def notices(erratum: str | None) -> tuple[PlanWarning, ...]:
    """What the plan says about its literal order."""
    if erratum is None:
        return ()
    follows = FOLLOWS[erratum]
    return (
        PlanWarning(
            errata=erratum,
            ja=f"正誤 {erratum} については、マニュアルの記載どおりの順序にしています。{follows.ja}",
            en=f"For erratum {erratum} this plan follows the manual's literal order. {follows.en}",
        ),
    )
