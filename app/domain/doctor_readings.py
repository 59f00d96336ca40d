"""What the connection doctor says of a node's own answers: the cases of the lines after the sign-in. Tables only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from app.domain.text import Text

Case = tuple[Literal["pass", "warn", "fail"], Text, Text | None]
"""Verdict, what was found, what to do."""


def case(
    verdict: Literal["pass", "warn", "fail"], ja: str, en: str, todo_ja: str = "", todo_en: str = ""
) -> Case:
    """One entry of a table."""
    return verdict, Text(ja=ja, en=en), Text(ja=todo_ja, en=todo_en) if todo_ja else None


READINGS: Mapping[str, Case] = {
    "shell.sh": case("pass", "/bin/sh が応答しました。", "/bin/sh answers."),
    "shell.powershell": case("pass", "64 ビットの PowerShell {version} です。", "PowerShell {version}, 64 bits."),
    "shell.32bit": case(
        "pass", "PowerShell {version}（32 ビット版 Windows）です。",
        "PowerShell {version}, on a 32-bit Windows.",
    ),
    "shell.wrong_bits": case(
        "fail", "64 ビット版 Windows の 32 ビットの PowerShell {version} です。",
        "PowerShell {version} of 32 bits on a 64-bit Windows.",
        "フォルダーとレジストリが違って見えます（正誤 E2）。WinRM のセッション構成 microsoft.powershell を確認してください。",
        "It is shown other folders and registry keys (erratum E2). Look at WinRM's session configuration microsoft.powershell.",
    ),
    "shell.old": case(
        "fail", "PowerShell {version} です。2.0 以上が必要です。", "PowerShell {version}; 2.0 or later is needed.",
        "Windows Management Framework を更新してください。", "Update the Windows Management Framework.",
    ),
    "language.full": case(
        "pass", "FullLanguage です。実行ポリシーは影響しません（スクリプトはファイルではなく文字列として渡します）。",
        "FullLanguage. The execution policy does not matter: texts are sent, no script files are installed.",
    ),
    "language.limited": case(
        "fail", "{mode} のため、コンソールのスクリプトは動きません。", "{mode}: the console's scripts cannot run in it.",
        "AppLocker・アプリケーション制御・JEA の設定で、接続するユーザーに FullLanguage を許可してください。",
        "Allow FullLanguage to the user that signs in: look at AppLocker, application control and JEA.",
    ),
    "rights.root": case("pass", "root です。", "We are root."),
    "rights.sudo": case(
        "warn", "root ではありませんが、sudo -n は使えます。", "We are not root; sudo -n works.",
        "手順のコマンドは sudo を付けずに送ります。クラスタ定義の user を root にするか、オーバーレイで sudo を付けてください。",
        "Commands of the plan are sent without sudo: use root as user in the cluster file, or an overlay that says sudo.",
    ),
    "rights.none": case(
        "fail", "root ではなく、パスワードなしの sudo も使えません。",
        "We are not root, and sudo without a password does not work.",
        "クラスタ定義の user を root にするか、sudoers に NOPASSWD を設定してください。",
        "Use root as user in the cluster file, or let sudoers say NOPASSWD.",
    ),
    "rights.administrator": case("pass", "昇格した Administrators です。", "A member of Administrators, elevated."),
    "rights.filtered": case(
        "fail", "Administrators の権限がありません。", "Without the rights of Administrators.",
        "ユーザーをローカルの Administrators に加えてください。ローカル アカウントでは LocalAccountTokenFilterPolicy "
        "も確認してください。",
        "Add the user to the local Administrators; of a local account, also look at LocalAccountTokenFilterPolicy.",
    ),
    "scheduler.module": case(
        "pass", "動いており、ScheduledTasks モジュールがあります。登録は作業の実行時だけ行い、ここでは試しません。",
        "It runs, and the ScheduledTasks module is there. Tasks are registered for attempts alone; this examination "
        "registers none.",
    ),
    "scheduler.schtasks": case(
        "pass", "動いており、schtasks.exe を使います。登録は作業の実行時だけ行い、ここでは試しません。",
        "It runs; schtasks.exe will be used. Tasks are registered for attempts alone; this examination registers none.",
    ),
    "scheduler.none": case(
        "warn", "動いていますが、ScheduledTasks モジュールも schtasks.exe もありません。",
        "It runs, but there is neither the ScheduledTasks module nor schtasks.exe.",
        "コマンドは Win32_Process.Create で開始します（SYSTEM の場合だけ）。モジュールがない理由を確認してください。",
        "Commands will be started by Win32_Process.Create, as SYSTEM only. Find out why they are missing.",
    ),
    "scheduler.stopped": case(
        "fail", "サービス Schedule が動いていません（{state}）。", "The service Schedule does not run ({state}).",
        "ノードで Task Scheduler サービスを開始してください。", "Start the Task Scheduler service on the node.",
    ),
    "digest.there": case("pass", "{tool} があります。", "{tool} is there."),
    "digest.none": case(
        "fail", "SHA-256 を計算するコマンドがありません。", "There is no tool for SHA-256.",
        "sha256sum、shasum、openssl、digest、csum のいずれかを導入してください。",
        "Install one of sha256sum, shasum, openssl, digest, csum.",
    ),
    "spool.ready": case("pass", "{path} があり、権限も正しく設定されています。", "{path} is there, with the right permissions."),
    "spool.can_be_made": case(
        "pass", "{path} はまだなく、最初の実行時に作ります。",
        "{path} is not there yet; the first run makes it.",
    ),
    "spool.blocked": case(
        "fail", "{path} を作れません（上位のフォルダーに書き込めないか、同名のファイルがあります）。",
        "{path} cannot be made: the folder above is not writable, or a file has its name.",
        "権限とファイルを確認してください。UNIX では TEJUN_SPOOL で場所を変えられます。",
        "Look at the permissions and at that file. On UNIX, TEJUN_SPOOL names another place.",
    ),
    "spool.foreign": case(
        "fail", "{path} の所有者か権限が違います（{detail}）。", "{path} has another owner or other permissions ({detail}).",
        "書き込める人は誰でもコマンドを差し替えられます。誰が作ったかを確認し、進行中のセッションがなければ取り除いてください。",
        "Whoever may write there can replace commands. Find out who made it; with no session in progress, take it away.",
    ),
    "left.few": case("pass", "{count} 件です。", "{count} runs."),
    "left.many": case(
        "warn", "{count} 件残っています。", "{count} runs are left.",
        "記録と照合が済めば消えるものです。進行中のセッションがなければ、"
        "運用の手引きの「ノードに書くもの」に従って取り除けます。",
        "They go once their output is stored. With no session in progress they may be taken away, as the guide says.",
    ),
    "boot.read": case("pass", "再起動を見分けられます（{told}）。", "A restart can be told ({told})."),
    "boot.none": case(
        "warn", "起動時刻を読めません。", "The time of the boot cannot be read.",
        "実行中の再起動を見分けられません。再起動があったときは、結果を人が確認してください。",
        "A restart under a command cannot be told. After one, let a person look at the outcome.",
    ),
    "zone.same": case("pass", "クラスタ定義と同じです（UTC{offset}）。", "As in the cluster file (UTC{offset})."),
    "zone.differs": case(
        "warn", "ノードは UTC{offset}、クラスタ定義（{zone}）は UTC{expected} です。",
        "The node is at UTC{offset}, the cluster file ({zone}) at UTC{expected}.",
        "クラスタ定義の time_zone か、ノードの時間帯を直してください。作業時間帯とノード側の記録の時刻がずれます。",
        "Set time_zone in the cluster file, or the node's zone, right: the window and the node's own records will not agree.",
    ),
    "encoding.same": case("pass", "クラスタ定義と合っています（{page}）。", "It fits the cluster file ({page})."),
    "encoding.unset": case(
        "pass", "ノードは {page} です。クラスタ定義に encoding はありません（画面で切り替えられます）。",
        "The node writes {page}; the cluster file has no encoding (pages let you switch).",
    ),
    "encoding.differs": case(
        "warn", "ノードは {page}、クラスタ定義は {encoding} です。", "The node writes {page}, the cluster file says {encoding}.",
        "クラスタ定義の encoding を直してください。出力の文字が化けて見えます（記録は元のバイトのままです）。",
        "Set encoding in the cluster file right, or output is shown garbled (what is recorded are the bytes).",
    ),
    "encoding.other": case(
        "warn", "ノードのコード ページは {page} です。", "The node's code page is {page}.",
        "コード ページ 932 以外のノードには、ASCII 以外の文字を含む cmd.exe のコマンドを送れません。",
        "Commands for cmd.exe with characters beyond ASCII cannot be sent to a node with another code page than 932.",
    ),
    "disk.enough": case("pass", "足ります（{told}）。", "It is enough ({told})."),
    "disk.tight": case(
        "warn", "最低限はありますが、導入済みの JobCenter（{used}）を退避するには足りません（{told}）。",
        "Above the floor, but not enough to keep a copy of the installed JobCenter ({used}) beside it ({told}).",
        "上書きに失敗したときの控えを置けるよう、空きを増やすことを検討してください。",
        "Consider freeing space for a copy to go back to.",
    ),
    "disk.short": case(
        "fail", "足りません（{told}）。必要な空きは {floor} です。", "It is not enough ({told}); {floor} is needed.",
        "不要なファイルを整理するか、容量を増やしてください。下回ると手順の前提確認とコマンドの開始が断られます。",
        "Free some, or add some. Below it the plan's own check fails and commands are not started.",
    ),
    "hop.answers": case("pass", "{count} ノード（稼働 {up}）と答えました。", "It reports {count} nodes, {up} of them up."),
    "hop.count": case(
        "warn", "{count} ノードと答えましたが、クラスタ定義は {expected} ノードです。",
        "It reports {count} nodes; the cluster file has {expected}.",
        "クラスタ定義とクラスターの構成を見比べてください。", "Compare the cluster file with the cluster itself.",
    ),
    "hop.no_module": case(
        "fail", "FailoverClusters モジュールがありません。", "There is no FailoverClusters module.",
        "ノードで Install-WindowsFeature RSAT-Clustering-PowerShell を実行してください（2008 では対象外です）。",
        "Run Install-WindowsFeature RSAT-Clustering-PowerShell on the node (not on 2008).",
    ),
    "hop.refused": case(
        "fail", "Get-ClusterNode が失敗しました（{detail}）。", "Get-ClusterNode failed ({detail}).",
        "Cluster Service が動いているかを確認してください。アクセス拒否なら、ユーザーにクラスターのフル "
        "コントロールを与えてください。",
        "Check that the Cluster Service runs; if access was denied, grant the user full control of the cluster.",
    ),
}  # fmt: skip
