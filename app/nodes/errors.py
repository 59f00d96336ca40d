"""What can go wrong between the console and a node, each with a stable code and a text that says what to do.

"The command said no" is not here: that is an exit status. These say "we could not ask" or "we do not know".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from app.domain.text import Text

if TYPE_CHECKING:
    from app.nodes.target import OfferedKey


SERVICES = {"ssh": "sshd", "psrp": "WinRM"}
CHECKED = {
    "ssh": (
        "パスワードまたは鍵、authorized_keys、ノード側の sshd の設定",
        "the password or key, authorized_keys and the sshd configuration of the node",
    ),
    "psrp": (
        "パスワード（期限・ロック）または証明書の割り当て、ユーザー名（DOMAIN\\user、user@REALM）、WinRM で有効な認証方式",
        "the password (expired? locked?), how the certificate is mapped, the user's name (DOMAIN\\user) and WinRM's kinds",
    ),
}


class NodeError(Exception):
    """Base: `code` is stable and never localised, `message` is for the operator."""

    code: ClassVar[str] = "node"

    def __init__(self, ja: str, en: str) -> None:
        self._say(ja, en)

    def _say(self, ja: str, en: str) -> None:
        self.args = (f"{self.code}: {en}",)
        self.message = Text(ja=ja, en=en)


class Unreachable(NodeError):
    """No connection came about: nothing was sent to the node."""

    code = "unreachable"

    def __init__(self, where: str, detail: str, transport: str = "ssh") -> None:
        service = SERVICES[transport]
        super().__init__(
            f"{where} に接続できませんでした（{detail}）。ノードには何も送っていません。"
            f"電源・ネットワーク・{service} の状態とアドレスを確認して、やり直してください。",
            f"No connection to {where} ({detail}). Nothing was sent to the node. "
            f"Check its power, the network, {service} and the address, then try again.",
        )


class HostKeyUnknown(NodeError):
    """No host key has been accepted for this node yet; `offered` is what it shows now. Nothing was sent."""

    code = "host_key_unknown"

    def __init__(self, where: str, offered: OfferedKey) -> None:
        self.offered = offered
        super().__init__(
            f"{where} のホスト鍵はまだ登録されていないため、接続しません。提示された鍵: {offered.fingerprint}"
            f"（{offered.algorithm}）。ノードのコンソールで指紋を照合してから登録してください。",
            f"The host key of {where} has not been accepted yet, so no connection is made. It offers "
            f"{offered.fingerprint} ({offered.algorithm}). Compare it at the node's console, then accept it.",
        )


class HostKeyChanged(NodeError):
    """The node shows another host key than the accepted one (`pinned`, as `Target.host_key`). Nothing was sent."""

    code = "host_key_changed"

    def __init__(self, where: str, offered: OfferedKey, pinned: str) -> None:
        self.offered, self.pinned = offered, pinned
        super().__init__(
            f"警告: {where} のホスト鍵が登録時と異なるため、接続を中止しました。提示された鍵: {offered.fingerprint}"
            f"（{offered.algorithm}）。別のマシンにつながっているか、通信が盗聴されているおそれがあります。"
            "ノードを再構築した場合に限り、コンソールで指紋を照合し、承認を取り直してから登録し直してください。",
            f"WARNING: {where} shows another host key than the accepted one; the connection was refused. It offers "
            f"{offered.fingerprint} ({offered.algorithm}). This may be another machine or an eavesdropper. Only if the "
            "node was rebuilt: compare the fingerprint at its console, accept it anew and have the session approved again.",
        )


class AuthenticationRefused(NodeError):
    """The node refused the credential. No command was sent."""

    code = "authentication_refused"

    def __init__(self, where: str, user: str, kind: str, transport: str = "ssh") -> None:
        ja, en = CHECKED[transport]
        super().__init__(
            f"{where} がユーザー {user} の認証を拒否しました（方式: {kind}）。コマンドは送っていません。{ja}を確認してください。",
            f"{where} refused to authenticate user {user} (by {kind}). No command was sent. Check {en}.",
        )


class CredentialMissing(NodeError):
    """The secret that the credential refers to cannot be read or used here. No connection was made."""

    code = "credential_missing"

    def __init__(self, kind: str, ref: str, detail: str) -> None:
        super().__init__(
            f"認証情報 {kind}:{ref} を使用できません（{detail}）。"
            "コンソールを動かしているユーザーから読めるように配置し、パスフレーズのない鍵を指定してください。",
            f"The credential {kind}:{ref} cannot be used ({detail}). "
            "Put it where the console's own user can read it; a key must have no passphrase.",
        )


class TransportRefused(NodeError):
    """This driver does not speak the node's transport. Nothing was sent."""

    code = "transport_refused"

    def __init__(self, where: str, transport: str) -> None:
        super().__init__(
            f"{where} の接続方式 {transport} には対応していません。"
            "手順はチェックリストとして手動で進め、結果を記録してください。",
            f"The transport {transport} of {where} is not supported. "
            "Carry out its steps by hand from the checklist and record the results.",
        )


