"""What is said of a fault once the command was sent: never that nothing was sent. The rest of the codes is in `outcomes`."""

from __future__ import annotations

from app.domain.text import Text

BEGUN = {
    "unreachable": Text(
        ja="コマンドを送信した後、ノードに接続できなくなりました。",
        en="Since the command was sent, the node cannot be reached.",
    ),
    "host_key_changed": Text(
        ja="コマンドを送信した後、ノードが承認済みのものと異なるホスト鍵を提示しました。別のマシンや盗聴のおそれがあります。",
        en="Since the command was sent, the node shows another host key than the accepted one. "
        "It may be another machine or an eavesdropper.",
    ),
    "host_key_unknown": Text(
        ja="コマンドを送信した後、ノードの承認済みのホスト鍵がなくなりました。",
        en="Since the command was sent, no host key of the node is accepted any more.",
    ),
    "authentication_refused": Text(
        ja="コマンドを送信した後、ノードが認証を拒否しました。認証情報とノードの authorized_keys・sshd を確認してください。",
        en="Since the command was sent, the node refuses the credential. "
        "Check the credential and the node's authorized_keys and sshd configuration.",
    ),
    "credential_missing": Text(
        ja="コマンドを送信した後、認証情報を読み取れなくなりました。管理者に、コンソールの認証情報の設定を確認してもらってください。",
        en="Since the command was sent, the credential cannot be read. "
        "Ask the administrator to look at the console's credentials.",
    ),
    "guard_broken": Text(
        ja="コマンドを送信した後、ノード側の実行の仕組みが正しく応答しません。スプール用フォルダーの権限と空き容量を確認してください。",
        en="Since the command was sent, the guard on the node does not answer rightly. "
        "Check the permissions of the spool folder and the free space.",
    ),
    "node_busy": Text(
        ja="コマンドを送信した後、ノードの WinRM が上限に達していて接続できません。",
        en="Since the command was sent, WinRM on the node is at one of its limits.",
    ),
    "not_winrm": Text(
        ja="コマンドを送信した後、ノードのアドレスで WinRM でないものが応答しています。ポートとプロキシを確認してください。",
        en="Since the command was sent, something that is not WinRM answers there. Check the port and proxies.",
    ),
    "access_refused": Text(
        ja="コマンドを送信した後、ノードがセッションを許可しません。ユーザーの権限を確認してください。",
        en="Since the command was sent, the node refuses the session. Check the user's rights.",
    ),
    "certificate_refused": Text(
        ja="コマンドを送信した後、ノードの証明書を CA で確認できません。期限・名前・発行元を確認してください。",
        en="Since the command was sent, the CA file does not vouch for the node. Check its certificate's dates, name and issuer.",
    ),
    "clock_skew": Text(
        ja="コマンドを送信した後、時計のずれのため Kerberos で認証できません。",
        en="Since the command was sent, the clocks differ too much for Kerberos.",
    ),
    "kdc_unreachable": Text(
        ja="コマンドを送信した後、Kerberos のドメインコントローラー（KDC）が応答しません。",
        en="Since the command was sent, no domain controller (KDC) answers for Kerberos.",
    ),
    "realm_unknown": Text(
        ja="コマンドを送信した後、ユーザー名の Kerberos レルムが分からなくなりました。管理者に確認してもらってください。",
        en="Since the command was sent, the Kerberos realm of the user's name is not known. Ask the administrator.",
    ),
    "node_not_in_realm": Text(
        ja="コマンドを送信した後、ノードがドメインの登録どおりの相手であることを確認できません。",
        en="Since the command was sent, Kerberos does not prove that the node is the one of the domain.",
    ),
    "unsealed": Text(
        ja="コマンドを送信した後、TLS なしのノードから暗号化されていない応答がありました。なりすましのおそれがあります。",
        en="Since the command was sent, the node answered without TLS and not encrypted. It may be anybody.",
    ),
    "sign_in_unavailable": Text(
        ja="コマンドを送信した後、認証方式を使用できなくなりました。管理者に確認してもらってください。",
        en="Since the command was sent, that kind of authentication cannot be used. Ask the administrator.",
    ),
    "plain_http_refused": Text(
        ja="コマンドを送信した後、TLS なしの設定に変わり、相手を確認できません。管理者に確認してもらってください。",
        en="Since the command was sent, the node is to be asked without TLS. Ask the administrator.",
    ),
}
