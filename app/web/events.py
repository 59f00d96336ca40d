"""Audit events as sentences: the name of an action, and its parameters in the reader's words. A table, no decisions.

The stored event holds codes and parameters only; an action or a parameter that is not in the table is shown as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.actions.act import params_of
from app.domain.text import Language, Text
from app.models import AuditEvent
from app.web import outcomes
from app.web.filters import local, size
from app.web.wording import BADGES


def _t(ja: str, en: str) -> Text:
    return Text(ja=ja, en=en)


ACTIONS: Mapping[str, Text] = {
    "session.created": _t("セッションを作成", "session created"),
    "session.edited": _t("セッションを変更", "session edited"),
    "session.reordered": _t("マニュアルの記載順を指定", "literal order chosen"),
    "session.submitted": _t("承認を依頼", "session submitted"),
    "session.approved": _t("セッションを承認", "session approved"),
    "session.returned": _t("セッションを差し戻し", "session returned"),
    "session.revised": _t("下書きに戻した", "session revised"),
    "session.started": _t("作業を開始", "session started"),
    "session.paused": _t("一時停止", "session paused"),
    "session.resumed": _t("再開", "session resumed"),
    "session.extended": _t("作業時間帯を延長", "window extended"),
    "session.completed": _t("作業を完了", "session completed"),
    "session.aborted": _t("作業を中止", "session aborted"),
    "session.swept": _t("中断した処理を自動で再開", "stalled session taken up again"),
    "step.reached": _t("ステップに到達", "step reached"),
    "step.executed": _t("実行を指示", "step executed"),
    "step.ticked": _t("実施を記録", "step ticked"),
    "step.verified": _t("再確認を指示", "step verified"),
    "step.confirmed": _t("確認者が確認", "step confirmed"),
    "step.overridden": _t("確認の不一致を承知で完了", "check overridden"),
    "step.retried": _t("再試行を指示", "step retried"),
    "step.cancelled": _t("取り消しを指示", "step cancelled"),
    "step.skipped": _t("ステップを省略", "step skipped"),
    "step.settled": _t("結果不明を確定", "step settled"),
    "step.admitted": _t("実施前の条件を確認", "step's preconditions read"),
    "step.judged": _t("確認結果を判定", "step judged"),
    "skip.requested": _t("省略の承認を依頼", "skip asked for"),
    "settle.requested": _t("結果確定の承認を依頼", "settling asked for"),
    "extend.requested": _t("延長の承認を依頼", "extension asked for"),
    "approval.granted": _t("依頼を承認", "approval granted"),
    "approval.denied": _t("依頼を却下", "approval denied"),
    "attempt.started": _t("コマンドの送信を開始", "attempt started"),
    "attempt.claimed": _t("ノードで実行を開始", "attempt claimed on the node"),
    "attempt.detached": _t("ノードとの接続が切れた", "connection to the node lost"),
    "attempt.attached": _t("ノードに再接続", "connected to the node again"),
    "attempt.ended": _t("コマンドが終了", "attempt ended"),
    "reading.stored": _t("読み取り結果を保存", "readings stored"),
    "output.redacted": _t("出力中の秘密情報を伏せた", "secret overwritten in the output"),
    "evidence.attached": _t("証跡を添付", "evidence attached"),
    "spool.removed": _t("ノードの一時ファイルを削除", "spool removed from the node"),
    "outage.began": _t("サイトの停止を検知", "site seen down"),
    "outage.ended": _t("サイトの復旧を検知", "site seen up again"),
    "cluster.added": _t("クラスタを登録", "cluster added"),
    "cluster.edited": _t("クラスタを変更", "cluster edited"),
    "cluster.raised": _t("クラスタ定義の版を更新", "version of the cluster's entry raised"),
    "cluster.removed": _t("クラスタを削除", "cluster removed"),
    "overlay.imported": _t("オーバーレイを取り込み", "overlay imported"),
    "overlay.retired": _t("オーバーレイを廃止", "overlay retired"),
    "package.added": _t("パッケージを保存", "package stored"),
    "package.removed": _t("パッケージを削除", "package removed"),
    "delivery.queued": _t("ノードへの配布を指示", "delivery to the node asked for"),
    "delivery.started": _t("ノードへの配布を開始", "delivery to the node started"),
    "delivery.ended": _t("ノードへの配布が終了", "delivery to the node ended"),
    "host_key.offered": _t("ホスト鍵の提示を記録", "host key offered"),
    "host_key.accepted": _t("ホスト鍵を承認", "host key accepted"),
    "user.added": _t("ユーザを追加", "user added"),
    "user.changed": _t("ユーザを変更", "user changed"),
    "user.disabled": _t("ユーザを無効化", "user disabled"),
    "login.signed_in": _t("サインイン", "signed in"),
    "login.signed_out": _t("サインアウト", "signed out"),
    "login.refused": _t("サインインを拒否", "sign-in refused"),
    "request.refused": _t("操作を拒否", "request refused"),
}
NAMES: Mapping[str, Text] = {
    "step": _t("ステップ", "step"),
    "number": _t("試行", "attempt"),
    "attempt": _t("試行", "attempt"),
    "node": _t("ノード", "node"),
    "state": _t("状態", "state"),
    "verdict": _t("判定", "verdict"),
    "exit_status": _t("終了コード", "exit status"),
    "problem": _t("理由", "because"),
    "sizes": _t("出力", "output"),
    "reason": _t("理由", "reason"),
    "note": _t("メモ", "note"),
    "comment": _t("コメント", "comment"),
    "outcome": _t("結果", "outcome"),
    "clusters": _t("クラスタ", "clusters"),
    "literal": _t("記載順にした正誤", "erratum in its literal order"),
    "literal_dropped": _t("外れた記載順の正誤", "literal order dropped"),
    "overlay": _t("オーバーレイ", "overlay"),
    "overlay_sha256": _t("オーバーレイのSHA-256", "overlay SHA-256"),
    "evidence": _t("証跡", "evidence"),
    "cluster": _t("クラスタ", "cluster"),
    "operation": _t("作業", "operation"),
    "target": _t("適用後の版", "target"),
    "install": _t("インストール方法", "installation"),
    "name": _t("名前", "name"),
    "size": _t("サイズ", "size"),
    "sha256": _t("SHA-256", "SHA-256"),
    "patch_sha256": _t("パッチのSHA-256", "patch SHA-256"),
    "path": _t("ノードでの場所", "place on the node"),
    "done": _t("配布済みバイト数", "bytes on the node"),
    "plan": _t("計画", "plan"),
    "digest": _t("承認対象", "covered"),
    "window": _t("作業時間帯", "window"),
    "window_end": _t("終了時刻", "window end"),
    "before": _t("変更前", "before"),
    "end": _t("変更後", "after"),
    "version": _t("版", "version"),
    "site": _t("サイト", "site"),
    "last_up": _t("最後の稼働", "last seen up"),
    "first_up": _t("復旧", "seen up"),
    "samples": _t("測定回数", "samples"),
    "address": _t("アドレス", "address"),
    "port": _t("ポート", "port"),
    "fingerprint": _t("指紋", "fingerprint"),
    "replaced": _t("以前の指紋", "replaced"),
    "roles": _t("権限", "roles"),
    "code": _t("コード", "code"),
    "status": _t("応答", "status"),
    "kind": _t("種類", "kind"),
    "dropped": _t("破棄した出力", "output dropped"),
    "at_screen_of": _t("操作した画面の利用者", "at the screen of"),
    "awaiting": _t("待ち", "awaiting"),
    "count": _t("回数", "count"),
    "places": _t("箇所（系統・オフセット・バイト数）", "places (stream, offset, bytes)"),
}
TIMES = {"last_up", "first_up", "window_end", "end"}
WORDS = {"state": ("attempt", "step", "delivery"), "verdict": ("verdict",), "awaiting": ("awaiting",)}
HIDDEN = {"key", "advance", "digests", "document", "readings", "resting_state", "payload"}


class Fact(NamedTuple):
    """One parameter for the reader: its name and its value as text."""

    name: str
    value: str


class EventView(NamedTuple):
    """One event as the page shows it; `raw` is the stored payload, the bytes that the chain hashes."""

    event: AuditEvent
    action: str
    facts: list[Fact]
    raw: str
    hash: str


def view_of(event: AuditEvent, language: Language, zone: str) -> EventView:
    """An event in the reader's language, times in the given zone."""
    name, params = ACTIONS.get(event.action), params_of(event)
    begun = event.action == "attempt.detached" or params.get("state") == "unknown"
    return EventView(
        event=event,
        action=name.in_(language) if name else event.action,
        facts=facts(params, language, zone, begun),
        raw=event.payload.decode(),
        hash=event.hash.hex(),
    )


def facts(params: Mapping[str, Any], language: Language, zone: str, begun: bool = False) -> list[Fact]:
    """The parameters that say something to a reader. `begun`: a problem among them came after a command was sent."""
    shown = {key: value for key, value in params.items() if key not in HIDDEN and value not in (None, "", [])}
    return [
        Fact(NAMES[key].in_(language) if key in NAMES else key, _value(key, value, language, zone, begun))
        for key, value in shown.items()
        if not (key == "dropped" and value == 0)
    ]


def _value(key: str, value: Any, language: Language, zone: str, begun: bool) -> str:
    if (key in TIMES or key == "before") and isinstance(value, int):
        return local(value, zone).striptags()
    if key == "window" and isinstance(value, list):
        return " – ".join(local(at, zone).striptags() for at in value)
    if key == "sizes" and isinstance(value, list):
        return " + ".join(size(count) for count in value)
    if key == "size":
        return size(value)
    if key == "problem" and isinstance(value, str):
        return outcomes.explain(value, begun=begun).what.in_(language)
    for kind in WORDS.get(key, ()):
        if value in BADGES[kind]:
            return BADGES[kind][value].text.in_(language)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
