"""What the connection doctor says of the way to a node: titles of all lines, and the cases of those up to the sign-in.

Tables only. `SAID` holds every case as `line.case`: its verdict, what was found, and what to do; braces are filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from app.domain.doctor_readings import READINGS, Case, case
from app.domain.text import Text

TITLES: Mapping[str, Text] = {
    "name": Text(ja="名前", en="Name"),
    "port": Text(ja="ポート", en="Port"),
    "identity": Text(ja="ホスト鍵・証明書", en="Host key or certificate"),
    "service": Text(ja="応答しているサービス", en="Service that answers"),
    "clock": Text(ja="時計", en="Clock"),
    "signin": Text(ja="認証", en="Authentication"),
    "quotas": Text(ja="WinRM の上限", en="Quotas of WinRM"),
    "sessions": Text(ja="残っているセッション", en="Sessions left behind"),
    "shell": Text(ja="シェル", en="Shell"),
    "language": Text(ja="PowerShell の言語モード", en="Language mode of PowerShell"),
    "rights": Text(ja="権限", en="Rights"),
    "scheduler": Text(ja="タスク スケジューラ", en="Task Scheduler"),
    "digest": Text(ja="SHA-256 の計算コマンド", en="Tool for SHA-256"),
    "spool": Text(ja="実行ガードのフォルダー", en="Folder of the guard"),
    "left": Text(ja="残っている実行の記録", en="Runs left in that folder"),
    "boot": Text(ja="起動時刻", en="Time of the boot"),
    "zone": Text(ja="時間帯", en="Time zone"),
    "encoding": Text(ja="文字コード", en="Encoding"),
    "disk": Text(ja="空き容量", en="Free disk space"),
    "hop": Text(ja="クラスタへの問い合わせ（Get-ClusterNode）", en="Asking the cluster (Get-ClusterNode)"),
}
UNREAD = frozenset({"shell", "language", "rights", "scheduler", "digest", "spool", "hop"})
"""Lines without which nothing can be carried out: an answer to them that cannot be read is a failure, else a warning."""

_AT_THE_NODE = (
    "ノードのコンソールで指紋を照合し、管理者がクラスタ画面で承認してください。",
    "Compare the fingerprint at the node's own console; an administrator then accepts it on the cluster's page.",
)
_CONTACT: Mapping[str, Case] = {
    "name.found": case("pass", "{address} は {found} です。", "{address} is {found}."),
    "name.unknown": case(
        "fail", "{address} の名前を解決できません（{detail}）。", "The name {address} cannot be resolved ({detail}).",
        "クラスタ定義の address、コンソールの DNS と hosts ファイルを確認してください。",
        "Check the address in the cluster file, and the DNS and hosts file of the console's machine.",
    ),
    "port.open": case("pass", "ポート {port} に接続できました。", "Port {port} takes connections."),
    "port.refused": case(
        "fail", "ポート {port} に接続できません（{detail}）。", "Port {port} takes no connection ({detail}).",
        "ノードで {service} が起動しているか、ポート番号（SSH 22、WinRM 5986）が正しいかを確認してください。",
        "Check that {service} runs on the node and that the port is right (SSH 22, WinRM 5986).",
    ),
    "port.silent": case(
        "fail", "ポート {port} から {seconds:g} 秒以内に応答がありません。",
        "Port {port} did not answer within {seconds:g} seconds.",
        "ノードの電源、ネットワークの経路、途中とノードのファイアウォールを確認してください。",
        "Check the node's power, the way through the network, and the firewalls in between and on the node.",
    ),
    "identity.pinned": case("pass", "承認済みのものです（{fingerprint}）。", "It is the accepted one ({fingerprint})."),
    "identity.vouched": case("pass", "CA で確認できました（期限まで {days} 日）。", "The CA vouches for it ({days} days left)."),
    "identity.kerberos": case(
        "pass", "TLS なしの接続です。相手は Kerberos が確認します。", "Without TLS; Kerberos proves who answers.",
    ),
    "identity.unknown": case(
        "fail", "まだ承認されていません。提示されたもの: {fingerprint}（{algorithm}）。",
        "None has been accepted yet. It shows {fingerprint} ({algorithm}).", *_AT_THE_NODE,
    ),
    "identity.changed": case(
        "fail", "承認済みのものと異なります。提示されたもの: {fingerprint}（{algorithm}）。何も送っていません。",
        "It is another one than the accepted one: {fingerprint} ({algorithm}). Nothing was sent.",
        "別のマシンか、通信の盗聴のおそれがあります。再構築・更新した場合に限り、指紋を照合して承認し直してください。",
        "It may be another machine, or an eavesdropper. Only if the node was rebuilt or its certificate renewed: compare the "
        "fingerprint and accept it anew.",
    ),
    "identity.expiring": case(
        "warn", "証明書の期限まで {days} 日です。", "The certificate expires in {days} days.",
        "作業前に更新する場合は、新しい指紋の承認と、承認済みセッションの承認の取り直しが必要です。",
        "If it is renewed before the work, its fingerprint must be accepted and approved sessions be approved again.",
    ),
    "identity.expired": case(
        "warn", "承認済みの証明書ですが、期限が {days} 日前に切れています。",
        "It is the accepted certificate, and it expired {days} days ago.",
        "指紋で照合しているため接続できます。ほかの製品のために更新を検討してください。",
        "It is compared by its fingerprint, so it still counts. Consider renewing it for others that connect.",
    ),
    "identity.other_name": case(
        "warn", "承認済みの証明書ですが、名前（{names}）に {address} がありません。",
        "It is the accepted certificate, and its names ({names}) lack {address}.",
        "指紋で照合しているため接続できます。アドレスが正しいことだけ確認してください。",
        "It is compared by its fingerprint, so it still counts. Make sure that the address is right.",
    ),
    "identity.refused": case(
        "fail", "CA では証明書を確認できません（{detail}）。", "The CA does not vouch for the certificate ({detail}).",
        "期限、名前、発行元と ca_file を確認してください。CA を使わず、指紋を承認することもできます。",
        "Check its dates, names and issuer, and ca_file; or do without the CA and accept the fingerprint.",
    ),
    "identity.no_tls": case(
        "fail", "応答はありますが、TLS ではありません（{detail}）。", "Something answers, but not with TLS ({detail}).",
        "ポート番号（TLS は 5986、HTTP は 5985）、プロキシの有無、HTTPS リスナーがあるかを確認してください。",
        "Check the port (5986 with TLS, 5985 without), whether a proxy is in between, and that there is an HTTPS listener.",
    ),
    "service.ssh": case("pass", "SSH サーバーです（{banner}）。", "It is an SSH server ({banner})."),
    "service.winrm": case("pass", "WinRM です。", "It is WinRM."),
    "service.not_ssh": case(
        "fail", "応答はありますが、SSH サーバーではありません（{banner}）。",
        "Something answers, but it is no SSH server ({banner}).",
        "ポート番号とアドレス、クラスタ定義の transport を確認してください。",
        "Check the port, the address, and transport in the cluster file.",
    ),
    "service.mute": case(
        "fail", "接続後 {seconds:g} 秒以内に何も返しません。",
        "It takes the connection and says nothing for {seconds:g} seconds.",
        "ポート番号、ノードの負荷、途中の機器（ロードバランサーなど）を確認してください。",
        "Check the port, the node's load, and what is in between (a load balancer, for instance).",
    ),
    "service.page": case(
        "fail", "HTTP の応答はありますが、WinRM ではありません（{status} {kind}{title}）。",
        "HTTP answers, but it is no WinRM ({status} {kind}{title}).",
        "プロキシやほかの Web サーバーのページです。ポート番号、経路上のプロキシ、ノードの WinRM リスナーを確認してください。",
        "This is the page of a proxy or of another web server. Check the port, proxies in between, and that the node has a WinRM "
        "listener.",
    ),
    "service.no_http": case(
        "fail", "応答はありますが、HTTP ではありません（{detail}）。", "Something answers, but not with HTTP ({detail}).",
        "ポート番号とクラスタ定義の transport を確認してください。", "Check the port, and transport in the cluster file.",
    ),
    "clock.together": case("pass", "コンソールとの差は {seconds} 秒です。", "{seconds} s off the console's clock."),
    "clock.apart": case(
        "warn", "コンソールの時計と {seconds} 秒ずれています。", "It is {seconds} s off the console's clock.",
        "記録の時刻がずれます。ノードとコンソールの時刻同期（NTP）を確認してください。",
        "Times in the records will not agree. Look at the time synchronisation (NTP) of node and console.",
    ),
    "clock.far": case(
        "fail", "コンソールの時計と {seconds} 秒ずれています（Kerberos が許すのは 300 秒まで）。",
        "It is {seconds} s off the console's clock (Kerberos allows 300 s).",
        "ノード・ドメインコントローラー・コンソールの時刻を合わせてください。ずれたままでは認証とクラスタが失敗します。",
        "Set the clocks of node, domain controller and console right: sign-in and cluster fail with such a difference.",
    ),
    "signin.accepted": case("pass", "ユーザー {user} として認証されました（{kind}）。", "Signed in as {user} ({kind})."),
    "quotas.enough": case("pass", "足ります（{told}）。", "They are enough ({told})."),
    "quotas.tight": case(
        "warn", "動きますが、余裕がありません（{told}）。", "They are enough, without anything to spare ({told}).",
        "winrm set winrm/config/winrs で {short} を増やすことを検討してください。",
        "Consider raising {short} with winrm set winrm/config/winrs.",
    ),
    "quotas.low": case(
        "fail", "足りません（{told}）。", "They are not enough ({told}).",
        "winrm set winrm/config/winrs で {short} を増やし、WinRM を再起動してください（必要な値: {needed}）。",
        "Raise {short} with winrm set winrm/config/winrs and restart WinRM (needed: {needed}).",
    ),
    "sessions.none": case("pass", "終了したコンソールのセッションは残っていません（全体で {all}）。",
                          "No session of a console that has ended ({all} in all)."),
    "sessions.left": case(
        "warn", "終了したコンソールのセッションが {count} 残っています（全体で {all}）。",
        "{count} sessions of a console that has ended are left ({all} in all).",
        "接続するときにコンソールが片付けます。増え続ける場合は、ノードの WinRM の IdleTimeout を確認してください。",
        "The console clears them away when it connects. If they become more, look at IdleTimeout of WinRM on the node.",
    ),
    "sessions.crowded": case(
        "warn", "このユーザーのセッションが {all} あり、上限 {most} に近づいています。",
        "This user has {all} sessions, which is near the limit of {most}.",
        "使われていないセッションをノードで終了するか、MaxShellsPerUser を増やしてください。",
        "End those that nobody uses at the node, or raise MaxShellsPerUser.",
    ),
}  # fmt: skip
SAID: Mapping[str, tuple[Literal["pass", "warn", "fail"], Text, Text | None]] = {**_CONTACT, **READINGS}
