"""Outcomes that come of how a node is reached, and of Windows: rows of outcomes.py's table (app/nodes/windows_errors.py)."""

from __future__ import annotations

from app.domain.text import Text


def _row(tone: str, ja: str, en: str, ja_todo: str, en_todo: str) -> tuple[str, Text, Text]:
    return tone, Text(ja=ja, en=en), Text(ja=ja_todo, en=en_todo)


TRANSPORTS: dict[str, tuple[str, Text, Text]] = {
    "transport_refused": _row(
        "danger",
        "このノードの接続方式には対応していないため、コマンドを送信していません。",
        "The transport of this node is not supported; nothing was sent.",
        "このステップを省略する承認を得て、手作業で実施し、証跡を添付してください。",
        "Have the step skipped with approval, carry it out by hand, and attach evidence.",
    ),
    "shell_refused": _row(
        "danger",
        "このノードのシェルでは読めないコマンドのため、送信していません。",
        "The command is written for another shell than the node's; nothing was sent.",
        "管理者に、クラスタ定義の os と transport を確認してもらってください。",
        "Ask the administrator to check os and transport in the cluster file.",
    ),
    "text_refused": _row(
        "danger",
        "このコマンドは、そのままではノードに渡せません（文字コードまたは長さ）。",
        "The command cannot be handed to the node as it is (its characters, or its length).",
        "Windows のコード ページにない文字や長すぎる部分を計画の元になる値から取り除いてください。",
        "Take characters that are not in the code page of Windows, or what makes it too long, out of the plan's values.",
    ),
    "restart_wanted": _row(
        "warning",
        "コマンドは成功しましたが、ノードの再起動が必要です（終了コード 3010 または 1641）。",
        "The command succeeded, and the node has to be restarted (exit status 3010 or 1641).",
        "再起動のステップが計画にあればそれに従い、なければ再起動の時期を担当者間で決めてください。",
        "Follow the plan where it has a step for the restart; otherwise agree on when to restart it.",
    ),
    "node_busy": _row(
        "danger",
        "ノードの WinRM が同時セッション数などの上限に達しています。",
        "WinRM on the node is at one of its limits.",
        "残っているセッションと MaxShellsPerUser などの上限を確認してから「再試行」してください。",
        "Look at sessions that were left behind and at MaxShellsPerUser and the other quotas, then retry.",
    ),
    "not_winrm": _row(
        "danger",
        "ノードのアドレスで応答したのは WinRM ではありません。",
        "What answers at the node's address is not WinRM.",
        "ポート番号、プロキシ、WinRM のリスナーを確認してから「再試行」してください。",
        "Check the port, proxies and the WinRM listener, then retry.",
    ),
    "access_refused": _row(
        "danger",
        "ノードはユーザーを認証しましたが、セッションを許可しません。",
        "The node knows the user and refuses the session.",
        "ローカルの Administrators に属しているか確認してから「再試行」してください。",
        "Check that the user belongs to the local Administrators, then retry.",
    ),
    "certificate_refused": _row(
        "danger",
        "ノードの証明書を、指定された CA では確認できません。",
        "The CA file does not vouch for the node's certificate.",
        "証明書の期限・名前・発行元を確認してから「再試行」してください。",
        "Check the certificate's dates, name and issuer, then retry.",
    ),
    "clock_skew": _row(
        "danger",
        "時計のずれが大きいため、Kerberos で認証できません。",
        "The clocks differ too much for Kerberos.",
        "ノード・ドメインコントローラー・コンソールの時刻を合わせてから「再試行」してください。",
        "Set the clocks of node, domain controller and console right, then retry.",
    ),
    "kdc_unreachable": _row(
        "danger",
        "Kerberos のドメインコントローラー（KDC）が応答しません。",
        "No domain controller (KDC) answers for Kerberos.",
        "ドメインコントローラーとコンソールからの経路（ポート 88）を確認してから「再試行」してください。",
        "Look at the domain controllers and the way there from the console (port 88), then retry.",
    ),
    "realm_unknown": _row(
        "danger",
        "ユーザー名の Kerberos レルムが分かりません。",
        "The Kerberos realm of the user's name is not known.",
        "管理者に、クラスタ定義のユーザー名（user@REALM）とコンソールの krb5.conf を確認してもらってください。",
        "Ask the administrator to look at the user in the cluster file (user@REALM) and at krb5.conf of the console's machine.",
    ),
    "node_not_in_realm": _row(
        "danger",
        "ノードがドメインの登録どおりの相手であることを、Kerberos で確認できません。",
        "Kerberos does not prove that the node is the one of the domain.",
        "管理者に、クラスタ定義の address がノードの FQDN であること、SPN、ドメインへの参加を確認してもらってください。",
        "Ask the administrator: address in the cluster file (the node's FQDN), its SPN, and whether it is in the domain.",
    ),
    "unsealed": _row(
        "danger",
        "TLS なしのノードから、暗号化されていない応答がありました。ノード本人と確認できないため使っていません。",
        "Without TLS, the node answered with something that is not encrypted. It may be anybody and was not used.",
        "プロキシやなりすましがないか、ネットワークの管理者と確認してください。",
        "Look for a proxy or something that pretends to be the node, with whoever runs the network.",
    ),
    "sign_in_unavailable": _row(
        "danger",
        "設定された認証方式を使用できません。",
        "The configured kind of authentication cannot be used.",
        "管理者に、認証情報の auth とノードの WinRM の認証方式を確認してもらってください。",
        "Ask the administrator to look at auth of the credential and at what WinRM on the node allows.",
    ),
    "plain_http_refused": _row(
        "danger",
        "TLS なしでは相手を確認できないため、接続しません。",
        "Without TLS nobody proves who answers, so no connection is made.",
        "管理者に、HTTPS リスナーか kerberos の使用を依頼してください。",
        "Ask the administrator for an HTTPS listener, or for kerberos.",
    ),
}
"""Code -> tone, what happened, what to do."""