class ShellRefused(NodeError):
    """A text is written for a shell that the node does not run over this transport. Nothing was sent."""

    code = "shell_refused"

    def __init__(self, where: str, shell: str, transport: str) -> None:
        super().__init__(
            f"{where} には {transport} で接続するため、{shell} 用のコマンドは送りません"
            "（別のシェルが誤って解釈するおそれがあります）。"
            "クラスタ定義の os と transport を確認してください。",
            f"{where} is reached over {transport}, so a command written for {shell} is not sent: another shell would read it "
            "wrongly. Check os and transport in the cluster file.",
        )


class ConnectionCut(NodeError):
    """The connection died under way. What became of the command is not known here: attach again."""

    code = "connection_cut"

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(
            f"{where} との接続が途中で切れました（{detail}）。コマンドの結果はまだ分かりません。再接続して続きを確認します。",
            f"The connection to {where} was cut under way ({detail}). The outcome of the command is not known yet; "
            "connect again to follow it.",
        )


class Superseded(NodeError):
    """Somebody else follows this attempt now: the newest attach wins. Do not attach again from here."""

    code = "superseded"

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} の出力は、ほかのワーカーが引き継いで取得しています。この処理は終了します。",
            f"Another worker has taken over following the output on {where}. This one ends.",
        )


class TimedOut(NodeError):
    """A read-only probe did not end in time."""

    code = "timed_out"

    def __init__(self, where: str, seconds: float) -> None:
        super().__init__(
            f"{where} の確認コマンドが {seconds:g} 秒以内に終わりませんでした。"
            "ノードの負荷や応答しないファイルシステムを確認してください。",
            f"The probe on {where} did not end within {seconds:g} seconds. Check the node's load and for hanging file systems.",
        )


class ReadTooLarge(NodeError):
    """A read-only probe wrote more than the limit; a part of an answer is no answer."""

    code = "read_too_large"

    def __init__(self, where: str, limit: int) -> None:
        super().__init__(
            f"{where} の確認コマンドの出力が上限（{limit} バイト）を超えたため、判定に使いません。ノードで直接確認してください。",
            f"The probe on {where} wrote more than {limit} bytes; its output is not used. Look at the node itself.",
        )


class NoSpace(NodeError):
    """The node has less free space than the floor (`free`: KiB, None if it cannot be told). Nothing was started."""

    code = "no_space"

    def __init__(self, where: str, free: int | None) -> None:
        self.free = free
        left = "不明" if free is None else f"{free} KiB"
        super().__init__(
            f"{where} のスプール領域の空き容量（{left}）が下限を下回っているため、コマンドを開始しませんでした。"
            "空きを確保してからやり直してください。",
            f"The free space for the spool on {where} ({'unknown' if free is None else f'{free} KiB'}) is below the floor; "
            "the command was not started. Free some space, then try again.",
        )


class GuardBroken(NodeError):
    """The guard on the node cannot do its work or answers what no guard answers; `detail` is for support."""

    code = "guard_broken"

    def __init__(self, where: str, detail: str) -> None:
        self.detail = detail
        super().__init__(
            f"{where} の実行ガードが正しく動作しません（{detail}）。スプール用フォルダーの権限と、UNIX では "
            "/bin/sh・SHA-256 の計算コマンド（sha256sum など）、Windows では PowerShell・タスク スケジューラを確認してください。",
            f"The guard on {where} does not work ({detail}). Check the permissions of the spool folder; on UNIX /bin/sh and "
            "that there is a tool for SHA-256 (such as sha256sum), on Windows PowerShell and the Task Scheduler.",
        )
