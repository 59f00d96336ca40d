"""Codes of the engine and the nodes as sentences that say what happened and what to do. A table, no decisions.

Sources: app/nodes/errors.py and results.py (codes of the nodes), app/engine (outcomes of attempts and steps). A code that is
not here is shown as it is: it is never swallowed.
"""

from __future__ import annotations

from typing import NamedTuple

from app.domain.text import Text
from app.web.begun import BEGUN
from app.web.transport_outcomes import TRANSPORTS
from app.web.unasked import UNASKED
from app.web.undelivered import UNDELIVERED


class Explanation(NamedTuple):
    """What happened and what to do about it; `code` for support, `tone` one of danger, warning, info, good."""

    code: str
    what: Text
    todo: Text
    tone: str


def _row(tone: str, ja: str, en: str, ja_todo: str, en_todo: str) -> tuple[str, Text, Text]:
    return tone, Text(ja=ja, en=en), Text(ja=ja_todo, en=en_todo)


_LOOK = (
    "ノードの状態を直接確かめ、「結果を確定」で成功か失敗かを申請してください（別の人の承認が必要です）。",
    "Look at the node itself, then say under “Settle” how it ended; a second person has to agree.",
)
_RETRY_SAFE = ("原因を取り除いてから「再試行」してください。", "Remove the cause, then retry.")
_AGAIN = (
    "接続を確認してから「再試行」または「再確認」してください。",
    "Check the connection, then retry or verify again.",
)
_TABLE = {
    **(UNASKED | TRANSPORTS | UNDELIVERED),
    "interlock": _row(
        "danger",
        "実行直前の条件が満たされていないため、コマンドを開始していません。",
        "A condition right before the start does not hold, so the command was not started.",
        "下の「実行直前の条件」で不一致の項目を確認し、クラスタを計画どおりの状態に戻してから「再試行」してください。",
        "See which condition differs below, bring the cluster back to what the plan expects, then retry.",
    ),
    "already_so": _row(
        "good",
        "実行前から目的の状態だったため、コマンドは実行していません。",
        "The wanted state was there already, so the command was not run.",
        "対応は不要です。",
        "Nothing to do.",
    ),
    "exit_status": _row(
        "danger",
        "コマンドがエラー終了しました（終了コードが0以外）。",
        "The command ended with an error (exit status other than 0).",
        "標準出力と標準エラーで原因を確認し、取り除いてから「再試行」してください。",
        "Find the cause in its output and error output, remove it, then retry.",
    ),
    "no_space": _row(
        "danger",
        "ノードの空き容量が足りないため、コマンドを開始していません。",
        "There is too little free space on the node, so the command was not started.",
        "スプール用フォルダーのあるファイルシステムに空きを確保してから「再試行」してください。",
        "Free some space on the file system of the spool folder, then retry.",
    ),
    "unreachable": _row(
        "danger",
        "ノードに接続できませんでした。コマンドは送信していません。",
        "The node could not be reached. No command was sent.",
        "電源・ネットワーク・sshd（Windows では WinRM）を確認してから「再試行」してください。",
        "Check power, network and sshd (WinRM on Windows), then retry.",
    ),
    "host_key_changed": _row(
        "danger",
        "ノードのホスト鍵が承認済みのものと異なるため、接続を中止しました。コマンドは送信していません。",
        "The node shows another host key than the accepted one; no connection was made and nothing was sent.",
        "別のマシンや盗聴のおそれがあります。再構築した場合に限り、クラスタ画面で指紋を照合し、管理者が承認してください。",
        "It may be another machine or an eavesdropper. Only if the node was rebuilt: compare the fingerprint on the "
        "cluster's page and have an administrator accept it.",
    ),
    "host_key_unknown": _row(
        "danger",
        "ノードのホスト鍵がまだ承認されていないため、接続していません。",
        "The node's host key has not been accepted yet, so no connection was made.",
        "クラスタ画面で指紋を照合し、管理者に承認を依頼してから「再試行」してください。",
        "Compare the fingerprint on the cluster's page, have an administrator accept it, then retry.",
    ),
    "authentication_refused": _row(
        "danger",
        "ノードが認証を拒否しました。コマンドは送信していません。",
        "The node refused the credential. No command was sent.",
        "認証情報とノードの authorized_keys・sshd（Windows では WinRM）の設定を確認してから「再試行」してください。",
        "Check the credential and the node's authorized_keys and sshd configuration (WinRM on Windows), then retry.",
    ),
    "credential_missing": _row(
        "danger",
        "認証情報を読み取れないため、接続していません。",
        "The credential cannot be read, so no connection was made.",
        "管理者に、コンソールの認証情報の設定を確認してもらってください。",
        "Ask the administrator to look at the console's credentials.",
    ),
    "connection_cut": _row(
        "warning", "接続が途中で切れました。", "The connection was cut under way.", *_AGAIN
    ),
    "superseded": _row(
        "warning",
        "別のワーカーがこの実行を引き継ぎました。",
        "Another worker took this run over.",
        "そのまま結果を待ってください。",
        "Wait for the outcome.",
    ),
    "read_too_large": _row(
        "warning",
        "確認コマンドの出力が上限を超えたため、判定に使っていません。",
        "The probe wrote too much; its answer is not used.",
        "ノードを直接確認してください。",
        "Look at the node itself.",
    ),
    "guard_broken": _row(
        "danger",
        "ノード側の実行の仕組みが正しく動作していません。",
        "The guard on the node does not work.",
        "スプール用フォルダーの権限と /bin/sh（Windows では PowerShell）を確認してから「再試行」してください。",
        "Check the permissions of the spool folder and /bin/sh (PowerShell on Windows), then retry.",
    ),
    "timed_out": _row(
        "danger",
        "制限時間内に終わりませんでした。",
        "It did not end in time.",
        "コマンドの場合はプロセスの停止を確認済みです。ノードの負荷などを確認してから「再試行」してください。",
        "If it was a command, its processes are confirmed dead. Check the node's load, then retry.",
    ),
    "cancelled": _row(
        "warning",
        "取り消されました。プロセスが残っていないことを確認済みです。",
        "It was cancelled; no process of it is left.",
        "途中まで実行された可能性があります。ノードの状態を確認してから「再試行」してください。",
        "It may have done a part of its work. Look at the node, then retry.",
    ),
    "cancel_unconfirmed": _row(
        "warning",
        "取り消しを指示しましたが、プロセスの停止を確認できませんでした。",
        "It was told to stop, but its end could not be confirmed.",
        *_LOOK,
    ),
    "spool_gone": _row(
        "warning",
        "開始したはずの実行の記録が、ノードに残っていません。二重実行を避けるため、再実行はしていません。",
        "The node has no record of a run that should have started. It was not started again.",
        *_LOOK,
    ),
    "no_process": _row(
        "warning",
        "コマンドを見ていたプロセスが、終了コードを残さずに消えました。コマンドは動き続けている可能性があります。",
        "The process that watched the command is gone without an exit status. The command may live on.",
        *_LOOK,
    ),
    "other_boot": _row(
        "warning",
        "コマンドの実行中にノードが再起動しました。どこまで進んだかは分かりません。",
        "The node was rebooted while the command ran. How far it came is not known.",
        *_LOOK,
    ),
    "bad_claim": _row(
        "warning", "ノードにある開始の記録が壊れています。", "The record of the start is damaged.", *_LOOK
    ),
    "bad_status": _row(
        "warning",
        "ノードにある終了コードの記録が壊れています。",
        "The record of the exit status is damaged.",
        *_LOOK,
    ),
    "output_short": _row(
        "warning",
        "ノードに残る出力が、記録されたサイズと一致しません。",
        "The output on the node does not have the recorded size.",
        *_LOOK,
    ),
    "removed": _row(
        "warning",
        "この実行の記録は、保存済みとしてノードから削除されています。",
        "The record of this run was stored and removed from the node.",
        *_LOOK,
    ),
    "check_fail": _row(
        "danger",
        "確認の結果が、期待する状態と一致しません。",
        "What was read is not what it should be.",
        "下の「確認結果」で不足・余分の項目を確認し、ノードの状態を直してから、もう一度確認してください。",
        "See below what is missing or should not be there, mend it on the node, then check again.",
    ),
    "check_unknown": _row(
        "warning",
        "状態を読み取れなかったため、合否を判定していません。",
        "The state could not be read, so there is no verdict.",
        *_AGAIN,
    ),
    "unreadable": _row(
        "warning",
        "ノードの応答を解釈できませんでした。",
        "The node's answer could not be understood.",
        "応答の内容を確認し、ノードで直接確かめてください。",
        "Read the answer below and look at the node itself.",
    ),
    "internal_error": _row(
        "danger",
        "コンソール側の不具合で、処理が止まりました。",
        "A fault of the console stopped this.",
        "管理者にアプリケーションログの確認を依頼し、ノードの状態を確かめてから「再試行」してください。",
        "Have the administrator look at the application's own records, look at the node, then retry.",
    ),
    "window_closed": _row(
        "warning",
        "作業時間帯が終わったため、自動で一時停止しました。新しいステップは開始しません。",
        "The window closed, so the session paused by itself. No new step starts.",
        "続ける場合は「作業時間帯の延長」を申請し、承認後に「再開」してください。",
        "To go on, ask for an extension of the window; once granted, resume.",
    ),
    "failed": _row("danger", "コマンドが失敗しました。", "The command failed.", *_RETRY_SAFE),
    "unknown": _row(
        "warning",
        "コマンドの結果が分かりません。成功とも失敗とも判断していません。",
        "What became of the command is not known; it counts neither as a success nor as a failure.",
        *_LOOK,
    ),
    "not_begun": _row(
        "warning",
        "開始前に取り消されました。ノードには何も送信していません。",
        "It was cancelled before it began; nothing was sent to the node.",
        "必要であれば「再試行」してください。",
        "Retry if it is still wanted.",
    ),
    "session_aborted": _row(
        "info",
        "状態の確認中にセッションが中止されました。",
        "The session was aborted while the state was being read.",
        "中止時の報告を確認してください。",
        "See the report of the abort.",
    ),
    "overridden": _row(
        "warning",
        "確認の結果は期待と異なりますが、確認者が証跡を見て完了としました。",
        "The checks did not agree; the checker called it done on the evidence that is attached.",
        "理由は確認者のメモ、根拠は証跡にあります。",
        "The checker's note says why; the evidence shows what it rests on.",
    ),
    "skipped_by_approval": _row(
        "info", "承認を得て省略しました。", "Skipped with approval.", "対応は不要です。", "Nothing to do."
    ),
    "not_applicable": _row(
        "info", "この構成では対象外です。", "Does not apply here.", "対応は不要です。", "Nothing to do."
    ),
    "settled_succeeded": _row(
        "info",
        "結果不明だったものを、成功として確定しました（別の人が承認）。",
        "Its unknown outcome was settled as succeeded; a second person agreed.",
        "続けて確認が行われます。",
        "Its checks are read next.",
    ),
    "settled_failed": _row(
        "danger",
        "結果不明だったものを、失敗として確定しました（別の人が承認）。",
        "Its unknown outcome was settled as failed; a second person agreed.",
        *_RETRY_SAFE,
    ),
}


def explain(code: str, *, begun: bool = False) -> Explanation:
    """The sentence for a code; `attempt_…` (an attempt's end without a problem of its own) reads as the rest of it.

    `begun`: it is of an attempt whose command was sent, so that only the node can say what became of it.
    """
    if begun and code in BEGUN:
        return Explanation(code, BEGUN[code], Text(ja=_LOOK[0], en=_LOOK[1]), "warning")
    found = _TABLE.get(code) or _TABLE.get(code.removeprefix("attempt_"))
    if found is None:
        what = Text(ja=f"結果コード: {code}", en=f"Outcome code: {code}")
        return Explanation(
            code, what, Text(ja="ノードの状態を確認してください。", en="Look at the node."), "warning"
        )
    tone, what, todo = found
    return Explanation(code, what, todo, tone)
