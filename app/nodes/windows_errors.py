"""What can go wrong between the console and a Windows node, beyond errors.py. Each says what to do, in both languages."""

from __future__ import annotations

from app.nodes.errors import NodeError, Unreachable


class NodeBusy(Unreachable):
    """WinRM has no room for another session at the moment (a quota). Nothing was sent; asked again it may have."""

    code = "node_busy"

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(where, detail, "psrp")
        self._say(
            f"{where} の WinRM が同時セッション数などの上限に達しています（{detail}）。しばらくしてからやり直します。続く場合は、"
            "ノードで MaxShellsPerUser などの上限と、残っているセッションを確認してください。",
            f"WinRM on {where} is at one of its limits ({detail}); it is asked again after a while. If this goes on, look at "
            "MaxShellsPerUser and the other quotas on the node, and at sessions that were left behind.",
        )


class NotWinRM(NodeError):
    """Something answers there, and it is no WinRM: another port, a proxy's page. Nothing was carried out."""

    code = "not_winrm"

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(
            f"{where} は応答しますが、WinRM の応答ではありません（{detail}）。ポート番号（TLS は 5986）、プロキシの有無、"
            "ノードで WinRM のリスナーが有効かを確認してください。",
            f"{where} answers, but not as WinRM does ({detail}). Check the port (5986 with TLS), whether a proxy is in between, "
            "and that the node has a WinRM listener.",
        )


class AccessRefused(NodeError):
    """The user is known and may not open a session: no local Administrator, or not through this token."""

    code = "access_refused"

    def __init__(self, where: str, user: str) -> None:
        super().__init__(
            f"{where} はユーザー {user} を認証しましたが、セッションを許可しません。ローカルの Administrators に属しているか、"
            "ローカル アカウントでは LocalAccountTokenFilterPolicy を確認してください。",
            f"{where} knows the user {user} and refuses the session. Check that it belongs to the local Administrators; of a "
            "local account, also LocalAccountTokenFilterPolicy.",
        )


class CertificateRefused(NodeError):
    """The CA file does not vouch for the node's certificate (expired, other name, other issuer). Nothing was sent."""

    code = "certificate_refused"

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(
            f"{where} の証明書を、指定された CA では確認できません（{detail}）。何も送っていません。期限、名前、"
            "発行元を確認してください。CA を使わず、証明書の指紋を登録することもできます。",
            f"The certificate of {where} is not vouched for by the CA file ({detail}). Nothing was sent. Check its dates, its "
            "name (that of the node's address) and its issuer; or do without the CA and accept the certificate's fingerprint.",
        )


class ClockSkew(NodeError):
    """Kerberos refuses, since the clocks differ too much (usually more than five minutes)."""

    code = "clock_skew"

    def __init__(self, where: str) -> None:
        super().__init__(
            f"時計のずれが大きいため、{where} の Kerberos 認証ができません。"
            "ノード・ドメインコントローラー・このコンソールの時刻を合わせてください。",
            f"The clocks differ too much for Kerberos with {where}. Set the clocks of the node, of the domain controller and of "
            "the console's own machine right.",
        )


class RealmUnknown(NodeError):
    """Kerberos finds no such realm, no controller of it, or no such user or service in it."""

    code = "realm_unknown"

    def __init__(self, where: str, user: str, detail: str) -> None:
        super().__init__(
            f"{where} への Kerberos 認証で、ユーザー {user} の領域（ドメイン）を確認できません（{detail}）。"
            "ユーザー名を user@REALM（大文字）の形で書き、/etc/krb5.conf の領域と、"
            "address がドメインの名前であることを確認してください。",
            f"Kerberos does not find the realm (domain) of {user}, or does not know the node in it, for {where} ({detail}). "
            "Write the user as user@REALM in capitals; check the realm in /etc/krb5.conf, and the address.",
        )


class SignInUnavailable(NodeError):
    """This console, or the node, does not offer that kind of authentication. Nothing was sent."""

    code = "sign_in_unavailable"

    def __init__(self, where: str, kind: str, detail: str) -> None:
        super().__init__(
            f"{where} への認証方式 {kind} を使用できません（{detail}）。kerberos と credssp には pypsrp[kerberos] と "
            "pypsrp[credssp] の導入が必要です。ノードの WinRM でその方式が有効かも確認してください。",
            f"{kind} cannot be used to sign in to {where} ({detail}). kerberos and credssp need pypsrp[kerberos] and "
            "pypsrp[credssp] on the console; check also that WinRM on the node allows it.",
        )


class PlainHttpRefused(NodeError):
    """Without TLS nobody proves who answers, except with Kerberos. Nothing was sent."""

    code = "plain_http_refused"

    def __init__(self, where: str, kind: str) -> None:
        super().__init__(
            f"{where} は TLS なし（HTTP）の設定ですが、認証方式 {kind} では相手を確認できないため接続しません。"
            "HTTPS リスナー（5986）を使うか、認証方式を kerberos にしてください。",
            f"{where} is to be asked without TLS, and {kind} does not prove who answers there, so no connection is made. Use an "
            "HTTPS listener (5986), or sign in with kerberos.",
        )


class TextRefused(NodeError):
    """A command cannot be brought to this node as it is (its characters, its length). Nothing was sent."""

    code = "text_refused"

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(
            f"このコマンドは、そのままでは {where} に渡せないため送っていません（{detail}）。"
            "Windows のコード ページにない文字や長すぎるコマンドを見直してください。",
            f"This command cannot be handed to {where} as it is and was not sent ({detail}). Look for characters that are not in "
            "the code page of Windows, and for its length.",
        )
