"""Why a package is not on a node, and what to do: rows of outcomes.py's table. Codes: engine/deliver.py, nodes/courier.py."""

from __future__ import annotations

from app.domain.text import Text

_AGAIN = (
    "直してから、もう一度「ノードに配布」を押してください。続きから再開します。",
    "Then deliver again; it goes on where it stopped.",
)


def _row(tone: str, ja: str, en: str, ja_todo: str, en_todo: str) -> tuple[str, Text, Text]:
    return tone, Text(ja=ja, en=en), Text(ja=ja_todo, en=en_todo)


UNDELIVERED: dict[str, tuple[str, Text, Text]] = {
    "delivery_other_file": _row(
        "danger",
        "ノードに、同じ名前で内容の異なるファイルがあります。上書きしていません。",
        "Another file of that name is on the node. It was not overwritten.",
        "そのファイルが不要か確かめ、名前を変えるか移してから、もう一度配布してください。",
        "See whether that file is needed, rename it or move it away, then deliver again.",
    ),
    "delivery_no_folder": _row(
        "danger",
        "ノードに、配布先のフォルダーがありません。",
        "The folder for packages is not there on the node.",
        "フォルダーを作るか、クラスタ定義のパス（patches、packages）を直してください。" + _AGAIN[0],
        "Make the folder, or mend the path (patches, packages) in the cluster file. " + _AGAIN[1],
    ),
    "delivery_read_only": _row(
        "danger",
        "接続ユーザーは、配布先のフォルダーに書き込めません。",
        "The user that connects may not write to the folder for packages.",
        "フォルダーの権限を確認してください。" + _AGAIN[0],
        "Check the folder's permissions. " + _AGAIN[1],
    ),
    "delivery_no_space": _row(
        "danger",
        "ノードの空き容量が足りません（パッケージの大きさと 64 MiB の余裕が必要です）。",
        "The node has too little free space (the package's size and 64 MiB more are needed).",
        "配布先のファイルシステムに空きを作ってください。" + _AGAIN[0],
        "Make room on the file system of the folder. " + _AGAIN[1],
    ),
    "write_refused": _row(
        "danger",
        "ノードが書き込みを拒否しました（ディスクフル、クォータ、権限など）。",
        "The node refused to take the bytes (disk full, a quota, permissions).",
        "空き容量と権限を確認してください。" + _AGAIN[0],
        "Check its free space and permissions. " + _AGAIN[1],
    ),
    "part_refused": _row(
        "danger",
        "配布途中のファイル（.tejun-….part）を作れないか、別のユーザーのファイルやリンクがそこにあります。",
        "The file of the delivery under way (.tejun-….part) cannot be made, or another user's file or a link is in its place.",
        "配布先のフォルダーを確認し、そのファイルを取り除いてください。" + _AGAIN[0],
        "Look into the folder and remove that file. " + _AGAIN[1],
    ),
    "delivery_not_named": _row(
        "danger",
        "配布したファイルに名前を付けられませんでした。",
        "The file that was delivered could not be given its name.",
        "配布先のフォルダーの権限とファイルシステムを確認してください。" + _AGAIN[0],
        "Check the folder's permissions and its file system. " + _AGAIN[1],
    ),
    "delivery_differs": _row(
        "danger",
        "ノードで計算した SHA-256 が一致しないため、配布途中のファイルを捨てました。",
        "The SHA-256 that the node computed differs; what had arrived was thrown away.",
        "ノードのディスクとメモリー、経路を確認し、もう一度配布してください。",
        "Check the node's disk and memory and the way to it, then deliver again.",
    ),
    "delivery_damaged": _row(
        "danger",
        "コンソールに保存したパッケージが壊れています。配布していません。",
        "The console's own copy of the package is damaged. It was not delivered.",
        "コンソールのディスクを確認し、同じファイルを追加し直してください。",
        "Check the console's disk, and add the same file again.",
    ),
    "delivery_package_gone": _row(
        "danger",
        "コンソール（エンジン側）に、パッケージのファイルがありません。",
        "The package's file is not there on the console (on the engine's side).",
        "同じファイルを「パッケージ」に追加し直してください。"
        "Web とエンジンを分けているときは、TEJUN_PACKAGES を両方から見える同じ場所にします。",
        "Add the same file again under Packages. With pages and engine apart, TEJUN_PACKAGES has to be one place that both see.",
    ),
    "delivery_no_sha256": _row(
        "danger",
        "ノードに SHA-256 を計算するコマンドがないため、照合できません。",
        "The node has no tool for SHA-256, so the file cannot be verified.",
        "sha256sum、shasum、openssl、digest、csum のどれかを使えるようにしてください。" + _AGAIN[0],
        "Provide one of sha256sum, shasum, openssl, digest or csum. " + _AGAIN[1],
    ),
    "delivery_no_node": _row(
        "danger",
        "このノードは、クラスタ定義にありません。",
        "The cluster's entry has no such node any more.",
        "クラスタ定義を確認し、承認を取り直してください。",
        "Look at the cluster's entry, and have the session approved again.",
    ),
    "delivery_drifted": _row(
        "warning",
        "承認の対象が変わったため、配布を始めていません。",
        "What the approval covers has changed, so the delivery was not begun.",
        "「修正」で下書きに戻し、承認を取り直してください。",
        "Revise the session and have it approved again.",
    ),
    "delivery_withdrawn": _row(
        "info",
        "セッションが下書きに戻されたか終わったため、配布を打ち切りました。",
        "The session went back to a draft, or ended, so the delivery was stopped.",
        "承認を取り直すと、続きから配布できます。",
        "After a new approval it can go on where it stopped.",
    ),
}
"""Code -> tone, what happened, what to do."""
